/* SPDX-License-Identifier: BSD-2-Clause */
/* vcard, second part: characters and lines. */
#include "base/utf8.h"
#include "tools/person/vcard_parts.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LINE_MAX_BYTES ((size_t)1 << 20) /* of one property with its folds: a picture is long */
#define UTF16_HIGH 0xD800U
#define UTF16_LOW 0xDC00U
#define UTF16_END 0xE000U

/* --- characters --- */

static void vcard_put_latin1(struct buf *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        buf_put_utf8(out, (unsigned char)text[i]);
}

/* UTF-16 with its mark as UTF-8; halves of pairs become a question mark. */
static void vcard_put_utf16(struct buf *out, const unsigned char *p, size_t len, bool big)
{
    for (size_t i = 0; i + 1 < len; i += 2) {
        unsigned code = big ? p[i] * 256U + p[i + 1] : p[i + 1] * 256U + p[i];
        if (code >= UTF16_HIGH && code < UTF16_LOW && i + 3 < len) {
            unsigned low = big ? p[i + 2] * 256U + p[i + 3] : p[i + 3] * 256U + p[i + 2];
            if (low >= UTF16_LOW && low < UTF16_END) {
                code = 0x10000U + ((code - UTF16_HIGH) << 10) + (low - UTF16_LOW);
                i += 2;
            }
        }
        buf_put_utf8(out, code == 0 || (code >= UTF16_HIGH && code < UTF16_END) ? '?' : code);
    }
}

void vcard_open_text(const char *text, size_t len, struct buf *own, struct vcard_source *out)
{
    const unsigned char *p = (const unsigned char *)text;

    *out = (struct vcard_source){.at = text, .end = text + len};
    if (len >= 2 && ((p[0] == 0xFF && p[1] == 0xFE) || (p[0] == 0xFE && p[1] == 0xFF))) {
        vcard_put_utf16(own, p + 2, len - 2, p[0] == 0xFE);
        out->at = buf_text(own);
        out->end = out->at + own->len;
    } else if (len >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0) {
        out->at = text + 3;
    }
}

static int vcard_hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 32);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Quoted-printable; a = that is none stays. */
static void vcard_put_quoted(struct buf *out, const char *p, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        int high = i + 2 < len && p[i] == '=' ? vcard_hex(p[i + 1]) : -1;
        int low = high >= 0 ? vcard_hex(p[i + 2]) : -1;
        if (low >= 0) {
            buf_putc(out, (char)(high * 16 + low));
            i += 2;
        } else {
            buf_putc(out, p[i]);
        }
    }
}

/* --- lines --- */

/* The next line of the file, without its end. Returns false at the end. */
static bool vcard_next_raw(struct vcard_source *r, const char **line, size_t *len)
{
    if (r->at >= r->end)
        return false;
    const char *stop = memchr(r->at, '\n', (size_t)(r->end - r->at));
    const char *next = stop ? stop + 1 : r->end;

    stop = stop ? stop : r->end;
    *line = r->at;
    *len = (size_t)(stop - r->at);
    while (*len > 0 && (*line)[*len - 1] == '\r')
        *len -= 1;
    r->at = next;
    r->line++;
    return true;
}

/* Appends the folds of a line: those that begin with a blank, or after a soft line break. */
static void vcard_unfold(struct vcard_source *r, struct buf *all, bool quoted)
{
    const char *line;
    size_t len;

    while (r->at < r->end) {
        bool soft = quoted && all->len > 0 && all->data[all->len - 1] == '=';
        if (!soft && *r->at != ' ' && *r->at != '\t')
            return;
        if (!vcard_next_raw(r, &line, &len))
            return;
        if (soft)
            buf_cut(all, all->len - 1);
        else if (len > 0) {
            line++;
            len--;
        }
        if (all->len + len <= LINE_MAX_BYTES)
            buf_put(all, line, len);
    }
}

static bool vcard_is(const char *text, size_t len, const char *word)
{
    return len == strlen(word) && strncasecmp(text, word, len) == 0;
}

/* One parameter: its encoding is what counts here. */
static void vcard_parameter(struct vcard_line *l, const char *p, size_t len)
{
    const char *equals = memchr(p, '=', len);

    if (equals) {
        if (!vcard_is(p, (size_t)(equals - p), "ENCODING"))
            return;
        len -= (size_t)(equals + 1 - p);
        p = equals + 1;
    }
    l->quoted |= vcard_is(p, len, "QUOTED-PRINTABLE") || vcard_is(p, len, "Q");
    l->base64 |= vcard_is(p, len, "BASE64") || vcard_is(p, len, "B");
}

/* The colon behind name and parameters; none within quotes. NULL when there is none. */
static const char *vcard_colon(const char *p, size_t len)
{
    bool within = false;

    for (size_t i = 0; i < len; i++) {
        within ^= p[i] == '"';
        if (p[i] == ':' && !within)
            return p + i;
    }
    return NULL;
}

static void vcard_head(struct vcard_line *l, const char *p, size_t len)
{
    const char *dot, *stop = memchr(p, ';', len);
    size_t n = stop ? (size_t)(stop - p) : len;

    dot = memchr(p, '.', n);
    if (dot) { /* a group: "item1.TEL" */
        n -= (size_t)(dot + 1 - p);
        len -= (size_t)(dot + 1 - p);
        p = dot + 1;
    }
    snprintf(l->name, sizeof l->name, "%.*s", n < VCARD_NAME_SIZE ? (int)n : 0, p);
    while (stop && stop < p + len) {
        const char *from = stop + 1;
        stop = memchr(from, ';', (size_t)(p + len - from));
        vcard_parameter(l, from, (size_t)((stop ? stop : p + len) - from));
    }
}

int vcard_next(struct vcard_source *r, struct vcard_line *l)
{
    struct buf all = {0};
    const char *line, *colon = NULL;
    size_t len = 0;

    l->quoted = l->base64 = false;
    l->name[0] = '\0';
    buf_reset(&l->value);
    if (!vcard_next_raw(r, &line, &len))
        return 0;
    if (len > LINE_MAX_BYTES) /* what is not kept has no colon either */
        len = LINE_MAX_BYTES;
    colon = vcard_colon(line, len);
    if (colon)
        vcard_head(l, line, (size_t)(colon - line));
    buf_put(&all, line, len);
    vcard_unfold(r, &all, l->quoted);
    const char *text = buf_text(&all);
    if (!colon) { /* the head itself may be folded */
        colon = vcard_colon(text, all.len);
        if (colon)
            vcard_head(l, text, (size_t)(colon - text));
    } else {
        colon = text + (colon - line);
    }
    if (colon && !l->base64) {
        struct buf raw = {0};
        size_t size = all.len - (size_t)(colon + 1 - text);
        if (l->quoted)
            vcard_put_quoted(&raw, colon + 1, size);
        else
            buf_put(&raw, colon + 1, size);
        if (utf8_valid(buf_text(&raw), raw.len))
            buf_put(&l->value, buf_text(&raw), raw.len);
        else
            vcard_put_latin1(&l->value, buf_text(&raw), raw.len);
        if (buf_error(&raw) && !buf_error(&l->value))
            l->name[0] = '\0';
        buf_free(&raw);
    }
    int error = buf_error(&all) ? ERR_NOMEM : buf_error(&l->value) ? ERR_NOMEM : 1;
    buf_free(&all);
    return error;
}
