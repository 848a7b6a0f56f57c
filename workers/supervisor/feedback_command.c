/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/supervisor/feedback_command.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/ident.h"
#include "fcgi-app/feedback_view.h"
#include "store/feedback.h"
#include "store/store.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FEEDBACK_COMMAND_PAGE 200
#define FEEDBACK_COMMAND_CUT 300 /* bytes of a text on a terminal */

enum feedback_command_form { FEEDBACK_TEXT, FEEDBACK_JSON, FEEDBACK_CSV };
struct feedback_command {
    struct store *store;
    struct feedback_query query;
    enum feedback_command_form form;
    char user[IDENT_USER_MAX + 1];
    int64_t left; /* entries that may still be told */
    struct buf out;
};

/* ---- arguments ---- */

static int feedback_command_usage(FILE *out, int status)
{
    fputs(
        "usage: turnpike feedback [--rating good|bad|N|N-N] [--since WHEN] [--until WHEN]\n"
        "                         [--user USER] [--text] [--limit N] [--json | --csv]\n"
        "  WHEN is 7d, 12h or 30m ago, a date, or a date with a time.\n"
        "  --text: only with a comment.\n"
        "  --json writes a line of JSON for each, --csv a table; both with question and answer.\n",
        out);
    return status;
}

int feedback_command_when(const char *text, int64_t now_ms, int64_t *out)
{
    char whole[CLOCK_RFC3339_SIZE + 8], *end;
    int64_t n;

    if (strlen(text) == 10 && text[4] == '-') {
        snprintf(whole, sizeof whole, "%sT00:00:00Z", text);
        return clock_parse_rfc3339(whole, out);
    }
    errno = 0;
    n = strtoll(text, &end, 10);
    if (end == text || n < 0 || n > 100000 || errno || end[0] == '\0' || end[1] != '\0')
        return clock_parse_rfc3339(text, out);
    int64_t unit = *end == 'd' ? 86400000 : *end == 'h' ? 3600000 : *end == 'm' ? 60000 : 0;
    *out = now_ms - n * unit;
    return unit && *out >= 0 ? 0 : ERR_INVALID;
}

static int feedback_command_rating(struct feedback_query *q, const char *text)
{
    size_t len = strlen(text);

    if (strcmp(text, "good") == 0) {
        q->rating_min = FEEDBACK_GOOD;
        return 0;
    }
    if (strcmp(text, "bad") == 0) {
        q->rating_max = 2;
        return 0;
    }
    if (!(len == 1 || (len == 3 && text[1] == '-')) || text[0] < '1' || text[0] > '5' ||
        text[len - 1] < '1' || text[len - 1] > '5')
        return ERR_INVALID;
    q->rating_min = text[0] - '0';
    q->rating_max = text[len - 1] - '0';
    return 0;
}

static int feedback_command_limit(const char *text, int64_t *out)
{
    char *end;

    *out = strtoll(text, &end, 10);
    return end == text || *end || *out < 1 ? ERR_INVALID : 0;
}

static int feedback_command_option(struct feedback_command *c, int option, int64_t now)
{
    switch (option) {
    case 'r':
        return feedback_command_rating(&c->query, optarg);
    case 's':
        return feedback_command_when(optarg, now, &c->query.from_ms);
    case 'u':
        return feedback_command_when(optarg, now, &c->query.to_ms);
    case 'n':
        c->query.uid = c->user;
        return ident_user_named(optarg, strlen(optarg), c->user);
    case 'l':
        return feedback_command_limit(optarg, &c->left);
    case 't':
        c->query.with_text = true;
        return 0;
    default:
        c->form = option == 'c' ? FEEDBACK_CSV : FEEDBACK_JSON;
        return 0;
    }
}

/* Returns -1, or the exit status. */
static int feedback_command_options(struct feedback_command *c, int argc, char **argv)
{
    static const struct option table[] = {{"rating", required_argument, NULL, 'r'},
        {"since", required_argument, NULL, 's'}, {"until", required_argument, NULL, 'u'},
        {"user", required_argument, NULL, 'n'}, {"text", no_argument, NULL, 't'},
        {"limit", required_argument, NULL, 'l'}, {"json", no_argument, NULL, 'j'},
        {"csv", no_argument, NULL, 'c'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    int64_t now = clock_real_ms();
    int error = 0;

    c->query = (struct feedback_query){.to_ms = now, .rating_min = 1, .rating_max = 5};
    c->left = INT64_MAX;
    optind = 0;
    for (int option; !error && (option = getopt_long(argc, argv, "h", table, NULL)) != -1;) {
        if (option == 'h' || option == '?')
            return feedback_command_usage(option == 'h' ? stdout : stderr, option == 'h' ? 0 : 2);
        error = feedback_command_option(c, option, now);
    }
    return error || optind < argc ? feedback_command_usage(stderr, 2) : -1;
}

/* ---- output ---- */

/* What users wrote must not steer a terminal. */
static void feedback_command_plain(struct buf *out, const char *label, const char *text)
{
    size_t len = strlen(text), cut = len > FEEDBACK_COMMAND_CUT ? FEEDBACK_COMMAND_CUT : len;

    if (!len)
        return;
    while (cut < len && ((unsigned char)text[cut] & 0xC0) == 0x80)
        cut--;
    buf_printf(out, "  %-9s", label);
    for (size_t i = 0; i < cut; i++) {
        unsigned char c = (unsigned char)text[i];
        /* C1 controls are C2 80 to C2 9F. */
        bool steers = c < 0x20 || c == 0x7F ||
            (c == 0xC2 && (unsigned char)text[i + 1] < 0xA0 && (unsigned char)text[i + 1] >= 0x80);
        i += c == 0xC2 && steers;
        buf_putc(out, steers ? ' ' : text[i]);
    }
    buf_puts(out, cut < len ? "...\n" : "\n");
}

static void feedback_command_text(const struct feedback_entry *e, const struct feedback_turn *t,
    struct buf *out)
{
    char at[CLOCK_RFC3339_SIZE];

    clock_rfc3339(e->at_ms, at);
    buf_printf(out, "%.19sZ  %d of 5  %s%s%s\n", at, e->rating, e->uid, *e->type ? "  " : "",
        e->type);
    feedback_command_plain(out, "says", e->text);
    feedback_command_plain(out, "asked", t->question);
    feedback_command_plain(out, "answer", t->answer);
    for (size_t i = 0; i < t->tool_count; i++)
        buf_printf(out, "  tool     %s: %s %s\n", t->tools[i].name, t->tools[i].outcome,
            t->tools[i].error);
    if (*t->model)
        buf_printf(out, "  model    %s, %lld tokens read, %lld written\n", t->model,
            (long long)t->input, (long long)t->output);
    if (*e->turn)
        buf_printf(out, "  turn     %s\n", e->turn);
}

static int feedback_command_tell(void *arg, const struct feedback_entry *entry)
{
    struct feedback_command *c = arg;
    struct feedback_turn turn;
    struct arena *arena = arena_new();
    int error = arena ? feedback_turn_read(c->store, entry, arena, &turn) : ERR_NOMEM;

    if (!error && c->form == FEEDBACK_CSV)
        feedback_view_csv(entry, &turn, &c->out);
    else if (!error && c->form == FEEDBACK_JSON) {
        feedback_view_json(entry, &turn, &c->out);
        buf_putc(&c->out, '\n');
    } else if (!error) {
        feedback_command_text(entry, &turn, &c->out);
    }
    if (!error && !(error = buf_error(&c->out)))
        fwrite(c->out.data, 1, c->out.len, stdout);
    buf_reset(&c->out);
    if (arena)
        arena_free(arena);
    c->left--;
    return error;
}

static int feedback_command_run(struct feedback_command *c)
{
    char next[FEEDBACK_CURSOR_SIZE] = "", here[FEEDBACK_CURSOR_SIZE];
    int error;

    if (c->form == FEEDBACK_CSV) {
        feedback_view_csv_names(&c->out);
        fputs(buf_text(&c->out), stdout);
        buf_reset(&c->out);
    }
    do {
        c->query.limit = c->left < FEEDBACK_COMMAND_PAGE ? (size_t)c->left : FEEDBACK_COMMAND_PAGE;
        error = feedback_read(c->store, &c->query, next, feedback_command_tell, c);
        memcpy(here, next, sizeof here);
        c->query.cursor = here;
    } while (!error && *next && c->left > 0);
    c->query.cursor = NULL;
    return error;
}

int feedback_command(const struct conf *conf, int argc, char **argv)
{
    struct feedback_command c = {0};
    int status = feedback_command_options(&c, argc, argv);

    if (status >= 0)
        return status;
    int error = store_open(&c.store, conf, NULL, "turnpike");
    if (!error)
        error = feedback_command_run(&c);
    if (error)
        fprintf(stderr, "turnpike: Redis: %s\n", err_text(error));
    buf_free(&c.out);
    store_close(c.store);
    return error ? 1 : 0;
}
