/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/mcpd.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "0.1.0"
#endif

/* mcpd_reply -- responses of JSON-RPC, alone or as events. */

static void mcpd_reply_id(struct buf *b, const jdoc *id)
{
    buf_puts(b, "{\"jsonrpc\":\"2.0\",\"id\":");
    if (id)
        jdoc_write(id, b);
    else
        buf_puts(b, "null");
}

/* In front of a response: what separates it from the one before. */
static struct buf *mcpd_reply_open(struct mcpd *m)
{
    struct buf *b = &m->x->reply.body;
    if (m->events)
        return mcpd_event(m);
    if (m->batch)
        buf_putc(b, m->answered > 0 ? ',' : '[');
    return b;
}

static void mcpd_reply_close(struct mcpd *m)
{
    m->answered++;
    if (m->events)
        mcpd_event_end(m);
}

void mcpd_put_server(struct buf *b)
{
    buf_puts(b, "{\"name\":\"turnpike\",\"title\":\"PAM\",\"version\":\"" PACKAGE_VERSION "\"}");
}

void mcpd_begin(struct mcpd_call *c)
{
    mcpd_begin_as(c, "complete");
}

void mcpd_begin_as(struct mcpd_call *c, const char *type)
{
    struct buf *b = &c->m->x->reply.body;
    c->at = b->len;
    c->steps = 0;
    b = mcpd_reply_open(c->m);
    mcpd_reply_id(b, c->id);
    buf_puts(b, ",\"result\":{");
    if (c->m->terms.modern)
        buf_json_text(mcpd_member(c, "resultType"), type);
}

struct buf *mcpd_member(struct mcpd_call *c, const char *name)
{
    struct buf *b = &c->m->x->reply.body;
    buf_printf(b, "%s\"%s\":", c->steps++ > 0 ? "," : "", name);
    return b;
}

void mcpd_put_cache(struct mcpd_call *c, int64_t ttl_ms)
{
    if (!c->m->terms.modern)
        return;
    buf_put_int(mcpd_member(c, "ttlMs"), ttl_ms);
    buf_puts(mcpd_member(c, "cacheScope"), "\"private\"");
}

void mcpd_end(struct mcpd_call *c, const char *meta)
{
    struct buf *b = &c->m->x->reply.body;
    if (c->m->terms.modern) {
        b = mcpd_member(c, "_meta");
        buf_puts(b, "{\"" MCP_WIRE_META_SERVER "\":");
        mcpd_put_server(b);
        buf_puts(b, meta ? meta : "");
        buf_putc(b, '}');
    } else if (meta && *meta != '\0') {
        b = mcpd_member(c, "_meta");
        buf_printf(b, "{%s}", meta + 1);
    }
    buf_puts(b, "}}");
    mcpd_reply_close(c->m);
}

int mcpd_fail(struct mcpd_call *c, int64_t code, const char *format, ...)
{
    va_list args;
    c->error = (struct mcpd_error){.status = 200, .code = code};
    if (code == MCP_WIRE_NO_METHOD && c->m->terms.modern)
        c->error.status = 404;
    va_start(args, format);
    vsnprintf(c->error.message, sizeof c->error.message, format, args);
    va_end(args);
    return ERR_INVALID;
}

static void mcpd_reply_versions(struct buf *b, const char *requested)
{
    const char *known;
    buf_puts(b, ",\"data\":{\"supported\":[\"" MCP_WIRE_MODERN "\"");
    for (size_t i = 0; (known = mcp_wire_legacy_at(i)); i++)
        buf_printf(b, ",\"%s\"", known);
    buf_puts(b, "],\"requested\":");
    buf_json_text(b, requested);
    buf_putc(b, '}');
}

void mcpd_put_error(struct mcpd *m, const jdoc *id, const struct mcpd_error *error,
    const struct problem *problem)
{
    struct exchange *x = m->x;
    struct buf *b = mcpd_reply_open(m);
    mcpd_reply_id(b, id);
    buf_printf(b, ",\"error\":{\"code\":%lld,\"message\":", (long long)error->code);
    buf_json_text(b, error->message);
    if (error->lists_versions)
        mcpd_reply_versions(b, error->requested);
    if (error->uri) {
        buf_puts(b, ",\"data\":{\"uri\":");
        buf_json_text(b, error->uri);
        buf_putc(b, '}');
    } else if (problem) {
        buf_puts(b, ",\"data\":");
        problem_write(problem, x->request.trace.trace_id, x->request.id, b);
    }
    buf_puts(b, "}}");
    mcpd_reply_close(m);
}

void mcpd_forget(struct mcpd_call *c)
{
    struct buf *b = &c->m->x->reply.body;
    if (b->len <= c->at || buf_error(b) != 0)
        return;
    b->len = c->at;
    b->data[b->len] = '\0';
}

/* ---- events ---- */

void mcpd_events(struct mcpd *m)
{
    struct exchange *x = m->x;
    if (m->events)
        return;
    exchange_stream(x, REQUEST_SSE);
    /* nginx passes each event on as it comes. */
    exchange_header(x, "X-Accel-Buffering", "no");
    m->events = true;
}

struct buf *mcpd_event(struct mcpd *m)
{
    struct buf *b = &m->x->reply.body;
    buf_puts(b, "event: message\ndata: ");
    return b;
}

void mcpd_event_end(struct mcpd *m)
{
    buf_puts(&m->x->reply.body, "\n\n");
}
