/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_STORE_STATS_H
#define TURNPIKE_STORE_STATS_H

#include "base/err.h"
#include "process/measure.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * stats -- what the service has counted (process/measure.h), summed over all machines by hour and
 * by day in Redis: `tp:{+stats}:h:YYYYMMDDHH`, `tp:{+stats}:d:YYYYMMDD`, hashes of a row's name and
 * values. Hours live for keep.stats_hours, days for keep.stats. Nothing of a user is in them; how
 * many users were active on a day is a HyperLogLog, `tp:{+stats}:users:YYYYMMDD`.
 *
 * A row's name is FAMILY|LABEL|LABEL, the family without `turnpike_`. Its values are `NAME:INTEGER`
 * with blanks between: n, a counter; or s, the sum, and for each bucket that has any its upper
 * bound in microseconds, `inf` for the last one.
 */

/*
 * The flush of one machine; the housekeeper has one. Each step sends the rows that have grown.
 * Redis keeps what this run of turnpiked had said by then, so neither a repeated step, nor a lost
 * reply, nor the housekeeper's death loses or doubles anything. When turnpiked itself is killed,
 * what it counted since the last step is lost.
 */
struct stats_flush {
    struct store *store;
    struct measure_value *last; /* as Redis has it; NULL = nothing is known */
    size_t last_count;
};
/* Returns 0; ERR_NOMEM; ERR_STORE*: the next step tries again. now_ms: real time. */
MUST_CHECK int stats_flush_step(struct stats_flush *f, int64_t now_ms);
void stats_flush_fini(struct stats_flush *f);

/* A turn of this user: the day's count of active users. Sends, without waiting; a process sends a
 * user that it has sent a moment ago only once. */
void stats_note_user(struct store *s, const char *uid, int64_t now_ms);

/* One row of one hour or day. */
struct stats_row {
    enum measure_family family;
    char label[MEASURE_LABELS][MEASURE_VALUE_SIZE];
    int64_t value;                    /* counter; a histogram's sum, microseconds */
    uint64_t count;                   /* histogram: observations */
    uint64_t bucket[MEASURE_BUCKETS]; /* by the family's bounds */
};
typedef int stats_row_fn(void *arg, const struct stats_row *row);
#define STATS_HOUR_MS INT64_C(3600000)
#define STATS_DAY_MS INT64_C(86400000)
/*
 * stats_read -- tells the rows of the hour (unit_ms STATS_HOUR_MS) or day that at_ms is in. Rows
 * that this version does not know are passed over. Returns 0; what fn returned; ERR_STORE*.
 */
MUST_CHECK int stats_read(struct store *s, int64_t unit_ms, int64_t at_ms, stats_row_fn *fn,
    void *arg);
/* How many users were active from the day of from_ms to the day of to_ms, about (0.8 %); at most
 * STATS_USER_DAYS days. */
#define STATS_USER_DAYS 400
MUST_CHECK int stats_users(struct store *s, int64_t from_ms, int64_t to_ms, int64_t *count);

/* For tests: a row as Redis holds it. */
bool stats_row_parse(const char *name, const char *text, struct stats_row *out);

#endif
