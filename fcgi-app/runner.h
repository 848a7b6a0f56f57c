#ifndef TURNPIKE_FCGI_APP_RUNNER_H
#define TURNPIKE_FCGI_APP_RUNNER_H

#include "agent/turn.h"
#include "fcgi-app/exchange.h"

#include <stdbool.h>

/*
 * runner -- runs turns in a turn worker and keeps the scoreboard true while they run. The machine's
 * count of running turns is held from runner_take to runner_give.
 */

/* Messages of a session that a turn gets to choose its context from. */
#define RUNNER_HISTORY 400
/* Turns of one session in a row: then its queue goes to the housekeeper and others come first. */
#define RUNNER_SHARE 8

/* False when the machine runs as many turns as it may, or this worker drains. */
bool runner_take(struct app *app);
void runner_give(struct app *app);
/* Names the turn in the scoreboard: before its start script. NULLs clear. */
void runner_name(struct app *app, const char *uid, const char *session, const char *turn);
/* struct turn_env's callbacks; arg is the struct app. */
void runner_on_stage(void *arg, enum stage stage);
void runner_on_tool(void *arg, const char *name);
void runner_on_under_way(void *arg);
bool runner_may_take_next(void *arg);
/* One turn; result: zeroed here, the caller frees with runner_result_fini. Returns turn_run's. */
int runner_run(struct app *app, const struct turns_start *start, struct turn_result *result);
void runner_result_fini(struct turn_result *result);
/* start, and then its session's queued turns while this worker may. arena: owns start and is
 * taken; NULL when somebody else keeps it. */
void runner_run_all(struct app *app, const struct turns_start *start, struct arena *arena);

#endif
