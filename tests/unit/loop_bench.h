/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TESTS_UNIT_LOOP_BENCH_H
#define TURNPIKE_TESTS_UNIT_LOOP_BENCH_H

#include "base/reactor.h"
#include "tests/unit/redis_bench.h"
#include "wire/redis/link.h"

#define LOOP_BENCH_PATIENCE_MS 60000 /* of a machine that is busy */

/*
 * loop_bench -- a process's loop with tasks, and its link to a Redis of its own. Another client of
 * that Redis stands outside of the loop. Redis has LOOP_BENCH_PATIENCE_MS for its replies.
 */
extern struct reactor *reactor;
extern struct link *asked; /* attached to the loop */
extern struct link *other;
/* Of the group or of each test: redis_bench and the loop. */
int loop_bench_start(void **state);
/* Waits until all tasks have ended. */
int loop_bench_stop(void **state);
/* The loop alone, beside a Redis that has been started. */
void loop_bench_open(void);
void loop_bench_close(void);

/* One pass of the loop; it waits 20 ms at most. */
void loop_bench_pass(void);
/* Passes until all tasks have ended. */
void loop_bench_drain(void);
/* Calls pass() until the counter has the value. */
void loop_bench_until(const unsigned *counter, unsigned value, void (*pass)(void));

#endif
