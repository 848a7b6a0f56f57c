/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/turn_fixture.h"

#include "tests/unit/cm.h"

struct model_double model;

int turn_fixture_start(void **state)
{
    (void)state;
    assert_int_equal(http_global_init(), 0);
    turn_bench_start(&bench);
    return 0;
}

int turn_fixture_start_offline(void **state)
{
    turn_fixture_start(state);
    turn_bench_set(&bench, "model.chain", "offline");
    return 0;
}

int turn_fixture_stop(void **state)
{
    (void)state;
    turn_bench_stop(&bench);
    return 0;
}

int turn_fixture_new_session(void **state)
{
    (void)state;
    turn_bench_new_session(&bench);
    return 0;
}

void turn_fixture_use(const struct model_reply *script, size_t count)
{
    model_double_start(&model, script, count);
    turn_bench_model(&bench, &model, "anthropic");
}
