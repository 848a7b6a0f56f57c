/* SPDX-License-Identifier: BSD-2-Clause */
/* interchange: how an event repeats. */
#include "tools/calendar/interchange_parts.h"

#include "tools/calendar/calendar_series.h"
#include "tools/kit/civil.h"

/* The local start of an exception, as the series has it. */
static const char *interchange_read_exception(struct draft *d, icalproperty *p,
    struct icaltimetype t, int64_t *local_s)
{
    struct when w;
    const char *wrong = interchange_read_when(d->r, p, t, &w);
    if (wrong)
        return wrong;
    int64_t of_day = d->start.local_s - civil_days(1970, 1, 1) * DAY_S;
    of_day = (of_day % DAY_S + DAY_S) % DAY_S;
    if (w.is_date)
        *local_s = w.local_s + of_day;
    else if (d->start.is_date)
        *local_s = interchange_to_local(w.ms / 1000, w.z) / DAY_S * DAY_S;
    else if (w.z == d->start.z)
        *local_s = w.local_s; /* as it is written: the clocks may skip it */
    else
        *local_s = interchange_to_local(w.ms / 1000, d->start.z);
    return NULL;
}

/* RDATE and EXDATE: each as the series has it. Returns what is wrong, or NULL. */
static const char *interchange_read_dates(struct draft *d, icalproperty_kind kind, bool *failed)
{
    bool adds = kind == ICAL_RDATE_PROPERTY;
    const char *wrong = NULL;
    for (icalproperty *p = interchange_first(d, kind); p && !wrong;
         p = icalcomponent_get_next_property(d->from, kind)) {
        char key[CALENDAR_SERIES_KEY_SIZE];
        int64_t local_s;
        struct icaltimetype t;
        if (adds) {
            struct icaldatetimeperiodtype both = icalproperty_get_rdate(p);
            bool is_period = icaltime_is_null_time(both.time);
            t = is_period ? both.period.start : both.time;
            if (is_period)
                *failed |= interchange_warn(d, "the lengths of RDATE periods are not kept") != 0;
        } else {
            t = icalproperty_get_exdate(p);
        }
        wrong = interchange_read_exception(d, p, t, &local_s);
        if (wrong)
            break;
        calendar_series_key(local_s, d->start.is_date, key);
        int error = adds                          ? calendar_series_add(d->event, key) :
            calendar_series_is_out(d->event, key) ? 0 :
                                                    calendar_series_exclude(d->event, key);
        *failed |= error == ERR_NOMEM;
        if (error == ERR_FULL)
            wrong = adds ? "more than 100 RDATE" : "more than 366 EXDATE";
    }
    return wrong;
}

const char *interchange_read_rule(struct draft *d, bool *failed)
{
    icalproperty *rule = interchange_first(d, ICAL_RRULE_PROPERTY);
    bool more = interchange_first(d, ICAL_RDATE_PROPERTY);
    if (interchange_first(d, ICAL_EXRULE_PROPERTY))
        *failed |= interchange_warn(d, "EXRULE is not kept") != 0;
    if (!rule && !more)
        return NULL;
    if (rule && icalcomponent_get_next_property(d->from, ICAL_RRULE_PROPERTY))
        return "more than one RRULE";
    if (d->start.fixed)
        return "it repeats in a time zone that none of the zone database agrees with";
    struct icalrecurrencetype parsed = {.freq = ICAL_NO_RECURRENCE};
    if (rule)
        parsed = icalproperty_get_rrule(rule);
    char *text = rule ? icalrecurrencetype_as_string_r(&parsed) : NULL;
    *failed |= (rule && !text) ||
        jdoc_set_string(d->event, "repeat", rule ? text : CALENDAR_SERIES_ONCE) != 0;
    if (text)
        icalmemory_free_buffer(text);
    const char *wrong = interchange_read_dates(d, ICAL_EXDATE_PROPERTY, failed);
    return wrong ? wrong : interchange_read_dates(d, ICAL_RDATE_PROPERTY, failed);
}
