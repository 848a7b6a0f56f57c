/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/supervisor/reload_command.h"

#include "base/buf.h"
#include "workers/supervisor/control.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TIMEOUT_MS 5000
#define LOOK_EVERY_MS 50
#define UPGRADE_PATIENCE 100

static bool reload_command_begins(const struct buf *reply, const char *word)
{
    return reply->len > 0 && strncmp(buf_text(reply), word, strlen(word)) == 0;
}

/* On a terminal each state takes the place of the one before; elsewhere nobody watches. */
static void reload_command_show_progress(const struct buf *reply)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K%.*s", (int)strcspn(buf_text(reply), "\n"), buf_text(reply));
}

static void reload_command_clear_progress(void)
{
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
}

/* What is waited for: "reload" or "upgrade". */
struct reload_command {
    const char *path, *word;
    int patience; /* answers that may fail: an upgrade hands the socket from process to process */
};

/* "failed; generation 3 goes on", then a line for each reason. */
static void reload_command_say_failure(const struct reload_command *c, const char *text)
{
    const char *rest = strchr(text, '\n');

    fprintf(stderr, "turnpike: the %s %.*s\n", c->word, (int)strcspn(text, "\n"), text);
    while (rest && rest[1]) {
        size_t len = strcspn(rest + 1, "\n");
        fprintf(stderr, "  %.*s\n", (int)len, rest + 1);
        rest = rest[1 + len] ? rest + 1 + len : NULL;
    }
}

/* The number behind the word, 0 when it was refused. */
static unsigned reload_command_number(const struct reload_command *c, const struct buf *reply)
{
    size_t len = strlen(c->word);

    return reload_command_begins(reply, c->word) && buf_text(reply)[len] == ' ' ?
        (unsigned)strtoul(buf_text(reply) + len, NULL, 10) :
        0;
}

/* Returns the exit status when it has ended, else -1. */
static int reload_command_ended(const struct reload_command *c, const struct buf *reply)
{
    if (reload_command_begins(reply, "done; ")) {
        reload_command_clear_progress();
        fputs(buf_text(reply) + strlen("done; "), stdout);
        return 0;
    }
    if (reload_command_begins(reply, "failed; ") || reload_command_begins(reply, "error: ")) {
        reload_command_clear_progress();
        reload_command_say_failure(c, buf_text(reply));
        return 1;
    }
    reload_command_show_progress(reply);
    return -1;
}

static int reload_command_wait(struct reload_command *c, unsigned number, struct buf *reply)
{
    const struct timespec pause = {.tv_nsec = LOOK_EVERY_MS * 1000000L};
    char line[32];
    int status = -1;

    snprintf(line, sizeof line, "%s %u", c->word, number);
    while (status < 0) {
        buf_reset(reply);
        int error = control_ask(c->path, line, TIMEOUT_MS, reply);
        bool silent = error || reply->len == 0;
        if (error == ERR_NOT_FOUND || (silent && c->patience-- <= 0)) {
            reload_command_clear_progress();
            fprintf(stderr, "turnpike: turnpiked went away during the %s: %s\n", c->word,
                error ? err_text(error) : "no answer");
            return 1;
        }
        status = silent ? -1 : reload_command_ended(c, reply);
        if (status < 0)
            nanosleep(&pause, NULL);
    }
    return status;
}

/* refused: the exit status when nothing was begun. Without an answer it may have been. */
static int reload_command_run(struct reload_command *c, int refused)
{
    struct buf reply = {0};
    int error = control_ask(c->path, c->word, TIMEOUT_MS, &reply);
    unsigned number = error ? 0 : reload_command_number(c, &reply);
    bool begun_none = error == ERR_NOT_FOUND || error == ERR_FORBIDDEN ||
        reload_command_begins(&reply, "error: ");
    int status = begun_none ? refused : 1;

    if (error == ERR_NOT_FOUND)
        fprintf(stderr, "turnpike: no turnpiked listens on %s\n", c->path);
    else if (error == ERR_FORBIDDEN)
        fprintf(stderr, "turnpike: %s: permission denied (be root or turnpiked's user)\n", c->path);
    else if (error)
        fprintf(stderr, "turnpike: %s: %s\n", c->path, err_text(error));
    else if (reply.len == 0)
        fprintf(stderr, "turnpike: %s: no answer\n", c->path);
    else if (!number)
        fprintf(stderr, "turnpike: the %s is refused: %s", c->word, buf_text(&reply));
    else
        status = reload_command_wait(c, number, &reply);
    buf_free(&reply);
    return status;
}

int reload_command(const char *path)
{
    struct reload_command c = {path, "reload", 0};

    return reload_command_run(&c, 1);
}

int upgrade_command(const char *path)
{
    struct reload_command c = {path, "upgrade", UPGRADE_PATIENCE};

    return reload_command_run(&c, UPGRADE_REFUSED);
}
