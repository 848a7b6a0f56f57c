/* SPDX-License-Identifier: BSD-2-Clause */
/* Tools of the family together: a trip under way. Positions come by POST /trips/ID/position. */
#include "base/clock.h"
#include "tools/engine/registry.h"
#include "tools/kit/about.h"
#include "tools/kit/preview.h"
#include "tools/kit/timestamp.h"
#include "tools/kit/trip_live.h"
#include "tools/together/together.h"

#include <string.h>

static int together_no_live(struct tools_run *run)
{
    return run_fail(run, "not_found", "This trip is not under way: nobody shares it live.");
}

/* ---- start_live_trip ---- */

static int64_t together_live_end(const struct tools_run *run)
{
    return run->context->now_ms +
        jdoc_int_or(run->args, "hours", TRIP_LIVE_HOURS) * INT64_C(3600000);
}

/* The trip is under way. By this very call: 0, and *live is its state. ERR_INVALID (said); a
 * fault. */
static int together_live_already(struct tools_run *run, const struct together *t,
    struct trip_live *live)
{
    bool acted = false;
    int error = together_acted(run, t->view.owner, &acted);

    if (error != 0 ||
        (acted && trip_live_read(t->view.live, live) == 0 &&
            strcmp(live->traveller, run->context->uid) == 0))
        return error;
    error = run_fail(run, "conflict", "This trip is under way already. stop_live_trip ends that.");
    return error != 0 ? error : ERR_INVALID;
}

/* live: changed when this very call has begun it. Returns 0; ERR_INVALID (said); a fault. */
static int together_open_live(struct tools_run *run, struct together *t, struct trip_way *way,
    struct trip_live *live)
{
    int error = together_open(run, TRIPS_LIVE_START, t), said = 0;

    if (error != 0)
        return error;
    if (trip_live_way(t->trip, way) == 0)
        return *t->view.live ? together_live_already(run, t, live) : 0;
    said = run_fail(run, "conflict", "This trip has no places on a map.");
    return said != 0 ? said : ERR_INVALID;
}

int together_preview_start_live_trip(struct tools_run *run)
{
    char until[TIMESTAMP_TEXT_SIZE];
    struct together t;
    struct trip_way way;
    const struct zone *zone;
    bool rough = strcmp(jdoc_text_or(run->args, "precision", "exact"), "rough") == 0;
    struct trip_live live = {.next = 1};
    int error = together_open_live(run, &t, &way, &live);
    if (error == 0)
        error = timestamp_zone(run, &zone);
    if (error == 0) {
        timestamp_text(together_live_end(run), zone, true, until);
        const char *title = preview_text(run->arena, t.title, PREVIEW_TITLE);
        error = title ? preview_say(run,
                            "show the members of the trip %s where you are%s, until you arrive, at "
                            "most until %s",
                            title, rough ? ", to some 10 km" : "", until) :
                        ERR_NOMEM;
    }
    if (error == 0)
        error = about_title(run, "trip", t.trip, "title");
    if (error == 0)
        error = about_audience(run, "others");
    together_end(&t);
    return error == ERR_INVALID ? 0 : error;
}

/* The result `live` of the state. */
static int together_answer_live(struct tools_run *run, const struct together *t,
    const struct trip_way *way, const struct trip_live *live)
{
    bool own = strcmp(live->traveller, run->context->uid) == 0;
    jdoc *shown = trip_live_show(way, live, jdoc_text_or(run->args, "trip_id", ""), own);

    if (!shown || !run->result) {
        jdoc_free(shown);
        return ERR_NOMEM;
    }
    int error = jdoc_set(run->result, "live", shown);
    return error == 0 ? jdoc_set_string(run->result, "title", t->title) : error;
}

static int together_write_live(struct tools_run *run, const struct together *t,
    enum trips_action action, const struct trip_live *live, const struct together_event *event)
{
    struct trips_live_state state = {.seen = t->view.live, .json = ""};
    struct trips_act act;
    struct buf json = {0};
    int error = together_begin(run, t->view.owner, event->trip, t->title, &act);

    if (error != 0)
        return error;
    if (live) {
        trip_live_write(live, &json);
        state.ends_ms = live->ends_ms;
        state.json = buf_text(&json);
        error = buf_error(&json);
    }
    act.event = together_event(run, event);
    if (error == 0)
        error = act.event ? trips_live(run->context->store, &act, action, &state) : ERR_NOMEM;
    buf_free(&json);
    return error;
}

static void together_new_live(const struct tools_run *run, struct trip_live *live)
{
    strncpy(live->traveller, run->context->uid, sizeof live->traveller - 1);
    live->ends_ms = together_live_end(run);
    live->threshold_ms = jdoc_int_or(run->args, "delay_minutes", 15) * 60000;
    live->rough = strcmp(jdoc_text_or(run->args, "precision", "exact"), "rough") == 0;
}

int together_tool_start_live_trip(struct tools_run *run)
{
    const char *trip = jdoc_text_or(run->args, "trip_id", ""), *name = together_name(run);
    struct together t;
    struct trip_way way;
    struct trip_live live = {.next = 1, .started_ms = run->context->now_ms};
    int error = together_open_live(run, &t, &way, &live);
    if (error == 0 && !name)
        error = ERR_NOMEM;
    if (error == 0) {
        if (!live.traveller[0])
            together_new_live(run, &live);
        error = together_write_live(run, &t, TRIPS_LIVE_START, &live,
            &(struct together_event){trip, t.title, "live_started",
                arena_printf(run->arena, "%s is on the way: the trip %s is shown live.", name,
                    t.title),
                ""});
        if (error != 0)
            error = together_refuse(run, error);
        else if (!run_succeed(run, "The trip %s is shown live to its %zu other members.", t.title,
                     t.view.member_count))
            error = ERR_NOMEM;
        else if ((error = together_answer_live(run, &t, &way, &live)) == 0)
            error = together_finish(run, "live", trip, t.title);
    }
    together_end(&t);
    return error == ERR_INVALID ? 0 : error;
}

/* ---- stop_live_trip ---- */

static int together_stopped(struct tools_run *run, const struct together *t)
{
    return run_succeed(run, "The trip %s is not shown live any more. Its position is deleted.",
               t->title) ?
        together_finish(run, "live_end", jdoc_text_or(run->args, "trip_id", ""), t->title) :
        ERR_NOMEM;
}

/* Whoever travels, and the owner. */
static int together_stop_live(struct tools_run *run, const struct together *t)
{
    const char *trip = jdoc_text_or(run->args, "trip_id", ""), *name = together_name(run);
    struct trip_live live;
    bool acted = false;
    int error = *t->view.live ? 0 : together_acted(run, t->view.owner, &acted);

    if (error != 0)
        return error;
    if (acted)
        return together_stopped(run, t);
    if (!*t->view.live)
        return together_no_live(run);
    if (t->view.role != TRIPS_OWNER && trip_live_read(t->view.live, &live) == 0 &&
        strcmp(live.traveller, run->context->uid) != 0)
        return together_refuse(run, ERR_FORBIDDEN);
    if (!name)
        return ERR_NOMEM;
    error = together_write_live(run, t, TRIPS_LIVE_STOP, NULL,
        &(struct together_event){trip, t->title, "live_stopped",
            arena_printf(run->arena, "%s ends the live view of the trip %s.", name, t->title), ""});
    if (error != 0)
        return together_refuse(run, error);
    return together_stopped(run, t);
}

int together_tool_stop_live_trip(struct tools_run *run)
{
    struct together t;
    int error = together_open(run, TRIPS_LIVE_STOP, &t);
    /* A position may come between the look and the stop: then again. */
    for (int i = 0; error == 0 && i < 3; i++) {
        error = together_stop_live(run, &t);
        const char *code = jdoc_text_or(jdoc_get(run->result, "error"), "code", "");
        if (error != 0 || strcmp(code, "conflict") != 0)
            break;
        together_end(&t);
        error = together_open(run, TRIPS_LIVE_STOP, &t);
    }
    together_end(&t);
    return error == ERR_INVALID ? 0 : error;
}

/* ---- live_trip_status ---- */

int together_tool_live_trip_status(struct tools_run *run)
{
    struct together t;
    struct trip_way way;
    struct trip_live live;
    int error = together_open(run, TRIPS_LIVE_SEE, &t);
    if (error == 0 && !*t.view.live) {
        error = together_no_live(run);
    } else if (error == 0) {
        error =
            trip_live_way(t.trip, &way) != 0 ? ERR_INTERNAL : trip_live_read(t.view.live, &live);
        if (error == ERR_INVALID)
            error = ERR_INTERNAL;
        if (error == 0 && !run_succeed(run, "The trip %s is under way.", t.title))
            error = ERR_NOMEM;
        if (error == 0)
            error = together_answer_live(run, &t, &way, &live);
    }
    together_end(&t);
    return error == ERR_INVALID ? 0 : error;
}
