/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/stream/stream_render.h"

#include "workers/stream/aisdk.h"
#include "workers/stream/stream_openai.h"

#include <stddef.h>
#include <string.h>

/* One row for each dialect. */
static const struct stream_render *const stream_render_rows[] = {
    &aisdk_render,
    &stream_openai_chat_render,
    &stream_openai_response_render,
    NULL,
};

const struct stream_render *stream_render_find(const char *name)
{
    for (size_t i = 0; stream_render_rows[i]; i++) {
        if (strcmp(stream_render_rows[i]->name, name) == 0)
            return stream_render_rows[i];
    }
    return NULL;
}
