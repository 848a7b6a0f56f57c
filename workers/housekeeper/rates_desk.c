/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/housekeeper/rates_desk.h"

#include "base/arena.h"
#include "base/backoff.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/url.h"
#include "store/rates_kept.h"
#include "tools/kit/rates.h"
#include "wire/http/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RATES_DESK_CONNECT_MS 5000
#define RATES_DESK_TOTAL_MS 20000
#define RATES_DESK_REDIRECTS 3
#define RATES_DESK_AGAIN_MS 10000 /* after a failure, doubled up to rates.refresh */
#define RATES_DESK_BYTES_MAX ((size_t)2 << 20)

struct rates_desk {
    struct store *store;
    struct reactor *reactor;
    struct http_client *http; /* made with the first fetch */
    struct http_transfer *transfer;
    struct buf body;
    int64_t next_ms; /* monotonic */
    unsigned failures;
};

/* What a document becomes: one text for each day, the last of them. */
struct rates_desk_take {
    struct arena *arena;
    struct rates_line lines[RATES_LINES_MAX];
    size_t count;
    const char *latest;
};

int rates_desk_new(struct rates_desk **out, struct store *store, struct reactor *reactor)
{
    struct rates_desk *d = calloc(1, sizeof *d);

    *out = d;
    if (!d)
        return ERR_NOMEM;
    d->store = store;
    d->reactor = reactor;
    buf_init(&d->body, RATES_DESK_BYTES_MAX);
    return 0;
}

void rates_desk_free(struct rates_desk *d)
{
    if (!d)
        return;
    http_free(d->http);
    buf_free(&d->body);
    free(d);
}

static void rates_desk_failed(struct rates_desk *d, const char *why)
{
    d->failures++;
    int64_t wait =
        backoff_delay(RATES_DESK_AGAIN_MS, d->store->conf->rates_refresh_ms, d->failures);
    d->next_ms = clock_mono_ms() + backoff_spread(wait, wait / 4);
    log_warn("rates.url: %s; the rates that are there stay; tried again in %lld s", why,
        (long long)(d->next_ms - clock_mono_ms()) / 1000);
}

static int rates_desk_day(void *arg, const struct rates_day *day)
{
    struct rates_desk_take *t = arg;
    struct buf text = {0};

    if (t->count == RATES_LINES_MAX)
        return 0; /* the newest stand first */
    rates_write(day, &text);
    struct rates_line *line = &t->lines[t->count];
    line->date = arena_strdup(t->arena, day->date);
    line->line = buf_error(&text) ? NULL : arena_memdup(t->arena, buf_text(&text), text.len);
    buf_free(&text);
    if (!line->date || !line->line)
        return ERR_NOMEM;
    if (!t->latest || strcmp(line->date, t->latest) > 0)
        t->latest = line->date;
    t->count++;
    return 0;
}

static int rates_desk_keep(struct rates_desk *d)
{
    const char *url = d->store->conf->rates_url;
    struct rates_desk_take *t = calloc(1, sizeof *t);
    struct url parts;
    char wrong[URL_WHY_SIZE];
    int error = t && (t->arena = arena_new()) ? 0 : ERR_NOMEM;

    if (!error)
        error = rates_parse(buf_text(&d->body), d->body.len, rates_desk_day, t);
    if (!error)
        error = url_check(url, strlen(url), 0, &parts, wrong);
    const char *host =
        error ? NULL : arena_printf(t->arena, "%.*s", (int)parts.host_len, parts.host);
    if (!error)
        error = !host ? ERR_NOMEM :
                        rates_kept_put(d->store,
                            &(struct rates_fetched){.lines = t->lines,
                                .count = t->count,
                                .latest = t->latest,
                                .source = host,
                                .at_ms = clock_real_ms()});
    if (!error)
        log_info("rates.url: %zu days, the newest is %s", t->count, t->latest);
    if (t)
        arena_free(t->arena);
    free(t);
    return error;
}

static int rates_desk_on_body(void *arg, long status, const char *bytes, size_t len)
{
    struct rates_desk *d = arg;

    (void)status;
    buf_put(&d->body, bytes, len);
    return buf_error(&d->body);
}

static void rates_desk_on_done(void *arg, const struct http_result *result)
{
    struct rates_desk *d = arg;
    char what[256];

    d->transfer = NULL;
    if (result->error || result->status != 200) {
        snprintf(what, sizeof what, "status %ld%s%s", result->status, result->error ? ", " : "",
            !result->error   ? "" :
                *result->why ? result->why :
                               err_text(result->error));
        buf_reset(&d->body); /* a part of it, or a page that says why */
        rates_desk_failed(d, what);
        return;
    }
    if (d->body.len == 0) {
        rates_desk_failed(d, "an empty answer");
        return;
    }
    d->failures = 0;
    d->next_ms = 0; /* rates_desk_step keeps them: callbacks of the loop do not wait for Redis */
}

static void rates_desk_begin(struct rates_desk *d)
{
    static const char *const headers[] = {"Accept: application/xml, text/xml",
        "User-Agent: Turnpike", NULL};
    const char *address = d->store->conf->rates_url;
    char wrong[URL_WHY_SIZE];
    struct url url;
    int error = url_check(address, strlen(address), 0, &url, wrong);
    const struct http_request request = {.method = "GET",
        .url = address,
        .headers = headers,
        .connect_timeout_ms = RATES_DESK_CONNECT_MS,
        .total_timeout_ms = RATES_DESK_TOTAL_MS,
        .max_bytes = RATES_DESK_BYTES_MAX,
        .public_only = !error && !url_names_private(&url),
        .max_redirects = RATES_DESK_REDIRECTS,
        .same_origin = true,
        .on_body = rates_desk_on_body,
        .on_done = rates_desk_on_done,
        .arg = d};

    buf_reset(&d->body);
    if (!error && !d->http)
        error = http_new(&d->http, d->reactor);
    if (!error)
        error = http_start(d->http, &request, &d->transfer);
    if (error)
        rates_desk_failed(d, err_text(error));
}

/* Another machine may have fetched them a moment ago. */
static void rates_desk_look(struct rates_desk *d, int64_t mono_ms)
{
    int64_t at_ms = 0, refresh = d->store->conf->rates_refresh_ms;
    int error = rates_kept_at(d->store, &at_ms);
    int64_t age = clock_real_ms() - at_ms;

    if (error)
        rates_desk_failed(d, err_text(error));
    else if (at_ms > 0 && age >= 0 && age < refresh)
        d->next_ms = mono_ms + refresh - age;
    else
        rates_desk_begin(d);
}

int64_t rates_desk_step(struct rates_desk *d, int64_t mono_ms)
{
    if (!*d->store->conf->rates_url)
        return INT64_MAX;
    if (!d->transfer && d->body.len > 0 && mono_ms >= d->next_ms) {
        int error = rates_desk_keep(d);
        buf_reset(&d->body);
        if (error)
            rates_desk_failed(d,
                error == ERR_PROTOCOL ? "the answer is not in the form" : err_text(error));
        else
            d->next_ms = mono_ms + d->store->conf->rates_refresh_ms;
    }
    if (!d->transfer && mono_ms >= d->next_ms)
        rates_desk_look(d, mono_ms);
    return d->transfer ? mono_ms + 200 : d->next_ms;
}
