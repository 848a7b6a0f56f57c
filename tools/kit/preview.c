/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/preview.h"

#include "base/err.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MARKS_MAX 2
#define MESSAGE_MAX 1000

/* First and last of what is not shown: Unicode's controls, format characters, private use, fillers
 * and variation selectors. */
static const unsigned hidden[][2] = {{0x00, 0x1F}, {0x7F, 0x9F}, {0xAD, 0xAD}, {0x34F, 0x34F},
    {0x600, 0x605}, {0x61C, 0x61C}, {0x6DD, 0x6DD}, {0x70F, 0x70F}, {0x890, 0x891}, {0x8E2, 0x8E2},
    {0x115F, 0x1160}, {0x17B4, 0x17B5}, {0x180B, 0x180F}, {0x200B, 0x200F}, {0x2028, 0x202E},
    {0x2060, 0x206F}, {0x2800, 0x2800}, {0x3164, 0x3164}, {0xE000, 0xF8FF}, {0xFE00, 0xFE0F},
    {0xFEFF, 0xFEFF}, {0xFFA0, 0xFFA0}, {0xFFF0, 0xFFFB}, {0x110BD, 0x110BD}, {0x110CD, 0x110CD},
    {0x13430, 0x1343F}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
    {0xF0000, 0x10FFFF}};
/* Marks that are put on the character before. */
static const unsigned marks[][2] = {{0x300, 0x34E}, {0x350, 0x36F}, {0x483, 0x489},
    {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x20D0, 0x20FF}, {0xFE20, 0xFE2F}};
static const unsigned blanks[][2] = {{0x09, 0x0D}, {0x20, 0x20}, {0x85, 0x85}, {0xA0, 0xA0},
    {0x1680, 0x1680}, {0x2000, 0x200A}, {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F},
    {0x3000, 0x3000}};
/* What looks like the quotes around it. */
static const unsigned quotes[][2] = {{0x22, 0x22}, {0x2BA, 0x2BA}, {0x2DD, 0x2DD}, {0x2EE, 0x2EE},
    {0x2F6, 0x2F6}, {0x5F4, 0x5F4}, {0x1CD3, 0x1CD3}, {0x201C, 0x201F}, {0x2033, 0x2034},
    {0x2036, 0x2037}, {0x2057, 0x2057}, {0x2760, 0x2760}, {0x3003, 0x3003}, {0x275D, 0x275E},
    {0x301D, 0x301F}, {0xFF02, 0xFF02}};

#define IS_IN(table, c) preview_is_in(table, sizeof table / sizeof *table, c)
static bool preview_is_in(const unsigned table[][2], size_t count, unsigned c)
{
    for (size_t i = 0; i < count; i++)
        if (c >= table[i][0] && c <= table[i][1])
            return true;
    return false;
}

bool preview_is_hidden(unsigned code)
{
    return IS_IN(hidden, code);
}

/* The next character of at most n bytes; what is not well formed is U+FFFD. */
static size_t preview_next(const char *s, size_t n, unsigned *c)
{
    size_t bad = 1, len = utf8_sequence(s, n, &bad);

    *c = 0xFFFD;
    if (!len)
        return bad;
    *c = (unsigned char)*s & (len == 1 ? 0x7F : 0x7F >> len);
    for (size_t i = 1; i < len; i++)
        *c = *c << 6 | ((unsigned char)s[i] & 0x3F);
    return len;
}

/* Characters until max are in `out`. Returns false when there are more. */
static bool preview_put_clean(struct buf *out, const char *text, size_t max)
{
    size_t left = strlen(text), count = 0, on_one = 0;
    bool blank = false;
    unsigned c;

    while (left) {
        size_t len = preview_next(text, left, &c);
        const char *at = text;
        text += len;
        left -= len;
        if (IS_IN(blanks, c)) {
            blank = count > 0;
            continue;
        }
        on_one = IS_IN(marks, c) ? on_one + 1 : 0;
        if (IS_IN(hidden, c) || on_one > MARKS_MAX)
            continue;
        if (count == max)
            return false;
        if (blank)
            buf_putc(out, ' ');
        blank = false;
        count++;
        if (IS_IN(quotes, c))
            buf_putc(out, '\'');
        else if (c == 0xFFFD)
            buf_putc(out, '?');
        else
            buf_put(out, at, len);
    }
    return true;
}

const char *preview_text(struct arena *arena, const char *text, size_t max)
{
    struct buf out = {0};
    const char *copy;

    buf_putc(&out, '"');
    if (!preview_put_clean(&out, text ? text : "", max))
        buf_puts(&out, "...");
    buf_putc(&out, '"');
    copy = buf_error(&out) ? NULL : arena_strdup(arena, buf_text(&out));
    buf_free(&out);
    return copy;
}

static void preview_put_escape(struct buf *out, unsigned c)
{
    if (c > 0xFFFF) {
        buf_printf(out, "\\u%04x", 0xD7C0 + (c >> 10)); /* the pair of UTF-16 */
        c = 0xDC00 + (c & 0x3FF);
    }
    buf_printf(out, "\\u%04x", c);
}

void preview_json(struct buf *out, const char *json, size_t max)
{
    size_t left = strlen(json), taken = 0, on_one = 0;
    unsigned c;

    for (size_t len; taken < left; taken += len) {
        len = preview_next(json + taken, left - taken, &c);
        if (taken + len > max) {
            buf_puts(out, "...");
            return;
        }
        on_one = IS_IN(marks, c) ? on_one + 1 : 0;
        if ((c != ' ' && IS_IN(blanks, c)) || IS_IN(hidden, c) || on_one > MARKS_MAX)
            preview_put_escape(out, c);
        else
            buf_put(out, json + taken, len);
    }
}

int preview_say(struct tools_run *run, const char *format, ...)
{
    char text[MESSAGE_MAX * 4];
    va_list ap;

    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    run->preview = arena_strdup(run->arena, text);
    return run->preview ? 0 : ERR_NOMEM;
}

int preview_title(struct tools_run *run, const jdoc *from, const char *key, const char *before,
    const char *after)
{
    const char *title = preview_text(run->arena, jdoc_text_or(from, key, ""), PREVIEW_TITLE);

    return title ? preview_say(run, "%s%s%s", before, title, after) : ERR_NOMEM;
}
