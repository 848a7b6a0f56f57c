/* SPDX-License-Identifier: BSD-2-Clause */
/* interchange: what a text is written in. */
#include "tools/calendar/interchange_parts.h"

#include "base/utf8.h"

#include <string.h>

/* Windows-1252 from 0x80 to 0x9F; 0 = none. */
static const unsigned short interchange_1252[32] = {0x20AC, 0, 0x201A, 0x0192, 0x201E, 0x2026,
    0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017D, 0, 0, 0x2018, 0x2019, 0x201C,
    0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0, 0x017E, 0x0178};

#define INTERCHANGE_UNKNOWN 0xFFFD

static unsigned interchange_unit(const unsigned char *at, bool big)
{
    return big ? (unsigned)at[0] << 8 | at[1] : (unsigned)at[1] << 8 | at[0];
}

static char *interchange_from_utf16(struct arena *arena, const char *text, size_t size, bool big,
    size_t *len)
{
    const unsigned char *from = (const unsigned char *)text;
    char *out = arena_alloc(arena, size / 2 * 3 + 4);
    size_t n = 0;

    for (size_t i = 0; out && i + 1 < size; i += 2) {
        unsigned code = interchange_unit(from + i, big);
        unsigned next = i + 3 < size ? interchange_unit(from + i + 2, big) : 0;
        if ((code & 0xFC00) == 0xD800 && (next & 0xFC00) == 0xDC00) {
            code = 0x10000 + ((code & 0x3FF) << 10 | (next & 0x3FF));
            i += 2;
        }
        n += utf8_encode(code, out + n);
    }
    *len = n;
    return out;
}

static char *interchange_from_1252(struct arena *arena, const char *text, size_t size, size_t *len)
{
    char *out = arena_alloc(arena, size * 3 + 4);
    size_t n = 0;

    for (size_t i = 0; out && i < size; i++) {
        unsigned code = (unsigned char)text[i];
        if (code >= 0x80 && code < 0xA0)
            code =
                interchange_1252[code - 0x80] ? interchange_1252[code - 0x80] : INTERCHANGE_UNKNOWN;
        n += utf8_encode(code, out + n);
    }
    *len = n;
    return out;
}

/* Some programs fold a line within a character: without the folds it is whole again. */
static char *interchange_unfold(struct arena *arena, const char *text, size_t size, size_t *len)
{
    char *out = arena_alloc(arena, size + 1);
    size_t n = 0;

    for (size_t i = 0; out && i < size; i++) {
        size_t end = i + (text[i] == '\r' && i + 1 < size && text[i + 1] == '\n');
        if (text[end] == '\n' && end + 1 < size && (text[end + 1] == ' ' || text[end + 1] == '\t'))
            i = end + 1;
        else
            out[n++] = text[i];
    }
    *len = n;
    return out;
}

/* Big: out, its order of bytes. It begins with "BE" whatever comes, so that no mark is needed. */
static bool interchange_is_utf16(const char *text, size_t len, size_t *mark, bool *big)
{
    static const struct {
        char bytes[2];
        size_t mark;
        bool big;
    } begins[] = {{"\xFE\xFF", 2, true}, {"\xFF\xFE", 2, false}, {"\0B", 0, true},
        {"B\0", 0, false}};

    for (size_t i = 0; len >= 4 && i < sizeof begins / sizeof *begins; i++) {
        if (memcmp(text, begins[i].bytes, 2) != 0)
            continue;
        *mark = begins[i].mark;
        *big = begins[i].big;
        return true;
    }
    return false;
}

int interchange_decode(struct arena *arena, const char **text, size_t *len, bool *guessed)
{
    size_t size = *len, mark = 0;
    const char *in = *text, *out = in;
    bool big = false;

    *guessed = false;
    if (size >= 3 && memcmp(in, "\xEF\xBB\xBF", 3) == 0) {
        out = in += 3;
        *len = size -= 3;
    } else if (interchange_is_utf16(in, size, &mark, &big)) {
        out = interchange_from_utf16(arena, in + mark, size - mark, big, len);
    }
    if (out == in && !utf8_valid(in, size)) {
        out = interchange_unfold(arena, in, size, len);
        if (out && !utf8_valid(out, *len)) {
            *guessed = true;
            out = interchange_from_1252(arena, in, size, len);
        }
    }
    while (out && *len > 0 && *out != 0 && strchr(" \t\r\n", *out)) {
        out++;
        --*len;
    }
    *text = out;
    return out ? 0 : ERR_NOMEM;
}
