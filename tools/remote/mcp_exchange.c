/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/remote/mcp_exchange.h"

#include "base/clock.h"
#include "base/err.h"
#include "tools/remote/mcp_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_MS 3000
#define TELL_MS 5000
#define RESUMES_MAX 20 /* of one exchange */
#define RETRY_DEFAULT_MS 1000
#define HEADERS_MAX 40

struct mcp_exchange {
    struct mcp_exchange_what what;
    char *headers[HEADERS_MAX + 1];
    size_t header_count;
    struct http_transfer *transfer;
    struct reactor_timer retry;
    struct mcp_reader reader;
    bool resuming, denied;
    unsigned resumes;
    struct mcp_reply reply;
    char session[512];
    char *challenge;
    char why[192];
};

static void mcp_exchange_drop_headers(struct mcp_exchange *e)
{
    for (size_t i = 0; i < e->header_count; i++) {
        explicit_bzero(e->headers[i], strlen(e->headers[i]));
        free(e->headers[i]);
        e->headers[i] = NULL;
    }
    e->header_count = 0;
}

static void mcp_exchange_destroy(struct mcp_exchange *e)
{
    if (e->transfer)
        http_cancel(e->transfer);
    reactor_timer_clear(e->what.reactor, &e->retry);
    mcp_exchange_drop_headers(e);
    mcp_reader_fini(&e->reader);
    free(e->challenge);
    free(e);
}

void mcp_exchange_cancel(struct mcp_exchange *e)
{
    if (e)
        mcp_exchange_destroy(e);
}

static void mcp_exchange_conclude(struct mcp_exchange *e, int error, const char *why)
{
    mcp_exchange_done_fn *done = e->what.done;
    e->reply.error = error;
    e->reply.session = e->session;
    e->reply.challenge = e->challenge;
    snprintf(e->why, sizeof e->why, "%s", why);
    e->reply.why = e->why;
    if (error == 0 && e->reader.response)
        mcp_wire_read(e->reader.response, &e->reply.message);
    done(e->what.arg, &e->reply);
    mcp_exchange_destroy(e);
}

/* ---- what the server says ---- */

static int mcp_exchange_send_aside(const struct mcp_exchange_what *what,
    struct http_request request, struct http_transfer **out)
{
    const char *headers[HEADERS_MAX + 4];
    size_t count = 0;
    headers[count++] = "Content-Type: application/json";
    headers[count++] = "Accept: application/json, text/event-stream";
    for (size_t i = 0; i < HEADERS_MAX && what->headers[i]; i++)
        headers[count++] = what->headers[i];
    headers[count] = NULL;
    request.method = "POST";
    request.url = what->url;
    request.headers = headers;
    request.connect_timeout_ms = CONNECT_MS;
    request.max_bytes = 65536;
    request.public_only = what->public_only;
    return http_start(what->http, &request, out);
}

void mcp_exchange_tell(const struct mcp_exchange_what *what, const char *body, size_t len)
{
    const struct http_request request = {.body = body,
        .body_len = len,
        .total_timeout_ms = TELL_MS};
    /* A server to which this was not said asks again, or goes on until its own limit. */
    err_ignore(mcp_exchange_send_aside(what, request, NULL));
}

int mcp_exchange_post(const struct mcp_exchange *e, const char *body, size_t len,
    http_done_fn *done, void *arg, struct http_transfer **out)
{
    const struct http_request request = {.body = body,
        .body_len = len,
        .total_timeout_ms = TELL_MS,
        .on_done = done,
        .arg = arg};
    return mcp_exchange_send_aside(&e->what, request, out);
}

void mcp_exchange_say(const struct mcp_exchange *e, const char *body, size_t len)
{
    mcp_exchange_tell(&e->what, body, len);
}

static int mcp_exchange_answer_server(void *arg, const struct mcp_wire_message *m)
{
    struct mcp_exchange *e = arg;
    struct buf body = {0};
    int taken = e->what.ask && !e->reader.full ? e->what.ask(e->what.arg, m) : 0;
    if (taken != 0 || m->kind != MCP_WIRE_REQUEST)
        return taken < 0 ? taken : 0;
    jdoc *result = strcmp(m->method, "ping") == 0 ? jdoc_new_object() : NULL;
    if (e->reader.full)
        mcp_wire_put_refusal(&body, m->id_value, MCP_WIRE_BAD_PARAMS, MCP_READER_FULL);
    else
        mcp_wire_put_answer(&body, m->id_value, result);
    jdoc_free(result);
    int error = buf_error(&body);
    if (error == 0)
        mcp_exchange_tell(&e->what, buf_text(&body), body.len);
    buf_free(&body);
    return error;
}

static int mcp_exchange_on_body(void *arg, long status, const char *bytes, size_t len)
{
    struct mcp_exchange *e = arg;
    return mcp_reader_feed(&e->reader, status, http_head(e->transfer)->content_type, bytes, len);
}

/* ---- its end ---- */

static void mcp_exchange_on_retry(struct reactor_timer *timer)
{
    struct mcp_exchange *e = timer->arg;
    e->denied = false;
    if (e->what.take_up) { /* it may be gone afterwards */
        e->what.take_up(e->what.arg, NULL);
        return;
    }
    int error = mcp_exchange_take_up(e);
    if (error != 0)
        mcp_exchange_conclude(e, error, "the stream could not be taken up again");
}

/* The stream is over without the response: again later, when the server said from where. */
static void mcp_exchange_on_stream_end(struct mcp_exchange *e, const struct http_result *http)
{
    int64_t wait = e->reader.sse.retry_ms >= 0 ? e->reader.sse.retry_ms : RETRY_DEFAULT_MS;
    int64_t due = clock_mono_ms() + wait;
    const char *why = http->error != 0 ? http->why : "the stream ended before the response";
    if (!e->what.resumable || e->reader.sse.last_id[0] == '\0' || e->resumes >= RESUMES_MAX) {
        mcp_exchange_conclude(e, http->error != 0 ? http->error : ERR_NET, why);
        return;
    }
    if (due >= e->what.until_ms) {
        mcp_exchange_conclude(e, ERR_DEADLINE, why);
        return;
    }
    e->resumes++;
    reactor_timer_set(e->what.reactor, &e->retry, due, mcp_exchange_on_retry, e);
}

/* A reply that is no stream: the response, or a status that says what is wrong. */
static void mcp_exchange_on_whole_body(struct mcp_exchange *e, const struct http_result *http)
{
    bool good = http->status >= 200 && http->status < 300;
    if (good && e->what.id < 0) {
        mcp_exchange_conclude(e, 0, "");
        return;
    }
    int error = mcp_reader_end(&e->reader, http->status, http->content_type);
    if (error == ERR_PROTOCOL && !good)
        mcp_exchange_conclude(e, ERR_REMOTE, http_reason((int)http->status));
    else
        mcp_exchange_conclude(e, error, error != 0 ? e->reader.why : "");
}

/* Was it a stream, perhaps one that ended before its first byte? */
static bool mcp_exchange_was_stream(const struct mcp_exchange *e, const struct http_result *http)
{
    return e->reader.is_stream ||
        (http->error == 0 && http->status == 200 && e->reader.body.len == 0 &&
            mcp_reader_type_is(http->content_type, "text/event-stream"));
}

static void mcp_exchange_on_done(void *arg, const struct http_result *http)
{
    struct mcp_exchange *e = arg;
    e->transfer = NULL;
    if (http->status != 0 && !e->resuming) {
        e->reply.status = http->status;
        snprintf(e->session, sizeof e->session, "%s", http->wanted);
        if (http->challenge[0] != '\0' && !e->challenge)
            e->challenge = strdup(http->challenge);
    }
    e->reply.sent = e->reply.sent || http->sent;
    if (e->reader.response)
        mcp_exchange_conclude(e, 0, "");
    else if (http->error == ERR_PROTOCOL || http->error == ERR_LIMIT || http->error == ERR_NOMEM ||
        http->error == ERR_DEADLINE || http->error == ERR_FORBIDDEN)
        mcp_exchange_conclude(e, http->error, e->reader.why[0] != '\0' ? e->reader.why : http->why);
    else if (mcp_exchange_was_stream(e, http))
        mcp_exchange_on_stream_end(e, http);
    else if (http->error != 0)
        mcp_exchange_conclude(e, http->error, http->why);
    else if (e->resuming && http->status == 401 && e->what.take_up && !e->denied) {
        e->denied = true;
        e->what.take_up(e->what.arg, http->challenge); /* it may be gone afterwards */
    } else if (e->resuming && http->status != 200)
        mcp_exchange_conclude(e, ERR_NET, "the stream could not be taken up again");
    else
        mcp_exchange_on_whole_body(e, http);
}

static int mcp_exchange_send_it(struct mcp_exchange *e, const char *method,
    const char *const *headers)
{
    int64_t left = e->what.until_ms - clock_mono_ms();
    bool post = strcmp(method, "POST") == 0;
    if (left <= 0)
        return ERR_DEADLINE;
    struct http_request request = {.method = method,
        .url = e->what.url,
        .headers = headers,
        .body = post ? e->what.body : NULL,
        .body_len = post ? e->what.body_len : 0,
        .connect_timeout_ms = CONNECT_MS,
        .total_timeout_ms = left,
        .max_bytes = e->what.max_bytes,
        .public_only = e->what.public_only,
        .max_redirects = 3,
        .same_origin = true,
        .wanted = "mcp-session-id",
        .on_body = mcp_exchange_on_body,
        .on_done = mcp_exchange_on_done,
        .arg = e};
    return http_start(e->what.http, &request, &e->transfer);
}

int mcp_exchange_take_up(struct mcp_exchange *e)
{
    const char *headers[HEADERS_MAX + 4];
    char last[300];
    size_t count = 0;
    snprintf(last, sizeof last, "Last-Event-ID: %s", e->reader.sse.last_id);
    headers[count++] = "Accept: text/event-stream";
    headers[count++] = last;
    for (size_t i = 0; i < e->header_count; i++)
        headers[count++] = e->headers[i];
    headers[count] = NULL;
    mcp_reader_resume(&e->reader);
    e->resuming = true;
    return mcp_exchange_send_it(e, "GET", headers);
}

static int mcp_exchange_copy_headers(struct mcp_exchange *e, const char *const *headers)
{
    for (size_t i = 0; headers && headers[i]; i++) {
        if (e->header_count == HEADERS_MAX)
            return ERR_LIMIT;
        if (!(e->headers[e->header_count] = strdup(headers[i])))
            return ERR_NOMEM;
        e->header_count++;
    }
    e->what.headers = (const char *const *)e->headers;
    return 0;
}

int mcp_exchange_renew(struct mcp_exchange *e, const char *const *headers)
{
    mcp_exchange_drop_headers(e);
    return mcp_exchange_copy_headers(e, headers);
}

int mcp_exchange_start(struct mcp_exchange **out, const struct mcp_exchange_what *what)
{
    const char *headers[HEADERS_MAX + 4];
    size_t count = 0;
    struct mcp_exchange *e = calloc(1, sizeof *e);
    if (!e)
        return ERR_NOMEM;
    e->what = *what;
    e->reply.message.id = -1;
    mcp_reader_init(&e->reader, what->id, what->max_bytes);
    if (what->resumable) /* only the legacy era has requests of the server */
        e->reader.ask = mcp_exchange_answer_server;
    e->reader.arg = e;
    int error = mcp_exchange_copy_headers(e, what->headers);
    headers[count++] = "Content-Type: application/json";
    headers[count++] = "Accept: application/json, text/event-stream";
    for (size_t i = 0; i < e->header_count; i++)
        headers[count++] = e->headers[i];
    headers[count] = NULL;
    if (error == 0)
        error = mcp_exchange_send_it(e, "POST", headers);
    if (error != 0) {
        mcp_exchange_destroy(e);
        return error;
    }
    e->what.body = NULL; /* http.c has its own copy */
    *out = e;
    return 0;
}
