/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a model answers when it is asked for a summary, and a stored conversation, one JSON text a
 * line: what is kept is text, bounded, and cannot end its own place in a request; the question is
 * text and bounded. The first byte chooses the bounds.
 */
#include "agent/summary.h"
#include "base/err.h"
#include "base/utf8.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void clean(const char *text, size_t size, size_t max)
{
    struct buf out = {0};
    int error = summary_clean(text, size, max, max % 2, &out);

    if (error && error != ERR_INVALID)
        abort();
    if (out.len > max || !utf8_valid(buf_text(&out), out.len) ||
        strstr(buf_text(&out), "</record>") || strstr(buf_text(&out), "\n\n\n"))
        abort();
    if (!error && utf8_blank(buf_text(&out), out.len))
        abort();
    buf_free(&out);
}

static void ask(const char *text, size_t size, size_t max, struct arena *arena)
{
    struct summary_cuts cuts;
    struct buf out = {0};
    struct chat chat;
    size_t to;

    chat_init(&chat, arena);
    while (size > 0) {
        const char *end = memchr(text, '\n', size);
        size_t len = end ? (size_t)(end - text) : size;
        int error = chat_parse(&chat, text, len);
        if (error && error != ERR_INVALID)
            abort();
        len += end != NULL;
        text += len;
        size -= len;
    }
    if (summary_find_cuts(&chat, arena, &cuts))
        abort();
    to = summary_choose(&chat, &cuts, max, max % 7);
    if (to && chat.items[to].role != CHAT_USER)
        abort();
    if (summary_question(&chat, max % 3 ? "before" : NULL, 0, to, max + 500, &out))
        abort();
    if (out.len > max + 500 || !utf8_valid(buf_text(&out), out.len))
        abort();
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();

    if (!arena)
        abort();
    if (size > 0) {
        clean((const char *)data + 1, size - 1, data[0]);
        ask((const char *)data + 1, size - 1, data[0] * (size_t)10, arena);
    }
    arena_free(arena);
    return 0;
}
