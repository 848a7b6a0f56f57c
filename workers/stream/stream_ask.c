#include "workers/stream/stream_ask.h"

#include "base/clock.h"

#include <stdio.h>

#define REPLY_MAX 262144
#define CALL_MARGIN_MS 2000

int stream_ask(const struct stream_conn *c, const struct stream_ask *ask, fastcgi_call_fn *fn,
    void *arg, struct fastcgi_call **out)
{
    const struct conf *conf = c->stream->conf;
    int64_t now = clock_real_ms();
    char start[32];
    const struct fastcgi_pair pairs[] = {
        {"GATEWAY_INTERFACE", "CGI/1.1"},
        {"SERVER_PROTOCOL", "HTTP/1.1"},
        {"REQUEST_METHOD", ask->method},
        {"REQUEST_URI", ask->path},
        {"DOCUMENT_URI", ask->path},
        {"SCRIPT_NAME", ask->path},
        {"QUERY_STRING", ""},
        {"CONTENT_TYPE", "application/json"},
        {"TP_INTERNAL", "stream"},
        {"TP_USER", c->user},
        {"TP_ROLE", ask->admin ? "admin" : "user"},
        {"T_START", start},
    };
    const struct fastcgi_call_request request = {.pairs = pairs,
        .count = sizeof pairs / sizeof pairs[0],
        .body = ask->body,
        .len = ask->len,
        .repeatable = ask->repeatable,
        .timeout_ms = conf->queue_wait_ms + 2 * conf->redis_timeout_ms + CALL_MARGIN_MS,
        .max = REPLY_MAX};

    snprintf(start, sizeof start, "%lld.%03d", (long long)(now / 1000), (int)(now % 1000));
    return fastcgi_call_start(ask->pool, &request, fn, arg, out);
}
