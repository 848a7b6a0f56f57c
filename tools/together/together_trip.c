/* SPDX-License-Identifier: BSD-2-Clause */
/* Tools of the family together: the trips themselves, own and shared ones, and changes of them. */
#include "base/clock.h"
#include "tools/engine/registry.h"
#include "tools/kit/about.h"
#include "tools/kit/preview.h"
#include "tools/kit/record.h"
#include "tools/kit/route.h"
#include "tools/kit/timestamp.h"
#include "tools/together/together.h"

#include <math.h>
#include <string.h>

#define TOGETHER_DAY_S (8 * 3600) /* at the wheel in one day, as plan_trip has it */

/* ---- list_shared_trips ---- */

static int together_push_trip(jdoc *list, const struct trips_link *link)
{
    jdoc *doc = jdoc_new_object();
    int failed = !doc || jdoc_set_string(doc, "trip_id", link->trip) != 0 ||
        jdoc_set_string(doc, "title", link->title) != 0 ||
        jdoc_set_string(doc, "owner", link->owner) != 0 ||
        jdoc_set_string(doc, "role", trips_role_name(link->role)) != 0;
    return jdoc_push_made(list, doc, failed);
}

/* A trip that the user shares; one that was deleted meanwhile is left out. */
static int together_push_own(struct tools_run *run, jdoc *list, const char *id)
{
    jdoc *trip = NULL;
    struct trips_link link = {.trip = id, .owner = run->context->uid, .role = TRIPS_OWNER};
    int error = record_get(run, "trip", id, &trip, NULL);

    if (error == ERR_NOT_FOUND)
        return 0;
    if (error == 0) {
        link.title = together_title(run, trip);
        error = link.title ? together_push_trip(list, &link) : ERR_NOMEM;
    }
    jdoc_free(trip);
    return error;
}

int together_tool_list_shared_trips(struct tools_run *run)
{
    struct trips_link *links = NULL;
    const char **own = NULL;
    size_t link_count = 0, own_count = 0;
    jdoc *list = jdoc_new_array();
    int error = list ?
        trips_shares(run->context->store, run->context->uid, run->arena, &own, &own_count) :
        ERR_NOMEM;

    for (size_t i = 0; error == 0 && i < own_count; i++)
        error = together_push_own(run, list, own[i]);
    if (error == 0)
        error =
            trips_links(run->context->store, run->context->uid, run->arena, &links, &link_count);
    for (size_t i = 0; error == 0 && i < link_count; i++)
        error = together_push_trip(list, &links[i]);
    size_t count = jdoc_length(list);
    if (error == 0 &&
        !(count == 0 ? run_succeed(run, "No trip is shared, by you or with you.") :
                       run_succeed(run, "%zu shared trip%s.", count, count == 1 ? "" : "s")))
        error = ERR_NOMEM;
    if (error != 0) {
        jdoc_free(list);
        return error;
    }
    error = jdoc_set(run->result, "trips", list);
    return error == 0 ? jdoc_set_int(run->result, "count", (int64_t)count) : error;
}

/* ---- get_trip ---- */

/* The result `trip`, which it takes from t, and `sharing`. */
static int together_answer_trip(struct tools_run *run, struct together *t)
{
    jdoc *sharing = jdoc_new_object();
    int failed = !sharing || jdoc_set_string(sharing, "owner", t->view.owner) != 0 ||
        jdoc_set_string(sharing, "role", trips_role_name(t->view.role)) != 0 ||
        jdoc_set_int(sharing, "members", (int64_t)t->view.member_count) != 0 ||
        jdoc_set_bool(sharing, "live", *t->view.live != '\0') != 0;

    if (failed || !run->result) {
        jdoc_free(sharing);
        return ERR_NOMEM;
    }
    int error = jdoc_set(run->result, "trip", t->trip);
    t->trip = NULL;
    int set = jdoc_set(run->result, "sharing", sharing);
    return error != 0 ? error : set;
}

int together_tool_get_trip(struct tools_run *run)
{
    struct together t;
    int error = together_open(run, TRIPS_SEE, &t);
    if (error == 0 &&
        !run_succeed(run, "The trip %s; you are its %s.", t.title, trips_role_name(t.view.role)))
        error = ERR_NOMEM;
    if (error == 0)
        error = together_answer_trip(run, &t);
    together_end(&t);
    return error == ERR_INVALID ? 0 : error;
}

/* ---- change_trip ---- */

static const char *const together_fields[] = {"title", "notes", "start_date", "end_date", NULL};
static const char *const together_places[] = {"origin", "destination", "waypoints", NULL};

static bool together_has(const struct tools_run *run, const char *const *keys)
{
    for (; *keys; keys++)
        if (jdoc_has(run->args, *keys))
            return true;
    return false;
}

int together_preview_change_trip(struct tools_run *run)
{
    struct together t;
    int error = together_open(run, TRIPS_CHANGE, &t);
    const char *title = error == 0 ? preview_text(run->arena, t.title, PREVIEW_TITLE) : NULL;
    if (error == 0)
        error =
            title ? preview_say(run, "change the trip %s for all who take part", title) : ERR_NOMEM;
    if (error == 0)
        error = about_title(run, "trip", t.trip, "title");
    for (size_t i = 0; error == 0 && together_fields[i]; i++)
        if (jdoc_has(run->args, together_fields[i]))
            error = about_change(run, together_fields[i], jdoc_get(t.trip, together_fields[i]));
    if (error == 0)
        error = about_audience(run, "others");
    together_end(&t);
    return error == ERR_INVALID ? 0 : error;
}

/* The order of the user's trips: by the first day, else by when it was made. Returns 0 or
 * ERR_INVALID (said). */
static int together_check_dates(struct tools_run *run, const jdoc *trip, int64_t *time_ms)
{
    const struct zone *zone;
    struct timestamp start = {0}, end = {0};
    const char *from = jdoc_text_or(trip, "start_date", ""),
               *to = jdoc_text_or(trip, "end_date", "");

    if (zone_get(jdoc_text_or(trip, "timezone", "UTC"), &zone) != 0 && zone_get("UTC", &zone) != 0)
        return ERR_INTERNAL;
    if (timestamp_parse(from, zone, &start) != 0 &&
        timestamp_parse(jdoc_text_or(trip, "created_at", ""), zone, &start) != 0)
        start.ms = run->context->now_ms;
    *time_ms = start.ms;
    if (!*from || timestamp_parse(to, zone, &end) != 0 || end.ms >= start.ms)
        return 0;
    int said = run_fail_at(run, "/end_date", "a day that is not before start_date",
        "end_date is before start_date");
    return said != 0 ? said : ERR_INVALID;
}

/* way: of the new places; NULL = they stay. */
static int together_write_trip(struct tools_run *run, struct together *t, const char *what,
    const struct route *way)
{
    const char *trip = jdoc_text_or(run->args, "trip_id", ""), *name = together_name(run);
    struct trips_act act;
    struct buf json = {0};
    int64_t time_ms;
    int error = together_check_dates(run, t->trip, &time_ms);

    t->title = together_title(run, t->trip);
    if (error == 0)
        error = record_stamp(run, t->trip);
    if (error == 0)
        error = jdoc_set_string(t->trip, "updated_by", run->context->uid);
    if (error == 0)
        error = together_begin(run, t->view.owner, trip, t->title, &act);
    if (error != 0 || !name || !t->title)
        return error != 0 ? error : ERR_NOMEM;
    act.event = together_event(run,
        &(struct together_event){trip, t->title, "changed",
            arena_printf(run->arena, "%s changes the trip %s: %s.", name, t->title, what), ""});
    jdoc_write(t->trip, &json);
    error = act.event ? buf_error(&json) : ERR_NOMEM;
    if (error == 0)
        error = trips_change(run->context->store, &act, buf_text(&json), t->view.json, time_ms);
    buf_free(&json);
    if (error != 0)
        return together_refuse(run, error);
    jdoc *answer = run_succeed(run, "The trip %s is changed: %s.", t->title, what);
    if (!answer || (way && route_set_notes(way, answer) != 0))
        return ERR_NOMEM;
    error = together_answer_trip(run, t);
    return error == 0 ? together_finish(run, "change", trip, t->title) : error;
}

/* "title, start_date": what the arguments name. */
static const char *together_named(struct tools_run *run)
{
    const char *const *const lists[] = {together_fields, together_places};
    const char *text = "";

    for (size_t i = 0; i < 2; i++)
        for (const char *const *key = lists[i]; text && *key; key++)
            if (jdoc_has(run->args, *key))
                text = arena_printf(run->arena, "%s%s%s", text, *text ? ", " : "", *key);
    return text;
}

/* ---- another way ---- */

/*
 * While the way is looked for, run->args has the places that the call does not name, too; this
 * member lists them. The mark of the call is made of what the call did name, so they go before the
 * end.
 */
#define TOGETHER_FILLED "filled"

/* The fuel of the way goes with its length. */
static int together_scale_cost(jdoc *trip, double before_km, double km)
{
    jdoc *cost = jdoc_get(trip, "cost_estimate");
    double litres, money;
    int failed = 0;

    if (!cost || !(before_km > 0))
        return 0;
    if (jdoc_get_double(cost, "fuel_litres", &litres) == 0)
        failed |= jdoc_set_double(cost, "fuel_litres", round(litres * km / before_km));
    if (jdoc_get_double(cost, "fuel_cost", &money) == 0)
        failed |= jdoc_set_double(cost, "fuel_cost", round(money * km / before_km));
    return failed;
}

static int together_set_way(jdoc *trip, const struct route *r)
{
    double before = jdoc_double_or(trip, "distance_km", 0);
    int64_t days = (int64_t)ceil(r->total_seconds / TOGETHER_DAY_S - 1e-9);

    jdoc_remove(trip, "crossings");
    int failed = jdoc_set(trip, "origin", route_place(r, 0));
    failed |= jdoc_set(trip, "destination", route_place(r, r->stop_count - 1));
    failed |= jdoc_set(trip, "waypoints", route_between(r));
    failed |= route_set_totals(r, trip);
    failed |= jdoc_set_int(trip, "driving_days", days > 0 ? days : 1);
    failed |= jdoc_set(trip, "legs", route_legs(r));
    failed |= together_scale_cost(trip, before, r->total_metres / 1000);
    return failed != 0 ? ERR_NOMEM : 0;
}

static void together_drop_filled(struct tools_run *run)
{
    const jdoc *filled = jdoc_get(run->args, TOGETHER_FILLED);

    for (size_t i = 0; i < jdoc_length(filled); i++)
        jdoc_remove(run->args, jdoc_string(jdoc_at(filled, i), NULL));
    jdoc_remove(run->args, TOGETHER_FILLED);
}

static int together_way_done(struct tools_run *run, struct route *r)
{
    const char *named;
    struct together t;
    int error;

    together_drop_filled(run);
    named = together_named(run);
    error = together_open(run, TRIPS_CHANGE, &t);
    if (error == 0)
        error = named ? record_copy(t.trip, run->args, together_fields) : ERR_NOMEM;
    if (error == 0)
        error = together_set_way(t.trip, r);
    if (error == 0)
        error = together_write_trip(run, &t, named, r);
    together_end(&t);
    return error == ERR_INVALID ? 0 : error;
}

/* In full, as place.h reads it: "Sydney, New South Wales, Australia". */
static jdoc *together_place_text(const jdoc *place)
{
    static const char *const keys[] = {"name", "region", "country"};
    struct buf text = {0};

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *part = jdoc_text_or(place, keys[i], "");
        buf_printf(&text, "%s%s", text.len > 0 && *part ? ", " : "", part);
    }
    jdoc *made = buf_error(&text) == 0 ? jdoc_new_string(buf_text(&text), text.len) : NULL;
    buf_free(&text);
    return made;
}

static jdoc *together_place_of(const jdoc *trip, const char *key)
{
    const jdoc *place = jdoc_get(trip, key);

    if (jdoc_type(place) != JDOC_ARRAY)
        return together_place_text(place);
    jdoc *list = jdoc_new_array();
    int failed = !list;
    for (size_t i = 0; failed == 0 && i < jdoc_length(place); i++)
        failed |= jdoc_push(list, together_place_text(jdoc_at(place, i)));
    if (failed == 0)
        return list;
    jdoc_free(list);
    return NULL;
}

static int together_fill_places(jdoc *args, const jdoc *trip)
{
    jdoc *filled = jdoc_new_array();
    int failed = !filled;

    for (size_t i = 0; failed == 0 && together_places[i]; i++) {
        const char *key = together_places[i];
        if (jdoc_has(args, key))
            continue;
        failed |= jdoc_set(args, key, together_place_of(trip, key));
        failed |= jdoc_push(filled, jdoc_new_string(key, strlen(key)));
    }
    if (failed == 0)
        return jdoc_set(args, TOGETHER_FILLED, filled);
    jdoc_free(filled);
    return ERR_NOMEM;
}

int together_tool_change_trip(struct tools_run *run)
{
    struct together t;
    int error = together_open(run, TRIPS_CHANGE, &t);
    const char *named = together_named(run);
    bool away = together_has(run, together_places);

    if (error == 0 && (!named || !*named)) {
        int said = run_fail_at(run, "",
            "at least one of title, notes, start_date, end_date, "
            "origin, destination, waypoints",
            "nothing to change");
        error = said != 0 ? said : ERR_INVALID;
    }
    if (error == 0)
        error = away ? together_fill_places(run->args, t.trip) :
                       record_copy(t.trip, run->args, together_fields);
    if (error == 0 && !away)
        error = together_write_trip(run, &t, named, NULL);
    together_end(&t);
    if (error == 0 && away)
        return route_start(run, together_way_done);
    return error == ERR_INVALID ? 0 : error;
}
