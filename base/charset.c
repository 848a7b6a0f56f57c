/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/charset.h"

#include "base/utf8.h"

#include <string.h>

#define LOOKED_AT 512 /* bytes, for UTF-16 without a mark */
#define UNKNOWN 0xFFFDu

static const char *const charset_names[CHARSET_KINDS] = {"utf-8", "utf-16le", "utf-16be",
    "windows-1252"};
static const struct charset_mark {
    const char *bytes;
    size_t len;
} charset_marks[CHARSET_KINDS] = {{"\xEF\xBB\xBF", 3}, {"\xFF\xFE", 2}, {"\xFE\xFF", 2}, {"", 0}};

/* Windows-1252 from 0x80 to 0x9F; 0 = none. */
static const unsigned short charset_1252[32] = {0x20AC, 0, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020,
    0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017D, 0, 0, 0x2018, 0x2019, 0x201C, 0x201D,
    0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0, 0x017E, 0x0178};

const char *charset_name(enum charset c)
{
    return charset_names[c];
}

enum charset charset_named(const char *name)
{
    size_t c = 0;

    while (c < CHARSET_KINDS && strcmp(name, charset_names[c]) != 0)
        c++;
    return (enum charset)c;
}

static bool charset_has_mark(enum charset c, const char *text, size_t len)
{
    const struct charset_mark *mark = &charset_marks[c];

    return mark->len > 0 && len >= mark->len && memcmp(text, mark->bytes, mark->len) == 0;
}

enum charset charset_guess(const char *text, size_t len)
{
    size_t zeros[2] = {0, 0}, looked = len < LOOKED_AT ? len : LOOKED_AT;

    for (int c = 0; c < CHARSET_KINDS; c++)
        if (charset_has_mark((enum charset)c, text, len))
            return (enum charset)c;
    for (size_t i = 0; i < looked; i++)
        zeros[i % 2] += text[i] == '\0';
    if (len % 2 == 0 && zeros[0] == 0 && zeros[1] * 10 > looked * 3)
        return CHARSET_UTF16LE;
    if (len % 2 == 0 && zeros[1] == 0 && zeros[0] * 10 > looked * 3)
        return CHARSET_UTF16BE;
    return utf8_valid(text, len) ? CHARSET_UTF8 : CHARSET_1252;
}

static void charset_put_utf16(struct buf *out, const unsigned char *at, size_t len, bool big)
{
    for (size_t i = 0; i + 1 < len; i += 2) {
        unsigned code = (unsigned)at[i + big] | (unsigned)at[i + !big] << 8;
        if ((code & 0xFC00u) == 0xD800u && i + 3 < len) {
            unsigned low = (unsigned)at[i + 2 + big] | (unsigned)at[i + 2 + !big] << 8;
            if ((low & 0xFC00u) == 0xDC00u) {
                code = 0x10000u + ((code & 0x3FFu) << 10 | (low & 0x3FFu));
                i += 2;
            }
        }
        buf_put_utf8(out, code); /* half of a pair becomes U+FFFD there */
    }
    if (len % 2)
        buf_put_utf8(out, UNKNOWN);
}

static void charset_put_1252(struct buf *out, const unsigned char *at, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned code = at[i];
        if (code >= 0x80 && code < 0xA0)
            code = charset_1252[code - 0x80] ? charset_1252[code - 0x80] : UNKNOWN;
        buf_put_utf8(out, code);
    }
}

static void charset_put_utf8(struct buf *out, const char *at, size_t len)
{
    while (len > 0) {
        size_t bad = 1, n = utf8_sequence(at, len, &bad);
        if (n > 0)
            buf_put(out, at, n);
        else
            buf_put_utf8(out, UNKNOWN);
        n = n > 0 ? n : bad;
        at += n;
        len -= n;
    }
}

void charset_put(struct buf *out, enum charset c, const char *text, size_t len)
{
    size_t mark = charset_has_mark(c, text, len) ? charset_marks[c].len : 0;
    const unsigned char *at = (const unsigned char *)text + mark;

    len -= mark;
    if (c == CHARSET_UTF16LE || c == CHARSET_UTF16BE)
        charset_put_utf16(out, at, len, c == CHARSET_UTF16BE);
    else if (c == CHARSET_1252)
        charset_put_1252(out, at, len);
    else
        charset_put_utf8(out, text + mark, len);
}
