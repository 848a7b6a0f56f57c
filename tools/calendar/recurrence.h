/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_CALENDAR_RECURRENCE_H
#define TURNPIKE_TOOLS_CALENDAR_RECURRENCE_H

#include "base/err.h"
#include "tools/kit/zone.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * recurrence -- repetition rules of RFC 5545 (RRULE) of events and alarms, counted out by
 * tools/calendar/rrule.h. Turn and api workers and the housekeeper.
 *
 * A series keeps its local time of day: occurrences are counted in local time and become instants
 * by the system's zone database afterwards. A time that the clocks skip moves forward by the gap;
 * of a time that comes twice the first one counts. UNTIL in UTC is an instant and is compared as
 * one.
 *
 * Taken: FREQ=HOURLY, DAILY, WEEKLY, MONTHLY or YEARLY with every part that RFC 5545 allows beside
 * it, up to 24 starts on a day; and the words of recurrence_word. A stored rule that is none any
 * more has no starts.
 */
#define RECURRENCE_SIZE 512 /* a rule's text with its NUL */
#define RECURRENCE_COUNT_MAX 1000
#define RECURRENCE_INTERVAL_MAX 1000
#define RECURRENCE_WHY_SIZE 160

/* "daily", "weekdays", ...: as a rule; NULL when it is none of them. */
const char *recurrence_word(const char *word);

/* Is it a rule for each year, on days of given months that there are: as of a zone's changes? */
bool recurrence_is_of_months(const char *text);

/* How a series begins. */
struct recurrence_from {
    int64_t start_s; /* first start, in seconds of local time (civil_seconds) */
    bool whole_day;  /* UNTIL then is a date; else an instant, of a date alone the day's end */
    const struct zone *zone;
};

/*
 * recurrence_check -- a rule as people or other programs wrote it ("RRULE:" in front is dropped).
 *   out      the rule in one form, UNTIL in UTC
 *   first_s  the first start that the rule itself gives, at or after from->start_s
 *   last_s   the last one; INT64_MAX = without an end
 *   why      a sentence for the one who wrote it, on ERR_INVALID
 * Returns 0, ERR_INVALID or ERR_NOMEM.
 */
MUST_CHECK int recurrence_check(const char *text, const struct recurrence_from *from,
    char out[RECURRENCE_SIZE], int64_t *first_s, int64_t *last_s, char why[RECURRENCE_WHY_SIZE]);

/*
 * recurrence_split -- the same rule, ending before the start `before_s` (local); of a rule with
 * COUNT the starts from there on become the rule `rest`, which without COUNT is the old one. One
 * that is over before stays as it is, and `rest` is empty then. rest: may be NULL. Returns 0,
 * ERR_INVALID (the rule is none) or ERR_NOMEM.
 */
MUST_CHECK int recurrence_split(const char *rule, const struct recurrence_from *from,
    int64_t before_s, char out[RECURRENCE_SIZE], char rest[RECURRENCE_SIZE]);

/*
 * The starts of a rule that has been checked, from the first that is not before from_s (local).
 *   last_s  the last start of a rule with COUNT, so that it need not be counted from its beginning;
 *           INT64_MAX = not known
 * recurrence_open returns 0, ERR_INVALID or ERR_NOMEM; recurrence_next returns false at the end.
 */
struct recurrence;
MUST_CHECK int recurrence_open(struct recurrence **out, const char *rule, int64_t start_s,
    const struct zone *z, int64_t from_s, int64_t last_s);
bool recurrence_next(struct recurrence *r, int64_t *local_s);
/* No start after to_s (local) is asked for: recurrence_next does not look for one. */
void recurrence_stop(struct recurrence *r, int64_t to_s);
void recurrence_close(struct recurrence *r); /* NULL allowed */

#endif
