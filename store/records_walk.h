/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_STORE_RECORDS_WALK_H
#define TURNPIKE_STORE_RECORDS_WALK_H

#include "base/arena.h"
#include "base/err.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * records_walk -- goes through a family by time, page by page, from behind the record that was seen
 * last. Records that come or go meanwhile move nothing: each is met once. A page costs the same
 * wherever it is. Turn, api and tool processes.
 */
#define RECORDS_WALK_MAX 500 /* of a page */
#define RECORDS_WALK_ID 129
#define RECORDS_WALK_SCORE 40
struct records_walk {
    const char *family;
    int64_t from, to; /* times, milliseconds */
    bool newest_first;
    char id[RECORDS_WALK_ID], score[RECORDS_WALK_SCORE]; /* of the last one seen; "" = none */
};
struct records_walked {
    struct records_walked_one {
        const char *id, *score, *json;
    } * all; /* in the arena */
    size_t count;
};
/*
 * records_walk_on -- the next page, at most max; the walk is then behind it. Fewer than max: it is
 * at its end (or records had gone: an empty page is the end).
 * Returns 0, ERR_INVALID (a name or place that cannot be), ERR_STORE* or ERR_NOMEM.
 */
MUST_CHECK int records_walk_on(struct store *s, const char *uid, struct records_walk *walk,
    size_t max, struct arena *arena, struct records_walked *out);
/* The time of a record. Returns 0, ERR_NOT_FOUND, ERR_INVALID or ERR_STORE*. */
MUST_CHECK int records_time(struct store *s, const char *uid, const char *family, const char *id,
    int64_t *time_ms);

#endif
