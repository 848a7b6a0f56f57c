/* SPDX-License-Identifier: BSD-2-Clause */
/* Tools of the family together: the trips themselves, own and shared ones, and changes of them. */
#include "base/clock.h"
#include "base/utf8.h"
#include "tools/engine/registry.h"
#include "tools/kit/about.h"
#include "tools/kit/preview.h"
#include "tools/kit/record.h"
#include "tools/kit/route.h"
#include "tools/kit/timestamp.h"
#include "tools/together/together.h"

#include <math.h>
#include <stdio.h>
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
 * While the way is looked for, run->args has the places that the call does not name, too. This
 * member has `keys`, which lists them, `trip`, what the way depends on as it was read, and `own`.
 * The mark of the call is made of what the call did name, so all this goes before the end.
 */
#define TOGETHER_FILLED "filled"

static const char *const together_way_of[] = {"origin", "destination", "waypoints", "avoid",
    "vehicle_size", NULL};

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

/* Places that the call does not name stay as they are. */
static int together_set_way(struct tools_run *run, jdoc *trip, const struct route *r)
{
    double before = jdoc_double_or(trip, "distance_km", 0);
    int64_t days = (int64_t)ceil(r->total_seconds / TOGETHER_DAY_S - 1e-9);
    int failed = 0;

    jdoc_remove(trip, "crossings");
    if (jdoc_has(run->args, "origin"))
        failed |= jdoc_set(trip, "origin", route_place(r, 0));
    if (jdoc_has(run->args, "destination"))
        failed |= jdoc_set(trip, "destination", route_place(r, r->stop_count - 1));
    if (jdoc_has(run->args, "waypoints"))
        failed |= jdoc_set(trip, "waypoints", route_between(r));
    failed |= route_set_totals(r, trip);
    failed |= jdoc_set_int(trip, "driving_days", days > 0 ? days : 1);
    failed |= jdoc_set(trip, "legs", route_legs(r));
    failed |= together_scale_cost(trip, before, r->total_metres / 1000);
    return failed != 0 ? ERR_NOMEM : 0;
}

/* Does the vehicle of whoever asks decide? In the chat of the trip nobody's is looked at. */
static bool together_own_vehicle(const struct tools_run *run, const struct together *t)
{
    return t->view.role == TRIPS_OWNER && !run->context->chat_trip;
}

/* Out of the arguments; NULL on no memory. */
static jdoc *together_take_filled(struct tools_run *run)
{
    jdoc *filled = jdoc_dup(jdoc_get(run->args, TOGETHER_FILLED));
    const jdoc *keys = jdoc_get(filled, "keys");

    for (size_t i = 0; i < jdoc_length(keys); i++)
        jdoc_remove(run->args, jdoc_string(jdoc_at(keys, i), NULL));
    jdoc_remove(run->args, TOGETHER_FILLED);
    return filled;
}

/* Does the way still lead over what the trip has now? 0, ERR_CONFLICT or ERR_NOMEM. */
static int together_same_way(const jdoc *seen, const jdoc *trip)
{
    struct buf texts[2] = {{0}, {0}};
    const jdoc *from[] = {seen, trip};

    for (size_t k = 0; k < 2; k++)
        for (const char *const *key = together_way_of; *key; key++) {
            buf_printf(&texts[k], "\n");
            if (jdoc_has(from[k], *key))
                jdoc_write(jdoc_get(from[k], *key), &texts[k]);
        }
    int error = buf_error(&texts[0]) != 0 || buf_error(&texts[1]) != 0 ? ERR_NOMEM :
        strcmp(buf_text(&texts[0]), buf_text(&texts[1])) == 0          ? 0 :
                                                                         ERR_CONFLICT;
    buf_free(&texts[0]);
    buf_free(&texts[1]);
    return error;
}

static int together_way_done(struct tools_run *run, struct route *r)
{
    const char *named;
    struct together t;
    jdoc *filled = together_take_filled(run);
    int error;

    named = together_named(run);
    error = together_open(run, TRIPS_CHANGE, &t);
    if (error == 0)
        error = filled ? together_same_way(jdoc_get(filled, "trip"), t.trip) : ERR_NOMEM;
    if (error == ERR_CONFLICT) {
        error = together_refuse(run, error);
        error = error != 0 ? error : ERR_INVALID;
    }
    if (error == 0)
        error = named ? record_copy(t.trip, run->args, together_fields) : ERR_NOMEM;
    if (error == 0)
        error = together_set_way(run, t.trip, r);
    if (error == 0 && together_own_vehicle(run, &t))
        error = route_rules_write(&r->rules, t.trip);
    if (error == 0)
        error = together_write_trip(run, &t, named, r);
    together_end(&t);
    jdoc_free(filled);
    return error == ERR_INVALID ? 0 : error;
}

/* ---- what the call does not name ---- */

/* A place of the trip stays where it is: nothing is looked up by its name again. */
static jdoc *together_place_text(const jdoc *place)
{
    char text[64];

    snprintf(text, sizeof text, "%.7f,%.7f", jdoc_double_or(place, "latitude", 0),
        jdoc_double_or(place, "longitude", 0));
    return jdoc_new_string(text, strlen(text));
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

static int together_fill_places(struct tools_run *run, const struct together *t)
{
    jdoc *filled = jdoc_new_object(), *keys = jdoc_new_array(), *seen = jdoc_new_object();
    int failed = !filled || !keys || !seen || record_copy(seen, t->trip, together_way_of) != 0 ||
        jdoc_set_bool(filled, "own", together_own_vehicle(run, t)) != 0;

    for (size_t i = 0; failed == 0 && together_places[i]; i++) {
        const char *key = together_places[i];
        if (jdoc_has(run->args, key))
            continue;
        failed |= jdoc_set(run->args, key, together_place_of(t->trip, key));
        failed |= jdoc_push(keys, jdoc_new_string(key, strlen(key)));
    }
    if (failed == 0) {
        failed = jdoc_set(filled, "trip", seen) | jdoc_set(filled, "keys", keys);
        if (failed == 0)
            return jdoc_set(run->args, TOGETHER_FILLED, filled);
        seen = keys = NULL;
    }
    jdoc_free(seen);
    jdoc_free(keys);
    jdoc_free(filled);
    return ERR_NOMEM;
}

/* A stop as the trip has it: found by its coordinates, it has no name. */
static void together_name_stop(struct place *stop, const jdoc *place)
{
    struct gazetteer_place *p = &stop->place;

    snprintf(p->name, sizeof p->name, "%s", jdoc_text_or(place, "name", p->name));
    snprintf(p->region, sizeof p->region, "%s", jdoc_text_or(place, "region", ""));
    snprintf(p->country, sizeof p->country, "%s", jdoc_text_or(place, "country", ""));
    snprintf(p->country_code, sizeof p->country_code, "%s",
        jdoc_text_or(place, "country_code", ""));
    snprintf(p->zone, sizeof p->zone, "%s", jdoc_text_or(place, "timezone", ""));
    utf8_mend_end(p->name);
    utf8_mend_end(p->region);
    utf8_mend_end(p->country);
    snprintf(stop->name, sizeof stop->name, "%s", p->name);
    snprintf(stop->zone, sizeof stop->zone, "%s", p->zone);
    snprintf(stop->country_code, sizeof stop->country_code, "%s", p->country_code);
    stop->note = NULL;
}

/*
 * The way keeps what the trip avoids, whoever changes it. It suits the owner's vehicle: as it is
 * now, else as the trip was planned for. An editor's own counts where the trip says nothing.
 */
static void together_set_rules(const jdoc *filled, struct route_rules *rules)
{
    struct route_rules kept;

    route_rules_of_trip(jdoc_get(filled, "trip"), &kept);
    if (rules->sized && (jdoc_is_true(filled, "own") || !kept.sized)) {
        kept.sized = true;
        kept.size = rules->size;
    }
    *rules = kept;
}

static int together_prepare_way(struct tools_run *run, struct route *r)
{
    const jdoc *filled = jdoc_get(run->args, TOGETHER_FILLED), *keys = jdoc_get(filled, "keys"),
               *trip = jdoc_get(filled, "trip");

    for (size_t i = 0; i < jdoc_length(keys); i++) {
        const char *key = jdoc_string(jdoc_at(keys, i), NULL);
        const jdoc *place = jdoc_get(trip, key);
        if (strcmp(key, "origin") == 0)
            together_name_stop(&r->stops[0], place);
        else if (strcmp(key, "destination") == 0)
            together_name_stop(&r->stops[r->stop_count - 1], place);
        for (size_t k = 0; jdoc_type(place) == JDOC_ARRAY && k + 2 < r->stop_count; k++)
            together_name_stop(&r->stops[k + 1], jdoc_at(place, k));
    }
    together_set_rules(filled, &r->rules);
    return 0;
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
        error =
            away ? together_fill_places(run, &t) : record_copy(t.trip, run->args, together_fields);
    if (error == 0 && !away)
        error = together_write_trip(run, &t, named, NULL);
    together_end(&t);
    if (error == 0 && away)
        return route_start_prepared(run, together_prepare_way, together_way_done);
    return error == ERR_INVALID ? 0 : error;
}
