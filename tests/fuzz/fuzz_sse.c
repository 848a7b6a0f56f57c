/* SPDX-License-Identifier: BSD-2-Clause */
/* The parser must report the same events however the bytes are cut. First byte: how to cut. */
#include "base/buf.h"
#include "wire/sse.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int on_event(void *arg, const struct sse_event *event)
{
    buf_printf(arg, "[%s|", event->name);
    buf_put(arg, event->data, event->len);
    buf_putc(arg, ']');
    return 0;
}

static int feed(const uint8_t *data, size_t size, size_t step, struct buf *out)
{
    struct sse parser;
    int error = 0;

    sse_init(&parser, 512);
    for (size_t at = 0; !error && at < size; at += step) {
        size_t n = size - at < step ? size - at : step;
        /* A copy of its own: what the parser borrowed must not be read after the call. */
        struct buf piece = {0};
        buf_put(&piece, data + at, n);
        error = sse_feed(&parser, buf_text(&piece), n, on_event, out);
        buf_free(&piece);
    }
    sse_fini(&parser);
    return error;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf whole = {0}, cut = {0};

    if (size < 2)
        return 0;
    size_t step = 1 + data[0] % 64;
    int error_whole = feed(data + 1, size - 1, size, &whole);
    int error_cut = feed(data + 1, size - 1, step, &cut);
    if (!error_whole && !error_cut &&
        (whole.len != cut.len || memcmp(buf_text(&whole), buf_text(&cut), whole.len) != 0))
        abort();
    buf_free(&whole);
    buf_free(&cut);
    return 0;
}
