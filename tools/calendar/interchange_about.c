/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * interchange: what a file says of an event beside its times and texts, as members. The lines
 * themselves are kept (interchange_kept.c): these members are for people and the model.
 */
#include "tools/calendar/interchange_parts.h"

#include "base/utf8.h"

#include <string.h>
#include <strings.h>

#define ABOUT_PEOPLE_MAX 50
#define ABOUT_NAME_MAX 160
#define ABOUT_URL_MAX 1000

static bool interchange_is_url(const char *text)
{
    return text &&
        (strncasecmp(text, "https://", 8) == 0 || strncasecmp(text, "http://", 7) == 0) &&
        strlen(text) <= ABOUT_URL_MAX && utf8_valid(text, strlen(text));
}

/* "Ann Lee <ann@example.org>"; NULL: it names nobody. */
static const char *interchange_person(struct draft *d, icalproperty *p, const char *address)
{
    icalparameter *cn = icalproperty_get_first_parameter(p, ICAL_CN_PARAMETER);
    const char *name = cn ? icalparameter_get_cn(cn) : NULL;

    if (address && strncasecmp(address, "mailto:", 7) == 0)
        address += 7;
    if (!address || !utf8_valid(address, strlen(address)) || strlen(address) > ABOUT_NAME_MAX)
        address = "";
    if (!name || !utf8_valid(name, strlen(name)) || strlen(name) > ABOUT_NAME_MAX)
        name = "";
    if (!*name && !*address)
        return NULL;
    if (!*name || !*address || strcmp(name, address) == 0)
        return *name ? name : address;
    return arena_printf(d->r->arena, "%s <%s>", name, address);
}

static int interchange_put_people(struct draft *d)
{
    icalproperty *p = interchange_first(d, ICAL_ORGANIZER_PROPERTY);
    const char *name = p ? interchange_person(d, p, icalproperty_get_organizer(p)) : NULL;
    jdoc *all = jdoc_new_array();
    int failed = !all || jdoc_set_string(d->event, "organizer", name);

    for (p = interchange_first(d, ICAL_ATTENDEE_PROPERTY);
         p && !failed && jdoc_length(all) < ABOUT_PEOPLE_MAX;
         p = icalcomponent_get_next_property(d->from, ICAL_ATTENDEE_PROPERTY))
        if ((name = interchange_person(d, p, icalproperty_get_attendee(p))))
            failed = jdoc_push(all, jdoc_new_string(name, strlen(name)));
    if (failed || jdoc_length(all) == 0) {
        jdoc_free(all);
        return failed ? ERR_NOMEM : 0;
    }
    return jdoc_set(d->event, "attendees", all);
}

/* Where people meet by sound and picture, as several programs name it. */
static const char *interchange_conference(const struct draft *d)
{
    static const char *const names[] = {"X-GOOGLE-CONFERENCE", "X-MICROSOFT-SKYPETEAMSMEETINGURL",
        "X-MICROSOFT-ONLINEMEETINGCONFLINK", "X-ZOOM-MEETING-URL", "X-CONFERENCE"};

    for (icalproperty *p = interchange_first(d, ICAL_X_PROPERTY); p;
         p = icalcomponent_get_next_property(d->from, ICAL_X_PROPERTY)) {
        const char *name = icalproperty_get_x_name(p), *value = icalproperty_get_x(p);
        for (size_t i = 0; name && i < sizeof names / sizeof *names; i++)
            if (strcasecmp(name, names[i]) == 0 && interchange_is_url(value))
                return value;
    }
    for (icalproperty *p = interchange_first(d, ICAL_CONFERENCE_PROPERTY); p;
         p = icalcomponent_get_next_property(d->from, ICAL_CONFERENCE_PROPERTY))
        if (interchange_is_url(icalproperty_get_conference(p)))
            return icalproperty_get_conference(p);
    return NULL;
}

int interchange_read_about(struct draft *d)
{
    icalproperty *url = interchange_first(d, ICAL_URL_PROPERTY);
    icalproperty *geo = interchange_first(d, ICAL_GEO_PROPERTY);
    const char *link = url ? icalproperty_get_url(url) : NULL;
    int failed = interchange_put_people(d);

    if (interchange_is_url(link))
        failed |= jdoc_set_string(d->event, "url", link);
    failed |= jdoc_set_string(d->event, "conference_url", interchange_conference(d));
    if (icalcomponent_get_status(d->from) == ICAL_STATUS_TENTATIVE)
        failed |= jdoc_set_string(d->event, "status", "tentative");
    if (d->item->cancelled)
        failed |= jdoc_set_string(d->event, "status", "cancelled");
    if (geo) {
        struct icalgeotype at = icalproperty_get_geo(geo);
        if (at.lat >= -90 && at.lat <= 90 && at.lon >= -180 && at.lon <= 180) {
            failed |= jdoc_set_double(d->event, "latitude", at.lat);
            failed |= jdoc_set_double(d->event, "longitude", at.lon);
        }
    }
    return failed ? ERR_NOMEM : 0;
}
