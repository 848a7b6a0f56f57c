/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/utf8.h"

#include <string.h>

static bool utf8_between(unsigned char c, unsigned char low, unsigned char high)
{
    return c >= low && c <= high;
}

size_t utf8_sequence(const char *text, size_t n, size_t *bad)
{
    const unsigned char *s = (const unsigned char *)text;
    unsigned char low = 0x80, high = 0xbf;
    size_t need, good = 1;

    if (bad)
        *bad = 1;
    if (s[0] < 0x80)
        return 1;
    if (s[0] < 0xc2 || s[0] > 0xf4)
        return 0;
    need = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    /* The second byte's range depends on the first where overlong forms and surrogates begin. */
    if (s[0] == 0xe0)
        low = 0xa0;
    else if (s[0] == 0xed)
        high = 0x9f;
    else if (s[0] == 0xf0)
        low = 0x90;
    else if (s[0] == 0xf4)
        high = 0x8f;
    while (good < need && good < n && utf8_between(s[good], low, high)) {
        good++;
        low = 0x80;
        high = 0xbf;
    }
    if (good == need)
        return need;
    if (bad)
        *bad = good;
    return 0;
}

bool utf8_valid(const char *s, size_t n)
{
    while (n > 0) {
        size_t step = utf8_sequence(s, n, NULL);
        if (step == 0)
            return false;
        s += step;
        n -= step;
    }
    return true;
}

size_t utf8_encode(unsigned code, char out[4])
{
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        code = 0xfffd;
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 63));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xe0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 63));
        out[2] = (char)(0x80 | (code & 63));
        return 3;
    }
    out[0] = (char)(0xf0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 63));
    out[2] = (char)(0x80 | (code >> 6 & 63));
    out[3] = (char)(0x80 | (code & 63));
    return 4;
}

static int utf8_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int utf8_hex4(const char *s, size_t n)
{
    int value = 0;

    if (n < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = utf8_hex_digit(s[i]);
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

size_t utf8_cut(const char *text, size_t n)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t first = n, need;

    while (first > 0 && n - first < 3 && (s[first - 1] & 0xc0) == 0x80)
        first--;
    if (first == 0 || s[first - 1] < 0xc0)
        return n;
    need = s[--first] < 0xe0 ? 2 : s[first] < 0xf0 ? 3 : 4;
    return n - first < need ? first : n;
}

void utf8_mend_end(char *text)
{
    text[utf8_cut(text, strlen(text))] = '\0';
}

size_t utf8_length(const char *s, size_t n)
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        count += ((unsigned char)s[i] & 0xc0) != 0x80;
    return count;
}

unsigned utf8_code(const char *text, size_t n)
{
    const unsigned char *s = (const unsigned char *)text;
    unsigned code = n == 1 ? s[0] : s[0] & (0xffu >> (n + 1));

    for (size_t i = 1; i < n; i++)
        code = code << 6 | (s[i] & 0x3f);
    return code;
}

/* PropList.txt 15.0: White_Space and Default_Ignorable_Code_Point below U+FFFF; control
 * characters. */
static bool utf8_is_unseen(unsigned code)
{
    static const struct {
        unsigned first, last;
    } unseen[] = {
        {0x0000, 0x0020},
        {0x007f, 0x00a0},
        {0x00ad, 0x00ad},
        {0x034f, 0x034f},
        {0x061c, 0x061c},
        {0x115f, 0x1160},
        {0x1680, 0x1680},
        {0x17b4, 0x17b5},
        {0x180b, 0x180f},
        {0x2000, 0x200f},
        {0x2028, 0x202f},
        {0x205f, 0x206f},
        {0x3000, 0x3000},
        {0x3164, 0x3164},
        {0xfe00, 0xfe0f},
        {0xfeff, 0xfeff},
        {0xffa0, 0xffa0},
    };

    for (size_t i = 0; i < sizeof unseen / sizeof unseen[0]; i++)
        if (code >= unseen[i].first && code <= unseen[i].last)
            return true;
    return false;
}

bool utf8_blank(const char *s, size_t n)
{
    for (size_t at = 0; at < n;) {
        size_t step = utf8_sequence(s + at, n - at, NULL);
        if (!step || !utf8_is_unseen(utf8_code(s + at, step)))
            return false;
        at += step;
    }
    return true;
}
