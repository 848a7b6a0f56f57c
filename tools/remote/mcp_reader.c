/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/remote/mcp_reader.h"

#include "base/err.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define EVENTS_MAX 10000 /* progress and log messages are read past */

void mcp_reader_init(struct mcp_reader *r, int64_t id, size_t max_bytes)
{
    *r = (struct mcp_reader){.id = id, .max_bytes = max_bytes};
    buf_init(&r->body, max_bytes);
    sse_init(&r->sse, max_bytes);
}

void mcp_reader_fini(struct mcp_reader *r)
{
    buf_free(&r->body);
    sse_fini(&r->sse);
    jdoc_free(r->response);
    r->response = NULL;
}

void mcp_reader_resume(struct mcp_reader *r)
{
    sse_reset(&r->sse);
    buf_reset(&r->body); /* of a refusal to take it up */
    r->is_stream = false;
}

void mcp_reader_recount(struct mcp_reader *r)
{
    r->events = r->asked = r->replies = 0;
    r->received = 0;
}

int mcp_reader_count(const struct mcp_wire_message *m, unsigned *asked, unsigned *replies,
    bool *full)
{
    bool ping = strcmp(m->method, "ping") == 0;
    *full = !ping && *asked >= MCP_READER_ASKS_MAX;
    if (!ping && !*full)
        ++*asked;
    else if (++*replies > MCP_READER_REPLIES_MAX)
        return ERR_LIMIT;
    return 0;
}

bool mcp_reader_type_is(const char *content_type, const char *type)
{
    size_t len = strlen(type);
    return strncasecmp(content_type, type, len) == 0 && strchr("; \t", content_type[len]);
}

static bool mcp_reader_is_ours(const struct mcp_reader *r, const struct mcp_wire_message *m)
{
    return (m->kind == MCP_WIRE_RESULT || m->kind == MCP_WIRE_ERROR) &&
        ((m->id == r->id && r->id >= 0) || (m->kind == MCP_WIRE_ERROR && !m->has_id));
}

static int mcp_reader_on_event(void *arg, const struct sse_event *event)
{
    struct mcp_reader *r = arg;
    struct mcp_wire_message m;
    jdoc *doc = NULL;
    if (event->len == 0) /* only brings an id to resume from */
        return 0;
    if (++r->events > EVENTS_MAX)
        return ERR_LIMIT;
    if (event->name[0] != '\0' && strcmp(event->name, "message") != 0)
        return 0;
    int error = jdoc_parse(event->data, event->len, &doc, r->why, sizeof r->why);
    if (error != 0)
        return error == ERR_NOMEM ? error : ERR_PROTOCOL;
    mcp_wire_read(doc, &m);
    if (mcp_reader_is_ours(r, &m)) {
        r->response = doc;
        return ERR_CANCELLED;
    }
    bool gives_up = m.kind == MCP_WIRE_NOTIFICATION && !strcmp(m.method, "notifications/cancelled");
    if (m.kind == MCP_WIRE_REQUEST && r->ask)
        error = mcp_reader_count(&m, &r->asked, &r->replies, &r->full);
    if (error == 0 && (m.kind == MCP_WIRE_REQUEST || gives_up) && r->ask)
        error = r->ask(r->arg, &m);
    r->full = false;
    jdoc_free(doc);
    return error;
}

int mcp_reader_feed(struct mcp_reader *r, long status, const char *type, const char *bytes,
    size_t len)
{
    r->is_stream = status == 200 && mcp_reader_type_is(type, "text/event-stream");
    if (!r->is_stream) {
        buf_put(&r->body, bytes, len);
        return buf_error(&r->body);
    }
    if (r->response)
        return ERR_CANCELLED;
    r->received += len;
    if (r->received > r->max_bytes)
        return ERR_LIMIT;
    return sse_feed(&r->sse, bytes, len, mcp_reader_on_event, r);
}

int mcp_reader_end(struct mcp_reader *r, long status, const char *type)
{
    bool good = status >= 200 && status < 300;
    struct mcp_wire_message m;
    if (!mcp_reader_type_is(type, "application/json") || r->body.len == 0) {
        snprintf(r->why, sizeof r->why, "neither JSON nor a stream of events");
        return ERR_PROTOCOL;
    }
    int error = jdoc_parse(buf_text(&r->body), r->body.len, &r->response, r->why, sizeof r->why);
    if (error != 0)
        return error == ERR_NOMEM ? error : ERR_PROTOCOL;
    mcp_wire_read(r->response, &m);
    if (mcp_reader_is_ours(r, &m) && (good || m.kind == MCP_WIRE_ERROR))
        return 0;
    jdoc_free(r->response);
    r->response = NULL;
    snprintf(r->why, sizeof r->why, "not the response to this request");
    return ERR_PROTOCOL;
}
