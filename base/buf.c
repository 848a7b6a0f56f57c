/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/buf.h"

#include "base/err.h"
#include "base/utf8.h"

#include <float.h>
#include <math.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 64
#define DOUBLED_SIZE 8192 /* up to this a buffer doubles; later it grows by a quarter */

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){.max = max};
}

void buf_free(struct buf *b)
{
    free(b->data);
    buf_init(b, b->max);
}

void buf_reset(struct buf *b)
{
    b->len = 0;
    b->error = 0;
    if (b->data)
        b->data[0] = 0;
}

static int buf_grow(struct buf *b, size_t need)
{
    size_t cap = b->cap ? b->cap : FIRST_SIZE;

    while (cap < need)
        cap = cap > SIZE_MAX / 2 ? need : cap < DOUBLED_SIZE ? cap * 2 : cap + cap / 4;
    if (b->max && cap > b->max + 1)
        cap = b->max + 1;
    char *data = realloc(b->data, cap);
    if (!data)
        return b->error = ERR_NOMEM;
    data[b->len] = 0;
    b->data = data;
    b->cap = cap;
    return 0;
}

int buf_reserve(struct buf *b, size_t n)
{
    if (b->error)
        return b->error;
    if (n >= SIZE_MAX - b->len - 1 || (b->max && n > b->max - b->len))
        return b->error = ERR_LIMIT;
    if (b->len + n + 1 <= b->cap)
        return 0;
    return buf_grow(b, b->len + n + 1);
}

void buf_put(struct buf *b, const void *bytes, size_t n)
{
    if (n == 0 || buf_reserve(b, n) != 0)
        return;
    memcpy(b->data + b->len, bytes, n);
    b->len += n;
    b->data[b->len] = 0;
}

void buf_puts(struct buf *b, const char *s)
{
    buf_put(b, s, strlen(s));
}

void buf_putc(struct buf *b, char c)
{
    buf_put(b, &c, 1);
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list args, again;

    if (b->error)
        return;
    va_start(args, format);
    va_copy(again, args);
    size_t room = b->cap - b->len;
    int n = vsnprintf(b->data ? b->data + b->len : NULL, room, format, args);
    if (n < 0) {
        b->error = ERR_LIMIT;
    } else if ((size_t)n < room) {
        b->len += (size_t)n;
    } else {
        if (b->data)
            b->data[b->len] = 0;
        if (buf_reserve(b, (size_t)n) == 0) {
            vsnprintf(b->data + b->len, (size_t)n + 1, format, again);
            b->len += (size_t)n;
        }
    }
    va_end(again);
    va_end(args);
}

void buf_put_utf8(struct buf *b, unsigned code)
{
    char bytes[4];

    buf_put(b, bytes, utf8_encode(code, bytes));
}

void buf_put_int(struct buf *b, long long value)
{
    char digits[24];
    char *p = digits + sizeof digits;
    unsigned long long rest = value < 0 ? 0 - (unsigned long long)value : (unsigned long long)value;

    do
        *--p = (char)('0' + rest % 10);
    while ((rest /= 10) != 0);
    if (value < 0)
        *--p = '-';
    buf_put(b, p, (size_t)(digits + sizeof digits - p));
}

/* Significant digits without trailing zeros, and the exponent of the first one. */
static int buf_digits(double value, char digits[20], int *exponent)
{
    char text[40];

    /* 15 digits come back the same after zeros are cut off, except below the normal numbers. */
    for (int precision = value < DBL_MIN ? 0 : 14; precision <= 16; precision++) {
        snprintf(text, sizeof text, "%.*e", precision, value);
        if (strtod(text, NULL) == value)
            break;
    }
    char *e = strchr(text, 'e');
    int n = 0;
    for (const char *p = text; p < e; p++)
        if (*p >= '0' && *p <= '9')
            digits[n++] = *p;
    while (n > 1 && digits[n - 1] == '0')
        n--;
    digits[n] = 0;
    *exponent = (int)strtol(e + 1, NULL, 10);
    return n;
}

/*
 * The form of ECMAScript's Number::toString, as RFC 8785 demands, but with an exponent from 1e18
 * on: a longer row of digits would be read as an integer that does not fit.
 */
void buf_put_double(struct buf *b, double value)
{
    char digits[20];
    int exponent;

    if (!isfinite(value)) {
        buf_puts(b, "null");
        return;
    }
    if (value < 0)
        buf_putc(b, '-');
    int n = buf_digits(fabs(value), digits, &exponent);
    if (exponent < -6 || exponent > 17) {
        buf_put(b, digits, 1);
        if (n > 1)
            buf_printf(b, ".%s", digits + 1);
        buf_printf(b, "e%+d", exponent);
    } else if (exponent < 0) {
        buf_printf(b, "0.%.*s%s", -exponent - 1, "000000", digits);
    } else if (n <= exponent + 1) {
        buf_printf(b, "%s%.*s", digits, exponent + 1 - n, "00000000000000000000");
    } else {
        buf_printf(b, "%.*s.%s", exponent + 1, digits, digits + exponent + 1);
    }
}

void buf_consume(struct buf *b, size_t n)
{
    if (!b->data)
        return;
    if (n > b->len)
        n = b->len;
    memmove(b->data, b->data + n, b->len - n + 1);
    b->len -= n;
}

void buf_cut(struct buf *b, size_t n)
{
    if (n >= b->len)
        return;
    b->len = n;
    b->data[n] = 0;
}

static bool buf_is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

static void buf_json_special(struct buf *b, unsigned char c)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt", hex[] = "0123456789abcdef";
    char text[6] = {'\\', 'u', '0', '0', hex[c >> 4 & 15], hex[c & 15]};
    const char *at = c ? strchr(from, c) : NULL;

    if (at) {
        text[1] = to[at - from];
        buf_put(b, text, 2);
    } else {
        buf_put(b, text, 6);
    }
}

void buf_json_escaped(struct buf *b, const char *s, size_t n)
{
    const char *p = s, *end = s + n, *start = s;
    size_t length, bad = 1;

    if (n == 0 || buf_reserve(b, n) != 0)
        return;
    while (p < end) {
        unsigned char c = (unsigned char)*p;
        if (buf_is_plain(c)) {
            p++;
            continue;
        }
        if (c >= 0x80 && (length = utf8_sequence(p, (size_t)(end - p), &bad)) != 0) {
            p += length;
            continue;
        }
        buf_put(b, start, (size_t)(p - start));
        if (c < 0x80) {
            buf_json_special(b, c);
            p++;
        } else {
            buf_put(b, "\xef\xbf\xbd", 3);
            p += bad;
        }
        start = p;
    }
    buf_put(b, start, (size_t)(p - start));
}

void buf_json_string(struct buf *b, const char *s, size_t n)
{
    buf_putc(b, '"');
    buf_json_escaped(b, s, n);
    buf_putc(b, '"');
}

void buf_put_base64(struct buf *b, const void *bytes, size_t n)
{
    enum { PIECE = 48 * 1024 };

    for (const unsigned char *p = bytes; n > 0;) {
        size_t piece = n < PIECE ? n : PIECE;
        if (buf_reserve(b, (n + 2) / 3 * 4) != 0) /* with room for its NUL */
            return;
        b->len += (size_t)EVP_EncodeBlock((unsigned char *)b->data + b->len, p, (int)piece);
        p += piece;
        n -= piece;
    }
}

void buf_json_text(struct buf *b, const char *s)
{
    buf_json_string(b, s, strlen(s));
}

void buf_json_member(struct buf *b, const char *name, const char *text)
{
    if (!text)
        return;
    buf_printf(b, ",\"%s\":", name);
    buf_json_string(b, text, strlen(text));
}

void buf_put_urlencoded(struct buf *b, const char *s, size_t n)
{
    static const char hex[] = "0123456789ABCDEF";

    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (letter || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~')
            buf_putc(b, (char)c);
        else
            buf_put(b, (char[]){'%', hex[c >> 4], hex[c & 15]}, 3);
    }
}

int buf_error(const struct buf *b)
{
    return b->error;
}

const char *buf_text(const struct buf *b)
{
    return b->data ? b->data : "";
}

char *buf_take(struct buf *b, size_t *lenp)
{
    if (b->error || buf_reserve(b, 0) != 0)
        return NULL;
    char *data = b->data;
    if (lenp)
        *lenp = b->len;
    buf_init(b, b->max);
    return data;
}
