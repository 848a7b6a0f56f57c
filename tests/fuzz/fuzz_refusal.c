/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a model's server says when it refuses a request: read, and answered by other requests until
 * there is nothing more to try. The first byte chooses the status.
 */
#include "agent/model/refusal.h"
#include "base/log.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const long statuses[] = {400, 404, 413, 422, 200};
    struct context_frame frame = {0};
    struct chat_file file = {.kind = MEDIA_IMAGE};
    struct chat_message items[3] = {{.role = CHAT_USER}, {.role = CHAT_ASSISTANT},
        {.role = CHAT_USER, .files = &file}};
    struct context context = {.frame = &frame, .items = items, .count = 3};
    struct refusal_state state = {0};
    struct quirks known = {0};
    unsigned tries = 0;

    if (!size)
        return 0;
    struct refusal_case c = {.provider = "p",
        .body = (const char *)data + 1,
        .body_len = size - 1,
        .status = statuses[data[0] % 5],
        .sent = data[0] & 128 ? 0 : UINT64_MAX,
        .output = 2048,
        .request_bytes = 100000,
        .context = &context};
    items[2].file_count = data[0] & 64 ? 1 : 0;
    log_level_set(LOG_LEVEL_ERROR);
    while (refusal_adapt(&state, &c, &known)) {
        if (++tries > 14 || known.output_max < 0 || known.output_max >= 2048 ||
            state.limits.room < 0)
            abort();
        context.reduced = state.limits.reduced;
    }
    return 0;
}
