/* Replies of Redis as they come off the socket: the length of the first, or that it is none. */
#include "store/resp.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    size_t at = 0;
    long length = 0;

    /* One after the other, as they are read; none is longer than what is there. */
    while (at < size && (length = resp_length(bytes + at, size - at)) > 0) {
        if ((size_t)length > size - at)
            abort();
        /* A part of it is no reply yet. */
        if (resp_length(bytes + at, (size_t)length - 1) > 0)
            abort();
        at += (size_t)length;
    }
    if (length < -1)
        abort();
    return 0;
}
