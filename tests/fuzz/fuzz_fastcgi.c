/* SPDX-License-Identifier: BSD-2-Clause */
/* A reply from a FastCGI peer, in two pieces: read, or refused, within its bounds. */
#include "base/err.h"
#include "wire/fastcgi/fastcgi_client.h"

#include <stdint.h>
#include <stdlib.h>

#define MAX_BYTES 1024

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fastcgi_reply r;
    size_t cut = size > 0 ? data[0] % size : 0, len;
    int rc;

    fastcgi_reply_init(&r, MAX_BYTES);
    rc = fastcgi_reply_feed(&r, data, cut);
    if (rc == 0)
        rc = fastcgi_reply_feed(&r, data + cut, size - cut);
    if (rc != 0 && rc != 1 && rc != ERR_FULL && rc != ERR_PROTOCOL && rc != ERR_LIMIT)
        abort();
    if (fastcgi_reply_reusable(&r) && rc != 1 && rc != ERR_FULL)
        abort();
    if (rc == 1 && (r.status < 100 || r.status > 999 || r.body.len > MAX_BYTES))
        abort();
    fastcgi_reply_header(&r, "Status", &len);
    fastcgi_reply_fini(&r);
    return 0;
}
