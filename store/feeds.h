/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_STORE_FEEDS_H
#define TURNPIKE_STORE_FEEDS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/ident.h"
#include "store/hints.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * feeds -- subscriptions to calendars at addresses: tp:{uid}:feeds (ids by age), tp:{uid}:feed:ID
 * (hash) and tp:{uid}:feed-parts:ID:GENERATION (list): the events as JSON arrays in parts, by time.
 * A refresh writes the parts of a new generation beside the ones that are shown, each in a step of
 * its own; then one script shows the new ones. A refresh that dies leaves parts that expire.
 *
 * tp:hint:feeds says where to look: a member UID is written before the fact and dropped by a
 * housekeeper that finds no subscription. A stale one does no harm. Tools, api workers (lists,
 * changes) and the housekeeper (refreshes).
 */
#define FEEDS_URL_MAX 2000                /* bytes */
#define FEEDS_NAME_MAX 100                /* characters */
#define FEEDS_BYTES_MAX (8 << 20)         /* of the events of all subscriptions of one user */
#define FEEDS_HOUR_MS INT64_C(3600000)    /* none is refreshed more often */
#define FEEDS_DAY_MS (24 * FEEDS_HOUR_MS) /* each is asked for at least so often */
#define FEEDS_WAIT_MAX_MS (27 * FEEDS_HOUR_MS)

struct feed {
    const char *id, *url, *name, *color; /* "" = none */
    const char *state;                   /* "new", "ok", "failing", "ended" */
    const char *why;                     /* a sentence of ours, of the last two */
    const char *etag, *modified;         /* as the server said them */
    const char *gen;                     /* of the parts that are shown; "" = none */
    const char *index;                   /* a line for each part: "FROM UNTIL", ms */
    const char *token;                   /* of the claim */
    int64_t created_ms, fetched_ms, next_ms, failing_ms, refresh_ms;
    int64_t events, left, bytes, failures; /* left: events that are not taken in */
    bool told;                             /* the user knows that it fails */
};
struct feeds {
    struct feed *all;
    size_t count;
};

/* All of a user, the oldest first, in the arena. Returns 0, ERR_NOMEM or ERR_STORE*. */
MUST_CHECK int feeds_list(struct store *s, const char *uid, struct arena *arena, struct feeds *out);
/*
 * feeds_add -- subscribes, or changes name and colour of the one with this address.
 *   want  id, url; name and color: NULL = as it is
 *   most  of one user
 *   id    out: its id; there: out, it was there already
 * Returns 0, ERR_FULL, ERR_STORE*.
 */
struct feeds_want {
    const char *url, *name, *color;
};
MUST_CHECK int feeds_add(struct store *s, const char *uid, const struct feeds_want *want,
    int64_t most, char id[IDENT_UUID_SIZE], bool *there);
/* Returns 0, ERR_NOT_FOUND, ERR_STORE*. */
MUST_CHECK int feeds_drop(struct store *s, const char *uid, const char *id);
/* A part of what is shown, in the arena: by its number, from 0. Returns 0, ERR_NOT_FOUND (another
 * generation is shown by now), ERR_NOMEM or ERR_STORE*. */
struct feeds_text {
    const char *bytes;
    size_t len;
};
MUST_CHECK int feeds_part(struct store *s, const char *uid, const struct feed *feed, size_t number,
    struct arena *arena, struct feeds_text *out);
/* The next line of an index: what a part covers, from from_ms to just before until_ms. */
bool feeds_next_part(const char **at, int64_t *from_ms, int64_t *until_ms);

/* ---- refreshing, by the housekeeper ---- */

#define FEEDS_LEASE_MS 120000
#define FEEDS_CLAIM_MAX 2
#define FEEDS_PART_LIFE_MS FEEDS_HOUR_MS

/* Users for whom something is due: hints_due. */
MUST_CHECK int feeds_due(struct store *s, struct hints_due *out, size_t max, size_t *count);
void feeds_later(struct store *s, const struct hints_due *hint, int64_t wait_ms);
/*
 * feeds_claim -- subscriptions of one user that are due, at most max; of two claimers one gets
 * each, for FEEDS_LEASE_MS.
 *   wait_ms  out: until the next one is due; -1 = there is none
 * Returns 0, ERR_NOMEM or ERR_STORE*.
 */
MUST_CHECK int feeds_claim(struct store *s, const char *uid, size_t max, struct arena *arena,
    struct feeds *out, int64_t *wait_ms);
/* A part of the generation that a refresh has read; it renews the claim. Returns 0, ERR_FENCED
 * (another one has the claim) or ERR_STORE*. */
struct feeds_put {
    const char *gen;
    size_t number;
    const char *text;
    size_t len;
};
MUST_CHECK int feeds_put_part(struct store *s, const char *uid, const struct feed *feed,
    const struct feeds_put *part);
/*
 * feeds_settle -- the end of a refresh: `feed` as it is now, shown from now on, and the claim ends.
 *   gen    NULL: what was shown stays; "": nothing is shown any more
 *   parts  of gen
 *   event  JSON object for the user's inbox; NULL = none
 * Returns 0; ERR_FENCED; ERR_FULL (FEEDS_BYTES_MAX); ERR_CONFLICT (a part of it is not there);
 * ERR_STORE*. With all but 0 nothing has changed.
 */
struct feeds_end {
    const char *gen;
    size_t parts;
    int64_t wait_ms;
    const char *event;
};
MUST_CHECK int feeds_settle(struct store *s, const char *uid, const struct feed *feed,
    const struct feeds_end *end);

#endif
