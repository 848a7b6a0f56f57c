/* SPDX-License-Identifier: BSD-2-Clause */
/* Campgrounds, long-stay parks and attractions, from a service in Overpass form (OpenStreetMap). */
#include "tools/engine/registry.h"
#include "tools/kit/fetch.h"
#include "tools/kit/place.h"
#include "tools/kit/record.h"
#include "tools/travel/travel.h"

#include "base/err.h"
#include "tools/kit/route.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN 10 /* of at most FOUND rows */
#define FOUND 20
#define RAW_MAX 200
#define METRES_PER_MILE 1609.344
#define QUERY_SECONDS 15

struct hunt { /* in the arena */
    const struct travel_hunt *what;
    struct place spot;
    double radius;
    const jdoc *amenities;
};

struct find {
    const jdoc *tags;
    double latitude, longitude, metres;
};

/* --- the query --- */

/* Types of attractions and the tags that stand for them. */
static const struct {
    const char *type, *filter;
} attractions[] = {
    {"museum", "[tourism=museum]"},
    {"viewpoint", "[tourism=viewpoint]"},
    {"park", "[leisure~\"^(park|nature_reserve)$\"]"},
    {"zoo", "[tourism~\"^(zoo|aquarium)$\"]"},
    {"theme_park", "[tourism=theme_park]"},
    {"historic", "[historic]"},
    {"beach", "[natural=beach]"},
    {"waterfall", "[waterway=waterfall]"},
    {"gallery", "[tourism=gallery]"},
    {"attraction", "[tourism=attraction]"},
};

static void travel_put_filter(struct buf *q, const char *filter, const struct hunt *h)
{
    buf_printf(q, "nwr%s[name](around:%.0f,%.6f,%.6f);", filter, h->radius, h->spot.latitude,
        h->spot.longitude);
}

static void travel_put_filters(struct tools_run *run, struct buf *q, const struct hunt *h)
{
    const jdoc *types = jdoc_get(run->args, "types");
    if (h->what->filters) {
        for (const char *const *f = h->what->filters; *f; f++)
            travel_put_filter(q, *f, h);
        return;
    }
    for (size_t i = 0; i < sizeof attractions / sizeof *attractions; i++) {
        bool wanted = !types;
        for (size_t k = 0; k < jdoc_length(types); k++)
            wanted |= strcmp(jdoc_string(jdoc_at(types, k), NULL), attractions[i].type) == 0;
        if (wanted)
            travel_put_filter(q, attractions[i].filter, h);
    }
}

/* --- the answer --- */

static int travel_compare_finds(const void *a, const void *b)
{
    const struct find *x = a, *y = b;
    return (x->metres > y->metres) - (x->metres < y->metres);
}

/* yes, no, or unknown (0) of what OpenStreetMap says. */
static int travel_has_amenity(const jdoc *tags, const char *amenity)
{
    static const struct {
        const char *amenity, *tags[4];
    } table[] = {
        {"water", {"drinking_water", "water_point", "amenity:water"}},
        {"electric", {"power_supply", "electricity"}},
        {"sewer", {"sanitary_dump_station", "waste_disposal"}},
        {"wifi", {"internet_access", "wifi"}},
        {"laundry", {"laundry", "washing_machine"}},
        {"shower", {"shower", "showers"}},
        {"pool", {"swimming_pool", "leisure:swimming_pool"}},
        {"pet_friendly", {"dog", "dogs", "pets"}},
        {"toilets", {"toilets"}},
        {"long_stay", {"permanent_camping", "long_stay"}},
    };
    if (strcmp(amenity, "full_hookup") == 0) {
        int water = travel_has_amenity(tags, "water"), power = travel_has_amenity(tags, "electric");
        int sewer = travel_has_amenity(tags, "sewer");
        return water < 0 || power < 0 || sewer < 0 ? -1 : water > 0 && power > 0 && sewer > 0;
    }
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        for (const char *const *t = table[i].tags; strcmp(table[i].amenity, amenity) == 0 && *t;
             t++) {
            const char *value = jdoc_string(jdoc_get(tags, *t), NULL);
            if (value)
                return strcmp(value, "no") == 0 || strcmp(value, "none") == 0 ? -1 : 1;
        }
    return 0;
}

static int travel_set_amenities(jdoc *place, const jdoc *tags)
{
    static const char *const all[] = {"water", "electric", "sewer", "wifi", "laundry", "shower",
        "pool", "pet_friendly", "full_hookup", "toilets"};
    jdoc *list = jdoc_new_array();
    int failed = !list;
    for (size_t i = 0; failed == 0 && i < sizeof all / sizeof *all; i++)
        if (travel_has_amenity(tags, all[i]) > 0)
            failed |= jdoc_push(list, jdoc_new_string(all[i], strlen(all[i])));
    if (failed == 0)
        return jdoc_set(place, "amenities", list);
    jdoc_free(list);
    return ERR_NOMEM;
}

static const char *travel_kind_of(const jdoc *tags)
{
    static const char *const keys[] = {"tourism", "amenity", "leisure", "historic", "natural",
        "waterway", NULL};
    for (const char *const *k = keys; *k; k++)
        if (jdoc_string(jdoc_get(tags, *k), NULL))
            return jdoc_text_or(tags, *k, "");
    return NULL;
}

static int travel_push_find(jdoc *list, const struct find *f, const struct hunt *h)
{
    jdoc *place = jdoc_new_object();
    const jdoc *tags = f->tags;
    if (!place)
        return ERR_NOMEM;
    int failed = fetch_set_text(place, "name", jdoc_text_or(tags, "name", ""), 200);
    failed |= fetch_set_text(place, "kind", travel_kind_of(tags), 60);
    failed |= jdoc_set_double(place, "latitude", f->latitude);
    failed |= jdoc_set_double(place, "longitude", f->longitude);
    failed |= jdoc_set_double(place, "distance_km", route_km(f->metres));
    failed |= jdoc_set_double(place, "distance_miles", route_miles(f->metres));
    if (road_over_water(h->spot.latitude, h->spot.longitude, f->latitude, f->longitude))
        failed |= jdoc_set_bool(place, "over_water", true);
    failed |= fetch_set_text(place, "charge", jdoc_text_or(tags, "charge", ""), 100);
    failed |= fetch_set_text(place, "fee", jdoc_text_or(tags, "fee", ""), 60);
    failed |= fetch_set_text(place, "website",
        jdoc_text_or(tags, "website", jdoc_text_or(tags, "contact:website", "")), 300);
    failed |= fetch_set_text(place, "phone",
        jdoc_text_or(tags, "phone", jdoc_text_or(tags, "contact:phone", "")), 60);
    failed |= fetch_set_text(place, "opening_hours", jdoc_text_or(tags, "opening_hours", ""), 200);
    failed |= fetch_set_text(place, "maximum_stay", jdoc_text_or(tags, "maxstay", ""), 60);
    if (h->what->camps)
        failed |= travel_set_amenities(place, tags);
    return jdoc_push_made(list, place, failed);
}

/* The first number in a text like "35 AUD/night"; below 0: none. */
static double travel_price_of(const char *text)
{
    text += strcspn(text, "0123456789");
    return *text != '\0' ? strtod(text, NULL) : -1;
}

/* "14 days", "2 weeks", "1 month": in days; below 0: unknown. */
static double travel_stay_of(const char *text)
{
    double number = travel_price_of(text);
    if (number < 0)
        return -1;
    return number *
        (strstr(text, "month")       ? 30 :
                strstr(text, "week") ? 7 :
                strstr(text, "hour") ? 1.0 / 24 :
                                       1);
}

/* What is known to break a wish is left out; what is not known stays in. */
static bool travel_is_wanted(struct tools_run *run, const struct hunt *h, const jdoc *tags)
{
    double most, price = travel_price_of(jdoc_text_or(tags, "charge", ""));
    int64_t days = 0;
    for (size_t i = 0; i < jdoc_length(h->amenities); i++)
        if (travel_has_amenity(tags, jdoc_string(jdoc_at(h->amenities, i), NULL)) < 0)
            return false;
    if (jdoc_get_double(run->args, "max_price", &most) == 0 && price > most)
        return false;
    if (h->what->long_stay) {
        double stay = travel_stay_of(jdoc_text_or(tags, "maxstay", ""));
        jdoc_get_int(run->args, "min_stay_days", &days);
        if (stay >= 0 && stay < (double)days)
            return false;
    }
    return true;
}

static bool travel_read_find(const jdoc *element, const struct hunt *h, struct find *f)
{
    const jdoc *at = jdoc_get(element, "center");
    if (jdoc_get(element, "lat"))
        at = element;
    f->tags = jdoc_get(element, "tags");
    if (jdoc_text_or(f->tags, "name", "")[0] == '\0' ||
        jdoc_get_double(at, "lat", &f->latitude) != 0 ||
        jdoc_get_double(at, "lon", &f->longitude) != 0 || !(fabs(f->latitude) <= 90) ||
        !(fabs(f->longitude) <= 180))
        return false;
    f->metres = gazetteer_distance(h->spot.latitude, h->spot.longitude, f->latitude, f->longitude);
    return true;
}

static int travel_answer_places(struct tools_run *run, const struct hunt *h,
    const struct find *finds, size_t count)
{
    size_t shown = count < SHOWN ? count : SHOWN;
    const char *radius = run_distance(run, h->radius / 1000);
    jdoc *list = jdoc_new_array();
    int error = !list ? ERR_NOMEM : 0;
    for (size_t i = 0; error == 0 && i < shown; i++)
        error = travel_push_find(list, &finds[i], h);
    jdoc *answer = error != 0 ? NULL :
        count == 0 ? run_succeed(run, "No %s within %s of %s is known to the map.", h->what->noun,
                         radius, h->spot.name) :
                     run_succeed(run, "%zu %s within %s of %s%s.", shown, h->what->noun, radius,
                         h->spot.name, count > shown ? ", and more" : "");
    if (!answer || jdoc_set(answer, h->what->key, list) != 0) {
        if (!answer)
            jdoc_free(list);
        return error != 0 ? error : ERR_NOMEM;
    }
    int failed = jdoc_set(answer, "place", place_json(&h->spot));
    failed |= jdoc_set_int(answer, "found", (int64_t)(count > FOUND ? FOUND : count));
    failed |= fetch_label(run, answer, run->context->conf->places_url);
    failed |= jdoc_set_string(answer, "attribution", "OpenStreetMap contributors, ODbL");
    failed |= jdoc_set_string(answer, "note", h->what->note);
    return failed != 0 ? ERR_NOMEM : 0;
}

static int travel_places_came(struct tools_run *run, const jdoc *answer, void *arg)
{
    const struct hunt *h = arg;
    const jdoc *elements = jdoc_get(answer, "elements");
    size_t count = 0;
    if (jdoc_type(elements) != JDOC_ARRAY)
        return ERR_PROTOCOL;
    struct find *finds = arena_array(run->arena, RAW_MAX, sizeof *finds);
    if (!finds)
        return ERR_NOMEM;
    for (size_t i = 0; i < jdoc_length(elements) && count < RAW_MAX; i++)
        if (travel_read_find(jdoc_at(elements, i), h, &finds[count]) &&
            travel_is_wanted(run, h, finds[count].tags))
            count++;
    qsort(finds, count, sizeof *finds, travel_compare_finds);
    return travel_answer_places(run, h, finds, count);
}

static int travel_search_at(struct tools_run *run, const struct place *spot, void *arg)
{
    struct hunt *h = arg;
    struct buf query = {0}, body = {0};
    h->spot = *spot;
    buf_printf(&query, "[out:json][timeout:%d];(", QUERY_SECONDS);
    travel_put_filters(run, &query, h);
    buf_printf(&query, ");out center tags %d;", RAW_MAX);
    buf_puts(&body, "data=");
    buf_put_urlencoded(&body, buf_text(&query), query.len);
    struct fetch ask = {.service = "place service",
        .url = run->context->conf->places_url,
        .body = buf_error(&body) == 0 && buf_error(&query) == 0 ?
            arena_memdup(run->arena, buf_text(&body), body.len) :
            NULL};
    buf_free(&query);
    buf_free(&body);
    return ask.body ? fetch_start(run, &ask, travel_places_came, h) : ERR_NOMEM;
}

static struct hunt *travel_pending(struct tools_run *run, const struct travel_hunt *what,
    double miles)
{
    struct hunt *h = arena_alloc(run->arena, sizeof *h);
    if (!h)
        return NULL;
    jdoc_get_double(run->args, "radius_miles", &miles);
    h->what = what;
    h->radius = miles * METRES_PER_MILE;
    h->amenities = jdoc_get(run->args, "amenities");
    return h;
}

int travel_hunt(struct tools_run *run, const struct travel_hunt *what, const char *key,
    double miles)
{
    struct hunt *h = travel_pending(run, what, miles);
    if (!h)
        return ERR_NOMEM;
    if (!fetch_configured(run, run->context->conf->places_url, "places.url"))
        return 0;
    return place_start(run, key, travel_search_at, h);
}

static const char unknowns[] = "Amenities, fees and prices are only known where the map says them; "
                               "places of which they are unknown are not left out.";
static const char *const camp_filters[] = {"[tourism=camp_site]", "[tourism=caravan_site]", NULL};
static const char *const fuel_filters[] = {"[amenity=fuel]", NULL};
const struct travel_hunt travel_hunt_camps = {.key = "parks",
    .noun = "campgrounds and RV parks",
    .filters = camp_filters,
    .camps = true,
    .note = unknowns};
const struct travel_hunt travel_hunt_fuel = {.key = "fuel_stops",
    .noun = "fuel stations",
    .filters = fuel_filters,
    .note = "Prices are not part of the map; find_cheap_gas has them."};

int travel_tool_find_rv_parks(struct tools_run *run)
{
    return travel_hunt(run, &travel_hunt_camps, "location", 50);
}

int travel_tool_find_longstay_parks(struct tools_run *run)
{
    static const struct travel_hunt what = {.key = "parks",
        .noun = "parks that may take long stays",
        .filters = camp_filters,
        .camps = true,
        .long_stay = true,
        .note = "Long-stay and monthly rates are not part of the map: ask the park. Parks "
                "whose longest stay is known to be shorter are left out."};
    return travel_hunt(run, &what, "region", 100);
}

int travel_tool_find_attractions(struct tools_run *run)
{
    static const struct travel_hunt what = {.key = "attractions", .noun = "sights"};
    return travel_hunt(run, &what, "location", 25);
}
