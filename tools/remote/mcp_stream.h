/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_REMOTE_MCP_STREAM_H
#define TURNPIKE_TOOLS_REMOTE_MCP_STREAM_H

#include "base/err.h"
#include "tools/remote/mcp_exchange.h"

/*
 * mcp_stream -- the HTTP transport of 2024-11-05: a GET whose stream names the address to post to
 * (event `endpoint`) and then carries the responses. One stream serves one operation, one request
 * at a time.
 */
struct mcp_stream;
/* The endpoint came (error 0) or the stream ended. The stream stays until mcp_stream_free. */
typedef void mcp_stream_ready_fn(void *arg, int error, const char *why);
/* what: url, headers, http, reactor, until_ms, max_bytes, public_only, arg. */
MUST_CHECK int mcp_stream_open(struct mcp_stream **out, const struct mcp_exchange_what *what,
    mcp_stream_ready_fn *ready);
/* After ready. The response comes to done as of an exchange; id < 0: done when the POST was
 * taken. */
MUST_CHECK int mcp_stream_send(struct mcp_stream *stream, const char *body, size_t len, int64_t id,
    mcp_exchange_done_fn *done);
void mcp_stream_free(struct mcp_stream *stream); /* NULL allowed; from within ready or done, too */

#endif
