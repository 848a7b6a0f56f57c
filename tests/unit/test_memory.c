/* SPDX-License-Identifier: BSD-2-Clause */
/* What is remembered about a user: the tools, and what of it a turn is told. */
#include "agent/memory.h"
#include "base/err.h"
#include "tests/unit/cm.h"
#include "tests/unit/tool_fixture.h"

#include <stdio.h>
#include <string.h>

static void remember(const char *text)
{
    char args[512];
    snprintf(args, sizeof args, "{\"text\":\"%s\"}", text);
    bench.context.now_ms += 1000;
    jdoc_free(tool_ok(&bench, "remember", args));
}

static int64_t count(const char *args)
{
    jdoc *r = tool_ok(&bench, "recall", args);
    int64_t n = (int64_t)number_at(r, "/count");
    assert_int_equal(jdoc_length(at(r, "/memories")), n);
    jdoc_free(r);
    return n;
}

static void facts_are_kept_once(void **state)
{
    (void)state;
    assert_int_equal(count("{}"), 0);
    remember("The rig is 3.2 m high.");
    remember("the  rig is\\n3.2 m high");
    assert_int_equal(count("{}"), 1);
    remember("Anna is the user's daughter.");
    assert_int_equal(count("{}"), 2);
    assert_int_equal(count("{\"query\":\"rig\"}"), 1);
    assert_int_equal(count("{\"query\":\"zeppelin\"}"), 0);
    assert_int_equal(count("{\"topic\":\"food\"}"), 0);
    jdoc *r = tool_ok(&bench, "recall", "{}");
    assert_string_equal(text_at(r, "/memories/0/text"), "Anna is the user's daughter.");
    assert_string_equal(text_at(r, "/memories/0/source"), "direct");
    jdoc_free(r);
}

static void a_fact_takes_the_place_of_another(void **state)
{
    (void)state;
    remember("The rig is 3.2 m high.");
    jdoc *r = tool_ok(&bench, "remember",
        "{\"text\":\"The rig is 3.4 m high.\",\"replaces\":\"rig 3.2 high\",\"topic\":\"vehicle\"}");
    assert_string_equal(text_at(r, "/replaced/text"), "The rig is 3.2 m high.");
    jdoc_free(r);
    assert_int_equal(count("{}"), 1);
    assert_int_equal(count("{\"topic\":\"vehicle\"}"), 1);
    tool_refused(&bench, "remember", "{\"text\":\"It is red.\",\"replaces\":\"submarine\"}",
        "invalid_argument", "/replaces");
    assert_int_equal(count("{}"), 1);
}

static void what_is_meant_is_asked(void **state)
{
    (void)state;
    remember("Anna is the user's daughter.");
    remember("Anna plays chess.");
    tool_refused(&bench, "forget", "{\"memory\":\"Anna\"}", "ambiguous", "/memory");
    tool_refused(&bench, "forget", "{}", "invalid_argument", "/memory");
    tool_refused(&bench, "forget", "{\"memory\":\"Bert\"}", "invalid_argument", "/memory");
    assert_int_equal(count("{}"), 2);
    jdoc_free(tool_ok(&bench, "forget", "{\"memory\":\"chess\"}"));
    assert_int_equal(count("{}"), 1);
    jdoc *r = tool_ok(&bench, "forget", "{\"what\":\"everything\"}");
    assert_int_equal(number_at(r, "/count"), 1);
    jdoc_free(r);
    assert_int_equal(count("{}"), 0);
    tool_refused(&bench, "forget", "{\"what\":\"everything\"}", "not_found", NULL);
}

static void cards_and_nothing_are_not_kept(void **state)
{
    static const char *const cards[] = {"My card is 4111 1111 1111 1111", "5500-0000-0000-0004, ok",
        "card 378282246310005"};
    char args[256];
    (void)state;
    for (size_t i = 0; i < sizeof cards / sizeof *cards; i++) {
        snprintf(args, sizeof args, "{\"text\":\"%s\"}", cards[i]);
        tool_refused(&bench, "remember", args, "invalid_argument", "/text");
    }
    tool_refused(&bench, "remember", "{\"text\":\"  \\n a \"}", "invalid_argument", "/text");
    remember("My number is 0412 345 678");
    remember("The policy is 4111 1111 1111 1112");
    assert_int_equal(count("{}"), 2);
}

static void there_is_a_limit(void **state)
{
    char text[64];
    (void)state;
    for (int i = 0; i < REMEMBERED_MAX; i++) {
        snprintf(text, sizeof text, "Fact number %d is true.", i);
        remember(text);
    }
    tool_refused(&bench, "remember", "{\"text\":\"One more.\"}", "limit_reached", NULL);
    jdoc_free(tool_ok(&bench, "remember", "{\"text\":\"fact number 7 is true\"}"));
    jdoc_free(tool_ok(&bench, "remember",
        "{\"text\":\"Another.\",\"replaces\":\"Fact number 7 is true.\"}"));
    assert_int_equal(count("{}"), REMEMBERED_MAX);
    jdoc *r = tool_ok(&bench, "forget", "{\"what\":\"everything\"}");
    assert_int_equal(number_at(r, "/count"), REMEMBERED_MAX);
    jdoc_free(r);
    assert_int_equal(count("{}"), 0);
}

/* ---- what a turn is told ---- */

static const char *choose(struct arena *arena, const char *const *texts, size_t n, const char *said)
{
    struct remembered all[REMEMBERED_MAX];
    const char *text = NULL;
    for (size_t i = 0; i < n; i++)
        all[i] = (struct remembered){.id = arena_printf(arena, "f%zu", i),
            .text = texts[i],
            .at_ms = noon - (int64_t)i * 86400000};
    struct remembered_list list = {.all = all, .count = n};
    assert_int_equal(memory_choose(&list, said, arena, &text), 0);
    return text;
}

static void little_is_told_whole(void **state)
{
    static const char *const texts[] = {"Likes \"tea\".", "Is vegan."};
    struct arena *arena = arena_new();
    (void)state;
    assert_string_equal(choose(arena, NULL, 0, "hello"), "");
    assert_string_equal(choose(arena, texts, 2, ""),
        "- 2026-11-22: \"Likes \\\"tea\\\".\" (f0)\n- 2026-11-21: \"Is vegan.\" (f1)\n");
    arena_free(arena);
}

static void the_relevant_comes_first(void **state)
{
    struct arena *arena = arena_new();
    const char *texts[REMEMBERED_MAX];
    (void)state;
    for (size_t i = 0; i < REMEMBERED_MAX; i++)
        texts[i] = arena_printf(arena, "The user visited town %zu on a trip.", i);
    texts[150] = "The rig's height is 3.2 metres.";
    texts[199] = "A bridge over 3 metres frightens Anna.";
    const char *told = choose(arena, texts, REMEMBERED_MAX, "Can my rig pass under the bridges?");
    assert_non_null(strstr(told, "(f150)"));
    assert_non_null(strstr(told, "(f199)"));
    assert_non_null(strstr(told, "(f0)"));
    assert_true(strlen(told) <= MEMORY_BYTES + 40);
    assert_non_null(strstr(told, "more: recall)"));
    told = choose(arena, texts, REMEMBERED_MAX, "hello");
    assert_null(strstr(told, "(f150)"));
    arena_free(arena);
}

static void one_long_fact_is_told(void **state)
{
    struct arena *arena = arena_new();
    char text[REMEMBERED_TEXT_MAX * 4 + 1];
    const char *const texts[] = {text, text, text};
    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_non_null(strstr(choose(arena, texts, 3, "x"), "(f0)"));
    arena_free(arena);
}

static void every_tool_was_called(void **state)
{
    (void)state;
    tool_all_succeeded("memory", false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(facts_are_kept_once, tool_fixture_empty),
        cmocka_unit_test_setup(a_fact_takes_the_place_of_another, tool_fixture_empty),
        cmocka_unit_test_setup(what_is_meant_is_asked, tool_fixture_empty),
        cmocka_unit_test_setup(cards_and_nothing_are_not_kept, tool_fixture_empty),
        cmocka_unit_test_setup(there_is_a_limit, tool_fixture_empty),
        cmocka_unit_test(little_is_told_whole),
        cmocka_unit_test(the_relevant_comes_first),
        cmocka_unit_test(one_long_fact_is_told),
        cmocka_unit_test(every_tool_was_called),
    };
    return cmocka_run_group_tests(tests, tool_fixture_start, tool_fixture_stop);
}
