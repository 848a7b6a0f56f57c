/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/calendar/rrule.h"

#include "base/err.h"
#include "tools/kit/civil.h"

#include <string.h>

#define DAY_S 86400

static int64_t rrule_day(int64_t seconds)
{
    return seconds / DAY_S - (seconds % DAY_S < 0);
}

/* ---- does a day belong? ---- */

struct rrule_day {
    int64_t day; /* since 1970-01-01 */
    int year, month, month_day, month_length, year_day, year_length, weekday;
};

static void rrule_day_of(int64_t day, struct rrule_day *d)
{
    struct civil c;

    civil_from_seconds(day * DAY_S, &c);
    d->day = day;
    d->year = c.year;
    d->month = c.month;
    d->month_day = c.day;
    d->month_length = civil_month_days(c.year, c.month);
    d->year_day = (int)(day - civil_days(c.year, 1, 1)) + 1;
    d->year_length = 337 + civil_month_days(c.year, 2);
    d->weekday = civil_weekday(day);
}

/* Is the n-th of `count`, from the front or from the back, in the set? */
static bool rrule_has_place(const struct rrule_numbers *set, int n, int count)
{
    return rrule_has(set, n) || rrule_has(set, n - count - 1);
}

/* The first day of a year's first week: the one that the 4th of January lies in. */
static int64_t rrule_first_week(int year, int week_start)
{
    int64_t fourth = civil_days(year, 1, 4);

    return fourth - (civil_weekday(fourth) - week_start + 7) % 7;
}

static bool rrule_has_week(const struct rrule *r, const struct rrule_day *d)
{
    int year = d->year;
    int64_t begin = rrule_first_week(year, r->week_start), end;

    if (d->day < begin)
        begin = rrule_first_week(--year, r->week_start);
    end = rrule_first_week(year + 1, r->week_start);
    if (d->day >= end) {
        begin = end;
        end = rrule_first_week(year + 2, r->week_start);
    }
    return rrule_has_place(&r->weeks, (int)(d->day - begin) / 7 + 1, (int)(end - begin) / 7);
}

/* BYDAY with a number: of the month, or of the year when no months are given. */
static bool rrule_has_nth(const struct rrule *r, const struct rrule_day *d)
{
    bool of_year = r->freq == RRULE_YEARLY && !r->months;
    int at = of_year ? d->year_day : d->month_day;
    int length = of_year ? d->year_length : d->month_length;
    const struct rrule_numbers *set = &r->nth[d->weekday];

    return rrule_has(set, (at - 1) / 7 + 1) || rrule_has(set, -((length - at) / 7 + 1));
}

static bool rrule_takes(const struct rrule *r, const struct rrule_day *d)
{
    if (r->months && !(r->months & 1u << d->month))
        return false;
    if (r->month_days.any && !rrule_has_place(&r->month_days, d->month_day, d->month_length))
        return false;
    if (r->year_days.any && !rrule_has_place(&r->year_days, d->year_day, d->year_length))
        return false;
    if ((r->weekdays || r->any_nth) && !(r->weekdays & 1u << d->weekday) &&
        !(r->any_nth && rrule_has_nth(r, d)))
        return false;
    return !r->weeks.any || rrule_has_week(r, d);
}

/* ---- a period's starts ---- */

static void rrule_look(struct rrule_walk *w, int64_t first, int count)
{
    struct rrule_day d;

    for (int i = 0; i < count; i++) {
        rrule_day_of(first + i, &d);
        if (rrule_takes(&w->rule, &d))
            w->days[w->day_count++] = first + i;
    }
}

static void rrule_look_at_month(struct rrule_walk *w, int year, int month)
{
    if (!w->rule.months || w->rule.months & 1u << month)
        rrule_look(w, civil_days(year, month, 1), civil_month_days(year, month));
}

static void rrule_look_at_year(struct rrule_walk *w, int year)
{
    for (int month = 1; month <= 12; month++)
        rrule_look_at_month(w, year, month);
}

/* A period of which no start is taken has no days. */
static void rrule_take_positions(struct rrule_walk *w)
{
    int count = w->day_count * w->time_count;
    bool any = false;

    memset(w->taken, 0, sizeof w->taken);
    for (int i = 0; i < count; i++) {
        if (!rrule_has_place(&w->rule.positions, i + 1, count))
            continue;
        w->taken[i / 64] |= UINT64_C(1) << i % 64;
        any = true;
    }
    if (!any)
        w->day_count = 0;
}

/* Periods of HOURLY are days: INTERVAL counts hours, see rrule_has_hour. */
static int rrule_interval(const struct rrule *r)
{
    return r->freq == RRULE_HOURLY ? 1 : r->interval;
}

static bool rrule_has_hour(const struct rrule_walk *w, int64_t day, int32_t time)
{
    int64_t hours = day * 24 + time / 3600, start = w->start_s / 3600 - (w->start_s % 3600 < 0);

    return w->rule.freq != RRULE_HOURLY || (hours - start) % w->rule.interval == 0;
}

/* A day on which no hour is the rule's has no start. */
static void rrule_take_hours(struct rrule_walk *w)
{
    for (int i = 0; w->day_count && i < w->time_count; i++)
        if (rrule_has_hour(w, w->days[0], w->times[i]))
            return;
    w->day_count = 0;
}

/* The first day of the walk's period; year and month: out, of it. */
static int64_t rrule_period_day(const struct rrule_walk *w, int64_t *year, int *month)
{
    int64_t step = w->period * rrule_interval(&w->rule), day = rrule_day(w->start_s), months;
    struct civil c;

    civil_from_seconds(w->start_s, &c);
    months = w->rule.freq == RRULE_YEARLY ? (c.year + step) * 12 :
                                            c.year * INT64_C(12) + c.month - 1 + step;
    *year = months / 12;
    *month = (int)(months % 12) + 1;
    switch (w->rule.freq) {
    case RRULE_YEARLY:
    case RRULE_MONTHLY:
        return *year > RRULE_YEAR_MAX ? 0 : civil_days((int)*year, *month, 1);
    case RRULE_WEEKLY:
        return day + step * 7 - (civil_weekday(day) - w->rule.week_start + 7) % 7;
    default:
        return day + step;
    }
}

/* A day in a month that the rule does not have: on to the last period before the next month. */
static void rrule_skip_month(struct rrule_walk *w, int64_t day)
{
    struct rrule_day d;

    if (w->day_count || !w->rule.months)
        return;
    rrule_day_of(day, &d);
    if (!(w->rule.months & 1u << d.month))
        w->period += (d.month_length - d.month_day) / rrule_interval(&w->rule);
}

/* The days of the walk's period. Returns false when it lies behind RRULE_YEAR_MAX or UNTIL. */
static bool rrule_fill(struct rrule_walk *w)
{
    const struct rrule *r = &w->rule;
    int64_t year, day;
    int month;

    day = rrule_period_day(w, &year, &month);
    w->day_count = 0;
    w->at = 0;
    if (r->freq >= RRULE_MONTHLY ? year > RRULE_YEAR_MAX : day > civil_days(RRULE_YEAR_MAX, 12, 24))
        return false;
    if (r->has_until && day * DAY_S > r->until_s)
        return false;
    switch (r->freq) {
    case RRULE_YEARLY:
        rrule_look_at_year(w, (int)year);
        break;
    case RRULE_MONTHLY:
        rrule_look_at_month(w, (int)year, month);
        break;
    case RRULE_WEEKLY:
        rrule_look(w, day, 7);
        break;
    case RRULE_HOURLY:
    case RRULE_DAILY:
        rrule_look(w, day, 1);
        rrule_take_hours(w);
        rrule_skip_month(w, day);
        break;
    }
    if (r->positions.any)
        rrule_take_positions(w);
    return true;
}

/* Periods after which the calendar's 400 years have been seen, whatever INTERVAL is. */
static int64_t rrule_cycle(enum rrule_freq freq)
{
    switch (freq) {
    case RRULE_YEARLY:
        return 400;
    case RRULE_MONTHLY:
        return 4800;
    case RRULE_WEEKLY:
        return 20871;
    default:
        return 146097;
    }
}

/* ---- from one start to the next ---- */

/* Times of one day, in order. Returns ERR_INVALID when there are too many. */
static int rrule_times(struct rrule_walk *w, const struct civil *start)
{
    const struct rrule *r = &w->rule;
    uint64_t all = r->freq == RRULE_HOURLY ? 0xFFFFFF : UINT64_C(1) << start->hour;
    uint64_t hours = r->hours ? r->hours : all;
    uint64_t minutes = r->minutes ? r->minutes : UINT64_C(1) << start->minute;
    uint64_t seconds = r->seconds ? r->seconds : UINT64_C(1) << start->second;

    if (__builtin_popcountll(hours) * __builtin_popcountll(minutes) *
            __builtin_popcountll(seconds) >
        RRULE_TIMES_MAX)
        return ERR_INVALID;
    for (int second = 0; second < DAY_S; second++) {
        if (!(hours & UINT64_C(1) << second / 3600)) {
            second += 3600 - 1;
        } else if (!(minutes & UINT64_C(1) << second / 60 % 60)) {
            second += 60 - 1;
        } else if (seconds & UINT64_C(1) << second % 60) {
            w->times[w->time_count++] = second;
        }
    }
    return 0;
}

/* What the rule leaves open, the start says. */
static void rrule_complete(struct rrule *r, const struct civil *start, int weekday)
{
    bool days = r->weekdays || r->any_nth || r->month_days.any || r->year_days.any || r->weeks.any;
    struct rrule_numbers month_day = {.any = true};

    if (days || r->freq <= RRULE_DAILY)
        return;
    if (r->freq == RRULE_WEEKLY) {
        r->weekdays = (uint8_t)(1u << weekday);
        return;
    }
    if (r->freq == RRULE_YEARLY && !r->months)
        r->months = (uint16_t)(1u << start->month);
    month_day.plus[0] = UINT64_C(1) << start->day;
    r->month_days = month_day;
}

/* The period that from_s lies in, or one before it. */
static int64_t rrule_period_at(const struct rrule_walk *w, const struct civil *start)
{
    int64_t units, days = rrule_day(w->from_s) - rrule_day(w->start_s);
    struct civil from;

    civil_from_seconds(w->from_s, &from);
    switch (w->rule.freq) {
    case RRULE_YEARLY:
        units = from.year - start->year;
        break;
    case RRULE_MONTHLY:
        units = (from.year - start->year) * INT64_C(12) + from.month - start->month;
        break;
    case RRULE_WEEKLY:
        units = days / 7;
        break;
    default:
        units = days;
        break;
    }
    units = units / rrule_interval(&w->rule) - 1;
    return units > 0 ? units : 0;
}

int rrule_walk_init(struct rrule_walk *w, const struct rrule *rule, int64_t start_s, int64_t from_s)
{
    struct civil start;
    int error;

    memset(w, 0, sizeof *w);
    civil_from_seconds(start_s, &start);
    w->rule = *rule;
    w->start_s = start_s;
    w->from_s = from_s > start_s ? from_s : start_s;
    w->left = rule->count ? rule->count : -1;
    if (start.year < 1 || start.year > RRULE_YEAR_MAX)
        return ERR_INVALID;
    rrule_complete(&w->rule, &start, civil_weekday(rrule_day(start_s)));
    if ((error = rrule_times(w, &start)))
        return error;
    if (!rule->count)
        w->period = rrule_period_at(w, &start);
    w->ended = !rrule_fill(w);
    return 0;
}

/* To the next period that has a start. Returns false at the end. */
static bool rrule_next_period(struct rrule_walk *w)
{
    do {
        if (w->day_count)
            w->empty = 0;
        else if (++w->empty > rrule_cycle(w->rule.freq))
            return false;
        w->period++;
        if (!rrule_fill(w))
            return false;
    } while (!w->day_count);
    return true;
}

/* The next start of the rule, whether it lies before the first one or not. */
static bool rrule_step(struct rrule_walk *w, int64_t *local_s)
{
    for (;;) {
        if (w->at == (int64_t)w->day_count * w->time_count && !rrule_next_period(w))
            return false;
        int64_t i = w->at++;
        if (w->rule.positions.any && !(w->taken[i / 64] & UINT64_C(1) << i % 64))
            continue;
        if (!rrule_has_hour(w, w->days[i / w->time_count], w->times[i % w->time_count]))
            continue;
        *local_s = w->days[i / w->time_count] * DAY_S + w->times[i % w->time_count];
        return true;
    }
}

bool rrule_walk_next(struct rrule_walk *w, int64_t *local_s)
{
    while (!w->ended && w->left) {
        if (!rrule_step(w, local_s) || (w->rule.has_until && *local_s > w->rule.until_s))
            break;
        if (*local_s < w->start_s)
            continue;
        if (w->left > 0)
            w->left--;
        if (*local_s >= w->from_s)
            return true;
    }
    w->ended = true;
    return false;
}
