#include "tests/unit/tool_fixture.h"

struct tool_bench bench;

int tool_fixture_start(void **state)
{
    (void)state;
    tool_bench_start(&bench);
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
    return link_command(bench.context.store->link, NULL, "FLUSHALL");
}
