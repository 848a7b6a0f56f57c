/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/remote/oauth_ask.h"

#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

#define ASK_BODY_MAX ((size_t)128 << 10)
#define ASK_CONNECT_MS 3000
#define ASK_REDIRECTS 3

struct oauth_ask {
    struct http_transfer *transfer;
    struct buf body;
    oauth_answer_fn *done;
    void *arg;
};

/* The body may hold tokens. */
static void oauth_ask_free(struct oauth_ask *a)
{
    if (a->body.data)
        explicit_bzero(a->body.data, a->body.len);
    buf_free(&a->body);
    free(a);
}

static int oauth_ask_on_body(void *arg, long status, const char *bytes, size_t len)
{
    struct oauth_ask *a = arg;

    (void)status;
    buf_put(&a->body, bytes, len);
    return buf_error(&a->body);
}

static void oauth_ask_on_done(void *arg, const struct http_result *http)
{
    struct oauth_ask *a = arg;
    struct oauth_answer answer = {.error = http->error,
        .status = http->status,
        .challenge = http->challenge,
        .why = http->error ? http->why : http_reason((int)http->status)};
    jdoc *body = NULL;

    a->transfer = NULL;
    if (!http->error && jdoc_parse(buf_text(&a->body), a->body.len, &body, NULL, 0) == 0 &&
        jdoc_type(body) == JDOC_OBJECT)
        answer.body = body;
    a->done(a->arg, &answer);
    jdoc_free(body);
    oauth_ask_free(a);
}

int oauth_ask_start(struct oauth_ask **out, const struct oauth_question *q, oauth_answer_fn *done,
    void *arg)
{
    const char *headers[6];
    size_t n = 0;

    if (!http_url_usable(q->url))
        return ERR_INVALID;
    if (q->public_only && strncmp(q->url, "https://", 8) != 0)
        return ERR_FORBIDDEN;
    struct oauth_ask *a = calloc(1, sizeof *a);
    if (!a)
        return ERR_NOMEM;
    buf_init(&a->body, ASK_BODY_MAX);
    a->done = done;
    a->arg = arg;
    headers[n++] =
        q->streams ? "Accept: application/json, text/event-stream" : "Accept: application/json";
    if (q->body)
        headers[n++] = q->json ? "Content-Type: application/json" :
                                 "Content-Type: application/x-www-form-urlencoded";
    if (q->header)
        headers[n++] = q->header;
    if (q->protocol)
        headers[n++] = q->protocol;
    headers[n] = NULL;
    const struct http_request request = {.method = q->body ? "POST" : "GET",
        .url = q->url,
        .headers = headers,
        .body = q->body,
        .body_len = q->len,
        .connect_timeout_ms = ASK_CONNECT_MS,
        .total_timeout_ms = OAUTH_ASK_MS,
        .max_bytes = ASK_BODY_MAX,
        .public_only = q->public_only,
        .max_redirects = q->body ? 0 : ASK_REDIRECTS,
        .same_origin = true,
        .on_body = oauth_ask_on_body,
        .on_done = oauth_ask_on_done,
        .arg = a};
    int error = http_start(q->http, &request, &a->transfer);
    if (error) {
        oauth_ask_free(a);
        return error;
    }
    *out = a;
    return 0;
}

void oauth_ask_cancel(struct oauth_ask *a)
{
    if (!a)
        return;
    if (a->transfer)
        http_cancel(a->transfer);
    oauth_ask_free(a);
}
