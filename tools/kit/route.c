/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/route.h"

#include "base/err.h"
#include "base/log.h"
#include "tools/kit/route_valhalla.h"

#include <stdio.h>
#include <string.h>

#define ANSWER_MAX (4 * 1024 * 1024) /* Valhalla's has the whole line of a way */
#define HINT_METRES 3000000.0 /* from which no ferry is looked for beside the service's answer */

void route_note(struct route *r, const char *text)
{
    if (text && r->note_count < ROUTE_NOTES_MAX)
        r->notes[r->note_count++] = text;
}

/* --- distances --- */

static void route_sum_up(struct route *r)
{
    r->total_metres = r->total_seconds = 0;
    for (size_t i = 0; i + 1 < r->stop_count; i++) {
        r->total_metres += r->metres[i];
        r->total_seconds += r->seconds[i];
    }
}

/* Words about the ferries of a leg, and the way without. */
static void route_note_ferries(struct route *r, const struct road *road)
{
    const char *text = road_ferries_text(r->run, road);
    if (!text)
        return;
    route_note(r,
        arena_printf(r->run->arena,
            "By ferry: %s. The crossing's time and price are not "
            "included: ask the line, and whether it sails that day.",
            text));
    if (road->by_land_metres > 0)
        route_note(r,
            arena_printf(r->run->arena, "Without the ferry it is about %s by road.",
                run_distance(r->run, road->by_land_metres / 1000)));
}

static void route_note_trains(struct route *r, const struct road *road)
{
    const char *text = road->train_count > 0 ? road_trains_text(r->run, road) : NULL;
    if (text)
        route_note(r,
            arena_printf(r->run->arena,
                "By car train: %s. Vehicles ride on it; its price "
                "is not included: book a place, and ask what sizes it takes.",
                text));
}

/* A border, and the side of the road. */
static void route_note_borders(struct route *r)
{
    bool border = false, side = false;
    for (size_t i = 0; i + 1 < r->stop_count; i++) {
        const struct gazetteer_place *a = &r->stops[i].place, *b = &r->stops[i + 1].place;
        if (a->country_code[0] == '\0' || b->country_code[0] == '\0' ||
            strcmp(a->country_code, b->country_code) == 0)
            continue;
        if (!border)
            route_note(r,
                arena_printf(r->run->arena,
                    "The way crosses at least one border (%s to %s). Which papers people, vehicle "
                    "and animals need is not known here: ask the authorities of each country.",
                    a->country[0] ? a->country : a->name, b->country[0] ? b->country : b->name));
        border = true;
        if (route_rules_closed(a->country_code, b->country_code))
            route_note(r,
                arena_printf(r->run->arena,
                    "The border between %s and %s could not be crossed by car in November 2026, as "
                    "far as is known here: the way may not be drivable. Ask before you set out.",
                    a->country[0] ? a->country : a->name, b->country[0] ? b->country : b->name));
        bool left = route_rules_left(b->country_code);
        if (!side && left != route_rules_left(a->country_code)) {
            route_note(r,
                arena_printf(r->run->arena, "In %s people drive on the %s.",
                    b->country[0] ? b->country : b->name, left ? "left" : "right"));
            side = true;
        }
    }
}

/* What was done about the vehicle's size and the things to avoid. used: the service was told. */
static void route_note_size(struct route *r, bool used)
{
    const char *size = route_rules_size_note(r->run, &r->rules, used);
    if (size)
        route_note(r, size);
    if (used)
        return;
    if (r->estimate && (r->rules.tolls || r->rules.unpaved || r->rules.highways))
        route_note(r,
            "Tolls, highways and unpaved roads could not be avoided: this is an "
            "estimate, which knows no roads.");
    else if (r->rules.unpaved)
        route_note(r,
            "Unpaved roads could not be avoided: the routing service cannot say where "
            "they are.");
}

/* Leg by leg. Returns 0; 1 when there is no road (the failure is set); a fault. */
static int route_estimate(struct route *r)
{
    r->estimate = true;
    r->ferry_legs = 0;
    for (size_t i = 0; i + 1 < r->stop_count; i++) {
        const struct place *a = &r->stops[i], *b = &r->stops[i + 1];
        struct road *road = &r->roads[i];
        road_between(a->latitude, a->longitude, b->latitude, b->longitude, !r->rules.ferries, road);
        road_pause();
        if (road->kind == ROAD_NONE) {
            int error = road_refuse(r->run, road, a->name, b->name);
            return error != 0 ? error : 1;
        }
        r->metres[i] = road->metres;
        r->seconds[i] = road->seconds;
        r->method = road_method(road);
        route_note_trains(r, road);
        if (road->kind == ROAD_FERRY) {
            r->ferry_legs++;
            route_note_ferries(r, road);
        }
    }
    route_sum_up(r);
    return 0;
}

/* The estimate, then the handler's own end. As a handler. */
static int route_finish_estimate(struct route *r)
{
    int error = route_estimate(r);
    if (error != 0)
        return error == 1 ? 0 : error;
    route_note_size(r, false);
    return r->done(r->run, r);
}

/* --- the routing service --- */

static bool route_by_valhalla(const struct route *r)
{
    return r->run->context->conf->valhalla_url[0] != '\0';
}

/* OSRM's answer. Returns 0, ERR_NOT_FOUND (there is no road) or ERR_PROTOCOL. */
static int route_read_osrm(const jdoc *answer, struct route *r)
{
    int error = ERR_PROTOCOL;
    const char *code = jdoc_text_or(answer, "code", "");
    const jdoc *legs = jdoc_get(jdoc_at(jdoc_get(answer, "routes"), 0), "legs");
    if (strcmp(code, "NoRoute") == 0) {
        error = ERR_NOT_FOUND;
    } else if (strcmp(code, "Ok") == 0 && jdoc_length(legs) == r->stop_count - 1) {
        error = 0;
        for (size_t i = 0; i < jdoc_length(legs); i++)
            if (jdoc_get_double(jdoc_at(legs, i), "distance", &r->metres[i]) != 0 ||
                jdoc_get_double(jdoc_at(legs, i), "duration", &r->seconds[i]) != 0 ||
                r->metres[i] < 0 || r->seconds[i] < 0)
                error = ERR_PROTOCOL;
    }
    return error;
}

/* As route_read_osrm; ERR_PROTOCOL also when it is no JSON. */
static int route_read_answer(struct route *r)
{
    jdoc *answer = NULL;
    if (jdoc_parse(buf_text(&r->body), r->body.len, &answer, NULL, 0) != 0)
        return ERR_PROTOCOL;
    int error =
        route_by_valhalla(r) ? route_valhalla_read(r->run, answer, r) : route_read_osrm(answer, r);
    jdoc_free(answer);
    return error;
}

static int route_on_body(void *arg, long status, const char *bytes, size_t len)
{
    struct route *r = arg;
    (void)status;
    buf_put(&r->body, bytes, len);
    return buf_error(&r->body);
}

/* The service knows no road: the ferry or the flight that it takes, as far as it is known here. */
static int route_no_route(struct route *r)
{
    const char *names = "";
    int error = route_estimate(r);
    if (error != 0)
        return error == 1 ? 0 : error;
    for (size_t i = 0; names && i + 1 < r->stop_count; i++)
        if (r->roads[i].kind == ROAD_FERRY) {
            const char *text = road_ferries_text(r->run, &r->roads[i]);
            names = arena_printf(r->run->arena, "%s Known ferries: %s.", names, text ? text : "");
        }
    if (route_by_valhalla(r) && r->rules.sized)
        return run_fail(r->run, "no_route",
            "The routing service knows no road for a vehicle of this size. What is not known of the "
            "size was taken as a large truck's: update_vehicle_size tells the rest.%s",
            names ? names : "");
    return run_fail(r->run, "no_route",
        "The routing service knows no road between these places: it may take a ferry or a "
        "flight.%s",
        names ? names : "");
}

/* OSRM names no ferries: what is known here of the sea between. */
static void route_hint_ferries(struct route *r)
{
    for (size_t i = 0; i + 1 < r->stop_count; i++) {
        const struct place *a = &r->stops[i], *b = &r->stops[i + 1];
        struct road road;
        if (r->rules.ferries ||
            gazetteer_distance(a->latitude, a->longitude, b->latitude, b->longitude) > HINT_METRES)
            continue;
        road_between(a->latitude, a->longitude, b->latitude, b->longitude, true, &road);
        road_pause();
        const char *text = road.kind == ROAD_FERRY && road.by_land_metres == 0 ?
            road_ferries_text(r->run, &road) :
            NULL;
        if (text)
            route_note(r,
                arena_printf(r->run->arena,
                    "The sea lies on the way, so the routing service counts a ferry, as it may be: "
                    "%s. Ask whether it sails that day.",
                    text));
    }
}

static void route_answered(struct tools_run *run, void *arg)
{
    struct route *r = arg;
    if (r->result == ERR_NOT_FOUND) {
        run->error = route_no_route(r);
    } else if (r->result != 0) {
        route_note(r, "The routing service could not be asked; this is an estimate.");
        run->error = route_finish_estimate(r);
    } else {
        r->method = route_by_valhalla(r) && r->rules.sized ?
            "routing service, for a vehicle of this size" :
            "routing service";
        route_sum_up(r);
        if (!route_by_valhalla(r))
            route_hint_ferries(r);
        route_note_size(r, route_by_valhalla(r));
        run->error = r->done(run, r);
    }
    run_finished(run);
}

static void route_on_done(void *arg, const struct http_result *answer)
{
    struct route *r = arg;
    r->transfer = NULL;
    r->result = answer->error != 0 ? answer->error : route_read_answer(r);
    if (r->result != 0 && r->result != ERR_NOT_FOUND)
        log_limited(LOG_LEVEL_WARN, "routing service: status %ld, %s %s", answer->status,
            err_text(r->result), answer->why);
    r->step = (struct tools_step){.fn = route_answered, .arg = r};
    run_defer(r->run, &r->step);
}

static void route_on_cancel(struct tools_run *run)
{
    struct route *r = run->state;
    if (r->transfer)
        http_cancel(r->transfer);
    r->transfer = NULL;
}

static void route_free_body(void *arg)
{
    buf_free(arg);
}

/* The service's address for the question, in OSRM's form with the question. */
static void route_put_url(const struct route *r, struct buf *url)
{
    const struct conf *conf = r->run->context->conf;
    const char *base = route_by_valhalla(r) ? conf->valhalla_url : conf->osrm_url;
    const char *between = "&exclude=";
    const struct {
        bool avoid;
        const char *name;
    } classes[] = {{r->rules.tolls, "toll"}, {r->rules.highways, "motorway"},
        {r->rules.ferries, "ferry"}};
    size_t len = strlen(base);
    while (len > 0 && base[len - 1] == '/')
        len--;
    buf_printf(url, "%.*s%s", (int)len, base,
        route_by_valhalla(r) ? "/route" : "/route/v1/driving/");
    if (route_by_valhalla(r))
        return;
    for (size_t i = 0; i < r->stop_count; i++)
        buf_printf(url, "%s%.6f,%.6f", i > 0 ? ";" : "", r->stops[i].longitude,
            r->stops[i].latitude);
    buf_puts(url, "?overview=false");
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (classes[i].avoid) {
            buf_printf(url, "%s%s", between, classes[i].name);
            between = ",";
        }
}

/* Returns ERR_PENDING, or another error when it cannot even be tried. */
static int route_ask_service(struct route *r)
{
    struct tools_run *run = r->run;
    const char *question = route_by_valhalla(r) ? route_valhalla_question(run, r) : NULL;
    struct buf url = {0};
    if (route_by_valhalla(r) && !question)
        return ERR_NOMEM;
    route_put_url(r, &url);
    buf_init(&r->body, ANSWER_MAX);
    static const char *const headers[] = {"Accept: application/json",
        "Content-Type: application/json", NULL};
    static const char *const plain_headers[] = {"Accept: application/json", NULL};
    struct http_request request = {.method = question ? "POST" : "GET",
        .url = buf_text(&url),
        .headers = question ? headers : plain_headers,
        .body = question,
        .body_len = question ? strlen(question) : 0,
        .connect_timeout_ms = 3000,
        .total_timeout_ms = run->spec->timeout_ms * 2 / 3,
        .max_bytes = ANSWER_MAX,
        .on_body = route_on_body,
        .on_done = route_on_done,
        .arg = r};
    int error = buf_error(&url);
    if (error == 0)
        error = arena_on_free(run->arena, route_free_body, &r->body);
    if (error == 0)
        error = http_start(run->context->http, &request, &r->transfer);
    buf_free(&url);
    if (error != 0)
        return error;
    run->on_cancel = route_on_cancel;
    return ERR_PENDING;
}

static int route_places_found(struct tools_run *run, const struct place *spots, size_t count,
    void *arg)
{
    struct route *r = arg;
    memcpy(r->stops, spots, count * sizeof *spots);
    r->stop_count = count;
    int error = route_rules_read(run, &r->rules);
    if (error != 0)
        return error == ERR_INVALID ? 0 : error;
    if (r->prepare && (error = r->prepare(run, r)) != 0)
        return error;
    for (size_t i = 0; i < count; i++)
        route_note(r, r->stops[i].note);
    route_note_borders(r);
    if ((run->context->conf->osrm_url[0] != '\0' || route_by_valhalla(r)) && run->context->http) {
        run->state = r;
        error = route_ask_service(r);
        if (error == ERR_PENDING || error == ERR_NOMEM)
            return error;
        route_note(r, "The routing service could not be asked; this is an estimate.");
    }
    return route_finish_estimate(r);
}

int route_start(struct tools_run *run, route_done_fn *done)
{
    return route_start_prepared(run, NULL, done);
}

int route_start_prepared(struct tools_run *run, route_prepare_fn *prepare, route_done_fn *done)
{
    struct route *r = arena_alloc(run->arena, sizeof *r);
    struct place_wish wishes[ROUTE_STOPS_MAX];
    const jdoc *waypoints = jdoc_get(run->args, "waypoints");
    size_t count = 0;
    if (!r)
        return ERR_NOMEM;
    r->run = run;
    r->prepare = prepare;
    r->done = done;
    wishes[count++] = (struct place_wish){jdoc_text_or(run->args, "origin", ""), "/origin"};
    for (size_t i = 0; i < jdoc_length(waypoints) && count < ROUTE_STOPS_MAX - 1; i++, count++) {
        wishes[count].text = jdoc_string(jdoc_at(waypoints, i), NULL);
        snprintf(wishes[count].path, sizeof wishes[count].path, "/waypoints/%zu", i);
    }
    wishes[count++] =
        (struct place_wish){jdoc_text_or(run->args, "destination", ""), "/destination"};
    return place_start_all(run, wishes, count, route_places_found, r);
}
