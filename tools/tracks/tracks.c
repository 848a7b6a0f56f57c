/* SPDX-License-Identifier: BSD-2-Clause */
/* Tools of the family tracks. Records: "track", by its beginning; "favorite" as
 * save_favorite_spot writes them. */
#include "tools/engine/registry.h"
#include "tools/kit/record.h"
#include "tools/tracks/gpx.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/ident.h"
#include "store/attachments.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAYPOINTS_SHOWN 50 /* of waypoint_count, so that the result stays in bounds */
#define FAVORITES_MAX 50
#define GPX_FILE_MAX (256 * 1024)
#define STOPS_MAX 64

/* --- what a file says --- */

static int tracks_set_heights(jdoc *track, const struct gpx *g)
{
    if (!g->has_heights)
        return 0;
    int failed = jdoc_set_double(track, "ascent_m", round(g->ascent));
    failed |= jdoc_set_double(track, "descent_m", round(g->descent));
    failed |= jdoc_set_double(track, "lowest_m", round(g->lowest));
    failed |= jdoc_set_double(track, "highest_m", round(g->highest));
    return failed;
}

static int tracks_set_times(jdoc *track, const struct gpx *g)
{
    char text[CLOCK_RFC3339_SIZE];
    if (!g->has_times)
        return 0;
    clock_rfc3339(g->first_ms, text);
    int failed = jdoc_set_string(track, "started_at", text);
    clock_rfc3339(g->last_ms, text);
    failed |= jdoc_set_string(track, "ended_at", text);
    failed |=
        jdoc_set_double(track, "hours", round((double)(g->last_ms - g->first_ms) / 36000) / 100);
    return failed;
}

static double tracks_degree(double value)
{
    return round(value * 1e5) / 1e5;
}

static int tracks_set_line(jdoc *track, const struct gpx *g)
{
    const double bounds[4] = {g->south, g->west, g->north, g->east};
    jdoc *box = jdoc_new_array(), *line = jdoc_new_array();
    int failed = !box || !line;
    for (size_t i = 0; failed == 0 && i < 4; i++)
        failed = jdoc_push(box, jdoc_new_double(tracks_degree(bounds[i])));
    for (size_t i = 0; failed == 0 && i < g->line_count; i++) {
        jdoc *point = jdoc_new_array();
        failed = !point || jdoc_push(point, jdoc_new_double(tracks_degree(g->line[i][0]))) != 0 ||
            jdoc_push(point, jdoc_new_double(tracks_degree(g->line[i][1]))) != 0;
        failed = jdoc_push_made(line, point, failed);
    }
    if (failed != 0) {
        jdoc_free(box);
        jdoc_free(line);
        return ERR_NOMEM;
    }
    failed = jdoc_set(track, "bounds", box);
    failed |= jdoc_set(track, "line", line);
    return failed;
}

static int tracks_set_waypoints(jdoc *track, const struct gpx *g)
{
    jdoc *list = jdoc_new_array();
    int failed = !list;
    for (size_t i = 0; failed == 0 && i < g->count && i < WAYPOINTS_SHOWN; i++) {
        const struct gpx_waypoint *w = &g->all[i];
        jdoc *one = jdoc_new_object();
        failed = !one || jdoc_set_string(one, "name", w->name[0] ? w->name : "(no name)") != 0 ||
            jdoc_set_string(one, "description", w->description[0] ? w->description : NULL) != 0 ||
            jdoc_set_double(one, "latitude", w->latitude) != 0 ||
            jdoc_set_double(one, "longitude", w->longitude) != 0;
        failed = jdoc_push_made(list, one, failed);
    }
    if (failed == 0)
        return jdoc_set(track, "waypoints", list);
    jdoc_free(list);
    return ERR_NOMEM;
}

static jdoc *tracks_new(struct tools_run *run, const struct gpx *g)
{
    const char *name = jdoc_text_or(run->args, "name", g->name);
    jdoc *track = jdoc_new_object();
    if (!track)
        return NULL;
    int failed = jdoc_set_string(track, "name", name[0] ? name : NULL);
    failed |= jdoc_set_int(track, "tracks", (int64_t)g->tracks);
    failed |= jdoc_set_int(track, "routes", (int64_t)g->routes);
    failed |= jdoc_set_int(track, "points", (int64_t)g->points);
    failed |= jdoc_set_int(track, "waypoint_count", (int64_t)g->waypoints);
    failed |= jdoc_set_double(track, "distance_km", round(g->metres / 10) / 100);
    failed |= jdoc_set_double(track, "route_km", round(g->route_metres / 10) / 100);
    failed |= tracks_set_heights(track, g);
    failed |= tracks_set_times(track, g);
    failed |= tracks_set_line(track, g);
    failed |= tracks_set_waypoints(track, g);
    if (failed == 0)
        return track;
    jdoc_free(track);
    return NULL;
}

/* --- import_gpx --- */

static jdoc *tracks_succeed(struct tools_run *run, const struct gpx *g, size_t saved)
{
    char climb[64] = "", places[80] = "";
    if (g->has_heights)
        snprintf(climb, sizeof climb, ", %.0f m up and %.0f m down", g->ascent, g->descent);
    if (saved > 0)
        snprintf(places, sizeof places, " %zu favourite spot%s saved.", saved,
            saved == 1 ? " is" : "s are");
    double km = (g->points > 0 && g->metres > 0 ? g->metres : g->route_metres) / 1000;
    return g->points == 0 ?
        run_succeed(run, "The file has %zu waypoint%s.%s", g->waypoints,
            g->waypoints == 1 ? "" : "s", places) :
        run_succeed(run, "%s%s, %zu points, %zu waypoint%s.%s", run_distance(run, km), climb,
            g->points, g->waypoints, g->waypoints == 1 ? "" : "s", places);
}

/* A favourite spot of a waypoint. NULL on no memory. */
static jdoc *tracks_favorite(struct tools_run *run, const struct gpx_waypoint *w, const char *id)
{
    char where[64];
    jdoc *favorite = jdoc_new_object();
    snprintf(where, sizeof where, "%.5f, %.5f", w->latitude, w->longitude);
    if (favorite && jdoc_set_string(favorite, "id", id) == 0 &&
        jdoc_set_string(favorite, "location_name", w->name[0] ? w->name : where) == 0 &&
        jdoc_set_string(favorite, "location_address", where) == 0 &&
        jdoc_set_string(favorite, "notes", w->description[0] ? w->description : NULL) == 0 &&
        jdoc_set_double(favorite, "latitude", w->latitude) == 0 &&
        jdoc_set_double(favorite, "longitude", w->longitude) == 0 &&
        record_stamp(run, favorite) == 0)
        return favorite;
    jdoc_free(favorite);
    return NULL;
}

static int tracks_commit_favorites(struct tools_run *run, const struct gpx *g)
{
    struct record_item items[FAVORITES_MAX];
    jdoc *favorites[FAVORITES_MAX];
    char(*ids)[IDENT_UUID_SIZE] = arena_array(run->arena, FAVORITES_MAX, IDENT_UUID_SIZE);
    size_t count = 0;
    int error = ids ? 0 : ERR_NOMEM;
    for (; error == 0 && count < g->count && count < FAVORITES_MAX; count++) {
        ident_uuid7(ids[count]);
        favorites[count] = tracks_favorite(run, &g->all[count], ids[count]);
        if (!favorites[count]) {
            error = ERR_NOMEM;
            break;
        }
        items[count] = (struct record_item){.family = "favorite",
            .id = ids[count],
            .document = favorites[count],
            .time_ms = run->context->now_ms};
    }
    if (error == 0)
        error = record_commit(run, items, count, false);
    for (size_t i = 0; i < count; i++)
        jdoc_free(favorites[i]);
    return error;
}

static int tracks_commit_track(struct tools_run *run, const struct gpx *g, jdoc *track)
{
    char id[IDENT_UUID_SIZE];
    ident_uuid7(id);
    if (jdoc_set_string(track, "id", id) != 0 || record_stamp(run, track) != 0)
        return ERR_NOMEM;
    struct record_item item = {.family = "track",
        .id = id,
        .document = track,
        .time_ms = g->has_times ? g->first_ms : run->context->now_ms};
    return record_commit(run, &item, 1, false);
}

static int tracks_note_left(struct tools_run *run, size_t left)
{
    jdoc *notes = jdoc_new_array();
    const char *text = arena_printf(run->arena, "%zu more waypoints were not saved: %d at once.",
        left, FAVORITES_MAX);
    if (!notes || !text || jdoc_push(notes, jdoc_new_string(text, strlen(text))) != 0) {
        jdoc_free(notes);
        return ERR_NOMEM;
    }
    return jdoc_set(run->result, "notes", notes);
}

static int tracks_answer(struct tools_run *run, const struct gpx *g)
{
    const char *keep = jdoc_text_or(run->args, "store", "nothing");
    bool favorites = strcmp(keep, "favorites") == 0;
    size_t saved = !favorites ? 0 : g->count < FAVORITES_MAX ? g->count : FAVORITES_MAX;
    if (favorites && g->count == 0)
        return run_fail_at(run, "/store", "track or nothing",
            "The file has no waypoints that could become favourite spots.");
    jdoc *track = tracks_new(run, g), *answer = track ? tracks_succeed(run, g, saved) : NULL;
    if (!answer || jdoc_set(answer, "track", track) != 0) {
        if (!answer)
            jdoc_free(track);
        return ERR_NOMEM;
    }
    if (favorites &&
        (jdoc_set_int(answer, "favorites_saved", (int64_t)saved) != 0 ||
            (g->waypoints > saved && tracks_note_left(run, g->waypoints - saved) != 0)))
        return ERR_NOMEM;
    if (favorites)
        return tracks_commit_favorites(run, g);
    return strcmp(keep, "track") == 0 ? tracks_commit_track(run, g, track) : 0;
}

static int tracks_read(struct tools_run *run, const char *path, const char *text, size_t len)
{
    char why[GPX_WHY_SIZE];
    struct gpx *g = arena_alloc(run->arena, sizeof *g);
    if (!g)
        return ERR_NOMEM;
    int error = gpx_read(text, len, g, why);
    if (error == ERR_INVALID || error == ERR_LIMIT)
        return run_fail_at(run, path, "a GPX 1.0 or 1.1 file of at most 8 MB",
            "The file cannot be read as GPX: %s.", why);
    return error != 0 ? error : tracks_answer(run, g);
}

static int tracks_read_attachment(struct tools_run *run, const char *id)
{
    struct link_reply *reply = NULL;
    struct attachment a;
    size_t len = 0;
    int error = attachments_find(run->context->store, run->context->uid, id, true, &a);
    if (error == 0)
        error = attachments_read(run->context->store, run->context->uid, id, &reply);
    if (error == ERR_NOT_FOUND)
        return run_fail(run, "not_found",
            "There is no attachment %s; it may have expired. Ask the user to send it again.", id);
    if (error == 0) {
        const char *bytes = link_reply_text(reply, &len);
        error = tracks_read(run, "/attachment_id", bytes, len);
    }
    link_reply_free(reply);
    return error;
}

int tracks_tool_import_gpx(struct tools_run *run)
{
    size_t len = 0;
    const char *text = jdoc_string(jdoc_get(run->args, "gpx"), &len);
    const char *id = jdoc_string(jdoc_get(run->args, "attachment_id"), NULL);
    if (text && id)
        return run_fail_at(run, "/gpx", "attachment_id or gpx", "Give the file once.");
    if (text)
        return tracks_read(run, "/gpx", text, len);
    return id ? tracks_read_attachment(run, id) :
                run_fail_at(run, "/attachment_id", "attachment_id or gpx",
                    "Name the attached file as attachment_id, or give its text as gpx.");
}

/* --- export_trip_gpx --- */

static void tracks_put_text(struct buf *out, const char *text)
{
    for (; *text; text++) {
        const char *as = *text == '&' ? "&amp;" :
            *text == '<'              ? "&lt;" :
            *text == '>'              ? "&gt;" :
            *text == '"'              ? "&quot;" :
                                        NULL;
        if (as)
            buf_puts(out, as);
        else if ((unsigned char)*text >= ' ')
            buf_put(out, text, 1);
    }
}

static void tracks_put_stop(struct buf *out, const char *element, const jdoc *stop)
{
    double latitude = 0, longitude = 0;
    jdoc_get_double(stop, "latitude", &latitude);
    jdoc_get_double(stop, "longitude", &longitude);
    buf_printf(out, "<%s lat=\"%.6f\" lon=\"%.6f\"><name>", element, latitude, longitude);
    tracks_put_text(out, jdoc_text_or(stop, "name", ""));
    buf_printf(out, "</name></%s>\n", element);
}

static size_t tracks_stops(const jdoc *trip, const jdoc **stops)
{
    const jdoc *between = jdoc_get(trip, "waypoints");
    size_t count = 0;
    if (jdoc_get(trip, "origin"))
        stops[count++] = jdoc_get(trip, "origin");
    for (size_t i = 0; i < jdoc_length(between) && count < STOPS_MAX - 1; i++)
        stops[count++] = jdoc_at(between, i);
    if (jdoc_get(trip, "destination"))
        stops[count++] = jdoc_get(trip, "destination");
    return count;
}

static int tracks_answer_file(struct tools_run *run, const struct buf *text, const char *name,
    size_t stops)
{
    jdoc *file = jdoc_new_object();
    if (!file || !run_succeed(run, "The file has %zu stops.", stops)) {
        jdoc_free(file);
        return ERR_NOMEM;
    }
    int failed = jdoc_set_string(file, "name", name);
    failed |= jdoc_set_string(file, "mime_type", "application/gpx+xml");
    failed |= jdoc_set_int(file, "stops", (int64_t)stops);
    failed |= jdoc_set_string(file, "text", buf_text(text));
    failed |= jdoc_set(run->result, "file", file);
    return failed != 0 ? ERR_NOMEM : 0;
}

static int tracks_write(struct tools_run *run, const jdoc *trip)
{
    const jdoc *stops[STOPS_MAX];
    size_t count = tracks_stops(trip, stops);
    struct buf out;
    buf_init(&out, GPX_FILE_MAX);
    buf_puts(&out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<gpx version=\"1.1\" creator=\"turnpike\" "
        "xmlns=\"http://www.topografix.com/GPX/1/1\">\n");
    for (size_t i = 0; i < count; i++)
        tracks_put_stop(&out, "wpt", stops[i]);
    buf_puts(&out, "<rte><name>");
    tracks_put_text(&out, count > 0 ? jdoc_text_or(stops[0], "name", "") : "");
    buf_puts(&out, " - ");
    tracks_put_text(&out, count > 0 ? jdoc_text_or(stops[count - 1], "name", "") : "");
    buf_puts(&out, "</name>\n");
    for (size_t i = 0; i < count; i++)
        tracks_put_stop(&out, "rtept", stops[i]);
    buf_puts(&out, "</rte>\n</gpx>\n");
    int error = buf_error(&out);
    if (error == 0)
        error = tracks_answer_file(run, &out, "trip.gpx", count);
    buf_free(&out);
    return error;
}

int tracks_tool_export_trip_gpx(struct tools_run *run)
{
    jdoc *trip = NULL;
    const char *id = jdoc_string(jdoc_get(run->args, "trip_id"), NULL);
    int error =
        id ? record_get(run, "trip", id, &trip, NULL) : record_latest(run, "trip", &trip, NULL);
    if (error == ERR_NOT_FOUND)
        return run_fail(run, "not_found",
            id ? "The user has no trip with this id." :
                 "The user has no trip yet. plan_trip makes one.");
    if (error == 0)
        error = tracks_write(run, trip);
    jdoc_free(trip);
    return error;
}
