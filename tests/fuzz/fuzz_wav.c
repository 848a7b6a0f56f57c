/* SPDX-License-Identifier: BSD-2-Clause */
/* WAVE files as clients send them. What is found lies within the file and is within its bounds; a
 * short one is resampled, too. */
#include "tools/voice/resample.h"
#include "tools/voice/wav.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SHORT 2000 /* frames */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void listen_to(const struct wav *w)
{
    struct buf out = {0};

    if (w->frames <= SHORT &&
        (resample_speech(w, &out) || out.len != 2 * (w->frames * RESAMPLE_RATE / w->rate)))
        abort();
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char why[WAV_WHY_SIZE] = "";
    struct wav w;
    int error = wav_read(data, size, &w, why);

    if (error) {
        if (!*why || strlen(why) >= sizeof why)
            abort();
        return 0;
    }
    if (w.frames == 0 || w.channels < 1 || w.channels > 2 || w.rate < WAV_RATE_MIN ||
        w.rate > WAV_RATE_MAX || w.samples < data ||
        w.samples + w.frames * 2 * w.channels > data + size || wav_ms(&w) <= 0)
        abort();
    listen_to(&w);
    return 0;
}
