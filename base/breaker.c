/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/breaker.h"

bool breaker_allows(struct breaker *b, const struct breaker_settings *s, int64_t now_ms)
{
    if (s->threshold == 0 || atomic_load(&b->failures) < s->threshold)
        return true;
    long long until = atomic_load(&b->open_until_ms);
    if (now_ms < until)
        return false;
    /* Of all workers that see the time passed, the one that moves it on makes the trial call. */
    return atomic_compare_exchange_strong(&b->open_until_ms, &until, now_ms + s->open_ms);
}

void breaker_success(struct breaker *b)
{
    atomic_store(&b->failures, 0);
    atomic_store(&b->open_until_ms, 0);
    atomic_store(&b->last_owner, 0);
}

void breaker_failure(struct breaker *b, const struct breaker_settings *s, int64_t now_ms)
{
    /* The time first: whoever sees the count reach the threshold must see it as well. */
    if (s->threshold && atomic_load(&b->failures) + 1 >= s->threshold)
        atomic_store(&b->open_until_ms, now_ms + s->open_ms);
    atomic_fetch_add(&b->failures, 1);
}

void breaker_failure_of(struct breaker *b, const struct breaker_settings *s, int64_t now_ms,
    unsigned long long owner)
{
    if (owner == 0 || atomic_exchange(&b->last_owner, owner) != owner)
        breaker_failure(b, s, now_ms);
}
