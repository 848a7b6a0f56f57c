/* SPDX-License-Identifier: BSD-2-Clause */
/* interchange: a to-do becomes an event that reminds of it. */
#include "tools/calendar/interchange_parts.h"

#include "base/utf8.h"

#include <string.h>

#define SHIFT_MAX_S 1000000000 /* 30 years: no alarm that rings here */

/* The time at which it rings: that it repeats from, else that it is due at. */
static icalproperty *interchange_todo_time(icalcomponent *todo)
{
    icalproperty *start = icalcomponent_get_first_property(todo, ICAL_DTSTART_PROPERTY);
    icalproperty *due = icalcomponent_get_first_property(todo, ICAL_DUE_PROPERTY);

    if (start && icalcomponent_get_first_property(todo, ICAL_RRULE_PROPERTY))
        return start;
    return due ? due : start;
}

static const char *interchange_todo_refusal(struct reader *r, icalcomponent *todo)
{
    const char *title = icalcomponent_get_summary(todo);
    enum icalproperty_status status = icalcomponent_get_status(todo);
    const char *why = NULL;

    if (!title || !utf8_valid(title, strlen(title)))
        title = "(no title)";
    if (status == ICAL_STATUS_COMPLETED || status == ICAL_STATUS_CANCELLED ||
        icalcomponent_get_first_property(todo, ICAL_COMPLETED_PROPERTY))
        why = "a to-do that is done or cancelled is not taken";
    else if (!interchange_todo_time(todo))
        why = "a to-do without a time has no moment to remind of it, and is not taken";
    if (!why)
        return NULL;
    char *text = arena_printf(r->arena, "%.100s: %s", title, why);
    if (text)
        utf8_mend_end(text);
    return text && utf8_valid(text, strlen(text)) ? text : why;
}

/* When it begins and ends, for alarms; what it has not is as the time at which it rings. */
struct todo_times {
    int64_t start_ms, end_ms, base_ms;
};

static const char *interchange_todo_read(struct reader *r, icalproperty *p, int64_t *ms)
{
    struct when w;
    const char *wrong = interchange_read_when(r, p,
        icalproperty_isa(p) == ICAL_DUE_PROPERTY ? icalproperty_get_due(p) :
                                                   icalproperty_get_dtstart(p),
        &w);

    if (!wrong)
        *ms = w.ms;
    return wrong;
}

static const char *interchange_todo_times(struct reader *r, icalcomponent *todo,
    struct todo_times *out)
{
    icalproperty *start = icalcomponent_get_first_property(todo, ICAL_DTSTART_PROPERTY);
    icalproperty *due = icalcomponent_get_first_property(todo, ICAL_DUE_PROPERTY);
    icalproperty *length = icalcomponent_get_first_property(todo, ICAL_DURATION_PROPERTY);
    const char *wrong = interchange_todo_read(r, interchange_todo_time(todo), &out->base_ms);

    out->start_ms = out->end_ms = out->base_ms;
    if (!wrong && start)
        wrong = interchange_todo_read(r, start, &out->start_ms);
    if (!wrong && due)
        wrong = interchange_todo_read(r, due, &out->end_ms);
    else if (!wrong && start && length)
        out->end_ms =
            out->start_ms + interchange_duration_seconds(icalproperty_get_duration(length)) * 1000;
    return wrong;
}

/* An alarm counts from the start or the end of the to-do: as one from the time of the event. */
static void interchange_todo_shift(icalcomponent *alarm, const struct todo_times *t)
{
    icalproperty *p = icalcomponent_get_first_property(alarm, ICAL_TRIGGER_PROPERTY);
    icalparameter *related = p ? icalproperty_get_first_parameter(p, ICAL_RELATED_PARAMETER) : NULL;
    struct icaltriggertype trigger;

    if (!p)
        return;
    trigger = icalproperty_get_trigger(p);
    if (!icaltime_is_null_time(trigger.time))
        return;
    bool of_end = related && icalparameter_get_related(related) == ICAL_RELATED_END;
    int64_t by_s = ((of_end ? t->end_ms : t->start_ms) - t->base_ms) / 1000;
    int64_t s = interchange_duration_seconds(trigger.duration) + by_s;
    if (by_s == 0)
        return;
    s = s > SHIFT_MAX_S ? SHIFT_MAX_S : s < -SHIFT_MAX_S ? -SHIFT_MAX_S : s;
    trigger.duration = icaldurationtype_from_int((int)s);
    icalproperty_set_trigger(p, trigger);
    icalproperty_remove_parameter_by_kind(p, ICAL_RELATED_PARAMETER);
}

icalcomponent *interchange_todo_event(struct reader *r, icalcomponent *todo, const char **wrong)
{
    static const icalproperty_kind copied[] = {ICAL_UID_PROPERTY, ICAL_SUMMARY_PROPERTY,
        ICAL_DESCRIPTION_PROPERTY, ICAL_LOCATION_PROPERTY, ICAL_RRULE_PROPERTY, ICAL_RDATE_PROPERTY,
        ICAL_EXDATE_PROPERTY, ICAL_RECURRENCEID_PROPERTY, ICAL_CREATED_PROPERTY,
        ICAL_XLICERROR_PROPERTY};
    struct todo_times times = {0};
    icalcomponent *event = NULL;

    *wrong = interchange_todo_refusal(r, todo);
    if (!*wrong)
        *wrong = interchange_todo_times(r, todo, &times);
    if (*wrong || !(event = icalcomponent_new_vevent()))
        return NULL;
    for (size_t i = 0; i < sizeof copied / sizeof *copied; i++)
        for (icalproperty *p = icalcomponent_get_first_property(todo, copied[i]); p;
             p = icalcomponent_get_next_property(todo, copied[i]))
            icalcomponent_add_property(event, icalproperty_new_clone(p));
    for (icalcomponent *a = icalcomponent_get_first_component(todo, ICAL_VALARM_COMPONENT); a;
         a = icalcomponent_get_next_component(todo, ICAL_VALARM_COMPONENT)) {
        icalcomponent *alarm = icalcomponent_new_clone(a);
        if (!alarm)
            continue;
        interchange_todo_shift(alarm, &times);
        icalcomponent_add_component(event, alarm);
    }
    icalproperty *from = interchange_todo_time(todo);
    icalproperty *start = icalproperty_new_dtstart(icalproperty_isa(from) == ICAL_DUE_PROPERTY ?
            icalproperty_get_due(from) :
            icalproperty_get_dtstart(from));
    icalparameter *zone = icalproperty_get_first_parameter(from, ICAL_TZID_PARAMETER);
    if (zone)
        icalproperty_add_parameter(start, icalparameter_new_clone(zone));
    icalcomponent_add_property(event, start);
    icalcomponent_add_property(event, icalproperty_new_categories("reminder"));
    return event;
}
