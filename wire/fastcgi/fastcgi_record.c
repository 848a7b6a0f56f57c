/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/fastcgi/fastcgi_record.h"

#include "base/err.h"

#include <stdbool.h>
#include <string.h>

#define RECORD_VERSION 1
#define RECORD_PART_MAX 65528u /* a multiple of 8: no padding but in the last record */
#define RECORD_SHORT_LENGTH 128u

const unsigned char fastcgi_record_none[FASTCGI_HEAD_SIZE] = {0xFF, 0xFF};

void fastcgi_record_put(struct buf *out, int type, unsigned id, const void *content, size_t len)
{
    static const char zeros[8];
    size_t padding = (8 - len % 8) % 8;
    unsigned char head[FASTCGI_HEAD_SIZE] = {RECORD_VERSION, (unsigned char)type,
        (unsigned char)(id >> 8), (unsigned char)id, (unsigned char)(len >> 8), (unsigned char)len,
        (unsigned char)padding, 0};

    buf_put(out, head, sizeof head);
    if (len > 0)
        buf_put(out, content, len);
    buf_put(out, zeros, padding);
}

void fastcgi_record_put_part(struct buf *out, int type, unsigned id, const char *bytes, size_t len)
{
    while (len > 0) {
        size_t n = len < RECORD_PART_MAX ? len : RECORD_PART_MAX;
        fastcgi_record_put(out, type, id, bytes, n);
        bytes += n;
        len -= n;
    }
}

void fastcgi_record_put_end(struct buf *out, unsigned id, enum fastcgi_end status)
{
    unsigned char body[FASTCGI_BODY_SIZE] = {0, 0, 0, 0, (unsigned char)status, 0, 0, 0};

    fastcgi_record_put(out, FASTCGI_END_REQUEST, id, body, sizeof body);
}

static void fastcgi_record_put_length(struct buf *out, size_t len)
{
    unsigned char four[4] = {(unsigned char)(0x80 | ((len >> 24) & 0x7f)),
        (unsigned char)(len >> 16), (unsigned char)(len >> 8), (unsigned char)len};

    if (len < RECORD_SHORT_LENGTH)
        buf_putc(out, (char)len);
    else
        buf_put(out, four, sizeof four);
}

void fastcgi_record_put_pair(struct buf *out, const char *name, const char *value)
{
    size_t name_len = strlen(name), value_len = strlen(value);

    fastcgi_record_put_length(out, name_len);
    fastcgi_record_put_length(out, value_len);
    buf_put(out, name, name_len);
    buf_put(out, value, value_len);
}

static int fastcgi_record_get_length(const char **at, const char *end, size_t *out)
{
    const unsigned char *p = (const unsigned char *)*at;
    size_t left = (size_t)(end - *at), used = left > 0 && p[0] < RECORD_SHORT_LENGTH ? 1 : 4;

    if (left < used)
        return ERR_PROTOCOL;
    *out = p[0];
    if (used == 4)
        *out = (size_t)(p[0] & 0x7f) << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
    *at += used;
    return 0;
}

int fastcgi_record_get_pair(const char **at, const char *end, struct fastcgi_record_pair *out)
{
    const char *p = *at;

    if (p == end)
        return 0;
    if (fastcgi_record_get_length(&p, end, &out->name_len) < 0 ||
        fastcgi_record_get_length(&p, end, &out->value_len) < 0)
        return ERR_PROTOCOL;
    if (out->name_len > (size_t)(end - p) || out->value_len > (size_t)(end - p) - out->name_len)
        return ERR_PROTOCOL;
    out->name = p;
    out->value = p + out->name_len;
    *at = out->value + out->value_len;
    return 1;
}

/* Returns whether the head is complete now. */
static bool fastcgi_record_take_head(struct fastcgi_record *r, const char **at, const char *end)
{
    size_t left = (size_t)(end - *at), want = FASTCGI_HEAD_SIZE - r->head_len;
    size_t n = left < want ? left : want;
    const unsigned char *h = r->head;

    if (n > 0)
        memcpy(r->head + r->head_len, *at, n);
    r->head_len += n;
    *at += n;
    if (r->head_len < FASTCGI_HEAD_SIZE)
        return false;
    r->type = h[1];
    r->id = (unsigned)h[2] << 8 | h[3];
    r->len = r->content_left = (size_t)h[4] << 8 | h[5];
    r->padding_left = h[6];
    return true;
}

int fastcgi_record_step(struct fastcgi_record *r, const char **at, const char *end,
    const char **part, size_t *part_len)
{
    size_t left;

    if (r->head_len < FASTCGI_HEAD_SIZE) {
        if (!fastcgi_record_take_head(r, at, end))
            return FASTCGI_RECORD_MORE;
        return r->head[0] == RECORD_VERSION ? FASTCGI_RECORD_HEAD : ERR_PROTOCOL;
    }
    left = (size_t)(end - *at);
    if (r->content_left > 0) {
        if (left == 0)
            return FASTCGI_RECORD_MORE;
        *part = *at;
        *part_len = left < r->content_left ? left : r->content_left;
        r->content_left -= *part_len;
        *at += *part_len;
        return FASTCGI_RECORD_CONTENT;
    }
    if (left > r->padding_left)
        left = r->padding_left;
    r->padding_left -= left;
    *at += left;
    if (r->padding_left > 0)
        return FASTCGI_RECORD_MORE;
    r->head_len = 0;
    return FASTCGI_RECORD_END;
}
