/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/spans.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "process/machine.h"
#include "process/measure.h"
#include "wire/http/http.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "0.1.0"
#endif
#define SPANS_HEADERS_MAX 32
#define SPANS_TIMEOUT_MS 10000
#define SPANS_ONCE 512 /* spans of one request */

static struct {
    const struct conf *conf; /* NULL = nothing is traced */
    struct reactor *reactor;
    struct http_client *http;
    struct http_transfer *transfer;
    struct reactor_timer timer;
    struct buf queue; /* spans as JSON, separated by commas */
    size_t queued, flying;
    const char *headers[SPANS_HEADERS_MAX + 2];
    char *header_text;
    int64_t forced_ms; /* since when forced ones are counted */
    unsigned forced;
    int64_t real_us; /* of the wall clock, when the monotonic one was 0 */
} spans;

static void spans_count(const char *outcome, size_t n)
{
    measure_add(MEASURE_TRACE_SPANS, &(struct measure_labels){{outcome, NULL}}, (int64_t)n);
}

/* ---- out ---- */

static void spans_send(void);

static int spans_on_body(void *arg, long status, const char *bytes, size_t len)
{
    (void)arg;
    (void)status;
    (void)bytes;
    (void)len;
    return 0;
}

static void spans_on_done(void *arg, const struct http_result *result)
{
    const bool good = result->status >= 200 && result->status < 300;

    (void)arg;
    spans.transfer = NULL;
    spans_count(good ? "sent" : "failed", spans.flying);
    if (!good)
        log_limited(LOG_LEVEL_WARN, "otlp.url takes no spans: status %ld %s", result->status,
            result->why);
    spans.flying = 0;
}

static void spans_put_text(struct buf *b, const char *name, const char *value)
{
    buf_printf(b, "{\"key\":\"%s\",\"value\":{\"stringValue\":", name);
    buf_json_string(b, value, strlen(value));
    buf_puts(b, "}}");
}

static void spans_wrap(struct buf *body)
{
    char machine[MACHINE_OWNER_SIZE];

    machine_owner(spans.conf, "turn", machine);
    buf_puts(body, "{\"resourceSpans\":[{\"resource\":{\"attributes\":[");
    spans_put_text(body, "service.name", "turnpike");
    buf_putc(body, ',');
    spans_put_text(body, "service.version", PACKAGE_VERSION);
    buf_putc(body, ',');
    spans_put_text(body, "service.instance.id", machine);
    buf_puts(body, "]},\"scopeSpans\":[{\"scope\":{\"name\":\"turnpike\"},\"spans\":[");
    buf_put(body, buf_text(&spans.queue), spans.queue.len);
    buf_puts(body, "]}]}]}");
}

static void spans_send(void)
{
    struct buf body = {0};

    if (spans.transfer || spans.queued == 0)
        return;
    spans_wrap(&body);
    const struct http_request request = {.method = "POST",
        .url = spans.conf->otlp_url,
        .headers = spans.headers,
        .body = buf_text(&body),
        .body_len = body.len,
        .total_timeout_ms = SPANS_TIMEOUT_MS,
        .max_bytes = 65536,
        .on_body = spans_on_body,
        .on_done = spans_on_done};
    int error = buf_error(&body);
    if (!error)
        error = http_start(spans.http, &request, &spans.transfer);
    if (error)
        spans_count("failed", spans.queued);
    else
        spans.flying = spans.queued;
    buf_free(&body);
    buf_reset(&spans.queue);
    spans.queued = 0;
}

static void spans_on_time(struct reactor_timer *timer)
{
    spans_send();
    reactor_timer_set(spans.reactor, timer, clock_mono_ms() + SPANS_EVERY_MS, spans_on_time, NULL);
}

/* ---- life ---- */

/* "a=b,c=d" as "a: b", "c: d". */
static int spans_read_headers(const char *text)
{
    size_t count = 0, room = 2 * strlen(text) + 1;
    char *at = spans.header_text = malloc(room);

    spans.headers[count++] = "Content-Type: application/json";
    if (!at)
        return ERR_NOMEM;
    while (*text && count <= SPANS_HEADERS_MAX) {
        size_t len = strcspn(text, ","), name = strcspn(text, "=");
        int n = snprintf(at, room, "%.*s: %.*s", (int)name, text, (int)(len - name - 1),
            text + name + 1);
        spans.headers[count++] = at;
        at += n + 1;
        room -= (size_t)n + 1;
        text += len + (text[len] == ',');
    }
    spans.headers[count] = NULL;
    return 0;
}

int spans_open(const struct conf *conf, struct reactor *reactor)
{
    if (!*conf->otlp_url)
        return 0;
    spans.reactor = reactor;
    spans.real_us = clock_real_ms() * 1000 - clock_mono_us();
    buf_init(&spans.queue, SPANS_QUEUE_BYTES);
    int error = spans_read_headers(conf->otlp_headers);
    if (!error)
        error = http_new(&spans.http, reactor);
    if (error)
        return error;
    spans.conf = conf;
    reactor_timer_set(reactor, &spans.timer, clock_mono_ms() + SPANS_EVERY_MS, spans_on_time, NULL);
    return 0;
}

void spans_close(void)
{
    int64_t until = clock_mono_ms() + SPANS_LEAVE_MS;

    if (!spans.conf)
        return;
    reactor_timer_clear(spans.reactor, &spans.timer);
    for (int round = 0; round < 2; round++) { /* what is under way, and what waits behind it */
        spans_send();
        while (spans.transfer && clock_mono_ms() < until)
            err_ignore(reactor_step(spans.reactor, until, NULL));
    }
    spans_count("dropped", spans.flying + spans.queued);
    http_free(spans.http);
    buf_free(&spans.queue);
    free(spans.header_text);
    memset(&spans, 0, sizeof spans);
}

/* ---- spans ---- */

/* Whether a client may still have its trace sent. */
static bool spans_force(void)
{
    int64_t now = clock_mono_ms();

    if (now - spans.forced_ms >= 1000) {
        spans.forced_ms = now;
        spans.forced = 0;
    }
    return spans.forced < SPANS_FORCED_MAX && ++spans.forced;
}

static bool spans_is_sampled(const struct ident_trace *trace)
{
    char part[9] = "";

    if (trace->flags & 1 && spans_force())
        return true;
    memcpy(part, trace->trace_id + 24, 8);
    return strtoul(part, NULL, 16) % 100 < (unsigned long)spans.conf->otlp_sample;
}

void spans_adopt(struct trace_span *s, const char *traceparent, const char *parent,
    int64_t began_us)
{
    *s = (struct trace_span){.began_us = began_us};
    if (!spans.conf || !ident_trace_parse(traceparent, &s->trace)) {
        s->trace.trace_id[0] = '\0';
        return;
    }
    s->on = spans_is_sampled(&s->trace);
    s->trace.flags = s->on;
    if (parent && strlen(parent) == sizeof s->parent - 1)
        memcpy(s->parent, parent, sizeof s->parent);
}

void spans_begin(struct trace_span *s, const struct trace_span *parent)
{
    *s = (struct trace_span){0};
    if (!spans.conf || !parent || parent->trace.trace_id[0] == '\0')
        return;
    ident_trace_child(&parent->trace, &s->trace);
    memcpy(s->parent, parent->trace.span_id, sizeof s->parent);
    s->on = parent->on;
    s->state = parent->state;
    s->began_us = clock_mono_us();
}

const char *spans_header(const struct trace_span *s, char out[SPANS_HEADER_SIZE])
{
    char value[IDENT_TRACEPARENT_SIZE];

    out[0] = '\0';
    if (s->trace.trace_id[0] == '\0')
        return out;
    ident_trace_format(&s->trace, value);
    snprintf(out, SPANS_HEADER_SIZE, "traceparent: %s", value);
    return out;
}

bool spans_is_state(const char *text)
{
    size_t len = strlen(text);

    for (size_t i = 0; i < len; i++)
        if (text[i] < ' ' || text[i] > '~')
            return false;
    return len > 0 && len <= SPANS_STATE_MAX;
}

const char *spans_state(const struct trace_span *s, char out[SPANS_STATE_SIZE])
{
    out[0] = '\0';
    if (s->trace.trace_id[0] != '\0' && s->state && spans_is_state(s->state))
        snprintf(out, SPANS_STATE_SIZE, "tracestate: %s", s->state);
    return out;
}

static void spans_put_time(struct buf *b, const char *name, int64_t mono_us)
{
    buf_printf(b, ",\"%s\":\"%" PRId64 "000\"", name, spans.real_us + mono_us);
}

static void spans_put_attributes(struct buf *b, const struct span_end *end)
{
    bool first = true;

    buf_puts(b, ",\"attributes\":[");
    for (size_t i = 0; i < end->count; i++) {
        const struct span_attribute *a = &end->attributes[i];
        if (a->text && !*a->text)
            continue;
        if (!first)
            buf_putc(b, ',');
        first = false;
        if (a->text)
            spans_put_text(b, a->name, a->text);
        else
            buf_printf(b, "{\"key\":\"%s\",\"value\":{\"intValue\":\"%" PRId64 "\"}}", a->name,
                a->number);
    }
    if (end->error) {
        buf_puts(b, first ? "" : ",");
        spans_put_text(b, "error.type", end->error);
    }
    buf_putc(b, ']');
}

static void spans_put(struct buf *b, const struct trace_span *s, const struct span_end *end)
{
    buf_printf(b, "{\"traceId\":\"%s\",\"spanId\":\"%s\"", s->trace.trace_id, s->trace.span_id);
    if (s->parent[0] != '\0')
        buf_printf(b, ",\"parentSpanId\":\"%s\"", s->parent);
    buf_puts(b, ",\"name\":");
    buf_json_string(b, end->name, strlen(end->name));
    buf_printf(b, ",\"kind\":%d", (int)end->kind);
    spans_put_time(b, "startTimeUnixNano", s->began_us);
    spans_put_time(b, "endTimeUnixNano", end->ended_us != 0 ? end->ended_us : clock_mono_us());
    spans_put_attributes(b, end);
    buf_printf(b, ",\"status\":{\"code\":%d}}", end->error ? 2 : 0);
}

void spans_end(struct trace_span *s, const struct span_end *end)
{
    struct buf text = {0};

    if (!spans.conf || !s->on)
        return;
    s->on = false;
    spans_put(&text, s, end);
    if (buf_error(&text) || spans.queued == SPANS_ONCE ||
        spans.queue.len + text.len + 1 > SPANS_QUEUE_BYTES) {
        spans_count("dropped", 1);
    } else {
        if (spans.queued++ > 0)
            buf_putc(&spans.queue, ',');
        buf_put(&spans.queue, text.data, text.len);
    }
    buf_free(&text);
    if (spans.queued >= SPANS_ONCE / 2 || spans.queue.len > SPANS_QUEUE_BYTES / 2)
        spans_send();
}
