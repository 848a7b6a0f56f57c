/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_BASE_BREAKER_H
#define TURNPIKE_BASE_BREAKER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * breaker -- after `threshold` failures in a row a provider is skipped for `open_ms`; then one
 * caller may try. Lives in memory shared by all workers of the machine; zeroed = closed.
 */
struct breaker {
    atomic_uint failures;
    atomic_llong open_until_ms; /* monotonic (CLOCK_MONOTONIC is one clock for all processes) */
    atomic_int last_error;      /* base/err.h: why the provider failed last; the caller sets it */
};
#define BREAKER_COUNT 8 /* in the scoreboard: one for each row of `providers` (agent/model/) */
struct breaker_settings {
    unsigned threshold;
    int64_t open_ms;
};
bool breaker_allows(struct breaker *b, const struct breaker_settings *s, int64_t now_ms);
void breaker_success(struct breaker *b);
void breaker_failure(struct breaker *b, const struct breaker_settings *s, int64_t now_ms);

#endif
