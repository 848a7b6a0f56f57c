/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/selftest_parts.h"

#include "base/err.h"

#include <stddef.h>
#include <string.h>

/* A tool that only reads, and asks the service of one setting. */
struct selftest_tool {
    const char *name, *tool, *args;
    size_t setting; /* its place in struct conf */
};
static const struct selftest_tool selftest_tools[] = {
    {"weather", "get_weather_forecast", "{\"location\":\"Sydney\",\"days\":1}",
        offsetof(struct conf, weather_url)},
    {"places", "find_attractions",
        "{\"latitude\":-33.8688,\"longitude\":151.2093,\"radius_miles\":1}",
        offsetof(struct conf, places_url)},
    {"fuel prices", "find_cheap_gas", "{\"location\":\"Sydney\"}", offsetof(struct conf, fuel_url)},
    {"road conditions", "get_road_conditions", "{\"route\":\"Bruce Highway\"}",
        offsetof(struct conf, roads_url)},
    {"videos", "search_travel_videos", "{\"query\":\"Great Ocean Road\",\"max_results\":1}",
        offsetof(struct conf, videos_url)},
    {"web search", "web_search", "{\"query\":\"weather\",\"num_results\":1}",
        offsetof(struct conf, search_url)},
    {"price comparison", "compare_prices", "{\"product_name\":\"tyre\",\"country\":\"au\"}",
        offsetof(struct conf, prices_url)},
    {"shop", "search_products", "{\"query\":\"tyre\"}", offsetof(struct conf, shop_catalogue)},
};

bool selftest_tool_row(const struct conf *conf, size_t i, struct selftest_row *out)
{
    if (i >= sizeof selftest_tools / sizeof selftest_tools[0])
        return false;
    const struct selftest_tool *row = &selftest_tools[i];
    const char *setting = *(char *const *)((const char *)conf + row->setting);
    /* A build may be without the family. */
    *out = (struct selftest_row){row->name, "tool", row, *setting && tools_find(row->tool)};
    return true;
}

/* "Nothing found" is an answer of the service too. */
static bool selftest_tool_failed(const char *code)
{
    static const char *const faults[] = {"provider_failed", "provider_unavailable", "timeout",
        "internal_error", "provider_not_configured", "invalid_argument"};

    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        if (strcmp(faults[i], code) == 0)
            return true;
    return false;
}

static void selftest_tool_over(struct selftest_job *job, int error)
{
    const jdoc *result = job->run.result;

    if (error || !result)
        selftest_fault(job, error ? error : ERR_INTERNAL);
    else if (!jdoc_is_true(result, "success") &&
        selftest_tool_failed(jdoc_text_or(jdoc_get(result, "error"), "code", "")))
        selftest_end(job, SELFTEST_FAILED, jdoc_text_or(result, "message", ""));
    else
        selftest_end(job, SELFTEST_OK, NULL);
}

static void selftest_tool_on_done(struct tools_run *run)
{
    selftest_tool_over(run->on_done_arg, run->error);
}

void selftest_tool_begin(struct selftest_job *job)
{
    const struct selftest_tool *row = job->what;

    job->run = (struct tools_run){.context = &job->test->tools,
        .spec = tools_find(row->tool),
        .arena = job->arena,
        .on_done = selftest_tool_on_done,
        .on_done_arg = job};
    job->has_run = true;
    int error = tools_start(&job->run, row->args, strlen(row->args));
    if (error != ERR_PENDING)
        selftest_tool_over(job, error);
}
