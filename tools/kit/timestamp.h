/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_TIMESTAMP_H
#define TURNPIKE_TOOLS_KIT_TIMESTAMP_H

#include "base/err.h"
#include "tools/kit/run.h"
#include "tools/kit/zone.h"

/*
 * timestamp -- times as tools take and give them: ISO 8601 texts in the user's zone, milliseconds
 * inside. A text without offset is the user's local time (rule 5).
 */
struct timestamp {
    int64_t ms;
    bool has_time;       /* false: a date alone; ms is the local start of that day */
    enum zone_kind kind; /* how the clocks' change was met */
};

/* The zone of the run's user; UTC when none is known. Returns 0 or a fault. */
MUST_CHECK int timestamp_zone(const struct tools_run *run, const struct zone **out);

/* Returns 0 or ERR_INVALID. */
MUST_CHECK int timestamp_parse(const char *text, const struct zone *z, struct timestamp *out);
/*
 * timestamp_argument -- the argument `key`. Returns 0; ERR_NOT_FOUND when absent; ERR_INVALID when
 * it is no real time (the 30th of February): the failure is set in run->result.
 */
MUST_CHECK int timestamp_argument(struct tools_run *run, const char *key, const struct zone *z,
    struct timestamp *out);
/* For the result's note, NULL when the time was plain. */
const char *timestamp_note(struct tools_run *run, const struct timestamp *m, const struct zone *z);

#define TIMESTAMP_SIZE 40
/* "2026-12-01T09:30:00+11:00" */
void timestamp_format(int64_t ms, const struct zone *z, char out[TIMESTAMP_SIZE]);
/* "2026-12-01" */
void timestamp_date(int64_t ms, const struct zone *z, char out[TIMESTAMP_SIZE]);
/* "Tuesday 1 December 2026, 09:30" */
#define TIMESTAMP_TEXT_SIZE 64
void timestamp_text(int64_t ms, const struct zone *z, bool with_time,
    char out[TIMESTAMP_TEXT_SIZE]);
const char *timestamp_weekday(int64_t ms, const struct zone *z);

/* Local midnight of the day that is `days` after the one of ms. */
int64_t timestamp_day(int64_t ms, int days, const struct zone *z);
/* The same local time of day, `days` later. */
int64_t timestamp_add_days(int64_t ms, int days, const struct zone *z);
/* Start of the local week (Monday), month, quarter or year of ms. */
int64_t timestamp_period_start(const char *period, int64_t ms, const struct zone *z);
/* The same for the present, by the weekday on which the user's weeks begin. */
int64_t timestamp_period_now(const struct tools_run *run, const char *period, const struct zone *z);
/* Local days from one moment's day to the other's, both counted. */
MUST_CHECK int timestamp_days(int64_t from_ms, int64_t to_ms, const struct zone *z);

#endif
