/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/person/medication_schedule.h"

#include "tools/kit/civil.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DAY_MINUTES 1440
#define DAY_S 86400
#define DAY_MS (DAY_S * INT64_C(1000))
#define HOUR_MS INT64_C(3600000)
#define DAYS_LOOKED_AT 400 /* more than every_days and seven weekdays can skip */
#define HOURS_MAX 1000
#define FIRST_DAY 0
#define LAST_DAY INT64_C(200000)

static const char *const medication_schedule_weekdays[] = {"sun", "mon", "tue", "wed", "thu", "fri",
    "sat"};

/* --- times of day --- */

static int medication_schedule_suffix(const char *text, int *hour)
{
    while (*text == ' ')
        text++;
    bool am = strncasecmp(text, "am", 2) == 0 || strncasecmp(text, "a.m", 3) == 0;
    bool pm = strncasecmp(text, "pm", 2) == 0 || strncasecmp(text, "p.m", 3) == 0;
    bool plain = *text == '\0' || strcasecmp(text, "h") == 0 || strcasecmp(text, "hrs") == 0;

    if (!am && !pm)
        return plain ? 0 : ERR_INVALID;
    if (*hour < 1 || *hour > 12)
        return ERR_INVALID;
    *hour = *hour % 12 + (pm ? 12 : 0);
    return 0;
}

int medication_schedule_time(const char *text, int *minutes)
{
    int hour = 0, minute = 0, n = 0;

    while (*text == ' ')
        text++;
    if (strcasecmp(text, "noon") == 0 || strcasecmp(text, "midday") == 0) {
        *minutes = DAY_MINUTES / 2;
        return 0;
    }
    if (strcasecmp(text, "midnight") == 0) {
        *minutes = 0;
        return 0;
    }
    if (!isdigit((unsigned char)*text) || sscanf(text, "%2d%n", &hour, &n) != 1)
        return ERR_INVALID;
    text += n;
    if (*text == ':' || *text == '.') {
        if (!isdigit((unsigned char)text[1]) || !isdigit((unsigned char)text[2]))
            return ERR_INVALID;
        minute = (text[1] - '0') * 10 + text[2] - '0';
        text += 3;
        if (strncmp(text, ":00", 3) == 0)
            text += 3;
    }
    if (medication_schedule_suffix(text, &hour) != 0 || minute > 59 || hour > 24 ||
        (hour == 24 && minute != 0))
        return ERR_INVALID;
    *minutes = hour % 24 * 60 + minute;
    return 0;
}

/* --- reading --- */

static int medication_schedule_compare(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static void medication_schedule_read_times(const jdoc *record, struct medication_schedule *out)
{
    const jdoc *times = jdoc_get(record, "times");

    for (size_t i = 0; i < jdoc_length(times) && out->count < MEDICATION_TIMES_MAX; i++) {
        const char *text = jdoc_string(jdoc_at(times, i), NULL);
        if (text && medication_schedule_time(text, &out->minutes[out->count]) == 0)
            out->count++;
    }
    qsort(out->minutes, out->count, sizeof *out->minutes, medication_schedule_compare);
}

static void medication_schedule_read_weekdays(const jdoc *record, struct medication_schedule *out)
{
    const jdoc *days = jdoc_get(record, "weekdays");

    for (size_t i = 0; i < jdoc_length(days); i++)
        for (unsigned k = 0; k < 7; k++)
            if (strcmp(medication_schedule_weekdays[k],
                    jdoc_string(jdoc_at(days, i), NULL) ? jdoc_string(jdoc_at(days, i), NULL) :
                                                          "") == 0)
                out->weekdays |= 1U << k;
}

static int64_t medication_schedule_day(const jdoc *record, const char *key, int64_t other)
{
    struct civil c;

    return civil_parse(jdoc_text_or(record, key, ""), &c) == 0 ?
        civil_days(c.year, c.month, c.day) :
        other;
}

static int64_t medication_schedule_moment(const jdoc *record, const char *key)
{
    int64_t ms = jdoc_int_or(record, key, 0);

    return ms > 0 && ms < LAST_DAY * DAY_MS ? ms : 0;
}

bool medication_schedule_read(const jdoc *record, struct medication_schedule *out)
{
    int64_t hours = jdoc_int_or(record, "every_hours", 0);
    bool active = true;

    *out = (struct medication_schedule){.every_days = jdoc_int_or(record, "every_days", 1),
        .every_ms = hours > 0 && hours <= HOURS_MAX ? hours * HOUR_MS : 0,
        .anchor_ms = medication_schedule_moment(record, "anchor_ms"),
        .since_ms = medication_schedule_moment(record, "since_ms"),
        .first_day = medication_schedule_day(record, "start_date", FIRST_DAY),
        .last_day = medication_schedule_day(record, "end_date", LAST_DAY)};
    jdoc_get_bool(record, "active", &active);
    if (!active || jdoc_is_true(record, "as_needed") ||
        zone_get(jdoc_text_or(record, "timezone", ""), &out->zone) != 0)
        return false;
    medication_schedule_read_times(record, out);
    medication_schedule_read_weekdays(record, out);
    if (out->every_days < 1 || out->every_days > 366)
        out->every_days = 1;
    return out->count > 0 || out->every_ms >= HOUR_MS;
}

/* --- the doses --- */

static int64_t medication_schedule_local_day(const struct medication_schedule *s, int64_t ms)
{
    struct zone_offset offset;
    int64_t seconds = ms / 1000 - (ms % 1000 < 0);

    zone_at(s->zone, seconds, &offset);
    seconds += offset.seconds;
    return seconds / DAY_S - (seconds % DAY_S < 0);
}

static bool medication_schedule_has_day(const struct medication_schedule *s, int64_t day)
{
    if (day < s->first_day || day > s->last_day)
        return false;
    if (s->weekdays != 0 && (s->weekdays & 1U << civil_weekday(day)) == 0)
        return false;
    return s->every_days == 1 || (day - s->first_day) % s->every_days == 0;
}

static int64_t medication_schedule_at(const struct medication_schedule *s, int64_t day, size_t i)
{
    int64_t utc_s;

    zone_to_utc(s->zone, day * DAY_S + s->minutes[i] * INT64_C(60), &utc_s);
    return utc_s * 1000;
}

static int medication_schedule_next_hours(const struct medication_schedule *s, int64_t after_ms,
    int64_t *due_ms)
{
    int64_t steps = after_ms < s->anchor_ms ? 0 : (after_ms - s->anchor_ms) / s->every_ms + 1;

    *due_ms = s->anchor_ms + steps * s->every_ms;
    if (medication_schedule_local_day(s, *due_ms) < s->first_day) { /* the first of that day */
        int64_t utc_s;
        zone_to_utc(s->zone, s->first_day * DAY_S, &utc_s);
        steps = (utc_s * 1000 - s->anchor_ms + s->every_ms - 1) / s->every_ms;
        *due_ms = s->anchor_ms + steps * s->every_ms;
    }
    return medication_schedule_local_day(s, *due_ms) <= s->last_day ? 0 : ERR_NOT_FOUND;
}

int medication_schedule_next(const struct medication_schedule *s, int64_t after_ms, int64_t *due_ms)
{
    if (after_ms < s->since_ms)
        after_ms = s->since_ms - 1;
    if (s->count == 0)
        return medication_schedule_next_hours(s, after_ms, due_ms);
    int64_t day = medication_schedule_local_day(s, after_ms) - 1;
    bool found = false;

    if (day < s->first_day)
        day = s->first_day;
    for (int64_t last = day + DAYS_LOOKED_AT; !found && day <= last && day <= s->last_day; day++)
        for (size_t i = 0; medication_schedule_has_day(s, day) && i < s->count; i++) {
            int64_t at = medication_schedule_at(s, day, i);
            if (at > after_ms && (!found || at < *due_ms)) {
                *due_ms = at;
                found = true;
            }
        }
    return found ? 0 : ERR_NOT_FOUND;
}

int medication_schedule_before(const struct medication_schedule *s, int64_t ms, int64_t *due_ms)
{
    bool found = false;

    if (ms < s->since_ms || (s->count == 0 && ms < s->anchor_ms))
        return ERR_NOT_FOUND;
    if (s->count == 0) {
        *due_ms = s->anchor_ms + (ms - s->anchor_ms) / s->every_ms * s->every_ms;
        if (medication_schedule_local_day(s, *due_ms) < s->first_day)
            return ERR_NOT_FOUND;
        return medication_schedule_local_day(s, *due_ms) <= s->last_day ? 0 : ERR_NOT_FOUND;
    }
    int64_t day = medication_schedule_local_day(s, ms) + 1;
    if (day > s->last_day)
        day = s->last_day;
    for (int64_t last = day - DAYS_LOOKED_AT; !found && day >= last && day >= s->first_day; day--)
        for (size_t i = 0; medication_schedule_has_day(s, day) && i < s->count; i++) {
            int64_t at = medication_schedule_at(s, day, i);
            if (at <= ms && at >= s->since_ms && (!found || at > *due_ms)) {
                *due_ms = at;
                found = true;
            }
        }
    return found ? 0 : ERR_NOT_FOUND;
}

double medication_schedule_daily(const struct medication_schedule *s)
{
    double days = 0;

    if (s->count == 0)
        return (double)DAY_MS / (double)s->every_ms;
    for (unsigned k = 0; k < 7; k++)
        days += s->weekdays == 0 || (s->weekdays & 1U << k) != 0;
    return (double)s->count * days / 7 / (double)s->every_days;
}

/* --- for people --- */

static void medication_schedule_put(struct buf *b, const jdoc *list, const char *before)
{
    size_t count = jdoc_length(list);

    for (size_t i = 0; i < count; i++) {
        const char *text = jdoc_string(jdoc_at(list, i), NULL);
        buf_puts(b, i == 0 ? before : i + 1 < count ? ", " : " and ");
        buf_puts(b, text ? text : "");
    }
}

static void medication_schedule_put_weekdays(struct buf *b, const struct medication_schedule *s)
{
    bool first = true;

    for (int i = 1; i <= 7; i++)
        if ((s->weekdays & 1U << i % 7) != 0) {
            buf_puts(b, first ? " on " : ", ");
            buf_puts(b, civil_weekday_name(i % 7));
            first = false;
        }
}

void medication_schedule_text(const jdoc *record, char out[MEDICATION_SCHEDULE_TEXT])
{
    struct medication_schedule s = {0};
    struct buf b = {0};
    int64_t hours = jdoc_int_or(record, "every_hours", 0);

    medication_schedule_read_weekdays(record, &s);
    s.every_days = jdoc_int_or(record, "every_days", 1);
    if (jdoc_is_true(record, "as_needed"))
        buf_puts(&b, "when needed");
    else if (hours > 0)
        buf_printf(&b, "every %" PRId64 " hours", hours);
    else
        medication_schedule_put(&b, jdoc_get(record, "times"), "at ");
    if (s.weekdays != 0)
        medication_schedule_put_weekdays(&b, &s);
    else if (s.every_days > 1)
        buf_printf(&b, " every %" PRId64 " days", s.every_days);
    else if (hours == 0 && !jdoc_is_true(record, "as_needed"))
        buf_puts(&b, " every day");
    snprintf(out, MEDICATION_SCHEDULE_TEXT, "%s", buf_text(&b));
    buf_free(&b);
}
