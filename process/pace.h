/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_PROCESS_PACE_H
#define TURNPIKE_PROCESS_PACE_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * pace -- who was refused often within a second, and with what, in shared memory that the
 * supervisor maps before the first fork: so a worker can refuse the rest of a flood without a call
 * of Redis. Counts over all workers of the machine; two that write at the same moment may lose a
 * count. Without pace_open every call does nothing (unit tests).
 *
 * A user's refusals are counted from the first one for PACE_WINDOW_MS. Beyond PACE_FREE of them the
 * user is paced until that time is over; then everything is looked at again.
 *
 *   key  whom and what for: pace_key; never 0
 */
#define PACE_CELLS 8192 /* users that are refused in the same second; more are not counted */
#define PACE_FREE 10
#define PACE_WINDOW_MS 1000
MUST_CHECK int pace_open(void);
void pace_close(void);
/* owner: scoreboard_owner; what: a small number, for what it asked. */
unsigned long long pace_key(unsigned long long owner, unsigned what);

/* What a paced user hears: the last real refusal once more. */
struct pace_refusal {
    int code; /* enum problem_code */
    bool has_limit;
    int64_t limit;
    int64_t retry_ms; /* when to come again; 0 = not known */
};
/* A worker has refused it, for a reason of the user's own. now_ms: monotonic. */
void pace_refused(unsigned long long key, const struct pace_refusal *with, int64_t now_ms);
/* Milliseconds for which it is paced still, with *last filled in (may be NULL); 0 = it is not. */
int64_t pace_left(unsigned long long key, int64_t now_ms, struct pace_refusal *last);

#endif
