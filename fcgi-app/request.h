/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_REQUEST_H
#define TURNPIKE_FCGI_APP_REQUEST_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/ident.h"
#include "base/jdoc.h"
#include "process/problem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * request -- an HTTP request as the handlers see it, read from CGI parameters and a body, and
 * checked where every route needs the same check. Texts live in the request's arena. Knows nothing
 * of libfcgi: the tests and the fuzzer feed it from memory.
 */
struct request_source {
    void *arg;
    const char *(*param)(void *arg, const char *name);      /* NULL when absent */
    int (*body)(void *arg, struct buf *out, size_t max);    /* see gateway_body */
    int (*write)(void *arg, const char *bytes, size_t len); /* see gateway_write; or NULL */
    void (*body_done)(void *arg);                           /* see inbound_body_done; or NULL */
    int (*flush)(void *arg);                                /* see gateway_flush; or NULL */
    bool (*gone)(void *arg); /* has the client left? see gateway_peer_gone; or NULL */
};

#define REQUEST_QUERY_MAX 32
#define REQUEST_ID_SIZE 65

struct request {
    struct arena *arena;
    const struct request_source *source;
    const char *method;
    bool head;            /* HEAD: handled as GET, the body is left out */
    const char *path;     /* percent-decoded, without the query; begins with '/' */
    const char *raw_path; /* as it was sent, without the query; NULL = not known */
    struct {
        const char *name, *value;
    } query[REQUEST_QUERY_MAX];
    size_t query_count;
    const char *body;
    size_t body_len;
    char *body_owned; /* body's memory, or NULL */
    char id[REQUEST_ID_SIZE];
    struct ident_trace trace; /* ours: a child of the client's, or new */
    char traceparent[IDENT_TRACEPARENT_SIZE];
    char span_parent[17];   /* the client's span; "" = the trace is new */
    const char *tracestate; /* the client's; "" = none, or not fit to be handed on */
    const char *internal;   /* TP_INTERNAL: "stream" or "housekeeper"; NULL = from nginx */
    int64_t waited_ms;      /* between nginx (T_START) and now; -1 = unknown */
};

/* Marks the request id and trace even when the rest turns out bad: call it first. Never fails. */
void request_start(struct request *r, const struct request_source *source, struct arena *arena);
/* Method, path and query. Returns 0 or ERR_INVALID with the problem set, ERR_NOMEM. */
MUST_CHECK int request_target(struct request *r, struct problem *problem);
/* The body, within max bytes, not compressed. Returns 0; ERR_INVALID with the problem set (413,
 * 415, 503); ERR_PEER_GONE; ERR_NOMEM. */
MUST_CHECK int request_body(struct request *r, size_t max, struct problem *problem);
/* Forgets the body, which has been read: its memory is free. */
void request_free_body(struct request *r);
/* The same, and nothing long that was read out of it is held any more: others get its room. */
void request_body_done(struct request *r);
/*
 * request_value -- the body as one JSON value; an empty body is an empty object when optional.
 * The document is freed with the arena. Returns 0; ERR_INVALID with the problem set; ERR_NOMEM.
 */
MUST_CHECK int request_value(struct request *r, bool optional, jdoc **out, struct problem *problem);
/*
 * request_json -- the same for a body that must be an object.
 */
MUST_CHECK int request_json(struct request *r, bool optional, jdoc **out, struct problem *problem);

/* A parameter as HTTP header: request_header(r, "HTTP_ACCEPT"). NULL when absent or empty. */
const char *request_header(const struct request *r, const char *param);
/* The first language of Accept-Language that is a tag, as "en-AU"; "" = none. In the arena. */
const char *request_language(const struct request *r);
/* Value of a query field, NULL when absent. The first one counts. */
const char *request_query(const struct request *r, const char *name);
struct request_bounds {
    int64_t fallback; /* where the query has none */
    int64_t min, max;
};
/* An integer of the query within its bounds. Returns 0 or ERR_INVALID with the problem set. */
MUST_CHECK int request_query_int(const struct request *r, const char *name,
    const struct request_bounds *bounds, int64_t *out, struct problem *problem);
/* Whether Accept takes the type (RFC 9110, 12.5.1: the closest range decides; q=0 refuses). */
bool request_accepts(const struct request *r, const char *type);
/*
 * Whether the reply is a stream of events, where JSON could be one, too: what Accept refuses is not
 * sent; else a stream when the message asks for it, or when Accept names it with a weight not below
 * JSON's. One of the two has to be accepted.
 */
#define REQUEST_SSE "text/event-stream"
bool request_wants_stream(const struct request *r, bool asked);
/* Strict percent decoding in place; plus: '+' means a blank. Returns the length or ERR_INVALID. */
long request_decode(char *s, bool plus);
/* Prefer: respond-async (RFC 7240), also among other preferences. */
bool request_prefers_async(const struct request *r);

#endif
