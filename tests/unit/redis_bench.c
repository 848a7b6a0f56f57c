/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/redis_bench.h"

struct own_redis redis;
struct conf conf;

int redis_bench_start(void **state)
{
    (void)state;
    own_redis_start(&redis);
    own_redis_conf(&redis, &conf);
    return 0;
}

int redis_bench_stop(void **state)
{
    (void)state;
    conf_fini(&conf);
    own_redis_stop(&redis);
    return 0;
}
