/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/voice/wav.h"

#include <stdio.h>
#include <string.h>

#define WAV_PCM 1
#define WAV_EXTENSIBLE 0xfffe
#define WAV_UNKNOWN 0x7fff0000u
#define WAV_RIFF 12  /* bytes of "RIFF", a length, "WAVE" */
#define WAV_CHUNK 8  /* of a chunk's name and length */
#define WAV_FMT 16   /* of the smallest description */
#define WAV_FMT_X 40 /* of an extensible one */

/* What an extensible description has behind its two bytes of format. */
static const unsigned char wav_guid[] = {0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80, 0x00, 0x00, 0xaa,
    0x00, 0x38, 0x9b, 0x71};

static unsigned wav_u16(const unsigned char *p)
{
    return p[0] | (unsigned)p[1] << 8;
}

static uint32_t wav_u32(const unsigned char *p)
{
    return wav_u16(p) | (uint32_t)wav_u16(p + 2) << 16;
}

static int wav_bad(char why[WAV_WHY_SIZE], const char *text)
{
    snprintf(why, WAV_WHY_SIZE, "%s", text);
    return ERR_INVALID;
}

static int wav_read_form(const unsigned char *p, size_t len, struct wav *out,
    char why[WAV_WHY_SIZE])
{
    unsigned format, bits;

    if (len < WAV_FMT)
        return wav_bad(why, "has a description that is too short");
    format = wav_u16(p);
    out->channels = wav_u16(p + 2);
    out->rate = wav_u32(p + 4);
    bits = wav_u16(p + 14);
    if (format == WAV_EXTENSIBLE && len >= WAV_FMT_X && wav_u16(p + 24) == WAV_PCM &&
        !memcmp(p + 26, wav_guid, sizeof wav_guid))
        format = WAV_PCM;
    if (format != WAV_PCM || bits != 16)
        return wav_bad(why, "is not PCM with 16 bits a sample");
    if (out->channels < 1 || out->channels > 2)
        return wav_bad(why, "has neither one nor two channels");
    if (out->rate < WAV_RATE_MIN || out->rate > WAV_RATE_MAX)
        return wav_bad(why, "has a sample rate outside of 8000 to 48000 Hz");
    if (wav_u16(p + 12) != 2 * out->channels)
        return wav_bad(why, "describes frames of a length that they cannot have");
    return 0;
}

static int wav_read_samples(const unsigned char *p, size_t size, size_t left, struct wav *out,
    char why[WAV_WHY_SIZE])
{
    size_t frame = 2 * (size_t)out->channels;

    if (out->channels == 0)
        return wav_bad(why, "has samples before their description");
    if (size >= WAV_UNKNOWN)
        size = left - left % frame;
    if (size > left)
        return wav_bad(why, "is cut off");
    if (size % frame != 0)
        return wav_bad(why, "ends in the middle of a frame");
    if (size == 0)
        return wav_bad(why, "is empty");
    out->samples = p;
    out->frames = size / frame;
    return 0;
}

int wav_read(const void *bytes, size_t len, struct wav *out, char why[WAV_WHY_SIZE])
{
    const unsigned char *p = bytes;
    size_t at = WAV_RIFF;
    int error = 0;

    *out = (struct wav){0};
    if (len < WAV_RIFF || memcmp(p, "RIFF", 4) || memcmp(p + 8, "WAVE", 4)) {
        snprintf(why, WAV_WHY_SIZE, "is no WAVE file");
        return ERR_NOT_FOUND;
    }
    while (!error && !out->samples && len - at >= WAV_CHUNK) {
        const unsigned char *chunk = p + at;
        size_t size = wav_u32(chunk + 4), left = len - at - WAV_CHUNK;

        if (!memcmp(chunk, "data", 4))
            error = wav_read_samples(chunk + WAV_CHUNK, size, left, out, why);
        else if (size > left)
            error = wav_bad(why, "is cut off");
        else if (!memcmp(chunk, "fmt ", 4))
            error = out->channels ? wav_bad(why, "describes itself twice") :
                                    wav_read_form(chunk + WAV_CHUNK, size, out, why);
        size += size % 2;
        at = size > left ? len : at + WAV_CHUNK + size;
    }
    if (!error && !out->samples)
        error = wav_bad(why, "has no samples");
    return error;
}

int64_t wav_ms(const struct wav *w)
{
    return ((int64_t)w->frames * 1000 + w->rate - 1) / w->rate;
}

static int wav_sample(const unsigned char *p)
{
    return (int16_t)wav_u16(p);
}

int wav_frame(const struct wav *w, size_t i)
{
    const unsigned char *p = w->samples + i * 2 * w->channels;

    return w->channels == 1 ? wav_sample(p) : (wav_sample(p) + wav_sample(p + 2)) / 2;
}

static void wav_put(struct buf *out, uint32_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        buf_putc(out, (char)(value >> 8 * i & 0xff));
}

void wav_head(struct buf *out, unsigned rate, size_t bytes)
{
    buf_puts(out, "RIFF");
    wav_put(out, (uint32_t)(bytes + WAV_HEAD - WAV_CHUNK), 4);
    buf_puts(out, "WAVEfmt ");
    wav_put(out, WAV_FMT, 4);
    wav_put(out, WAV_PCM, 2);
    wav_put(out, 1, 2);
    wav_put(out, rate, 4);
    wav_put(out, 2 * rate, 4);
    wav_put(out, 2, 2);
    wav_put(out, 16, 2);
    buf_puts(out, "data");
    wav_put(out, (uint32_t)bytes, 4);
}
