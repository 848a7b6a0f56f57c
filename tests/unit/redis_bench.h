/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TESTS_UNIT_REDIS_BENCH_H
#define TURNPIKE_TESTS_UNIT_REDIS_BENCH_H

#include "tests/unit/own_redis.h"

/*
 * redis_bench -- one Redis for a test program or for each of its tests, and settings that point to
 * it. Both functions have the form of cmocka's set-ups; a program's own set-up calls them.
 */
extern struct own_redis redis;
extern struct conf conf;
int redis_bench_start(void **state);
int redis_bench_stop(void **state);

#endif
