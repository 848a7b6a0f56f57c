/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TESTS_UNIT_STORE_BENCH_H
#define TURNPIKE_TESTS_UNIT_STORE_BENCH_H

#include "base/arena.h"
#include "store/store.h"
#include "tests/unit/redis_bench.h"

/*
 * store_bench -- workers and a housekeeper over one Redis, for a whole test program. Each test has
 * an arena and a session of its own.
 */
extern struct store *one, *two; /* workers of one machine, "m/turn/1/1" and "m/turn/2/1" */
extern struct store *three;     /* a worker of another machine, "n/turn/1/1" */
extern struct store *keeper;    /* a housekeeper, "m/housekeeper/3/1" */
extern struct arena *arena;
extern char session[64];
/* Of the group: redis_bench and the stores. Settings are read where they are used, so that a
 * program changes them behind store_bench_open. */
int store_bench_open(void **state);
int store_bench_close(void **state);
/* Of each test. */
int store_bench_begin(void **state);
int store_bench_end(void **state);

#endif
