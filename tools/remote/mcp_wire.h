/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_REMOTE_MCP_WIRE_H
#define TURNPIKE_TOOLS_REMOTE_MCP_WIRE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/jdoc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * mcp_wire -- the bytes of the Model Context Protocol: JSON-RPC messages, versions, headers.
 * Reads and writes memory only; used by whoever talks to an MCP server, and by our own one.
 */
#define MCP_WIRE_MODERN "2026-07-28" /* stateless: no initialize, no session */
#define MCP_WIRE_LEGACY "2025-11-25" /* the one that initialize asks for */
/* The versions of the era with sessions that we speak, the oldest first; NULL behind the last. */
const char *mcp_wire_legacy_at(size_t index);
/* Is this one of them? */
bool mcp_wire_legacy_version(const char *version);
/* Members of params._meta and of a result's _meta, as of 2026-07-28. */
#define MCP_WIRE_META_VERSION "io.modelcontextprotocol/protocolVersion"
#define MCP_WIRE_META_CAPABILITIES "io.modelcontextprotocol/clientCapabilities"
#define MCP_WIRE_META_CLIENT "io.modelcontextprotocol/clientInfo"
#define MCP_WIRE_META_SERVER "io.modelcontextprotocol/serverInfo"

enum mcp_wire_kind {
    MCP_WIRE_NOTHING, /* no JSON-RPC message */
    MCP_WIRE_RESULT,
    MCP_WIRE_ERROR,
    MCP_WIRE_REQUEST, /* the server asks */
    MCP_WIRE_NOTIFICATION,
};
struct mcp_wire_message { /* borrowed from the document */
    enum mcp_wire_kind kind;
    bool has_id;
    int64_t id;           /* of ours: a number; -1 = another one's */
    const jdoc *id_value; /* as the server wrote it, for answers to requests */
    const char *method;
    const jdoc *params, *result, *data;
    int64_t code;
    const char *text; /* of an error; "" = none */
};
void mcp_wire_read(const jdoc *doc, struct mcp_wire_message *out);

/* Errors of the modern era; any other code may come from a server of either. */
#define MCP_WIRE_HEADER_MISMATCH (-32020)
#define MCP_WIRE_CAPABILITY (-32021)
#define MCP_WIRE_VERSION (-32022)
/* Of JSON-RPC 2.0 itself, section 5.1. */
#define MCP_WIRE_BAD_JSON (-32700)
#define MCP_WIRE_BAD_REQUEST (-32600)
#define MCP_WIRE_NO_METHOD (-32601)
#define MCP_WIRE_BAD_PARAMS (-32602)
#define MCP_WIRE_FAULT (-32603)
#define MCP_WIRE_NO_RESOURCE (-32002) /* of the era with sessions; the modern one has -32602 */

/* Appends {"jsonrpc","id","method","params"}; id < 0 = a notification; params NULL = left out. */
void mcp_wire_put(struct buf *out, int64_t id, const char *method, const jdoc *params);
/* The answer to a server's request: result NULL = error -32601. */
void mcp_wire_put_answer(struct buf *out, const jdoc *id, const jdoc *result);
/* An error in its place. */
void mcp_wire_put_refusal(struct buf *out, const jdoc *id, int64_t code, const char *message);

/*
 * mcp_wire_header_value -- appends what a header carries for text: as it is, or `=?base64?...?=`
 * when it is not plain ASCII, has blanks at its ends, or looks like that form.
 */
void mcp_wire_header_value(struct buf *out, const char *text, size_t len);
/* Does the value of a header say this text, in either form? Blanks around it do not count. */
bool mcp_wire_header_is(const char *value, const char *text, size_t len);

/*
 * x-mcp-header: arguments that the modern era mirrors in `Mcp-Param-NAME` headers.
 * mcp_wire_headers_valid -- may the tool with this inputSchema be used? why: what is wrong.
 */
bool mcp_wire_headers_valid(const jdoc *schema, char *why, size_t why_size);
/* Calls put(arg, "Mcp-Param-NAME: value") for each such argument that is there. 0 or put's
 * error. */
typedef int mcp_wire_put_fn(void *arg, const char *header);
MUST_CHECK int mcp_wire_headers(const jdoc *schema, const jdoc *arguments, mcp_wire_put_fn *put,
    void *arg);

#endif
