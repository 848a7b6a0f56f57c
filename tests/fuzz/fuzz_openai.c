/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A model's stream: the fast path and the documents must say the same, however the bytes are cut.
 * First byte: how to cut; its top bit: thoughts may stand between tags.
 */
#include "tests/unit/sink_text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sink_stream fast, slow;

    if (size < 2)
        return 0;
    sink_stream_begin(&fast, &provider_openai, false);
    sink_stream_begin(&slow, &provider_openai, true);
    strcpy(fast.stream.maker, "openai-1");
    strcpy(slow.stream.maker, "openai-1");
    fast.stream.think_tags = slow.stream.think_tags = data[0] & 128;
    sink_stream_feed(&fast, (const char *)data + 1, size - 1, data[0] % 64);
    sink_stream_feed(&slow, (const char *)data + 1, size - 1, 0);
    if (!sink_stream_same(&fast, &slow))
        abort();
    sink_stream_fini(&fast);
    sink_stream_fini(&slow);
    return 0;
}
