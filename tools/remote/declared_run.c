/* SPDX-License-Identifier: BSD-2-Clause */
/* declared -- the request of a declared tool, and what the model is told of its answer. */
#include "tools/remote/declared.h"

#include "base/err.h"
#include "base/ident.h"
#include "base/log.h"
#include "base/utf8.h"
#include "tools/kit/record.h"
#include "tools/remote/dynamic.h"
#include "tools/remote/outside.h"
#include "wire/http/http.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ANSWER_MAX ((size_t)2 << 20)
#define HEADERS_MAX 32
#define WORDS_MAX 500 /* of a service's refusal */

struct asking { /* in the run's arena */
    struct tools_run *run;
    const struct declared *d;
    struct http_transfer *transfer;
    struct buf url, body, reply;
    const char *headers[HEADERS_MAX + 1];
    char trace[SPANS_HEADER_SIZE], trace_state[SPANS_STATE_SIZE];
    size_t header_count;
    struct tools_step step;
    bool sent, settled; /* what is known of its effect */
};

static void declared_free_asking(void *arg)
{
    struct asking *a = arg;
    buf_free(&a->url);
    buf_free(&a->body);
    buf_free(&a->reply);
}

/* ---- the answer ---- */

/* JSON pointer (RFC 6901); NULL = nothing is there. */
static const jdoc *declared_select_part(const jdoc *doc, const char *pointer)
{
    char key[256];
    while (*pointer == '/' && doc) {
        size_t n = 0;
        for (pointer++; *pointer != '\0' && *pointer != '/'; pointer++) {
            char c = *pointer;
            if (c == '~' && (pointer[1] == '0' || pointer[1] == '1'))
                c = *++pointer == '0' ? '~' : '/';
            if (n + 1 < sizeof key)
                key[n++] = c;
        }
        key[n] = '\0';
        if (jdoc_type(doc) == JDOC_ARRAY)
            doc = n > 0 && strspn(key, "0123456789") == n && n < 9 ?
                jdoc_at(doc, strtoul(key, NULL, 10)) :
                NULL;
        else
            doc = jdoc_get(doc, key);
    }
    return doc;
}

static int declared_set_text(jdoc *result, const char *text, size_t len, size_t max)
{
    bool cut = len > max;
    if (cut)
        len = utf8_cut(text, max);
    jdoc *value = jdoc_new_string(text, len);
    int error = value ? jdoc_set(result, "text", value) : ERR_NOMEM;
    return error == 0 && cut ? jdoc_set_bool(result, "truncated", true) : error;
}

static int declared_set_json(jdoc *result, const jdoc *part, size_t max)
{
    struct buf text = {0};
    jdoc_write(part, &text);
    int error = buf_error(&text);
    if (error == 0 && text.len > max) {
        error = declared_set_text(result, buf_text(&text), text.len, max);
    } else if (error == 0) {
        jdoc *copy = jdoc_dup(part);
        error = copy ? jdoc_set(result, "data", copy) : ERR_NOMEM;
    }
    buf_free(&text);
    return error;
}

static size_t declared_room_of(const struct asking *a)
{
    size_t room = (size_t)a->run->context->conf->tool_result_max / 2;
    return (size_t)a->d->max_bytes < room ? (size_t)a->d->max_bytes : room;
}

static int declared_read_good(struct asking *a, const struct http_result *http)
{
    struct tools_run *run = a->run;
    bool json = strstr(http->content_type, "json") != NULL;
    jdoc *doc = NULL;
    const jdoc *part = NULL;
    int error = 0;
    if (a->reply.len > 0 && json)
        error = jdoc_parse(buf_text(&a->reply), a->reply.len, &doc, NULL, 0);
    if (error == ERR_NOMEM)
        return error;
    if (error == 0 && doc)
        part = declared_select_part(doc, a->d->pointer);
    bool text =
        !json && strncasecmp(http->content_type, "text/", 5) == 0 && a->d->pointer[0] == '\0';
    if (error != 0 || (!part && !text && a->reply.len > 0)) {
        log_limited(LOG_LEVEL_WARN, "%s: an answer of type %s without what it should have",
            a->d->name, http->content_type);
        error = run_fail(run, "provider_failed",
            "The service behind this tool gave an answer that cannot be understood%s.",
            run->spec->effect != TOOLS_READ ? ", but took the request" : "");
    } else {
        jdoc *result = run_succeed(run, "The service answered.");
        error = !result ? ERR_NOMEM :
            part        ? declared_set_json(result, part, declared_room_of(a)) :
            text        ? declared_set_text(result, buf_text(&a->reply), a->reply.len,
                              declared_room_of(a)) :
                          0;
    }
    jdoc_free(doc);
    return error;
}

static int declared_refused(struct asking *a, const struct http_result *http)
{
    char words[WORDS_MAX + 1];
    if (http->status == 401 || http->status == 403)
        return run_fail(a->run, "provider_unavailable",
            "The service behind this tool refused the credential that is configured for it.");
    if (http->status == 429) {
        a->run->retry_after_ms = http->retry_after_ms > 0 ? http->retry_after_ms : 0;
        return run_fail(a->run, "provider_unavailable",
            "The service behind this tool wants fewer requests for the moment. Try again later.");
    }
    snprintf(words, sizeof words, "%s", buf_text(&a->reply));
    utf8_mend_end(words);
    return run_fail(a->run, "refused", "The service refused the request (%ld %s)%s%s", http->status,
        http_reason((int)http->status), words[0] != '\0' ? ": " : ".", words);
}

static int declared_read_answer(struct asking *a, const struct http_result *http)
{
    struct tools_run *run = a->run;
    if (http->error == 0 && http->status >= 200 && http->status <= 299)
        return declared_read_good(a, http);
    log_limited(LOG_LEVEL_WARN, "%s: status %ld, %s %s", a->d->name, http->status,
        err_text(http->error), http->why);
    if (http->error == ERR_NOMEM)
        return http->error;
    if (http->error == 0 && http->status >= 400 && http->status <= 499)
        return declared_refused(a, http);
    if (http->sent && run->spec->effect != TOOLS_READ && http->error != ERR_FORBIDDEN)
        return outside_unknown(run, "The service");
    if (http->error == ERR_LIMIT)
        return run_fail(run, "result_too_large", "The service answered more than can be read.");
    return run_fail(run, "provider_unavailable",
        "The service behind this tool cannot be reached at the moment. Try again later.");
}

/* The answer is in run->result: its mark says the same. */
static void declared_mark(struct tools_run *run, void *arg)
{
    const struct asking *a = arg;
    if (run->error == 0 && !a->sent)
        outside_undo(run);
    else if (run->error == 0 && a->settled)
        outside_end(run);
    run_finished(run);
}

static void declared_on_done(void *arg, const struct http_result *http)
{
    struct asking *a = arg;
    struct tools_run *run = a->run;
    a->transfer = NULL;
    run->error = declared_read_answer(a, http);
    if (run->error == 0)
        run->error = outside_hide(run, a->d->credential);
    a->sent = http->sent;
    a->settled = http->error == 0 && http->status >= 200 && http->status < 500;
    a->step = (struct tools_step){.fn = declared_mark, .arg = a};
    run_defer(run, &a->step);
}

static int declared_on_body(void *arg, long status, const char *bytes, size_t len)
{
    struct asking *a = arg;
    (void)status;
    buf_put(&a->reply, bytes, len);
    return buf_error(&a->reply);
}

static void declared_on_cancel(struct tools_run *run)
{
    struct asking *a = run->state;
    if (a->transfer)
        http_cancel(a->transfer);
    a->transfer = NULL;
}

/* ---- the request ---- */

static int declared_add_header(struct asking *a, const char *name, const char *value)
{
    if (a->header_count == HEADERS_MAX)
        return ERR_LIMIT;
    const char *line = value[0] != '\0' ? arena_printf(a->run->arena, "%s: %s", name, value) :
                                          arena_printf(a->run->arena, "%s;", name);
    if (!line)
        return ERR_NOMEM;
    a->headers[a->header_count++] = line;
    return 0;
}

/* The same for each repetition of a call, and told to nobody else. */
static int declared_add_idempotency(struct asking *a)
{
    char digest[IDENT_SHA256_SIZE];
    const char *effect = NULL;
    int error = a->d->idempotency_header ? record_effect(a->run, &effect) : 0;
    if (error != 0 || !effect)
        return error;
    const char *whole = arena_printf(a->run->arena, "%s\n%s", a->run->context->uid, effect);
    if (!whole)
        return ERR_NOMEM;
    ident_sha256_hex(whole, strlen(whole), digest);
    return declared_add_header(a, a->d->idempotency_header, digest);
}

static int declared_add_headers(struct asking *a, struct declared_problem *problem)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value;
    bool accepts = false, typed = false;
    int error = 0;
    while (error == 0 && jdoc_next(a->d->headers, &it, &key, &value)) {
        struct buf text = {0};
        bool present = false;
        error = declared_header(jdoc_string(value, NULL), a->run->args, &text, &present, problem);
        if (error == 0 && present)
            error = declared_add_header(a, key, buf_text(&text));
        accepts = accepts || strcasecmp(key, "Accept") == 0;
        typed = typed || strcasecmp(key, "Content-Type") == 0;
        buf_free(&text);
    }
    if (error == 0 && !accepts)
        error = declared_add_header(a, "Accept", "application/json, text/plain;q=0.5");
    if (error == 0 && !typed && a->d->body)
        error = declared_add_header(a, "Content-Type", "application/json");
    if (error == 0)
        error = declared_add_idempotency(a);
    if (error == 0 && a->d->credential)
        a->headers[a->header_count++] = a->d->credential;
    if (error == 0 && *spans_header(&a->run->span, a->trace) && a->header_count < HEADERS_MAX)
        a->headers[a->header_count++] = a->trace;
    if (error == 0 && *spans_state(&a->run->span, a->trace_state) && a->header_count < HEADERS_MAX)
        a->headers[a->header_count++] = a->trace_state;
    return error;
}

static int declared_make_body(struct asking *a)
{
    jdoc *body = NULL;
    int error = a->d->body ? declared_body(a->d->body, a->run->args, &body) : 0;
    if (error == 0 && body)
        jdoc_write(body, &a->body);
    jdoc_free(body);
    return error != 0 ? error : buf_error(&a->body);
}

static int declared_make_request(struct asking *a)
{
    struct declared_problem problem = {.argument = "", .expected = ""};
    char path[128];
    int error = declared_url(a->d, a->run->args, &a->url, &problem);
    if (error == 0)
        error = declared_add_headers(a, &problem);
    if (error == 0)
        error = declared_make_body(a);
    if (error != ERR_INVALID)
        return error;
    snprintf(path, sizeof path, "%s%s", problem.argument[0] != '\0' ? "/" : "", problem.argument);
    error = run_fail_at(a->run, path, problem.expected, "%s must be %s.",
        problem.argument[0] != '\0' ? problem.argument : "The arguments", problem.expected);
    return error == 0 ? 1 : error;
}

static int declared_send_request(struct asking *a)
{
    struct tools_run *run = a->run;
    struct http_request request = {.method = a->d->method,
        .url = buf_text(&a->url),
        .headers = a->headers,
        .body = a->body.len > 0 ? buf_text(&a->body) : NULL,
        .body_len = a->body.len,
        .connect_timeout_ms = 3000,
        .total_timeout_ms = run->spec->timeout_ms * 9 / 10,
        .max_bytes = ANSWER_MAX,
        .public_only = a->d->public_only,
        .max_redirects = 3,
        .same_origin = true,
        .on_body = declared_on_body,
        .on_done = declared_on_done,
        .arg = a};
    return http_start(run->context->http, &request, &a->transfer);
}

int declared_tool(struct tools_run *run)
{
    struct asking *a = arena_alloc(run->arena, sizeof *a);
    if (!a || arena_on_free(run->arena, declared_free_asking, a) != 0)
        return ERR_NOMEM;
    a->run = run;
    a->d = run->spec->dynamic->declared;
    buf_init(&a->reply, ANSWER_MAX);
    if (!run->context->http)
        return run_fail(run, "provider_unavailable", "The service cannot be asked from here.");
    int error = declared_make_request(a);
    if (error == 0)
        error = outside_begin(run);
    if (error != 0)
        return error == 1 ? 0 : error;
    error = declared_send_request(a);
    if (error == 0) {
        run->state = a;
        run->on_cancel = declared_on_cancel;
        return ERR_PENDING;
    }
    outside_undo(run);
    return error == ERR_NOMEM ?
        error :
        run_fail(run, "provider_unavailable", "The service cannot be asked at the moment.");
}
