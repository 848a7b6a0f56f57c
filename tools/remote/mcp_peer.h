/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_REMOTE_MCP_PEER_H
#define TURNPIKE_TOOLS_REMOTE_MCP_PEER_H

#include "base/breaker.h"
#include "base/err.h"
#include "tools/remote/mcp_exchange.h"

#include "store/store.h"
#include "tools/remote/oauth.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * mcp_peer -- one MCP server as one process sees it: which era it speaks, the session of the legacy
 * era, and requests to it, several side by side. Used by turn and api workers and the housekeeper.
 *
 * Three ways of speaking: modern (2026-07-28, each request by itself), legacy (initialize and a
 * session), and the transport of 2024-11-05 (a stream that names the address to post to). An
 * unknown server is asked for its tools in the modern way first, and by initialize when its answer
 * is not one of that era; never with a request that has an effect. What was found is kept.
 */
enum mcp_era { MCP_ERA_UNKNOWN, MCP_ERA_MODERN, MCP_ERA_LEGACY, MCP_ERA_STREAM };
/* "auto", "modern", "legacy", "sse"; -1 when it is none. */
MUST_CHECK int mcp_era_of(const char *name);
const char *mcp_era_name(enum mcp_era era);

struct mcp_peer_settings { /* all borrowed for the life of the peer */
    const char *name, *url;
    const char *header; /* "Authorization: Bearer ..." or NULL */
    bool public_only;
    bool asks; /* it is told that users can be asked (elicitation, forms) */
    size_t max_bytes;
    enum mcp_era era;                 /* what is known; MCP_ERA_UNKNOWN = find out */
    struct breaker *breaker;          /* NULL = none */
    const struct oauth_client *oauth; /* its tokens take the place of `header`; NULL = none */
    struct store *store;              /* where they are kept; NULL = in the peer (tests) */
};
struct mcp_peer;
MUST_CHECK int mcp_peer_new(struct mcp_peer **out, const struct mcp_peer_settings *settings);
/* No operation may be under way. Forgets the session without a word: mcp_peer_leave says it. */
void mcp_peer_free(struct mcp_peer *peer);
enum mcp_era mcp_peer_era(const struct mcp_peer *peer);
/* What a catalogue knows of it; nothing when the peer has found it out itself. */
void mcp_peer_hint(struct mcp_peer *peer, enum mcp_era era);
/* Ends the session of the legacy era by DELETE, without waiting. Returns whether there was one. */
bool mcp_peer_leave(struct mcp_peer *peer, struct http_client *http);

struct mcp_answer { /* borrowed during done */
    int error;      /* 0 = result; ERR_REMOTE = the server refused (code, text); ERR_BUSY = the
                                breaker is open; ERR_AUTH; others as in mcp_reply */
    bool sent;      /* the request itself may have been acted on */
    const jdoc *result;
    bool asks;          /* result is no end: input_required of the modern era */
    int64_t code;       /* of a JSON-RPC error; 0 = none */
    const char *text;   /* the server's words; untrusted; "" = none; of ERR_AUTH and ERR_NET ours,
                         for users: why there is no token */
    const char *why;    /* for the log */
    const char *bearer; /* the header that was sent beside those of the settings; NULL = none */
};
struct mcp_op;
typedef void mcp_op_done_fn(void *arg, const struct mcp_answer *answer);
/*
 * A server of the legacy era asks the user, one question at a time. params: of elicitation/create;
 * NULL: it has withdrawn the question. From within reactor_step; must not end the operation.
 *   bearer  as in struct mcp_answer
 *   why     out, when it returns an error: for the server
 * Returns 0: mcp_op_answer will be called; ERR_INVALID, ERR_LIMIT, ERR_NOMEM: it is refused.
 */
typedef int mcp_op_ask_fn(void *arg, const jdoc *params, const char *bearer, char *why,
    size_t why_size);
struct trace_span;
struct mcp_call {
    struct http_client *http;
    struct reactor *reactor;
    const char *method; /* static text */
    jdoc *params;       /* taken, also on error; NULL = {} */
    const char *name;   /* Mcp-Name; NULL = none; copied */
    const jdoc *schema; /* inputSchema, for x-mcp-header; NULL = none; stays during the call */
    const struct trace_span *span; /* of the call; stays during it; NULL = none */
    int64_t until_ms;              /* monotonic */
    unsigned long long owner;      /* whose call it is, scoreboard_owner; 0 = nobody's */
    mcp_op_done_fn *done;
    mcp_op_ask_fn *ask; /* NULL = nobody is asked */
    void *arg;
};
/* Returns 0 (done comes later, from within reactor_step) or what hindered it: ERR_BUSY, ... */
MUST_CHECK int mcp_op_start(struct mcp_op **out, struct mcp_peer *peer,
    const struct mcp_call *call);
struct oauth_purse;
/* The peer's tokens; NULL = it has none. */
struct oauth_purse *mcp_peer_purse(struct mcp_peer *peer);
/* Gives up: closes the stream, tells a legacy server. done is not called. */
void mcp_op_cancel(struct mcp_op *op);
/* Its time is over: the same, but done is called, with ERR_DEADLINE. */
void mcp_op_expire(struct mcp_op *op);
/* The user's answer (elicit_result) to the question under way; borrowed. */
void mcp_op_answer(struct mcp_op *op, const jdoc *result);

#endif
