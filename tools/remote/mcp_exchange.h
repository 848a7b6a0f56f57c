/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_REMOTE_MCP_EXCHANGE_H
#define TURNPIKE_TOOLS_REMOTE_MCP_EXCHANGE_H

#include "base/err.h"
#include "base/jdoc.h"
#include "base/reactor.h"
#include "tools/remote/mcp_wire.h"
#include "wire/http/http.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * mcp_exchange -- one POST to an MCP server and the JSON-RPC response to it. The response comes as
 * JSON or as an event of a stream. In the legacy era it may also come from a stream that a GET with
 * Last-Event-ID takes up again. Of what a legacy server asks back, ping is answered, all else
 * refused. Used by turn and api workers and the housekeeper.
 */
struct mcp_reply { /* borrowed during on_done */
    /* 0 = `message` is the response, or status 202 came; ERR_REMOTE = another status; ERR_NET,
     * ERR_DEADLINE, ERR_LIMIT, ERR_PROTOCOL, ERR_FORBIDDEN */
    int error;
    long status; /* of the POST; 0 = none */
    bool sent;   /* the server may have acted on it */
    struct mcp_wire_message message;
    const char *session;   /* Mcp-Session-Id; "" = none */
    const char *challenge; /* WWW-Authenticate of the POST; NULL or "" = none */
    const char *why;       /* for the log */
};
struct mcp_exchange;
typedef void mcp_exchange_done_fn(void *arg, const struct mcp_reply *reply);

struct mcp_exchange_what {
    struct http_client *http;
    struct reactor *reactor;
    const char *url;
    const char *const *headers; /* NULL-terminated, beside Content-Type and Accept; copied */
    const char *body;
    size_t body_len;
    int64_t id;       /* of the request in body; -1 = a notification: any 2xx is the end */
    int64_t until_ms; /* monotonic */
    size_t max_bytes; /* of the reply, and of one event */
    bool public_only;
    bool resumable; /* legacy: a stream that ends before the response is taken up again */
    mcp_exchange_done_fn *done;
    /* Legacy: a request or a notification of the server before the response. Returns 1 when it is
     * dealt with, 0 when it is not, or an error. NULL = none is. */
    int (*ask)(void *arg, const struct mcp_wire_message *message);
    /* Before the stream is taken up again, and once more with the challenge of a 401 to that: the
     * owner sees to the headers and calls mcp_exchange_take_up. NULL = it goes on as it is. */
    void (*take_up)(void *arg, const char *challenge);
    void *arg;
};
/* Returns 0 (done will be called, from within reactor_step) or what hindered it. */
MUST_CHECK int mcp_exchange_start(struct mcp_exchange **out, const struct mcp_exchange_what *what);
/* Closes its connection; done is not called. NULL allowed. */
void mcp_exchange_cancel(struct mcp_exchange *exchange);

/* Other headers for what follows, as in what->headers. Returns 0, ERR_LIMIT, ERR_NOMEM. */
MUST_CHECK int mcp_exchange_renew(struct mcp_exchange *exchange, const char *const *headers);

/* Takes the stream up again, after what->take_up. Returns 0 or what hindered it. */
MUST_CHECK int mcp_exchange_take_up(struct mcp_exchange *exchange);

/* A message to the server beside the exchange, with its headers, of which done tells the outcome.
 * Returns as http_start. */
MUST_CHECK int mcp_exchange_post(const struct mcp_exchange *exchange, const char *body, size_t len,
    http_done_fn *done, void *arg, struct http_transfer **out);

/* The same, and nobody waits for its outcome. */
void mcp_exchange_say(const struct mcp_exchange *exchange, const char *body, size_t len);

/*
 * A POST whose outcome nobody waits for: notifications/cancelled, refusals. It has
 * 5 s and may outlive the caller.
 */
void mcp_exchange_tell(const struct mcp_exchange_what *what, const char *body, size_t len);

#endif
