#include "store/resp.h"

#include <stdlib.h>
#include <string.h>

#define RESP_DEPTH_MAX 8
#define RESP_NUMBER_MAX 32

void resp_count(struct buf *b, char mark, size_t n)
{
    char text[24], *p = text + sizeof(text);

    *--p = '\n';
    *--p = '\r';
    do
        *--p = (char)('0' + n % 10);
    while (n /= 10);
    *--p = mark;
    buf_put(b, p, (size_t)(text + sizeof(text) - p));
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

/* The number behind the mark at `at`. Returns where its line ends, 0 = incomplete, -1 = no RESP. */
static long resp_number(const char *bytes, size_t len, size_t at, long *value)
{
    const char *line = memchr(bytes + at, '\n', len - at);
    char text[RESP_NUMBER_MAX + 1], *end;
    size_t digits;

    if (!line)
        return len - at > RESP_NUMBER_MAX ? -1 : 0;
    digits = (size_t)(line - bytes) - at - 1;
    if (digits < 2 || digits > RESP_NUMBER_MAX)
        return -1;
    memcpy(text, bytes + at + 1, digits);
    text[digits] = '\0';
    *value = strtol(text, &end, 10);
    return end == text || strcmp(end, "\r") != 0 ? -1 : line + 1 - bytes;
}

/* As resp_length, from `at`; the result counts from the start of bytes. */
static long resp_end(const char *bytes, size_t len, size_t at, int depth)
{
    const char *line;
    long next, n = 0;

    if (at >= len)
        return 0;
    switch (bytes[at]) {
    case '+':
    case '-':
        line = memchr(bytes + at, '\n', len - at);
        return line ? line + 1 - bytes : 0;
    case ':':
        return resp_number(bytes, len, at, &n);
    case '$':
        next = resp_number(bytes, len, at, &n);
        if (next <= 0 || n < 0)
            return next;
        if ((size_t)n > len || (size_t)next + (size_t)n + 2 > len)
            return 0;
        return next + n + 2;
    case '*':
        next = depth < RESP_DEPTH_MAX ? resp_number(bytes, len, at, &n) : -1;
        for (; next > 0 && n > 0; n--)
            next = resp_end(bytes, len, (size_t)next, depth + 1);
        return next;
    default:
        return -1;
    }
}

long resp_length(const char *bytes, size_t len)
{
    return resp_end(bytes, len, 0, 0);
}
