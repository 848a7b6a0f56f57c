/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/tool_fixture.h"

#include "tests/unit/cm.h"

struct tool_bench bench;
int64_t noon;

int tool_fixture_start(void **state)
{
    (void)state;
    tool_bench_start(&bench);
    noon = bench.context.now_ms;
    return 0;
}

int tool_fixture_stop(void **state)
{
    (void)state;
    tool_bench_stop(&bench);
    return 0;
}

int tool_fixture_empty(void **state)
{
    (void)state;
    bench.context.uid = "ann";
    bench.context.now_ms = noon;
    return link_command(bench.context.store->link, NULL, "FLUSHALL");
}

int64_t tool_fixture_number(const char *command)
{
    struct link_reply *reply = NULL;

    assert_int_equal(link_command(bench.context.store->link, &reply, command), 0);
    int64_t value = link_reply_int(reply);
    link_reply_free(reply);
    return value;
}
