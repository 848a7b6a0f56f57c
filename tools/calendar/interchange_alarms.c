/* SPDX-License-Identifier: BSD-2-Clause */
/* interchange: the alarms of an event. */
#include "tools/calendar/interchange_parts.h"

#include "tools/calendar/calendar_event.h"
#include "tools/calendar/calendar_reminders.h"
#include "tools/calendar/calendar_series.h"

#include <string.h>

#define REMINDERS_MAX 5
#define REMINDER_MINUTES_MAX 40320

/* Seconds from the alarm to the start. Returns why it cannot be kept, or NULL. */
static const char *interchange_alarm_seconds(const struct draft *d, icalcomponent *alarm,
    int64_t *s)
{
    icalproperty *p = icalcomponent_get_first_property(alarm, ICAL_TRIGGER_PROPERTY);
    struct calendar_span span;
    if (!p)
        return "an alarm without a time does not ring here";
    icalparameter *related = icalproperty_get_first_parameter(p, ICAL_RELATED_PARAMETER);
    struct icaltriggertype t = icalproperty_get_trigger(p);
    calendar_event_span(d->event, &span);
    if (!icaltime_is_null_time(t.time)) {
        if (calendar_series_is(d->event))
            return "an alarm at one fixed time, of an event that repeats, does not ring here";
        *s = span.start.ms / 1000 -
            (int64_t)icaltime_as_timet_with_zone(t.time, icaltimezone_get_utc_timezone());
        return NULL;
    }
    *s = -interchange_duration_seconds(t.duration);
    if (related && icalparameter_get_related(related) == ICAL_RELATED_END &&
        span.end_ms > span.start.ms)
        *s -= (span.end_ms - span.start.ms) / 1000;
    return NULL;
}

/*
 * The alarm as one of our reminders. Those of whole days are counted from an hour of the day: one
 * at midnight, or whole days before it, becomes one at that hour, any other keeps its moment.
 */
static const char *interchange_alarm_minutes(const struct draft *d, icalcomponent *alarm,
    int64_t *minutes)
{
    int64_t s;
    const char *wrong = interchange_alarm_seconds(d, alarm, &s);
    if (wrong)
        return wrong;
    if (d->start.is_date && (s < 0 || s % DAY_S != 0))
        s += CALENDAR_REMINDERS_HOUR * INT64_C(3600);
    if (s < 0)
        return "an alarm after the start does not ring here";
    if (s / 60 > REMINDER_MINUTES_MAX)
        return "an alarm more than 28 days before the start does not ring here";
    *minutes = s / 60;
    return NULL;
}

static bool interchange_is_among(const int64_t *list, size_t count, int64_t value)
{
    for (size_t i = 0; i < count; i++)
        if (list[i] == value)
            return true;
    return false;
}

/* An alarm that cannot be kept is told, never dropped in silence. */
int interchange_read_alarms(struct draft *d)
{
    int64_t seen[REMINDERS_MAX];
    size_t n = 0, at = 0;
    int error = 0;
    jdoc *list = jdoc_new_array();
    if (!list)
        return ERR_NOMEM;
    for (icalcomponent *a = icalcomponent_get_first_component(d->from, ICAL_VALARM_COMPONENT);
         a && error == 0;
         a = icalcomponent_get_next_component(d->from, ICAL_VALARM_COMPONENT), at++) {
        int64_t minutes = 0;
        const char *wrong = interchange_alarm_minutes(d, a, &minutes);
        if (!wrong && interchange_is_among(seen, n, minutes))
            continue;
        if (!wrong && n == REMINDERS_MAX)
            wrong = "more than 5 alarms: the others do not ring here";
        if (wrong) {
            d->kept_alarms |= at < 64 ? UINT64_C(1) << at : 0;
            error = !d->item->warning || !strstr(d->item->warning, wrong) ?
                interchange_warn(d, wrong) :
                0;
            continue;
        }
        seen[n++] = minutes;
        error = jdoc_push(list, jdoc_new_int(minutes));
    }
    if (error != 0) {
        jdoc_free(list);
        return error;
    }
    error = jdoc_set(d->event, "reminder_minutes", list);
    return error == 0 ? calendar_reminders_settle(d->event) : error;
}
