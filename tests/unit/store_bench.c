/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/store_bench.h"

#include "tests/unit/cm.h"

#include <stdio.h>

struct store *one, *two, *three, *keeper;
struct arena *arena;
char session[64];

static const struct {
    struct store **store;
    const char *owner;
} actors[] = {
    {&one, "m/turn/1/1"},
    {&two, "m/turn/2/1"},
    {&three, "n/turn/1/1"},
    {&keeper, "m/housekeeper/3/1"},
};
#define ACTORS (sizeof actors / sizeof *actors)

int store_bench_open(void **state)
{
    redis_bench_start(state);
    for (size_t i = 0; i < ACTORS; i++)
        assert_int_equal(store_open(actors[i].store, &conf, NULL, actors[i].owner), 0);
    return 0;
}

int store_bench_close(void **state)
{
    for (size_t i = 0; i < ACTORS; i++)
        store_close(*actors[i].store);
    return redis_bench_stop(state);
}

int store_bench_begin(void **state)
{
    static int n;

    (void)state;
    arena = arena_new();
    assert_non_null(arena);
    snprintf(session, sizeof session, "s%d", ++n);
    return 0;
}

int store_bench_end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}
