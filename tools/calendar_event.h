#ifndef TURNPIKE_TOOLS_CALENDAR_EVENT_H
#define TURNPIKE_TOOLS_CALENDAR_EVENT_H

#include "tools/moment.h"
#include "tools/tools.h"

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

/* When an event is. end_ms below 0: it has no end. */
struct calendar_span {
    struct moment start;
    int64_t end_ms;
    bool all_day;
};

/* start_date, end_date, all_day, timezone, start_ms, end_ms. Returns 0 or ERR_NOMEM. */
int calendar_event_set_times(jdoc *event, const struct calendar_span *s, const struct zone *z);
void calendar_event_span(const jdoc *event, struct calendar_span *out);
/* The event's own zone; `fallback` when the database has it no more. */
const struct zone *calendar_event_zone(const jdoc *event, const struct zone *fallback);
/* Its start in seconds of local time, as its text has it. */
int64_t calendar_event_local(const jdoc *event);
/*
 * end_date of the arguments into s, given its start. Returns 0; ERR_INVALID (run->result says
 * why); a fault.
 */
int calendar_event_read_end(struct tools_run *run, const struct zone *z, struct calendar_span *s);
int calendar_event_refuse_order(struct tools_run *run);
int calendar_event_set_reminders(jdoc *event, const jdoc *wanted);
/* Puts the event (taken) and a note into the result. */
int calendar_event_answer(struct tools_run *run, jdoc *event, const char *note);

#endif
