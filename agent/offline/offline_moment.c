/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/offline/offline_when.h"

#include "base/err.h"
#include "tools/kit/civil.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OFFLINE_FAR_MONTHS 9 /* so far away, the same day on the other side may be meant */

/* From what was named to one moment: offline_when_work_out. */

struct offline_worker {
    const struct offline_when *when;
    struct daytime now;
    int64_t now_ms;
    const char *zone;
    enum offline_tense tense;
    struct offline_moment *out;
    char *problem;
};

static int64_t offline_moment_days(const struct daytime *d)
{
    return civil_days(d->year, d->month, d->day);
}

static void offline_moment_name(const struct daytime *d, char *out, size_t size)
{
    snprintf(out, size, "%s %d %s", civil_weekday_name(d->weekday), d->day,
        civil_month_name(d->month));
}

static bool offline_moment_ask(struct offline_worker *w, const char *text)
{
    snprintf(w->problem, OFFLINE_PROBLEM_SIZE, "%s", text);
    return false;
}

/* "Do you mean A or B?" of two days, so many days from today. */
static bool offline_moment_either(struct offline_worker *w, int a, int b)
{
    struct daytime first = w->now, second = w->now;
    char one[48], two[48];

    daytime_add_days(&first, a);
    daytime_add_days(&second, b);
    offline_moment_name(&first, one, sizeof one);
    offline_moment_name(&second, two, sizeof two);
    snprintf(w->problem, OFFLINE_PROBLEM_SIZE, "Do you mean %s or %s?", one, two);
    return false;
}

/* ---- the day ---- */

static bool offline_moment_weekday(struct offline_worker *w)
{
    int today = (w->now.weekday + 6) % 7, day = (w->when->value + 6) % 7; /* from Monday */
    int ahead = (day - today + 7) % 7, behind = (today - day + 7) % 7;
    int days = w->tense == OFFLINE_BEHIND ? -behind : ahead;

    switch (w->when->which) {
    case OFFLINE_BARE:
        if (!ahead)
            return offline_moment_either(w, 0, w->tense == OFFLINE_BEHIND ? -7 : 7);
        break;
    case OFFLINE_THIS:
        if (!ahead || (day < today && w->tense != OFFLINE_BEHIND))
            return offline_moment_either(w, day - today, 7 + day - today);
        days = day - today;
        break;
    case OFFLINE_NEXT:
        if (day > today)
            return offline_moment_either(w, ahead, ahead + 7);
        days = ahead ? ahead : 7;
        break;
    case OFFLINE_LAST:
        if (day < today)
            return offline_moment_either(w, -behind, -behind - 7);
        days = behind ? -behind : -7;
        break;
    }
    daytime_add_days(&w->out->at, days);
    return true;
}

static bool offline_moment_set(struct offline_worker *w, int year, int month, int day)
{
    struct daytime *d = &w->out->at;

    if (month < 1 || month > 12 || day < 1 || day > civil_month_days(year, month) || year < 1970 ||
        year > 2199) {
        snprintf(w->problem, OFFLINE_PROBLEM_SIZE,
            "There is no such day%s%s. Which day do you mean?",
            month >= 1 && month <= 12 ? " in " : "", civil_month_name(month));
        return false;
    }
    d->year = year;
    d->month = month;
    d->day = day;
    daytime_add_days(d, 0);
    return true;
}

/* The nearest one on the right side of today. */
static bool offline_moment_month_day(struct offline_worker *w, int month, int day)
{
    int year = w->now.year, at = month ? month : w->now.month;
    int order = (at - w->now.month) * 32 + day - w->now.day;
    int step = order < 0 && w->tense != OFFLINE_BEHIND ? 1 :
        order > 0 && w->tense == OFFLINE_BEHIND        ? -1 :
                                                         0;

    if (month > 12)
        return offline_moment_set(w, year, month, day); /* says that there is none */
    if (month)
        year += step;
    else
        at += step;
    if (at < 1 || at > 12) {
        year += at < 1 ? -1 : 1;
        at = at < 1 ? 12 : 1;
    }
    if (month == 2 && day == 29 && civil_month_days(year, 2) == 28)
        return offline_moment_ask(w, "Which year's 29 February do you mean?");
    if (month && abs((year - w->now.year) * 12 + at - w->now.month) >= OFFLINE_FAR_MONTHS) {
        snprintf(w->problem, OFFLINE_PROBLEM_SIZE,
            "Do you mean %d %s %d, or another year's? Please "
            "name the year.",
            day, civil_month_name(at), year);
        return false;
    }
    return offline_moment_set(w, year, at, day);
}

static bool offline_moment_slashed(struct offline_worker *w)
{
    int a = w->when->month, b = w->when->day;

    if (a <= 12 && b <= 12 && a != b && a && b) {
        snprintf(w->problem, OFFLINE_PROBLEM_SIZE, "Is %d/%d the %d of %s or the %d of %s?", a, b,
            a, civil_month_name(b), b, civil_month_name(a));
        return false;
    }
    if (w->when->year)
        return b > 12 ? offline_moment_set(w, w->when->year, a, b) :
                        offline_moment_set(w, w->when->year, b, a);
    return b > 12 ? offline_moment_month_day(w, a, b) : offline_moment_month_day(w, b, a);
}

static bool offline_moment_span(struct offline_worker *w)
{
    int monday = -((w->now.weekday + 6) % 7);

    if (w->when->unit != 'w')
        return offline_moment_ask(w, "Which day do you mean?");
    w->out->days = 7;
    daytime_add_days(&w->out->at,
        monday +
            (w->when->which == OFFLINE_NEXT        ? 7 :
                    w->when->which == OFFLINE_LAST ? -7 :
                                                     0));
    return w->tense == OFFLINE_ANY || offline_moment_ask(w, "Which day of that week do you mean?");
}

static bool offline_moment_date(struct offline_worker *w)
{
    const struct offline_when *when = w->when;

    switch (when->date) {
    case OFFLINE_DATE_NONE:
        return true;
    case OFFLINE_DATE_DAYS:
        daytime_add_days(&w->out->at, when->value);
        return true;
    case OFFLINE_DATE_MINUTES:
        err_ignore(daytime_local((w->now_ms + 59999) / 60000 * 60000 + when->value * (int64_t)60000,
            w->zone, &w->out->at)); /* as for w->now */
        w->out->has_time = true;
        return true;
    case OFFLINE_DATE_WEEKDAY:
        return offline_moment_weekday(w);
    case OFFLINE_DATE_MONTH_DAY:
        return offline_moment_month_day(w, when->month, when->day);
    case OFFLINE_DATE_FULL:
        return offline_moment_set(w, when->year, when->month, when->day);
    case OFFLINE_DATE_SLASHED:
        return offline_moment_slashed(w);
    case OFFLINE_DATE_SPAN:
        return offline_moment_span(w);
    }
    return true;
}

/* ---- the time of day ---- */

/* Whether "at HOUR" in that part of the day says which half is meant. */
static bool offline_moment_fits(char part, int hour)
{
    if (part == 'm')
        return hour < 12;
    return part == 'a' ? hour == 12 || hour < 7 : hour >= 5 && hour < 12;
}

static bool offline_moment_time(struct offline_worker *w)
{
    const struct offline_when *when = w->when;
    int hour = when->hour, half = when->half;

    if (!when->times)
        return !when->part || offline_moment_ask(w, "At what time?");
    if (when->midnight)
        return offline_moment_ask(w,
            "Midnight at the start or at the end of that day? Please say "
            "00:00 or 23:59 with its date.");
    if (hour > (half < 0 ? 23 : 12) || (half >= 0 && hour < 1) || when->minute > 59)
        return offline_moment_ask(w, "There is no such time of day. At what time?");
    if (when->part && half < 0 && hour >= 1 && hour <= 12 && (when->bare_time || hour >= 10)) {
        if (!offline_moment_fits(when->part, hour))
            return offline_moment_ask(w,
                "The time and the part of the day do not fit. At what time?");
        half = when->part != 'm';
    } else if (when->part && ((when->part == 'm') != (half >= 0 ? half == 0 : hour < 12))) {
        return offline_moment_ask(w, "The time and the part of the day do not fit. At what time?");
    }
    if (half < 0 && when->bare_time) {
        snprintf(w->problem, OFFLINE_PROBLEM_SIZE,
            "Is that %d in the morning or in the afternoon? "
            "Please say \"%d am\" or \"%d pm\".",
            hour, hour, hour);
        return false;
    }
    if (half >= 0)
        hour = hour % 12 + 12 * half;
    w->out->at.hour = hour;
    w->out->at.minute = when->minute;
    w->out->has_time = true;
    return true;
}

/* A time without a day is the next one ahead. */
static bool offline_moment_side(struct offline_worker *w)
{
    struct offline_moment *m = w->out;
    int now = w->now.hour * 60 + w->now.minute, at = m->at.hour * 60 + m->at.minute;
    int64_t days;

    if (m->has_time && !m->has_date && w->tense == OFFLINE_AHEAD) {
        m->has_date = true;
        if (at <= now)
            daytime_add_days(&m->at, 1);
    }
    days = offline_moment_days(&m->at) - offline_moment_days(&w->now);
    if (!m->has_date || w->tense == OFFLINE_ANY)
        return true;
    if (w->tense == OFFLINE_BEHIND && days > 0)
        return offline_moment_ask(w, "That day has not come yet. When was it?");
    if (w->tense == OFFLINE_AHEAD && (days < 0 || (!days && m->has_time && at <= now)))
        return offline_moment_ask(w, "That is over already. When should it be?");
    return true;
}

bool offline_when_work_out(const struct offline_when *when, int64_t now_ms, const char *zone,
    enum offline_tense tense, struct offline_moment *out, char problem[OFFLINE_PROBLEM_SIZE])
{
    struct offline_worker w = {.when = when,
        .now_ms = now_ms,
        .zone = zone,
        .tense = tense,
        .out = out,
        .problem = problem};

    err_ignore(daytime_local(now_ms, zone, &w.now)); /* the frame's zone has been read */
    *out = (struct offline_moment){.at = w.now,
        .days = 1,
        .has_date = when->date != OFFLINE_DATE_NONE};
    out->at.second = 0;
    *problem = 0;
    if (when->dates > 1)
        return offline_moment_ask(&w, "You named more than one date. I can take one at a time.");
    if (when->times > 1 || (when->times && when->date == OFFLINE_DATE_MINUTES))
        return offline_moment_ask(&w, "You named more than one time. I can take one at a time.");
    return offline_moment_date(&w) && offline_moment_time(&w) && offline_moment_side(&w);
}

void offline_moment_write(const struct offline_moment *m, char out[OFFLINE_MOMENT_SIZE])
{
    const struct daytime *d = &m->at;
    unsigned year = (unsigned)d->year % 10000, month = (unsigned)d->month % 100;
    unsigned day = (unsigned)d->day % 100, hour = (unsigned)d->hour % 100;

    if (m->has_time)
        snprintf(out, OFFLINE_MOMENT_SIZE, "%04u-%02u-%02uT%02u:%02u", year, month, day, hour,
            (unsigned)d->minute % 100);
    else
        snprintf(out, OFFLINE_MOMENT_SIZE, "%04u-%02u-%02u", year, month, day);
}
