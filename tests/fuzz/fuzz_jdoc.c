/* SPDX-License-Identifier: BSD-2-Clause */
/* What was read and written must be read again and written the same. */
#include "base/jdoc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    jdoc *first = NULL, *second = NULL;
    struct buf once = {0}, twice = {0};
    char why[160];

    if (jdoc_parse((const char *)data, size, &first, why, sizeof why) != 0)
        return 0;
    jdoc_write(first, &once);
    if (buf_error(&once) || jdoc_parse(buf_text(&once), once.len, &second, why, sizeof why) != 0)
        abort();
    jdoc_write(second, &twice);
    if (once.len != twice.len || memcmp(buf_text(&once), buf_text(&twice), once.len) != 0)
        abort();
    buf_reset(&once);
    buf_reset(&twice);
    jdoc_write_canonical(first, &once);
    jdoc_write_canonical(second, &twice);
    if (strcmp(buf_text(&once), buf_text(&twice)) != 0)
        abort();
    jdoc_free(first);
    jdoc_free(second);
    buf_free(&once);
    buf_free(&twice);
    return 0;
}
