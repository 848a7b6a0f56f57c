#include "fcgi-app/runner.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "fcgi-app/guard.h"

#include <stdio.h>
#include <string.h>

bool runner_take(struct app *app)
{
    /* A generation that goes still runs what it accepted; a machine that goes takes no more. */
    bool leaves = app->worker->drain && atomic_load(&app->worker->board->draining);
    return !leaves && scoreboard_turn_take(app->worker->board, app->seat);
}

void runner_give(struct app *app)
{
    scoreboard_turn_give(app->worker->board, app->seat);
}

void runner_name(struct app *app, const char *uid, const char *session, const char *turn)
{
    scoreboard_turn_set(app->seat, uid, session, turn);
}

void runner_on_stage(void *arg, enum stage stage)
{
    struct app *app = arg;
    scoreboard_stage_set(app->seat, (int)stage);
    fault_at(&app->fault, stage);
}

void runner_on_tool(void *arg, const char *name)
{
    struct app *app = arg;
    scoreboard_tool_set(app->seat, name);
}

void runner_on_under_way(void *arg)
{
    struct app *app = arg;
    if (app->send_reply != NULL)
        app->send_reply(app->send_reply_arg);
}

bool runner_may_take_next(void *arg)
{
    struct app *app = arg;
    return !app->worker->drain && !app->worker->abort_turn && app->turns_in_row < RUNNER_SHARE &&
           !worker_is_due(app->worker) && !worker_is_quarantine(app->worker);
}

int runner_run(struct app *app, const struct turns_start *start, struct turn_result *result)
{
    struct scoreboard_slot *slot = app->worker->slot;
    struct blame_work work;
    char context[160];
    memset(result, 0, sizeof(*result));
    snprintf(context, sizeof(context), "turn=%s session=%s", start->turn, start->session);
    log_context_set(context);
    runner_name(app, start->uid, start->session, start->turn);
    app->fault = fault_of(app->conf, start->input);
    guard_turn(start->uid, start->session, start->input, &work);
    guard_work(app, &work);
    atomic_store(&app->seat->epoch, start->epoch);
    atomic_store(&app->seat->turn_deadline_ms, clock_mono_ms() + app->conf->turn_ms);
    app->turns_in_row++;
    int error = turn_run(app->turns, start, result);
    worker_beat(app->worker); /* from here on it is judged by that again */
    atomic_store(&app->seat->turn_deadline_ms, 0);
    atomic_fetch_add_explicit(&slot->turns, 1, memory_order_relaxed);
    if (error < 0) {
        atomic_fetch_add_explicit(&slot->errors, 1, memory_order_relaxed);
        log_warn("the turn ended outside of this worker's hands: %s", err_text(error));
    }
    guard_work(app, NULL);
    runner_name(app, NULL, NULL, NULL);
    log_context_set(NULL);
    return error;
}

void runner_result_fini(struct turn_result *result)
{
    buf_free(&result->reply);
    if (result->next_arena != NULL)
        arena_free(result->next_arena);
    memset(result, 0, sizeof(*result));
}

void runner_run_all(struct app *app, const struct turns_start *start, struct arena *arena)
{
    struct turns_start next;
    while (start != NULL) {
        struct turn_result result;
        int error = runner_run(app, start, &result);
        if (arena != NULL)
            arena_free(arena);
        arena = NULL;
        start = NULL;
        if (error == 0 && result.next_arena != NULL && result.next.outcome == TURNS_STARTED) {
            next = result.next;
            start = &next;
            arena = result.next_arena;
            result.next_arena = NULL;
        }
        runner_result_fini(&result);
    }
}
