/* SPDX-License-Identifier: BSD-2-Clause */
/* interchange: a to-do becomes an event that reminds of it. */
#include "tools/calendar/interchange_parts.h"

#include "base/utf8.h"

#include <string.h>

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

icalcomponent *interchange_todo_event(struct reader *r, icalcomponent *todo, const char **wrong)
{
    static const icalproperty_kind copied[] = {ICAL_UID_PROPERTY, ICAL_SUMMARY_PROPERTY,
        ICAL_DESCRIPTION_PROPERTY, ICAL_LOCATION_PROPERTY, ICAL_RRULE_PROPERTY, ICAL_RDATE_PROPERTY,
        ICAL_EXDATE_PROPERTY, ICAL_RECURRENCEID_PROPERTY, ICAL_CREATED_PROPERTY,
        ICAL_XLICERROR_PROPERTY};
    icalcomponent *event = NULL;

    *wrong = interchange_todo_refusal(r, todo);
    if (*wrong || !(event = icalcomponent_new_vevent()))
        return NULL;
    for (size_t i = 0; i < sizeof copied / sizeof *copied; i++)
        for (icalproperty *p = icalcomponent_get_first_property(todo, copied[i]); p;
             p = icalcomponent_get_next_property(todo, copied[i]))
            icalcomponent_add_property(event, icalproperty_new_clone(p));
    for (icalcomponent *a = icalcomponent_get_first_component(todo, ICAL_VALARM_COMPONENT); a;
         a = icalcomponent_get_next_component(todo, ICAL_VALARM_COMPONENT))
        icalcomponent_add_component(event, icalcomponent_new_clone(a));
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
