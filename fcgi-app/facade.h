/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_FACADE_H
#define TURNPIKE_FCGI_APP_FACADE_H

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/ident.h"
#include "process/problem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * facade -- the API of OpenAI in front of the assistant: /v1/chat/completions, /v1/responses and
 * /v1/models, at the site's root and as {public_base}/openai/v1. docs/openai.md is for its users.
 * What the wire looks like was read from the types and stream parsers of npm's openai 7 and
 * @ai-sdk/openai 4 (November 2026).
 *
 *   facade             paths, models, ids, the form of an error
 *   facade_completion  reads POST /chat/completions     (into struct submit, as all of these)
 *   facade_response    reads POST /responses
 *   facade_members     reads what both have
 *   facade_content     a message's parts in AG-UI's words
 *   facade_view        what a stream worker is told of the form of an answer
 *   facade_answer      a turn that has ended as a chat completion or a response
 *   handlers_facade    the routes
 *
 * Pure, but for the handlers. Api, turn and stream workers.
 */

/* A result in front of the last item of ours: it is new when the call beside it still waits. */
#define FACADE_EARLIER_MAX 32
struct facade_earlier {
    const char *call, *message; /* AG-UI, JSON */
};

/* What a request in OpenAI's words says besides the message. */
struct facade {
    const char *model;      /* as asked for: a name of facade.model */
    bool usage;             /* the stream ends with a chunk of usage */
    bool background, store; /* of a response */
    bool whole;             /* the messages sent are the conversation: they name no stored one */
    const char *previous;   /* the turn that these go on from; or NULL */
    bool referred;          /* that is the turn of an item in the input */
    size_t tail;            /* of submit.messages: from here on they answer the last one of ours */
    const char *call;       /* a call that one of these answers, or NULL */
    struct facade_earlier earlier[FACADE_EARLIER_MAX];
    size_t earlier_count;
};

/* Where the path goes on below the facade's base: "/models"; NULL = it is another's. */
const char *facade_path(const struct conf *conf, const char *path);

/* The names of facade.model, the first being the default's. Index from 0; false = no more. */
bool facade_model(const struct conf *conf, size_t index, const char **name, size_t *len);
/* Whether it is one of them. */
bool facade_has_model(const struct conf *conf, const char *name);

#define FACADE_COMPLETION "chatcmpl-"
#define FACADE_RESPONSE "resp_"
/* The turn behind the id of a response; NULL = it is none. Borrowed from id. */
const char *facade_turn(const char *id);

/*
 * facade_error_type -- OpenAI's type for a status of HTTP. facade_status -- the status that its
 * clients know for a problem: what is wrong in a request is 400, not 422.
 */
const char *facade_error_type(int status);
MUST_CHECK int facade_status(int status);
/*
 * Appends {"error":{"message","type","param","code"}}, with the trace id besides.
 *   param, trace_id  NULL or "" = none
 */
struct facade_error {
    int status; /* the problem's own */
    const char *message, *param, *code, *trace_id;
    bool retryable;
};
void facade_error_write(const struct facade_error *e, struct buf *json);
void facade_problem_write(const struct problem *p, const char *trace_id, struct buf *json);
/* A stored reply that is a problem document. Returns 0, ERR_INVALID (it is none), ERR_NOMEM. */
MUST_CHECK int facade_stored_problem(const char *reply, size_t len, int status, bool *retryable,
    struct buf *json);

#endif
