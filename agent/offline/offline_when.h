/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_OFFLINE_OFFLINE_WHEN_H
#define TURNPIKE_AGENT_OFFLINE_OFFLINE_WHEN_H

#include "agent/daytime.h"
#include "agent/offline/offline_token.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * offline_when -- dates and times that a sentence names. Taken out of the tokens first, worked out
 * when it is known what for: "on Tuesday" is behind us for an expense and ahead for an event.
 * Pure.
 */
enum offline_date {
    OFFLINE_DATE_NONE,
    OFFLINE_DATE_DAYS,      /* so many days from today: value */
    OFFLINE_DATE_MINUTES,   /* so many minutes from now: value */
    OFFLINE_DATE_WEEKDAY,   /* value, which */
    OFFLINE_DATE_MONTH_DAY, /* without its year; month 0: without its month too */
    OFFLINE_DATE_FULL,
    OFFLINE_DATE_SLASHED, /* day and month in an order that is not said */
    OFFLINE_DATE_SPAN     /* a week, month, quarter, year: unit, which */
};
enum offline_which { OFFLINE_BARE, OFFLINE_THIS, OFFLINE_NEXT, OFFLINE_LAST };

struct offline_when {
    unsigned dates, times; /* how many were named; more than one is a question */
    bool with_for;         /* "for tomorrow" */
    enum offline_date date;
    enum offline_which which;
    int value, year, month, day;
    char unit;      /* w, m, q, y */
    char part;      /* of the day: m, a, e; 0 = not said */
    bool bare_time; /* the hour was not said to be am, pm or one of 24 */
    bool midnight;  /* which day's midnight is not said */
    int hour, minute, half;
};

/* Takes them out of t, with the prepositions that belong to them; gaps are marked there. */
void offline_when_take(struct offline_tokens *t, struct offline_when *out);

enum offline_tense { OFFLINE_AHEAD, OFFLINE_BEHIND, OFFLINE_ANY };
struct offline_moment {
    bool has_date, has_time;
    struct daytime at; /* hour and minute when has_time */
    int days;          /* of a span: 7 for a week; else 1 */
};
#define OFFLINE_PROBLEM_SIZE 240
/*
 * offline_when_work_out -- Returns false with a question to the user in problem: two dates, a day
 * that does not exist, one that can be read in two ways, an hour that may be am or pm, a time on
 * the wrong side of now. now_ms and zone: of the present.
 */
bool offline_when_work_out(const struct offline_when *when, int64_t now_ms, const char *zone,
    enum offline_tense tense, struct offline_moment *out, char problem[OFFLINE_PROBLEM_SIZE]);

/* "2026-12-01T15:00" or "2026-12-01". */
#define OFFLINE_MOMENT_SIZE 20
void offline_moment_write(const struct offline_moment *m, char out[OFFLINE_MOMENT_SIZE]);

/*
 * Whether the word is a date's or a time's, or one letter or two away from it. months: those of
 * months count with their slips too (Augusta is a town).
 */
bool offline_when_word(const char *low, bool months);

/* The same, and each time of day by itself; times beyond `most` are counted in out->times alone. */
void offline_when_take_all(struct offline_tokens *t, struct offline_when *out,
    struct offline_when *times, size_t most, size_t *time_count);

#endif
