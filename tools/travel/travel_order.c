/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * optimize_route: the best order of stops, from the first of them, exactly (dynamic programming
 * over sets of stops). Distances from the routing service (OSRM's table, Valhalla's matrix) when
 * there is one.
 */
#include "tools/engine/registry.h"
#include "tools/kit/cost.h"
#include "tools/kit/fetch.h"
#include "tools/kit/place.h"
#include "tools/kit/road.h"
#include "tools/kit/route.h"
#include "tools/kit/route_rules.h"
#include "tools/kit/route_valhalla.h"
#include "tools/kit/vehicle_use.h"
#include "tools/travel/travel.h"

#include "base/err.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define STOPS_MAX 10

struct order {
    struct place spots[STOPS_MAX];
    size_t count;
    double metres[STOPS_MAX][STOPS_MAX], seconds[STOPS_MAX][STOPS_MAX];
    size_t best[STOPS_MAX];
    struct road roads[STOPS_MAX][STOPS_MAX]; /* of estimates */
    struct vehicle_use use;
    struct route_rules rules;
    bool estimate;
    const char *note;
};

/* --- the order --- */

static void travel_find_best(struct order *o, double weight[STOPS_MAX][STOPS_MAX])
{
    static double cost[1 << (STOPS_MAX - 1)][STOPS_MAX];
    static unsigned char before[1 << (STOPS_MAX - 1)][STOPS_MAX];
    size_t n = o->count;
    if (n == 0 || n > STOPS_MAX)
        return;
    size_t full = ((size_t)1 << (n - 1)) - 1;
    for (size_t set = 1; set <= full; set++)
        for (size_t last = 1; last < n; last++) {
            size_t rest = set & ~((size_t)1 << (last - 1));
            cost[set][last] = DBL_MAX;
            if (rest == set)
                continue;
            if (rest == 0)
                cost[set][last] = weight[0][last];
            for (size_t k = 1; k < n; k++)
                if (rest >> (k - 1) & 1 && cost[rest][k] + weight[k][last] < cost[set][last]) {
                    cost[set][last] = cost[rest][k] + weight[k][last];
                    before[set][last] = (unsigned char)k;
                }
        }
    size_t last = 1, set = full;
    for (size_t k = 2; k < n; k++)
        if (cost[full][k] < cost[full][last])
            last = k;
    o->best[0] = 0;
    for (size_t i = n - 1; i > 0; i--) {
        o->best[i] = last;
        size_t rest = set & ~((size_t)1 << (last - 1));
        last = before[set][last];
        set = rest;
    }
}

static void travel_sum_up(const struct order *o, bool best, double *metres, double *seconds)
{
    *metres = *seconds = 0;
    for (size_t i = 0; i + 1 < o->count; i++) {
        size_t a = best ? o->best[i] : i, b = best ? o->best[i + 1] : i + 1;
        *metres += o->metres[a][b];
        *seconds += o->seconds[a][b];
    }
}

/* --- the answer --- */

static jdoc *travel_totals(double metres, double seconds, const struct vehicle_use *use,
    const char *currency)
{
    jdoc *object = jdoc_new_object();
    double price = travel_assumed_price(currency);
    double litres = metres / 1000 * use->litres / 100;
    if (!object)
        return NULL;
    int failed = jdoc_set_double(object, "distance_km", route_km(metres));
    failed |= jdoc_set_double(object, "distance_miles", route_miles(metres));
    failed |= jdoc_set_double(object, "drive_hours", route_hours(seconds));
    if (price > 0) {
        failed |= jdoc_set_double(object, "fuel_cost", round(litres * price * 100) / 100);
        failed |= jdoc_set_string(object, "currency", currency);
    }
    if (failed == 0)
        return object;
    jdoc_free(object);
    return NULL;
}

/* The ferries of the best order, and a note that they are not counted. */
static int travel_set_ferries(struct tools_run *run, struct order *o, jdoc *route)
{
    jdoc *list = jdoc_new_array();
    int failed = !list;
    for (size_t i = 0; failed == 0 && o->estimate && i + 1 < o->count; i++)
        failed = road_push_ferries(&o->roads[o->best[i]][o->best[i + 1]], list);
    if (failed != 0 || jdoc_length(list) == 0) {
        jdoc_free(list);
        return failed != 0 ? ERR_NOMEM : 0;
    }
    o->note = arena_printf(run->arena,
        "%s%sThe ferries under crossings are not part of the "
        "distances, hours and costs.",
        o->note ? o->note : "", o->note ? " " : "");
    return jdoc_set(route, "crossings", list);
}

static int travel_fill_order(struct tools_run *run, struct order *o, jdoc *route, double saved)
{
    double metres, seconds;
    const char *currency = cost_currency(run);
    jdoc *list = jdoc_new_array();
    int failed = !list;
    for (size_t i = 0; failed == 0 && i < o->count; i++)
        failed |= jdoc_push(list, place_json(&o->spots[o->best[i]]));
    if (failed != 0) {
        jdoc_free(list);
        return ERR_NOMEM;
    }
    failed |= jdoc_set(route, "stops", list);
    travel_sum_up(o, true, &metres, &seconds);
    failed |= jdoc_set(route, "optimized", travel_totals(metres, seconds, &o->use, currency));
    travel_sum_up(o, false, &metres, &seconds);
    failed |= jdoc_set(route, "as_given", travel_totals(metres, seconds, &o->use, currency));
    failed |= jdoc_set_double(route, "saved_km", route_km(saved));
    failed |=
        jdoc_set_string(route, "optimized_for", jdoc_text_or(run->args, "optimize_for", "cost"));
    failed |= jdoc_set_bool(route, "estimate", o->estimate);
    failed |= jdoc_set_string(route, "method",
        arena_printf(run->arena, "%s; every order was compared, the first stop stays first",
            o->estimate ? road_method(&o->roads[0][1]) :
                o->rules.sized && run->context->conf->valhalla_url[0] != '\0' ?
                          "routing service, for a vehicle of this size" :
                          "routing service"));
    failed |= travel_set_ferries(run, o, route);
    failed |= jdoc_set_string(route, "fuel_assumptions",
        arena_printf(run->arena, "%s, and an assumed pump price of the currency; no tolls",
            o->use.text));
    failed |= vehicle_use_set(&o->use, route);
    failed |= jdoc_set_string(route, "note", o->note);
    return failed != 0 ? ERR_NOMEM : 0;
}

static int travel_answer_order(struct tools_run *run, struct order *o)
{
    double before, after, seconds;
    bool by_time = strcmp(jdoc_text_or(run->args, "optimize_for", "cost"), "time") == 0;
    travel_find_best(o, by_time ? o->seconds : o->metres);
    travel_sum_up(o, false, &before, &seconds);
    travel_sum_up(o, true, &after, &seconds);
    jdoc *answer = before - after > 500 ?
        run_succeed(run, "The best order saves %s%s: %s instead of %s.",
            o->estimate ? "about " : "", run_distance(run, (before - after) / 1000),
            run_distance(run, after / 1000), run_distance(run, before / 1000)) :
        run_succeed(run, "The order given is %s: %s%s.",
            by_time ? "as fast as any" : "as short as any", o->estimate ? "about " : "",
            run_distance(run, after / 1000));
    jdoc *route = jdoc_new_object();
    if (!answer || !route || jdoc_set(answer, "route", route) != 0) {
        if (!answer)
            jdoc_free(route);
        return ERR_NOMEM;
    }
    return travel_fill_order(run, o, route, before - after);
}

/* --- distances --- */

static int travel_table_came(struct tools_run *run, const jdoc *answer, void *arg)
{
    struct order *o = arg;
    const jdoc *metres = jdoc_get(answer, "distances"), *seconds = jdoc_get(answer, "durations");
    if (strcmp(jdoc_text_or(answer, "code", ""), "Ok") != 0)
        return ERR_PROTOCOL;
    for (size_t i = 0; i < o->count; i++)
        for (size_t k = 0; k < o->count; k++) {
            const jdoc *m = jdoc_at(jdoc_at(metres, i), k), *s = jdoc_at(jdoc_at(seconds, i), k);
            if (jdoc_length(jdoc_at(metres, i)) == o->count && jdoc_type(m) == JDOC_NULL)
                return run_fail(run, "no_route",
                    "The routing service knows no road between %s and %s.", o->spots[i].name,
                    o->spots[k].name);
            if (jdoc_double(m, &o->metres[i][k]) != 0 || jdoc_double(s, &o->seconds[i][k]) != 0 ||
                o->metres[i][k] < 0 || o->seconds[i][k] < 0)
                return ERR_PROTOCOL;
        }
    return travel_answer_order(run, o);
}

static int travel_ask_table(struct tools_run *run, struct order *o)
{
    static const char *const classes[][2] = {{"tolls", "toll"}, {"highways", "motorway"},
        {"ferries", "ferry"}};
    const char *base = fetch_base(run, run->context->conf->osrm_url), *between = "&exclude=";
    const jdoc *avoid = jdoc_get(run->args, "avoid");
    struct buf url = {0};
    buf_printf(&url, "%s/table/v1/driving/", base ? base : "");
    for (size_t i = 0; i < o->count; i++)
        buf_printf(&url, "%s%.6f,%.6f", i > 0 ? ";" : "", o->spots[i].longitude,
            o->spots[i].latitude);
    buf_puts(&url, "?annotations=duration,distance");
    for (size_t i = 0; i < jdoc_length(avoid); i++)
        for (size_t k = 0; k < 3; k++)
            if (strcmp(jdoc_string(jdoc_at(avoid, i), NULL), classes[k][0]) == 0) {
                buf_printf(&url, "%s%s", between, classes[k][1]);
                between = ",";
            }
    struct fetch ask = {.service = "routing service",
        .url = buf_error(&url) == 0 ? arena_memdup(run->arena, buf_text(&url), url.len) : NULL};
    buf_free(&url);
    return fetch_start(run, &ask, travel_table_came, o);
}

static bool travel_avoids(const struct tools_run *run, const char *what)
{
    const jdoc *avoid = jdoc_get(run->args, "avoid");
    for (size_t i = 0; i < jdoc_length(avoid); i++)
        if (strcmp(jdoc_string(jdoc_at(avoid, i), NULL), what) == 0)
            return true;
    return false;
}

/* Returns 0; 1 when two stops have no road between them (the failure is set); a fault. */
static int travel_estimate(struct tools_run *run, struct order *o)
{
    bool ferries = !travel_avoids(run, "ferries");
    o->estimate = true;
    for (size_t i = 0; i < o->count; i++)
        for (size_t k = 0; k < i; k++) {
            struct road *road = &o->roads[k][i];
            road_between(o->spots[k].latitude, o->spots[k].longitude, o->spots[i].latitude,
                o->spots[i].longitude, ferries, road);
            road_pause();
            if (road->kind == ROAD_NONE) {
                int error = road_refuse(run, road, o->spots[k].name, o->spots[i].name);
                return error != 0 ? error : 1;
            }
            o->metres[i][k] = o->metres[k][i] = road->metres;
            o->seconds[i][k] = o->seconds[k][i] = road->seconds;
            o->roads[i][k] = *road;
        }
    return 0;
}

/* What a traveller has to know of the order: behind what is said already. */
static void travel_add_note(struct tools_run *run, struct order *o, const char *text)
{
    if (text)
        o->note =
            arena_printf(run->arena, "%s%s%s", o->note ? o->note : "", o->note ? " " : "", text);
}

static int travel_by_estimate(struct tools_run *run, struct order *o)
{
    int error = travel_estimate(run, o);
    if (error != 0)
        return error == 1 ? 0 : error;
    travel_add_note(run, o, route_rules_size_note(run, &o->rules, false));
    return travel_answer_order(run, o);
}

/* A service answers no table whose places are farther apart than its operator allows: what it does
 * not answer is estimated. */
static int travel_read_matrix(struct tools_run *run, struct order *o, const jdoc *answer)
{
    double metres[STOPS_MAX * STOPS_MAX], seconds[STOPS_MAX * STOPS_MAX];
    struct route_table table = {.count = o->count, .metres = metres, .seconds = seconds};
    int error = route_valhalla_read_table(answer, &table);
    if (error == ERR_NOT_FOUND)
        travel_add_note(run, o,
            arena_printf(run->arena, "The routing service told no way from %s to %s%s.",
                o->spots[table.from].name, o->spots[table.to].name,
                o->rules.sized ? " for a vehicle of this size" : ""));
    for (size_t i = 0; error == 0 && i < o->count; i++) {
        memcpy(o->metres[i], metres + i * o->count, o->count * sizeof *metres);
        memcpy(o->seconds[i], seconds + i * o->count, o->count * sizeof *seconds);
    }
    return error;
}

static void travel_matrix_came(struct tools_run *run, void *arg, int error, const char *body,
    size_t len)
{
    struct order *o = arg;
    jdoc *answer = NULL;
    if (error == 0)
        error = jdoc_parse(body, len, &answer, NULL, 0);
    if (error == 0)
        error = travel_read_matrix(run, o, answer);
    jdoc_free(answer);
    if (error == 0) {
        travel_add_note(run, o, route_rules_size_note(run, &o->rules, true));
        run->error = travel_answer_order(run, o);
    } else {
        if (error != ERR_NOT_FOUND)
            travel_add_note(run, o, "The routing service gave no distances.");
        travel_add_note(run, o, "This is an estimate.");
        run->error = travel_by_estimate(run, o);
    }
    run_finished(run);
}

static int travel_ask_matrix(struct tools_run *run, struct order *o)
{
    const char *base = fetch_base(run, run->context->conf->valhalla_url);
    struct fetch ask = {.service = "routing service",
        .url = arena_printf(run->arena, "%s/sources_to_targets", base ? base : ""),
        .body = route_valhalla_table_question(run, o->spots, o->count, &o->rules),
        .body_type = "application/json"};
    return ask.url && ask.body ? fetch_bytes(run, &ask, travel_matrix_came, o) : ERR_NOMEM;
}

static int travel_stops_found(struct tools_run *run, const struct place *spots, size_t count,
    void *arg)
{
    struct order *o = arg;
    memcpy(o->spots, spots, count * sizeof *spots);
    o->count = count;
    int error = vehicle_use(run, &o->use);
    if (error != 0)
        return error == ERR_INVALID ? 0 : error;
    error = route_rules_read(run, &o->rules);
    if (error != 0)
        return error == ERR_INVALID ? 0 : error;
    if (run->context->conf->valhalla_url[0] != '\0' && run->context->http) {
        error = travel_ask_matrix(run, o);
        if (error == ERR_PENDING || error == ERR_NOMEM)
            return error;
        travel_add_note(run, o, "The routing service could not be asked; this is an estimate.");
    } else if (run->context->conf->osrm_url[0] != '\0') {
        return travel_ask_table(run, o);
    }
    if (travel_avoids(run, "tolls") || travel_avoids(run, "highways"))
        travel_add_note(run, o,
            "Tolls and highways could not be avoided: the estimate knows no roads.");
    return travel_by_estimate(run, o);
}

int travel_tool_optimize_route(struct tools_run *run)
{
    const jdoc *waypoints = jdoc_get(run->args, "waypoints");
    struct order *o = arena_alloc(run->arena, sizeof *o);
    struct place_wish wishes[STOPS_MAX];
    size_t count = 0;
    if (!o)
        return ERR_NOMEM;
    for (; count < jdoc_length(waypoints) && count < STOPS_MAX; count++) {
        wishes[count].text = jdoc_string(jdoc_at(waypoints, count), NULL);
        snprintf(wishes[count].path, sizeof wishes[count].path, "/waypoints/%zu", count);
    }
    return place_start_all(run, wishes, count, travel_stops_found, o);
}
