/* SPDX-License-Identifier: BSD-2-Clause */
/* interchange: time zones that a text defines or names, and times in them. */
#include "tools/calendar/interchange_parts.h"

#include "tools/calendar/recurrence.h"
#include "tools/calendar/windows_zones.h"
#include "tools/kit/civil.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define YEAR_MIN 1900
#define YEAR_MAX 2200

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

static int interchange_compare_windows(const void *name, const void *row)
{
    return strcmp(name, ((const struct windows_zone *)row)->name);
}

/* "AUS Eastern Standard Time", perhaps in quotes or behind a path. */
static const struct zone *interchange_windows_zone(const char *id)
{
    const char *slash = strrchr(id, '/');
    const struct zone *z;
    const struct windows_zone *row = bsearch(slash ? slash + 1 : id, windows_zones,
        windows_zones_count, sizeof windows_zones[0], interchange_compare_windows);
    return row && zone_get(row->zone, &z) == 0 ? z : NULL;
}

void interchange_take_zone(struct reader *r, const struct span *span)
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
    if (!z->meant)
        z->meant = interchange_windows_zone(z->id);
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

int64_t interchange_to_local(int64_t utc_s, const struct zone *z)
{
    struct zone_offset offset;
    zone_at(z, utc_s, &offset);
    return utc_s + offset.seconds;
}

/* Returns what is wrong with it, or NULL. */
const char *interchange_read_when(struct reader *r, icalproperty *property, struct icaltimetype t,
    struct when *out)
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
            if (!own->meant)
                own->meant = interchange_windows_zone(own->id);
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
