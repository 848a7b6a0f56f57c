/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/model/pieces.h"

#include "base/utf8.h"

#define MARK_BYTE 0x10F700u /* + byte, 0x80 to 0xFF */
#define MARK_HALF 0x10F800u /* + surrogate - 0xD800 */
#define MARK_FIRST 0x10F780u
#define MARK_LAST 0x10FFFFu
#define REPLACEMENT 0xFFFDu

static bool pieces_is_mark(unsigned code)
{
    return code >= MARK_FIRST && code <= MARK_LAST;
}

/* ---- marking ---- */

/* The value of "\uXXXX" at s, or -1. */
static int pieces_escape(const char *s, size_t n)
{
    return n < 6 || s[0] != '\\' || s[1] != 'u' ? -1 : utf8_hex4(s + 2, n - 2);
}

/* Bytes of what begins at s, a backslash or a byte from 0x80 on; 0 = a piece, to be marked. */
static size_t pieces_plain(const char *s, size_t n)
{
    if (*s != '\\') {
        size_t len = utf8_sequence(s, n, NULL);
        return len && !pieces_is_mark(utf8_code(s, len)) ? len : 0;
    }
    int high = pieces_escape(s, n), low = -1;
    if (high < 0xD800 || high > 0xDFFF)
        return n < 2 ? n : 2;
    if (high < 0xDC00)
        low = pieces_escape(s + 6, n - 6);
    if (low < 0xDC00 || low > 0xDFFF)
        return 0;
    return pieces_is_mark(0x10000u + ((unsigned)(high - 0xD800) << 10) + (unsigned)(low - 0xDC00)) ?
        0 :
        12;
}

/* The mark of the piece at s, half a pair or a byte. Returns the piece's bytes. */
static size_t pieces_put_mark(const char *s, size_t n, struct buf *out)
{
    int half = pieces_escape(s, n);

    if (half < 0) {
        buf_put_utf8(out, MARK_BYTE + (unsigned char)*s);
        return 1;
    }
    buf_put_utf8(out, MARK_HALF + (unsigned)(half - 0xD800));
    return 6;
}

/* Nothing is copied before the first piece: nearly no event has one. */
bool pieces_mark(const char *json, size_t len, struct buf *out)
{
    size_t at = 0, run = 0, step;
    bool marked = false;

    buf_reset(out);
    while (at < len) {
        unsigned char c = (unsigned char)json[at];
        step = c < 0x80 && c != '\\' ? 1 : pieces_plain(json + at, len - at);
        if (step) {
            at += step;
            continue;
        }
        marked = true;
        buf_put(out, json + run, at - run);
        at += pieces_put_mark(json + at, len - at, out);
        run = at;
    }
    if (marked)
        buf_put(out, json + run, at - run);
    return marked;
}

/* ---- joining ---- */

void pieces_end(struct pieces *p, struct buf *out)
{
    if (pieces_held(p))
        buf_put_utf8(out, REPLACEMENT);
    *p = (struct pieces){.count = 0};
}

static void pieces_join_byte(struct pieces *p, unsigned char byte, struct buf *out)
{
    size_t bad = 0;

    if (p->high)
        pieces_end(p, out);
    p->bytes[p->count++] = byte;
    if (utf8_sequence((char *)p->bytes, p->count, &bad)) {
        buf_put(out, (char *)p->bytes, p->count);
        p->count = 0;
    } else if (bad < p->count) { /* this byte does not go on with those before it */
        p->count = 0;
        buf_put_utf8(out, REPLACEMENT);
        pieces_join_byte(p, byte, out);
    } else if (p->count == 1 && (byte < 0xC2 || byte > 0xF4)) { /* nothing begins with it */
        pieces_end(p, out);
    }
}

static void pieces_join_half(struct pieces *p, unsigned half, struct buf *out)
{
    bool low = half >= 0xDC00;

    if (low && p->high) {
        buf_put_utf8(out, 0x10000u + ((p->high - 0xD800) << 10) + (half - 0xDC00));
        p->high = 0;
        return;
    }
    pieces_end(p, out);
    if (low)
        buf_put_utf8(out, REPLACEMENT);
    else
        p->high = half;
}

void pieces_join(struct pieces *p, const char *text, size_t len, struct buf *out)
{
    for (size_t at = 0; at < len;) {
        size_t n = utf8_sequence(text + at, len - at, NULL);
        unsigned code = n ? utf8_code(text + at, n) : REPLACEMENT;
        if (!pieces_is_mark(code)) {
            pieces_end(p, out);
            buf_put(out, text + at, n ? n : 1);
        } else if (code >= MARK_HALF) {
            pieces_join_half(p, code - MARK_HALF + 0xD800, out);
        } else {
            pieces_join_byte(p, (unsigned char)(code - MARK_BYTE), out);
        }
        at += n ? n : 1;
    }
}
