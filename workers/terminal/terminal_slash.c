/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/terminal/terminal_slash.h"

#include "workers/terminal/terminal_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLASH_LINE 1000 /* bytes of a text that is shown */
#define SLASH_HISTORY 10
#define SLASH_SESSIONS 20
#define SLASH_LOOK_MS 3000

/* A GET whose reply is JSON. NULL when it is not there, or an error, which the user is told unless
 * quiet. */
static jdoc *slash_get(struct terminal_chat *chat, const char *path, bool quiet)
{
    struct terminal_link_request request = {.method = "GET",
        .path = path,
        .timeout_ms = quiet ? SLASH_LOOK_MS : 0};
    struct terminal_link_reply reply;
    jdoc *doc = NULL;
    char why[SLASH_LINE];
    terminal_link_ask(&chat->link, &request, &reply);
    if (reply.error == 0 && reply.status == 200) {
        err_ignore(jdoc_parse(buf_text(&reply.body), reply.body.len, &doc, NULL, 0));
    } else if (!quiet && reply.status != 404) {
        terminal_link_why(&reply, why, sizeof why);
        terminal_view_line(&chat->view, TERMINAL_BAD, "%s", why);
    }
    terminal_link_reply_fini(&reply);
    return doc;
}

/* --- sessions --- */

int terminal_slash_enter(struct terminal_chat *chat, const char *id)
{
    char made[IDENT_UUID_SIZE];
    if (*id == '\0') {
        ident_uuid7(made);
        id = made;
    }
    if (!ident_is_session(id, strlen(id)))
        return ERR_INVALID;
    snprintf(chat->turn.session, sizeof chat->turn.session, "%s", id);
    return 0;
}

static void slash_show_message(struct terminal_chat *chat, const jdoc *message)
{
    char text[SLASH_LINE];
    size_t len = 0;
    const jdoc *content = jdoc_get(message, "content");
    const char *words = jdoc_string(content, &len), *role = jdoc_text_or(message, "role", "");
    bool user = strcmp(role, "user") == 0;
    for (size_t i = 0; !words && i < jdoc_length(content); i++)
        words = jdoc_string(jdoc_get(jdoc_at(content, i), "text"), &len);
    if (!words || len == 0 || (!user && strcmp(role, "assistant") != 0))
        return;
    terminal_view_safe(words, len, text, sizeof text);
    terminal_view_line(&chat->view, TERMINAL_DIM, "%s%s", user ? "> " : "", text);
}

void terminal_slash_history(struct terminal_chat *chat, int count)
{
    char path[256];
    snprintf(path, sizeof path, "/sessions/%s/messages?limit=%d", chat->turn.session, count);
    jdoc *page = slash_get(chat, path, false);
    const jdoc *messages = jdoc_get(page, "messages");
    for (size_t i = 0; i < jdoc_length(messages); i++)
        slash_show_message(chat, jdoc_at(messages, i));
    jdoc_free(page);
}

static void slash_on_history(struct terminal_chat *chat, const char *argument)
{
    int count = atoi(argument);
    terminal_slash_history(chat, count >= 1 && count <= 100 ? count : SLASH_HISTORY);
}

static void slash_on_session(struct terminal_chat *chat, const char *argument)
{
    if (*argument == '\0') {
        terminal_view_line(&chat->view, TERMINAL_PLAIN, "%s", chat->turn.session);
        return;
    }
    if (terminal_slash_enter(chat, argument) != 0)
        terminal_view_line(&chat->view, TERMINAL_BAD,
            "A session has 1 to %d characters of A-Z a-z 0-9 _ . : @ -", IDENT_SESSION_MAX);
    else
        terminal_slash_history(chat, SLASH_HISTORY);
}

static void slash_on_new(struct terminal_chat *chat, const char *argument)
{
    (void)argument;
    err_ignore(terminal_slash_enter(chat, "")); /* a new id is valid */
    terminal_view_line(&chat->view, TERMINAL_DIM, "A new conversation.");
}

static void slash_on_sessions(struct terminal_chat *chat, const char *argument)
{
    char path[64], title[SLASH_LINE];
    (void)argument;
    snprintf(path, sizeof path, "/sessions?limit=%d", SLASH_SESSIONS);
    jdoc *page = slash_get(chat, path, false);
    const jdoc *sessions = jdoc_get(page, "sessions");
    for (size_t i = 0; i < jdoc_length(sessions); i++) {
        const jdoc *session = jdoc_at(sessions, i);
        const char *text = jdoc_text_or(session, "title", "");
        terminal_view_safe(text, strlen(text), title, sizeof title);
        terminal_view_line(&chat->view, TERMINAL_PLAIN, "%-36s  %s",
            jdoc_text_or(session, "id", ""), title);
    }
    jdoc_free(page);
}

/* --- files --- */

static void slash_on_attach(struct terminal_chat *chat, const char *argument)
{
    if (*argument == '\0')
        terminal_view_line(&chat->view, TERMINAL_BAD, "/attach wants the name of a file.");
    else
        err_ignore(terminal_files_add(&chat->link, &chat->view, argument, &chat->files)); /* told */
}

static void slash_on_detach(struct terminal_chat *chat, const char *argument)
{
    (void)argument;
    jdoc_free(chat->files);
    chat->files = NULL;
    terminal_view_line(&chat->view, TERMINAL_DIM, "No file goes along.");
}

/* --- the inbox --- */

static void slash_show_entry(struct terminal_chat *chat, const jdoc *entry)
{
    char text[SLASH_LINE];
    const jdoc *value = jdoc_get(entry, "value");
    const char *words = jdoc_text_or(entry, "message",
        jdoc_text_or(entry, "label", jdoc_text_or(entry, "title", "")));
    if (value)
        words = jdoc_text_or(value, "text", jdoc_text_or(value, "message", words));
    terminal_view_safe(words, strlen(words), text, sizeof text);
    terminal_view_line(&chat->view, TERMINAL_ASK, "* %s", text);
}

bool terminal_slash_inbox(void *arg)
{
    struct terminal_chat *chat = arg;
    char path[128];
    bool first = chat->inbox[0] == '\0', news = false;
    snprintf(path, sizeof path, first ? "/inbox?limit=1" : "/inbox?limit=20&after=%s", chat->inbox);
    jdoc *page = slash_get(chat, path, true);
    if (!page)
        return false;
    const jdoc *messages = jdoc_get(page, "messages");
    if (first)
        snprintf(chat->inbox, sizeof chat->inbox, "0-0");
    for (size_t i = 0; i < jdoc_length(messages); i++) {
        const jdoc *entry = jdoc_at(messages, i);
        if (!first && strcmp(jdoc_text_or(entry, "state", ""), "new") == 0) {
            slash_show_entry(chat, entry);
            news = true;
        }
        snprintf(chat->inbox, sizeof chat->inbox, "%s", jdoc_text_or(entry, "id", "0-0"));
    }
    jdoc_free(page);
    return news;
}

static void slash_on_leave(struct terminal_chat *chat, const char *argument)
{
    (void)argument;
    chat->leaving = true;
}

static void slash_on_help(struct terminal_chat *chat, const char *argument);

/* --- the table --- */

static const struct {
    const char *name, *argument, *help;
    void (*run)(struct terminal_chat *chat, const char *argument);
} slash_table[] = {
    {"/attach", "FILE", "a picture, PDF or text goes along with the next message", slash_on_attach},
    {"/detach", "", "no file goes along", slash_on_detach},
    {"/new", "", "another conversation", slash_on_new},
    {"/session", "[ID]", "which one this is; goes on with another one", slash_on_session},
    {"/sessions", "", "the newest ones", slash_on_sessions},
    {"/history", "[N]", "the last messages", slash_on_history},
    {"/quit", "", "leave (Ctrl-D)", slash_on_leave},
    {"/help", "", "this list", slash_on_help},
};
#define SLASH_COUNT (sizeof slash_table / sizeof slash_table[0])

static void slash_on_help(struct terminal_chat *chat, const char *argument)
{
    (void)argument;
    for (size_t i = 0; i < SLASH_COUNT; i++)
        terminal_view_line(&chat->view, TERMINAL_PLAIN, "%-9s %-5s %s", slash_table[i].name,
            slash_table[i].argument, slash_table[i].help);
    terminal_view_line(&chat->view, TERMINAL_PLAIN,
        "A line that ends with \\ goes on in the next one. Ctrl-C stops an answer.");
}

void terminal_slash(struct terminal_chat *chat, const char *line)
{
    size_t len = strcspn(line, " \t");
    const char *argument = line + len + strspn(line + len, " \t");
    for (size_t i = 0; i < SLASH_COUNT; i++) {
        if (strlen(slash_table[i].name) == len && strncmp(slash_table[i].name, line, len) == 0) {
            slash_table[i].run(chat, argument);
            return;
        }
    }
    terminal_view_line(&chat->view, TERMINAL_BAD,
        "There is no such command; /help lists them. A message that begins with / wants a blank "
        "in front.");
}
