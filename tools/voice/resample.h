/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_VOICE_RESAMPLE_H
#define TURNPIKE_TOOLS_VOICE_RESAMPLE_H

#include "base/buf.h"
#include "base/err.h"
#include "tools/voice/wav.h"

/*
 * resample -- sound as a recogniser wants it: one channel, RESAMPLE_RATE frames a second, 16 bits,
 * little endian. A windowed sinc for each phase between the two rates; what the new rate cannot
 * hold is taken away before (70 dB down from 8.7 kHz on). Computes for some milliseconds a second
 * of sound: tool processes.
 */
#define RESAMPLE_RATE 16000

/* Appends the samples. Returns 0, ERR_NOMEM or the buffer's error. */
MUST_CHECK int resample_speech(const struct wav *w, struct buf *out);

#endif
