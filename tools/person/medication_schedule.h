/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_PERSON_MEDICATION_SCHEDULE_H
#define TURNPIKE_TOOLS_PERSON_MEDICATION_SCHEDULE_H

#include "base/err.h"
#include "base/jdoc.h"
#include "tools/kit/zone.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * medication_schedule -- when the doses of a medication are due. Members of the record:
 *   times        local times of day, "08:00"; each day, or on `weekdays` ("mon"), or each
 *                `every_days` days from start_date on
 *   every_hours  instead of times: hours that pass between two doses, from anchor_ms on
 *   as_needed    true: there are no set doses
 *   since_ms     when this schedule began; there is no dose of it before
 *   start_date, end_date  the first and the last day, by the calendar of `timezone`
 * Times of day follow the clocks: 08:00 stays 08:00 when they change. A time that the clocks skip
 * moves forward. Hours that do not divide a day are counted in elapsed time. Pure computation; any
 * process.
 */
#define MEDICATION_TIMES_MAX 24 /* of one day */
struct medication_schedule {
    const struct zone *zone;
    int minutes[MEDICATION_TIMES_MAX]; /* of the day, in order */
    size_t count;
    unsigned weekdays; /* bit 0 = Sunday; 0 = all */
    int64_t every_days, every_ms, anchor_ms, since_ms;
    int64_t first_day, last_day; /* since 1970-01-01, both included */
};

/* Of a record. Returns false when it has no set doses (as needed, stopped, no schedule). */
bool medication_schedule_read(const jdoc *record, struct medication_schedule *out);
/* The first dose after after_ms. Returns 0 or ERR_NOT_FOUND. */
MUST_CHECK int medication_schedule_next(const struct medication_schedule *s, int64_t after_ms,
    int64_t *due_ms);
/* The last dose at or before ms. Returns 0 or ERR_NOT_FOUND. */
MUST_CHECK int medication_schedule_before(const struct medication_schedule *s, int64_t ms,
    int64_t *due_ms);
/* How many doses a day it has on average. */
double medication_schedule_daily(const struct medication_schedule *s);

/* "8", "8am", "8:30 pm", "20:00", "noon", "midnight" as minutes of the day. Returns 0 or
 * ERR_INVALID. */
MUST_CHECK int medication_schedule_time(const char *text, int *minutes);
/* "at 08:00 and 20:00 on Monday", for people. */
#define MEDICATION_SCHEDULE_TEXT 400
void medication_schedule_text(const jdoc *record, char out[MEDICATION_SCHEDULE_TEXT]);

#endif
