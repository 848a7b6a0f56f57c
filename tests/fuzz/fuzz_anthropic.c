/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A model's stream: the fast path and the documents must say the same, however the bytes are cut.
 * First byte: how to cut.
 */
#include "tests/unit/sink_text.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sink_stream fast, slow;

    if (size < 2)
        return 0;
    sink_stream_run(&fast, &provider_anthropic, false, (const char *)data + 1, size - 1,
        data[0] % 64);
    sink_stream_run(&slow, &provider_anthropic, true, (const char *)data + 1, size - 1, 0);
    if (!sink_stream_same(&fast, &slow))
        abort();
    sink_stream_fini(&fast);
    sink_stream_fini(&slow);
    return 0;
}
