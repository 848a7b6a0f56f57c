/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/sessions_parts.h"

#include "base/clock.h"
#include "base/err.h"
#include "store/args.h"
#include "store/scripts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_MAX 1000
#define CURSOR_SIZE (IDENT_SESSION_MAX + 32)
#define EMPTY_MAX 40 /* pages in a row with no session left, before an empty one is told */

const char *sessions_text_at(const struct link_reply *r, size_t i)
{
    return link_reply_text(link_reply_at(r, i), NULL);
}

void sessions_put_string(struct buf *json, const char *before, const struct link_reply *text)
{
    size_t len;
    const char *s = link_reply_text(text, &len);

    buf_puts(json, before);
    buf_json_string(json, s, len);
}

void sessions_put_time(struct buf *json, const char *before, int64_t ms)
{
    char text[CLOCK_RFC3339_SIZE];

    clock_rfc3339(ms, text);
    buf_puts(json, before);
    buf_json_string(json, text, strlen(text));
}

void sessions_put_session(struct buf *json, const char *id, const struct link_reply *r, size_t at)
{
    size_t len;

    buf_puts(json, "{\"id\":");
    buf_json_string(json, id, strlen(id));
    sessions_put_string(json, ",\"title\":", link_reply_at(r, at));
    sessions_put_time(json, ",\"created_at\":", link_reply_int(link_reply_at(r, at + 1)));
    sessions_put_time(json, ",\"updated_at\":", link_reply_int(link_reply_at(r, at + 2)));
    buf_puts(json, ",\"message_count\":");
    buf_put_int(json, link_reply_int(link_reply_at(r, at + 3)));
    link_reply_text(link_reply_at(r, at + 4), &len);
    if (len)
        sessions_put_string(json, ",\"running_turn\":", link_reply_at(r, at + 4));
    else
        buf_puts(json, ",\"running_turn\":null");
    buf_puts(json,
        link_reply_int(link_reply_at(r, at + 5)) ? ",\"pinned\":true" : ",\"pinned\":false");
    buf_putc(json, '}');
}

int sessions_read_cursor(const char *cursor, char score[24], const char **session)
{
    size_t n = strspn(cursor, "0123456789");

    if (!n || n > 15 || cursor[n] != '-' ||
        (!ident_is_safe(cursor + n + 1, strlen(cursor + n + 1), IDENT_SESSION_MAX) &&
            !ident_is_chat(cursor + n + 1, strlen(cursor + n + 1))))
        return ERR_INVALID;
    snprintf(score, 24, "%.*s", (int)n, cursor);
    *session = cursor + n + 1;
    return 0;
}

/* A cursor of ours; behind "p" one within the pinned ones. */
static int sessions_list_page(struct args *args, const char *cursor)
{
    bool begins = !cursor || !*cursor, pinned = begins || *cursor == 'p';
    char score[24] = "+inf";
    const char *session = "";
    int error = begins ? 0 : sessions_read_cursor(cursor + pinned, score, &session);

    args_text(args, pinned ? "p" : "r");
    if (begins)
        args_text(args, "+inf");
    else
        args_int(args, strtoll(score, NULL, 10));
    args_text(args, session);
    return error;
}

static int sessions_list_ask(struct store *s, const char *uid, const struct sessions_page *page,
    struct link_reply **r)
{
    struct args args;
    int error;

    args_init(&args);
    args_int(&args, (int64_t)(page->limit > PAGE_MAX ? PAGE_MAX : page->limit));
    error = sessions_list_page(&args, page->cursor);
    args_text(&args, page->pinned);
    args_int(&args, s->conf->session_keep_ms);
    if (error) {
        args_fini(&args);
        return error;
    }
    return args_call(&args, s, &script_session_list, uid, r);
}

/*
 * A page has no row when all sessions that it came upon have ended by themselves: then the next
 * one.
 */
static int sessions_list_call(struct store *s, const char *uid, const struct sessions_page *page,
    struct link_reply **r)
{
    char cursor[CURSOR_SIZE];
    struct sessions_page next = *page;
    int error = sessions_list_ask(s, uid, &next, r);

    for (int i = 0; !error && i < EMPTY_MAX && link_reply_count(*r) == 2; i++) {
        if (!link_reply_int(link_reply_at(*r, 0)))
            break;
        snprintf(cursor, sizeof cursor, "%s", sessions_text_at(*r, 1));
        next.cursor = cursor;
        link_reply_free(*r);
        *r = NULL;
        error = sessions_list_ask(s, uid, &next, r);
    }
    return error;
}

int sessions_list(struct store *s, const char *uid, const struct sessions_page *page,
    struct buf *json)
{
    struct link_reply *r = NULL;
    int error = sessions_list_call(s, uid, page, &r);

    if (error)
        return error;
    buf_puts(json, "{\"sessions\":[");
    for (size_t i = 2; i < link_reply_count(r); i++) {
        const struct link_reply *row = link_reply_at(r, i);

        if (i > 2)
            buf_putc(json, ',');
        sessions_put_session(json, sessions_text_at(row, 0), row, 1);
    }
    buf_puts(json, "],\"next_cursor\":");
    if (link_reply_int(link_reply_at(r, 0)))
        buf_json_text(json, sessions_text_at(r, 1));
    else
        buf_puts(json, "null");
    buf_putc(json, '}');
    link_reply_free(r);
    return buf_error(json);
}

int sessions_latest(struct store *s, const char *uid, char session[IDENT_SESSION_MAX + 1])
{
    const struct link_reply *row;
    struct link_reply *r = NULL;
    int error =
        sessions_list_call(s, uid, &(struct sessions_page){.limit = 1, .pinned = SESSIONS_ANY}, &r);

    if (error)
        return error;
    row = link_reply_at(r, 2);
    if (row)
        snprintf(session, IDENT_SESSION_MAX + 1, "%s", sessions_text_at(row, 0));
    link_reply_free(r);
    return row ? 0 : ERR_NOT_FOUND;
}
