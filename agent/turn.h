/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_TURN_H
#define TURNPIKE_AGENT_TURN_H

#include "base/arena.h"
#include "base/breaker.h"
#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/reactor.h"
#include "base/room.h"
#include "process/stage.h"
#include "store/eventlog.h"
#include "store/store.h"
#include "store/turns.h"
#include "tools/engine/tools.h"
#include "wire/http/http.h"

/*
 * turn -- one agent turn: context, model calls, tool calls, events, end. Straight code in a task:
 * it waits by base/task alone (agent/wait.h says where). Used by turn workers.
 */
struct listen;

/* What a turn needs from its worker; those that run at once share all but eventlog and arg. */
struct turn_env {
    const struct conf *conf;
    struct reactor *reactor;
    struct store *store;
    struct http_client *http;
    struct eventlog *eventlog;
    struct breaker *breakers; /* BREAKER_COUNT, shared by the machine's workers */
    void (*on_stage)(void *arg, enum stage stage); /* scoreboard */
    void (*on_tool)(void *arg, const char *name);  /* in STAGE_TOOL: this one begins; or NULL */
    /* At the first wait, when what it waits for (as a rule the model) has been asked: time to
     * answer the client. Or NULL. */
    void (*on_under_way)(void *arg);
    void *arg;
    /* Set by the worker when its drain time is over: at its next look (wait_check, wait_until) the
     * turn is given back, and another worker goes on from its last checkpoint. */
    volatile const int *abort_now;
    bool (*may_take_next)(
        void *arg);           /* neither draining nor due for recycling nor past its share */
    struct tools_apart apart; /* for tools that compute for long; zeroed = they run here */
    struct room *room;        /* of files on their way in this worker; NULL = no bound */
    struct listen *listen;    /* NULL = a stop is seen with the next renewal only */
};
/* Messages of a conversation that a turn chooses its context from. */
#define TURN_HISTORY 400
/* Prepares what can be before the fork: tools, system prompt, the providers' lists of tools, what
 * is known of their servers. Returns 0; ERR_IO (the file of the prompt), ERR_NOMEM, an error of the
 * tools. */
MUST_CHECK int turn_global_init(const struct conf *conf);

struct turn_title;
struct turn_result {
    int http_status;         /* 200, or of the problem */
    struct buf reply;        /* JSON body for a JSON client; problem+json when http_status >= 400 */
    struct turns_start next; /* outcome TURNS_STARTED: run it as well */
    struct arena *next_arena; /* owns `next`; the caller frees it */
    /* The chat wants a title: turn_title_make or turn_title_free, when nobody waits any more. */
    struct turn_title *title;
};
struct input;
/*
 * turn_run -- runs a started turn to its final event.
 *   input  what start->input says, by a caller that wrote it (input_complete); NULL: it is read
 * Returns 0 when the end is in Redis (also
 * when the turn failed or was cancelled: that is in the result); ERR_FENCED (another worker owns
 * it now, or it was given back for one: nothing more is to be said to the client than that);
 * ERR_STORE (the end could not be written) or another error: the lease will run out. On error the
 * result is empty.
 */
MUST_CHECK int turn_run(struct turn_env *env, const struct turns_start *start,
    const struct input *input, struct turn_result *result);
/*
 * turn_title_make -- asks the model for the chat's title, title.time at most, and frees `title`.
 * The user's lists are told (session_updated). A title that the user gave stays; when it fails, or
 * the worker dies, the chat keeps its first words. Counts in the turn's usage. In a task; env's
 * eventlog is that of the turn, which is over.
 */
void turn_title_make(struct turn_env *env, struct turn_title *title);
void turn_title_free(struct turn_title *title); /* NULL allowed */

#endif
