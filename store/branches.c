/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/branches.h"

#include "base/clock.h"
#include "base/jdoc.h"
#include "store/args.h"
#include "store/keys.h"
#include "store/scripts.h"
#include "store/sessions.h"

#include <stdlib.h>
#include <string.h>

#define BRANCHES_PAGE_MAX 1000

static void branches_put_name(struct buf *json, const char *id, int64_t at_ms, const char *message)
{
    char when[CLOCK_RFC3339_SIZE];

    clock_rfc3339(at_ms, when);
    buf_puts(json, "{\"id\":");
    buf_json_string(json, id, strlen(id));
    buf_puts(json, ",\"created_at\":");
    buf_json_string(json, when, strlen(when));
    buf_json_member(json, "message_id", message);
    buf_putc(json, '}');
}

static void branches_put_end(struct buf *json, size_t first)
{
    if (first > 0)
        buf_printf(json, "],\"has_more\":true,\"next_cursor\":\"%zu\"", first);
    else
        buf_puts(json, "],\"has_more\":false,\"next_cursor\":null");
}

/* A branch of an earlier release has all of its messages in its entry. */
static void branches_put_whole(struct buf *json, const jdoc *messages, const char *before,
    size_t limit)
{
    size_t last = jdoc_length(messages);

    if (before && strtoull(before, NULL, 10) < last)
        last = strtoull(before, NULL, 10);
    size_t first = last > limit ? last - limit : 0;
    for (size_t i = first; i < last; i++) {
        if (i > first)
            buf_putc(json, ',');
        jdoc_write(jdoc_at(messages, i), json);
    }
    branches_put_end(json, first);
}

static void branches_put_page(struct buf *json, const struct link_reply *r)
{
    const struct link_reply *page = link_reply_at(r, 2);

    for (size_t i = 0; i < link_reply_count(page); i++) {
        size_t len;
        const char *text = link_reply_text(link_reply_at(page, i), &len);

        if (i > 0)
            buf_putc(json, ',');
        buf_put(json, text, len);
    }
    branches_put_end(json, (size_t)link_reply_int(link_reply_at(r, 1)));
}

static void branches_put_names(struct buf *json, const jdoc *branch, const struct link_reply *r)
{
    buf_puts(json, ",\"branch\":");
    branches_put_name(json, jdoc_text_or(branch, "turn", ""), jdoc_int_or(branch, "at", 0),
        jdoc_text_or(branch, "message_id", ""));
    buf_puts(json, ",\"branches\":[");
    for (size_t i = 3; i < link_reply_count(r); i++) {
        const struct link_reply *row = link_reply_at(r, i);

        if (i > 3)
            buf_putc(json, ',');
        branches_put_name(json, link_reply_text(link_reply_at(row, 0), NULL),
            link_reply_int(link_reply_at(row, 1)), link_reply_text(link_reply_at(row, 2), NULL));
    }
    buf_puts(json, "]}");
}

static int branches_write(const struct link_reply *r, const char *before, size_t limit,
    struct buf *json)
{
    jdoc *branch = NULL;
    size_t len;
    const char *text = link_reply_text(link_reply_at(r, 0), &len);
    int error = len > 0 ? jdoc_parse(text, len, &branch, NULL, 0) : ERR_NOT_FOUND;

    if (error)
        return error;
    const jdoc *messages = jdoc_get(branch, "messages");
    buf_puts(json, "{\"messages\":[");
    if (messages)
        branches_put_whole(json, messages, before, limit);
    else
        branches_put_page(json, r);
    branches_put_names(json, branch, r);
    jdoc_free(branch);
    return buf_error(json);
}

int branches_messages(struct store *s, const char *uid, const struct branches_page *page,
    struct buf *json)
{
    const char *before = page->before;
    size_t limit = page->limit > BRANCHES_PAGE_MAX ? BRANCHES_PAGE_MAX : page->limit;
    struct link_reply *r = NULL;
    struct args args;
    int error;

    if (!sessions_is_page(before))
        return ERR_INVALID;
    args_init(&args);
    args_text(&args, page->session);
    args_text(&args, page->branch);
    args_text(&args, before);
    args_int(&args, (int64_t)limit);
    error = args_call(&args, s, &script_session_branch, uid, &r);
    if (!error)
        error = branches_write(r, before, limit, json);
    link_reply_free(r);
    return error;
}

int branches_prepare(struct store *s, const char *uid, const char *session)
{
    const struct conf *c = s->conf;
    int64_t keep_ms = keys_is_once(session) ? c->log_keep_ms :
        keys_is_unlisted(session)           ? c->turn_keep_ms :
                                              c->session_keep_ms;
    int64_t left = 1;
    int error = 0;

    while (!error && left > 0) {
        struct link_reply *r = NULL;
        struct args args;

        args_init(&args);
        args_text(&args, session);
        args_int(&args, keep_ms);
        error = args_call(&args, s, &script_message_ids, uid, &r);
        left = link_reply_int(r);
        link_reply_free(r);
    }
    return error;
}
