/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/handlers.h"

#include "base/clock.h"
#include "base/err.h"
#include "store/trips.h"
#include "tools/kit/timestamp.h"
#include "tools/kit/trip_live.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define HANDLERS_TRIP_TRIES 4 /* when two messages of one traveller come at once */
#define HANDLERS_TRIP_BYTES 32768

/* handlers -- a trip under way: positions of its traveller, what its members see. Positions are
 * never logged. Api workers. */

static int handlers_no_live(struct exchange *x)
{
    return problem_set(&x->problem, PROBLEM_NOT_FOUND, "No such trip, or it is not under way.");
}

/* ---- what a client sends ---- */

static int handlers_trip_time(struct exchange *x, const jdoc *point, int64_t *ms)
{
    const struct zone *utc;
    struct timestamp at;
    const char *text = jdoc_text_or(point, "time", "");

    if (jdoc_get_int(point, "time_ms", ms) == 0 && *ms > 0 && *ms < INT64_C(1) << 50)
        return 0;
    if (*text && zone_get("UTC", &utc) == 0 && timestamp_parse(text, utc, &at) == 0 &&
        at.has_time) {
        *ms = at.ms;
        return 0;
    }
    return problem_field(&x->problem, "points",
        "Each point needs time, such as 2026-12-01T09:30:00Z, or time_ms.");
}

static int handlers_trip_point(struct exchange *x, const jdoc *from, struct trip_point *to)
{
    if (jdoc_get_double(from, "latitude", &to->latitude) != 0 ||
        jdoc_get_double(from, "longitude", &to->longitude) != 0 ||
        !(fabs(to->latitude) <= 90 && fabs(to->longitude) <= 180))
        return problem_field(&x->problem, "points",
            "Each point needs latitude, -90 to 90, and longitude, -180 to 180.");
    return handlers_trip_time(x, from, &to->at_ms);
}

static int handlers_trip_points(struct exchange *x, struct trip_point **out, size_t *count)
{
    jdoc *body = NULL;

    if (x->request.body_len > HANDLERS_TRIP_BYTES)
        return problem_limit(&x->problem, "body", HANDLERS_TRIP_BYTES, "%zu bytes; %d are allowed.",
            x->request.body_len, HANDLERS_TRIP_BYTES);
    int error = request_json(&x->request, false, &body, &x->problem);
    if (error < 0)
        return error;
    const jdoc *points = jdoc_get(body, "points");
    *count = jdoc_length(points);
    if (jdoc_type(points) != JDOC_ARRAY || *count == 0 || *count > TRIP_LIVE_POINTS_MAX)
        return problem_limit(&x->problem, "points", TRIP_LIVE_POINTS_MAX,
            "points must be a list of 1 to %d points.", TRIP_LIVE_POINTS_MAX);
    *out = arena_array(x->arena, *count, sizeof **out);
    if (!*out)
        return ERR_NOMEM;
    for (size_t i = 0; error == 0 && i < *count; i++)
        error = handlers_trip_point(x, jdoc_at(points, i), &(*out)[i]);
    return error;
}

/* ---- the trip ---- */

struct handlers_live {
    struct trips_view view;
    jdoc *trip;
    struct trip_way way;
    struct trip_live live;
    struct trip_moved moved;
};

/* Returns 0, or an error with the problem set. The caller frees l->trip in each case. */
static int handlers_live_open(struct exchange *x, struct handlers_live *l)
{
    memset(l, 0, sizeof *l);
    int error =
        trips_allowed(x->app->store, x->who.user, x->params[0], TRIPS_LIVE_SEE, x->arena, &l->view);
    if (error == ERR_NOT_FOUND || (error == 0 && !*l->view.live))
        return handlers_no_live(x);
    if (error == 0)
        error = jdoc_parse(l->view.json, strlen(l->view.json), &l->trip, NULL, 0);
    if (error == 0)
        error = trip_live_way(l->trip, &l->way);
    if (error == 0)
        error = trip_live_read(l->view.live, &l->live);
    return error == ERR_INVALID || error == ERR_LIMIT ? ERR_INTERNAL : error;
}

/* The live view as JSON: of the traveller, or of the members with `before` in front. */
static int handlers_live_text(struct exchange *x, const struct handlers_live *l, bool whole,
    const char *before, struct buf *out)
{
    jdoc *shown = trip_live_show(&l->way, &l->live, x->params[0], whole);

    if (!shown)
        return ERR_NOMEM;
    buf_puts(out, before);
    jdoc_write(shown, out);
    jdoc_free(shown);
    return buf_error(out);
}

int handlers_trip_live(struct exchange *x)
{
    struct handlers_live l;
    int error = handlers_live_open(x, &l);

    if (error == 0) {
        exchange_json(x, 200);
        error = handlers_live_text(x, &l, strcmp(l.live.traveller, x->who.user) == 0, "",
            &x->reply.body);
    }
    jdoc_free(l.trip);
    return error;
}

/* ---- a position ---- */

/* What an entry of the members' inboxes says; "" when there is nothing to say. */
static int handlers_trip_event(struct exchange *x, const struct handlers_live *l, struct buf *out)
{
    const char *to = l->way.stops[l->way.count - 1].name;
    int64_t minutes = trip_live_delay(&l->live);
    const char *who = l->live.traveller, *words = NULL;

    if (l->moved.arrived)
        words = arena_printf(x->arena, "%s has arrived at %s.", who, to);
    else if (!l->moved.delayed)
        return 0;
    else
        words = arena_printf(x->arena, "%s will reach %s about %" PRId64 " minutes %s.", who, to,
            (minutes < 0 ? -minutes : minutes) / 5 * 5, minutes < 0 ? "early" : "late");
    if (!words)
        return ERR_NOMEM;
    buf_printf(out, "{\"type\":\"trip_update\",\"timestamp\":%" PRId64, clock_real_ms());
    buf_json_member(out, "message", words);
    buf_puts(out, ",\"trip\":{\"trip_id\":");
    buf_json_text(out, x->params[0]);
    buf_json_member(out, "change", l->moved.arrived ? "arrived" : "delayed");
    buf_json_member(out, "by", l->live.traveller);
    buf_puts(out, "}}");
    return buf_error(out);
}

static int handlers_trip_write(struct exchange *x, const struct handlers_live *l)
{
    struct buf json = {0}, event = {0};
    struct trips_live_state state = {.json = "", .seen = l->view.live, .ends_ms = l->live.ends_ms};
    int error = handlers_trip_event(x, l, &event);

    if (!l->moved.arrived) {
        trip_live_write(&l->live, &json);
        state.json = buf_text(&json);
    }
    if (error == 0)
        error = buf_error(&json);
    if (error == 0)
        error = trips_live(x->app->store,
            &(struct trips_act){.actor = x->who.user,
                .owner = l->view.owner,
                .trip = x->params[0],
                .title = "",
                .event = event.len > 0 ? buf_text(&event) : ""},
            TRIPS_LIVE_START, &state);
    buf_free(&event);
    buf_free(&json);
    return error;
}

/* Once: from the look to the write. ERR_CONFLICT: another message of the traveller came between. */
static int handlers_trip_move(struct exchange *x, struct handlers_live *l,
    struct trip_point *points, size_t count, bool *show)
{
    int64_t now = clock_real_ms();
    int error = handlers_live_open(x, l);

    if (error == 0 && strcmp(l->live.traveller, x->who.user) != 0)
        error = problem_set(&x->problem, PROBLEM_FORBIDDEN,
            "Only whoever started the live trip sends its positions.");
    if (error != 0)
        return error;
    trip_live_move(&l->way, &l->live, points, count, now, &l->moved);
    *show = l->moved.accepted > 0 && !l->moved.arrived &&
        (l->moved.reached > 0 || l->live.shown_ms + TRIP_LIVE_SHOWN_MS <= now);
    if (*show)
        l->live.shown_ms = now;
    error = handlers_trip_write(x, l);
    if (error == ERR_NOT_FOUND)
        return handlers_no_live(x);
    return error == ERR_FORBIDDEN ? problem_set(&x->problem, PROBLEM_FORBIDDEN,
                                        "Your role on this trip does not allow that any more.") :
                                    error;
}

static int handlers_trip_answer(struct exchange *x, const struct handlers_live *l)
{
    exchange_json(x, 200);
    buf_printf(&x->reply.body,
        "{\"accepted\":%zu,\"ignored\":%zu,\"state\":\"%s\",\"live\":", l->moved.accepted,
        l->moved.ignored, l->moved.arrived ? "arrived" : "under_way");
    if (l->moved.arrived)
        buf_puts(&x->reply.body, "null");
    int error = l->moved.arrived ? 0 : handlers_live_text(x, l, true, "", &x->reply.body);
    buf_putc(&x->reply.body, '}');
    return error;
}

int handlers_trip_position(struct exchange *x)
{
    struct handlers_live l = {.trip = NULL};
    struct trip_point *points = NULL;
    struct buf event = {0};
    size_t count = 0;
    bool show = false;
    int error = handlers_trip_points(x, &points, &count);

    if (error != 0)
        return error;
    error = ERR_CONFLICT;
    for (int i = 0; error == ERR_CONFLICT && i < HANDLERS_TRIP_TRIES; i++) {
        jdoc_free(l.trip);
        error = handlers_trip_move(x, &l, points, count, &show);
    }
    if (error == ERR_CONFLICT)
        error = problem_set(&x->problem, PROBLEM_CONFLICT,
            "Other messages move this trip at the same time.");
    else if (error == 0)
        error = handlers_trip_answer(x, &l);
    if (error == 0 && show)
        error = handlers_live_text(x, &l, false, "{\"type\":\"trip_live\",\"live\":", &event);
    if (error == 0 && show) {
        buf_putc(&event, '}');
        if (buf_error(&event) == 0)
            trips_show(x->app->store, &l.view, x->params[0], buf_text(&event));
    }
    buf_free(&event);
    jdoc_free(l.trip);
    return error;
}
