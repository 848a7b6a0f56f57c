/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/sse.h"

#include "base/err.h"

#include <string.h>

/* Data of the event that is being read, while it lies in the fed bytes and is not copied. */
struct sse_view {
    const char *data; /* NULL = in parser->data */
    size_t len;
};

void sse_init(struct sse *parser, size_t max_event_bytes)
{
    *parser = (struct sse){.max_event = max_event_bytes, .retry_ms = -1};
    buf_init(&parser->line, max_event_bytes ? max_event_bytes + sizeof parser->name : 0);
    buf_init(&parser->data, max_event_bytes);
}

void sse_fini(struct sse *parser)
{
    buf_free(&parser->line);
    buf_free(&parser->data);
}

static void sse_clear_event(struct sse *parser, struct sse_view *view)
{
    parser->name[0] = 0;
    parser->has_data = false;
    buf_reset(&parser->data);
    *view = (struct sse_view){NULL, 0};
}

void sse_reset(struct sse *parser)
{
    sse_clear_event(parser, &(struct sse_view){NULL, 0});
    buf_reset(&parser->line);
    parser->skip_lf = parser->started = false;
    parser->id[0] = 0;
    parser->has_id = false;
}

static int sse_keep(struct sse *parser, struct sse_view *view)
{
    if (view->data) {
        buf_put(&parser->data, view->data, view->len);
        *view = (struct sse_view){NULL, 0};
    }
    return buf_error(&parser->data);
}

static int sse_on_data(struct sse *parser, struct sse_view *view, const char *value, size_t len,
    bool lasting)
{
    if (!parser->has_data && lasting) {
        parser->has_data = true;
        *view = (struct sse_view){value, len};
        return parser->max_event && len > parser->max_event ? ERR_LIMIT : 0;
    }
    int error = sse_keep(parser, view);
    if (error)
        return error;
    if (parser->has_data)
        buf_putc(&parser->data, '\n');
    parser->has_data = true;
    buf_put(&parser->data, value, len);
    return buf_error(&parser->data);
}

static int sse_dispatch(struct sse *parser, struct sse_view *view, sse_event_fn *on_event,
    void *arg)
{
    int error = 0;

    if (parser->has_id)
        memcpy(parser->last_id, parser->id, sizeof parser->last_id);
    parser->has_id = false;
    if (parser->has_data) {
        struct sse_event event = {.name = parser->name};
        event.data = view->data ? view->data : buf_text(&parser->data);
        event.len = view->data ? view->len : parser->data.len;
        error = on_event(arg, &event);
    }
    sse_clear_event(parser, view);
    return error;
}

static void sse_on_name(struct sse *parser, const char *value, size_t len)
{
    if (len >= sizeof parser->name)
        len = sizeof parser->name - 1;
    memcpy(parser->name, value, len);
    parser->name[len] = 0;
}

static void sse_on_id(struct sse *parser, const char *value, size_t len)
{
    if (memchr(value, 0, len))
        return;
    if (len >= sizeof parser->id)
        len = 0; /* it cannot be sent back whole */
    memcpy(parser->id, value, len);
    parser->id[len] = 0;
    parser->has_id = true;
}

/* Digits only, up to a day; anything else is not a retry. */
static void sse_on_retry(struct sse *parser, const char *value, size_t len)
{
    int64_t ms = 0;

    if (len == 0 || len > 9)
        return;
    for (size_t i = 0; i < len; i++) {
        if (value[i] < '0' || value[i] > '9')
            return;
        ms = ms * 10 + (value[i] - '0');
    }
    parser->retry_ms = ms < 86400000 ? ms : 86400000;
}

/* One field line that is not empty. `lasting`: its bytes stay valid until sse_feed returns. */
static int sse_on_field(struct sse *parser, struct sse_view *view, const char *line, size_t len,
    bool lasting)
{
    const char *colon = memchr(line, ':', len);
    size_t name_len = colon ? (size_t)(colon - line) : len;
    const char *value = line + name_len;
    size_t value_len = len - name_len;

    if (colon) {
        value++;
        value_len--;
        if (value_len && *value == ' ') {
            value++;
            value_len--;
        }
    }
    if (name_len == 4 && memcmp(line, "data", 4) == 0)
        return sse_on_data(parser, view, value, value_len, lasting);
    if (name_len == 5 && memcmp(line, "event", 5) == 0)
        sse_on_name(parser, value, value_len);
    else if (name_len == 2 && memcmp(line, "id", 2) == 0)
        sse_on_id(parser, value, value_len);
    else if (name_len == 5 && memcmp(line, "retry", 5) == 0)
        sse_on_retry(parser, value, value_len);
    return 0; /* comments and what is not known */
}

/* A part of a line may have been kept from an earlier call; `end` is the line's last byte + 1. */
static int sse_on_line(struct sse *parser, struct sse_view *view, const char *start, size_t len,
    sse_event_fn *on_event, void *arg)
{
    bool lasting = parser->line.len == 0;

    if (!lasting) {
        buf_put(&parser->line, start, len);
        if (buf_error(&parser->line))
            return buf_error(&parser->line);
        start = parser->line.data;
        len = parser->line.len;
    }
    if (!parser->started) {
        parser->started = true;
        if (len >= 3 && memcmp(start, "\xef\xbb\xbf", 3) == 0) {
            start += 3;
            len -= 3;
        }
    }
    int error = len == 0 ? sse_dispatch(parser, view, on_event, arg) :
                           sse_on_field(parser, view, start, len, lasting);
    if (!lasting)
        buf_reset(&parser->line);
    return error;
}

static const char *sse_line_end(const char *p, size_t len)
{
    const char *lf = memchr(p, '\n', len);
    const char *cr = memchr(p, '\r', lf ? (size_t)(lf - p) : len);
    return cr ? cr : lf;
}

int sse_feed(struct sse *parser, const char *bytes, size_t len, sse_event_fn *on_event, void *arg)
{
    struct sse_view view = {NULL, 0};
    const char *p = bytes, *end = bytes + len;

    while (p < end) {
        if (parser->skip_lf) {
            parser->skip_lf = false;
            if (*p == '\n') {
                p++;
                continue;
            }
        }
        const char *stop = sse_line_end(p, (size_t)(end - p));
        if (!stop) {
            buf_put(&parser->line, p, (size_t)(end - p));
            if (buf_error(&parser->line))
                return buf_error(&parser->line);
            break;
        }
        parser->skip_lf = *stop == '\r';
        int error = sse_on_line(parser, &view, p, (size_t)(stop - p), on_event, arg);
        if (error)
            return error;
        p = stop + 1;
    }
    return sse_keep(parser, &view);
}
