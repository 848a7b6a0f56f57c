/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_CALENDAR_RRULE_H
#define TURNPIKE_TOOLS_CALENDAR_RRULE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * rrule -- a repetition rule of RFC 5545 (3.3.10, 3.8.5.3): its text, and the starts that it gives
 * in local time. Frequencies from an hour up; no rule of any text makes it run long or end the
 * process. Where the RFC leaves a choice it counts as python-dateutil and rrule.js do: BYWEEKNO
 * without BYDAY means every day of the week, a day belongs to the calendar year that it lies in.
 * Any process; pure arithmetic.
 */
enum rrule_freq { RRULE_HOURLY, RRULE_DAILY, RRULE_WEEKLY, RRULE_MONTHLY, RRULE_YEARLY };

#define RRULE_TIMES_MAX 24 /* starts on one day */
#define RRULE_YEAR_MAX 9999
#define RRULE_WHY_SIZE 160

/* Numbers from 1 up, and from -1 down, as bits. */
struct rrule_numbers {
    uint64_t plus[6], minus[6];
    bool any;
};

bool rrule_has(const struct rrule_numbers *set, int n);

struct rrule {
    enum rrule_freq freq;
    int interval; /* 1 and more */
    int count;    /* 0 = none */
    bool has_until, until_is_date, until_is_utc;
    int64_t until_s;  /* as it is written, in seconds since 1970-01-01T00:00 */
    int week_start;   /* 0 = Sunday */
    uint16_t months;  /* bits 1 to 12; 0 = all */
    uint8_t weekdays; /* BYDAY without a number: bit 0 = Sunday */
    bool any_nth;     /* BYDAY with a number */
    struct rrule_numbers nth[7], month_days, year_days, weeks, positions;
    uint32_t hours; /* 0 = the start's */
    uint64_t minutes, seconds;
};

/*
 * rrule_parse -- a rule's text, without "RRULE:". Letters of either case; each part at most once;
 * RSCALE, SKIP and other parts are refused.
 *   why  out on ERR_INVALID: a sentence for the one who wrote it; RRULE_WHY_SIZE bytes, may be NULL
 * Returns 0; ERR_INVALID: no rule, one that the RFC forbids, or a frequency below an hour.
 */
MUST_CHECK int rrule_parse(const char *text, struct rrule *out, char *why);
/* The rule in one form. Returns 0; ERR_LIMIT when it does not fit. */
MUST_CHECK int rrule_print(const struct rrule *rule, char *out, size_t size);

/* The starts of a rule, in order. The caller's storage; nothing to free. */
struct rrule_walk {
    struct rrule rule;       /* with what the start gives */
    int64_t start_s, from_s; /* local seconds */
    int64_t period, empty;   /* the next period; periods without a start in a row */
    int32_t times[RRULE_TIMES_MAX];
    int time_count;
    int64_t days[366]; /* of the period that is being read, as days since 1970-01-01 */
    int day_count;
    uint64_t taken[(366 * RRULE_TIMES_MAX + 63) / 64]; /* by BYSETPOS, when there is any */
    int64_t at;                                        /* next (day, time) of the period */
    int left;                                          /* of COUNT; -1 = no limit */
    bool ended;
};
/*
 * rrule_walk_init -- to the first start that is not before from_s. UNTIL counts as local time.
 * A rule with COUNT is counted from its start. Returns 0; ERR_INVALID: more than RRULE_TIMES_MAX
 * starts on a day, or a start outside the years 1 to RRULE_YEAR_MAX.
 */
MUST_CHECK int rrule_walk_init(struct rrule_walk *walk, const struct rrule *rule, int64_t start_s,
    int64_t from_s);
/*
 * rrule_walk_next -- Returns false at the end: of COUNT, of UNTIL, after RRULE_YEAR_MAX, or when
 * no period of the calendar's 400 years has a start. Looks at 150,000 days at the most, and at none
 * of a period that begins after UNTIL.
 */
bool rrule_walk_next(struct rrule_walk *walk, int64_t *local_s);

#endif
