/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* MAP_ANONYMOUS, MADV_DONTDUMP */
#endif
#include "base/secret.h"

#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

struct secret { /* at the start of its pages */
    size_t bytes;
    char text[];
};

static char secret_none[1]; /* never written */

char *secret_dup(const char *text)
{
    size_t len = strlen(text), bytes = offsetof(struct secret, text) + len + 1;
    struct secret *s;

    if (len == 0)
        return secret_none;
    s = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
        /* cppcheck-suppress invalidFunctionArg */
        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED)
        return NULL;
    (void)madvise(s, bytes, MADV_DONTDUMP); /* cannot fail on pages that are there */
    s->bytes = bytes;
    memcpy(s->text, text, len);
    return s->text;
}

void secret_free(char *text)
{
    struct secret *s;
    size_t bytes;

    if (!text || text == secret_none)
        return;
    s = (struct secret *)(void *)(text - offsetof(struct secret, text));
    bytes = s->bytes;
    explicit_bzero(s, bytes);
    munmap(s, bytes);
}
