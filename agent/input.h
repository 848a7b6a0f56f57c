/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_INPUT_H
#define TURNPIKE_AGENT_INPUT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/ident.h"
#include "base/jdoc.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * input -- what a turn was asked to do, in the form that is stored with the turn
 * (turns_request.input). So any worker of any machine can run it. Made by fcgi-app from every kind
 * of request, read by agent.
 */
struct input {
    const char *run_id;        /* runId of the events: the client's, else the turn id */
    const char *text;          /* the user's message as plain text */
    const char *message_id;    /* of the user's message */
    const char *zone, *locale; /* of this request; "" = unknown */
    const char *source;        /* "chat", "agui", "ws", "tool", "approval" */
    bool resume;               /* goes on with answered approvals; text may be "" */
    bool fresh;                /* no kept answer is wanted, nor is this one to be kept */
    bool whole;                /* nobody reads along: the answer need not come word by word */
    const char *cls, *key;     /* the user's class, the id of the API key; "" = none */
    const char *role;    /* of the credential: "user", "admin"; input_parse: "user" when absent */
    const jdoc *context; /* client context object or NULL (user_location, current page, ...) */
    const jdoc *agui;    /* RunAgentInput parts: tools, context, state, forwardedProps; or NULL */
    const char *traceparent;
    const char *span_parent, *tracestate; /* the client's span, and what goes with it; "" = none */
    /*
     * In the chat of a trip (store/chats.h): the trip; who wrote the message, whose turn it is; how
     * the others see that one. NULL, as are the other two: a conversation of one user alone.
     */
    const char *trip, *actor, *actor_name;
    const jdoc *echo; /* for the first event alone, where its reader finds it; or NULL */
    const char *said; /* for the first event alone: the message with its files, JSON; or NULL */
    jdoc *document;   /* owns the above after input_parse */
};
/* Appends the JSON form. Returns buf_error. */
MUST_CHECK int input_write(const struct input *in, struct buf *json);
/*
 * What is missing becomes what input_parse would make of it, so that the form that was written can
 * be used without being read again.
 */
void input_complete(struct input *in);
/*
 * What makes two inputs ask for the same: a digest of the text; without a text, of the whole.
 * Reads the form that input_write makes.
 */
void input_digest(const char *json, char out[IDENT_SHA256_SIZE]);
/*
 * Whether its client speaks AG-UI before 1.0: it does not say its protocolVersion, and its
 * RunAgentInput has all members that @ag-ui/core 0.0.59 always sends.
 */
bool input_is_before_1_0(const struct input *in);
/* The clean-up is added to the arena. Returns 0, ERR_INVALID, ERR_NOMEM. */
MUST_CHECK int input_parse(const char *json, struct arena *arena, struct input *out);

#endif
