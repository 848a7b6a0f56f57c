/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/redis/resp.h"

#include <string.h>

void resp_count(struct buf *b, char mark, size_t n)
{
    char text[24], *p = text + sizeof text;

    *--p = '\n';
    *--p = '\r';
    do
        *--p = (char)('0' + n % 10);
    while (n /= 10);
    *--p = mark;
    buf_put(b, p, (size_t)(text + sizeof text - p));
}

void resp_arg(struct buf *b, const char *data, size_t len)
{
    resp_count(b, '$', len);
    buf_put(b, data, len);
    buf_put(b, "\r\n", 2);
}

void resp_text(struct buf *b, const char *text)
{
    resp_arg(b, text, strlen(text));
}
