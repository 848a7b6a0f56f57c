/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/voice/resample.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#define RESAMPLE_HALF 28  /* zero crossings of the sinc on either side */
#define RESAMPLE_CUT 0.95 /* middle of the slope, of half the lower rate */

struct resample {
    const struct wav *w;
    size_t up, down; /* the rates without their common factor: an output sample is down/up long */
    size_t half;     /* input samples on either side */
    float *taps;     /* up rows of 2 * half */
};

static size_t resample_common(size_t a, size_t b)
{
    while (b) {
        size_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

/* Blackman's window, x from -1 to 1. */
static double resample_window(double x)
{
    return fabs(x) >= 1 ? 0 : 0.42 + 0.5 * cos(M_PI * x) + 0.08 * cos(2 * M_PI * x);
}

static void resample_row(struct resample *r, size_t phase, double cut)
{
    float *row = r->taps + phase * 2 * r->half;
    double sum = 0;

    for (size_t k = 0; k < 2 * r->half; k++) {
        double x = (double)k + 1 - (double)r->half - (double)phase / (double)r->up;
        double y = M_PI * cut * x;
        double tap = (fabs(y) < 1e-9 ? 1 : sin(y) / y) * resample_window(x / (double)r->half);

        row[k] = (float)tap;
        sum += tap;
    }
    for (size_t k = 0; k < 2 * r->half; k++)
        row[k] = (float)(row[k] / sum);
}

static int resample_init(struct resample *r, const struct wav *w)
{
    size_t common = resample_common(w->rate, RESAMPLE_RATE);
    double lower = w->rate > RESAMPLE_RATE ? (double)RESAMPLE_RATE / w->rate : 1;

    r->w = w;
    r->up = RESAMPLE_RATE / common;
    r->down = w->rate / common;
    r->half = (size_t)ceil(RESAMPLE_HALF / lower);
    r->taps = calloc(r->up * 2 * r->half, sizeof *r->taps);
    if (!r->taps)
        return ERR_NOMEM;
    for (size_t phase = 0; phase < r->up; phase++)
        resample_row(r, phase, lower * RESAMPLE_CUT);
    return 0;
}

/* Output sample n. */
static int resample_one(const struct resample *r, size_t n)
{
    size_t at = n * r->down / r->up, phase = n * r->down % r->up;
    const float *row = r->taps + phase * 2 * r->half;
    size_t first = at + 1 < r->half ? r->half - at - 1 : 0; /* before it there is silence */
    size_t end = r->w->frames + r->half - at - 1;           /* and behind it */
    float sum = 0;

    if (end > 2 * r->half)
        end = 2 * r->half;
    for (size_t k = first; k < end; k++)
        sum += row[k] * (float)wav_frame(r->w, at + 1 + k - r->half);
    return sum > INT16_MAX ? INT16_MAX : sum < INT16_MIN ? INT16_MIN : (int)lrintf(sum);
}

int resample_speech(const struct wav *w, struct buf *out)
{
    struct resample r = {.taps = NULL};
    size_t count = (size_t)((uint64_t)w->frames * RESAMPLE_RATE / w->rate);
    int error = w->rate == RESAMPLE_RATE ? 0 : resample_init(&r, w);

    if (!error)
        error = buf_reserve(out, 2 * count);
    for (size_t n = 0; !error && n < count; n++) {
        int sample = r.taps ? resample_one(&r, n) : wav_frame(w, n);

        buf_putc(out, (char)(sample & 0xff));
        buf_putc(out, (char)(sample >> 8 & 0xff));
    }
    free(r.taps);
    return error ? error : buf_error(out);
}
