/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/remote/mcp_peer_parts.h"

#include "base/err.h"
#include "process/spans.h"
#include "tools/remote/mcp_badge.h"

#include <stdlib.h>
#include <string.h>

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "0.1.0"
#endif

void mcp_peer_drop_headers(struct mcp_op *op)
{
    for (size_t i = 0; i < op->header_count; i++)
        mcp_badge_wipe(&op->headers[i]);
    op->header_count = 0;
    op->header_error = 0;
    op->headers[0] = NULL;
}

static int mcp_peer_add_header(void *arg, const char *header)
{
    struct mcp_op *op = arg;
    if (op->header_count == MCP_OP_HEADERS_MAX)
        return op->header_error = ERR_LIMIT;
    if (!(op->headers[op->header_count] = strdup(header)))
        return op->header_error = ERR_NOMEM;
    op->headers[++op->header_count] = NULL;
    return 0;
}

static void mcp_peer_add_value(struct mcp_op *op, const char *name, const char *value)
{
    struct buf line = {0};
    buf_printf(&line, "%s: ", name);
    mcp_wire_header_value(&line, value, strlen(value));
    if (buf_error(&line) != 0)
        op->header_error = ERR_NOMEM;
    else
        mcp_peer_add_header(op, buf_text(&line));
    buf_free(&line);
}

static void mcp_peer_add_trace(struct mcp_op *op)
{
    char trace[SPANS_HEADER_SIZE], state[SPANS_STATE_SIZE];
    if (*spans_header(op->call.span, trace))
        mcp_peer_add_header(op, trace);
    if (*spans_state(op->call.span, state))
        mcp_peer_add_header(op, state);
}

int mcp_peer_headers(struct mcp_op *op, const char *method, bool modern)
{
    const struct mcp_peer *p = op->peer;
    mcp_peer_drop_headers(op);
    if (op->bearer || p->settings.header)
        mcp_peer_add_header(op, op->bearer ? op->bearer : p->settings.header);
    if (op->state == MCP_OP_CALL && op->call.span)
        mcp_peer_add_trace(op);
    if (modern) {
        mcp_peer_add_value(op, "MCP-Protocol-Version", MCP_WIRE_MODERN);
        mcp_peer_add_value(op, "Mcp-Method", method);
        if (op->state == MCP_OP_CALL && op->name)
            mcp_peer_add_value(op, "Mcp-Name", op->name);
        if (op->state == MCP_OP_CALL && op->call.schema && !op->header_error)
            op->header_error = mcp_wire_headers(op->call.schema,
                jdoc_get(op->call.params, "arguments"), mcp_peer_add_header, op);
    } else if (p->version[0] != '\0') {
        mcp_peer_add_value(op, "MCP-Protocol-Version", p->version);
        if (p->session[0] != '\0')
            mcp_peer_add_value(op, "Mcp-Session-Id", p->session);
    }
    return op->header_error;
}

static int mcp_peer_add_client(jdoc *object, const char *key)
{
    jdoc *client = jdoc_new_object();
    if (!client || jdoc_set_string(client, "name", "turnpike") != 0 ||
        jdoc_set_string(client, "version", PACKAGE_VERSION) != 0) {
        jdoc_free(client);
        return ERR_NOMEM;
    }
    return jdoc_set(object, key, client);
}

/* What this client can do for a server: ask the user by a form, or nothing. */
static int mcp_peer_add_capabilities(const struct mcp_peer *p, jdoc *object, const char *key)
{
    jdoc *all = jdoc_new_object(), *elicits = NULL;
    int error = all ? 0 : ERR_NOMEM;
    if (error == 0 && p->settings.asks && p->era != MCP_ERA_STREAM) {
        elicits = jdoc_new_object();
        error = elicits ? jdoc_set(elicits, "form", jdoc_new_object()) : ERR_NOMEM;
        if (error == 0)
            error = jdoc_set(all, "elicitation", elicits);
        else
            jdoc_free(elicits);
    }
    if (error == 0)
        return jdoc_set(object, key, all);
    jdoc_free(all);
    return error;
}

/* The same as the headers, for servers that hand a message on without them. Lines of a header: its
 * name, ": ", its value. */
static int mcp_peer_add_meta_trace(const struct mcp_op *op, jdoc *meta)
{
    char trace[SPANS_HEADER_SIZE], state[SPANS_STATE_SIZE];
    int error = 0;

    if (op->state != MCP_OP_CALL || !op->call.span)
        return 0;
    if (*spans_header(op->call.span, trace))
        error = jdoc_set_string(meta, "traceparent", trace + sizeof "traceparent: " - 1);
    if (error == 0 && *spans_state(op->call.span, state))
        error = jdoc_set_string(meta, "tracestate", state + sizeof "tracestate: " - 1);
    return error;
}

/* params with what the modern era wants in each request. */
static int mcp_peer_add_meta(const struct mcp_op *op, jdoc *params)
{
    jdoc *meta = jdoc_new_object();
    if (!meta)
        return ERR_NOMEM;
    int error = jdoc_set_string(meta, MCP_WIRE_META_VERSION, MCP_WIRE_MODERN);
    if (error == 0)
        error = mcp_peer_add_capabilities(op->peer, meta, MCP_WIRE_META_CAPABILITIES);
    if (error == 0)
        error = mcp_peer_add_client(meta, MCP_WIRE_META_CLIENT);
    if (error == 0)
        error = mcp_peer_add_meta_trace(op, meta);
    if (error != 0) {
        jdoc_free(meta);
        return error;
    }
    return jdoc_set(params, "_meta", meta);
}

static int mcp_peer_hello(const struct mcp_peer *p, jdoc *params)
{
    const char *version = p->era == MCP_ERA_STREAM ? "2024-11-05" : MCP_WIRE_LEGACY;
    int error = jdoc_set_string(params, "protocolVersion", version);
    if (error == 0)
        error = mcp_peer_add_capabilities(p, params, "capabilities");
    return error == 0 ? mcp_peer_add_client(params, "clientInfo") : error;
}

static struct mcp_exchange_what mcp_peer_what(struct mcp_op *op)
{
    const struct mcp_peer *p = op->peer;
    return (struct mcp_exchange_what){.http = op->call.http,
        .reactor = op->call.reactor,
        .url = p->settings.url,
        .headers = (const char *const *)op->headers,
        .until_ms = op->call.until_ms,
        .max_bytes = p->settings.max_bytes,
        .public_only = p->settings.public_only,
        .done = mcp_cell_on_reply,
        .ask = mcp_op_on_ask,
        .take_up = mcp_say_take_up,
        .arg = op};
}

static int mcp_peer_body(struct mcp_op *op, const char *method, bool modern, struct buf *body)
{
    jdoc *params = op->state == MCP_OP_CALL ? jdoc_dup(op->call.params) : jdoc_new_object();
    int error = params ? 0 : ERR_NOMEM;
    if (error == 0 && op->state == MCP_OP_HELLO)
        error = mcp_peer_hello(op->peer, params);
    if (error == 0 && modern)
        error = mcp_peer_add_meta(op, params);
    op->id = op->state == MCP_OP_READY ? -1 : ++op->peer->last_id;
    if (error == 0)
        mcp_wire_put(body, op->id, method, op->state == MCP_OP_READY ? NULL : params);
    jdoc_free(params);
    return error != 0 ? error : buf_error(body);
}

int mcp_peer_send(struct mcp_op *op)
{
    static const char *const methods[MCP_OP_STATES] = {[MCP_OP_PROBE] = "tools/list",
        [MCP_OP_HELLO] = "initialize",
        [MCP_OP_READY] = "notifications/initialized"};
    const char *method = op->state == MCP_OP_CALL ? op->call.method : methods[op->state];
    bool modern =
        op->state == MCP_OP_PROBE || (op->state == MCP_OP_CALL && op->peer->era == MCP_ERA_MODERN);
    struct buf body = {0};
    int error = mcp_peer_headers(op, op->state == MCP_OP_OPEN ? "" : method, modern);
    struct mcp_exchange_what what = mcp_peer_what(op);
    if (error == 0 && op->state == MCP_OP_OPEN)
        return mcp_stream_open(&op->stream, &what, mcp_cell_on_open);
    if (error == 0)
        error = mcp_peer_body(op, method, modern, &body);
    what.body = buf_text(&body);
    what.body_len = body.len;
    what.id = op->id;
    what.resumable = !modern;
    if (error == 0)
        error = op->stream ?
            mcp_stream_send(op->stream, what.body, what.body_len, what.id, mcp_cell_on_reply) :
            mcp_exchange_start(&op->exchange, &what);
    buf_free(&body);
    return error;
}

void mcp_peer_tell_cancelled(struct mcp_op *op)
{
    struct mcp_exchange_what what = mcp_peer_what(op);
    struct buf body = {0};
    jdoc *params = jdoc_new_object();
    if (params && jdoc_set_int(params, "requestId", op->id) == 0 &&
        jdoc_set_string(params, "reason", "no longer wanted") == 0 &&
        mcp_peer_headers(op, "", false) == 0) {
        mcp_wire_put(&body, -1, "notifications/cancelled", params);
        what.headers = (const char *const *)op->headers;
        if (buf_error(&body) == 0)
            mcp_exchange_tell(&what, buf_text(&body), body.len);
    }
    jdoc_free(params);
    buf_free(&body);
}

int mcp_peer_send_listen(struct mcp_op *op, struct http_request *request,
    struct http_transfer **out)
{
    const struct mcp_peer *p = op->peer;
    const char *headers[MCP_OP_HEADERS_MAX + 2] = {"Accept: text/event-stream"};
    int error = mcp_peer_headers(op, "", false);
    if (error != 0)
        return error;
    for (size_t i = 0; i < op->header_count; i++)
        headers[i + 1] = op->headers[i];
    request->url = p->settings.url;
    request->headers = headers;
    request->connect_timeout_ms = 1000;
    request->public_only = p->settings.public_only;
    return http_start(op->call.http, request, out);
}
