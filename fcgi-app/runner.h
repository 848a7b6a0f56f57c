/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_RUNNER_H
#define TURNPIKE_FCGI_APP_RUNNER_H

#include "agent/turn.h"
#include "base/err.h"
#include "fcgi-app/exchange.h"
#include "process/fault.h"

#include <stdbool.h>

/*
 * runner -- the turns of one request: the place on the machine that they hold, the turn that is to
 * run behind the reply, and the queued ones of its session after that. It keeps the scoreboard true
 * while they run. Turn workers; in an api worker it stays empty.
 *
 * A request's runner is made with it (runner_begin) and ended behind it (runner_end). Between these
 * a handler takes a place, and either runs a turn while the client waits (runner_run) or leaves it
 * to runner_end (runner_behind).
 */
struct input;

/* Turns of one session in a row: then its queue goes to the housekeeper and others come first. */
#define RUNNER_SHARE 8

struct runner {
    struct app *app;           /* with the request's seat */
    void (*answer)(void *arg); /* sends the request's reply, unless it has gone */
    void *answer_arg;
    bool has_place; /* the machine's count of running turns was raised */
    bool has_start;
    struct turns_start start;  /* the turn to be run by runner_end */
    const struct input *input; /* of start, where it is known without reading; or NULL */
    struct arena *arena;       /* owns start's texts; NULL = the exchange's arena */
    unsigned in_row;           /* turns run since the request */
    struct turn_title *title;  /* that runner_behind_all asks for; NULL = none */
    struct fault fault;        /* what the turn that runs is to do for a test */
};

/* A request begins. app->runner is r from now on; answer is called with arg. */
void runner_begin(struct runner *r, struct app *app, void (*answer)(void *arg), void *arg);
/* Runs what is to be run, this worker's share of the session's queue too; gives the place. */
void runner_end(struct runner *r);
/*
 * runner_take -- a place for a turn, kept until runner_end. False when the machine runs as many
 * turns as it may, or leaves.
 */
bool runner_take(struct runner *r);
/* When the client has its answer and no turn is left to run: the title of the chat. */
void runner_behind_all(struct runner *r);
/*
 * runner_run -- one turn, here and now. The session's next turn, if there is one, is left to
 * runner_end.
 *   input   as turn_run
 *   result  zeroed here; its reply is the caller's to free
 * Returns turn_run's.
 */
MUST_CHECK int runner_run(struct runner *r, const struct turns_start *start,
    const struct input *input, struct turn_result *result);
/* start is run by runner_end. Its texts, and the input, live as long as the exchange. */
void runner_behind(struct runner *r, const struct turns_start *start, const struct input *input);
/* Names the turn in the scoreboard: before its start script. NULLs clear. */
void runner_name(struct app *app, const char *uid, const char *session, const char *turn);
/* struct turn_env's callbacks; arg is the struct runner. */
void runner_on_stage(void *arg, enum stage stage);
void runner_on_tool(void *arg, const char *name);
void runner_on_under_way(void *arg);
bool runner_may_take_next(void *arg);

#endif
