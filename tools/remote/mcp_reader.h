/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_REMOTE_MCP_READER_H
#define TURNPIKE_TOOLS_REMOTE_MCP_READER_H

#include "base/buf.h"
#include "base/err.h"
#include "base/jdoc.h"
#include "tools/remote/mcp_wire.h"
#include "wire/sse.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * mcp_reader -- finds the response to one request in the bytes of a reply: one JSON text, or a
 * stream of events in which other messages come before it. Whatever a server sends, it is bounded
 * and told apart from a good answer. No network; used by mcp_exchange.
 */
#define MCP_READER_ASKS_MAX 20     /* requests of the server that are looked at in one call */
#define MCP_READER_REPLIES_MAX 500 /* those beyond, and pings: answered; more are the end */
#define MCP_READER_FULL "too many requests within one call"
typedef int mcp_reader_ask_fn(void *arg, const struct mcp_wire_message *request);
struct mcp_reader {
    int64_t id; /* of the request */
    size_t max_bytes;
    /* A request of the server in a stream, or its word that it gives one up; NULL = passed over. */
    mcp_reader_ask_fn *ask;
    void *arg;
    struct buf body;
    struct sse sse;
    bool is_stream;
    unsigned events, asked, replies;
    bool full; /* while ask runs: this request is beyond the limit, and gets an error */
    size_t received;
    jdoc *response; /* of a stream, or of a whole body after mcp_reader_end */
    char why[160];
};
void mcp_reader_init(struct mcp_reader *r, int64_t id, size_t max_bytes);
void mcp_reader_fini(struct mcp_reader *r);
/* Another call begins, of those that share a stream: what is counted is counted anew. */
void mcp_reader_recount(struct mcp_reader *r);
/* Counts a request of the server: of what was asked before, and of what gets a reply. Returns 0,
 * with *full when it is beyond what is looked at; ERR_LIMIT when the server goes too far. */
MUST_CHECK int mcp_reader_count(const struct mcp_wire_message *m, unsigned *asked,
    unsigned *replies, bool *full);
/* A stream goes on in another reply: what stood half there is forgotten, not the last id. */
void mcp_reader_resume(struct mcp_reader *r);
/*
 * Bytes of a reply with this status and content type. Returns 0; ERR_CANCELLED: the response is
 * there, no more is wanted; ERR_LIMIT, ERR_PROTOCOL, ERR_NOMEM, or what ask returned.
 */
MUST_CHECK int mcp_reader_feed(struct mcp_reader *r, long status, const char *type,
    const char *bytes, size_t len);
/*
 * The reply that is no stream is whole. Returns 0 with r->response; ERR_PROTOCOL (why); ERR_NOMEM.
 */
MUST_CHECK int mcp_reader_end(struct mcp_reader *r, long status, const char *type);
/* Is this the media type, whatever its parameters? */
bool mcp_reader_type_is(const char *content_type, const char *type);

#endif
