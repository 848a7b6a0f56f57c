/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_BASE_BACKOFF_H
#define TURNPIKE_BASE_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

/*
 * backoff -- when an attempt that failed may be repeated: after a delay that doubles, with jitter,
 * so that a hundred workers do not come at once. Any process.
 */
/*
 * The delay after so many failures in a row: first_ms after one, doubled for each further one, but
 * most_ms at most; 0 after none. Pure.
 */
int64_t backoff_delay(int64_t first_ms, int64_t most_ms, unsigned failures);
/* A random delay from delay_ms - less_ms to delay_ms. less_ms: 0 to delay_ms. */
int64_t backoff_spread(int64_t delay_ms, int64_t less_ms);

/* The same kept for a connection to Redis, with jitter of half of the delay. */
struct backoff_pace {
    int64_t first_ms, most_ms;
    int64_t quick_most_ms; /* after an attempt that failed at once: it costs nobody anything */
};
extern const struct backoff_pace backoff_connection; /* of every connection to Redis */

struct backoff { /* zeroed: nothing has failed */
    int64_t delay_ms;
    int64_t retry_ms;           /* monotonic; not before this */
    int64_t failed_ms, took_ms; /* end of the last attempt, monotonic, and how long it took */
};

/* An attempt that took took_ms has failed. */
void backoff_failed(struct backoff *b, const struct backoff_pace *pace, int64_t took_ms);
/* One has succeeded. */
void backoff_reset(struct backoff *b);
bool backoff_is_over(const struct backoff *b);
/*
 * A client waits for the next attempt: it may be made now. Not within 50 ms after one that did not
 * fail at once, so that a Redis that answers nothing does not keep every worker.
 */
void backoff_hurry(struct backoff *b);

#endif
