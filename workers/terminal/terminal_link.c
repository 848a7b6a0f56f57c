/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/terminal/terminal_link.h"

#include "base/clock.h"
#include "base/jdoc.h"
#include "base/reactor.h"
#include "wire/http/http.h"
#include "workers/terminal/terminal_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LINK_API "/api/v1/pam"
#define LINK_TIMEOUT_MS 30000
#define LINK_SILENCE_MS 60000 /* a stream has a comment at least each 25 s */
#define LINK_TICK_MS 100
#define LINK_EVENT_MAX 1048576
#define LINK_HEADERS 6
#define LINK_LAST_EVENT 320

volatile sig_atomic_t terminal_link_stop;

static void link_on_signal(int number)
{
    (void)number;
    terminal_link_stop = 1;
}

/* --- a site --- */

static int link_set_base(struct terminal_link *link, const char *url)
{
    size_t len = strlen(url);
    if (!http_url_usable(url))
        return ERR_INVALID;
    while (len > 0 && url[len - 1] == '/')
        len--;
    const char *scheme = strstr(url, "://");
    bool has_path = scheme && memchr(scheme + 3, '/', len - (size_t)(scheme + 3 - url));
    int n =
        snprintf(link->base, sizeof link->base, "%.*s%s", (int)len, url, has_path ? "" : LINK_API);
    return n > 0 && (size_t)n < sizeof link->base ? 0 : ERR_INVALID;
}

static int link_set_token(struct terminal_link *link, const char *token)
{
    if (!token || *token == '\0')
        return 0;
    for (const char *c = token; *c != '\0'; c++)
        if (*c <= ' ' || *c > '~')
            return ERR_INVALID;
    size_t size = strlen(token) + sizeof "Authorization: Bearer ";
    link->authorization = malloc(size);
    if (!link->authorization)
        return ERR_NOMEM;
    snprintf(link->authorization, size, "Authorization: Bearer %s", token);
    return 0;
}

static void link_take_signals(void)
{
    struct sigaction action = {.sa_handler = link_on_signal};
    sigset_t interrupt;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    sigprocmask(SIG_BLOCK, &interrupt, NULL);
    sigaction(SIGINT, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

int terminal_link_open(struct terminal_link *link, const char *url, const char *token)
{
    *link = (struct terminal_link){0};
    int error = link_set_base(link, url);
    if (error == 0)
        error = link_set_token(link, token);
    if (error == 0)
        error = http_global_init();
    if (error == 0)
        error = reactor_new(&link->reactor);
    if (error == 0)
        error = http_new(&link->http, link->reactor);
    if (error != 0)
        terminal_link_close(link);
    else
        link_take_signals();
    return error;
}

void terminal_link_close(struct terminal_link *link)
{
    if (link->http)
        http_free(link->http);
    if (link->reactor)
        reactor_free(link->reactor);
    free(link->authorization);
    *link = (struct terminal_link){0};
}

/* --- a request --- */

struct link_call {
    const struct terminal_link_request *request;
    struct terminal_link_reply *reply;
    struct http_transfer *transfer;
    struct sse sse;
    bool done;
};

static int link_on_event(void *arg, const struct sse_event *event)
{
    struct link_call *call = arg;
    call->request->on_event(call->request->arg, call->sse.last_id, event);
    return 0;
}

static int link_on_body(void *arg, long status, const char *bytes, size_t len)
{
    struct link_call *call = arg;
    const char *type = http_head(call->transfer)->content_type;
    if (call->request->on_event && status == 200 && strncasecmp(type, "text/event-stream", 17) == 0)
        return sse_feed(&call->sse, bytes, len, link_on_event, call);
    buf_put(&call->reply->body, bytes, len);
    return buf_error(&call->reply->body);
}

static void link_on_done(void *arg, const struct http_result *result)
{
    struct link_call *call = arg;
    struct terminal_link_reply *reply = call->reply;
    reply->error = result->error;
    reply->status = result->status;
    reply->retry_after_ms = result->retry_after_ms;
    snprintf(reply->why, sizeof reply->why, "%s", result->why);
    call->done = true;
    call->transfer = NULL;
}

static int link_start(struct terminal_link *link, struct link_call *call)
{
    const struct terminal_link_request *r = call->request;
    const char *headers[LINK_HEADERS] = {0};
    char type[128], last[LINK_LAST_EVENT];
    size_t n = 0;
    headers[n++] = r->on_event ? "Accept: text/event-stream" : "Accept: application/json, */*";
    if (link->authorization)
        headers[n++] = link->authorization;
    snprintf(type, sizeof type, "Content-Type: %s", r->type ? r->type : "application/json");
    if (r->body)
        headers[n++] = type;
    snprintf(last, sizeof last, "Last-Event-ID: %s", r->last_event ? r->last_event : "");
    if (r->last_event && *r->last_event != '\0')
        headers[n++] = last;
    struct buf url = {0};
    buf_puts(&url, link->base);
    buf_puts(&url, r->path);
    struct http_request request = {.method = r->method,
        .url = buf_text(&url),
        .headers = headers,
        .body = r->body,
        .body_len = r->body_len,
        .on_body = link_on_body,
        .on_done = link_on_done,
        .max_bytes = r->on_event ? 0 : TERMINAL_LINK_REPLY,
        .arg = call};
    int64_t timeout = r->timeout_ms;
    if (r->on_event)
        request.idle_timeout_ms = timeout ? timeout : LINK_SILENCE_MS;
    else
        request.total_timeout_ms = timeout ? timeout : LINK_TIMEOUT_MS;
    int error = buf_error(&url);
    if (error == 0)
        error = http_start(link->http, &request, &call->transfer);
    buf_free(&url);
    return error;
}

/* One pass of the loop. Returns true after a Ctrl-C. */
static bool link_step(struct terminal_link *link, int64_t until_ms)
{
    sigset_t mask;
    sigprocmask(SIG_BLOCK, NULL, &mask);
    sigdelset(&mask, SIGINT);
    err_ignore(reactor_step(link->reactor, until_ms, &mask)); /* the loop comes again */
    return terminal_link_stop != 0;
}

static bool link_stops(const struct terminal_link_request *request)
{
    terminal_link_stop = 0;
    return !request->on_stop || request->on_stop(request->arg);
}

void terminal_link_ask(struct terminal_link *link, const struct terminal_link_request *request,
    struct terminal_link_reply *reply)
{
    struct link_call call = {.request = request, .reply = reply};
    *reply = (struct terminal_link_reply){.retry_after_ms = -1};
    buf_init(&reply->body, TERMINAL_LINK_REPLY);
    sse_init(&call.sse, LINK_EVENT_MAX);
    reply->error = link_start(link, &call);
    bool given_up = reply->error != 0;
    while (!call.done && !given_up) {
        if (request->on_tick)
            request->on_tick(request->arg);
        given_up =
            link_step(link, clock_mono_ms() + LINK_TICK_MS) && !call.done && link_stops(request);
        if (given_up)
            reply->error = ERR_CANCELLED;
    }
    if (call.transfer)
        http_cancel(call.transfer);
    sse_fini(&call.sse);
}

void terminal_link_reply_fini(struct terminal_link_reply *reply)
{
    buf_free(&reply->body);
}

bool terminal_link_pause(struct terminal_link *link, int64_t ms,
    const struct terminal_link_request *request)
{
    int64_t end = clock_mono_ms() + ms;
    for (int64_t now; (now = clock_mono_ms()) < end;) {
        if (request->on_tick)
            request->on_tick(request->arg);
        if (link_step(link, now + LINK_TICK_MS < end ? now + LINK_TICK_MS : end)) {
            terminal_link_stop = 0;
            return true;
        }
    }
    return false;
}

void terminal_link_why(const struct terminal_link_reply *reply, char *out, size_t size)
{
    jdoc *doc = NULL;
    const char *text = "";
    if (reply->body.len > 0 &&
        jdoc_parse(buf_text(&reply->body), reply->body.len, &doc, NULL, 0) == 0)
        text = jdoc_text_or(doc, "detail", jdoc_text_or(doc, "title", ""));
    if (*text != '\0')
        terminal_view_safe(text, strlen(text), out, size);
    else if (reply->status != 0 && reply->error == 0)
        snprintf(out, size, "HTTP %ld", reply->status);
    else
        snprintf(out, size, "%s", reply->why[0] != '\0' ? reply->why : err_text(reply->error));
    jdoc_free(doc);
}
