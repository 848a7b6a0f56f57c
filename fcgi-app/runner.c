/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/runner.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "fcgi-app/guard.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void runner_begin(struct runner *r, struct app *app, void (*answer)(void *arg), void *arg)
{
    memset(r, 0, sizeof *r);
    r->app = app;
    r->answer = answer;
    r->answer_arg = arg;
    app->runner = r;
}

bool runner_take(struct runner *r)
{
    struct worker *w = r->app->worker;

    /* A generation that goes still runs what it accepted; a machine that goes takes no more. */
    r->has_place = !(w->drain && atomic_load(&w->board->draining)) &&
        scoreboard_turn_take(w->board, r->app->seat);
    return r->has_place;
}

void runner_name(struct app *app, const char *uid, const char *session, const char *turn)
{
    scoreboard_turn_set(app->seat, uid, session, turn);
}

void runner_on_stage(void *arg, enum stage stage)
{
    struct runner *r = arg;

    scoreboard_stage_set(r->app->seat, (int)stage);
    fault_at(&r->fault, stage);
}

void runner_on_tool(void *arg, const char *name)
{
    const struct runner *r = arg;

    scoreboard_tool_set(r->app->seat, name);
}

void runner_on_under_way(void *arg)
{
    const struct runner *r = arg;

    r->answer(r->answer_arg);
}

bool runner_may_take_next(void *arg)
{
    const struct runner *r = arg;
    struct worker *w = r->app->worker;

    return !w->drain && !w->abort_turn && r->in_row < RUNNER_SHARE && !worker_is_due(w) &&
        !worker_is_quarantine(w);
}

/* What the worker's slot and the log say while the turn runs. */
static void runner_enter(struct runner *r, const struct turns_start *start)
{
    struct app *app = r->app;
    struct blame_work work;
    char context[LOG_CONTEXT_SIZE];

    snprintf(context, sizeof context, "turn=%s session=%s user=%s", start->turn, start->session,
        start->uid);
    log_context_set(context);
    runner_name(app, start->uid, start->session, start->turn);
    r->fault = fault_of(app->conf, start->input);
    guard_turn(start->uid, start->session, start->input, &work);
    guard_work(app, &work);
    atomic_store(&app->seat->epoch, start->epoch);
    atomic_store(&app->seat->turn_deadline_ms, clock_mono_ms() + app->conf->turn_ms);
    r->in_row++;
}

/* Before the seat forgets the turn. */
static void runner_tell_slow(const struct runner *r)
{
    const struct scoreboard_seat *seat = r->app->seat;
    int64_t limit = r->app->conf->slow_turn_ms, began = atomic_load(&seat->turn_started_ms);
    int64_t ms = clock_mono_ms() - began;
    char trail[SCOREBOARD_TRAIL_SIZE];

    if (limit == 0 || began == 0 || ms < limit)
        return;
    scoreboard_trail(seat, trail);
    log_limited(LOG_LEVEL_WARN, "slow turn: %" PRId64 ".%" PRId64 " s, stages %s", ms / 1000,
        ms % 1000 / 100, trail);
}

static void runner_leave(struct runner *r, int error)
{
    struct app *app = r->app;

    runner_tell_slow(r);

    worker_beat(app->worker); /* from here on it is judged by that again */
    atomic_store(&app->seat->turn_deadline_ms, 0);
    atomic_fetch_add_explicit(&app->worker->slot->turns, 1, memory_order_relaxed);
    if (error < 0) {
        atomic_fetch_add_explicit(&app->worker->slot->errors, 1, memory_order_relaxed);
        log_warn("the turn ended outside of this worker's hands: %s", err_text(error));
    }
    guard_work(app, NULL);
    runner_name(app, NULL, NULL, NULL);
    log_context_set(NULL);
}

int runner_run(struct runner *r, const struct turns_start *start, const struct input *input,
    struct turn_result *result)
{
    int error;

    runner_enter(r, start);
    error = turn_run(r->app->turns, start, input, result);
    runner_leave(r, error);
    if (error == 0 && result->next_arena && result->next.outcome == TURNS_STARTED) {
        r->has_start = true;
        r->start = result->next;
        r->input = NULL;
        r->arena = result->next_arena;
    } else if (result->next_arena) {
        arena_free(result->next_arena);
    }
    result->next_arena = NULL;
    turn_title_free(r->title);
    r->title = result->title;
    result->title = NULL;
    return error;
}

void runner_behind(struct runner *r, const struct turns_start *start, const struct input *input)
{
    r->has_start = true;
    r->start = *start;
    r->input = input;
}

/* The turn that is to be run, and what it leaves is the next one. */
static void runner_run_next(struct runner *r)
{
    const struct turns_start start = r->start;
    const struct input *input = r->input;
    struct arena *arena = r->arena;
    struct turn_result result;

    r->has_start = false;
    r->arena = NULL;
    err_ignore(
        runner_run(r, &start, input, &result)); /* turn_run has logged it; nobody waits for it */
    buf_free(&result.reply);
    if (arena)
        arena_free(arena);
}

void runner_end(struct runner *r)
{
    while (r->has_start)
        runner_run_next(r);
    if (r->has_place) {
        runner_name(r->app, NULL, NULL, NULL);
        scoreboard_turn_give(r->app->worker->board, r->app->seat);
        r->has_place = false;
    }
}

/* It keeps the seat for as long as the model takes: never the second half of the worker's seats,
 * which are for people who wait. */
static bool runner_may_title(const struct runner *r)
{
    const struct scoreboard_slot *slot = r->app->worker->slot;

    return 2 * atomic_load(&slot->seats_busy) <= atomic_load(&slot->seats_count);
}

void runner_behind_all(struct runner *r)
{
    struct turn_title *title = r->title;

    r->title = NULL;
    if (title && !runner_may_title(r))
        turn_title_free(title);
    else if (title)
        turn_title_make(r->app->turns, title);
}
