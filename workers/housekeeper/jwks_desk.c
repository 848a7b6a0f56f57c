/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/housekeeper/jwks_desk.h"

#include "base/backoff.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/jdoc.h"
#include "base/log.h"
#include "base/url.h"
#include "process/aside.h"
#include "process/jwks.h"
#include "wire/http/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JWKS_DESK_CONNECT_MS 5000
#define JWKS_DESK_TOTAL_MS 10000
#define JWKS_DESK_REDIRECTS 3
#define JWKS_DESK_TRY_MS 2000
#define JWKS_DESK_TRY_MEMORY ((size_t)64 << 20)
#define JWKS_DESK_AGAIN_MS 5000 /* after a failure, doubled up to jwt.jwks_refresh */

struct jwks_desk {
    const struct conf *conf;
    struct reactor *reactor;
    struct http_client *http; /* made with the first fetch */
    struct http_transfer *transfer;
    struct buf body;
    jdoc *set;                    /* the last good one */
    int64_t fetched_ms, tried_ms; /* real time */
    int64_t next_ms;              /* monotonic */
    int64_t begun_ms;             /* monotonic, of the last fetch; 0 = none */
    unsigned failures;            /* in a row */
    size_t keys;                  /* usable ones of the set, as last logged */
};

int jwks_desk_new(struct jwks_desk **out, const struct conf *conf, struct reactor *reactor)
{
    struct jwks_desk *d = calloc(1, sizeof *d);
    struct jwks_news news;
    jdoc *doc = NULL;

    *out = d;
    if (!d)
        return ERR_NOMEM;
    d->conf = conf;
    d->reactor = reactor;
    buf_init(&d->body, JWKS_BYTES_MAX);
    if (*conf->jwt_jwks_url && jwks_file_read(conf, &doc, &news) == 0) {
        d->fetched_ms = news.fetched_ms;
        d->set = news.set ? jdoc_dup(news.set) : NULL;
        jdoc_free(doc);
    }
    return 0;
}

void jwks_desk_free(struct jwks_desk *d)
{
    if (!d)
        return;
    http_free(d->http);
    buf_free(&d->body);
    jdoc_free(d->set);
    free(d);
}

void jwks_desk_wake(struct jwks_desk *d)
{
    int64_t now = clock_mono_ms(), soon = d->begun_ms + d->conf->jwt_jwks_pause_ms;

    if (d->begun_ms == 0 || soon < now)
        soon = now;
    if (soon < d->next_ms)
        d->next_ms = soon;
}

static void jwks_desk_write(struct jwks_desk *d)
{
    const struct jwks_news news = {.set = d->set,
        .fetched_ms = d->fetched_ms,
        .tried_ms = d->tried_ms};
    int error = jwks_file_write(d->conf, &news);

    if (error)
        log_error("the keys of jwt.jwks_url cannot be written into run_dir: %s", err_text(error));
}

static void jwks_desk_failed(struct jwks_desk *d, const char *why)
{
    int64_t wait;

    d->failures++;
    wait = backoff_delay(JWKS_DESK_AGAIN_MS, d->conf->jwt_jwks_refresh_ms, d->failures);
    d->next_ms = clock_mono_ms() + backoff_spread(wait, wait / 4);
    log_warn("jwt.jwks_url: %s; %s; tried again in %lld s", why,
        d->set ? "the keys that are there stay" : "no token can be checked",
        (long long)(d->next_ms - clock_mono_ms()) / 1000);
    jwks_desk_write(d);
}

/* All that workers will do with it is keys of libcrypto, made of numbers that others sent. */
static int jwks_desk_read_aside(void *arg, const char *in, size_t len, struct buf *out)
{
    struct jwks set = {0};
    jdoc *doc = NULL;
    const char *why;
    size_t passed;

    (void)arg;
    (void)out;
    if (!jdoc_parse(in, len, &doc, NULL, 0))
        err_ignore(jwks_read(&set, doc, &passed, &why));
    return 0;
}

/* Returns 0; ERR_REMOTE, ERR_DEADLINE: it does harm. */
static int jwks_desk_try(const struct jwks_desk *d)
{
    const struct aside_work work = {.name = "keys of jwt.jwks_url",
        .read = jwks_desk_read_aside,
        .in = buf_text(&d->body),
        .len = d->body.len,
        .time_ms = JWKS_DESK_TRY_MS,
        .memory = JWKS_DESK_TRY_MEMORY,
        .conf = d->conf};
    struct buf answer = {0};
    int error = aside_run(&work, &answer);

    buf_free(&answer);
    return error == ERR_REMOTE || error == ERR_DEADLINE ? error : 0;
}

/* The body is a set with a key that can be used: it is the set from now on. */
static int jwks_desk_take(struct jwks_desk *d, const char **why)
{
    struct jwks set = {0};
    jdoc *doc = NULL;
    size_t passed = 0, count;
    int error = jwks_desk_try(d);

    *why = "the answer ends the process that reads it";
    if (!error) {
        error = jdoc_parse(buf_text(&d->body), d->body.len, &doc, NULL, 0);
        *why = "the answer is no JSON";
    }
    if (!error)
        error = jwks_read(&set, doc, &passed, why);
    count = set.count;
    jwks_free(&set);
    if (error) {
        jdoc_free(doc);
        return error;
    }
    if (count != d->keys || passed)
        log_info("jwt.jwks_url: %zu keys, %zu passed over%s%s", count, passed,
            passed ? ", the last as " : "", passed ? *why : "");
    d->keys = count;
    jdoc_free(d->set);
    d->set = doc;
    return 0;
}

static int jwks_desk_on_body(void *arg, long status, const char *bytes, size_t len)
{
    struct jwks_desk *d = arg;

    (void)status;
    buf_put(&d->body, bytes, len);
    return buf_error(&d->body);
}

static void jwks_desk_on_done(void *arg, const struct http_result *result)
{
    struct jwks_desk *d = arg;
    char what[256];
    const char *why = what;

    d->transfer = NULL;
    d->tried_ms = clock_real_ms();
    if (result->error || result->status != 200) {
        snprintf(what, sizeof what, "status %ld%s%s", result->status, result->error ? ", " : "",
            !result->error   ? "" :
                *result->why ? result->why :
                               err_text(result->error));
        jwks_desk_failed(d, what);
    } else if (jwks_desk_take(d, &why)) {
        jwks_desk_failed(d, why);
    } else {
        d->failures = 0;
        d->fetched_ms = d->tried_ms;
        d->next_ms = clock_mono_ms() + d->conf->jwt_jwks_refresh_ms;
        jwks_desk_write(d);
    }
}

static void jwks_desk_begin(struct jwks_desk *d, int64_t mono_ms)
{
    static const char *const headers[] = {"Accept: application/jwk-set+json, application/json",
        "User-Agent: Turnpike", NULL};
    const struct conf *conf = d->conf;
    char wrong[URL_WHY_SIZE];
    struct url url;
    int error = url_check(conf->jwt_jwks_url, strlen(conf->jwt_jwks_url), 0, &url, wrong);
    const struct http_request request = {.method = "GET",
        .url = conf->jwt_jwks_url,
        .headers = headers,
        .connect_timeout_ms = JWKS_DESK_CONNECT_MS,
        .total_timeout_ms = JWKS_DESK_TOTAL_MS,
        .max_bytes = JWKS_BYTES_MAX,
        .public_only = !error && !conf->jwt_jwks_allow_private && !url_names_private(&url),
        .max_redirects = JWKS_DESK_REDIRECTS,
        .same_origin = true,
        .on_body = jwks_desk_on_body,
        .on_done = jwks_desk_on_done,
        .arg = d};

    d->begun_ms = mono_ms;
    buf_reset(&d->body);
    if (!error && !d->http)
        error = http_new(&d->http, d->reactor);
    if (!error)
        error = http_start(d->http, &request, &d->transfer);
    if (error) {
        d->tried_ms = clock_real_ms();
        jwks_desk_failed(d, err_text(error));
    }
}

int64_t jwks_desk_step(struct jwks_desk *d, int64_t mono_ms)
{
    if (!*d->conf->jwt_jwks_url)
        return INT64_MAX;
    if (!d->transfer && mono_ms >= d->next_ms)
        jwks_desk_begin(d, mono_ms);
    return d->transfer ? mono_ms + JWKS_DESK_TOTAL_MS : d->next_ms;
}
