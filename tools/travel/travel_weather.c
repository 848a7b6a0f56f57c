/* SPDX-License-Identifier: BSD-2-Clause */
/* Weather tools of the family travel, from a service in Open-Meteo form. */
#include "tools/engine/registry.h"
#include "tools/kit/fetch.h"
#include "tools/kit/place.h"
#include "tools/kit/record.h"
#include "tools/kit/timestamp.h"

#include "base/err.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define DAYS_MAX 14
#define POINTS_MAX 10
/* Wind that RVs should not drive in: warnings of the usual gale scale, km/h. */
#define WIND_CAUTION 40.0
#define WIND_DANGER 60.0
#define GUST_DANGER 80.0

struct wish {           /* in the arena: what was asked */
    const char *action; /* NULL: get_weather_forecast */
    int days;
    struct place spots[POINTS_MAX];
    size_t count;
};

/* WMO code table 4677 as Open-Meteo uses it. */
static const char *travel_sky(int64_t code)
{
    static const struct {
        int64_t code;
        const char *text;
    } table[] = {
        {0, "clear sky"},
        {1, "mainly clear"},
        {2, "partly cloudy"},
        {3, "overcast"},
        {45, "fog"},
        {48, "rime fog"},
        {51, "light drizzle"},
        {53, "drizzle"},
        {55, "heavy drizzle"},
        {56, "freezing drizzle"},
        {57, "freezing drizzle"},
        {61, "light rain"},
        {63, "rain"},
        {65, "heavy rain"},
        {66, "freezing rain"},
        {67, "freezing rain"},
        {71, "light snow"},
        {73, "snow"},
        {75, "heavy snow"},
        {77, "snow grains"},
        {80, "light showers"},
        {81, "showers"},
        {82, "violent showers"},
        {85, "snow showers"},
        {86, "heavy snow showers"},
        {95, "thunderstorm"},
        {96, "thunderstorm with hail"},
        {99, "thunderstorm with heavy hail"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].code == code)
            return table[i].text;
    return "unknown";
}

struct reading {
    int64_t code;
    double wind, gusts, rain, low;
    bool has_code;
};

/* Where the numbers of one moment are: in an object, else at `at` of an array for each name. */
struct numbers {
    const char *const (*names)[2]; /* the service's, ours */
    size_t count;
    const jdoc *object;
    const jdoc *const *arrays;
    size_t at;
};

/* Numbers of the service under our names; what is missing stays missing. */
static int travel_weather_take(jdoc *to, struct reading *r, const struct numbers *n)
{
    const char *const(*names)[2] = n->names;
    int failed = 0;
    for (size_t i = 0; i < n->count; i++) {
        double value;
        const jdoc *member =
            n->object ? jdoc_get(n->object, names[i][0]) : jdoc_at(n->arrays[i], n->at);
        if (jdoc_double(member, &value) != 0 || !isfinite(value) || fabs(value) > 1e6)
            continue;
        failed |= jdoc_set_double(to, names[i][1], round(value * 10) / 10);
        if (strcmp(names[i][1], "wind_kmh") == 0)
            r->wind = value;
        else if (strcmp(names[i][1], "gusts_kmh") == 0)
            r->gusts = value;
        else if (strcmp(names[i][1], "rain_mm") == 0)
            r->rain = value;
        else if (strcmp(names[i][1], "low_c") == 0 || strcmp(names[i][1], "temperature_c") == 0)
            r->low = value;
    }
    return failed;
}

static int travel_set_sky(jdoc *to, struct reading *r, const jdoc *code)
{
    double value;
    r->has_code = jdoc_double(code, &value) == 0 && value >= 0 && value < 1000;
    if (!r->has_code)
        return 0;
    r->code = (int64_t)value;
    return jdoc_set_string(to, "conditions", travel_sky(r->code));
}

static const char *const daily_names[][2] = {{"temperature_2m_max", "high_c"},
    {"temperature_2m_min", "low_c"}, {"precipitation_sum", "rain_mm"},
    {"precipitation_probability_max", "rain_chance_percent"}, {"wind_speed_10m_max", "wind_kmh"},
    {"wind_gusts_10m_max", "gusts_kmh"}};
#define DAILY (sizeof daily_names / sizeof *daily_names)

static const char *const current_names[][2] = {{"temperature_2m", "temperature_c"},
    {"apparent_temperature", "feels_like_c"}, {"relative_humidity_2m", "humidity_percent"},
    {"precipitation", "rain_mm"}, {"wind_speed_10m", "wind_kmh"}, {"wind_gusts_10m", "gusts_kmh"}};
#define CURRENT (sizeof current_names / sizeof *current_names)

/* --- what it means for an RV --- */

static int travel_warn(jdoc *list, const char *text)
{
    return jdoc_push(list, jdoc_new_string(text, strlen(text)));
}

static int travel_set_advice(jdoc *to, const struct reading *r)
{
    jdoc *list = jdoc_new_array();
    int failed = !list, level = 0;
    bool ice = r->has_code &&
        ((r->code >= 56 && r->code <= 57) || (r->code >= 66 && r->code <= 77) ||
            (r->code >= 85 && r->code <= 86));
    if (failed)
        return ERR_NOMEM;
    if (r->wind >= WIND_DANGER || r->gusts >= GUST_DANGER) {
        level = 2;
        failed |= travel_warn(list, "Gale-force wind: do not drive a high vehicle or tow.");
    } else if (r->wind >= WIND_CAUTION || r->gusts >= WIND_DANGER) {
        level = 1;
        failed |= travel_warn(list,
            "Strong wind: drive slower, beware of cross-winds; roll the awning in.");
    }
    if (ice) {
        level = 2;
        failed |= travel_warn(list, "Snow or ice: carry chains and wait if you can.");
    }
    if (r->has_code && r->code >= 95) {
        level = 2;
        failed |= travel_warn(list, "Thunderstorms: plan a stop, keep away from creek beds.");
    }
    if (r->rain >= 25 || (r->has_code && (r->code == 65 || r->code == 82))) {
        level = level > 1 ? level : 1;
        failed |=
            travel_warn(list, "Heavy rain: expect standing water; do not drive through floods.");
    }
    if (r->has_code && (r->code == 45 || r->code == 48)) {
        level = level > 1 ? level : 1;
        failed |= travel_warn(list, "Fog: leave later or drive slowly with lights.");
    }
    static const char *const words[] = {"good", "caution", "poor"};
    failed |= jdoc_set_string(to, "travel", words[level]);
    return failed | jdoc_set(to, "warnings", list) ? ERR_NOMEM : 0;
}

/* --- reading the answer --- */

static int travel_push_day(jdoc *list, const jdoc *const *arrays, const jdoc *codes,
    const char *date, size_t at, bool advice)
{
    struct reading r = {0};
    jdoc *day = jdoc_new_object();
    if (!day)
        return ERR_NOMEM;
    int failed = fetch_set_text(day, "date", date, 11);
    failed |= travel_set_sky(day, &r, jdoc_at(codes, at));
    failed |= travel_weather_take(day, &r,
        &(struct numbers){.names = daily_names, .count = DAILY, .arrays = arrays, .at = at});
    if (advice)
        failed |= travel_set_advice(day, &r);
    return jdoc_push_made(list, day, failed);
}

/* Returns the days (owned), NULL with *result. */
static jdoc *travel_read_days(const jdoc *answer, const struct wish *w, bool advice, int *result)
{
    const jdoc *daily = jdoc_get(answer, "daily"), *times = jdoc_get(daily, "time");
    const jdoc *arrays[DAILY], *codes = jdoc_get(daily, "weather_code");
    size_t count = jdoc_length(times) < (size_t)w->days ? jdoc_length(times) : (size_t)w->days;
    jdoc *list = jdoc_new_array();
    *result = !list ? ERR_NOMEM : count == 0 ? ERR_PROTOCOL : 0;
    for (size_t i = 0; i < DAILY; i++)
        arrays[i] = jdoc_get(daily, daily_names[i][0]);
    for (size_t i = 0; *result == 0 && i < count; i++) {
        const char *date = jdoc_string(jdoc_at(times, i), NULL);
        *result = !date || strlen(date) != 10 ?
            ERR_PROTOCOL :
            travel_push_day(list, arrays, codes, date, i, advice);
    }
    if (*result == 0)
        return list;
    jdoc_free(list);
    return NULL;
}

static jdoc *travel_read_current(const jdoc *answer, bool advice)
{
    struct reading r = {0};
    const jdoc *from = jdoc_get(answer, "current");
    jdoc *now = jdoc_new_object();
    if (!from || !now) {
        jdoc_free(now);
        return NULL;
    }
    int failed = fetch_set_text(now, "time", jdoc_text_or(from, "time", ""), 32);
    failed |= travel_set_sky(now, &r, jdoc_get(from, "weather_code"));
    failed |= travel_weather_take(now, &r,
        &(struct numbers){.names = current_names, .count = CURRENT, .object = from});
    if (advice)
        failed |= travel_set_advice(now, &r);
    if (failed == 0)
        return now;
    jdoc_free(now);
    return NULL;
}

static bool travel_wants(const struct wish *w, const char *action)
{
    return w->action && strcmp(w->action, action) == 0;
}

/* One place's weather (owned), NULL with *result. */
static jdoc *travel_read_place(struct tools_run *run, const jdoc *answer, const struct wish *w,
    size_t at, int *result)
{
    bool advice =
        travel_wants(w, "check_travel_conditions") || travel_wants(w, "get_route_weather");
    bool only_now = travel_wants(w, "get_current"), with_now = w->action != NULL;
    jdoc *weather = jdoc_new_object(), *now = with_now ? travel_read_current(answer, advice) : NULL;
    jdoc *days = NULL;
    *result = !weather ? ERR_NOMEM : only_now && !now ? ERR_PROTOCOL : 0;
    if (*result == 0 && !only_now)
        days = travel_read_days(answer, w, advice, result);
    if (*result == 0) {
        int failed = jdoc_set(weather, "place", place_json(&w->spots[at]));
        failed |= fetch_set_text(weather, "timezone", jdoc_text_or(answer, "timezone", ""), 64);
        if (now)
            failed |= jdoc_set(weather, "current", now);
        if (days)
            failed |= jdoc_set(weather, "days", days);
        failed |= fetch_label(run, weather, run->context->conf->weather_url);
        *result = failed != 0 ? ERR_NOMEM : 0;
        now = days = NULL;
    }
    if (*result == 0)
        return weather;
    jdoc_free(now);
    jdoc_free(days);
    jdoc_free(weather);
    return NULL;
}

static int travel_answer_route(struct tools_run *run, const jdoc *answer, const struct wish *w)
{
    int error = 0;
    jdoc *list = jdoc_new_array();
    const jdoc *places = w->count == 1 ? NULL : answer;
    if (places && jdoc_length(places) != w->count)
        error = ERR_PROTOCOL;
    for (size_t i = 0; error == 0 && i < w->count; i++) {
        jdoc *one = travel_read_place(run, places ? jdoc_at(places, i) : answer, w, i, &error);
        if (error == 0)
            error = jdoc_push(list, one);
    }
    if (error == 0 &&
        run_succeed(run, "The weather at %zu place%s along the route.", w->count,
            w->count == 1 ? "" : "s")) {
        jdoc *weather = jdoc_new_object();
        if (!weather || jdoc_set(run->result, "weather", weather) != 0) {
            jdoc_free(list);
            return ERR_NOMEM;
        }
        error = fetch_label(run, weather, run->context->conf->weather_url);
        return error | jdoc_set(weather, "along_route", list) ? ERR_NOMEM : 0;
    }
    jdoc_free(list);
    return error != 0 ? error : ERR_NOMEM;
}

/* ", 21 °C" in the user's unit; "" without the figure. */
static const char *travel_degrees(struct tools_run *run, const jdoc *from, const char *name,
    const char *before)
{
    double celsius;
    char text[UNITS_TEXT_SIZE];
    if (jdoc_get_double(from, name, &celsius) != 0)
        return "";
    units_temperature_text(&run->context->units, celsius, text);
    const char *said = arena_printf(run->arena, "%s%s", before, text);
    return said ? said : "";
}

/* ": 9 °C to 24 °C", the lowest and the highest of the days. */
static const char *travel_span(struct tools_run *run, const jdoc *days)
{
    const jdoc *coldest = NULL, *warmest = NULL;
    for (size_t i = 0; i < jdoc_length(days); i++) {
        const jdoc *day = jdoc_at(days, i);
        if (jdoc_double_or(day, "low_c", INFINITY) < jdoc_double_or(coldest, "low_c", INFINITY))
            coldest = day;
        if (jdoc_double_or(day, "high_c", -INFINITY) > jdoc_double_or(warmest, "high_c", -INFINITY))
            warmest = day;
    }
    if (!coldest || !warmest)
        return "";
    const char *said = arena_printf(run->arena, "%s%s", travel_degrees(run, coldest, "low_c", ": "),
        travel_degrees(run, warmest, "high_c", " to "));
    return said ? said : "";
}

static int travel_weather_came(struct tools_run *run, const jdoc *answer, void *arg)
{
    const struct wish *w = arg;
    int error = 0;
    bool failed = false;
    if (jdoc_get_bool(answer, "error", &failed) == 0 && failed)
        return ERR_PROTOCOL;
    if (travel_wants(w, "get_route_weather"))
        return travel_answer_route(run, answer, w);
    jdoc *weather = travel_read_place(run, answer, w, 0, &error);
    if (error != 0)
        return error;
    size_t days = jdoc_length(jdoc_get(weather, "days"));
    jdoc *done = travel_wants(w, "get_current") ?
        run_succeed(run, "The weather at %s now: %s%s.", w->spots[0].name,
            jdoc_text_or(jdoc_get(weather, "current"), "conditions", "see the figures"),
            travel_degrees(run, jdoc_get(weather, "current"), "temperature_c", ", ")) :
        run_succeed(run, "The forecast for %s, %zu day%s%s.", w->spots[0].name, days,
            days == 1 ? "" : "s", travel_span(run, jdoc_get(weather, "days")));
    if (done)
        return jdoc_set(done, "weather", weather);
    jdoc_free(weather);
    return ERR_NOMEM;
}

/* --- asking --- */

static int travel_ask_weather(struct tools_run *run, struct wish *w)
{
    const struct conf *conf = run->context->conf;
    const char *base = fetch_base(run, conf->weather_url);
    struct buf url = {0};
    buf_printf(&url, "%s/v1/forecast?latitude=", base ? base : "");
    for (size_t i = 0; i < w->count; i++)
        buf_printf(&url, "%s%.5f", i > 0 ? "," : "", w->spots[i].latitude);
    buf_puts(&url, "&longitude=");
    for (size_t i = 0; i < w->count; i++)
        buf_printf(&url, "%s%.5f", i > 0 ? "," : "", w->spots[i].longitude);
    buf_puts(&url, "&daily=weather_code");
    for (size_t i = 0; i < DAILY; i++)
        buf_printf(&url, ",%s", daily_names[i][0]);
    if (w->action) {
        buf_puts(&url, "&current=weather_code");
        for (size_t i = 0; i < CURRENT; i++)
            buf_printf(&url, ",%s", current_names[i][0]);
    }
    buf_printf(&url, "&forecast_days=%d&timezone=auto", w->days);
    if (conf->weather_key[0] != '\0') {
        buf_puts(&url, "&apikey=");
        buf_put_urlencoded(&url, conf->weather_key, strlen(conf->weather_key));
    }
    struct fetch ask = {.service = "weather service",
        .url = buf_error(&url) == 0 ? arena_memdup(run->arena, buf_text(&url), url.len) : NULL};
    buf_free(&url);
    return fetch_start(run, &ask, travel_weather_came, w);
}

static struct wish *travel_new_wish(struct tools_run *run, const char *action, int64_t days)
{
    struct wish *w = arena_alloc(run->arena, sizeof *w);
    double number;
    if (!w)
        return NULL;
    if (jdoc_get_double(run->args, "days", &number) == 0)
        days = (int64_t)number;
    w->action = action;
    w->days = (int)(days < 1 ? 1 : days > DAYS_MAX ? DAYS_MAX : days);
    return w;
}

static int travel_forecast_at(struct tools_run *run, const struct place *spot, void *arg)
{
    (void)arg;
    struct wish *w = travel_new_wish(run, jdoc_string(jdoc_get(run->args, "action"), NULL),
        jdoc_has(run->args, "action") ? 5 : 7);
    if (!w)
        return ERR_NOMEM;
    w->spots[0] = *spot;
    w->count = 1;
    return travel_ask_weather(run, w);
}

int travel_tool_get_weather_forecast(struct tools_run *run)
{
    return place_start(run, "location", travel_forecast_at, NULL);
}

/* --- weather_advisor --- */

static int travel_points_found(struct tools_run *run, const struct place *spots, size_t count,
    void *arg)
{
    struct wish *w = arg;
    memcpy(w->spots, spots, count * sizeof *spots);
    w->count = count;
    return travel_ask_weather(run, w);
}

/* The place itself and the points. */
static int travel_route_weather(struct tools_run *run)
{
    struct wish *w = travel_new_wish(run, "get_route_weather", 3);
    const jdoc *points = jdoc_get(run->args, "route_points");
    const char *first = jdoc_text_or(run->args, "location", "");
    struct place_wish wishes[POINTS_MAX] = {{.text = first, .path = "/location"}};
    size_t count = 1;
    if (!w)
        return ERR_NOMEM;
    if (jdoc_length(points) == 0)
        return run_fail_at(run, "/route_points", "the towns along the route, in order",
            "for the weather along a route its points are needed");
    for (size_t i = 0; i < jdoc_length(points) && count < POINTS_MAX; i++) {
        const char *text = jdoc_string(jdoc_at(points, i), NULL);
        if (i == 0 && strcmp(text, first) == 0)
            continue;
        wishes[count].text = text;
        snprintf(wishes[count++].path, sizeof wishes[0].path, "/route_points/%zu", i);
    }
    return place_start_all(run, wishes, count, travel_points_found, w);
}

int travel_tool_weather_advisor(struct tools_run *run)
{
    const struct zone *z;
    struct timestamp leave;
    int error = timestamp_zone(run, &z);
    if (error == 0)
        error = timestamp_argument(run, "departure_time", z, &leave);
    if (error != 0 && error != ERR_NOT_FOUND)
        return error == ERR_INVALID ? 0 : error;
    if (error == 0 &&
        (leave.ms < timestamp_day(run->context->now_ms, 0, z) ||
            timestamp_days(run->context->now_ms, leave.ms, z) > DAYS_MAX))
        return run_fail_at(run, "/departure_time", "a time within the next 14 days",
            "forecasts reach 14 days ahead");
    if (strcmp(jdoc_text_or(run->args, "action", ""), "get_route_weather") == 0)
        return travel_route_weather(run);
    return place_start(run, "location", travel_forecast_at, NULL);
}
