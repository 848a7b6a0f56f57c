/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/remote/mcp_stream.h"

#include "base/clock.h"
#include "base/err.h"
#include "tools/remote/mcp_reader.h"
#include "wire/sse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_MS 3000
#define URL_MAX 2048
#define HEADERS_MAX 40
#define EVENTS_MAX 10000

struct mcp_stream {
    struct mcp_exchange_what what;
    mcp_stream_ready_fn *ready;
    mcp_exchange_done_fn *done; /* of the request under way; NULL = none */
    char *headers[HEADERS_MAX + 1];
    size_t header_count;
    struct http_transfer *get, *post;
    struct sse sse;
    char endpoint[URL_MAX];
    int64_t id;
    jdoc *response;
    bool has_endpoint, told_ready;
    unsigned events, asked, replies;
    size_t received;
    int error;                 /* the stream is over */
    struct reactor_timer soon; /* what came is told outside of curl's callbacks */
    struct mcp_reply reply;
    char why[192];
};

static void mcp_stream_tell(struct reactor_timer *timer)
{
    struct mcp_stream *s = timer->arg;
    mcp_exchange_done_fn *done = s->done;
    jdoc *response = s->response;
    if (!s->told_ready && (s->has_endpoint || s->error != 0)) {
        s->told_ready = true;
        s->ready(s->what.arg, s->has_endpoint ? 0 : s->error, s->why);
        return;
    }
    if (!done || (!response && s->error == 0))
        return;
    s->done = NULL;
    s->response = NULL;
    struct mcp_reply reply = s->reply;
    reply.error = response ? 0 : s->error;
    reply.session = "";
    reply.why = s->why;
    if (response)
        mcp_wire_read(response, &reply.message);
    done(s->what.arg, &reply); /* may free s */
    jdoc_free(response);
}

static void mcp_stream_tell_soon(struct mcp_stream *s)
{
    reactor_timer_set(s->what.reactor, &s->soon, clock_mono_ms(), mcp_stream_tell, s);
}

static void mcp_stream_end(struct mcp_stream *s, int error, const char *why)
{
    if (s->error == 0) {
        s->error = error;
        snprintf(s->why, sizeof s->why, "%s", why);
    }
    mcp_stream_tell_soon(s);
}

/* ---- the stream ---- */

static int mcp_stream_on_endpoint(struct mcp_stream *s, const struct sse_event *event)
{
    char relative[URL_MAX];
    if (s->has_endpoint)
        return 0;
    snprintf(relative, sizeof relative, "%.*s", (int)(event->len < URL_MAX ? event->len : URL_MAX),
        event->data);
    if (event->len >= URL_MAX ||
        http_url_join(s->what.url, relative, s->endpoint, sizeof s->endpoint) != 0 ||
        !http_same_origin(s->what.url, s->endpoint)) {
        snprintf(s->why, sizeof s->why, "its endpoint is on another origin, or no URL");
        return ERR_FORBIDDEN;
    }
    s->has_endpoint = true;
    mcp_stream_tell_soon(s);
    return 0;
}

static int mcp_stream_answer_server(struct mcp_stream *s, const struct mcp_wire_message *m)
{
    struct mcp_exchange_what what = s->what;
    struct buf body = {0};
    jdoc *result = strcmp(m->method, "ping") == 0 ? jdoc_new_object() : NULL;
    mcp_wire_put_answer(&body, m->id_value, result);
    jdoc_free(result);
    int error = buf_error(&body);
    what.url = s->endpoint;
    if (error == 0 && s->has_endpoint)
        mcp_exchange_tell(&what, buf_text(&body), body.len);
    buf_free(&body);
    return error;
}

static int mcp_stream_on_event(void *arg, const struct sse_event *event)
{
    struct mcp_stream *s = arg;
    struct mcp_wire_message m;
    bool full;
    jdoc *doc = NULL;
    if (event->len == 0)
        return 0;
    if (++s->events > EVENTS_MAX)
        return ERR_LIMIT;
    if (strcmp(event->name, "endpoint") == 0)
        return mcp_stream_on_endpoint(s, event);
    if (event->name[0] != '\0' && strcmp(event->name, "message") != 0)
        return 0;
    int error = jdoc_parse(event->data, event->len, &doc, s->why, sizeof s->why);
    if (error != 0)
        return error == ERR_NOMEM ? error : ERR_PROTOCOL;
    mcp_wire_read(doc, &m);
    if ((m.kind == MCP_WIRE_RESULT || m.kind == MCP_WIRE_ERROR) && s->done && s->id >= 0 &&
        m.id == s->id && !s->response) {
        s->response = doc;
        mcp_stream_tell_soon(s);
        return 0;
    }
    if (m.kind == MCP_WIRE_REQUEST)
        error = mcp_reader_count(&m, &s->asked, &s->replies, &full);
    if (error == 0 && m.kind == MCP_WIRE_REQUEST)
        error = mcp_stream_answer_server(s, &m); /* nothing but ping is looked at */
    jdoc_free(doc);
    return error;
}

static int mcp_stream_on_body(void *arg, long status, const char *bytes, size_t len)
{
    struct mcp_stream *s = arg;
    if (status != 200 || !mcp_reader_type_is(http_head(s->get)->content_type, "text/event-stream"))
        return ERR_REMOTE;
    s->received += len;
    if (s->received > s->what.max_bytes)
        return ERR_LIMIT;
    return sse_feed(&s->sse, bytes, len, mcp_stream_on_event, s);
}

static void mcp_stream_on_get_done(void *arg, const struct http_result *http)
{
    struct mcp_stream *s = arg;
    s->get = NULL;
    s->reply.status = http->status;
    if (http->status != 200 && http->status != 0)
        mcp_stream_end(s, ERR_REMOTE, http_reason((int)http->status));
    else
        mcp_stream_end(s, http->error != 0 ? http->error : ERR_NET,
            s->why[0] != '\0'    ? s->why :
                http->error != 0 ? http->why :
                                   "the stream ended");
}

/* ---- requests ---- */

static void mcp_stream_on_post_done(void *arg, const struct http_result *http)
{
    struct mcp_stream *s = arg;
    s->post = NULL;
    s->reply.status = http->status;
    s->reply.sent = s->reply.sent || http->sent;
    if (http->error != 0)
        mcp_stream_end(s, http->error, http->why);
    else if (http->status < 200 || http->status > 299)
        mcp_stream_end(s, ERR_REMOTE, http_reason((int)http->status));
    else if (s->id < 0) {
        mcp_exchange_done_fn *done = s->done;
        s->done = NULL;
        done(s->what.arg, &(struct mcp_reply){.status = http->status, .session = "", .why = ""});
    }
}

int mcp_stream_send(struct mcp_stream *s, const char *body, size_t len, int64_t id,
    mcp_exchange_done_fn *done)
{
    const char *headers[HEADERS_MAX + 2] = {"Content-Type: application/json"};
    int64_t left = s->what.until_ms - clock_mono_ms();
    if (s->error != 0)
        return s->error;
    if (left <= 0)
        return ERR_DEADLINE;
    for (size_t i = 0; i <= s->header_count; i++)
        headers[i + 1] = s->headers[i];
    /* The response may come before the POST that asked for it is answered: nobody waits for that
     * any more, and its end must not be taken for that of the next one. */
    if (s->post)
        http_cancel(s->post);
    s->post = NULL;
    s->id = id;
    s->done = done;
    s->reply = (struct mcp_reply){.message.id = -1};
    struct http_request request = {.method = "POST",
        .url = s->endpoint,
        .headers = headers,
        .body = body,
        .body_len = len,
        .connect_timeout_ms = CONNECT_MS,
        .total_timeout_ms = left,
        .max_bytes = 65536,
        .public_only = s->what.public_only,
        .on_done = mcp_stream_on_post_done,
        .arg = s};
    return http_start(s->what.http, &request, &s->post);
}

static int mcp_stream_start_get(struct mcp_stream *s)
{
    const char *headers[HEADERS_MAX + 2] = {"Accept: text/event-stream"};
    int64_t left = s->what.until_ms - clock_mono_ms();
    if (left <= 0)
        return ERR_DEADLINE;
    for (size_t i = 0; i <= s->header_count; i++)
        headers[i + 1] = s->headers[i];
    struct http_request request = {.method = "GET",
        .url = s->what.url,
        .headers = headers,
        .connect_timeout_ms = CONNECT_MS,
        .total_timeout_ms = left,
        .max_redirects = 3,
        .same_origin = true,
        .max_bytes = s->what.max_bytes,
        .public_only = s->what.public_only,
        .on_body = mcp_stream_on_body,
        .on_done = mcp_stream_on_get_done,
        .arg = s};
    return http_start(s->what.http, &request, &s->get);
}

int mcp_stream_open(struct mcp_stream **out, const struct mcp_exchange_what *what,
    mcp_stream_ready_fn *ready)
{
    struct mcp_stream *s = calloc(1, sizeof *s);
    int error = 0;
    if (!s)
        return ERR_NOMEM;
    s->what = *what;
    s->ready = ready;
    sse_init(&s->sse, what->max_bytes);
    for (size_t i = 0; error == 0 && what->headers[i]; i++) {
        if (i == HEADERS_MAX)
            error = ERR_LIMIT;
        else if (!(s->headers[s->header_count] = strdup(what->headers[i])))
            error = ERR_NOMEM;
        else
            s->header_count++;
    }
    s->what.headers = (const char *const *)s->headers;
    if (error == 0)
        error = mcp_stream_start_get(s);
    if (error != 0) {
        mcp_stream_free(s);
        return error;
    }
    *out = s;
    return 0;
}

void mcp_stream_free(struct mcp_stream *s)
{
    if (!s)
        return;
    if (s->get)
        http_cancel(s->get);
    if (s->post)
        http_cancel(s->post);
    reactor_timer_clear(s->what.reactor, &s->soon);
    for (size_t i = 0; i < s->header_count; i++)
        free(s->headers[i]);
    sse_fini(&s->sse);
    jdoc_free(s->response);
    free(s);
}
