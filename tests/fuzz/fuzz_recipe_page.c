/* SPDX-License-Identifier: BSD-2-Clause */
/* A stranger's web page: what is taken from it is bounded and valid UTF-8. */
#include "base/buf.h"
#include "base/err.h"
#include "tools/meals/recipe_page.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    jdoc *recipe = NULL, *again = NULL;
    struct buf json = {0};
    int error = recipe_page_read((const char *)data, size, &recipe);

    if (error && error != ERR_NOT_FOUND)
        abort();
    if (!error) {
        jdoc_write(recipe, &json);
        if (buf_error(&json) || jdoc_parse(buf_text(&json), json.len, &again, NULL, 0) != 0)
            abort();
    }
    jdoc_free(again);
    jdoc_free(recipe);
    buf_free(&json);
    return 0;
}
