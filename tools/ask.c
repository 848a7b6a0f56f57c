#include "tools/ask.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "tools/keep.h"

#include <stdio.h>
#include <string.h>

#define ANSWER_MAX (2 * 1024 * 1024)
#define TEXT_MAX 1200

struct question { /* in the run's arena */
    struct tools_run *run;
    struct http_transfer *transfer;
    const char *service;
    struct buf body;
    ask_done_fn *done;
    void *arg;
};

static int on_body(void *arg, long status, const char *bytes, size_t len)
{
    struct question *q = arg;
    (void)status;
    buf_put(&q->body, bytes, len);
    return buf_error(&q->body);
}

static int refuse(struct question *q, const char *what)
{
    return tools_fail(q->run, "provider_failed", "The %s %s.", q->service, what);
}

static int read_answer(struct question *q, const struct http_result *http)
{
    jdoc *answer = NULL;
    char why[160] = "";
    if (http->error != 0 || http->status >= 400) {
        log_limited(LOG_LEVEL_WARN, "%s: status %ld, %s %s", q->service, http->status,
            err_text(http->error), http->why);
        if (http->error == ERR_NOMEM)
            return http->error;
        return refuse(q, http->error == ERR_LIMIT ? "answered more than can be read"
            : http->status == 429 ? "wants fewer questions for the moment; try again later"
            : http->error != 0 ? "could not be reached; try again later"
                               : "refused the question");
    }
    int result = jdoc_parse(buf_text(&q->body), q->body.len, &answer, why, sizeof why);
    if (result == 0)
        result = q->done(q->run, answer, q->arg);
    jdoc_free(answer);
    if (result != ERR_PROTOCOL && result != ERR_INVALID && result != ERR_LIMIT)
        return result;
    log_limited(LOG_LEVEL_WARN, "%s: an answer that cannot be understood %s", q->service, why);
    return refuse(q, "gave an answer that cannot be understood");
}

static void on_done(void *arg, const struct http_result *http)
{
    struct question *q = arg;
    struct tools_run *run = q->run;
    q->transfer = NULL;
    int result = read_answer(q, http);
    if (result == ERR_AGAIN)
        return;
    run->error = result;
    tools_finished(run);
}

static void on_cancel(struct tools_run *run)
{
    struct question *q = run->state;
    if (q->transfer != NULL)
        http_cancel(q->transfer);
    q->transfer = NULL;
}

static void free_body(void *arg)
{
    buf_free(arg);
}

int ask_start(struct tools_run *run, const struct ask *ask, ask_done_fn *done, void *arg)
{
    struct question *q = arena_alloc(run->arena, sizeof *q);
    const char *bearer = ask->bearer != NULL && ask->bearer[0] != '\0'
        ? arena_printf(run->arena, "Authorization: Bearer %s", ask->bearer) : NULL;
    const char *headers[] = { "Accept: application/json", "User-Agent: turnpike",
        ask->body != NULL ? "Content-Type: application/x-www-form-urlencoded" : bearer,
        ask->body != NULL ? bearer : NULL, NULL };
    if (q == NULL || ask->url == NULL)
        return ERR_NOMEM;
    *q = (struct question){ .run = run, .service = ask->service, .done = done, .arg = arg };
    buf_init(&q->body, ANSWER_MAX);
    if (arena_on_free(run->arena, free_body, &q->body) != 0)
        return ERR_NOMEM;
    run->state = q;
    if (run->context->http == NULL)
        return refuse(q, "cannot be asked from here");
    struct http_request request = { .method = ask->body != NULL ? "POST" : "GET", .url = ask->url,
        .headers = headers, .body = ask->body,
        .body_len = ask->body != NULL ? strlen(ask->body) : 0, .connect_timeout_ms = 3000,
        .total_timeout_ms = run->spec->timeout_ms * 2 / 3, .max_bytes = ANSWER_MAX,
        .on_body = on_body, .on_done = on_done, .arg = q };
    int result = http_start(run->context->http, &request, &q->transfer);
    if (result == ERR_NOMEM)
        return result;
    if (result != 0)
        return refuse(q, "could not be reached; try again later");
    run->on_cancel = on_cancel;
    return ERR_AGAIN;
}

bool ask_configured(struct tools_run *run, const char *value, const char *setting)
{
    if (value[0] != '\0')
        return true;
    tools_fail(run, "provider_not_configured",
        "This needs an outside provider that is not configured here (setting %s).", setting);
    return false;
}

const char *ask_base(struct tools_run *run, const char *base)
{
    size_t len = strlen(base);
    while (len > 0 && base[len - 1] == '/')
        len--;
    return arena_memdup(run->arena, base, len);
}

const char *ask_encoded(struct tools_run *run, const char *text)
{
    struct buf out = { 0 };
    buf_put_urlencoded(&out, text, strlen(text));
    const char *copy = buf_error(&out) == 0
        ? arena_memdup(run->arena, buf_text(&out), out.len) : NULL;
    buf_free(&out);
    return copy;
}

int ask_label(struct tools_run *run, jdoc *object, const char *base)
{
    char host[128], now[CLOCK_RFC3339_SIZE];
    const char *start = strstr(base, "://");
    start = start != NULL ? start + 3 : base;
    size_t len = strcspn(start, "/?#");
    const char *at = memchr(start, '@', len);
    if (at != NULL) { /* a password in the URL is not for readers */
        len -= (size_t)(at + 1 - start);
        start = at + 1;
    }
    snprintf(host, sizeof host, "%.*s", (int)len, start);
    clock_rfc3339(run->context->now_ms, now);
    int result = jdoc_set_string(object, "source", host);
    return result == 0 ? jdoc_set_string(object, "retrieved_at", now) : result;
}

int ask_set_text(jdoc *object, const char *key, const char *text, size_t size)
{
    char copy[TEXT_MAX];
    if (text == NULL || text[0] == '\0')
        return 0;
    size = size < sizeof copy ? size : sizeof copy;
    snprintf(copy, size, "%s", text);
    keep_cut_utf8(copy, size);
    for (char *c = copy; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7F)
            *c = ' ';
    return jdoc_set_string(object, key, copy);
}
