/* SPDX-License-Identifier: BSD-2-Clause */
/* Tools of the family travel. Records: "trip", by its first day. */
#include "tools/travel/travel.h"
#include "tools/engine/registry.h"
#include "tools/kit/amount.h"
#include "tools/kit/record.h"
#include "tools/kit/route.h"
#include "tools/kit/timestamp.h"
#include "tools/kit/vehicle_use.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/ident.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define TRIP "trip"
#define DAY_DRIVE_S (8 * 3600) /* at the wheel in one day */
#define BREAK_EVERY_S (2 * 3600)
#define MEAL_EVERY_S (6 * 3600)
#define BREAK_MINUTES 15
#define MEAL_MINUTES 30

static int travel_driving_days(const struct route *r)
{
    int days = (int)ceil(r->total_seconds / DAY_DRIVE_S - 1e-9);
    return days > 0 ? days : 1;
}

/* ", and a ferry: NAME, FROM to TO (...), not counted", the same of a car train, or "". */
static const char *travel_ferry_words(struct tools_run *run, const struct route *r)
{
    const char *text = "";
    for (size_t i = 0; text && r->ferry_legs > 0 && i + 1 < r->stop_count; i++) {
        const struct road *road = &r->roads[i];
        const char *one = road->kind == ROAD_FERRY ? road_ferries_text(run, road) : NULL;
        text = !one ?
            text :
            arena_printf(run->arena, "%s, and a ferry that is not counted: %s", text, one);
    }
    for (size_t i = 0; text && r->estimate && i + 1 < r->stop_count; i++)
        if (r->roads[i].train_count > 0)
            text = arena_printf(run->arena, "%s, with a car train: %s", text,
                road_trains_text(run, &r->roads[i]));
    return text ? text : "";
}

/* --- calculate_distance --- */

int travel_distance_done(struct tools_run *run, struct route *r)
{
    size_t last = r->stop_count - 1;
    jdoc *answer = run_succeed(run, "%s to %s: %s%s by road%s.", r->stops[0].place.name,
        r->stops[last].place.name, r->estimate ? "about " : "",
        run_distance(run, r->total_metres / 1000), travel_ferry_words(run, r));
    jdoc *route = jdoc_new_object();
    if (!answer || !route || jdoc_set(answer, "route", route) != 0) {
        if (!answer)
            jdoc_free(route);
        return ERR_NOMEM;
    }
    int failed = jdoc_set(route, "origin", route_place(r, 0));
    failed |= jdoc_set(route, "destination", route_place(r, last));
    if (r->stop_count > 2)
        failed |= jdoc_set(route, "stops", route_between(r));
    failed |= route_set_totals(r, route);
    failed |= jdoc_set(route, "legs", route_legs(r));
    failed |= route_set_notes(r, answer);
    return failed != 0 ? ERR_NOMEM : 0;
}

int travel_tool_calculate_distance(struct tools_run *run)
{
    return route_start(run, travel_distance_done);
}

/* --- estimate_travel_time --- */

struct journey {
    int days, break_minutes;
    double last_day_s; /* driving and breaks of the last day */
    double total_s;    /* from departure to arrival, nights included */
};

/* A meal takes the place of the break that falls at the same time. */
static int travel_breaks_in(double drive_s)
{
    int breaks = (int)ceil(drive_s / BREAK_EVERY_S - 1e-9) - 1;
    int meals = (int)ceil(drive_s / MEAL_EVERY_S - 1e-9) - 1;
    breaks = breaks > 0 ? breaks : 0;
    meals = meals > 0 ? meals : 0;
    return (breaks - meals) * BREAK_MINUTES + meals * MEAL_MINUTES;
}

static struct journey travel_plan_journey(const struct route *r, bool with_breaks)
{
    struct journey j = {.days = 1, .last_day_s = r->total_seconds, .total_s = r->total_seconds};
    if (!with_breaks)
        return j;
    j.days = travel_driving_days(r);
    j.last_day_s = r->total_seconds - (j.days - 1) * (double)DAY_DRIVE_S;
    j.break_minutes = (j.days - 1) * travel_breaks_in(DAY_DRIVE_S) + travel_breaks_in(j.last_day_s);
    j.last_day_s += travel_breaks_in(j.last_day_s) * 60;
    j.total_s = (j.days - 1) * 86400.0 + j.last_day_s;
    return j;
}

/* Departure and arrival, when the departure is given. Returns 0, ERR_INVALID (said) or a fault. */
static int travel_set_clock(struct tools_run *run, const struct route *r, const struct journey *j,
    jdoc *time)
{
    const struct zone *z, *there;
    struct timestamp leave;
    char text[TIMESTAMP_SIZE];
    int error = timestamp_zone(run, &z);
    if (error == 0)
        error = timestamp_argument(run, "departure_time", z, &leave);
    if (error != 0)
        return error == ERR_NOT_FOUND ? 0 : error;
    if (zone_get(r->stops[r->stop_count - 1].zone, &there) != 0)
        there = z;
    int64_t arrive = timestamp_add_days(leave.ms, j->days - 1, z) + (int64_t)(j->last_day_s * 1000);
    timestamp_format(leave.ms, z, text);
    int failed = jdoc_set_string(time, "departure", text);
    timestamp_format(arrive, there, text);
    failed |= jdoc_set_string(time, "arrival", text);
    failed |= jdoc_set_string(time, "arrival_timezone", zone_name(there));
    return failed != 0 ? ERR_NOMEM : 0;
}

static int travel_fill_time(struct tools_run *run, const struct route *r, const struct journey *j,
    jdoc *time)
{
    int failed = jdoc_set(time, "origin", route_place(r, 0));
    failed |= jdoc_set(time, "destination", route_place(r, r->stop_count - 1));
    failed |= route_set_totals(r, time);
    failed |= jdoc_set_int(time, "break_minutes", j->break_minutes);
    failed |= jdoc_set_int(time, "driving_days", j->days);
    failed |= jdoc_set_int(time, "overnight_stops", j->days - 1);
    if (r->ferry_legs > 0) /* how long the ferries take is not known: no sum, and no arrival */
        return failed != 0 ? ERR_NOMEM : 0;
    failed |= jdoc_set_double(time, "total_hours", route_hours(j->total_s));
    return failed != 0 ? ERR_NOMEM : travel_set_clock(run, r, j, time);
}

static void travel_duration_text(double seconds, char *out, size_t size)
{
    long minutes = lround(seconds / 60);
    snprintf(out, size, "%ld h %02ld min", minutes / 60, minutes % 60);
}

static int travel_time_done(struct tools_run *run, struct route *r)
{
    char drive[48], days[48] = "";
    bool with_breaks = true;
    jdoc_get_bool(run->args, "include_breaks", &with_breaks);
    struct journey j = travel_plan_journey(r, with_breaks);
    jdoc *time = jdoc_new_object();
    int error = time ? travel_fill_time(run, r, &j, time) : ERR_NOMEM;
    if (error != 0) {
        jdoc_free(time);
        return error == ERR_INVALID ? 0 : error;
    }
    travel_duration_text(r->total_seconds, drive, sizeof drive);
    if (j.days > 1)
        snprintf(days, sizeof days, ", over %d days", j.days);
    jdoc *answer = run_succeed(run, "%s to %s: %s%s at the wheel, %d minutes of breaks%s%s.",
        r->stops[0].place.name, r->stops[r->stop_count - 1].place.name, r->estimate ? "about " : "",
        drive, j.break_minutes, days, travel_ferry_words(run, r));
    if (!answer) {
        jdoc_free(time);
        return ERR_NOMEM;
    }
    int failed = jdoc_set(answer, "travel_time", time);
    return failed | route_set_notes(r, answer) ? ERR_NOMEM : 0;
}

int travel_tool_estimate_travel_time(struct tools_run *run)
{
    return route_start(run, travel_time_done);
}

/* --- plan_trip --- */

/* Assumed pump prices per litre, said with every figure made from them. */
double travel_assumed_price(const char *currency)
{
    static const struct {
        const char *currency;
        double litre;
    } prices[] = {
        {"AUD", 2.00},
        {"NZD", 2.60},
        {"USD", 0.95},
        {"CAD", 1.60},
        {"GBP", 1.45},
        {"EUR", 1.75},
    };
    for (size_t i = 0; i < sizeof prices / sizeof *prices; i++)
        if (strcmp(prices[i].currency, currency) == 0)
            return prices[i].litre;
    return 0;
}

static int travel_assume(jdoc *list, const char *text)
{
    return jdoc_push(list, jdoc_new_string(text, strlen(text)));
}

/* fuel: out, in the smallest unit; -1 when no price is known for the currency. */
static jdoc *travel_new_cost(const struct route *r, const struct vehicle_use *use,
    const char *currency, int64_t *fuel)
{
    char text[96];
    double litres = r->total_metres / 1000 * use->litres / 100;
    double price = travel_assumed_price(currency);
    jdoc *cost = jdoc_new_object(), *list = jdoc_new_array();
    *fuel = -1;
    if (!cost || !list) {
        jdoc_free(cost);
        jdoc_free(list);
        return NULL;
    }
    int failed = jdoc_set_bool(cost, "estimate", true);
    failed |= jdoc_set_double(cost, "fuel_litres", round(litres));
    failed |= vehicle_use_set(use, cost);
    failed |= travel_assume(list, use->text);
    if (price > 0) {
        snprintf(text, sizeof text, "%.2f %s per litre of fuel, an assumed price", price, currency);
        *fuel = (int64_t)llround(round(litres) * price) * 100;
        failed |= jdoc_set_double(cost, "fuel_cost", (double)*fuel / 100);
        failed |= jdoc_set_string(cost, "currency", currency);
        failed |= travel_assume(list, text);
    }
    failed |= travel_assume(list,
        r->ferry_legs > 0 ? "no ferries, campsites, food or tolls" : "no campsites, food or tolls");
    failed |= jdoc_set(cost, "assumptions", list);
    if (failed == 0)
        return cost;
    jdoc_free(cost);
    return NULL;
}

struct dates {
    const struct zone *zone;
    bool has_start, has_end;
    struct timestamp start, end;
};

/* Returns 0, ERR_INVALID (run->result says why) or a fault. */
static int travel_read_dates(struct tools_run *run, struct dates *d)
{
    int error = timestamp_zone(run, &d->zone);
    if (error != 0)
        return error;
    error = timestamp_argument(run, "start_date", d->zone, &d->start);
    if (error != 0 && error != ERR_NOT_FOUND)
        return error;
    d->has_start = error == 0;
    error = timestamp_argument(run, "end_date", d->zone, &d->end);
    if (error != 0 && error != ERR_NOT_FOUND)
        return error;
    d->has_end = error == 0;
    if (!d->has_start || !d->has_end || d->end.ms >= d->start.ms)
        return 0;
    error = run_fail_at(run, "/end_date", "a day that is not before start_date",
        "end_date is before start_date");
    return error != 0 ? error : ERR_INVALID;
}

static const char *travel_currency_of(const struct tools_run *run)
{
    const char *c = run->context->currency;
    return c && strlen(c) == 3 ? c : run->context->conf->default_currency;
}

static int travel_fill_trip(struct tools_run *run, struct route *r, const struct dates *d,
    const struct vehicle_use *use, jdoc *trip)
{
    static const char *const fields[] = {"start_date", "end_date", NULL};
    char id[IDENT_UUID_SIZE], now[CLOCK_RFC3339_SIZE];
    const char *currency = travel_currency_of(run);
    double budget;
    int64_t fuel, budget_minor;
    ident_uuid7(id);
    clock_rfc3339(run->context->now_ms, now);
    int failed = jdoc_set_string(trip, "id", id);
    failed |= jdoc_set(trip, "origin", route_place(r, 0));
    failed |= jdoc_set(trip, "destination", route_place(r, r->stop_count - 1));
    failed |= jdoc_set(trip, "waypoints", route_between(r));
    failed |= record_copy(trip, run->args, fields);
    failed |= jdoc_set_string(trip, "timezone", zone_name(d->zone));
    failed |= route_set_totals(r, trip);
    failed |= jdoc_set_int(trip, "driving_days", travel_driving_days(r));
    failed |= jdoc_set(trip, "legs", route_legs(r));
    failed |= jdoc_set(trip, "cost_estimate", travel_new_cost(r, use, currency, &fuel));
    failed |= route_rules_write(&r->rules, trip);
    failed |= jdoc_set_string(trip, "created_at", now);
    if (failed == 0 && jdoc_get_double(run->args, "budget", &budget) == 0) {
        if (amount_from_number(budget, currency, &budget_minor) != 0)
            budget_minor = (int64_t)llround(budget) * 100;
        failed |= jdoc_set_double(trip, "budget", amount_to_number(budget_minor, currency));
        failed |= jdoc_set_int(trip, "budget_minor", budget_minor);
        failed |= jdoc_set_string(trip, "currency", currency);
        if (fuel > 0 && (double)fuel / 100 > budget)
            route_note(r, "The estimated fuel alone costs more than the budget.");
    }
    if (d->has_start && d->has_end &&
        timestamp_days(d->start.ms, d->end.ms, d->zone) < travel_driving_days(r))
        route_note(r, "At 8 hours of driving a day the way takes longer than these dates allow.");
    return failed != 0 ? ERR_NOMEM : 0;
}

/* What a map in the front end should show. */
static jdoc *travel_new_map_action(const struct route *r)
{
    jdoc *action = jdoc_new_object(), *points = jdoc_new_array();
    int failed = !action || !points || jdoc_set_string(action, "type", "show_route") != 0;
    for (size_t i = 0; failed == 0 && i < r->stop_count; i++) {
        jdoc *point = jdoc_new_object();
        failed |= !point || jdoc_set_string(point, "name", r->stops[i].place.name) != 0 ||
            jdoc_set_double(point, "latitude", r->stops[i].latitude) != 0 ||
            jdoc_set_double(point, "longitude", r->stops[i].longitude) != 0;
        failed |= jdoc_push(points, point);
    }
    if (failed == 0) {
        failed = jdoc_set(action, "points", points);
        points = NULL;
    }
    if (failed == 0)
        return action;
    jdoc_free(points);
    jdoc_free(action);
    return NULL;
}

static int travel_commit_trip(struct tools_run *run, struct route *r, const struct dates *d,
    jdoc *trip)
{
    char drive[48];
    int days = travel_driving_days(r);
    travel_duration_text(r->total_seconds, drive, sizeof drive);
    jdoc *answer = run_succeed(run,
        "The trip from %s to %s is planned: %s%s, %s at the wheel, %d driving day%s%s.",
        r->stops[0].place.name, r->stops[r->stop_count - 1].place.name, r->estimate ? "about " : "",
        run_distance(run, r->total_metres / 1000), drive, days, days == 1 ? "" : "s",
        travel_ferry_words(run, r));
    if (!answer) {
        jdoc_free(trip);
        return ERR_NOMEM;
    }
    int failed = jdoc_set(answer, "trip", trip);
    failed |= jdoc_set(answer, "map_action", travel_new_map_action(r));
    failed |= route_set_notes(r, answer);
    if (failed != 0)
        return ERR_NOMEM;
    struct record_item item = {.family = TRIP,
        .id = jdoc_text_or(trip, "id", ""),
        .document = trip,
        .time_ms = d->has_start ? d->start.ms : run->context->now_ms};
    return record_commit(run, &item, 1, false);
}

static int travel_trip_done(struct tools_run *run, struct route *r)
{
    struct dates d = {0};
    struct vehicle_use use;
    int error = travel_read_dates(run, &d);
    if (error == 0)
        error = vehicle_use(run, &use);
    if (error != 0)
        return error == ERR_INVALID ? 0 : error;
    jdoc *trip = jdoc_new_object();
    error = trip ? travel_fill_trip(run, r, &d, &use, trip) : ERR_NOMEM;
    if (error != 0) {
        jdoc_free(trip);
        return error;
    }
    return travel_commit_trip(run, r, &d, trip);
}

int travel_tool_plan_trip(struct tools_run *run)
{
    return route_start(run, travel_trip_done);
}
