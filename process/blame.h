/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_PROCESS_BLAME_H
#define TURNPIKE_PROCESS_BLAME_H

#include "base/ident.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * blame -- the work in which workers died, and which is refused for a while because of it. So one
 * user's poison ends a few workers and not all of them. It lives in the scoreboard's shared memory.
 *
 *   supervisor                           notes deaths, makes marks
 *   housekeeper                          adds the marks of other machines
 *   api and turn workers, housekeeper    ask before they work
 *
 * Nothing here waits, and nothing needs Redis. A mark is a number made of the scope, the user and
 * the work; no text of a user is kept.
 */
#define BLAME_ROUTE_SIZE 160 /* "session " and the longest id */
#define BLAME_MARKS 512      /* at once; the one that ends first makes room */
#define BLAME_DEATHS 256     /* remembered */

/* The present work of a worker. Zeroed = none. */
struct blame_work {
    char uid[IDENT_USER_MAX + 1];   /* "" before the user is known */
    char route[BLAME_ROUTE_SIZE];   /* "POST /tools/create_expense"; of a turn "session SID" */
    char digest[IDENT_SHA256_SIZE]; /* of what makes a second one the same */
    bool turn;                      /* a turn: it has turn.attempts by itself */
    bool tool;                      /* a call in a tool process: counts against such calls alone */
};

/* From the narrowest: the very same work; the user's route or session; all work of the user. */
enum blame_scope { BLAME_SAME, BLAME_ROUTE, BLAME_USER, BLAME_SCOPES };

/* A crash, or the supervisor's own KILL of a stuck worker, is the work's fault; a KILL from
 * outside may be an operator's or the kernel's, out of memory: it takes three of those. */
#define BLAME_KEEP_MAX_MS 600000 /* no mark lasts longer */
#define BLAME_CRASHED 3
#define BLAME_KILLED 1

struct blame {
    struct {
        atomic_ullong key;     /* 0 = none */
        atomic_llong until_ms; /* monotonic */
    } marks[BLAME_MARKS];
    atomic_llong last_ms; /* monotonic: when the last of all marks ends */
    atomic_uint version;  /* of the marks: another one whenever one is added or lasts longer */
    struct {
        unsigned long long keys[BLAME_SCOPES];
        int64_t at_ms;
        unsigned weight;
    } deaths[BLAME_DEATHS]; /* a ring; supervisor only */
    unsigned next_death;
};

struct blame_mark {
    enum blame_scope scope; /* out of blame_death; the key says it too */
    unsigned long long key;
    int64_t ms; /* how long from now */
};
/*
 * blame_death -- a worker died in this work. Process: supervisor.
 *   weight  BLAME_CRASHED or BLAME_KILLED
 *   marks   out: the work that is refused from now on
 * Returns how many marks there are, 0 to BLAME_SCOPES; marks[0] is the narrowest.
 */
size_t blame_death(struct blame *b, const struct blame_work *work, unsigned weight, int64_t now_ms,
    struct blame_mark marks[BLAME_SCOPES]);
/* Adds a mark, or makes it last longer. Process: supervisor, housekeeper. When both add one at the
 * same moment, one mark may be lost; the next death makes it again. */
void blame_add(struct blame *b, const struct blame_mark *mark, int64_t now_ms);
/*
 * blame_left -- any process: milliseconds for which this work is refused; 0 = it is not.
 *   scope  out, when it is: the mark that lasts longest; or NULL
 */
int64_t blame_left(const struct blame *b, const struct blame_work *work, int64_t now_ms,
    enum blame_scope *scope);
/*
 * blame_version -- any process, one load. Work that blame_left has not refused behind a look at the
 * version is not refused as long as the version stays: marks only ever end by themselves.
 */
static inline unsigned blame_version(const struct blame *b)
{
    return atomic_load_explicit(&b->version, memory_order_acquire);
}
/* "repetitions of this request", "requests to this route", "requests"; of a turn "repetitions of
 * this message", "messages to this session", "messages"; the like of a tool's call. */
const char *blame_scope_text(enum blame_scope scope, const struct blame_work *work);

#endif
