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
    atomic_ullong last_owner;   /* breaker_failure_of: whose call failed last; 0 = nobody's */
};
#define BREAKER_COUNT 8 /* in the scoreboard: one for each row of `providers` (agent/model/) */
struct breaker_settings {
    unsigned threshold;
    int64_t open_ms;
};
bool breaker_allows(struct breaker *b, const struct breaker_settings *s, int64_t now_ms);
void breaker_success(struct breaker *b);
void breaker_failure(struct breaker *b, const struct breaker_settings *s, int64_t now_ms);
/* The same of a failure that the call's own words may have made: several of one owner in a row
 * count once. owner: 0 = nobody's, each counts. */
void breaker_failure_of(struct breaker *b, const struct breaker_settings *s, int64_t now_ms,
    unsigned long long owner);

#endif
