/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/blame.h"

#include "base/backoff.h"
#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

#define MINUTE_MS 60000

/*
 * How much weight of deaths within a time makes a mark, and for how long: `keep_ms` at first, twice
 * as long for each further time that the limit is filled. A message's three attempts fill its
 * limit and no other one.
 */
enum blame_kind { BLAME_REQUEST, BLAME_TURN, BLAME_TOOL, BLAME_KINDS };
static const struct {
    const char *text[BLAME_KINDS];
    unsigned limit[BLAME_KINDS];
    int64_t within_ms, keep_ms;
} scopes[BLAME_SCOPES] = {
    [BLAME_SAME] = {{"repetitions of this request", "repetitions of this message",
                        "repetitions of this tool call"},
        {3, 9, 3}, 10 * MINUTE_MS, MINUTE_MS},
    [BLAME_ROUTE] = {{"requests to this route", "messages to this session", "calls of this tool"},
        {6, 12, 6}, MINUTE_MS, 5 * MINUTE_MS},
    [BLAME_USER] = {{"requests", "messages", "calls in tool processes"}, {12, 18, 12}, MINUTE_MS,
        MINUTE_MS},
};

static enum blame_kind blame_kind(const struct blame_work *work)
{
    return work->tool ? BLAME_TOOL : work->turn ? BLAME_TURN : BLAME_REQUEST;
}

const char *blame_scope_text(enum blame_scope scope, const struct blame_work *work)
{
    return scopes[scope].text[blame_kind(work)];
}

/* 0 when this scope says nothing: before the user is known only the very same work counts. */
static unsigned long long blame_key(const struct blame_work *work, enum blame_scope scope)
{
    char digest[IDENT_SHA256_SIZE];
    struct buf text;
    if (scope != BLAME_SAME && work->uid[0] == '\0')
        return 0;
    buf_init(&text, 0);
    buf_printf(&text, "%d %d %s\n", (int)scope, (int)blame_kind(work), work->uid);
    if (scope == BLAME_SAME)
        buf_puts(&text, work->digest);
    else if (scope == BLAME_ROUTE)
        buf_puts(&text, work->route);
    ident_sha256_hex(buf_text(&text), text.len, digest);
    buf_free(&text);
    digest[16] = '\0';
    return strtoull(digest, NULL, 16) | 1;
}

void blame_add(struct blame *b, const struct blame_mark *mark, int64_t now_ms)
{
    long long until = now_ms + mark->ms, last = atomic_load(&b->last_ms);
    size_t at = 0;
    for (size_t i = 0; i < BLAME_MARKS; i++) {
        if (atomic_load(&b->marks[i].key) == mark->key) {
            at = i;
            break;
        }
        if (atomic_load(&b->marks[i].until_ms) < atomic_load(&b->marks[at].until_ms))
            at = i;
    }
    if (atomic_load(&b->marks[at].key) == mark->key && atomic_load(&b->marks[at].until_ms) >= until)
        return;
    /* A reader between the two sees a mark that is over. */
    atomic_store(&b->marks[at].until_ms, 0);
    atomic_store(&b->marks[at].key, mark->key);
    atomic_store(&b->marks[at].until_ms, until);
    while (last < until && !atomic_compare_exchange_weak(&b->last_ms, &last, until))
        continue;
    atomic_fetch_add(&b->version, 1);
}

/* How often deaths of this key have filled the scope's limit in its time. */
static unsigned blame_filled(const struct blame *b, enum blame_scope scope, unsigned long long key,
    enum blame_kind kind, int64_t now)
{
    unsigned weight = 0;
    for (size_t i = 0; i < BLAME_DEATHS; i++)
        if (b->deaths[i].weight > 0 && b->deaths[i].keys[scope] == key &&
            now - b->deaths[i].at_ms <= scopes[scope].within_ms)
            weight += b->deaths[i].weight;
    return weight / scopes[scope].limit[kind];
}

size_t blame_death(struct blame *b, const struct blame_work *work, unsigned weight, int64_t now_ms,
    struct blame_mark marks[BLAME_SCOPES])
{
    unsigned at = b->next_death++ % BLAME_DEATHS;
    size_t count = 0;
    b->deaths[at].at_ms = now_ms;
    b->deaths[at].weight = weight;
    for (int s = 0; s < BLAME_SCOPES; s++)
        b->deaths[at].keys[s] = blame_key(work, (enum blame_scope)s);
    for (int s = 0; s < BLAME_SCOPES; s++) {
        unsigned long long key = b->deaths[at].keys[s];
        unsigned filled =
            key == 0 ? 0 : blame_filled(b, (enum blame_scope)s, key, blame_kind(work), now_ms);
        if (filled == 0)
            continue;
        int64_t keep = backoff_delay(scopes[s].keep_ms, BLAME_KEEP_MAX_MS, filled);
        marks[count] = (struct blame_mark){.scope = (enum blame_scope)s, .key = key, .ms = keep};
        blame_add(b, &marks[count++], now_ms);
    }
    return count;
}

int64_t blame_left(const struct blame *b, const struct blame_work *work, int64_t now_ms,
    enum blame_scope *scope)
{
    unsigned long long keys[BLAME_SCOPES];
    int64_t left = 0;
    if (atomic_load_explicit(&b->last_ms, memory_order_relaxed) <= now_ms)
        return 0; /* nearly always: no mark at all */
    for (int s = 0; s < BLAME_SCOPES; s++)
        keys[s] = blame_key(work, (enum blame_scope)s);
    for (size_t i = 0; i < BLAME_MARKS; i++) {
        int64_t this_left = atomic_load(&b->marks[i].until_ms) - now_ms;
        unsigned long long key = atomic_load(&b->marks[i].key);
        for (int s = 0; s < BLAME_SCOPES; s++)
            if (key != 0 && key == keys[s] && this_left > left) {
                left = this_left;
                if (scope)
                    *scope = (enum blame_scope)s;
            }
    }
    return left;
}
