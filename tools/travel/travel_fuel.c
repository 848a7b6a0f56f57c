/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuel of the family travel: prices near a place, the cost of a distance. */
#include "tools/engine/registry.h"
#include "tools/kit/amount.h"
#include "tools/kit/cost.h"
#include "tools/kit/fetch.h"
#include "tools/kit/place.h"
#include "tools/kit/route.h"
#include "tools/kit/vehicle_use.h"
#include "tools/travel/travel.h"

#include "base/err.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATIONS_SHOWN 10
#define STATIONS_MAX 200
#define KM_PER_MILE 1.609344
#define TOLERANCE 0.02 /* two values of one thing, rounded, may differ by so much */

/* --- find_cheap_gas --- */

struct station {
    const jdoc *from;
    double price, latitude, longitude, metres;
};

static int travel_compare_stations(const void *a, const void *b)
{
    const struct station *x = a, *y = b;
    if (x->price != y->price)
        return x->price > y->price ? 1 : -1;
    return (x->metres > y->metres) - (x->metres < y->metres);
}

static bool travel_read_station(const jdoc *from, const struct place *spot, double radius,
    struct station *s)
{
    s->from = from;
    if (jdoc_text_or(from, "name", "")[0] == '\0' ||
        jdoc_get_double(from, "latitude", &s->latitude) != 0 ||
        jdoc_get_double(from, "longitude", &s->longitude) != 0 ||
        jdoc_get_double(from, "price", &s->price) != 0 || !(s->price > 0 && s->price < 1e6) ||
        !(fabs(s->latitude) <= 90) || !(fabs(s->longitude) <= 180))
        return false;
    s->metres = gazetteer_distance(spot->latitude, spot->longitude, s->latitude, s->longitude);
    return s->metres <= radius;
}

static int travel_push_station(jdoc *list, const struct place *spot, const struct station *s)
{
    jdoc *one = jdoc_new_object();
    if (!one)
        return ERR_NOMEM;
    int failed = fetch_set_text(one, "name", jdoc_text_or(s->from, "name", ""), 200);
    failed |= fetch_set_text(one, "address", jdoc_text_or(s->from, "address", ""), 200);
    failed |= jdoc_set_double(one, "price", s->price);
    failed |= fetch_set_text(one, "currency", jdoc_text_or(s->from, "currency", ""), 8);
    failed |= fetch_set_text(one, "unit", jdoc_text_or(s->from, "unit", ""), 16);
    failed |= fetch_set_text(one, "updated_at", jdoc_text_or(s->from, "updated_at", ""), 40);
    failed |= jdoc_set_double(one, "latitude", s->latitude);
    failed |= jdoc_set_double(one, "longitude", s->longitude);
    failed |= jdoc_set_double(one, "distance_km", route_km(s->metres));
    failed |= jdoc_set_double(one, "distance_miles", route_miles(s->metres));
    if (road_over_water(spot->latitude, spot->longitude, s->latitude, s->longitude))
        failed |= jdoc_set_bool(one, "over_water", true);
    return jdoc_push_made(list, one, failed);
}

static double travel_radius_miles(const struct tools_run *run)
{
    return jdoc_double_or(run->args, "radius_miles", 25);
}

static int travel_prices_came(struct tools_run *run, const jdoc *answer, void *arg)
{
    const struct place *spot = arg;
    const jdoc *from = jdoc_get(answer, "stations");
    size_t count = 0;
    if (jdoc_type(from) != JDOC_ARRAY)
        return ERR_PROTOCOL;
    struct station *all = arena_array(run->arena, STATIONS_MAX, sizeof *all);
    jdoc *list = jdoc_new_array();
    int error = !all || !list ? ERR_NOMEM : 0;
    for (size_t i = 0; error == 0 && i < jdoc_length(from) && count < STATIONS_MAX; i++)
        count += travel_read_station(jdoc_at(from, i), spot,
            travel_radius_miles(run) * KM_PER_MILE * 1000, &all[count]);
    if (error == 0)
        qsort(all, count, sizeof *all, travel_compare_stations);
    for (size_t i = 0; error == 0 && i < count && i < STATIONS_SHOWN; i++)
        error = travel_push_station(list, spot, &all[i]);
    const char *fuel = jdoc_text_or(run->args, "fuel_type", "regular");
    jdoc *done = error != 0 ? NULL :
        count == 0 ? run_succeed(run, "No prices for %s near %s are known.", fuel, spot->name) :
                     run_succeed(run, "The cheapest %s near %s: %s.", fuel, spot->name,
                         jdoc_text_or(all[0].from, "name", ""));
    if (!done || jdoc_set(done, "stations", list) != 0) {
        if (!done)
            jdoc_free(list);
        return error != 0 ? error : ERR_NOMEM;
    }
    int failed = jdoc_set(done, "place", place_json(spot));
    failed |= jdoc_set_string(done, "fuel_type", fuel);
    return failed | fetch_label(run, done, run->context->conf->fuel_url) ? ERR_NOMEM : 0;
}

static int travel_prices_at(struct tools_run *run, const struct place *spot, void *arg)
{
    const struct conf *conf = run->context->conf;
    struct place *copy = arena_alloc(run->arena, sizeof *copy);
    const char *base = fetch_base(run, conf->fuel_url);
    (void)arg;
    if (!copy || !base)
        return ERR_NOMEM;
    *copy = *spot;
    struct fetch ask = {.service = "fuel price service",
        .bearer = conf->fuel_key,
        .url = arena_printf(run->arena, "%s?latitude=%.5f&longitude=%.5f&radius_km=%.1f&fuel=%s",
            base, spot->latitude, spot->longitude, travel_radius_miles(run) * KM_PER_MILE,
            jdoc_text_or(run->args, "fuel_type", "regular"))};
    return fetch_start(run, &ask, travel_prices_came, copy);
}

int travel_tool_find_cheap_gas(struct tools_run *run)
{
    return place_start(run, "location", travel_prices_at, NULL);
}

/* --- calculate_gas_cost --- */

/* What a litre costs: said by the litre or by the gallon, or assumed. */
struct price {
    double litre;
    bool said;
};

/* Returns 0; ERR_INVALID (the failure is set); ERR_NOMEM. */
static int travel_read_price(struct tools_run *run, const char *currency, struct price *p)
{
    double litre = 0, gallon = 0;
    int error;
    bool by_litre = jdoc_get_double(run->args, "gas_price_per_litre", &litre) == 0;
    bool by_gallon = jdoc_get_double(run->args, "gas_price", &gallon) == 0;
    gallon /= TRAVEL_LITRES_PER_GALLON;
    *p = (struct price){.litre = by_litre ? litre :
            by_gallon                     ? gallon :
                                            travel_assumed_price(currency),
        .said = by_litre || by_gallon};
    if (by_litre && by_gallon && fabs(litre - gallon) > TOLERANCE * litre)
        error = run_fail_at(run, "/gas_price_per_litre", "one of gas_price and gas_price_per_litre",
            "gas_price (of a US gallon) and gas_price_per_litre do not say the same; give one of "
            "them.");
    else if (p->litre <= 0)
        error = run_fail_at(run, "/gas_price", "the price of a gallon",
            "no typical fuel price is known for %s: say gas_price", currency);
    else
        return 0;
    return error != 0 ? error : ERR_INVALID;
}

static int travel_push_text(jdoc *list, const char *text)
{
    return text ? jdoc_push(list, jdoc_new_string(text, strlen(text))) : 0;
}

/* What the figures rest on; NULL on no memory. */
static jdoc *travel_new_assumptions(const struct vehicle_use *use, const struct price *p,
    const char *currency, const char *note)
{
    char text[96];
    jdoc *list = jdoc_new_array();
    snprintf(text, sizeof text, "%.2f %s per litre, an assumed price", p->litre, currency);
    int failed = !list ||
        travel_push_text(list, use->source != VEHICLE_USE_SAID ? use->text : NULL) != 0 ||
        travel_push_text(list, p->said ? NULL : text) != 0 || travel_push_text(list, note) != 0;
    if (failed == 0)
        return list;
    jdoc_free(list);
    return NULL;
}

static int64_t travel_minor_of(double amount, const char *currency)
{
    int decimals = amount_decimals(currency);
    return (int64_t)llround(amount * (decimals == 0 ? 1 : decimals == 3 ? 1000 : 100));
}

static int travel_fill_cost(jdoc *cost, double miles, const struct vehicle_use *use,
    const struct price *p, const char *currency)
{
    double litres = miles * KM_PER_MILE * use->litres / 100;
    int failed = jdoc_set_double(cost, "distance_miles", round(miles * 10) / 10);
    failed |= jdoc_set_double(cost, "distance_km", round(miles * KM_PER_MILE * 10) / 10);
    failed |= jdoc_set_double(cost, "mpg", round(vehicle_use_mpg(use) * 100) / 100);
    failed |= vehicle_use_set(use, cost);
    failed |=
        jdoc_set_double(cost, "gallons", round(litres / TRAVEL_LITRES_PER_GALLON * 100) / 100);
    failed |= jdoc_set_double(cost, "litres", round(litres * 100) / 100);
    failed |= jdoc_set_double(cost, "price_per_litre", round(p->litre * 1000) / 1000);
    failed |= cost_set(cost, "total", travel_minor_of(litres * p->litre, currency), currency);
    failed |= jdoc_set_string(cost, "currency", currency);
    return failed | jdoc_set_bool(cost, "estimate", true) ? ERR_NOMEM : 0;
}

int travel_gas_cost(struct tools_run *run, double miles, const char *note)
{
    char said[AMOUNT_TEXT_SIZE], volume[UNITS_TEXT_SIZE];
    const char *currency = cost_currency(run);
    struct vehicle_use use;
    struct price p;
    int error = travel_read_price(run, currency, &p);
    if (error == 0)
        error = vehicle_use(run, &use);
    if (error != 0)
        return error == ERR_INVALID ? 0 : error;
    double litres = miles * KM_PER_MILE * use.litres / 100;
    amount_text(travel_minor_of(litres * p.litre, currency), currency, said);
    units_volume_text(&run->context->units, litres, volume);
    jdoc *answer = run_succeed(run, "About %s for %s: %s of fuel, at %s.", said,
        run_distance(run, miles * KM_PER_MILE), volume, use.text);
    jdoc *cost = jdoc_new_object();
    if (!answer || !cost || travel_fill_cost(cost, miles, &use, &p, currency) != 0 ||
        jdoc_set(cost, "assumptions", travel_new_assumptions(&use, &p, currency, note)) != 0) {
        jdoc_free(cost);
        return ERR_NOMEM;
    }
    return jdoc_set(answer, "cost", cost);
}

int travel_tool_calculate_gas_cost(struct tools_run *run)
{
    double miles = 0, km = 0;
    bool by_miles = jdoc_get_double(run->args, "distance_miles", &miles) == 0;
    bool by_km = jdoc_get_double(run->args, "distance_km", &km) == 0;
    if (!by_miles && !by_km)
        return run_fail_at(run, "/distance_miles", "distance_miles or distance_km",
            "the distance is missing: say distance_miles or distance_km");
    if (by_miles && by_km && fabs(miles * KM_PER_MILE - km) > TOLERANCE * km)
        return run_fail_at(run, "/distance_km", "one of distance_miles and distance_km",
            "distance_miles and distance_km do not say the same; give one of them.");
    return travel_gas_cost(run, by_miles ? miles : km / KM_PER_MILE, NULL);
}
