/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_CALLS_PARTS_H
#define TURNPIKE_AGENT_CALLS_PARTS_H

#include "agent/calls.h"
#include "base/err.h"
#include "base/ident.h"
#include "base/task.h"

/*
 * calls_parts -- what the files of calls share with each other:
 *
 *   calls         the calls of an answer from their beginning to their results
 *   calls_start   one call begins: run, asked about, refused, or left to the client
 *   calls_result  one call ends: its result as text and as an event
 *   calls_ask     a service asks the user in the middle of a call
 *
 * Process: turn worker, in the turn's task.
 */

/* One call of the batch. */
struct calls_slot {
    const struct chat_call *call;
    const struct approvals_taken *answer; /* the user's, or NULL */
    struct tools_context bound;           /* an approved call's: the zone of those who asked */
    const char *args;                     /* that run */
    size_t args_len;
    struct tools_run run;
    struct calls_batch *batch;
    bool started, waiting, answered, repeated, asked, counted;
    int64_t until_ms;
    struct tools_reply reply;   /* with which the call goes on after a service's question */
    struct approvals_ask *live; /* the question that it waits for; NULL = none */
    const struct tools_question *live_of; /* what run.asking was when `live` was opened */
    int64_t look_ms;                      /* when to look whether it is answered */
    int64_t live_until_ms;                /* when the service need not wait any longer */
    bool unseen; /* the last look failed: look_ms alone says when the next one is */
    char message_id[IDENT_UUID_SIZE];
    const char *text;
    size_t len;
    bool failed;
};

struct calls_batch {
    struct calls *owner;
    struct calls_slot *slots;
    size_t count, waiting;
    bool moved; /* a waiting call has come to its end, or asks the user */
    bool heard; /* something has moved, perhaps an answer of the user's: questions are looked at */
    struct task_ref task;
};

/*
 * Begins a call: it has a result then, waits (for its tool, or for the user), or is the client's.
 * Returns 0; ERR_CANCELLED, ERR_DEADLINE, ERR_DRAINING; ERR_FENCED, ERR_FULL, ERR_NOMEM.
 */
MUST_CHECK int calls_start(struct calls_slot *s);

/* Starts the tool, again while Redis is away: a repeated call finds its mark. Returns as
 * tools_start, and as wait_retry. */
MUST_CHECK int calls_start_patiently(struct calls_slot *s, const struct tools_spec *spec);

/* ---- calls_ask ---- */

/* After each wake-up: opens the question that the call waits for, gives it the answer, closes it.
 * Returns 0; ERR_FENCED, ERR_FULL, ERR_NOMEM; ERR_CANCELLED, ERR_DEADLINE, ERR_DRAINING. */
MUST_CHECK int calls_ask_look(struct calls_slot *s, int64_t now);

/* When calls_ask_look has something to do for the open question, should nobody wake the call. */
int64_t calls_ask_due(const struct calls_slot *s);

/* Nobody waits for its question any more. */
void calls_ask_drop(struct calls_slot *s, const char *outcome);

/* The call ends here with a question; another turn goes on with it. Returns as calls_fail. */
MUST_CHECK int calls_ask_park(struct calls_slot *s);

/* ---- calls_start ---- */

/* Is it a reason for which the turn ends? */
bool calls_is_end(int error);

/* Gives the call the error result `code`. Returns 0, ERR_FENCED, ERR_FULL, ERR_NOMEM. */
MUST_CHECK int calls_fail(struct calls_slot *s, const char *code, const char *message);

/* A call has come to its end in our own code, with 0 or what went wrong on our side: its result.
 * Returns as calls_fail. */
MUST_CHECK int calls_conclude(struct calls_slot *s, int error);

#endif
