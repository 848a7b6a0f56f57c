/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/calendar/interchange_parts.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/utf8.h"
#include "tools/calendar/calendar_event.h"
#include "tools/calendar/calendar_reminders.h"
#include "tools/calendar/calendar_series.h"
#include "tools/kit/civil.h"
#include "tools/kit/timestamp.h"

#include <stdio.h>
#include <string.h>

#define ZONES_MAX 600 /* names there are */
#define DAY_MINUTES 1440

int interchange_begin(struct interchange_writer *w)
{
    /* Names of zones without libical's own prefix, from the system's database. */
    icaltimezone_set_builtin_tzdata(0);
    icaltimezone_set_tzid_prefix("");
    w->zones = arena_array(w->arena, ZONES_MAX, sizeof *w->zones);
    w->zone_count = 0;
    buf_puts(w->out,
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Turnpike//Calendar//EN\r\n"
        "CALSCALE:GREGORIAN\r\n");
    return w->zones ? buf_error(w->out) : ERR_NOMEM;
}

int interchange_end(struct interchange_writer *w)
{
    buf_puts(w->out, "END:VCALENDAR\r\n");
    return buf_error(w->out);
}

static int interchange_put_component(struct interchange_writer *w, icalcomponent *component,
    const jdoc *event)
{
    char *text = icalcomponent_as_ical_string_r(component);
    if (!text)
        return ERR_NOMEM;
    if (event)
        interchange_put_kept(w->out, event, text);
    else
        buf_puts(w->out, text);
    icalmemory_free_buffer(text);
    return buf_error(w->out);
}

/* The VTIMEZONE of a name, once. A name that libical does not know stays without. */
static int interchange_tell_zone(struct interchange_writer *w, const char *name)
{
    for (size_t i = 0; i < w->zone_count; i++)
        if (strcmp(w->zones[i], name) == 0)
            return 0;
    icaltimezone *zone = icaltimezone_get_builtin_timezone(name);
    icalcomponent *component = zone ? icaltimezone_get_component(zone) : NULL;
    if (w->zone_count < ZONES_MAX) {
        const char *copy = arena_strdup(w->arena, name);
        if (!copy)
            return ERR_NOMEM;
        w->zones[w->zone_count++] = copy;
    }
    if (!component)
        return 0;
    icalcomponent *told = icalcomponent_new_clone(component);
    icalproperty *id = told ? icalcomponent_get_first_property(told, ICAL_TZID_PROPERTY) : NULL;
    if (id)
        icalproperty_set_tzid(id, name);
    int error = told ? interchange_put_component(w, told, NULL) : ERR_NOMEM;
    if (told)
        icalcomponent_free(told);
    return error;
}

/* --- times --- */

struct form {
    const struct zone *z;
    bool all_day, utc;
};

static struct icaltimetype interchange_time_of(int64_t local_s, const struct form *f)
{
    struct icaltimetype t = icaltime_null_time();
    struct civil c;
    civil_from_seconds(local_s, &c);
    t.year = c.year;
    t.month = c.month;
    t.day = c.day;
    t.is_date = f->all_day;
    if (!f->all_day) {
        t.hour = c.hour;
        t.minute = c.minute;
        t.second = c.second;
        if (f->utc)
            t.zone = icaltimezone_get_utc_timezone();
    }
    return t;
}

static void interchange_put_time(icalcomponent *to, icalproperty *property, const struct form *f)
{
    if (!f->all_day && !f->utc)
        icalproperty_add_parameter(property, icalparameter_new_tzid(zone_name(f->z)));
    icalcomponent_add_property(to, property);
}

static int64_t interchange_local_of(int64_t ms, const struct zone *z)
{
    struct zone_offset offset;
    int64_t s = ms / 1000 - (ms % 1000 < 0);
    zone_at(z, s, &offset);
    return s + offset.seconds;
}

static struct form interchange_form_of(const jdoc *event)
{
    const struct zone *z = NULL;
    struct form f = {0};
    jdoc_get_bool(event, "all_day", &f.all_day);
    if (zone_get(jdoc_text_or(event, "timezone", "UTC"), &z) != 0)
        err_ignore(zone_get("UTC", &z)); /* z is NULL then */
    f.z = z;
    f.utc = !z || strcmp(zone_name(z), "UTC") == 0;
    return f;
}

static void interchange_put_times(icalcomponent *to, const jdoc *event, const struct form *f)
{
    struct calendar_span s;
    calendar_event_span(event, &s);
    interchange_put_time(to,
        icalproperty_new_dtstart(interchange_time_of(calendar_event_local(event), f)), f);
    if (s.end_ms >= 0 && f->z)
        interchange_put_time(to,
            icalproperty_new_dtend(interchange_time_of(interchange_local_of(s.end_ms, f->z), f)),
            f);
}

static void interchange_put_stamp(icalcomponent *to, const jdoc *event, const char *key,
    icalproperty_kind kind)
{
    struct civil c = {0};
    struct form utc = {.utc = true};
    if (civil_parse(jdoc_text_or(event, key, "1970-01-01T00:00Z"), &c) != 0)
        return;
    struct icaltimetype t = interchange_time_of(civil_seconds(&c) - c.offset, &utc);
    icalproperty *property = icalproperty_new(kind);
    if (!property)
        return;
    icalproperty_set_value(property, icalvalue_new_datetime(t));
    icalcomponent_add_property(to, property);
}

/* --- the rest of an event --- */

static void interchange_put_rule(icalcomponent *to, const jdoc *event, const struct form *f)
{
    const char *rule = jdoc_string(jdoc_get(event, "repeat"), NULL);
    const jdoc *excluded = jdoc_get(event, "excluded"), *added = jdoc_get(event, "added");
    struct icalrecurrencetype parsed;
    if (!rule)
        return;
    parsed = icalrecurrencetype_from_string(rule);
    if (strcmp(rule, CALENDAR_SERIES_ONCE) != 0 || jdoc_length(added) == 0)
        icalcomponent_add_property(to, icalproperty_new_rrule(parsed));
    for (size_t i = 0; i < jdoc_length(excluded); i++) {
        const char *text = jdoc_string(jdoc_at(excluded, i), NULL);
        struct civil c;
        if (text && civil_parse(text, &c) == 0)
            interchange_put_time(to,
                icalproperty_new_exdate(interchange_time_of(civil_seconds(&c), f)), f);
    }
    for (size_t i = 0; i < jdoc_length(added); i++) {
        const char *text = jdoc_string(jdoc_at(added, i), NULL);
        struct icaldatetimeperiodtype at = {.period = icalperiodtype_null_period()};
        struct civil c;
        if (!text || civil_parse(text, &c) != 0)
            continue;
        at.time = interchange_time_of(civil_seconds(&c), f);
        interchange_put_time(to, icalproperty_new_rdate(at), f);
    }
}

static void interchange_write_text(icalcomponent *to, const jdoc *event, const char *key,
    icalproperty *(*make)(const char *))
{
    const char *text = jdoc_text_or(event, key, "");
    if (text[0] != '\0')
        icalcomponent_add_property(to, make(text));
}

/* One that was cut when it was read is given back whole, as long as nobody has changed it. */
static void interchange_put_description(icalcomponent *to, const jdoc *event)
{
    const char *text = jdoc_text_or(event, "description", "");
    size_t len;
    bool is_cut = utf8_length(text, strlen(text)) == INTERCHANGE_DESCRIPTION_MAX;
    const char *line = is_cut ? interchange_kept_line(event, "DESCRIPTION", &len) : NULL;
    icalproperty *whole = line ? icalproperty_new_from_string(line) : NULL;
    if (whole && icalproperty_isa(whole) == ICAL_DESCRIPTION_PROPERTY &&
        icalproperty_get_description(whole) &&
        strncmp(icalproperty_get_description(whole), text, strlen(text)) == 0) {
        icalcomponent_add_property(to, whole);
        return;
    }
    if (whole)
        icalproperty_free(whole);
    interchange_write_text(to, event, "description", icalproperty_new_description);
}

static void interchange_put_colour(icalcomponent *to, const jdoc *event)
{
    const char *colour = jdoc_text_or(event, "color", "");
    if (colour[0] == '\0')
        return;
    icalproperty *property = icalproperty_new_x(colour);
    icalproperty_set_x_name(property, "X-TURNPIKE-COLOR");
    icalcomponent_add_property(to, property);
}

/* Whole days are days of the calendar, as with us; other offsets minutes. Those of whole-day events
 * are counted from an hour of the day here, from midnight there. */
static struct icaltriggertype interchange_trigger_of(int64_t minutes, bool all_day)
{
    struct icaltriggertype t = {.time = icaltime_null_time(), .duration = {.is_neg = 1}};
    if (all_day)
        minutes -= CALENDAR_REMINDERS_HOUR * 60;
    if (minutes % DAY_MINUTES == 0 && minutes > 0)
        t.duration.days = (unsigned)(minutes / DAY_MINUTES);
    else
        t.duration.minutes = (unsigned)(minutes < 0 ? -minutes : minutes);
    t.duration.is_neg = minutes > 0;
    return t;
}

static void interchange_put_alarms(icalcomponent *to, const jdoc *event)
{
    int64_t all[CALENDAR_REMINDERS_MAX];
    size_t count = calendar_reminders_written(event, all);
    bool all_day = jdoc_is_true(event, "all_day");
    for (size_t i = 0; i < count; i++) {
        int64_t minutes = all[i];
        if (minutes < 0 || minutes > 40320)
            continue;
        icalcomponent *alarm = icalcomponent_new_valarm();
        icalcomponent_add_property(alarm, icalproperty_new_action(ICAL_ACTION_DISPLAY));
        icalcomponent_add_property(alarm,
            icalproperty_new_description(jdoc_text_or(event, "title", "")));
        icalcomponent_add_property(alarm,
            icalproperty_new_trigger(interchange_trigger_of(minutes, all_day)));
        icalcomponent_add_component(to, alarm);
    }
}

static const char *interchange_uid_of(const jdoc *event)
{
    return jdoc_text_or(event, "uid", jdoc_text_or(event, "id", ""));
}

static void interchange_put_identity(icalcomponent *to, const jdoc *event, const jdoc *series)
{
    struct civil c;
    icalcomponent_add_property(to,
        icalproperty_new_uid(interchange_uid_of(series ? series : event)));
    if (!series || civil_parse(jdoc_text_or(event, "occurrence", ""), &c) != 0)
        return;
    struct form f = interchange_form_of(series);
    interchange_put_time(to,
        icalproperty_new_recurrenceid(interchange_time_of(civil_seconds(&c), &f)), &f);
}

int interchange_event(struct interchange_writer *w, const jdoc *event, const jdoc *series)
{
    struct form f = interchange_form_of(event),
                of_series = interchange_form_of(series ? series : event);
    int error = 0;
    if (!f.all_day && !f.utc)
        error = interchange_tell_zone(w, zone_name(f.z));
    if (error == 0 && !of_series.all_day && !of_series.utc)
        error = interchange_tell_zone(w, zone_name(of_series.z));
    icalcomponent *to = error == 0 ? icalcomponent_new_vevent() : NULL;
    if (!to)
        return error != 0 ? error : ERR_NOMEM;
    interchange_put_identity(to, event, series);
    interchange_put_stamp(to, event, "updated_at", ICAL_DTSTAMP_PROPERTY);
    interchange_put_stamp(to, event, "created_at", ICAL_CREATED_PROPERTY);
    interchange_put_stamp(to, event, "updated_at", ICAL_LASTMODIFIED_PROPERTY);
    interchange_put_times(to, event, &f);
    interchange_put_rule(to, event, &f);
    interchange_write_text(to, event, "title", icalproperty_new_summary);
    interchange_put_description(to, event);
    interchange_write_text(to, event, "location_name", icalproperty_new_location);
    if (strcmp(jdoc_text_or(event, "event_type", ""), "personal") != 0)
        interchange_write_text(to, event, "event_type", icalproperty_new_categories);
    interchange_put_colour(to, event);
    interchange_put_alarms(to, event);
    error = interchange_put_component(w, to, event);
    icalcomponent_free(to);
    return error;
}
