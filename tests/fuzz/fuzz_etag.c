/* SPDX-License-Identifier: BSD-2-Clause */
/* If-None-Match as clients send it. */
#include "process/etag.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char tag[] = "\"0123456789abcdef\"";
    char *list = strndup((const char *)data, size);

    if (!list)
        abort();
    if (etag_matches(list, tag) && !strstr(list, tag) && !strchr(list, '*'))
        abort();
    free(list);
    return 0;
}
