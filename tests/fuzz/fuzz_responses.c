/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stream of the Responses API: the fast path and the documents must say the same, however the
 * bytes are cut, and wherever another worker goes on. First byte: how to cut, and where; its top
 * bit: thoughts may stand between tags.
 */
#include "tests/unit/sink_mark.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sink_stream fast, slow, moved;

    if (size < 2)
        return 0;
    sink_stream_begin(&fast, &provider_responses, false);
    sink_stream_begin(&slow, &provider_responses, true);
    provider_copy(fast.stream.maker, sizeof fast.stream.maker, "responses-0");
    provider_copy(slow.stream.maker, sizeof slow.stream.maker, "responses-0");
    fast.stream.think_tags = slow.stream.think_tags = data[0] & 128;
    sink_stream_feed(&fast, (const char *)data + 1, size - 1, data[0] % 64);
    sink_stream_feed(&slow, (const char *)data + 1, size - 1, 0);
    if (!sink_stream_same(&fast, &slow) || fast.stream.sequence != slow.stream.sequence)
        abort();
    sink_stream_begin(&moved, &provider_responses, true);
    provider_copy(moved.stream.maker, sizeof moved.stream.maker, "responses-0");
    moved.stream.think_tags = slow.stream.think_tags;
    (void)sink_mark_feed(&moved, 1 + data[0] % 32, (const char *)data + 1, size - 1);
    if (!sink_stream_same(&moved, &slow) || moved.stream.sequence != slow.stream.sequence)
        abort();
    sink_stream_fini(&moved);
    sink_stream_fini(&fast);
    sink_stream_fini(&slow);
    return 0;
}
