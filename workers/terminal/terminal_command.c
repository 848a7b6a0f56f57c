/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/terminal/terminal_command.h"

#include "base/utf8.h"
#include "workers/terminal/terminal_ask.h"
#include "workers/terminal/terminal_files.h"
#include "workers/terminal/terminal_slash.h"

#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COMMAND_FILES 10
#define COMMAND_MESSAGE 1048576 /* bytes that are read from standard input */
#define COMMAND_HISTORY 6       /* messages that are shown of a session that goes on */
#define COMMAND_DEFAULT_SITE "http://127.0.0.1:8080"
#define COMMAND_ASKED 3
#define COMMAND_STOPPED 130

struct command_options {
    const char *url, *session, *key_file;
    const char *files[COMMAND_FILES];
    size_t file_count;
    bool thoughts;
    char **words; /* the message, NULL-terminated; none = from the keyboard or standard input */
};

static void command_usage(FILE *out)
{
    fputs("usage: turnpike chat [--url URL] [--session ID] [--attach FILE]... [--thoughts]\n"
          "                     [--key-file FILE] [MESSAGE...]\n"
          "  --url URL        the site (TURNPIKE_URL); default: the one of this machine\n"
          "  --session ID     goes on with a conversation, on whatever device it began\n"
          "  --attach FILE    a picture, PDF or text for the first message\n"
          "  --thoughts       show what the model thinks\n"
          "  --key-file FILE  has the API key or token; else the variable TURNPIKE_TOKEN\n"
          "With MESSAGE, or when standard input is no terminal: one answer, then the end.\n"
          "Exit status: 0; 1 it failed; 2 usage; 3 an approval is open; 130 stopped.\n",
        out);
}

/* Returns 0, or the exit status plus 1. */
static int command_options(struct command_options *o, int argc, char **argv)
{
    static const struct option table[] = {{"url", required_argument, NULL, 'u'},
        {"session", required_argument, NULL, 's'}, {"attach", required_argument, NULL, 'a'},
        {"thoughts", no_argument, NULL, 't'}, {"key-file", required_argument, NULL, 'k'},
        {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    optind = 0; /* main has read its own */
    for (int option; (option = getopt_long(argc, argv, "+u:s:a:h", table, NULL)) != -1;) {
        if (option == 'u')
            o->url = optarg;
        else if (option == 's')
            o->session = optarg;
        else if (option == 't')
            o->thoughts = true;
        else if (option == 'k')
            o->key_file = optarg;
        else if (option == 'a' && o->file_count < COMMAND_FILES)
            o->files[o->file_count++] = optarg;
        else {
            command_usage(option == 'h' ? stdout : stderr);
            return option == 'h' ? 1 : 3;
        }
    }
    o->words = argv + optind;
    return 0;
}

/* --- opening --- */

static char *command_token(const struct command_options *o)
{
    char *text = NULL;
    size_t len = 0;
    if (!o->key_file) {
        const char *token = getenv("TURNPIKE_TOKEN");
        return strdup(token ? token : "");
    }
    FILE *file = fopen(o->key_file, "re");
    ssize_t got = file ? getline(&text, &len, file) : -1;
    if (got < 0)
        fprintf(stderr, "turnpike: %s: %s\n", o->key_file, errno ? strerror(errno) : "empty");
    if (file)
        fclose(file);
    if (got < 0) {
        free(text);
        return NULL;
    }
    text[strcspn(text, "\r\n \t")] = '\0';
    return text;
}

static int command_open(struct terminal_chat *chat, const struct command_options *o,
    const char *site)
{
    const char *url = o->url ? o->url : getenv("TURNPIKE_URL");
    if (!url || *url == '\0')
        url = *site != '\0' ? site : COMMAND_DEFAULT_SITE;
    char *token = command_token(o);
    if (!token)
        return ERR_IO;
    terminal_view_init(&chat->view);
    chat->turn.view = &chat->view;
    chat->turn.link = &chat->link;
    chat->turn.thoughts = o->thoughts;
    int error = terminal_link_open(&chat->link, url, token);
    free(token);
    if (error != 0) {
        fprintf(stderr, "turnpike: %s: %s\n", url,
            error == ERR_INVALID ? "not an http or https address, or the key has a blank in it" :
                                   err_text(error));
        return error;
    }
    if (terminal_slash_enter(chat, o->session ? o->session : "") != 0) {
        fprintf(stderr, "turnpike: a session has 1 to %d characters of A-Z a-z 0-9 _ . : @ -\n",
            IDENT_SESSION_MAX);
        terminal_link_close(&chat->link);
        return ERR_INVALID;
    }
    return 0;
}

static int command_attach(struct terminal_chat *chat, const struct command_options *o)
{
    int error = 0;
    for (size_t i = 0; i < o->file_count && error == 0; i++)
        error = terminal_files_add(&chat->link, &chat->view, o->files[i], &chat->files);
    return error;
}

/* --- talking --- */

static int command_status(enum terminal_turn_end end)
{
    switch (end) {
    case TERMINAL_TURN_DONE:
    case TERMINAL_TURN_WAITS:
        return 0;
    case TERMINAL_TURN_ASKS:
        return COMMAND_ASKED;
    case TERMINAL_TURN_STOPPED:
    case TERMINAL_TURN_LEFT:
        return COMMAND_STOPPED;
    default:
        return 1;
    }
}

/* One message and what comes of it. input: NULL = nobody is there. */
static enum terminal_turn_end command_say(struct terminal_chat *chat, const char *text,
    struct terminal_input *input)
{
    jdoc *files = chat->files;
    chat->files = NULL;
    enum terminal_turn_end end = terminal_turn_say(&chat->turn, text, files);
    return end == TERMINAL_TURN_ASKS ? terminal_ask(&chat->turn, input) : end;
}

static bool command_is_blank(const char *line)
{
    return utf8_blank(line, strlen(line));
}

static void command_line(struct terminal_chat *chat, struct terminal_input *input, char *line)
{
    if (*line == '/')
        terminal_slash(chat, line);
    else if (!command_is_blank(line) || chat->files)
        command_say(chat, line, input);
}

/* Where lines of earlier chats are kept: $XDG_STATE_HOME/turnpike/history. */
static void command_history(char *out, size_t size)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    char folder[400] = "";
    out[0] = '\0';
    if (state && *state == '/')
        snprintf(folder, sizeof folder, "%s", state);
    else if (home && *home == '/')
        snprintf(folder, sizeof folder, "%s/.local/state", home);
    if (folder[0] == '\0')
        return;
    for (char *c = folder + 1; *c != '\0'; c++) {
        if (*c != '/')
            continue;
        *c = '\0';
        err_ignore(mkdir(folder, 0700)); /* most are there; the last one tells */
        *c = '/';
    }
    err_ignore(mkdir(folder, 0700));
    snprintf(out, size, "%s/turnpike", folder);
    if (mkdir(out, 0700) < 0 && errno != EEXIST)
        out[0] = '\0';
    else
        snprintf(out, size, "%s/turnpike/history", folder);
}

static int command_talk(struct terminal_chat *chat, bool goes_on)
{
    struct terminal_input input;
    char history[512], *line;
    command_history(history, sizeof history);
    terminal_input_open(&input, &chat->view, history);
    input.look = terminal_slash_inbox;
    input.arg = chat;
    if (goes_on)
        terminal_slash_history(chat, COMMAND_HISTORY);
    else
        terminal_view_line(&chat->view, TERMINAL_DIM,
            "Session %s. /help lists the commands, Ctrl-D leaves.", chat->turn.session);
    terminal_slash_inbox(chat);
    while (!chat->leaving && (line = terminal_input_line(&input, "> ", true))) {
        command_line(chat, &input, line);
        free(line);
        terminal_slash_inbox(chat);
    }
    terminal_input_close(&input);
    return 0;
}

/* --- one message --- */

/* The words with blanks between them, or what standard input has. */
static int command_read(char **words, struct buf *message)
{
    char part[4096];
    size_t got;
    for (size_t i = 0; words[i]; i++) {
        if (i > 0)
            buf_putc(message, ' ');
        buf_puts(message, words[i]);
    }
    if (!words[0])
        while ((got = fread(part, 1, sizeof part, stdin)) > 0)
            buf_put(message, part, got);
    while (message->len > 0 && strchr("\r\n", message->data[message->len - 1]))
        buf_cut(message, message->len - 1);
    if (buf_error(message) != 0 || !utf8_valid(buf_text(message), message->len)) {
        fprintf(stderr, "turnpike: the message is %s\n",
            buf_error(message) != 0 ? "longer than 1 MiB" : "no UTF-8");
        return ERR_INVALID;
    }
    return 0;
}

static int command_once(struct terminal_chat *chat, char **words)
{
    struct buf message;
    struct terminal_input input;
    buf_init(&message, COMMAND_MESSAGE);
    bool keyboard = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    int status = 2;
    if (command_read(words, &message) == 0) {
        if (keyboard)
            terminal_input_open(&input, &chat->view, NULL);
        status = command_status(command_say(chat, buf_text(&message), keyboard ? &input : NULL));
    }
    buf_free(&message);
    return status;
}

static struct terminal_chat command_chat; /* too large for a stack */

int terminal_command(int argc, char **argv, const char *site)
{
    struct command_options options = {0};
    struct terminal_chat *chat = &command_chat;
    setlocale(LC_ALL, "");
    int status = command_options(&options, argc, argv);
    if (status != 0)
        return status - 1;
    if (command_open(chat, &options, site) != 0)
        return 2;
    bool one = options.words[0] || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO);
    if (command_attach(chat, &options) != 0)
        status = 1;
    else
        status =
            one ? command_once(chat, options.words) : command_talk(chat, options.session != NULL);
    jdoc_free(chat->files);
    terminal_turn_fini(&chat->turn);
    terminal_link_close(&chat->link);
    return status;
}
