/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/trip_live.h"

#include "base/clock.h"
#include "tools/kit/gazetteer.h"
#include "tools/kit/road.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRIP_LIVE_NEAR_M 2000.0 /* of a stop: it is reached */
#define TRIP_LIVE_FAST 70.0     /* m/s: faster is a jump */
#define TRIP_LIVE_NOISE_M 200.0 /* as far apart as two positions of one place may be */
#define TRIP_LIVE_AHEAD_MS 60000
#define TRIP_LIVE_OLD_MS 3600000   /* a point from before that tells nothing */
#define TRIP_LIVE_ROAD 1.25        /* of a leg whose way is not known */
#define TRIP_LIVE_ROUGH_PARTS 10.0 /* of a degree: some 10 km */
#define TRIP_LIVE_EXACT_PARTS 100000.0
#define TRIP_LIVE_ROUGH_MS 300000

/* ---- the way ---- */

static bool trip_live_way_add(const jdoc *place, struct trip_way *out)
{
    struct trip_stop *stop = &out->stops[out->count];

    if (out->count == TRIP_LIVE_STOPS_MAX ||
        jdoc_get_double(place, "latitude", &stop->latitude) != 0 ||
        jdoc_get_double(place, "longitude", &stop->longitude) != 0 ||
        !(fabs(stop->latitude) <= 90 && fabs(stop->longitude) <= 180))
        return false;
    stop->name = jdoc_text_or(place, "name", "");
    out->count++;
    return true;
}

int trip_live_way(const jdoc *trip, struct trip_way *out)
{
    const jdoc *between = jdoc_get(trip, "waypoints"), *legs = jdoc_get(trip, "legs");
    bool known = true;

    memset(out, 0, sizeof *out);
    known = trip_live_way_add(jdoc_get(trip, "origin"), out);
    for (size_t i = 0; known && i < jdoc_length(between); i++)
        known = trip_live_way_add(jdoc_at(between, i), out);
    if (!known || !trip_live_way_add(jdoc_get(trip, "destination"), out))
        return ERR_INVALID;
    for (size_t i = 0; i + 1 < out->count; i++) {
        struct trip_stop *a = &out->stops[i], *b = a + 1;
        const jdoc *leg = jdoc_length(legs) + 1 == out->count ? jdoc_at(legs, i) : NULL;

        a->air_metres = gazetteer_distance(a->latitude, a->longitude, b->latitude, b->longitude);
        a->metres = 1000 * jdoc_double_or(leg, "distance_km", 0);
        a->seconds = 3600 * jdoc_double_or(leg, "drive_hours", 0);
        if (!(a->metres >= a->air_metres))
            a->metres = a->air_metres * TRIP_LIVE_ROAD;
        if (!(a->seconds > 0))
            a->seconds = a->metres * ROAD_SECONDS_PER_METRE;
    }
    return 0;
}

/* ---- the state ---- */

static bool trip_live_read_point(const jdoc *doc, const char *key, struct trip_point *out)
{
    const jdoc *point = jdoc_get(doc, key);

    return jdoc_get_double(point, "latitude", &out->latitude) == 0 &&
        jdoc_get_double(point, "longitude", &out->longitude) == 0 &&
        jdoc_get_int(point, "at", &out->at_ms) == 0;
}

int trip_live_read(const char *json, struct trip_live *out)
{
    jdoc *doc = NULL;
    int error = jdoc_parse(json, strlen(json), &doc, NULL, 0);

    memset(out, 0, sizeof *out);
    if (error != 0)
        return error == ERR_NOMEM ? error : ERR_INVALID;
    snprintf(out->traveller, sizeof out->traveller, "%s", jdoc_text_or(doc, "traveller", ""));
    out->started_ms = jdoc_int_or(doc, "started", 0);
    out->ends_ms = jdoc_int_or(doc, "ends", 0);
    out->threshold_ms = jdoc_int_or(doc, "threshold", 0);
    out->rough = jdoc_is_true(doc, "rough");
    out->next = (size_t)jdoc_int_or(doc, "next", 1);
    out->placed = trip_live_read_point(doc, "last", &out->last);
    out->doubted = trip_live_read_point(doc, "doubt", &out->doubt);
    out->planned_ms = jdoc_int_or(doc, "planned", 0);
    out->next_ms = jdoc_int_or(doc, "next_ms", 0);
    out->end_ms = jdoc_int_or(doc, "end_ms", 0);
    out->told_ms = jdoc_int_or(doc, "told", 0);
    out->shown_ms = jdoc_int_or(doc, "shown", 0);
    jdoc_free(doc);
    return out->traveller[0] != '\0' && out->next > 0 ? 0 : ERR_INVALID;
}

static void trip_live_put_point(struct buf *out, const char *key, const struct trip_point *p)
{
    buf_printf(out, ",\"%s\":{\"latitude\":%.6f,\"longitude\":%.6f,\"at\":%" PRId64 "}", key,
        p->latitude, p->longitude, p->at_ms);
}

void trip_live_write(const struct trip_live *live, struct buf *out)
{
    buf_puts(out, "{\"traveller\":");
    buf_json_text(out, live->traveller);
    buf_printf(out,
        ",\"started\":%" PRId64 ",\"ends\":%" PRId64 ",\"threshold\":%" PRId64
        ",\"rough\":%s,\"next\":%zu,\"planned\":%" PRId64 ",\"next_ms\":%" PRId64
        ",\"end_ms\":%" PRId64 ",\"told\":%" PRId64 ",\"shown\":%" PRId64,
        live->started_ms, live->ends_ms, live->threshold_ms, live->rough ? "true" : "false",
        live->next, live->planned_ms, live->next_ms, live->end_ms, live->told_ms, live->shown_ms);
    if (live->placed)
        trip_live_put_point(out, "last", &live->last);
    if (live->doubted)
        trip_live_put_point(out, "doubt", &live->doubt);
    buf_putc(out, '}');
}

/* ---- moving ---- */

static double trip_live_metres(const struct trip_point *p, double latitude, double longitude)
{
    return gazetteer_distance(p->latitude, p->longitude, latitude, longitude);
}

static bool trip_live_reachable(const struct trip_point *a, const struct trip_point *b)
{
    double metres = trip_live_metres(a, b->latitude, b->longitude);

    return metres <= TRIP_LIVE_NOISE_M + TRIP_LIVE_FAST * (double)(b->at_ms - a->at_ms) / 1000;
}

/* A jump is taken when the point behind it agrees with it, and not with what was before. */
static bool trip_live_take(struct trip_live *live, const struct trip_point *p, int64_t now_ms)
{
    if (p->at_ms > now_ms + TRIP_LIVE_AHEAD_MS || p->at_ms < live->started_ms - TRIP_LIVE_OLD_MS ||
        (live->placed && p->at_ms <= live->last.at_ms))
        return false;
    if (live->placed && !trip_live_reachable(&live->last, p) &&
        !(live->doubted && p->at_ms > live->doubt.at_ms && trip_live_reachable(&live->doubt, p))) {
        live->doubt = *p;
        live->doubted = true;
        return false;
    }
    live->last = *p;
    live->placed = true;
    live->doubted = false;
    return true;
}

/* Stops behind the position: it has come near to one, or past half of the leg behind it. */
static void trip_live_pass(const struct trip_way *way, struct trip_live *live)
{
    size_t end = way->count - 1, reached = live->next - 1;

    for (size_t i = live->next; i <= end; i++) {
        const struct trip_stop *stop = &way->stops[i];
        if (trip_live_metres(&live->last, stop->latitude, stop->longitude) <= TRIP_LIVE_NEAR_M)
            reached = i;
    }
    for (size_t i = live->next; i < end && reached < i; i++) {
        const struct trip_stop *after = &way->stops[i + 1];
        if (trip_live_metres(&live->last, after->latitude, after->longitude) <
            way->stops[i].air_metres / 2)
            reached = i;
    }
    live->next = reached + 1;
}

static void trip_live_estimate(const struct trip_way *way, struct trip_live *live)
{
    const struct trip_stop *leg = &way->stops[live->next - 1], *next = leg + 1;
    double air = trip_live_metres(&live->last, next->latitude, next->longitude);
    double factor =
        leg->air_metres > TRIP_LIVE_NEAR_M ? leg->metres / leg->air_metres : TRIP_LIVE_ROAD;
    double pace = leg->metres > 0 ? leg->seconds / leg->metres : ROAD_SECONDS_PER_METRE;
    double seconds = air * factor * pace;

    live->next_ms = live->last.at_ms + (int64_t)(seconds * 1000);
    for (size_t i = live->next; i + 1 < way->count; i++)
        seconds += way->stops[i].seconds;
    live->end_ms = live->last.at_ms + (int64_t)(seconds * 1000);
    if (live->planned_ms == 0)
        live->planned_ms = live->end_ms;
}

static int trip_live_by_time(const void *a, const void *b)
{
    const struct trip_point *x = a, *y = b;

    return x->at_ms < y->at_ms ? -1 : x->at_ms > y->at_ms;
}

void trip_live_move(const struct trip_way *way, struct trip_live *live, struct trip_point *points,
    size_t count, int64_t now_ms, struct trip_moved *out)
{
    size_t before = live->next;

    memset(out, 0, sizeof *out);
    if (live->next >= way->count) /* the trip has fewer stops by now */
        live->next = way->count - 1;
    qsort(points, count, sizeof *points, trip_live_by_time);
    for (size_t i = 0; i < count; i++) {
        if (!trip_live_take(live, &points[i], now_ms)) {
            out->ignored++;
            continue;
        }
        out->accepted++;
        trip_live_pass(way, live);
        if (live->next >= way->count)
            break;
    }
    out->reached = live->next > before ? live->next - before : 0;
    out->arrived = live->next >= way->count;
    if (out->accepted == 0 || out->arrived)
        return;
    trip_live_estimate(way, live);
    int64_t delay = live->end_ms - live->planned_ms;
    out->delayed = llabs(delay - live->told_ms) >= live->threshold_ms;
    if (out->delayed)
        live->told_ms = delay;
}

int64_t trip_live_delay(const struct trip_live *live)
{
    return (int64_t)llround((double)(live->end_ms - live->planned_ms) / 60000);
}

/* ---- showing ---- */

static int trip_live_set_time(jdoc *to, const char *key, int64_t ms, bool rough)
{
    char text[CLOCK_RFC3339_SIZE];

    if (rough)
        ms = (ms + TRIP_LIVE_ROUGH_MS / 2) / TRIP_LIVE_ROUGH_MS * TRIP_LIVE_ROUGH_MS;
    clock_rfc3339(ms, text);
    return jdoc_set_string(to, key, text);
}

static int trip_live_set_position(jdoc *to, const struct trip_point *p, bool rough)
{
    double parts = rough ? TRIP_LIVE_ROUGH_PARTS : TRIP_LIVE_EXACT_PARTS;
    jdoc *position = jdoc_new_object();

    if (!position)
        return ERR_NOMEM;
    int failed = jdoc_set_double(position, "latitude", round(p->latitude * parts) / parts);
    failed |= jdoc_set_double(position, "longitude", round(p->longitude * parts) / parts);
    failed |= trip_live_set_time(position, "taken_at", p->at_ms, rough);
    failed |= jdoc_set(to, "position", position);
    return failed ? ERR_NOMEM : 0;
}

static int trip_live_fill(jdoc *to, const struct trip_way *way, const struct trip_live *live,
    bool rough)
{
    int failed = trip_live_set_time(to, "started_at", live->started_ms, false);

    failed |= trip_live_set_time(to, "ends_at", live->ends_ms, false);
    failed |= jdoc_set_string(to, "precision", live->rough ? "rough" : "exact");
    failed |= jdoc_set_string(to, "destination", way->stops[way->count - 1].name);
    if (live->next < way->count)
        failed |= jdoc_set_string(to, "next_stop", way->stops[live->next].name);
    if (!live->placed || live->end_ms == 0)
        return failed;
    failed |= trip_live_set_position(to, &live->last, rough);
    failed |= trip_live_set_time(to, "next_arrival", live->next_ms, rough);
    failed |= trip_live_set_time(to, "arrival", live->end_ms, rough);
    failed |= jdoc_set_int(to, "delay_minutes",
        rough ? trip_live_delay(live) / 5 * 5 : trip_live_delay(live));
    failed |= jdoc_set_bool(to, "estimate", true);
    return failed;
}

jdoc *trip_live_show(const struct trip_way *way, const struct trip_live *live, const char *trip,
    bool whole)
{
    jdoc *shown = jdoc_new_object();

    if (shown && jdoc_set_string(shown, "trip_id", trip) == 0 &&
        jdoc_set_string(shown, "traveller", live->traveller) == 0 &&
        trip_live_fill(shown, way, live, live->rough && !whole) == 0)
        return shown;
    jdoc_free(shown);
    return NULL;
}
