#include "tools/route.h"

#include "base/err.h"
#include "base/log.h"
#include "tools/zone.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define ROAD_FACTOR 1.25
#define METRES_PER_MILE 1609.344
#define METRES_PER_SECOND (55 * METRES_PER_MILE / 3600) /* 55 mph */
#define ANSWER_MAX (1024 * 1024)

static const char estimate_method[] =
    "great circle x 1.25 at 55 mph; roads and ferries were not checked";

double route_km(double metres)
{
    return round(metres / 100) / 10;
}

double route_miles(double metres)
{
    return round(metres / METRES_PER_MILE * 10) / 10;
}

double route_hours(double seconds)
{
    return round(seconds / 36) / 100;
}

void route_note(struct route *r, const char *text)
{
    if (text != NULL && r->note_count < ROUTE_NOTES_MAX)
        r->notes[r->note_count++] = text;
}

/* --- places --- */

static const char *full_name(struct tools_run *run, const struct gazetteer_place *p)
{
    const char *text = arena_printf(run->arena, "%s%s%s%s%s", p->name,
        p->region[0] != '\0' ? ", " : "", p->region, p->country[0] != '\0' ? ", " : "", p->country);
    return text != NULL ? text : p->name;
}

/* "Sydney is read as ...; there are also ..." */
static const char *describe_choice(struct tools_run *run, const char *asked,
    const struct gazetteer_match *m)
{
    const char *others = "";
    if (m->other_count == 0)
        return NULL;
    for (size_t i = 0; i < m->other_count && others != NULL; i++)
        others = arena_printf(run->arena, "%s%s%s", others, i > 0 ? "; " : "",
            full_name(run, &m->others[i]));
    return others == NULL ? NULL : arena_printf(run->arena,
        "\"%.80s\" was taken as %s. There is also: %s.", asked, full_name(run, &m->best), others);
}

static int refuse_place(struct tools_run *run, const char *path, const char *text, int why)
{
    int result;
    if (why == ERR_NOT_CONFIGURED)
        result = tools_fail(run, "provider_not_configured",
            "Place names cannot be looked up here (setting gazetteer.file). Give \"latitude,longitude\".");
    else if (why == ERR_INVALID)
        result = tools_fail_at(run, path, "latitude -90 to 90, longitude -180 to 180",
            "\"%.100s\" is not on the globe", text);
    else
        result = tools_fail_at(run, path,
            "a town with its state or country, or \"latitude,longitude\"",
            "no place named \"%.100s\" is known", text);
    return result != 0 ? result : ERR_INVALID;
}

/* Returns 0, ERR_INVALID (run->result says why) or a fault. */
static int add_stop(struct route *r, const char *path, const char *text,
    struct gazetteer_bias *bias)
{
    struct gazetteer_match match;
    int result = gazetteer_find(text, bias, &match);
    if (result != 0)
        return refuse_place(r->run, path, text, result);
    r->stops[r->stop_count] = match.best;
    r->stop_notes[r->stop_count] = describe_choice(r->run, text, &match);
    route_note(r, r->stop_notes[r->stop_count]);
    r->stop_count++;
    /* The next stop is rather near this one than near the user. */
    bias->has_location = true;
    bias->latitude = match.best.latitude;
    bias->longitude = match.best.longitude;
    return 0;
}

static int read_stops(struct route *r)
{
    struct tools_run *run = r->run;
    const struct tools_context *context = run->context;
    struct gazetteer_bias bias = { .has_location = context->has_location,
        .latitude = context->latitude, .longitude = context->longitude };
    char path[32];
    const jdoc *waypoints = jdoc_get(run->args, "waypoints");
    if (context->zone == NULL || !zone_country(context->zone, bias.country_code))
        bias.country_code[0] = '\0';
    int result = gazetteer_open(context->conf->gazetteer_file);
    if (result == ERR_INVALID)
        log_limited(LOG_LEVEL_ERROR, "gazetteer.file is not a place-name file");
    result = add_stop(r, "/origin", jdoc_text_or(run->args, "origin", ""), &bias);
    for (size_t i = 0; result == 0 && i < jdoc_length(waypoints); i++) {
        snprintf(path, sizeof path, "/waypoints/%zu", i);
        result = add_stop(r, path, jdoc_string(jdoc_at(waypoints, i), NULL), &bias);
    }
    if (result == 0)
        result = add_stop(r, "/destination", jdoc_text_or(run->args, "destination", ""), &bias);
    return result;
}

/* --- distances --- */

static void sum_up(struct route *r)
{
    r->total_metres = r->total_seconds = 0;
    for (size_t i = 0; i + 1 < r->stop_count; i++) {
        r->total_metres += r->metres[i];
        r->total_seconds += r->seconds[i];
    }
}

static void estimate(struct route *r)
{
    for (size_t i = 0; i + 1 < r->stop_count; i++) {
        const struct gazetteer_place *a = &r->stops[i], *b = &r->stops[i + 1];
        r->metres[i] = ROAD_FACTOR
            * gazetteer_distance(a->latitude, a->longitude, b->latitude, b->longitude);
        r->seconds[i] = r->metres[i] / METRES_PER_SECOND;
    }
    r->estimate = true;
    r->method = estimate_method;
    sum_up(r);
}

/* OSRM's answer. Returns 0, ERR_NOT_FOUND (there is no road) or ERR_PROTOCOL. */
static int read_answer(struct route *r)
{
    jdoc *answer = NULL;
    int result = ERR_PROTOCOL;
    if (jdoc_parse(buf_text(&r->body), r->body.len, &answer, NULL, 0) != 0)
        return result;
    const char *code = jdoc_text_or(answer, "code", "");
    const jdoc *legs = jdoc_get(jdoc_at(jdoc_get(answer, "routes"), 0), "legs");
    if (strcmp(code, "NoRoute") == 0) {
        result = ERR_NOT_FOUND;
    } else if (strcmp(code, "Ok") == 0 && jdoc_length(legs) == r->stop_count - 1) {
        result = 0;
        for (size_t i = 0; i < jdoc_length(legs); i++)
            if (jdoc_get_double(jdoc_at(legs, i), "distance", &r->metres[i]) != 0
                || jdoc_get_double(jdoc_at(legs, i), "duration", &r->seconds[i]) != 0
                || r->metres[i] < 0 || r->seconds[i] < 0)
                result = ERR_PROTOCOL;
    }
    jdoc_free(answer);
    return result;
}

static int on_body(void *arg, long status, const char *bytes, size_t len)
{
    struct route *r = arg;
    (void)status;
    buf_put(&r->body, bytes, len);
    return buf_error(&r->body);
}

static void on_done(void *arg, const struct http_result *answer)
{
    struct route *r = arg;
    struct tools_run *run = r->run;
    r->transfer = NULL;
    int result = answer->error != 0 ? answer->error : read_answer(r);
    if (result == ERR_NOT_FOUND) {
        run->error = tools_fail(run, "no_route", "The routing service knows no road between these places.");
        tools_finished(run);
        return;
    }
    if (result != 0) {
        log_limited(LOG_LEVEL_WARN, "routing service: status %ld, %s %s", answer->status,
            err_text(result), answer->why);
        estimate(r);
        route_note(r, "The routing service could not be asked; this is an estimate.");
    } else {
        r->method = "routing service";
        sum_up(r);
    }
    run->error = r->done(run, r);
    tools_finished(run);
}

static void on_cancel(struct tools_run *run)
{
    struct route *r = run->state;
    if (r->transfer != NULL)
        http_cancel(r->transfer);
    r->transfer = NULL;
}

static void free_body(void *arg)
{
    buf_free(arg);
}

/* Returns ERR_AGAIN, or another error when it cannot even be tried. */
static int ask_service(struct route *r)
{
    struct tools_run *run = r->run;
    const char *base = run->context->conf->osrm_url;
    size_t len = strlen(base);
    struct buf url = { 0 };
    while (len > 0 && base[len - 1] == '/')
        len--;
    buf_printf(&url, "%.*s/route/v1/driving/", (int)len, base);
    for (size_t i = 0; i < r->stop_count; i++)
        buf_printf(&url, "%s%.6f,%.6f", i > 0 ? ";" : "", r->stops[i].longitude,
            r->stops[i].latitude);
    buf_puts(&url, "?overview=false");
    buf_init(&r->body, ANSWER_MAX);
    static const char *const headers[] = { "Accept: application/json", NULL };
    struct http_request request = { .method = "GET", .url = buf_text(&url), .headers = headers,
        .connect_timeout_ms = 3000, .total_timeout_ms = run->spec->timeout_ms * 2 / 3,
        .max_bytes = ANSWER_MAX, .on_body = on_body, .on_done = on_done, .arg = r };
    int result = buf_error(&url);
    if (result == 0)
        result = arena_on_free(run->arena, free_body, &r->body);
    if (result == 0)
        result = http_start(run->context->http, &request, &r->transfer);
    buf_free(&url);
    if (result != 0)
        return result;
    run->on_cancel = on_cancel;
    return ERR_AGAIN;
}

int route_start(struct tools_run *run, route_done_fn *done)
{
    struct route *r = arena_alloc(run->arena, sizeof *r);
    if (r == NULL)
        return ERR_NOMEM;
    r->run = run;
    r->done = done;
    run->state = r;
    int result = read_stops(r);
    if (result != 0)
        return result == ERR_INVALID ? 0 : result;
    if (run->context->conf->osrm_url[0] != '\0' && run->context->http != NULL) {
        result = ask_service(r);
        if (result == ERR_AGAIN || result == ERR_NOMEM)
            return result;
        route_note(r, "The routing service could not be asked; this is an estimate.");
    }
    estimate(r);
    return done(run, r);
}

/* --- results --- */

jdoc *route_place(const struct route *r, size_t stop)
{
    const struct gazetteer_place *p = &r->stops[stop];
    jdoc *place = jdoc_new_object();
    if (place == NULL)
        return NULL;
    int failed = jdoc_set_string(place, "name", p->name);
    failed |= jdoc_set_string(place, "region", p->region[0] != '\0' ? p->region : NULL);
    failed |= jdoc_set_string(place, "country", p->country[0] != '\0' ? p->country : NULL);
    failed |= jdoc_set_string(place, "country_code",
        p->country_code[0] != '\0' ? p->country_code : NULL);
    failed |= jdoc_set_double(place, "latitude", p->latitude);
    failed |= jdoc_set_double(place, "longitude", p->longitude);
    failed |= jdoc_set_string(place, "timezone", p->zone[0] != '\0' ? p->zone : NULL);
    failed |= jdoc_set_string(place, "note", r->stop_notes[stop]);
    if (failed == 0)
        return place;
    jdoc_free(place);
    return NULL;
}

jdoc *route_between(const struct route *r)
{
    jdoc *list = jdoc_new_array();
    for (size_t i = 1; list != NULL && i + 1 < r->stop_count; i++)
        if (jdoc_push(list, route_place(r, i)) != 0) {
            jdoc_free(list);
            return NULL;
        }
    return list;
}

jdoc *route_legs(const struct route *r)
{
    jdoc *list = jdoc_new_array();
    int failed = list == NULL;
    for (size_t i = 0; failed == 0 && i + 1 < r->stop_count; i++) {
        jdoc *leg = jdoc_new_object();
        failed |= leg == NULL || jdoc_set_string(leg, "from", r->stops[i].name) != 0
            || jdoc_set_string(leg, "to", r->stops[i + 1].name) != 0
            || jdoc_set_double(leg, "distance_km", route_km(r->metres[i])) != 0
            || jdoc_set_double(leg, "distance_miles", route_miles(r->metres[i])) != 0
            || jdoc_set_double(leg, "drive_hours", route_hours(r->seconds[i])) != 0;
        failed |= jdoc_push(list, leg);
    }
    if (failed == 0)
        return list;
    jdoc_free(list);
    return NULL;
}

int route_set_totals(const struct route *r, jdoc *object)
{
    int failed = jdoc_set_double(object, "distance_km", route_km(r->total_metres));
    failed |= jdoc_set_double(object, "distance_miles", route_miles(r->total_metres));
    failed |= jdoc_set_double(object, "drive_hours", route_hours(r->total_seconds));
    failed |= jdoc_set_bool(object, "estimate", r->estimate);
    failed |= jdoc_set_string(object, "method", r->method);
    return failed != 0 ? ERR_NOMEM : 0;
}

int route_set_notes(const struct route *r, jdoc *result)
{
    if (r->note_count == 0)
        return 0;
    jdoc *list = jdoc_new_array();
    int failed = list == NULL;
    for (size_t i = 0; failed == 0 && i < r->note_count; i++)
        failed |= jdoc_push(list, jdoc_new_string(r->notes[i], strlen(r->notes[i])));
    if (failed == 0)
        return jdoc_set(result, "notes", list);
    jdoc_free(list);
    return ERR_NOMEM;
}
