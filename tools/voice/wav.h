/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_VOICE_WAV_H
#define TURNPIKE_TOOLS_VOICE_WAV_H

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/*
 * wav -- sound as browsers, recorders and speech programs write it: RIFF WAVE with samples of 16
 * bits (PCM, also by an extensible description), one or two channels, 8 to 48 kHz. Pure, linear in
 * the chunks. Any process.
 */
#define WAV_RATE_MIN 8000
#define WAV_RATE_MAX 48000
#define WAV_HEAD 44 /* bytes before the samples, as wav_head writes them */

struct wav {
    unsigned rate;                /* frames a second */
    unsigned channels;            /* 1 or 2 */
    const unsigned char *samples; /* little endian, interleaved; borrowed from the file */
    size_t frames;                /* at least 1 */
};

#define WAV_WHY_SIZE 160
/*
 * wav_read -- where the samples are. A length that a program could not know when it began (from
 * 0x7fff0000 on) means the rest of the file.
 *   why  out on error: what is wrong, to be put behind "The sound"
 * Returns 0; ERR_NOT_FOUND (no WAVE file); ERR_INVALID (broken, or of another form).
 */
MUST_CHECK int wav_read(const void *bytes, size_t len, struct wav *out, char why[WAV_WHY_SIZE]);
/* Milliseconds, rounded up. */
int64_t wav_ms(const struct wav *w);
/* Frame i, the mean of its channels. */
MUST_CHECK int wav_frame(const struct wav *w, size_t i);
/* Appends the WAV_HEAD bytes in front of `bytes` bytes of samples with one channel. */
void wav_head(struct buf *out, unsigned rate, size_t bytes);

#endif
