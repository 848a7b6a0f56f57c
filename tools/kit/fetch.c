/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/fetch.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

#define BYTES_MAX (2 * 1024 * 1024)
#define REDIRECTS_MAX 3
#define CONNECT_MS 5000
#define TEXT_MAX 1200

struct question { /* in the run's arena */
    struct tools_run *run;
    struct http_transfer *transfer;
    const char *service;
    struct buf body;
    fetch_bytes_fn *done; /* one of the two */
    fetch_done_fn *done_json;
    void *arg;
    struct tools_step step; /* what came ... */
    int error;              /* ... 0, or why it is no answer */
    int http_error;         /* ... of the transfer alone */
    long status;
    struct question *next; /* of the same run, from run->fetches */
};

static int fetch_on_body(void *arg, long status, const char *bytes, size_t len)
{
    struct question *q = arg;
    (void)status;
    buf_put(&q->body, bytes, len);
    return buf_error(&q->body);
}

static int fetch_refuse(struct tools_run *run, const char *service, const char *what)
{
    return run_fail(run, "provider_failed", "The %s %s.", service, what);
}

static int fetch_read_json(struct question *q)
{
    jdoc *answer = NULL;
    char why[160] = "";
    if (q->error == ERR_NOMEM)
        return q->error;
    if (q->error != 0)
        return fetch_refuse(q->run, q->service,
            q->http_error == ERR_LIMIT ? "answered more than can be read" :
                q->status == 429       ? "wants fewer questions for the moment; try again later" :
                q->http_error != 0     ? "could not be reached; try again later" :
                                         "refused the question");
    int error = jdoc_parse(buf_text(&q->body), q->body.len, &answer, why, sizeof why);
    if (error == 0)
        error = q->done_json(q->run, answer, q->arg);
    jdoc_free(answer);
    if (error != ERR_PROTOCOL && error != ERR_INVALID && error != ERR_LIMIT)
        return error;
    log_limited(LOG_LEVEL_WARN, "%s: an answer that cannot be understood %s", q->service, why);
    return fetch_refuse(q->run, q->service, "gave an answer that cannot be understood");
}

static void fetch_answered(struct tools_run *run, void *arg)
{
    struct question *q = arg;
    if (q->done) {
        q->done(run, q->arg, q->error, buf_text(&q->body), q->body.len);
        return;
    }
    int error = fetch_read_json(q);
    if (error == ERR_PENDING)
        return;
    run->error = error;
    run_finished(run);
}

static void fetch_on_done(void *arg, const struct http_result *http)
{
    struct question *q = arg;
    int error = http->error;
    q->transfer = NULL;
    if (error == 0 && (http->status < 200 || http->status > 299))
        error = http->status == 404 || http->status == 410 ? ERR_NOT_FOUND : ERR_REMOTE;
    if (error != 0)
        log_limited(LOG_LEVEL_WARN, "%s: status %ld, %s %s", q->service, http->status,
            err_text(error), http->why);
    q->error = error;
    q->http_error = http->error;
    q->status = http->status;
    q->step = (struct tools_step){.fn = fetch_answered, .arg = q};
    run_defer(q->run, &q->step);
}

static void fetch_on_cancel(struct tools_run *run)
{
    for (struct question *q = run->fetches; q; q = q->next) {
        if (q->transfer)
            http_cancel(q->transfer);
        q->transfer = NULL;
    }
}

static void fetch_free_body(void *arg)
{
    buf_free(arg);
}

static void fetch_write_url(const struct fetch *ask, struct buf *url)
{
    bool begun = strchr(ask->url, '?') != NULL;
    buf_puts(url, ask->url);
    for (const struct fetch_parameter *p = ask->parameters; p && p->name; p++) {
        if (!p->value || p->value[0] == '\0')
            continue;
        buf_printf(url, "%c%s=", begun ? '&' : '?', p->name);
        buf_put_urlencoded(url, p->value, strlen(p->value));
        begun = true;
    }
}

static int fetch_send_request(struct question *q, const struct fetch *ask, const char *url)
{
    struct tools_run *run = q->run;
    const char *headers[5] = {ask->page ? "Accept: text/html" : "Accept: application/json",
        "User-Agent: turnpike"};
    size_t count = 2, max = ask->max_bytes > 0 ? ask->max_bytes : BYTES_MAX;
    if (ask->body && ask->body_type) {
        if (!(headers[count++] = arena_printf(run->arena, "Content-Type: %s", ask->body_type)))
            return ERR_NOMEM;
    } else if (ask->body) {
        headers[count++] = "Content-Type: application/x-www-form-urlencoded";
    }
    if (ask->bearer && ask->bearer[0] != '\0') {
        headers[count] = arena_printf(run->arena, "Authorization: Bearer %s", ask->bearer);
        if (!headers[count])
            return ERR_NOMEM;
    }
    buf_init(&q->body, max);
    struct http_request request = {.method = ask->body ? "POST" : "GET",
        .url = url,
        .headers = headers,
        .body = ask->body,
        .body_len = ask->body && ask->body_len == 0 ? strlen(ask->body) : ask->body_len,
        .connect_timeout_ms = CONNECT_MS,
        .total_timeout_ms = run->spec->timeout_ms * 2 / 3,
        .max_bytes = max,
        .on_body = fetch_on_body,
        .on_done = fetch_on_done,
        .arg = q,
        .public_only = ask->page && !run->context->conf->tools_allow_private,
        .max_redirects = ask->page ? REDIRECTS_MAX : 0};
    int error = arena_on_free(run->arena, fetch_free_body, &q->body);
    return error == 0 ? http_start(run->context->http, &request, &q->transfer) : error;
}

/* Takes what is set in `question` beside the rest. */
static int fetch_begin(struct tools_run *run, const struct fetch *ask,
    const struct question *question)
{
    struct buf url = {0};
    struct question *q = arena_alloc(run->arena, sizeof *q);
    if (!q || !ask->url)
        return ERR_NOMEM;
    if (!run->context->http)
        return ERR_NOT_CONFIGURED;
    if (ask->page && !run->spec->outside) {
        log_error("%s asks a host that an argument names, but its `outside` names no argument",
            run->spec->name);
        return ERR_FORBIDDEN;
    }
    *q = *question;
    q->run = run;
    q->service = ask->service;
    fetch_write_url(ask, &url);
    int error = buf_error(&url);
    if (error == 0)
        error = fetch_send_request(q, ask, buf_text(&url));
    buf_free(&url);
    if (error != 0)
        return error;
    q->next = run->fetches;
    run->fetches = q;
    run->on_cancel = fetch_on_cancel;
    return ERR_PENDING;
}

int fetch_start(struct tools_run *run, const struct fetch *ask, fetch_done_fn *done, void *arg)
{
    int error = fetch_begin(run, ask, &(struct question){.done_json = done, .arg = arg});
    if (error == ERR_PENDING || error == ERR_NOMEM)
        return error;
    return fetch_refuse(run, ask->service,
        error == ERR_NOT_CONFIGURED ? "cannot be asked from here" :
                                      "could not be reached; try again later");
}

int fetch_bytes(struct tools_run *run, const struct fetch *ask, fetch_bytes_fn *done, void *arg)
{
    return fetch_begin(run, ask, &(struct question){.done = done, .arg = arg});
}

int fetch_failed(struct tools_run *run, const char *service)
{
    return fetch_refuse(run, service, "could not be asked. Try again later");
}

bool fetch_configured(struct tools_run *run, const char *value, const char *setting)
{
    if (value[0] != '\0')
        return true;
    /* Without memory for it the run has no result, which is a fault for its caller. */
    err_ignore(run_fail(run, "provider_not_configured",
        "This needs an outside provider that is not configured here (setting %s).", setting));
    return false;
}

const char *fetch_base(struct tools_run *run, const char *base)
{
    size_t len = strlen(base);
    while (len > 0 && base[len - 1] == '/')
        len--;
    return arena_memdup(run->arena, base, len);
}

const char *fetch_encoded(struct tools_run *run, const char *text)
{
    struct buf out = {0};
    buf_put_urlencoded(&out, text, strlen(text));
    const char *copy =
        buf_error(&out) == 0 ? arena_memdup(run->arena, buf_text(&out), out.len) : NULL;
    buf_free(&out);
    return copy;
}

int fetch_label(struct tools_run *run, jdoc *object, const char *base)
{
    char host[128], now[CLOCK_RFC3339_SIZE];
    const char *start = strstr(base, "://");
    start = start ? start + 3 : base;
    size_t len = strcspn(start, "/?#");
    const char *at = memchr(start, '@', len);
    if (at) { /* a password in the URL is not for readers */
        len -= (size_t)(at + 1 - start);
        start = at + 1;
    }
    snprintf(host, sizeof host, "%.*s", (int)len, start);
    clock_rfc3339(run->context->now_ms, now);
    int error = jdoc_set_string(object, "source", host);
    return error == 0 ? jdoc_set_string(object, "retrieved_at", now) : error;
}

int fetch_set_text(jdoc *object, const char *key, const char *text, size_t size)
{
    char copy[TEXT_MAX];
    if (!text || text[0] == '\0')
        return 0;
    size = size < sizeof copy ? size : sizeof copy;
    snprintf(copy, size, "%s", text);
    utf8_mend_end(copy);
    for (char *c = copy; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7F)
            *c = ' ';
    return jdoc_set_string(object, key, copy);
}
