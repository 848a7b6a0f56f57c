/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_CALENDAR_CALENDAR_REMINDERS_H
#define TURNPIKE_TOOLS_CALENDAR_CALENDAR_REMINDERS_H

#include "base/err.h"
#include "base/jdoc.h"
#include "tools/kit/run.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * calendar_reminders -- when the reminders of a calendar event are due. An event's start was made
 * an instant (start_ms) from local time in the event's zone when it was written; whole days before
 * it (1440 minutes and multiples) are counted by that zone's calendar, at the same time of day,
 * other offsets in elapsed minutes. The change of the clocks so moves no reminder of days. Those of
 * a whole-day event are counted from CALENDAR_REMINDERS_HOUR of its first day, in its zone.
 *
 * An event of the type `reminder` that has none rings at its start.
 *
 * Of an event that repeats the next reminder is planned, per offset; who fires it plans the one
 * after it (calendar_reminders_next). Used by tools, api workers and the housekeeper.
 */
#define CALENDAR_REMINDERS_MAX 5 /* of one event */
#define CALENDAR_REMINDERS_HOUR 9
/* What was missed while nothing ran is made up for this long. */
#define CALENDAR_REMINDERS_MISSED_MS INT64_C(86400000)

/* Minutes before the start, one for each reminder that rings: of a cancelled event (`status`) none
 * does. Returns how many. */
size_t calendar_reminders_minutes(const jdoc *event, int64_t out[CALENDAR_REMINDERS_MAX]);
/* The same with those of a cancelled event, for files. */
size_t calendar_reminders_written(const jdoc *event, int64_t out[CALENDAR_REMINDERS_MAX]);
/* Writes into an event of the type `reminder` that has none the one at its start. Returns 0 or
 * ERR_NOMEM. */
MUST_CHECK int calendar_reminders_settle(jdoc *event);
/* Has it been written before its type alone made it ring? */
bool calendar_reminders_unsettled(const jdoc *event);

/* Of an event of one time. Returns 0 or ERR_INVALID (the event has no start). */
MUST_CHECK int calendar_reminders_due(const jdoc *event, int64_t minutes, int64_t *due_ms);
/*
 * Does the event (still) have this reminder, at this time? occurrence: out, may be NULL; of a
 * series that occurrence, the caller's, else NULL.
 */
bool calendar_reminders_has(const jdoc *event, int64_t minutes, int64_t due_ms, jdoc **occurrence);
/* The first reminder of a series that is due after `after_ms`. Returns 0 or ERR_NOT_FOUND. */
MUST_CHECK int calendar_reminders_next(const jdoc *series, int64_t minutes, int64_t after_ms,
    int64_t *due_ms);

/* Before the event is written: hints for its reminders that are not past. Returns 0 or a fault. */
MUST_CHECK int calendar_reminders_plan(const struct tools_context *context, const jdoc *event);
/* After it: takes away the hints of `old` that `event` (NULL: deleted) does not have. */
void calendar_reminders_tidy(const struct tools_context *context, const jdoc *old,
    const jdoc *event);

#endif
