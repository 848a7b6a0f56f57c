/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/loop_bench.h"

#include "base/clock.h"
#include "base/task.h"
#include "tests/unit/cm.h"

struct reactor *reactor;
struct link *asked, *other;

void loop_bench_open(void)
{
    const struct tasks_settings tasks = {.stack_bytes = 131072, .stacks_kept = 8};

    assert_int_equal(reactor_new(&reactor), 0);
    assert_int_equal(tasks_open(reactor, &tasks), 0);
    assert_int_equal(link_new(&asked, &conf), 0);
    assert_int_equal(link_new(&other, &conf), 0);
    link_attach(asked, reactor);
}

void loop_bench_close(void)
{
    loop_bench_drain();
    link_free(asked);
    link_free(other);
    asked = other = NULL;
    tasks_close();
    reactor_free(reactor);
}

int loop_bench_start(void **state)
{
    redis_bench_start(state);
    conf.redis_timeout_ms = LOOP_BENCH_PATIENCE_MS;
    loop_bench_open();
    return 0;
}

int loop_bench_stop(void **state)
{
    loop_bench_close();
    return redis_bench_stop(state);
}

void loop_bench_pass(void)
{
    assert_true(task_wait(reactor, clock_mono_ms() + 20, NULL) >= 0);
}

void loop_bench_drain(void)
{
    int64_t end = clock_mono_ms() + LOOP_BENCH_PATIENCE_MS;

    while (tasks_count()) {
        assert_true(clock_mono_ms() < end);
        loop_bench_pass();
    }
}

void loop_bench_until(const unsigned *counter, unsigned value, void (*pass)(void))
{
    int64_t end = clock_mono_ms() + LOOP_BENCH_PATIENCE_MS;

    while (*counter < value && clock_mono_ms() < end)
        pass();
    assert_true(*counter >= value);
}
