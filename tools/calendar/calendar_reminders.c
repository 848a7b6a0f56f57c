/* SPDX-License-Identifier: BSD-2-Clause */
/* The hints of calendar events: written before the record, compared with it when they are due. */
#include "tools/calendar/calendar_reminders.h"

#include "base/err.h"
#include "store/reminders.h"
#include "tools/calendar/calendar_series.h"
#include "tools/kit/record.h"
#include "tools/kit/timestamp.h"

#include <string.h>

#define DAY_MINUTES 1440
#define MINUTE_MS INT64_C(60000)
#define MINUTES_MAX 40320
#define CLOCK_CHANGE_MS (3 * INT64_C(3600000)) /* more than any change of the clocks */
#define HOUR_S 3600
#define DAY_S 86400

static bool calendar_reminders_is_among(const int64_t *list, size_t count, int64_t number)
{
    for (size_t i = 0; i < count; i++)
        if (list[i] == number)
            return true;
    return false;
}

size_t calendar_reminders_minutes(const jdoc *event, int64_t out[CALENDAR_REMINDERS_MAX])
{
    bool is_cancelled = strcmp(jdoc_text_or(event, "status", ""), "cancelled") == 0;
    return is_cancelled ? 0 : calendar_reminders_written(event, out);
}

size_t calendar_reminders_written(const jdoc *event, int64_t out[CALENDAR_REMINDERS_MAX])
{
    const jdoc *all = jdoc_get(event, "reminder_minutes");
    size_t n = 0;
    for (size_t i = 0; i < jdoc_length(all) && n < CALENDAR_REMINDERS_MAX; i++)
        if (jdoc_int(jdoc_at(all, i), &out[n]) == 0 && !calendar_reminders_is_among(out, n, out[n]))
            n++;
    if (calendar_reminders_unsettled(event))
        out[n++] = 0;
    return n;
}

bool calendar_reminders_unsettled(const jdoc *event)
{
    return strcmp(jdoc_text_or(event, "event_type", ""), "reminder") == 0 &&
        jdoc_length(jdoc_get(event, "reminder_minutes")) == 0;
}

int calendar_reminders_settle(jdoc *event)
{
    if (!calendar_reminders_unsettled(event))
        return 0;
    jdoc *list = jdoc_new_array();
    if (list && jdoc_push(list, jdoc_new_int(0)) == 0)
        return jdoc_set(event, "reminder_minutes", list);
    jdoc_free(list);
    return ERR_NOMEM;
}

/* The moment from which the reminders of a whole day are counted. */
static int64_t calendar_reminders_hour_of_day(int64_t start_ms, const struct zone *z)
{
    struct zone_offset offset;
    int64_t utc_s, s = start_ms / 1000 - (start_ms % 1000 < 0);
    zone_at(z, s, &offset);
    s += offset.seconds;
    zone_to_utc(z, s - (s % DAY_S + DAY_S) % DAY_S + CALENDAR_REMINDERS_HOUR * HOUR_S, &utc_s);
    return utc_s * 1000;
}

static int64_t calendar_reminders_due_of(const jdoc *event, int64_t start_ms, int64_t minutes)
{
    const struct zone *z;
    bool all_day = jdoc_is_true(event, "all_day");
    if (zone_get(jdoc_text_or(event, "timezone", ""), &z) != 0)
        return start_ms - minutes * MINUTE_MS;
    if (all_day)
        start_ms = calendar_reminders_hour_of_day(start_ms, z);
    if (minutes % DAY_MINUTES == 0)
        return timestamp_add_days(start_ms, -(int)(minutes / DAY_MINUTES), z);
    return start_ms - minutes * MINUTE_MS;
}

int calendar_reminders_due(const jdoc *event, int64_t minutes, int64_t *due_ms)
{
    int64_t start;
    if (jdoc_get_int(event, "start_ms", &start) != 0 || minutes < 0 || minutes > MINUTES_MAX)
        return ERR_INVALID;
    *due_ms = calendar_reminders_due_of(event, start, minutes);
    return 0;
}

/* --- of a series --- */

struct seek {
    const jdoc *series;
    int64_t minutes, from_ms; /* the first reminder that is not due before from_ms */
    int64_t due_ms;
    struct calendar_series_start start;
    bool found;
};

static int calendar_reminders_seek_at(void *arg, const struct calendar_series_start *start)
{
    struct seek *s = arg;
    s->due_ms = calendar_reminders_due_of(s->series, start->ms, s->minutes);
    if (s->due_ms < s->from_ms)
        return 0;
    s->start = *start;
    s->found = true;
    return ERR_LIMIT;
}

static bool calendar_reminders_seek(struct seek *s)
{
    if (s->minutes < 0 || s->minutes > MINUTES_MAX)
        return false;
    int64_t from = s->from_ms + s->minutes * MINUTE_MS - CLOCK_CHANGE_MS -
        CALENDAR_REMINDERS_HOUR * HOUR_S * 1000;
    return calendar_series_each(s->series, from, RECORD_FOREVER, calendar_reminders_seek_at, s) ==
        0 &&
        s->found;
}

int calendar_reminders_next(const jdoc *series, int64_t minutes, int64_t after_ms, int64_t *due_ms)
{
    struct seek s = {.series = series, .minutes = minutes, .from_ms = after_ms + 1};
    if (!calendar_reminders_seek(&s))
        return ERR_NOT_FOUND;
    *due_ms = s.due_ms;
    return 0;
}

/* --- of both --- */

static bool calendar_reminders_is_listed(const jdoc *event, int64_t minutes)
{
    int64_t all[CALENDAR_REMINDERS_MAX];
    size_t count = calendar_reminders_minutes(event, all);
    return calendar_reminders_is_among(all, count, minutes);
}

bool calendar_reminders_has(const jdoc *event, int64_t minutes, int64_t due_ms, jdoc **occurrence)
{
    int64_t due;
    if (occurrence)
        *occurrence = NULL;
    if (!calendar_reminders_is_listed(event, minutes))
        return false;
    if (!calendar_series_is(event))
        return calendar_reminders_due(event, minutes, &due) == 0 && due == due_ms;
    struct seek s = {.series = event, .minutes = minutes, .from_ms = due_ms};
    if (!calendar_reminders_seek(&s) || s.due_ms != due_ms)
        return false;
    if (occurrence)
        *occurrence = calendar_series_occurrence(event, &s.start);
    return !occurrence || *occurrence;
}

static bool calendar_reminders_hint_of(const struct tools_context *context, const jdoc *event,
    int64_t minutes, struct reminders_hint *out)
{
    const char *id = jdoc_text_or(event, "id", "");
    int64_t due;
    if (calendar_series_is(event)) {
        if (calendar_reminders_next(event, minutes, context->now_ms - 1, &due) != 0)
            return false;
        reminders_series_hint(out, context->uid, id, minutes, due);
        return true;
    }
    if (calendar_reminders_due(event, minutes, &due) != 0 || due < 0)
        return false;
    reminders_event_hint(out, context->uid, id, minutes, due);
    return true;
}

/* Every reminder of the event, of those at most CALENDAR_REMINDERS_MAX; returns how many. */
static size_t calendar_reminders_hints_of(const struct tools_context *context, const jdoc *event,
    struct reminders_hint hints[CALENDAR_REMINDERS_MAX], int64_t minutes[CALENDAR_REMINDERS_MAX])
{
    int64_t all[CALENDAR_REMINDERS_MAX];
    size_t n = 0, count = calendar_reminders_minutes(event, all);
    for (size_t i = 0; i < count; i++) {
        minutes[n] = all[i];
        n += calendar_reminders_hint_of(context, event, all[i], &hints[n]);
    }
    return n;
}

int calendar_reminders_plan(const struct tools_context *context, const jdoc *event)
{
    struct reminders_hint hints[CALENDAR_REMINDERS_MAX];
    int64_t minutes[CALENDAR_REMINDERS_MAX];
    size_t count = calendar_reminders_hints_of(context, event, hints, minutes), coming = 0;
    for (size_t i = 0; i < count; i++)
        if (hints[i].due_ms >= context->now_ms)
            hints[coming++] = hints[i];
    return reminders_plan(context->store, hints, coming);
}

void calendar_reminders_tidy(const struct tools_context *context, const jdoc *old,
    const jdoc *event)
{
    struct reminders_hint hints[CALENDAR_REMINDERS_MAX];
    int64_t minutes[CALENDAR_REMINDERS_MAX];
    size_t count = calendar_reminders_hints_of(context, old, hints, minutes);
    for (size_t i = 0; i < count; i++)
        if (!event || calendar_series_is(event) != calendar_series_is(old) ||
            !calendar_reminders_has(event, minutes[i], hints[i].due_ms, NULL))
            err_ignore(reminders_drop(context->store, hints[i].member)); /* a hint proves nothing */
}

_Static_assert(CALENDAR_REMINDERS_MAX <= REMINDERS_BATCH, "planned in one call");
