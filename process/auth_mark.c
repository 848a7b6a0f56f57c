/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/auth_mark.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void auth_mark_write(const struct auth_mark *mark, char out[AUTH_MARK_SIZE])
{
    if (mark->kind)
        snprintf(out, AUTH_MARK_SIZE, "%c%016" PRIx64 ".%" PRId64, mark->kind, mark->id,
            mark->issued_ms);
    else
        snprintf(out, AUTH_MARK_SIZE, "-");
}

bool auth_mark_read(const char *text, struct auth_mark *out)
{
    int end = 0;

    *out = (struct auth_mark){0};
    if (strcmp(text, "-") == 0)
        return true;
    if ((*text != 'k' && *text != 'j') || strlen(text) >= AUTH_MARK_SIZE ||
        sscanf(text + 1, "%16" SCNx64 ".%" SCNd64 "%n", &out->id, &out->issued_ms, &end) != 2 ||
        text[1 + end]) {
        *out = (struct auth_mark){0};
        return false;
    }
    out->kind = *text;
    return true;
}
