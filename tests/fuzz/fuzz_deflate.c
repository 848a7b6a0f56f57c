/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * permessage-deflate: a client's offers, and what it sends compressed. The first byte chooses: an
 * offer, or the size that a message may have. What was unpacked is packed and unpacked again.
 */
#include "workers/stream/stream_deflate.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct stream_deflate *deflate_memory;

static void offer(const char *bytes, size_t len)
{
    char answer[STREAM_DEFLATE_ANSWER_SIZE] = "", again[STREAM_DEFLATE_ANSWER_SIZE];
    char *list = strndup(bytes, len);
    unsigned bits;

    if (!list)
        abort();
    bits = stream_deflate_offer(list, answer);
    if (bits != 0 && (bits < 9 || bits > 15 || stream_deflate_offer(answer, again) != bits))
        abort();
    free(list);
}

static void there_and_back(const struct buf *text)
{
    struct iovec whole;
    const struct buf *packed, *back;
    char *copy = malloc(text->len + 1);
    size_t len = text->len;

    if (!copy)
        abort();
    memcpy(copy, buf_text(text), len);
    whole = (struct iovec){copy, len};
    if (stream_deflate_pack(deflate_memory, 9 + (unsigned)(len % 7), &whole, 1, &packed) == 0 &&
        (stream_deflate_unpack(deflate_memory, packed->data, packed->len, len, &back) != 0 ||
            back->len != len || memcmp(back->data, copy, len) != 0))
        abort();
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct buf *text;
    size_t max;

    if (size < 1)
        return 0;
    if (!deflate_memory && stream_deflate_new(&deflate_memory) < 0)
        abort();
    if (data[0] == 'o') {
        offer((const char *)data + 1, size - 1);
        return 0;
    }
    max = (size_t)data[0] * 512;
    if (stream_deflate_unpack(deflate_memory, (const char *)data + 1, size - 1, max, &text) == 0) {
        if (text->len > max)
            abort();
        there_and_back(text);
    }
    return 0;
}
