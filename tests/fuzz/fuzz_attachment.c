/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_attachment -- bytes that users send as files: what they are, and their base64. */
#include "base/base64.h"
#include "base/err.h"
#include "base/media.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(const void *bytes, size_t len)
{
    char why[MEDIA_WHY_SIZE] = "", type[MEDIA_TYPE_SIZE];
    struct media m;
    int error = media_look(bytes, len, &m, why);

    if (error != 0 && why[0] == '\0')
        abort();
    if (error != 0)
        return;
    if (m.kind == MEDIA_IMAGE && (m.width == 0 || m.height == 0 || m.width > MEDIA_SIDE_MAX))
        abort();
    if (m.kind == MEDIA_PDF && m.pages == 0)
        abort();
    if (!media_agrees(&m, m.type) || !media_agrees(&m, ""))
        abort();
    media_type(&m, m.type, type);
    if (strcmp(type, m.type) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *out = malloc(BASE64_MAX(size));
    if (!out)
        return 0;
    look(data, size);
    for (int form = BASE64_LINES; form <= BASE64_URL; form++) {
        long n = base64_decode((const char *)data, size, (enum base64_form)form, out);
        if (n > (long)BASE64_MAX(size))
            abort();
        if (n > 0)
            look(out, (size_t)n);
    }
    free(out);
    return 0;
}
