/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/backoff.h"

#include "base/clock.h"

#include <sys/random.h>

#define BACKOFF_QUICK_MS 20 /* an attempt that takes no longer has failed at once */
#define BACKOFF_HURRY_MS 50

const struct backoff_pace backoff_connection = {.first_ms = 20,
    .most_ms = 2000,
    .quick_most_ms = 200};

int64_t backoff_delay(int64_t first_ms, int64_t most_ms, unsigned failures)
{
    int64_t delay = failures ? first_ms : 0;

    for (unsigned i = 1; i < failures && delay < most_ms; i++)
        delay *= 2;
    return delay < most_ms ? delay : most_ms;
}

int64_t backoff_spread(int64_t delay_ms, int64_t less_ms)
{
    uint64_t random = 0;

    if (getrandom(&random, sizeof random, GRND_NONBLOCK) != sizeof random)
        random = (uint64_t)clock_mono_us();
    return delay_ms - (int64_t)(random % ((uint64_t)less_ms + 1));
}

void backoff_failed(struct backoff *b, const struct backoff_pace *pace, int64_t took_ms)
{
    int64_t most = took_ms <= BACKOFF_QUICK_MS ? pace->quick_most_ms : pace->most_ms;

    b->delay_ms = b->delay_ms ? b->delay_ms * 2 : pace->first_ms;
    if (b->delay_ms > most)
        b->delay_ms = most;
    b->took_ms = took_ms;
    b->failed_ms = clock_mono_ms();
    b->retry_ms = b->failed_ms + backoff_spread(b->delay_ms + b->delay_ms / 2, b->delay_ms);
}

void backoff_reset(struct backoff *b)
{
    b->delay_ms = 0;
    b->retry_ms = 0;
}

bool backoff_is_over(const struct backoff *b)
{
    return clock_mono_ms() >= b->retry_ms;
}

void backoff_hurry(struct backoff *b)
{
    if (b->took_ms <= BACKOFF_QUICK_MS || clock_mono_ms() >= b->failed_ms + BACKOFF_HURRY_MS)
        b->retry_ms = 0;
}
