/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/scopes.h"

#include <stdio.h>
#include <string.h>

static const char *const scopes_names[] = {
#define SCOPES_NAME_(name, text, help) text,
    SCOPES_TABLE(SCOPES_NAME_)
#undef SCOPES_NAME_
};

static unsigned scopes_find(const char *name, size_t len)
{
    for (unsigned i = 0; i < SCOPES_COUNT; i++) {
        if (strlen(scopes_names[i]) == len && memcmp(scopes_names[i], name, len) == 0)
            return 1u << i;
    }
    return 0;
}

int scopes_read(const char *text, unsigned *scopes, const char **bad, size_t *bad_len)
{
    unsigned found = 0;

    for (;;) {
        size_t len = strcspn(text, ",");
        unsigned one = scopes_find(text, len);

        *bad = text;
        *bad_len = len;
        if (!one)
            return ERR_INVALID;
        found |= one;
        if (!text[len])
            break;
        text += len + 1;
    }
    *scopes = found;
    return 0;
}

void scopes_write(unsigned scopes, char out[SCOPES_TEXT_SIZE])
{
    size_t len = 0;

    out[0] = '\0';
    for (unsigned i = 0; i < SCOPES_COUNT; i++) {
        if (scopes >> i & 1)
            len += (size_t)snprintf(out + len, SCOPES_TEXT_SIZE - len, "%s%s", len > 0 ? "," : "",
                scopes_names[i]);
    }
}

const char *scopes_name(unsigned scope)
{
    for (unsigned i = 0; i < SCOPES_COUNT; i++) {
        if (scope >> i & 1)
            return scopes_names[i];
    }
    return "none";
}
