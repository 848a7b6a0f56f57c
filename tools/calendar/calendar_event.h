/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_CALENDAR_CALENDAR_EVENT_H
#define TURNPIKE_TOOLS_CALENDAR_CALENDAR_EVENT_H

#include "base/err.h"
#include "tools/kit/run.h"
#include "tools/kit/timestamp.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * calendar_event -- what the calendar's tools share: an event's document and its times. Records:
 * family CALENDAR_EVENTS by start, one time each; family CALENDAR_SERIES by the end of the last
 * occurrence, see calendar_series.h.
 */
#define CALENDAR_EVENTS "event"
#define CALENDAR_SERIES "series"

extern const char *const calendar_event_fields[]; /* copied from arguments as they are */

/* When an event is. end_ms: the first moment after it; below 0: it has no end. */
struct calendar_span {
    struct timestamp start;
    int64_t end_ms;
    bool all_day;
};
/* None that began longer ago is looked for among those that are still on. */
#define CALENDAR_LONGEST_MS (367 * INT64_C(86400000))

/* start_date, end_date, all_day, timezone, start_ms, end_ms. Returns 0 or ERR_NOMEM. */
MUST_CHECK int calendar_event_set_times(jdoc *event, const struct calendar_span *s,
    const struct zone *z);
/* A whole-day event always has an end: without one of its own it is its first day. */
void calendar_event_span(const jdoc *event, struct calendar_span *out);
/*
 * calendar_event_overlaps -- is part of it in the period from from_ms to just before until_ms
 * (above from_ms)? The end of an event is not part of it (RFC 5545 3.6.1), so it is not in a
 * period that begins there; one without length or end is in the period that holds its start (the
 * rules of RFC 4791 9.9).
 */
bool calendar_event_overlaps(const struct calendar_span *s, int64_t from_ms, int64_t until_ms);
/* The event's own zone; `fallback` when the database has it no more. */
const struct zone *calendar_event_zone(const jdoc *event, const struct zone *fallback);
/* Its start in seconds of local time, as its text has it. */
int64_t calendar_event_local(const jdoc *event);
/*
 * end_date of the arguments into s, given its start. Returns 0; ERR_INVALID (run->result says
 * why); a fault.
 */
MUST_CHECK int calendar_event_read_end(struct tools_run *run, const struct zone *z,
    struct calendar_span *s);
MUST_CHECK int calendar_event_refuse_order(struct tools_run *run);
MUST_CHECK int calendar_event_set_reminders(jdoc *event, const jdoc *wanted);
/* Without the members that are for files and their clients alone. NULL allowed. */
void calendar_event_strip(jdoc *event);
/* Puts the event (taken; without what is kept for files alone) and a note into the result, which is
 * set. */
MUST_CHECK int calendar_event_answer(struct tools_run *run, jdoc *event, const char *note);

#endif
