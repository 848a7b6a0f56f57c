/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/sessions_parts.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/jdoc.h"
#include "store/args.h"
#include "store/keys.h"
#include "store/logentry.h"
#include "store/scripts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SESSIONS_CONTEXT_KEYS 100
#define SESSIONS_CONTEXT_BYTES 65536
#define SESSIONS_PAGE_MAX 1000

/* ---- sessions ---- */

static int sessions_session_info(struct store *s, const char *uid, const char *session,
    struct link_reply **r)
{
    struct args args;
    int error;

    args_init(&args);
    args_text(&args, session);
    error = args_call(&args, s, &script_session_info, uid, r);
    if (!error && !link_reply_count(*r)) {
        link_reply_free(*r);
        *r = NULL;
        error = ERR_NOT_FOUND;
    }
    return error;
}

int sessions_get(struct store *s, const char *uid, const char *session, struct buf *json)
{
    struct link_reply *r = NULL;
    int error = sessions_session_info(s, uid, session, &r);

    if (error)
        return error;
    sessions_put_session(json, session, r, 0);
    link_reply_free(r);
    return buf_error(json);
}

static int sessions_change_with(struct store *s, const char *uid, const char *session,
    const struct sessions_change *change, struct link_reply **r)
{
    struct args args;
    int error;

    args_init(&args);
    args_text(&args, session);
    args_text(&args, change->by_model ? "model" : "user");
    args_text(&args, !change->pin ? "" : change->pin > 0 ? "1" : "0");
    args_text(&args, change->title);
    args_int(&args, s->conf->session_keep_ms);
    error = args_call(&args, s, &script_session_change, uid, r);
    if (error)
        return error;
    if (!link_reply_count(*r))
        return ERR_NOT_FOUND;
    if (link_reply_count(*r) <= 2)
        return strcmp(sessions_text_at(*r, 0), "FULL") == 0 ? ERR_LIMIT : ERR_CONFLICT;
    return 0;
}

int sessions_change(struct store *s, const char *uid, const char *session,
    const struct sessions_change *change, struct buf *json)
{
    struct link_reply *r = NULL;
    int error = sessions_change_with(s, uid, session, change, &r);

    if (!error && json) {
        sessions_put_session(json, session, r, 0);
        error = buf_error(json);
    }
    link_reply_free(r);
    return error;
}

int sessions_has_users_title(struct store *s, const char *uid, const char *session, bool *given)
{
    char key[KEYS_MAX];
    struct link_reply *r = NULL;
    int error;

    keys_session(key, uid, session);
    error = link_command(s->link, &r, "HMGET %s created titled", key);
    *given = !*sessions_text_at(r, 0) || strcmp(sessions_text_at(r, 1), "user") == 0;
    link_reply_free(r);
    return error;
}

bool sessions_is_page(const char *before)
{
    return !before || (strlen(before) <= 15 && strspn(before, "0123456789") == strlen(before));
}

/* As feedback_give keeps it. */
static void sessions_put_feedback(struct buf *json, const struct link_reply *list)
{
    buf_puts(json, ",\"feedback\":{");
    for (size_t i = 0; i < link_reply_count(list); i++) {
        const struct link_reply *row = link_reply_at(list, i);
        size_t len;
        const char *said = link_reply_text(link_reply_at(row, 1), &len);

        buf_puts(json, i ? "," : "");
        buf_json_text(json, link_reply_text(link_reply_at(row, 0), NULL));
        buf_putc(json, ':');
        buf_put(json, said, len);
    }
    buf_putc(json, '}');
}

int sessions_messages(struct store *s, const char *uid, const char *session, const char *before,
    size_t limit, struct buf *json)
{
    const struct link_reply *list;
    struct link_reply *r = NULL;
    struct args args;
    int error;

    if (!sessions_is_page(before))
        return ERR_INVALID;
    args_init(&args);
    args_text(&args, session);
    args_text(&args, before);
    args_int(&args, (int64_t)(limit > SESSIONS_PAGE_MAX ? SESSIONS_PAGE_MAX : limit));
    error = args_call(&args, s, &script_session_messages, uid, &r);
    if (!error && !link_reply_count(r))
        error = ERR_NOT_FOUND;
    if (error) {
        link_reply_free(r);
        return error;
    }
    list = link_reply_at(r, 2);
    buf_puts(json, "{\"messages\":[");
    for (size_t i = 0; i < link_reply_count(list); i++) {
        size_t len;
        const char *text = link_reply_text(link_reply_at(list, i), &len);

        if (i)
            buf_putc(json, ',');
        buf_put(json, text, len);
    }
    if (link_reply_int(link_reply_at(r, 1)))
        buf_printf(json, "],\"has_more\":true,\"next_cursor\":\"%s\"", sessions_text_at(r, 0));
    else
        buf_puts(json, "],\"has_more\":false,\"next_cursor\":null");
    buf_printf(json, ",\"events_cursor\":\"%s\",\"branch_count\":%lld", sessions_text_at(r, 3),
        (long long)link_reply_int(link_reply_at(r, 4)));
    sessions_put_feedback(json, link_reply_at(r, 5));
    buf_putc(json, '}');
    link_reply_free(r);
    return buf_error(json);
}

int sessions_cursor(struct store *s, const char *uid, const char *session, char cursor[48])
{
    struct link_reply *r = NULL;
    int error = sessions_session_info(s, uid, session, &r);

    if (!error)
        snprintf(cursor, 48, "%s", sessions_text_at(r, 6));
    link_reply_free(r);
    return error;
}

int sessions_epoch(struct store *s, const char *uid, const char *session, int64_t *epoch)
{
    char key[KEYS_MAX];
    struct link_reply *r = NULL;
    int error;

    keys_session(key, uid, session);
    error = link_command(s->link, &r, "HGET %s epoch", key);
    if (!error && link_reply_type(r) == LINK_NIL)
        error = ERR_NOT_FOUND;
    *epoch = link_reply_int(r);
    link_reply_free(r);
    return error;
}

/* Texts begin {"id":"ID","role":"ROLE", as chat_write and fcgi-app/submit_messages.c put them. */
static bool sessions_has_id(const struct link_reply *message, const char *id)
{
    char head[16 + IDENT_CLIENT_MESSAGE_MAX];
    int len = snprintf(head, sizeof head, "{\"id\":\"%s\",", id);

    return strncmp(link_reply_text(message, NULL), head, (size_t)len) == 0;
}

static bool sessions_is_result(const struct link_reply *message)
{
    static const char role[] = "\",\"role\":\"tool\"";
    const char *at = strstr(link_reply_text(message, NULL), "\",\"role\":");

    return at && strncmp(at, role, sizeof role - 1) == 0;
}

static int sessions_copy(const struct link_reply *list, struct arena *arena,
    struct sessions_part *part)
{
    part->messages = arena_array(arena, part->count + part->spare, sizeof *part->messages);
    for (size_t i = 0; part->messages && i < part->count; i++) {
        size_t len;
        const char *text = link_reply_text(link_reply_at(list, i), &len);

        part->messages[i] = arena_memdup(arena, text, len);
        if (!part->messages[i])
            return ERR_NOMEM;
    }
    return part->messages ? 0 : ERR_NOMEM;
}

int sessions_until(struct store *s, const char *uid, const char *session, struct arena *arena,
    struct sessions_part *part)
{
    char key[KEYS_MAX];
    struct link_reply *r = NULL;
    size_t n = 0, all;
    int error;

    part->messages = NULL;
    keys_session_messages(key, uid, session);
    error = link_command(s->link, &r, "LRANGE %s 0 -1", key);
    all = link_reply_count(r);
    while (n < all && !sessions_has_id(link_reply_at(r, n), part->until))
        n++;
    if (!error && n++ == all)
        error = ERR_NOT_FOUND;
    while (n < all && sessions_is_result(link_reply_at(r, n)))
        n++;
    part->count = n;
    if (!error)
        error = sessions_copy(r, arena, part);
    link_reply_free(r);
    return error;
}

int sessions_of_call(struct store *s, const char *uid, const char *call,
    char session[IDENT_SESSION_MAX + 1])
{
    char key[KEYS_MAX];
    struct link_reply *r = NULL;
    const char *text;
    size_t len;
    int error;

    if (!ident_is_safe(call, strlen(call), IDENT_CLIENT_MESSAGE_MAX))
        return ERR_NOT_FOUND;
    keys_call(key, uid, call);
    error = link_command(s->link, &r, "GET %s", key);
    text = link_reply_text(r, &len);
    if (!error && !ident_is_session(text, len))
        error = ERR_NOT_FOUND;
    if (!error)
        memcpy(session, text, len + 1);
    link_reply_free(r);
    return error;
}

/* ---- the user's context: one hash field for each member, its value raw JSON ---- */

int sessions_context_pairs(const struct link_reply *pairs, size_t from, struct buf *json)
{
    buf_putc(json, '{');
    for (size_t i = from; i + 1 < link_reply_count(pairs); i += 2) {
        size_t len;
        const char *value = link_reply_text(link_reply_at(pairs, i + 1), &len);

        sessions_put_string(json, i > from ? "," : "", link_reply_at(pairs, i));
        buf_putc(json, ':');
        buf_put(json, value, len);
    }
    buf_putc(json, '}');
    return buf_error(json);
}

static int sessions_context_call(struct store *s, const char *uid, struct args *args,
    struct buf *json)
{
    struct link_reply *r = NULL;
    int error = args_call(args, s, &script_context_merge, uid, &r);

    if (error)
        return error;
    if (!link_reply_int(link_reply_at(r, 0))) {
        link_reply_free(r);
        return ERR_LIMIT;
    }
    error = sessions_context_pairs(r, 1, json);
    link_reply_free(r);
    return error;
}

static void sessions_context_args(struct args *args)
{
    args_init(args);
    args_int(args, SESSIONS_CONTEXT_KEYS);
    args_int(args, SESSIONS_CONTEXT_BYTES);
}

int sessions_context_get(struct store *s, const char *uid, struct buf *json)
{
    struct args args;

    sessions_context_args(&args);
    return sessions_context_call(s, uid, &args, json);
}

int sessions_context_merge(struct store *s, const char *uid, const char *patch_json, size_t len,
    struct buf *json)
{
    size_t ends[SESSIONS_CONTEXT_KEYS], count = 0, from = 0;
    const char *keys[SESSIONS_CONTEXT_KEYS], *key;
    struct buf values = {0};
    struct jdoc_iter it = {0};
    struct args args;
    jdoc *doc = NULL, *value;
    int error = jdoc_parse(patch_json, len, &doc, NULL, 0);

    if (!error && jdoc_type(doc) != JDOC_OBJECT)
        error = ERR_INVALID;
    if (!error && jdoc_length(doc) > SESSIONS_CONTEXT_KEYS)
        error = ERR_LIMIT;
    if (error)
        goto out;
    while (count < SESSIONS_CONTEXT_KEYS && jdoc_next(doc, &it, &key, &value)) {
        if (jdoc_type(value) != JDOC_NULL)
            jdoc_write(value, &values);
        keys[count] = key;
        ends[count++] = values.len;
    }
    error = buf_error(&values);
    if (error)
        goto out;
    sessions_context_args(&args);
    for (size_t i = 0; i < count; i++) {
        args_text(&args, keys[i]);
        args_bytes(&args, buf_text(&values) + from, ends[i] - from);
        from = ends[i];
    }
    error = sessions_context_call(s, uid, &args, json);
out:
    buf_free(&values);
    jdoc_free(doc);
    return error;
}

/* ---- the rest ---- */

int sessions_rate(struct store *s, const char *uid, const struct sessions_limit *limit,
    int64_t *left, int64_t *retry_ms)
{
    char key_text[KEYS_MAX], window[24];
    struct link_arg key, arg;
    struct link_reply *r = NULL;
    int64_t count;
    int error;

    *left = limit->limit;
    *retry_ms = 0;
    if (!limit->limit)
        return 0;
    keys_rate(key_text, uid, limit->name);
    snprintf(window, sizeof window, "%lld", (long long)limit->window_ms);
    key = link_text(key_text);
    arg = link_text(window);
    error = link_script_call(s->link, &script_rate,
        &(struct link_words){.keys = &key, .nkeys = 1, .args = &arg, .nargs = 1}, &r);
    if (error)
        return error;
    count = link_reply_int(link_reply_at(r, 0));
    *left = count < limit->limit ? limit->limit - count : 0;
    *retry_ms = link_reply_int(link_reply_at(r, 1));
    if (count > limit->limit)
        error = ERR_RATE;
    link_reply_free(r);
    return error;
}

int sessions_tool_key(struct store *s, const char *uid, const char *key, const char *digest)
{
    char name[KEYS_MAX];
    int error = 0;

    keys_tool_seen(name, uid, key);
    for (int tries = 0; tries < 2; tries++) { /* it may expire between the two commands */
        struct link_reply *r = NULL;
        enum link_type type;
        error = link_command(s->link, &r, "SET %s %s NX PX %lld", name, digest,
            (long long)s->conf->turn_keep_ms);
        type = error ? LINK_NIL : link_reply_type(r);
        link_reply_free(r);
        if (error || type != LINK_NIL)
            return error;
        r = NULL;
        if ((error = link_command(s->link, &r, "GET %s", name)))
            return error;
        type = link_reply_type(r);
        error = type == LINK_STRING && !strcmp(link_reply_text(r, NULL), digest) ? 0 : ERR_CONFLICT;
        link_reply_free(r);
        if (type != LINK_NIL)
            return error;
    }
    return error;
}
