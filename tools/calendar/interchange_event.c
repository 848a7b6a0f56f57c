/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
/* interchange: one VEVENT as a document. */
#include "tools/calendar/interchange_parts.h"

#include "base/clock.h"
#include "base/ident.h"
#include "base/utf8.h"
#include "tools/calendar/calendar_event.h"
#include "tools/calendar/calendar_series.h"
#include "tools/kit/civil.h"
#include "tools/kit/timestamp.h"

#include <string.h>
#include <strings.h>

#define LENGTH_MAX_S (366 * DAY_S)
#define TITLE_MAX 200

icalproperty *interchange_first(const struct draft *d, icalproperty_kind kind)
{
    return icalcomponent_get_first_property(d->from, kind);
}

/* libical leaves out what it cannot read, and says so in the component. */
static const char *interchange_find_unread(const struct draft *d)
{
    static const char *const needed[] = {"RRULE", "DTSTART", "DTEND", "EXDATE", "RECURRENCE-ID",
        "DURATION", "UID", "RDATE"};
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
int interchange_warn(struct draft *d, const char *text)
{
    const char *before = d->item->warning;
    d->item->warning = before ? arena_printf(d->r->arena, "%s; %s", before, text) : text;
    return d->item->warning ? 0 : ERR_NOMEM;
}

/* Cut at max code points; blanks in place of what cannot be in a text. */
int interchange_put_text(struct draft *d, const char *key, const char *text, size_t max)
{
    size_t len = strlen(text), n = 0, at = 0;
    if (!utf8_valid(text, len) || len == 0)
        return 0;
    while (at < len && n < max) {
        at += utf8_sequence(text + at, len - at, NULL);
        n++;
    }
    d->cut_description |= at < len && strcmp(key, "description") == 0;
    if (at < len) {
        const char *cut = arena_printf(d->r->arena, "%s was cut to %zu characters", key, max);
        if (!cut || interchange_warn(d, cut) != 0)
            return ERR_NOMEM;
    }
    jdoc *value = jdoc_new_string(text, at);
    return value ? jdoc_set(d->event, key, value) : ERR_NOMEM;
}

static const char *const interchange_types[] = {"personal", "reminder", "trip", "booking",
    "maintenance", "inspection"};
#define TYPES (sizeof interchange_types / sizeof *interchange_types)

bool interchange_is_type(const char *text, size_t len)
{
    for (size_t i = 0; i < TYPES; i++)
        if (strlen(interchange_types[i]) == len &&
            strncasecmp(interchange_types[i], text, len) == 0)
            return true;
    return false;
}

static int interchange_put_texts(struct draft *d)
{
    const char *title = icalcomponent_get_summary(d->from), *type = "personal", *x;
    const char *description = icalcomponent_get_description(d->from);
    const char *location = icalcomponent_get_location(d->from);
    for (icalproperty *p = interchange_first(d, ICAL_CATEGORIES_PROPERTY); p;
         p = icalcomponent_get_next_property(d->from, ICAL_CATEGORIES_PROPERTY))
        for (size_t i = 0; (x = icalproperty_get_categories(p)) && i < TYPES; i++)
            if (strcasecmp(interchange_types[i], x) == 0)
                type = interchange_types[i];
    int failed = interchange_put_text(d, "title", title && title[0] != '\0' ? title : "(no title)",
        TITLE_MAX);
    if (!jdoc_get(d->event, "title"))
        failed |= jdoc_set_string(d->event, "title", "(no title)");
    if (description)
        failed |= interchange_put_text(d, "description", description, INTERCHANGE_DESCRIPTION_MAX);
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

int64_t interchange_duration_seconds(struct icaldurationtype t)
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
    icalparameter *range = icalproperty_get_first_parameter(id, ICAL_RANGE_PARAMETER);
    if (range)
        return "RANGE=THISANDFUTURE changes later occurrences too: give them as an event of their "
               "own";
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

/* One that has no UID is known by what it says, but for its stamps: twice the same is one. */
static const char *interchange_uid_of_content(struct reader *r, const struct span *span)
{
    static const char *const stamps[] = {"DTSTAMP", "CREATED", "LAST-MODIFIED", "SEQUENCE"};
    char digest[IDENT_SHA256_SIZE];
    const char *at = span->start, *end = span->start + span->len;
    struct buf text = {0};

    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((stop ? stop : end) - at);
        bool skip = false;
        for (size_t i = 0; i < sizeof stamps / sizeof *stamps; i++)
            skip |= len > strlen(stamps[i]) && !strncasecmp(at, stamps[i], strlen(stamps[i]));
        while (len > 0 && at[len - 1] == '\r')
            len--;
        if (!skip)
            buf_put(&text, at, len);
        at = stop ? stop + 1 : end;
    }
    ident_sha256_hex(buf_text(&text), text.len, digest);
    const char *uid = buf_error(&text) ? NULL : arena_printf(r->arena, "content-%.32s", digest);
    buf_free(&text);
    return uid;
}

static int interchange_read_rest(struct draft *d, const struct span *span)
{
    return interchange_put_texts(d) || interchange_read_about(d) || interchange_read_alarms(d) ||
            interchange_read_created(d) || interchange_read_kept(d, span) ?
        ERR_NOMEM :
        0;
}

int interchange_read_event(struct reader *r, icalcomponent *from, const struct span *span,
    struct interchange_item *item)
{
    struct draft d = {.r = r, .from = from, .item = item, .event = jdoc_new_object()};
    const char *uid = icalcomponent_get_uid(from);
    bool failed = !d.event;
    item->uid = uid && uid[0] != '\0' ?
        arena_strdup(r->arena, utf8_valid(uid, strlen(uid)) ? uid : "") :
        interchange_uid_of_content(r, span);
    if (failed || !item->uid) {
        jdoc_free(d.event);
        return ERR_NOMEM;
    }
    item->cancelled = icalcomponent_get_status(from) == ICAL_STATUS_CANCELLED;
    item->wrong = interchange_find_unread(&d);
    if (!item->wrong && (item->uid[0] == '\0' || strlen(item->uid) > 255))
        item->wrong = "UID cannot be read, or is longer than 255 bytes";
    if (!item->wrong && (!uid || uid[0] == '\0') &&
        interchange_first(&d, ICAL_RECURRENCEID_PROPERTY))
        item->wrong = "it has a RECURRENCE-ID and no UID";
    if (!item->wrong)
        item->wrong = interchange_read_times(&d, &failed);
    if (!item->wrong)
        failed |= interchange_read_rest(&d, span) != 0;
    if (!item->wrong && !failed) {
        item->event = d.event;
        return 0;
    }
    jdoc_free(d.event);
    return failed ? ERR_NOMEM : 0;
}
