/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_CALENDAR_CALENDAR_SERIES_H
#define TURNPIKE_TOOLS_CALENDAR_CALENDAR_SERIES_H

#include "base/err.h"
#include "base/jdoc.h"
#include "tools/calendar/recurrence.h"
#include "tools/kit/zone.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * calendar_series -- an event that repeats: one record with the first occurrence's times and
 *   repeat    the rule (tools/calendar/recurrence.h)
 *   last_occurrence  of a rule with COUNT: the local start of the last one
 *   excluded  starts that do not happen, as local times: "2026-12-01T09:30:00" or "2026-12-01"
 *   added     further starts beside the rule's, as `excluded`
 *   changed   [{occurrence, id}]: starts that are an event of their own in family "event", which
 *             has the members series_id and occurrence
 * Its time index is the end of the last occurrence. Tools, api workers and the housekeeper.
 */
#define CALENDAR_SERIES_MAX 200          /* of one user */
#define CALENDAR_SERIES_EXCLUDED_MAX 366 /* of one series */
#define CALENDAR_SERIES_CHANGED_MAX 50
#define CALENDAR_SERIES_ADDED_MAX 100
#define CALENDAR_SERIES_ONCE "FREQ=DAILY;COUNT=1"          /* of one that has only `added` */
#define CALENDAR_SERIES_AHEAD_MS (366 * INT64_C(86400000)) /* how far a list without end looks */
#define CALENDAR_SERIES_SLACK_MS (3 * INT64_C(3600000))    /* more than days differ in length */

static inline bool calendar_series_is(const jdoc *event)
{
    return jdoc_get(event, "repeat") != NULL;
}

/* The local start of an occurrence as `excluded` and `changed` have it. */
#define CALENDAR_SERIES_KEY_SIZE 24
void calendar_series_key(int64_t local_s, bool all_day, char out[CALENDAR_SERIES_KEY_SIZE]);
/* Is this start left out, as excluded or as changed? */
bool calendar_series_is_out(const jdoc *series, const char *key);
/* Add to the lists. Returns 0, ERR_FULL or ERR_NOMEM. */
MUST_CHECK int calendar_series_exclude(jdoc *series, const char *key);
MUST_CHECK int calendar_series_add(jdoc *series, const char *key);
MUST_CHECK int calendar_series_set_changed(jdoc *series, const char *key, const char *id);

/*
 * calendar_series_each -- the occurrences that start in [from_ms, to_ms], in order.
 * fn returns 0 to go on, ERR_LIMIT to stop well, else a fault. A stored rule that cannot be read
 * gives the event's own start. Returns 0, ERR_INVALID (no series) or a fault.
 */
struct calendar_series_start {
    int64_t ms, local_s;
};
typedef int calendar_series_fn(void *arg, const struct calendar_series_start *start);
MUST_CHECK int calendar_series_each(const jdoc *series, int64_t from_ms, int64_t to_ms,
    calendar_series_fn *fn, void *arg);
/* Is there an occurrence with this local start? */
bool calendar_series_has(const jdoc *series, int64_t local_s);

/*
 * calendar_series_occurrence -- that occurrence as an event: the series with its times, and with
 * the member `occurrence`. The caller's; NULL on no memory.
 */
jdoc *calendar_series_occurrence(const jdoc *series, const struct calendar_series_start *start);
/* Its first start: a date beside the rule can be before those of the rule. */
int64_t calendar_series_begin(const jdoc *series);
/* The length of an occurrence from its start on. */
int64_t calendar_series_end(const jdoc *series, int64_t start_ms);

/*
 * calendar_series_settle -- checks the rule `repeat` against the series' start, moves that to the
 * first start of the rule, and finds the end of the last occurrence for the index.
 * Returns 0, ERR_INVALID (why) or ERR_NOMEM.
 */
MUST_CHECK int calendar_series_settle(jdoc *series, const struct zone *z, int64_t *end_ms,
    char why[RECURRENCE_WHY_SIZE]);
/* The times that are left out move with the series. Returns 0 or ERR_NOMEM. */
MUST_CHECK int calendar_series_shift(jdoc *series, int64_t by_s);
/* Leaves in `series` what is left out before (or, later: from) local_s. Returns 0 or ERR_NOMEM. */
MUST_CHECK int calendar_series_keep(jdoc *series, int64_t local_s, bool later);

#endif
