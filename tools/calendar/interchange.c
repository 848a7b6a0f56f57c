/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "tools/calendar/interchange.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/utf8.h"
#include "tools/calendar/calendar_event.h"
#include "tools/calendar/calendar_reminders.h"
#include "tools/calendar/calendar_series.h"
#include "tools/calendar/recurrence.h"
#include "tools/kit/civil.h"
#include "tools/kit/timestamp.h"

#include <libical/ical.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define DEPTH_MAX 4
#define NAME_MAX_LEN 40
#define YEAR_MIN 1900
#define YEAR_MAX 2200
#define DAY_S 86400
#define DAY_MS (DAY_S * INT64_C(1000))
#define LENGTH_MAX_S (366 * DAY_S)
#define REMINDERS_MAX 5
#define REMINDER_MINUTES_MAX 40320
#define TITLE_MAX 200
#define DESCRIPTION_MAX 2000

/* A component of the text, before libical sees it. */
struct span {
    const char *start;
    size_t len, line, properties;
    char name[NAME_MAX_LEN + 1];
    bool too_deep, closed, odd;
};

/* A zone that the text defines, or only names. */
struct own_zone {
    const char *id;
    icaltimezone *zone;       /* NULL: named only */
    const struct zone *meant; /* of the database; NULL = none agrees */
    bool compared;
};

struct reader {
    struct arena *arena;
    const struct zone *zone; /* the user's */
    struct interchange_list *out;
    struct own_zone zones[INTERCHANGE_ZONES_MAX];
    size_t zone_count;
};

/* --- the text's outline --- */

struct outline {
    const char *at, *end;
    size_t line;
};

/* The next unfolded property begins at the returned place; NULL at the end. */
static const char *interchange_next_line(struct outline *o, size_t *len)
{
    const char *start = o->at;
    if (start >= o->end)
        return NULL;
    const char *stop = memchr(start, '\n', (size_t)(o->end - start));
    o->at = stop ? stop + 1 : o->end;
    o->line++;
    *len = (size_t)((stop ? stop : o->end) - start);
    if (*len > 0 && start[*len - 1] == '\r')
        --*len;
    return start;
}

/* The name behind "BEGIN:" or "END:", or NULL. */
static bool interchange_read_mark(const char *line, size_t len, const char *mark,
    char name[NAME_MAX_LEN + 1])
{
    size_t n = strlen(mark);
    if (len <= n || strncasecmp(line, mark, n) != 0)
        return false;
    snprintf(name, NAME_MAX_LEN + 1, "%.*s", (int)(len - n > NAME_MAX_LEN ? NAME_MAX_LEN : len - n),
        line + n);
    for (char *c = name; *c != '\0'; c++)
        if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
    return true;
}

/* Does it begin, or could it with what is folded to it, with BEGIN or END? */
static bool interchange_is_mark(const char *line, size_t len)
{
    static const char *const marks[] = {"BEGIN", "END"};
    for (size_t i = 0; i < 2; i++) {
        size_t n = strlen(marks[i]);
        if (strncasecmp(line, marks[i], len < n ? len : n) == 0 &&
            (len <= n || line[n] == ':' || line[n] == ';'))
            return true;
    }
    return false;
}

/* Marks that libical and the outline would read in different ways. */
static bool interchange_is_odd(const char *line, size_t len, bool after_mark)
{
    if (len > 0 && (line[0] == ' ' || line[0] == '\t'))
        return after_mark;
    char name[NAME_MAX_LEN + 1];
    return len >= 3 && interchange_is_mark(line, len) &&
        !interchange_read_mark(line, len, "BEGIN:", name) &&
        !interchange_read_mark(line, len, "END:", name);
}

/* The next component below VCALENDAR. Returns false at the end of the text. */
static bool interchange_next_component(struct outline *o, struct span *out)
{
    char name[NAME_MAX_LEN + 1];
    size_t len, depth = 0;
    const char *line;
    bool after_mark = false;
    memset(out, 0, sizeof *out);
    while ((line = interchange_next_line(o, &len))) {
        out->odd |= interchange_is_odd(line, len, after_mark);
        after_mark = interchange_is_mark(line, len);
        if (interchange_read_mark(line, len, "BEGIN:", name)) {
            if (depth == 0 && strcmp(name, "VCALENDAR") == 0)
                continue;
            if (depth++ == 0) {
                out->start = line;
                out->line = o->line;
                snprintf(out->name, sizeof out->name, "%s", name);
            }
            out->too_deep |= depth > DEPTH_MAX;
        } else if (interchange_read_mark(line, len, "END:", name) && depth > 0) {
            out->len = (size_t)(o->at - out->start);
            out->closed = --depth == 0 && strcmp(name, out->name) == 0;
            if (depth == 0)
                return true;
        }
        if (len > 0 && line[0] != ' ' && line[0] != '\t')
            out->properties++;
    }
    if (out->start)
        out->len = (size_t)(o->end - out->start);
    return out->start != NULL;
}

static icalcomponent *interchange_parse(struct reader *r, const struct span *span)
{
    const char *text = arena_memdup(r->arena, span->start, span->len);
    return text ? icalparser_parse_string(text) : NULL;
}

static const char *interchange_refusal(const struct span *span)
{
    if (span->too_deep)
        return "it is nested too deeply";
    if (!span->closed)
        return "its END is missing or another's";
    if (span->odd)
        return "a BEGIN or END of it is folded or has parameters";
    return span->properties > INTERCHANGE_PROPERTIES_MAX ? "it has more than 500 lines" : NULL;
}

/* --- zones --- */

/* libical counts a zone's changes out by its rules: only yearly ones end soon. */
static bool interchange_zone_is_safe(icalcomponent *zone)
{
    int parts = 0;
    for (icalcomponent *part = icalcomponent_get_first_component(zone, ICAL_ANY_COMPONENT); part;
         part = icalcomponent_get_next_component(zone, ICAL_ANY_COMPONENT)) {
        icalproperty *rule = icalcomponent_get_first_property(part, ICAL_RRULE_PROPERTY);
        struct icaltimetype start = icalcomponent_get_dtstart(part);
        if (++parts > 100 || (!icaltime_is_null_time(start) && start.year < 1600))
            return false;
        for (; rule; rule = icalcomponent_get_next_property(part, ICAL_RRULE_PROPERTY)) {
            struct icalrecurrencetype parsed = icalproperty_get_rrule(rule);
            char *text = !parsed.rscale ? icalrecurrencetype_as_string_r(&parsed) : NULL;
            bool safe = text && recurrence_is_of_months(text);
            if (text)
                icalmemory_free_buffer(text);
            if (!safe)
                return false;
        }
    }
    return true;
}

/* "Australia/Sydney", also behind a program's own prefix. */
static const struct zone *interchange_named_zone(const char *id)
{
    const struct zone *z;
    for (const char *at = id; at; at = strchr(at, '/')) {
        at += *at == '/';
        if (*at != '\0' && zone_get(at, &z) == 0)
            return z;
    }
    return NULL;
}

static void interchange_take_zone(struct reader *r, const struct span *span)
{
    icalcomponent *parsed = !interchange_refusal(span) && r->zone_count < INTERCHANGE_ZONES_MAX ?
        interchange_parse(r, span) :
        NULL;
    icalproperty *id = parsed ? icalcomponent_get_first_property(parsed, ICAL_TZID_PROPERTY) : NULL;
    const char *name = id ? icalproperty_get_tzid(id) : NULL;
    if (!name || icalcomponent_isa(parsed) != ICAL_VTIMEZONE_COMPONENT ||
        !interchange_zone_is_safe(parsed)) {
        if (parsed)
            icalcomponent_free(parsed);
        return;
    }
    struct own_zone *z = &r->zones[r->zone_count];
    *z = (struct own_zone){.id = arena_strdup(r->arena, name), .zone = icaltimezone_new()};
    if (!z->id || !z->zone || !icaltimezone_set_component(z->zone, parsed)) {
        if (z->zone)
            icaltimezone_free(z->zone, 1);
        icalcomponent_free(parsed);
        return;
    }
    r->zone_count++;
    z->meant = interchange_named_zone(z->id);
    for (icalproperty *p = icalcomponent_get_first_property(parsed, ICAL_X_PROPERTY);
         !z->meant && p; p = icalcomponent_get_next_property(parsed, ICAL_X_PROPERTY)) {
        const char *x = icalproperty_get_x_name(p), *value = icalproperty_get_x(p);
        if (x && value && strcasecmp(x, "X-LIC-LOCATION") == 0)
            z->meant = interchange_named_zone(value);
    }
}

/* Do both have the same offset through a year around this time? */
static bool interchange_agrees(icaltimezone *theirs, const struct zone *ours,
    struct icaltimetype around)
{
    for (int i = 0; i < 12; i++) {
        struct icaltimetype t = around;
        struct zone_offset offset;
        int in_summer;
        t.is_date = 0;
        t.zone = NULL;
        icaltime_adjust(&t, i * 30, 0, 0, 0);
        struct civil c = {.year = t.year, .month = t.month, .day = t.day, .hour = 12};
        t.hour = 12;
        int theirs_s = icaltimezone_get_utc_offset(theirs, &t, &in_summer);
        zone_at(ours, civil_seconds(&c) - theirs_s, &offset);
        if (offset.seconds != theirs_s)
            return false;
    }
    return true;
}

static const struct zone *interchange_find_agreeing(const struct reader *r, icaltimezone *theirs,
    struct icaltimetype around)
{
    static const char *const names[] = {"UTC", "Australia/Sydney", "Australia/Brisbane",
        "Australia/Adelaide", "Australia/Darwin", "Australia/Perth", "Australia/Hobart",
        "Pacific/Auckland", "America/New_York", "America/Chicago", "America/Denver",
        "America/Phoenix", "America/Los_Angeles", "America/Anchorage", "Pacific/Honolulu",
        "America/Halifax", "America/St_Johns", "America/Sao_Paulo", "America/Mexico_City",
        "America/Bogota", "Europe/London", "Europe/Berlin", "Europe/Helsinki", "Europe/Istanbul",
        "Africa/Johannesburg", "Africa/Lagos", "Africa/Nairobi", "Africa/Cairo", "Asia/Jerusalem",
        "Asia/Dubai", "Asia/Karachi", "Asia/Kolkata", "Asia/Kathmandu", "Asia/Dhaka",
        "Asia/Bangkok", "Asia/Singapore", "Asia/Tokyo", "Pacific/Guam", "Pacific/Fiji"};
    const struct zone *z;
    if (interchange_agrees(theirs, r->zone, around))
        return r->zone;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (zone_get(names[i], &z) == 0 && interchange_agrees(theirs, z, around))
            return z;
    return NULL;
}

/* --- times --- */

struct when {
    bool is_date;
    int64_t local_s; /* in `z` */
    int64_t ms;
    const struct zone *z;
    bool fixed; /* z is only how it is shown: its own zone is none of the database */
};

static struct own_zone *interchange_zone_of(struct reader *r, const char *id)
{
    for (size_t i = 0; i < r->zone_count; i++)
        if (strcmp(r->zones[i].id, id) == 0)
            return &r->zones[i];
    if (r->zone_count == INTERCHANGE_ZONES_MAX)
        return NULL;
    struct own_zone *z = &r->zones[r->zone_count];
    *z = (struct own_zone){.id = arena_strdup(r->arena, id), .meant = interchange_named_zone(id)};
    if (!z->id)
        return NULL;
    r->zone_count++;
    return z;
}

static int64_t interchange_seconds_of(struct icaltimetype t)
{
    struct civil c = {.year = t.year, .month = t.month, .day = t.day};
    if (!t.is_date) {
        c.hour = t.hour;
        c.minute = t.minute;
        c.second = t.second > 59 ? 59 : t.second;
    }
    return civil_seconds(&c);
}

static bool interchange_is_real(struct icaltimetype t)
{
    return !icaltime_is_null_time(t) && t.year >= YEAR_MIN && t.year <= YEAR_MAX && t.month >= 1 &&
        t.month <= 12 && t.day >= 1 && t.day <= civil_month_days(t.year, t.month) &&
        (t.is_date ||
            (t.hour >= 0 && t.hour < 24 && t.minute >= 0 && t.minute < 60 && t.second >= 0 &&
                t.second <= 60));
}

static int64_t interchange_to_local(int64_t utc_s, const struct zone *z)
{
    struct zone_offset offset;
    zone_at(z, utc_s, &offset);
    return utc_s + offset.seconds;
}

/* Returns what is wrong with it, or NULL. */
static const char *interchange_read_when(struct reader *r, icalproperty *property,
    struct icaltimetype t, struct when *out)
{
    icalparameter *p = icalproperty_get_first_parameter(property, ICAL_TZID_PARAMETER);
    const char *id = p ? icalparameter_get_tzid(p) : NULL;
    int64_t utc_s;
    if (!interchange_is_real(t))
        return "a time is not a real one between 1900 and 2200";
    *out = (struct when){.is_date = t.is_date, .local_s = interchange_seconds_of(t), .z = r->zone};
    if (icaltime_is_utc(t)) {
        if (zone_get("UTC", &out->z))
            return "its time is in UTC, which the time zones here do not have";
    } else if (id && !t.is_date) {
        struct own_zone *own = interchange_zone_of(r, id);
        if (own && !own->meant && own->zone && !own->compared) {
            own->meant = interchange_find_agreeing(r, own->zone, t);
            own->compared = true;
        }
        if (!own || (!own->meant && !own->zone))
            return "its time zone is neither known nor defined in the text";
        out->fixed = !own->meant;
        if (out->fixed) {
            int in_summer;
            t.zone = NULL;
            utc_s = out->local_s - icaltimezone_get_utc_offset(own->zone, &t, &in_summer);
            out->ms = utc_s * 1000;
            out->local_s = interchange_to_local(utc_s, r->zone);
            return NULL;
        }
        out->z = own->meant;
    }
    zone_to_utc(out->z, out->local_s, &utc_s);
    out->ms = utc_s * 1000;
    return NULL;
}

/* --- one event --- */

struct draft {
    struct reader *r;
    icalcomponent *from;
    struct interchange_item *item;
    jdoc *event;
    struct when start;
};

static icalproperty *interchange_first(const struct draft *d, icalproperty_kind kind)
{
    return icalcomponent_get_first_property(d->from, kind);
}

/* libical leaves out what it cannot read, and says so in the component. */
static const char *interchange_find_unread(const struct draft *d)
{
    static const char *const needed[] = {"RRULE", "DTSTART", "DTEND", "EXDATE", "RECURRENCE-ID",
        "DURATION", "UID"};
    for (icalproperty *p = interchange_first(d, ICAL_XLICERROR_PROPERTY); p;
         p = icalcomponent_get_next_property(d->from, ICAL_XLICERROR_PROPERTY)) {
        const char *text = icalproperty_get_xlicerror(p);
        for (size_t i = 0; text && i < sizeof needed / sizeof *needed; i++)
            if (strcasestr(text, needed[i]))
                return arena_printf(d->r->arena, "%s cannot be read", needed[i]);
    }
    return NULL;
}

/* Adds a sentence to what was left out. */
static int interchange_warn(struct draft *d, const char *text)
{
    const char *before = d->item->warning;
    d->item->warning = before ? arena_printf(d->r->arena, "%s; %s", before, text) : text;
    return d->item->warning ? 0 : ERR_NOMEM;
}

/* Cut at max code points; blanks in place of what cannot be in a text. */
static int interchange_put_text(struct draft *d, const char *key, const char *text, size_t max)
{
    size_t len = strlen(text), n = 0, at = 0;
    if (!utf8_valid(text, len) || len == 0)
        return 0;
    while (at < len && n < max) {
        at += utf8_sequence(text + at, len - at, NULL);
        n++;
    }
    if (at < len) {
        const char *cut = arena_printf(d->r->arena, "%s was cut to %zu characters", key, max);
        if (!cut || interchange_warn(d, cut) != 0)
            return ERR_NOMEM;
    }
    jdoc *value = jdoc_new_string(text, at);
    return value ? jdoc_set(d->event, key, value) : ERR_NOMEM;
}

static int interchange_put_texts(struct draft *d)
{
    static const char *const types[] = {"personal", "reminder", "trip", "booking", "maintenance",
        "inspection"};
    const char *title = icalcomponent_get_summary(d->from), *type = "personal", *x;
    const char *description = icalcomponent_get_description(d->from);
    const char *location = icalcomponent_get_location(d->from);
    for (icalproperty *p = interchange_first(d, ICAL_CATEGORIES_PROPERTY); p;
         p = icalcomponent_get_next_property(d->from, ICAL_CATEGORIES_PROPERTY))
        for (size_t i = 0; (x = icalproperty_get_categories(p)) && i < 6; i++)
            if (strcasecmp(types[i], x) == 0)
                type = types[i];
    int failed = interchange_put_text(d, "title", title && title[0] != '\0' ? title : "(no title)",
        TITLE_MAX);
    if (!jdoc_get(d->event, "title"))
        failed |= jdoc_set_string(d->event, "title", "(no title)");
    if (description)
        failed |= interchange_put_text(d, "description", description, DESCRIPTION_MAX);
    if (location)
        failed |= interchange_put_text(d, "location_name", location, TITLE_MAX);
    failed |= jdoc_set_string(d->event, "event_type", type);
    for (icalproperty *p = interchange_first(d, ICAL_X_PROPERTY); p;
         p = icalcomponent_get_next_property(d->from, ICAL_X_PROPERTY)) {
        const char *name = icalproperty_get_x_name(p), *value = icalproperty_get_x(p);
        if (name && value && strcasecmp(name, "X-TURNPIKE-COLOR") == 0 && strlen(value) == 7 &&
            value[0] == '#' && strspn(value + 1, "0123456789abcdefABCDEF") == 6)
            failed |= jdoc_set_string(d->event, "color", value);
    }
    return failed != 0 ? ERR_NOMEM : 0;
}

static int64_t interchange_duration_seconds(struct icaldurationtype t)
{
    int64_t s = t.weeks * INT64_C(604800) + t.days * INT64_C(86400) + t.hours * INT64_C(3600) +
        t.minutes * INT64_C(60) + t.seconds;
    return t.is_neg ? -s : s;
}

/* When it ends; -1 = no end of its own. Returns what is wrong, or NULL. */
static const char *interchange_read_end(const struct draft *d, int64_t *end_ms)
{
    icalproperty *end = interchange_first(d, ICAL_DTEND_PROPERTY),
                 *length = interchange_first(d, ICAL_DURATION_PROPERTY);
    const struct when *start = &d->start;
    struct when w;
    *end_ms = start->is_date ? timestamp_day(start->ms, 1, start->z) : -1;
    if (end) {
        const char *wrong = interchange_read_when(d->r, end, icalproperty_get_dtend(end), &w);
        if (wrong)
            return wrong;
        if (w.is_date != start->is_date)
            return "DTEND is a date and DTSTART a time, or the other way round";
        if (w.ms < start->ms)
            return "DTEND is before DTSTART";
        if (!start->is_date || w.ms > start->ms)
            *end_ms = w.ms;
    } else if (length) {
        int64_t s = interchange_duration_seconds(icalproperty_get_duration(length));
        if (s < 0)
            return "DURATION is negative";
        if (start->is_date && s <= LENGTH_MAX_S)
            *end_ms = timestamp_day(start->ms, s > DAY_S ? (int)(s / DAY_S) : 1, start->z);
        else
            *end_ms = start->ms + s * 1000;
    }
    return *end_ms - start->ms > LENGTH_MAX_S * INT64_C(1000) ? "it lasts longer than 366 days" :
                                                                NULL;
}

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

/* RRULE and EXDATE. Returns what is wrong, or NULL; *failed: no memory. */
static const char *interchange_read_rule(struct draft *d, bool *failed)
{
    icalproperty *rule = interchange_first(d, ICAL_RRULE_PROPERTY), *out;
    const char *wrong = NULL;
    if (interchange_first(d, ICAL_RDATE_PROPERTY) || interchange_first(d, ICAL_EXRULE_PROPERTY))
        *failed |= interchange_warn(d, "RDATE and EXRULE are not kept") != 0;
    if (!rule)
        return NULL;
    if (icalcomponent_get_next_property(d->from, ICAL_RRULE_PROPERTY))
        return "more than one RRULE";
    if (d->start.fixed)
        return "it repeats in a time zone that none of the zone database agrees with";
    struct icalrecurrencetype parsed = icalproperty_get_rrule(rule);
    char *text = icalrecurrencetype_as_string_r(&parsed);
    *failed |= !text || jdoc_set_string(d->event, "repeat", text) != 0;
    if (text)
        icalmemory_free_buffer(text);
    for (out = interchange_first(d, ICAL_EXDATE_PROPERTY); out && !wrong;
         out = icalcomponent_get_next_property(d->from, ICAL_EXDATE_PROPERTY)) {
        char key[CALENDAR_SERIES_KEY_SIZE];
        int64_t local_s;
        wrong = interchange_read_exception(d, out, icalproperty_get_exdate(out), &local_s);
        if (wrong)
            break;
        calendar_series_key(local_s, d->start.is_date, key);
        int error =
            calendar_series_is_out(d->event, key) ? 0 : calendar_series_exclude(d->event, key);
        *failed |= error == ERR_NOMEM;
        if (error == ERR_FULL)
            wrong = "more than 366 EXDATE";
    }
    return wrong;
}

/* Seconds from the alarm to the start. Returns why it cannot be kept, or NULL. */
static const char *interchange_alarm_seconds(const struct draft *d, icalcomponent *alarm,
    int64_t *s)
{
    icalproperty *p = icalcomponent_get_first_property(alarm, ICAL_TRIGGER_PROPERTY);
    struct calendar_span span;
    if (!p)
        return "an alarm without a time was not kept";
    icalparameter *related = icalproperty_get_first_parameter(p, ICAL_RELATED_PARAMETER);
    struct icaltriggertype t = icalproperty_get_trigger(p);
    calendar_event_span(d->event, &span);
    if (!icaltime_is_null_time(t.time)) {
        if (calendar_series_is(d->event))
            return "an alarm at one fixed time, of an event that repeats, was not kept";
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
        return "an alarm after the start was not kept";
    if (s / 60 > REMINDER_MINUTES_MAX)
        return "an alarm more than 28 days before the start was not kept";
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
static int interchange_read_alarms(struct draft *d)
{
    int64_t seen[REMINDERS_MAX];
    size_t n = 0;
    int error = 0;
    jdoc *list = jdoc_new_array();
    if (!list)
        return ERR_NOMEM;
    for (icalcomponent *a = icalcomponent_get_first_component(d->from, ICAL_VALARM_COMPONENT);
         a && error == 0; a = icalcomponent_get_next_component(d->from, ICAL_VALARM_COMPONENT)) {
        int64_t minutes = 0;
        const char *wrong = interchange_alarm_minutes(d, a, &minutes);
        if (!wrong && interchange_is_among(seen, n, minutes))
            continue;
        if (!wrong && n == REMINDERS_MAX)
            wrong = "more than 5 alarms: the others were not kept";
        if (wrong) {
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

static int interchange_read_created(struct draft *d)
{
    icalproperty *p = interchange_first(d, ICAL_CREATED_PROPERTY);
    struct when w;
    char text[CLOCK_RFC3339_SIZE];
    if (!p || interchange_read_when(d->r, p, icalproperty_get_created(p), &w))
        return 0;
    clock_rfc3339(w.ms, text);
    return jdoc_set_string(d->event, "created_at", text);
}

/* Returns what is wrong, or NULL. */
static const char *interchange_read_times(struct draft *d, bool *failed)
{
    icalproperty *start = interchange_first(d, ICAL_DTSTART_PROPERTY), *id;
    struct calendar_span s = {0};
    if (!start)
        return "DTSTART is missing";
    const char *wrong =
        interchange_read_when(d->r, start, icalproperty_get_dtstart(start), &d->start);
    if (!wrong)
        wrong = interchange_read_end(d, &s.end_ms);
    if (wrong)
        return wrong;
    s.start.ms = d->start.ms;
    s.all_day = d->start.is_date;
    *failed |= calendar_event_set_times(d->event, &s, d->start.z) != 0;
    id = interchange_first(d, ICAL_RECURRENCEID_PROPERTY);
    if (!id)
        return interchange_read_rule(d, failed);
    struct icaltimetype t = icalproperty_get_recurrenceid(id);
    d->item->is_override = true;
    d->item->occurrence_is_date = t.is_date;
    struct when w;
    wrong = interchange_read_when(d->r, id, t, &w);
    if (!wrong) {
        d->item->occurrence_s = w.local_s;
        d->item->occurrence_zone = w.z;
        d->item->occurrence_ms = w.ms;
    }
    return wrong;
}

static int interchange_read_event(struct reader *r, icalcomponent *from,
    struct interchange_item *item)
{
    struct draft d = {.r = r, .from = from, .item = item, .event = jdoc_new_object()};
    const char *uid = icalcomponent_get_uid(from);
    bool failed = !d.event;
    item->uid = arena_strdup(r->arena, uid && utf8_valid(uid, strlen(uid)) ? uid : "");
    if (failed || !item->uid) {
        jdoc_free(d.event);
        return ERR_NOMEM;
    }
    item->cancelled = icalcomponent_get_status(from) == ICAL_STATUS_CANCELLED;
    item->wrong = interchange_find_unread(&d);
    if (!item->wrong && (item->uid[0] == '\0' || strlen(item->uid) > 255))
        item->wrong = "UID is missing, or longer than 255 bytes";
    if (!item->wrong)
        item->wrong = interchange_read_times(&d, &failed);
    if (!item->wrong)
        failed |= interchange_put_texts(&d) != 0 || interchange_read_alarms(&d) != 0 ||
            interchange_read_created(&d) != 0;
    if (!item->wrong && !failed) {
        item->event = d.event;
        return 0;
    }
    jdoc_free(d.event);
    return failed ? ERR_NOMEM : 0;
}

/* --- the whole --- */

static int interchange_take_component(struct reader *r, const struct span *span)
{
    struct interchange_item *item = &r->out->items[r->out->count];
    *item = (struct interchange_item){.line = span->line,
        .uid = "",
        .component = arena_strdup(r->arena, span->name),
        .wrong = interchange_refusal(span)};
    if (!item->component)
        return ERR_NOMEM;
    if (!utf8_valid(item->component, strlen(item->component)))
        item->component = "?";
    r->out->count++;
    if (item->wrong)
        return 0;
    if (strcmp(span->name, "VEVENT") != 0) {
        item->wrong = "only VEVENT is taken";
        return 0;
    }
    icalcomponent *parsed = interchange_parse(r, span);
    int error = 0;
    if (!parsed || icalcomponent_isa(parsed) != ICAL_VEVENT_COMPONENT)
        item->wrong = "it cannot be read";
    else
        error = interchange_read_event(r, parsed, item);
    if (parsed)
        icalcomponent_free(parsed);
    return error;
}

static int interchange_fail(int error, char why[INTERCHANGE_WHY_SIZE], const char *text)
{
    snprintf(why, INTERCHANGE_WHY_SIZE, "%s", text);
    return error;
}

static int interchange_read_all(struct reader *r, const char *text, size_t len,
    char why[INTERCHANGE_WHY_SIZE])
{
    struct outline o = {.at = text, .end = text + len};
    struct span span;
    size_t components = 0;
    while (interchange_next_component(&o, &span)) {
        if (strcmp(span.name, "VTIMEZONE") == 0)
            interchange_take_zone(r, &span);
        else
            components++;
    }
    if (components > INTERCHANGE_EVENTS_MAX)
        return interchange_fail(ERR_LIMIT, why, "It has more than 1000 components.");
    r->out->items = arena_array(r->arena, components + 1, sizeof *r->out->items);
    if (!r->out->items)
        return ERR_NOMEM;
    o = (struct outline){.at = text, .end = text + len};
    int error = 0;
    while (error == 0 && interchange_next_component(&o, &span))
        if (strcmp(span.name, "VTIMEZONE") != 0)
            error = interchange_take_component(r, &span);
    return error;
}

int interchange_read(const char *text, size_t len, const struct zone *zone, struct arena *arena,
    struct interchange_list *out, char why[INTERCHANGE_WHY_SIZE])
{
    *out = (struct interchange_list){0};
    if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        text += 3;
        len -= 3;
    }
    if (!utf8_valid(text, len) || memchr(text, '\0', len))
        return interchange_fail(ERR_INVALID, why, "It is not UTF-8 text.");
    if (len < 15 || strncasecmp(text, "BEGIN:VCALENDAR", 15) != 0)
        return interchange_fail(ERR_INVALID, why, "It does not begin with BEGIN:VCALENDAR.");
    struct reader *r = arena_array(arena, 1, sizeof *r);
    if (!r)
        return ERR_NOMEM;
    *r = (struct reader){.arena = arena, .zone = zone, .out = out};
    int error = interchange_read_all(r, text, len, why);
    for (size_t i = 0; i < r->zone_count; i++)
        if (r->zones[i].zone)
            icaltimezone_free(r->zones[i].zone, 1);
    return error;
}

void interchange_free(struct interchange_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        jdoc_free(list->items[i].event);
    list->count = 0;
}
