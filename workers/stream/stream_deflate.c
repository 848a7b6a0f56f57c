/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/stream/stream_deflate.h"

#include "base/err.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/uio.h>
#include <zlib.h>

/* zlib makes no raw stream with a window of 8 bits (deflateInit2 refuses it; 1.2.13). */
#define DEFLATE_BITS_LEAST 9
#define DEFLATE_BITS_MOST 15
/* What is sent needs 2^(12+2) + 2^(5+9) bytes. A larger window helps little within one message. */
#define DEFLATE_BITS_OURS 12
#define DEFLATE_MEMORY 5
#define DEFLATE_LEVEL 3
#define DEFLATE_STEP 16384

/* What ends a message on the wire is left out (RFC 7692, 7.2.1), and put back (7.2.2). */
static const unsigned char deflate_tail[4] = {0x00, 0x00, 0xff, 0xff};

struct stream_deflate {
    z_stream out, in;
    int out_bits; /* of `out` now; 0 = none */
    bool in_ready;
    struct buf packed, unpacked;
};

/* ---- what client and server agree on ---- */

struct deflate_offer {
    bool server_bits, client_bits, server_alone, client_alone; /* seen */
    unsigned bits;
};

/* A token at *at, or "" when there is none; blanks around it are passed over. */
static size_t stream_deflate_token(const char **at, const char **token)
{
    size_t len;

    *at += strspn(*at, " \t");
    *token = *at;
    len = strcspn(*at, " \t;,=\"");
    *at += len;
    *at += strspn(*at, " \t");
    return len;
}

/* The number behind '=', perhaps in quotes: 8 to 15. 0: there is none, or another one. */
static unsigned stream_deflate_bits(const char **at)
{
    bool quoted = **at == '"';
    const char *number;
    size_t len;

    *at += quoted;
    len = stream_deflate_token(at, &number);
    if (quoted && *(*at)++ != '"') {
        (*at)--;
        return 0;
    }
    *at += strspn(*at, " \t");
    if (len == 1 && (number[0] == '8' || number[0] == '9'))
        return (unsigned)(number[0] - '0');
    return len == 2 && number[0] == '1' && number[1] >= '0' && number[1] <= '5' ?
        10 + (unsigned)(number[1] - '0') :
        0;
}

static bool stream_deflate_is(const char *token, size_t len, const char *name)
{
    return len == strlen(name) && strncasecmp(token, name, len) == 0;
}

/* One parameter. Returns whether the offer can still be kept; each may be there once. */
static bool stream_deflate_parameter(const char **at, struct deflate_offer *offer)
{
    const char *name;
    size_t len = stream_deflate_token(at, &name);
    bool valued = **at == '=', *seen = NULL;
    unsigned bits = 0;

    if (valued) {
        (*at)++;
        *at += strspn(*at, " \t");
        bits = stream_deflate_bits(at);
    }
    if (stream_deflate_is(name, len, "server_no_context_takeover") && !valued) {
        seen = &offer->server_alone;
    } else if (stream_deflate_is(name, len, "client_no_context_takeover") && !valued) {
        seen = &offer->client_alone;
    } else if (stream_deflate_is(name, len, "client_max_window_bits") && (!valued || bits > 0)) {
        seen = &offer->client_bits;
    } else if (stream_deflate_is(name, len, "server_max_window_bits") &&
        bits >= DEFLATE_BITS_LEAST) {
        seen = &offer->server_bits;
        offer->bits = bits;
    }
    if (!seen || *seen)
        return false;
    return *seen = true;
}

/* One offer, to its comma. Returns whether it can be kept. */
static bool stream_deflate_read_offer(const char **at, struct deflate_offer *offer)
{
    const char *name;
    size_t len = stream_deflate_token(at, &name);
    bool good = stream_deflate_is(name, len, "permessage-deflate");

    *offer = (struct deflate_offer){.bits = DEFLATE_BITS_MOST};
    while (good && **at == ';') {
        (*at)++;
        good = stream_deflate_parameter(at, offer);
    }
    good = good && (**at == ',' || **at == '\0');
    *at += strcspn(*at, ",");
    return good;
}

unsigned stream_deflate_offer(const char *list, char answer[STREAM_DEFLATE_ANSWER_SIZE])
{
    struct deflate_offer offer;

    for (const char *at = list; at && *at; at += *at == ',') {
        if (!stream_deflate_read_offer(&at, &offer))
            continue;
        int len = snprintf(answer, STREAM_DEFLATE_ANSWER_SIZE,
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover");
        if (offer.server_bits)
            snprintf(answer + len, STREAM_DEFLATE_ANSWER_SIZE - (size_t)len,
                "; server_max_window_bits=%u", offer.bits);
        return offer.bits;
    }
    return 0;
}

/* ---- the working memory ---- */

int stream_deflate_new(struct stream_deflate **out)
{
    struct stream_deflate *d = calloc(1, sizeof *d);

    if (!d)
        return ERR_NOMEM;
    if (inflateInit2(&d->in, -DEFLATE_BITS_MOST) != Z_OK) {
        free(d);
        return ERR_NOMEM;
    }
    d->in_ready = true;
    *out = d;
    return 0;
}

void stream_deflate_free(struct stream_deflate *d)
{
    if (!d)
        return;
    if (d->out_bits)
        deflateEnd(&d->out);
    if (d->in_ready)
        inflateEnd(&d->in);
    buf_free(&d->packed);
    buf_free(&d->unpacked);
    free(d);
}

/* ---- out ---- */

/* Ready for a message with a window of so many bits. */
static int stream_deflate_ready(struct stream_deflate *d, unsigned bits)
{
    int wanted = bits < DEFLATE_BITS_OURS ? (int)bits : DEFLATE_BITS_OURS;

    if (d->out_bits == wanted)
        return deflateReset(&d->out) == Z_OK ? 0 : ERR_NOMEM;
    if (d->out_bits)
        deflateEnd(&d->out);
    d->out_bits = 0;
    if (deflateInit2(&d->out, DEFLATE_LEVEL, Z_DEFLATED, -wanted, DEFLATE_MEMORY,
            Z_DEFAULT_STRATEGY) != Z_OK)
        return ERR_NOMEM;
    d->out_bits = wanted;
    return 0;
}

static int stream_deflate_part(struct stream_deflate *d, const struct iovec *part, int flush)
{
    d->out.next_in = part->iov_base;
    d->out.avail_in = (uInt)part->iov_len;
    do {
        if (buf_reserve(&d->packed, DEFLATE_STEP))
            return ERR_NOMEM;
        d->out.next_out = (Bytef *)d->packed.data + d->packed.len;
        d->out.avail_out = DEFLATE_STEP;
        if (deflate(&d->out, flush) == Z_STREAM_ERROR)
            return ERR_INTERNAL;
        d->packed.len += DEFLATE_STEP - d->out.avail_out;
    } while (d->out.avail_out == 0);
    return 0;
}

int stream_deflate_pack(struct stream_deflate *d, unsigned bits, const struct iovec *parts,
    size_t count, const struct buf **out)
{
    size_t len = 0, tail = sizeof deflate_tail;
    int error;

    for (size_t i = 0; i < count; i++)
        len += parts[i].iov_len;
    if (len < STREAM_DEFLATE_LEAST || len > STREAM_DEFLATE_MOST)
        return ERR_LIMIT;
    buf_reset(&d->packed);
    error = stream_deflate_ready(d, bits);
    for (size_t i = 0; i < count && error == 0; i++)
        error = stream_deflate_part(d, &parts[i], i + 1 < count ? Z_NO_FLUSH : Z_SYNC_FLUSH);
    if (error < 0)
        return error;
    if (d->packed.len < tail ||
        memcmp(d->packed.data + d->packed.len - tail, deflate_tail, tail) != 0)
        return ERR_INTERNAL;
    d->packed.len -= tail;
    *out = &d->packed;
    return d->packed.len < len ? 0 : ERR_LIMIT;
}

/* ---- in ---- */

static int stream_deflate_inflate(struct stream_deflate *d, const void *bytes, size_t len,
    size_t max)
{
    d->in.next_in = (Bytef *)(uintptr_t)bytes;
    d->in.avail_in = (uInt)len;
    for (;;) {
        size_t step = max + 1 - d->unpacked.len;
        int state;

        if (step > DEFLATE_STEP)
            step = DEFLATE_STEP;
        if (buf_reserve(&d->unpacked, step))
            return ERR_NOMEM;
        d->in.next_out = (Bytef *)d->unpacked.data + d->unpacked.len;
        d->in.avail_out = (uInt)step;
        state = inflate(&d->in, Z_SYNC_FLUSH);
        d->unpacked.len += step - d->in.avail_out;
        if (d->unpacked.len > max)
            return ERR_LIMIT;
        if (state == Z_STREAM_END) { /* a final block; others may follow it (RFC 7692, 7.2.3.4) */
            if (inflateReset(&d->in) != Z_OK)
                return ERR_NOMEM;
        } else if (state != Z_OK && state != Z_BUF_ERROR) {
            return state == Z_MEM_ERROR ? ERR_NOMEM : ERR_INVALID;
        }
        if (d->in.avail_in == 0 && d->in.avail_out > 0)
            return 0;
    }
}

int stream_deflate_unpack(struct stream_deflate *d, const char *bytes, size_t len, size_t max,
    const struct buf **out)
{
    int error;

    buf_reset(&d->unpacked);
    if (inflateReset(&d->in) != Z_OK)
        return ERR_NOMEM;
    error = stream_deflate_inflate(d, bytes, len, max);
    if (error == 0)
        error = stream_deflate_inflate(d, deflate_tail, sizeof deflate_tail, max);
    *out = &d->unpacked;
    return error;
}
