/* SPDX-License-Identifier: BSD-2-Clause */
/* A finished way in a tool's result. */
#include "tools/kit/route.h"

#include "base/err.h"

#include <math.h>
#include <string.h>

#define METRES_PER_MILE 1609.344

double route_km(double metres)
{
    return round(metres / 100) / 10;
}

double route_miles(double metres)
{
    return round(metres / METRES_PER_MILE * 10) / 10;
}

double route_hours(double seconds)
{
    return round(seconds / 36) / 100;
}

jdoc *route_place(const struct route *r, size_t stop)
{
    const struct gazetteer_place *p = &r->stops[stop].place;
    jdoc *place = jdoc_new_object();
    if (!place)
        return NULL;
    int failed = jdoc_set_string(place, "name", p->name);
    failed |= jdoc_set_string(place, "region", p->region[0] != '\0' ? p->region : NULL);
    failed |= jdoc_set_string(place, "country", p->country[0] != '\0' ? p->country : NULL);
    failed |=
        jdoc_set_string(place, "country_code", p->country_code[0] != '\0' ? p->country_code : NULL);
    failed |= jdoc_set_double(place, "latitude", p->latitude);
    failed |= jdoc_set_double(place, "longitude", p->longitude);
    failed |= jdoc_set_string(place, "timezone", p->zone[0] != '\0' ? p->zone : NULL);
    failed |= jdoc_set_string(place, "note", r->stops[stop].note);
    if (failed == 0)
        return place;
    jdoc_free(place);
    return NULL;
}

jdoc *route_between(const struct route *r)
{
    jdoc *list = jdoc_new_array();
    for (size_t i = 1; list && i + 1 < r->stop_count; i++)
        if (jdoc_push(list, route_place(r, i)) != 0) {
            jdoc_free(list);
            return NULL;
        }
    return list;
}

jdoc *route_legs(const struct route *r)
{
    jdoc *list = jdoc_new_array();
    int failed = !list;
    for (size_t i = 0; failed == 0 && i + 1 < r->stop_count; i++) {
        jdoc *leg = jdoc_new_object();
        failed |= !leg || jdoc_set_string(leg, "from", r->stops[i].place.name) != 0 ||
            jdoc_set_string(leg, "to", r->stops[i + 1].place.name) != 0 ||
            jdoc_set_double(leg, "distance_km", route_km(r->metres[i])) != 0 ||
            jdoc_set_double(leg, "distance_miles", route_miles(r->metres[i])) != 0 ||
            jdoc_set_double(leg, "drive_hours", route_hours(r->seconds[i])) != 0;
        failed |= jdoc_push(list, leg);
    }
    if (failed == 0)
        return list;
    jdoc_free(list);
    return NULL;
}

static int route_set_crossings(const struct route *r, jdoc *object)
{
    jdoc *list = jdoc_new_array();
    int failed = !list;
    for (size_t i = 0; failed == 0 && i + 1 < r->stop_count; i++)
        failed = road_push_ferries(&r->roads[i], list);
    if (failed == 0)
        return jdoc_set(object, "crossings", list);
    jdoc_free(list);
    return ERR_NOMEM;
}

int route_set_totals(const struct route *r, jdoc *object)
{
    int failed = jdoc_set_double(object, "distance_km", route_km(r->total_metres));
    failed |= jdoc_set_double(object, "distance_miles", route_miles(r->total_metres));
    failed |= jdoc_set_double(object, "drive_hours", route_hours(r->total_seconds));
    failed |= jdoc_set_bool(object, "estimate", r->estimate);
    failed |= jdoc_set_string(object, "method", r->method);
    return failed != 0 ? ERR_NOMEM : r->ferry_legs > 0 ? route_set_crossings(r, object) : 0;
}

int route_set_notes(const struct route *r, jdoc *result)
{
    if (r->note_count == 0)
        return 0;
    jdoc *list = jdoc_new_array();
    int failed = !list;
    for (size_t i = 0; failed == 0 && i < r->note_count; i++)
        failed |= jdoc_push(list, jdoc_new_string(r->notes[i], strlen(r->notes[i])));
    if (failed == 0)
        return jdoc_set(result, "notes", list);
    jdoc_free(list);
    return ERR_NOMEM;
}
