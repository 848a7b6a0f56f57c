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
    char message_id[IDENT_UUID_SIZE];
    const char *text;
    size_t len;
    bool failed;
};

struct calls_batch {
    struct calls *owner;
    struct calls_slot *slots;
    size_t count, waiting;
    bool moved; /* a waiting call has come to its end */
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

/* Is it a reason for which the turn ends? */
bool calls_is_end(int error);

/* Gives the call the error result `code`. Returns 0, ERR_FENCED, ERR_FULL, ERR_NOMEM. */
MUST_CHECK int calls_fail(struct calls_slot *s, const char *code, const char *message);

/* A call has come to its end in our own code, with 0 or what went wrong on our side: its result.
 * Returns as calls_fail. */
MUST_CHECK int calls_conclude(struct calls_slot *s, int error);

#endif
