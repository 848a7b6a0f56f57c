/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/person/export.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "store/records.h"
#include "store/sessions.h"

#include <stdio.h>
#include <string.h>

#define PAGE 100
#define FAMILY_BYTES 160 /* name and counts of a family */
#define HEAD_BYTES 512
#define LEAST_BYTES 4096
#define EVER (INT64_C(1) << 52)

struct export
{
    struct store *store;
    const char *uid;
    size_t left; /* bytes */
    bool complete;
    jdoc *document, *counts, *included, *records, *sessions; /* all but the first borrowed */
};

static size_t export_size_of(const jdoc *value)
{
    struct buf text = {0};
    jdoc_write(value, &text);
    size_t len = text.len;
    buf_free(&text);
    return len;
}

/* A new object or array as a member; borrowed, NULL on no memory. */
static jdoc *export_member(jdoc *object, const char *key, jdoc *value)
{
    return value && jdoc_set(object, key, value) == 0 ? value : NULL;
}

/* --- records --- */

/* The newest records that fit into `share`; *count: how many. */
static int export_put_family(struct export *e, const char *family, size_t share, jdoc *list,
    int64_t *count)
{
    struct records_list page = {.more = true};
    int error = 0;
    *count = 0;
    for (size_t offset = 0; error == 0 && page.more; offset += PAGE) {
        struct arena *arena = arena_new();
        if (!arena)
            return ERR_NOMEM;
        error = records_range(e->store, e->uid,
            &(struct records_page){.family = family,
                .from = -EVER,
                .to = EVER,
                .highest_first = true,
                .offset = offset,
                .max = PAGE},
            arena, &page);
        for (size_t i = 0; error == 0 && i < page.count; i++) {
            size_t len = strlen(page.json[i]) + 1;
            jdoc *record = NULL;
            if (len > share) {
                arena_free(arena);
                return 0;
            }
            share -= len;
            e->left -= len;
            error = jdoc_parse(page.json[i], len - 1, &record, NULL, 0);
            if (error == 0)
                error = jdoc_push(list, record);
            *count += error == 0;
        }
        arena_free(arena);
    }
    return error;
}

static int export_put_records(struct export *e, struct arena *arena)
{
    const char **families;
    size_t n;
    int64_t there = 0, here = 0;
    int error = records_families(e->store, e->uid, arena, &families, &n);
    if (error == 0 && n * FAMILY_BYTES > e->left)
        return ERR_LIMIT;
    if (error == 0)
        e->left -= n * FAMILY_BYTES;
    for (size_t i = 0; error == 0 && i < n; i++) {
        error = records_count(e->store, e->uid, families[i], -EVER, EVER, &there);
        if (error != 0 || there == 0)
            continue;
        jdoc *list = export_member(e->records, families[i], jdoc_new_array());
        /* Each gets its part of what is left; the sessions come last and count as one. */
        error = list ? export_put_family(e, families[i], e->left / (n - i + 1), list, &here) :
                       ERR_NOMEM;
        if (error == 0)
            error = jdoc_set_int(e->counts, families[i], there) |
                    jdoc_set_int(e->included, families[i], here) ?
                ERR_NOMEM :
                0;
        e->complete &= here == there;
    }
    return error;
}

/* --- sessions --- */

static int export_reverse(const jdoc *list, jdoc *into)
{
    int error = 0;
    for (size_t i = jdoc_length(list); error == 0 && i > 0; i--)
        error = jdoc_push(into, jdoc_dup(jdoc_at(list, i - 1)));
    return error;
}

/* Newest first into `list`, while they fit. *next: where the next page begins, "" at the end. */
static int export_take_messages(struct export *e, const char *id, const char *before, jdoc *list,
    char next[64], bool *fits)
{
    struct buf json = {0};
    jdoc *page = NULL;
    bool more = false;
    int error = sessions_messages(e->store, e->uid, id, before, PAGE, &json);
    if (error == 0)
        error = jdoc_parse(buf_text(&json), json.len, &page, NULL, 0);
    const jdoc *messages = jdoc_get(page, "messages");
    for (size_t i = jdoc_length(messages); error == 0 && *fits && i > 0; i--) {
        size_t len = export_size_of(jdoc_at(messages, i - 1)) + 1;
        *fits = len <= e->left;
        if (!*fits)
            break;
        e->left -= len;
        error = jdoc_push(list, jdoc_dup(jdoc_at(messages, i - 1)));
    }
    jdoc_get_bool(page, "has_more", &more);
    snprintf(next, 64, "%s", more ? jdoc_text_or(page, "next_cursor", "") : "");
    jdoc_free(page);
    buf_free(&json);
    return error;
}

/* Appends the session with its messages; takes nothing of `info`. */
static int export_put_session(struct export *e, const jdoc *info, int64_t *messages)
{
    const char *id = jdoc_text_or(info, "id", "");
    char next[64] = "", before[64];
    bool fits = true;
    size_t len = export_size_of(info) + 16;
    if (len > e->left) {
        e->complete = false;
        return 0;
    }
    e->left -= len;
    jdoc *session = jdoc_dup(info), *newest = jdoc_new_array();
    jdoc *list = session ? export_member(session, "messages", jdoc_new_array()) : NULL;
    int error = !newest || !list ? ERR_NOMEM : 0;
    do {
        snprintf(before, sizeof before, "%s", next);
        if (error == 0)
            error =
                export_take_messages(e, id, before[0] != '\0' ? before : NULL, newest, next, &fits);
    } while (error == 0 && fits && next[0] != '\0');
    if (error == ERR_NOT_FOUND) /* deleted meanwhile */
        error = 0;
    if (error == 0)
        error = export_reverse(newest, list);
    *messages += (int64_t)jdoc_length(newest);
    e->complete &= fits;
    jdoc_free(newest);
    if (error == 0)
        return jdoc_push(e->sessions, session);
    jdoc_free(session);
    return error;
}

struct tally {
    int64_t sessions, messages, messages_here;
};

static int export_put_page(struct export *e, const jdoc *page, struct tally *t)
{
    const jdoc *list = jdoc_get(page, "sessions");
    int error = 0;
    for (size_t i = 0; error == 0 && i < jdoc_length(list); i++) {
        int64_t n = jdoc_int_or(jdoc_at(list, i), "message_count", 0);
        t->sessions++;
        t->messages += n;
        error = export_put_session(e, jdoc_at(list, i), &t->messages_here);
    }
    return error;
}

static int export_put_sessions(struct export *e)
{
    struct tally t = {0};
    char cursor[200] = "";
    int error = 0;
    do {
        struct buf json = {0};
        jdoc *page = NULL;
        error = sessions_list(e->store, e->uid,
            &(struct sessions_page){.cursor = cursor, .limit = PAGE}, &json);
        if (error == 0)
            error = jdoc_parse(buf_text(&json), json.len, &page, NULL, 0);
        buf_free(&json);
        if (error == 0)
            error = export_put_page(e, page, &t);
        snprintf(cursor, sizeof cursor, "%s", jdoc_text_or(page, "next_cursor", ""));
        jdoc_free(page);
    } while (error == 0 && cursor[0] != '\0');
    if (error != 0)
        return error;
    int failed = jdoc_set_int(e->counts, "sessions", t.sessions);
    failed |= jdoc_set_int(e->counts, "messages", t.messages);
    failed |= jdoc_set_int(e->included, "sessions", (int64_t)jdoc_length(e->sessions));
    failed |= jdoc_set_int(e->included, "messages", t.messages_here);
    return failed != 0 ? ERR_NOMEM : 0;
}

static int export_put_context(struct export *e)
{
    struct buf json = {0};
    jdoc *context = NULL;
    int error = sessions_context_get(e->store, e->uid, &json);
    if (error == 0 && json.len > 0 && json.len + 16 > e->left) {
        e->complete = false;
    } else if (error == 0 && json.len > 0) {
        e->left -= json.len + 16;
        error = jdoc_parse(buf_text(&json), json.len, &context, NULL, 0);
        if (error == 0)
            error = jdoc_set(e->document, "context", context);
    }
    buf_free(&json);
    return error == ERR_NOT_FOUND ? 0 : error;
}

/* --- the document --- */

static int export_prepare(struct export *e, int64_t now_ms)
{
    char now[CLOCK_RFC3339_SIZE];
    clock_rfc3339(now_ms, now);
    e->document = jdoc_new_object();
    if (!e->document || jdoc_set_string(e->document, "user", e->uid) != 0 ||
        jdoc_set_string(e->document, "exported_at", now) != 0 ||
        jdoc_set_bool(e->document, "complete", false) != 0)
        return ERR_NOMEM;
    e->counts = export_member(e->document, "counts", jdoc_new_object());
    e->included = export_member(e->document, "included", jdoc_new_object());
    e->records = export_member(e->document, "records", jdoc_new_object());
    e->sessions = export_member(e->document, "sessions", jdoc_new_array());
    return !e->counts || !e->included || !e->records || !e->sessions ? ERR_NOMEM : 0;
}

int export_user(struct store *s, const char *uid, int64_t now_ms, size_t max, jdoc **out)
{
    struct export e = {.store = s, .uid = uid, .left = max - HEAD_BYTES, .complete = true};
    struct arena *arena = arena_new();
    *out = NULL;
    int error = !arena ? ERR_NOMEM : max < LEAST_BYTES ? ERR_LIMIT : 0;
    if (error == 0)
        error = export_prepare(&e, now_ms);
    if (error == 0)
        error = export_put_context(&e);
    if (error == 0)
        error = export_put_records(&e, arena);
    if (error == 0)
        error = export_put_sessions(&e);
    if (error == 0)
        error = jdoc_set_bool(e.document, "complete", e.complete);
    arena_free(arena);
    if (error == 0)
        *out = e.document;
    else
        jdoc_free(e.document);
    return error;
}
