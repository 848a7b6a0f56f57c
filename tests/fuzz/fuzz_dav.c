/* SPDX-License-Identifier: BSD-2-Clause */
/* What clients of WebDAV ask for in XML: read or refused; what the child that reads says is what it
 * has read. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "fcgi-app/dav_ask.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct dav_ask ask, told;
    struct arena *arena = arena_new();
    struct buf json = {0}, again = {0};

    if (!arena)
        abort();
    if (dav_ask_read((const char *)data, size, arena, &ask) == 0 &&
        (dav_ask_tell(&ask, &json) != 0 ||
            dav_ask_told(buf_text(&json), json.len, arena, &told) != 0 ||
            dav_ask_tell(&told, &again) != 0 || json.len != again.len ||
            memcmp(buf_text(&json), buf_text(&again), json.len) != 0))
        abort();
    buf_free(&json);
    buf_free(&again);
    arena_free(arena);
    return 0;
}
