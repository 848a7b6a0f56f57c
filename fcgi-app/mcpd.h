/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_MCPD_H
#define TURNPIKE_FCGI_APP_MCPD_H

#include "base/err.h"
#include "base/jdoc.h"
#include "fcgi-app/direct.h"
#include "fcgi-app/exchange.h"
#include "fcgi-app/mcpd_era.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * mcpd -- the MCP server: what its files share. Api workers. docs/mcp-server.md is its contract.
 *
 * One POST is one struct mcpd; each request in it (a batch has several) is a struct mcpd_call.
 * Nothing is kept between two requests but what Redis has: approvals, and marks of calls.
 */
#define MCPD_PATH "/mcp"           /* under conf->public_base */
#define MCPD_PAGE 100              /* entries of one answer to a list */
#define MCPD_BATCH_MAX 20          /* messages of a batch */
#define MCPD_BATCH_MS 30000        /* after which a batch begins no further call */
#define MCPD_BATCH_BYTES (1 << 20) /* of a batch's reply, beyond which no resource goes on */
#define MCPD_TTL_MS 300000         /* how long lists of tools and templates may be kept */
#define MCPD_META_KEY "turnpike/idempotencyKey"
#define MCPD_META_APPROVAL "turnpike/approvalId"
#define MCPD_META_PROBLEM "turnpike/problem"
#define MCPD_META_UNTRUSTED "turnpike/untrusted"
#define MCPD_META_EFFECT "turnpike/effect"
#define MCPD_META_ASKS "turnpike/approval"

struct mcpd {
    struct exchange *x;
    struct mcpd_said said;
    struct mcpd_terms terms;
    bool batch;
    bool events;     /* the reply is a stream of events */
    int64_t until;   /* monotonic: no call of a batch begins later */
    size_t answered; /* responses written */
};

struct mcpd_call {
    struct mcpd *m;
    const jdoc *id, *params; /* params: an object, or NULL */
    const char *method;
    struct mcpd_error error;
    size_t at;    /* of the response in the body */
    size_t steps; /* members of its result so far */
};
typedef int mcpd_method(struct mcpd_call *c);

/* ---- mcpd_reply.c: responses ---- */

/* Begins the response with its result; members follow by mcpd_member. */
void mcpd_begin(struct mcpd_call *c);
/* The same of another resultType than "complete" (2026-07-28). */
void mcpd_begin_as(struct mcpd_call *c, const char *type);
/* Appends `"NAME":`, behind a comma where one is needed, and returns the body. */
struct buf *mcpd_member(struct mcpd_call *c, const char *name);
/* For lists that may be kept: ttlMs and cacheScope of 2026-07-28. */
void mcpd_put_cache(struct mcpd_call *c, int64_t ttl_ms);
/* Ends it. meta: further members of _meta as JSON, each behind a comma; or NULL. */
void mcpd_end(struct mcpd_call *c, const char *meta);
/* Sets the error of JSON-RPC; in a modern reply -32602 of a method is 200, as its server SDK does.
 * Returns ERR_INVALID. */
MUST_CHECK int mcpd_fail(struct mcpd_call *c, int64_t code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Appends a whole error response; id NULL = null. problem: the data, or NULL. */
void mcpd_put_error(struct mcpd *m, const jdoc *id, const struct mcpd_error *error,
    const struct problem *problem);
/* What was written of a response since `at` is forgotten. */
void mcpd_forget(struct mcpd_call *c);
/* From now on the reply is a stream of events; what was written must be whole. */
void mcpd_events(struct mcpd *m);
/* A notification or a request of ours as an event: its JSON follows, then mcpd_event_end. */
struct buf *mcpd_event(struct mcpd *m);
void mcpd_event_end(struct mcpd *m);
/* Our name, version and title as JSON. */
void mcpd_put_server(struct buf *b);

/* ---- mcpd_tools.c, mcpd_resources.c: methods ---- */
mcpd_method mcpd_tools_list, mcpd_tools_call;
mcpd_method mcpd_resources_list, mcpd_resources_templates, mcpd_resources_read, mcpd_complete;
/* Writes what became of a call: a result, or one with isError and the problem. */
MUST_CHECK int mcpd_tools_answer(struct mcpd_call *c, const struct direct *d, int error);
/* params.cursor, or NULL. Returns 0, or ERR_INVALID with the error. */
MUST_CHECK int mcpd_cursor(struct mcpd_call *c, const char **cursor);

/* ---- mcpd_ask.c: approvals ---- */

/*
 * mcpd_ask -- asks the client's user in place of a result: an input_required result, or in the era
 * with sessions a stream that ends before the response and is resumed by GET; where the client does
 * not come back, one that stays open for a while.
 *   asked  the call that direct_call refused, with the problem still set
 */
MUST_CHECK int mcpd_ask(struct mcpd_call *c, const struct direct *asked);
/* A retry of 2026-07-28: the approval that requestState names, its answer recorded. id: out, NULL
 * without requestState. */
MUST_CHECK int mcpd_ask_retry(struct mcpd_call *c, const char **id);
/* Again, from the record. */
MUST_CHECK int mcpd_ask_again(struct mcpd_call *c, const char *id);
/* A response of the client: an answer to a question of ours is recorded, any other is dropped. */
MUST_CHECK int mcpd_ask_answered(struct mcpd *m, const struct mcp_wire_message *response);
/* GET with the id of the last event of such a stream: goes on. */
MUST_CHECK int mcpd_ask_resume(struct mcpd *m, const char *last_event);

/* ---- handlers_mcp.c ---- */

/* Appends the URL of the protected resource metadata (RFC 9728), or of the resource itself. */
void mcpd_put_url(const struct exchange *x, const char *well_known, struct buf *b);
#define MCPD_WELL_KNOWN "/.well-known/oauth-protected-resource"

#endif
