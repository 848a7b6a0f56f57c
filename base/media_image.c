/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "base/media_parts.h"

#include <stdio.h>
#include <string.h>

#define CUT "is cut: its end is missing"

int media_broken(char why[MEDIA_WHY_SIZE], const char *text)
{
    snprintf(why, MEDIA_WHY_SIZE, "%s", text);
    return ERR_INVALID;
}

static uint32_t media_big(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static unsigned media_big2(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

static uint32_t media_little(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static unsigned media_little2(const uint8_t *p)
{
    return (unsigned)p[1] << 8 | p[0];
}

/* ---- PNG: signature, then chunks of LENGTH TYPE DATA CRC, the first IHDR, the last IEND ---- */

int media_png(struct media_bytes b, struct media *out, char why[MEDIA_WHY_SIZE])
{
    const uint8_t *p = b.at;
    bool data = false;

    if (b.len < 33 || media_big(p + 8) != 13 || memcmp(p + 12, "IHDR", 4) != 0)
        return media_broken(why, "is no whole PNG: its header is missing");
    out->width = media_big(p + 16);
    out->height = media_big(p + 20);
    for (size_t at = 8; b.len - at >= 12;) {
        size_t len = media_big(p + at);
        if (len > b.len - at - 12)
            break;
        if (memcmp(p + at + 4, "IEND", 4) == 0)
            return data ? 0 : media_broken(why, "is a PNG without a picture");
        data = data || memcmp(p + at + 4, "IDAT", 4) == 0;
        out->animated = out->animated ||
            (memcmp(p + at + 4, "acTL", 4) == 0 && len >= 8 && media_big(p + at + 8) > 1);
        at += len + 12;
    }
    return media_broken(why, CUT);
}

/* ---- JPEG: markers FF xx with their lengths; the frame's header SOFn; the scan; EOI ---- */

static bool media_is_frame(uint8_t marker)
{
    return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

int media_jpeg(struct media_bytes b, struct media *out, char why[MEDIA_WHY_SIZE])
{
    const uint8_t *p = b.at;

    for (size_t at = 2; b.len - at >= 4;) {
        if (p[at] != 0xFF)
            return media_broken(why, "is no whole JPEG: a marker is missing");
        uint8_t marker = p[at + 1];
        if (marker == 0xFF) { /* a fill byte */
            at++;
            continue;
        }
        size_t len = media_big2(p + at + 2);
        if (len < 2 || marker < 0xC0 || marker == 0xD9 || (marker >= 0xD0 && marker <= 0xD8))
            return media_broken(why, "is no whole JPEG: a segment is broken");
        if (len > b.len - at - 2)
            break;
        if (media_is_frame(marker)) {
            if (len < 8)
                return media_broken(why, "is no whole JPEG: its header is cut");
            out->height = media_big2(p + at + 5);
            out->width = media_big2(p + at + 7);
        } else if (marker == 0xDA) {
            if (out->width == 0)
                return media_broken(why, "is no whole JPEG: it does not tell its size");
            at += 2 + len;
            return memmem(p + at, b.len - at, "\xff\xd9", 2) ? 0 : media_broken(why, CUT);
        }
        at += 2 + len;
    }
    return media_broken(why, CUT);
}

/* ---- WebP: RIFF, its length, WEBP, then chunks of TYPE LENGTH DATA, padded to even ---- */

/* The header of the first chunk, of at least 10 bytes behind its length. */
static int media_webp_size(const uint8_t *chunk, struct media *out, char why[MEDIA_WHY_SIZE])
{
    const uint8_t *data = chunk + 8;

    if (memcmp(chunk, "VP8X", 4) == 0) {
        out->width = 1 + (media_little(data + 4) & 0xFFFFFF);
        out->height = 1 + (media_little(data + 6) >> 8);
        out->animated = data[0] & 0x02;
    } else if (memcmp(chunk, "VP8L", 4) == 0 && data[0] == 0x2F) {
        uint32_t bits = media_little(data + 1);
        out->width = 1 + (bits & 0x3FFF);
        out->height = 1 + (bits >> 14 & 0x3FFF);
    } else if (memcmp(chunk, "VP8 ", 4) == 0 && memcmp(data + 3, "\x9d\x01\x2a", 3) == 0) {
        out->width = media_little2(data + 6) & 0x3FFF;
        out->height = media_little2(data + 8) & 0x3FFF;
    } else {
        return media_broken(why, "is no WebP that can be read");
    }
    return 0;
}

int media_webp(struct media_bytes b, struct media *out, char why[MEDIA_WHY_SIZE])
{
    const uint8_t *p = b.at;
    size_t end = b.len >= 8 ? (size_t)media_little(p + 4) + 8 : 0;
    bool picture = false;
    int error;

    if (b.len < 30 || end > b.len || end < 30)
        return media_broken(why, CUT);
    if ((error = media_webp_size(p + 12, out, why)))
        return error;
    for (size_t at = 12; end - at >= 8;) {
        size_t len = media_little(p + at + 4);
        if (len > end - at - 8)
            return media_broken(why, CUT);
        picture = picture || memcmp(p + at, "VP8 ", 4) == 0 || memcmp(p + at, "VP8L", 4) == 0 ||
            memcmp(p + at, "ANMF", 4) == 0;
        at += 8 + len;
        at += len % 2 && at < end;
    }
    return picture ? 0 : media_broken(why, "is a WebP without a picture");
}

/* ---- GIF: header, colour table, then blocks: 21 extension, 2C picture, 3B the end ---- */

/* Bytes of a colour table as its flags say. */
static size_t media_gif_table(uint8_t flags)
{
    return flags & 0x80 ? (size_t)3 << ((flags & 7) + 1) : 0;
}

/* Behind a chain of sub-blocks; 0 = it is cut. */
static size_t media_gif_chain(const uint8_t *p, size_t at, size_t len)
{
    while (at < len && p[at] != 0)
        at += (size_t)p[at] + 1;
    return at < len ? at + 1 : 0;
}

/* Behind the block at `at`; 0 = it is cut, or none. */
static size_t media_gif_block(const uint8_t *p, size_t at, size_t len)
{
    if (p[at] == 0x21 && len - at > 2)
        return media_gif_chain(p, at + 2, len);
    if (p[at] == 0x2C && len - at > 11)
        return media_gif_chain(p, at + 11 + media_gif_table(p[at + 9]), len);
    return 0;
}

int media_gif(struct media_bytes b, struct media *out, char why[MEDIA_WHY_SIZE])
{
    const uint8_t *p = b.at;
    unsigned frames = 0;
    size_t at;

    if (b.len < 14)
        return media_broken(why, CUT);
    out->width = media_little2(p + 6);
    out->height = media_little2(p + 8);
    for (at = 13 + media_gif_table(p[10]); at > 0 && at < b.len && p[at] != 0x3B;) {
        frames += p[at] == 0x2C;
        at = media_gif_block(p, at, b.len);
    }
    if (at == 0 || at >= b.len)
        return media_broken(why, CUT);
    out->animated = frames > 1;
    return frames > 0 ? 0 : media_broken(why, "is a GIF without a picture");
}
