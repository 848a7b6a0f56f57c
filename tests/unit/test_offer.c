/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which tools the model is told of: the core ones in the same bytes always, behind them what the
 * conversation brought in; and a call of any other tool runs.
 */
#include "agent/model/provider.h"
#include "agent/offer.h"
#include "base/err.h"
#include "tests/unit/cm.h"
#include "tests/unit/turn_fixture.h"
#include "tools/engine/tools.h"
#include "wire/http/http.h"

#include <stdlib.h>
#include <string.h>

struct turn_bench bench;

#define EVENT(name, more) "event: " name "\ndata: {\"type\":\"" name "\"," more "}\n\n"
#define ANSWER(block, delta, reason) \
    EVENT("message_start", \
        "\"message\":{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\"," \
        "\"model\":\"test\",\"content\":[],\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}") \
    EVENT("content_block_start", "\"index\":0,\"content_block\":" block) \
    EVENT("content_block_delta", "\"index\":0,\"delta\":" delta) \
    EVENT("content_block_stop", "\"index\":0") \
    EVENT("message_delta", \
        "\"delta\":{\"stop_reason\":\"" reason "\"},\"usage\":{\"output_tokens\":7}") \
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
#define SAY(words) \
    ANSWER("{\"type\":\"text\",\"text\":\"\"}", \
        "{\"type\":\"text_delta\",\"text\":\"" words "\"}", "end_turn")
#define CALL(id, name, args) \
    ANSWER("{\"type\":\"tool_use\",\"id\":\"" id "\",\"name\":\"" name "\",\"input\":{}}", \
        "{\"type\":\"input_json_delta\",\"partial_json\":\"" args "\"}", "tool_use")
static int tear_down(void **state)
{
    (void)state;
    model_double_stop(&model);
    return 0;
}

/* The names of the n-th request's tools, and what stands before the first cache mark. */
static char *offered_in(int n, char **core)
{
    static const char mark[] = "\"cache_control\":{\"type\":\"ephemeral\"}}";
    char *request = model_double_request(&model, n);
    char *body = strstr(request, "\r\n\r\n"), *list, *end;
    struct buf names = {0};
    jdoc *doc = NULL;

    assert_non_null(body);
    assert_int_equal(jdoc_parse(body + 4, strlen(body + 4), &doc, NULL, 0), 0);
    const jdoc *tools = jdoc_get(doc, "tools");
    for (size_t i = 0; i < jdoc_length(tools); i++)
        if (!tools_find(jdoc_text_or(jdoc_at(tools, i), "name", ""))->core)
            buf_printf(&names, "%s ", jdoc_text_or(jdoc_at(tools, i), "name", ""));
    jdoc_free(doc);
    list = strstr(body, "\"tools\":[");
    assert_non_null(list);
    end = strstr(list, mark);
    assert_non_null(end);
    *core = strndup(list, (size_t)(end - list) + sizeof mark - 1);
    free(request);
    char *text = strdup(buf_text(&names));
    buf_free(&names);
    return text;
}

static void offered_with_the_same_core(int n, const char *names, const char *core)
{
    char *again, *text = offered_in(n, &again);
    assert_string_equal(text, names);
    assert_string_equal(again, core);
    free(again);
    free(text);
}

static void expect_result(const char *words)
{
    jdoc *messages = turn_bench_messages(&bench);
    assert_non_null(strstr(jdoc_text_or(jdoc_at(messages, 2), "content", ""), words));
    jdoc_free(messages);
}

static void what_is_found_can_be_called_at_once_and_later(void **state)
{
    (void)state;
    char *core, *names;
    USE({.body = CALL("c1", "find_tools",
             "{\\\"query\\\":\\\"list of fill ups\\\",\\\"limit\\\":1}")},
        {.body = CALL("c2", "get_fuel_log", "{}")}, {.body = SAY("None.")},
        {.body = SAY("Still none.")});
    assert_int_equal(turn_bench_run(&bench, "show my fill ups"), 0);
    assert_int_equal(turn_bench_run(&bench, "sure?"), 0);
    names = offered_in(0, &core);
    assert_string_equal(names, "");
    assert_null(strstr(core, "get_fuel_log"));
    for (int n = 1; n < 4; n++)
        offered_with_the_same_core(n, "get_fuel_log ", core);
    free(names);
    free(core);
}

static void what_was_not_offered_runs_and_is_offered_then(void **state)
{
    (void)state;
    char *core, *names;
    USE({.body = CALL("c1", "get_equipment_list", "{}")}, {.body = SAY("Nothing yet.")});
    assert_int_equal(turn_bench_run(&bench, "what gear is missing"), 0);
    expect_result("\"success\":true");
    names = offered_in(0, &core);
    assert_string_equal(names, "");
    offered_with_the_same_core(1, "get_equipment_list ", core);
    free(names);
    free(core);
}

static void approval_is_asked_for_what_needs_it_only(void **state)
{
    (void)state;
    USE({.body = CALL("c1", "manage_pantry",
             "{\\\"action\\\":\\\"add\\\",\\\"ingredient_name\\\":\\\"rice\\\"}")},
        {.body = SAY("It is there.")});
    assert_int_equal(turn_bench_run(&bench, "put rice into the pantry"), 0);
    expect_result("\"success\":true");
    model_double_stop(&model);
    turn_bench_new_session(&bench);
    USE({.body = CALL("c1", "manage_pantry",
             "{\\\"action\\\":\\\"remove\\\",\\\"ingredient_name\\\":\\\"rice\\\"}")},
        {.body = SAY("Not done.")});
    assert_int_equal(turn_bench_run(&bench, "take the rice out"), 0);
    jdoc *reply = turn_bench_reply(&bench);
    assert_string_equal(jdoc_text_or(reply, "outcome", ""), "interrupt");
    assert_int_equal(jdoc_length(jdoc_get(reply, "interrupts")), 1);
    jdoc_free(reply);
}

static void the_core_is_small(void **state)
{
    (void)state;
    struct buf all = {0};
    const struct buf *core = provider_tools(&provider_anthropic);
    size_t count = 0;
    for (size_t i = 0; i < tools_count(); i++) {
        const struct tools_spec *spec = tools_at(i);
        const struct context_tool tool = {.name = spec->name,
            .description = spec->description,
            .schema = spec->arguments_schema};
        provider_anthropic.tool(&all, &tool, false);
        count += spec->core;
    }
    print_message("tools of a request: %zu of %zu, %zu of %zu bytes\n", count, tools_count(),
        core->len, all.len);
    assert_true(tools_find("find_tools")->core);
    /* No weather service is set up here. */
    assert_null(strstr(buf_text(core), "\"get_weather_forecast\""));
    assert_non_null(strstr(buf_text(core), "\"get_calendar_events\""));
    assert_true(count <= 16);
    assert_true(core->len < 20000);
    buf_free(&all);
}

static void say(struct chat *c, const char *json)
{
    assert_int_equal(chat_parse(c, json, strlen(json)), 0);
}

static void offered_is(const struct chat *chat, struct arena *arena, const char *names)
{
    struct buf text = {0};
    const struct context_tool *tools;
    size_t count;
    assert_int_equal(offer_build(&bench.conf, true, chat, arena, &tools, &count), 0);
    for (size_t i = 0; i < count; i++)
        buf_printf(&text, "%s%s", i > 0 ? " " : "", tools[i].name);
    assert_string_equal(buf_text(&text), names);
    buf_free(&text);
}

static void the_conversation_brings_tools(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct chat chat;
    assert_non_null(arena);
    chat_init(&chat, arena);
    offered_is(&chat, arena, "");
    say(&chat, "{\"id\":\"1\",\"role\":\"user\",\"content\":\"hi\"}");
    say(&chat,
        "{\"id\":\"2\",\"role\":\"assistant\",\"toolCalls\":["
        "{\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"find_tools\",\"arguments\":\"{}\"}},"
        "{\"id\":\"c2\",\"type\":\"function\",\"function\":{\"name\":\"like_post\",\"arguments\":\"{}\"}},"
        "{\"id\":\"c3\",\"type\":\"function\",\"function\":{\"name\":\"plan_trip\",\"arguments\":\"{}\"}},"
        "{\"id\":\"c4\",\"type\":\"function\",\"function\":{\"name\":\"no_tool\",\"arguments\":\"{}\"}}]}");
    offered_is(&chat, arena, "like_post");
    /* Only what the registry knows, and only from find_tools' own results. */
    say(&chat,
        "{\"id\":\"3\",\"role\":\"tool\",\"toolCallId\":\"c1\",\"content\":\"{\\\"success\\\":true,"
        "\\\"tools\\\":[{\\\"name\\\":\\\"save_recipe\\\"},{\\\"name\\\":\\\"plan_trip\\\"},{\\\"name\\\":\\\"rm\\\"},5,"
        "{\\\"name\\\":\\\"like_post\\\"},{\\\"name\\\":\\\"get_feed\\\"}]}\"}");
    say(&chat,
        "{\"id\":\"4\",\"role\":\"tool\",\"toolCallId\":\"c2\",\"content\":\"{\\\"tools\\\":"
        "[{\\\"name\\\":\\\"web_search\\\"}]}\"}");
    offered_is(&chat, arena, "save_recipe like_post get_feed");
    /* What comes later stands behind. */
    say(&chat,
        "{\"id\":\"5\",\"role\":\"assistant\",\"toolCalls\":["
        "{\"id\":\"c5\",\"type\":\"function\",\"function\":{\"name\":\"get_feed\",\"arguments\":\"{}\"}},"
        "{\"id\":\"c6\",\"type\":\"function\",\"function\":{\"name\":\"find_tools\",\"arguments\":\"{}\"}}]}");
    say(&chat, "{\"id\":\"6\",\"role\":\"tool\",\"toolCallId\":\"c6\",\"content\":\"cut off {\"}");
    say(&chat,
        "{\"id\":\"7\",\"role\":\"assistant\",\"toolCalls\":["
        "{\"id\":\"c7\",\"type\":\"function\",\"function\":{\"name\":\"follow_user\",\"arguments\":\"{}\"}}]}");
    offered_is(&chat, arena, "save_recipe like_post get_feed follow_user");
    arena_free(arena);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, turn_fixture_new_session, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_core_is_small),
        cmocka_unit_test(the_conversation_brings_tools),
        TEST(what_is_found_can_be_called_at_once_and_later),
        TEST(what_was_not_offered_runs_and_is_offered_then),
        TEST(approval_is_asked_for_what_needs_it_only),
    };
    return cmocka_run_group_tests(tests, turn_fixture_start, turn_fixture_stop);
}
