/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/timestamp.h"

#include "base/err.h"
#include "tools/kit/civil.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int timestamp_zone(const struct tools_run *run, const struct zone **out)
{
    const char *names[] = {run->context->zone, run->context->conf->default_zone, "UTC"};
    int error = ERR_NOT_FOUND;
    for (size_t i = 0; error == ERR_NOT_FOUND && i < 3; i++)
        error = zone_get(names[i], out);
    return error;
}

static int64_t timestamp_floor_seconds(int64_t ms)
{
    return ms >= 0 ? ms / 1000 : -((-ms + 999) / 1000);
}

static void timestamp_local(int64_t ms, const struct zone *z, struct civil *c)
{
    struct zone_offset offset;
    int64_t s = timestamp_floor_seconds(ms);
    zone_at(z, s, &offset);
    civil_from_seconds(s + offset.seconds, c);
    c->offset = offset.seconds;
}

static int64_t timestamp_to_ms(const struct civil *c, const struct zone *z)
{
    int64_t utc;
    zone_to_utc(z, civil_seconds(c), &utc);
    return utc * 1000;
}

int timestamp_parse(const char *text, const struct zone *z, struct timestamp *out)
{
    struct civil c;
    int64_t utc;
    if (civil_parse(text, &c) != 0)
        return ERR_INVALID;
    out->has_time = c.has_time;
    out->kind = ZONE_EXACT;
    utc = civil_seconds(&c) - c.offset;
    if (!c.has_offset)
        out->kind = zone_to_utc(z, civil_seconds(&c), &utc);
    out->ms = utc * 1000;
    return 0;
}

int timestamp_argument(struct tools_run *run, const char *key, const struct zone *z,
    struct timestamp *out)
{
    char path[64];
    const char *text = jdoc_string(jdoc_get(run->args, key), NULL);
    if (!text)
        return ERR_NOT_FOUND;
    if (timestamp_parse(text, z, out) == 0)
        return 0;
    snprintf(path, sizeof path, "/%s", key);
    int error = run_fail_at(run, path, "a date or a date and time that exists, as 2026-12-01T09:30",
        "%s is \"%s\", which is no date that exists", key, text);
    return error != 0 ? error : ERR_INVALID;
}

const char *timestamp_note(struct tools_run *run, const struct timestamp *m, const struct zone *z)
{
    char text[TIMESTAMP_TEXT_SIZE];
    timestamp_text(m->ms, z, true, text);
    if (m->kind == ZONE_GAP)
        return arena_printf(run->arena,
            "That time does not exist, as the clocks go forward then; %s was taken.", text);
    if (m->kind == ZONE_OVERLAP)
        return arena_printf(run->arena,
            "That time comes twice, as the clocks go back then; the first %s was taken.", text);
    return NULL;
}

void timestamp_format(int64_t ms, const struct zone *z, char out[TIMESTAMP_SIZE])
{
    struct civil c;
    timestamp_local(ms, z, &c);
    int minutes = abs(c.offset) / 60;
    snprintf(out, TIMESTAMP_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d", c.year % 10000,
        c.month, c.day, c.hour, c.minute, c.second, c.offset < 0 ? '-' : '+', minutes / 60 % 100,
        minutes % 60);
}

void timestamp_date(int64_t ms, const struct zone *z, char out[TIMESTAMP_SIZE])
{
    struct civil c;
    timestamp_local(ms, z, &c);
    snprintf(out, TIMESTAMP_SIZE, "%04d-%02d-%02d", c.year % 10000, c.month, c.day);
}

const char *timestamp_weekday(int64_t ms, const struct zone *z)
{
    struct civil c;
    timestamp_local(ms, z, &c);
    return civil_weekday_name(civil_weekday(civil_days(c.year, c.month, c.day)));
}

void timestamp_text(int64_t ms, const struct zone *z, bool with_time, char out[TIMESTAMP_TEXT_SIZE])
{
    struct civil c;
    timestamp_local(ms, z, &c);
    int n = snprintf(out, TIMESTAMP_TEXT_SIZE, "%s %d %s %d", timestamp_weekday(ms, z), c.day,
        civil_month_name(c.month), c.year);
    if (with_time && n > 0 && n < TIMESTAMP_TEXT_SIZE)
        snprintf(out + n, (size_t)(TIMESTAMP_TEXT_SIZE - n), ", %02d:%02d", c.hour, c.minute);
}

static int64_t timestamp_shifted(int64_t ms, int days, bool midnight, const struct zone *z)
{
    struct civil c, to;
    timestamp_local(ms, z, &c);
    civil_from_seconds(civil_days(c.year, c.month, c.day + days) * 86400, &to);
    if (!midnight) {
        to.hour = c.hour;
        to.minute = c.minute;
        to.second = c.second;
    }
    return timestamp_to_ms(&to, z);
}

int64_t timestamp_day(int64_t ms, int days, const struct zone *z)
{
    return timestamp_shifted(ms, days, true, z);
}

int64_t timestamp_add_days(int64_t ms, int days, const struct zone *z)
{
    return timestamp_shifted(ms, days, false, z);
}

int64_t timestamp_period_start(const char *period, int64_t ms, const struct zone *z)
{
    struct civil c;
    timestamp_local(ms, z, &c);
    if (strcmp(period, "week") == 0) {
        int weekday = civil_weekday(civil_days(c.year, c.month, c.day));
        return timestamp_day(ms, -((weekday + 6) % 7), z);
    }
    if (strcmp(period, "quarter") == 0)
        c.month -= (c.month - 1) % 3;
    if (strcmp(period, "year") == 0)
        c.month = 1;
    struct civil first = {.year = c.year, .month = c.month, .day = 1};
    return timestamp_to_ms(&first, z);
}

int64_t timestamp_period_now(const struct tools_run *run, const char *period, const struct zone *z)
{
    int64_t now = run->context->now_ms;
    struct civil c;
    if (strcmp(period, "week") != 0)
        return timestamp_period_start(period, now, z);
    static const int firsts[] = {[UNITS_MONDAY] = 1, [UNITS_SUNDAY] = 0, [UNITS_SATURDAY] = 6};
    timestamp_local(now, z, &c);
    int weekday = civil_weekday(civil_days(c.year, c.month, c.day));
    return timestamp_day(now, -((weekday + 7 - firsts[run->context->units.week_start]) % 7), z);
}

int timestamp_days(int64_t from_ms, int64_t until_ms, const struct zone *z)
{
    struct civil a, b;
    timestamp_local(from_ms, z, &a);
    timestamp_local(until_ms, z, &b);
    return (int)(civil_days(b.year, b.month, b.day) - civil_days(a.year, a.month, a.day)) + 1;
}
