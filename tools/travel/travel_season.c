/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Seasons of the family travel. No climate table is at hand, so nothing is said in degrees or
 * millimetres: daylight by astronomy (Cooper's formula for the sun's declination), the season by
 * month and hemisphere, and what a latitude's season is like in general, labelled an estimate.
 */
#include "tools/engine/registry.h"
#include "tools/kit/amount.h"
#include "tools/kit/civil.h"
#include "tools/kit/cost.h"
#include "tools/kit/place.h"
#include "tools/kit/record.h"
#include "tools/kit/road.h"
#include "tools/kit/route.h"
#include "tools/kit/timestamp.h"

#include "base/err.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define PI 3.14159265358979323846
#define TROPIC 23.44
#define LEG_KM 300.0 /* an easy day with a caravan */
#define LEGS_MAX 12
#define NEAR_METRES 80000.0

static const char method[] =
    "estimate from latitude and month: daylight by the sun's declination, the season "
    "by hemisphere, no measured climate data";

static int travel_month_of(const char *name)
{
    for (int i = 0; i < 12; i++) {
        bool same = strlen(name) >= 3;
        for (int k = 0; same && k < 3; k++)
            same = tolower((unsigned char)name[k]) ==
                tolower((unsigned char)civil_month_name(i + 1)[k]);
        if (same)
            return i + 1;
    }
    return 0;
}

/* Hours between sunrise and sunset in the middle of the month; 0 and 24 beyond the polar circles.
 */
static double travel_daylight(double latitude, int month)
{
    static const int middle[] = {15, 46, 74, 105, 135, 166, 196, 227, 258, 288, 319, 349};
    double declination = TROPIC * sin(2 * PI * (284 + middle[month - 1]) / 365);
    double x = -tan(latitude * PI / 180) * tan(declination * PI / 180);
    return x >= 1 ? 0 : x <= -1 ? 24 : 24 / PI * acos(x);
}

struct season {
    const char *name, *band, *expect, *rv;
};

enum quarter { SUMMER, AUTUMN, WINTER, SPRING };

static struct season travel_season_of(double latitude, int month)
{
    static const char *const names[] = {"summer", "autumn", "winter", "spring"};
    static const struct {
        double from;
        const char *band, *expect[4], *rv[4];
    } bands[] = {
        {0, "tropics",
            {"wet season: hot and humid, heavy rain and tropical storms are possible",
                "the end of the wet season", "dry season: warm days, little rain in most places",
                "the build-up to the wet season: hot, growing humidity"},
            {"often avoided: roads may be cut by water", "check roads before you go",
                "the usual season for touring", "possible, but hot"}},
        {TROPIC, "subtropics", {"hot", "mild to warm", "mild days, cool nights", "mild to warm"},
            {"hot for camping without power", "good for touring", "good for touring",
                "good for touring"}},
        {35, "temperate zone",
            {"warm", "mild, cooler towards its end", "cool to cold, frost is possible",
                "mild, changeable"},
            {"good for touring", "good for touring, shorter days",
                "heating needed; snow possible on high ground", "good for touring"}},
        {50, "cool temperate zone",
            {"mild to warm", "cool", "cold, frost and snow are likely", "cool"},
            {"good for touring", "possible with heating", "for winter-ready vehicles only",
                "possible with heating"}},
        {60, "subpolar and polar zone", {"cool, short season", "cold", "very cold", "cold"},
            {"the usual season for touring", "roads and sites may close",
                "for winter-ready vehicles only", "roads and sites may still be closed"}},
    };
    size_t b = sizeof bands / sizeof *bands - 1;
    while (b > 0 && fabs(latitude) < bands[b].from)
        b--;
    int q = ((month % 12) / 3 + (latitude < 0 ? 0 : 2)) % 4; /* December begins the first */
    return (struct season){.name = names[q],
        .band = bands[b].band,
        .expect = bands[b].expect[q],
        .rv = bands[b].rv[q]};
}

static jdoc *travel_season_json(double latitude, int month)
{
    struct season s = travel_season_of(latitude, month);
    jdoc *season = jdoc_new_object();
    if (!season)
        return NULL;
    int failed = jdoc_set_string(season, "month", civil_month_name(month));
    failed |= jdoc_set_string(season, "hemisphere", latitude < 0 ? "southern" : "northern");
    failed |= jdoc_set_string(season, "season", s.name);
    failed |= jdoc_set_string(season, "zone", s.band);
    failed |= jdoc_set_string(season, "expect", s.expect);
    failed |= jdoc_set_string(season, "travel", s.rv);
    failed |= jdoc_set_double(season, "daylight_hours",
        round(travel_daylight(latitude, month) * 10) / 10);
    failed |= jdoc_set_bool(season, "estimate", true);
    failed |= jdoc_set_string(season, "method", method);
    if (failed == 0)
        return season;
    jdoc_free(season);
    return NULL;
}

static int travel_refuse_month(struct tools_run *run, const char *path)
{
    return run_fail_at(run, path, "a month, as \"July\" or \"Jul\"", "that is no month");
}

static int travel_season_at(struct tools_run *run, const struct place *spot, void *arg)
{
    int month = travel_month_of(jdoc_text_or(run->args, "month", ""));
    (void)arg;
    if (month == 0)
        return travel_refuse_month(run, "/month");
    struct season s = travel_season_of(spot->latitude, month);
    jdoc *answer =
        run_succeed(run, "%s in %s is %s in the %s: typically %s (an estimate, not a forecast).",
            civil_month_name(month), spot->name, s.name, s.band, s.expect);
    if (!answer)
        return ERR_NOMEM;
    int failed = jdoc_set(answer, "weather", travel_season_json(spot->latitude, month));
    return failed | jdoc_set(answer, "place", place_json(spot)) ? ERR_NOMEM : 0;
}

int travel_tool_seasonal_weather_check(struct tools_run *run)
{
    return place_start(run, "region", travel_season_at, NULL);
}

/* --- suggest_seasonal_route --- */

struct plan {
    struct place from, to;
    int month, weeks;
    struct road road;
    double km; /* at the wheel */
    struct gazetteer_place stops[LEGS_MAX];
    size_t count;
};

/* Towns near points at equal distances on the great circle, origin left out. */
static void travel_find_stops(struct plan *p)
{
    struct gazetteer_point points[LEGS_MAX];
    size_t legs = (size_t)ceil(p->km / LEG_KM);
    legs = legs < 1 ? 1 : legs > LEGS_MAX ? LEGS_MAX : legs;
    double shift = p->to.longitude - p->from.longitude;
    shift += shift > 180 ? -360 : shift < -180 ? 360 : 0;
    for (size_t i = 0; i + 1 < legs; i++) {
        double part = (double)(i + 1) / (double)legs;
        points[i].latitude = p->from.latitude + (p->to.latitude - p->from.latitude) * part;
        points[i].longitude = p->from.longitude + shift * part;
    }
    p->count = legs - 1;
    if (gazetteer_near(points, p->count, NEAR_METRES, p->stops) != 0)
        p->count = 0;
    for (size_t i = 0; i < p->count; i++) /* a town over the sea is no stop on the way */
        if (road_over_water(p->from.latitude, p->from.longitude, p->stops[i].latitude,
                p->stops[i].longitude) &&
            road_over_water(p->to.latitude, p->to.longitude, p->stops[i].latitude,
                p->stops[i].longitude))
            p->stops[i].name[0] = '\0';
}

static int travel_push_stop(jdoc *list, const char *name, double latitude, double longitude,
    int nights)
{
    jdoc *stop = jdoc_new_object();
    if (!stop)
        return ERR_NOMEM;
    int failed = jdoc_set_string(stop, "name", name);
    failed |= jdoc_set_double(stop, "latitude", latitude);
    failed |= jdoc_set_double(stop, "longitude", longitude);
    failed |= jdoc_set_int(stop, "nights", nights);
    return jdoc_push_made(list, stop, failed);
}

/* The same town is not named twice; the nights left over are spent at the end. */
static int travel_push_stops(jdoc *list, const struct plan *p)
{
    int left = p->weeks * 7, result = 0;
    size_t usable = 0;
    for (size_t i = 0; i < p->count; i++)
        usable += p->stops[i].name[0] != '\0';
    int each = left / 2 / (int)(usable + 1);
    each = each < 1 ? 1 : each > 7 ? 7 : each;
    for (size_t i = 0; result == 0 && i < p->count && left > each; i++) {
        const struct gazetteer_place *s = &p->stops[i];
        if (s->name[0] == '\0' || (i > 0 && strcmp(s->name, p->stops[i - 1].name) == 0))
            continue;
        result = travel_push_stop(list, s->name, s->latitude, s->longitude, each);
        left -= each;
    }
    return result == 0 ? travel_push_stop(list, p->to.name, p->to.latitude, p->to.longitude, left) :
                         result;
}

static int travel_fill_plan(struct tools_run *run, const struct plan *p, jdoc *route)
{
    double budget;
    jdoc *list = jdoc_new_array();
    int failed = !list || travel_push_stops(list, p) != 0;
    if (failed != 0) {
        jdoc_free(list);
        return ERR_NOMEM;
    }
    failed |= jdoc_set(route, "stops", list);
    failed |= jdoc_set(route, "origin", place_json(&p->from));
    failed |= jdoc_set(route, "destination", place_json(&p->to));
    failed |= jdoc_set_double(route, "distance_km", round(p->km));
    failed |= jdoc_set_double(route, "distance_miles", round(p->km / 1.609344));
    failed |= jdoc_set_int(route, "weeks", p->weeks);
    failed |= jdoc_set(route, "season_at_origin", travel_season_json(p->from.latitude, p->month));
    failed |=
        jdoc_set(route, "season_at_destination", travel_season_json(p->to.latitude, p->month));
    failed |= jdoc_set_bool(route, "estimate", true);
    failed |= jdoc_set_string(route, "method",
        "great circle x 1.25, around the sea; towns near equal parts of the straight "
        "line; roads were not checked, calculate_distance does");
    jdoc *ferries = p->road.ferry_count > 0 ? jdoc_new_array() : NULL;
    if (ferries)
        failed |= road_push_ferries(&p->road, ferries) | jdoc_set(route, "crossings", ferries);
    if (jdoc_get_double(run->args, "budget", &budget) == 0) {
        failed |= jdoc_set_double(route, "budget_per_week", round(budget / p->weeks * 100) / 100);
        failed |= jdoc_set_string(route, "currency", cost_currency(run));
    }
    return failed != 0 ? ERR_NOMEM : 0;
}

/* Returns 0, or 1 when the failure is set, or a fault. */
static int travel_read_plan(struct tools_run *run, struct plan *p)
{
    const char *month = jdoc_string(jdoc_get(run->args, "travel_month"), NULL);
    char date[TIMESTAMP_SIZE];
    const struct zone *z;
    struct civil today;
    int64_t weeks = 4;
    int error = timestamp_zone(run, &z);
    if (error != 0)
        return error;
    timestamp_date(run->context->now_ms, z, date);
    p->month = month ? travel_month_of(month) : civil_parse(date, &today) == 0 ? today.month : 0;
    if (p->month == 0)
        return travel_refuse_month(run, "/travel_month") != 0 ? ERR_NOMEM : 1;
    jdoc_get_int(run->args, "duration_weeks", &weeks);
    p->weeks = (int)weeks;
    return 0;
}

static int travel_answer_plan(struct tools_run *run, struct plan *p)
{
    travel_find_stops(p);
    struct season s = travel_season_of(p->to.latitude, p->month);
    const char *ferries = p->road.kind == ROAD_FERRY ? road_ferries_text(run, &p->road) : NULL;
    jdoc *answer =
        run_succeed(run, "%s to %s in %s: about %s%s%s; there it is %s, %s (an estimate).",
            p->from.name, p->to.name, civil_month_name(p->month), run_distance(run, p->km),
            ferries ? " of driving and a ferry that is not counted: " : "", ferries ? ferries : "",
            s.name, s.rv);
    jdoc *route = jdoc_new_object();
    if (!answer || !route || jdoc_set(answer, "route", route) != 0) {
        if (!answer)
            jdoc_free(route);
        return ERR_NOMEM;
    }
    return travel_fill_plan(run, p, route);
}

static int travel_season_ends_found(struct tools_run *run, const struct place *spots, size_t count,
    void *arg)
{
    struct plan *p = arg;
    p->from = spots[0];
    p->to = spots[count - 1];
    road_between(p->from.latitude, p->from.longitude, p->to.latitude, p->to.longitude, true,
        &p->road);
    p->km = p->road.metres / 1000;
    if (p->road.kind == ROAD_NONE)
        return road_refuse(run, &p->road, p->from.name, p->to.name);
    return travel_answer_plan(run, p);
}

int travel_tool_suggest_seasonal_route(struct tools_run *run)
{
    struct place_wish wishes[] = {
        {jdoc_text_or(run->args, "origin", ""), "/origin"},
        {jdoc_text_or(run->args, "destination_region", ""), "/destination_region"},
    };
    struct plan *p = arena_alloc(run->arena, sizeof *p);
    if (!p)
        return ERR_NOMEM;
    int error = travel_read_plan(run, p);
    if (error != 0)
        return error == 1 ? 0 : error;
    return place_start_all(run, wishes, 2, travel_season_ends_found, p);
}
