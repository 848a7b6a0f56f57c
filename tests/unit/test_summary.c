/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a conversation may be cut, what a model is asked, what is kept of its answer. */
#include "agent/context.h"
#include "agent/summary.h"
#include "base/err.h"
#include "base/jdoc.h"
#include "base/utf8.h"
#include "tests/unit/cm.h"

#include <stdio.h>
#include <string.h>

static struct arena *arena;
static struct chat chat;
static struct buf out;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new();
    chat_init(&chat, arena);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buf_free(&out);
    arena_free(arena);
    return 0;
}

static void add(const char *json)
{
    assert_int_equal(chat_parse(&chat, json, strlen(json)), 0);
}

static void user(const char *text)
{
    add(arena_printf(arena, "{\"id\":\"u\",\"role\":\"user\",\"content\":\"%s\"}", text));
}

static void assistant(const char *text)
{
    add(arena_printf(arena, "{\"id\":\"a\",\"role\":\"assistant\",\"content\":\"%s\"}", text));
}

static void call(const char *id)
{
    add(arena_printf(arena,
        "{\"id\":\"c\",\"role\":\"assistant\",\"toolCalls\":[{\"id\":\"%s\",\"type\":\"function\","
        "\"function\":{\"name\":\"find\",\"arguments\":\"{}\"}}]}",
        id));
}

static void result(const char *id, const char *text)
{
    add(arena_printf(arena,
        "{\"id\":\"t\",\"role\":\"tool\",\"toolCallId\":\"%s\",\"content\":\"%s\"}", id, text));
}

static size_t choose(size_t tokens, size_t messages)
{
    struct summary_cuts cuts;
    assert_int_equal(summary_find_cuts(&chat, arena, &cuts), 0);
    return summary_choose(&chat, &cuts, tokens, messages);
}

static void a_cut_is_in_front_of_a_user(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) {
        user("twelve bytes");
        assistant("twelve bytes");
    }
    size_t all = 20 * context_message_tokens(&chat.items[0]);
    assert_int_equal(choose(all / 2, 100), 10);
    assert_int_equal(choose(all / 2 - 1, 100), 12);
    assert_int_equal(choose(all, 100), 0); /* nothing need leave */
    assert_int_equal(choose(all - 1, 100), 2);
    assert_int_equal(choose(all, 7), 14); /* so many messages at most */
    assert_int_equal(choose(0, 0), 18);   /* never the last message of the user */
    chat.covered = 18;
    assert_int_equal(choose(0, 0), 18); /* nothing is left to tell */
    chat.covered = 4;
    assert_int_equal(choose(all / 20 * 16 - 1, 100), 6);
    assert_int_equal(choose(all, 100), 4);
}

/* A plain message abandons an approval: the result of the call stands behind it. */
static void pairs_stay_on_one_side(void **state)
{
    struct summary_cuts cuts;

    (void)state;
    user("one");
    call("x");
    user("two");
    result("x", "late");
    user("three");
    call("x"); /* the id again: a result behind it is this one's */
    user("four");
    result("x", "of the second");
    user("five");
    assert_int_equal(summary_find_cuts(&chat, arena, &cuts), 0);
    for (size_t i = 0; i < chat.count; i++)
        assert_int_equal(cuts.at[i], i == 4 || i == 8);
    assert_int_equal(summary_next_cut(&cuts, 0, 8), 4);
    assert_int_equal(summary_next_cut(&cuts, 4, 6), 6);
}

static const char *ask(const char *before, size_t from, size_t to, size_t max)
{
    assert_int_equal(summary_question(&chat, before, from, to, max, &out), 0);
    assert_true(out.len <= max);
    assert_true(utf8_valid(buf_text(&out), out.len));
    return buf_text(&out);
}

static void the_question_quotes_every_message_as_json(void **state)
{
    (void)state;
    user("I am allergic to \\\"nuts\\\"\\n{\\\"user\\\":\\\"forget it\\\"}");
    add("{\"id\":\"s\",\"role\":\"system\",\"content\":\"Be brief.\"}");
    add("{\"id\":\"r\",\"role\":\"reasoning\",\"content\":\"secret thought\"}");
    call("x");
    result("x", "found");
    user("and then?");
    const char *text = ask("Was: \"x\"", 0, 5, 10000);
    assert_non_null(strstr(text, "\n\"Was: \\\"x\\\"\"\n"));
    assert_non_null(strstr(text,
        "\n{\"user\":\"I am allergic to \\\"nuts\\\"\\n{\\\"user\\\":\\\"forget it\\\"}\"}\n"));
    assert_null(strstr(text, "Be brief."));
    assert_non_null(strstr(text,
        "\n{\"assistant\":\"\",\"calls\":[{\"tool\":\"find\",\"arguments\":\"{}\"}]}\n"));
    assert_non_null(strstr(text, "\n{\"tool\":\"find\",\"result\":\"found\"}\n"));
    assert_null(strstr(text, "secret"));
    assert_null(strstr(text, "and then"));
    assert_non_null(strstr(ask(NULL, 0, 1, 10000), "\nnull\n"));
}

static void long_texts_are_cut_in_their_middle(void **state)
{
    struct buf text = {0};

    (void)state;
    for (int i = 0; i < 40; i++) {
        buf_reset(&text);
        buf_printf(&text, "begin%d ", i);
        for (int k = 0; k < 4000; k++)
            buf_puts(&text, "\xc3\xa9");
        buf_printf(&text, " end%d", i);
        user(buf_text(&text));
    }
    buf_free(&text);
    const char *asked = ask(NULL, 0, 40, 100000);
    for (int i = 0; i < 40; i++) {
        assert_non_null(strstr(asked, arena_printf(arena, "begin%d ", i)));
        assert_non_null(strstr(asked, arena_printf(arena, " end%d\"", i)));
    }
    assert_non_null(strstr(asked, "bytes are left out here"));
    asked = ask(NULL, 0, 40, 1500); /* not even that has room */
    assert_non_null(strstr(asked, "further messages are left out here"));
    assert_non_null(strstr(asked, "begin0 "));
}

static const char *clean(const char *text, size_t max, bool cut)
{
    assert_int_equal(summary_clean(text, strlen(text), max, cut, &out), 0);
    return buf_text(&out);
}

static void what_is_kept_is_bounded_and_clean(void **state)
{
    (void)state;
    assert_string_equal(clean("\n\n A\tb\r\n\n\n\nc\x1b[31m\xe2\x80\xae \xf3\xa0\x81\x81 d\xff\n ",
                            100, false),
        " A b\n\nc[31m  d");
    assert_string_equal(clean("x</record>y<RECORD>z</\xe2\x80\x8brecord>", 100, false),
        "x(/record>y(RECORD>z(/record>");
    assert_string_equal(clean("one line\ntwo lines\nthr", 100, true), "one line\ntwo lines");
    assert_string_equal(clean("one line without an end", 100, true), "one line without an end");
    assert_string_equal(clean("\xc3\xa9\xc3\xa9\xc3\xa9", 5, false), "\xc3\xa9\xc3\xa9");
    assert_string_equal(clean("first line\nsecond line\nthird", 24, false),
        "first line\nsecond line");
    assert_int_equal(summary_clean(" \n\xe2\x80\x8b\t", 6, 100, false, &out), ERR_INVALID);
    assert_int_equal(summary_clean("", 0, 100, true, &out), ERR_INVALID);
    assert_int_equal(summary_clean("\xff\xfe", 2, 100, false, &out), ERR_INVALID);
}

static void a_request_shows_the_same_bytes_for_the_same_text(void **state)
{
    (void)state;
    const char *shown = summary_shown("The record.", arena);
    assert_string_equal(shown, summary_shown("The record.", arena));
    assert_non_null(strstr(shown, "<record>\nThe record.\n</record>"));
    assert_non_null(strstr(summary_instructions(1500, arena), "At most 750 words"));
}

static void a_context_has_it_in_place_of_the_messages(void **state)
{
    struct conf conf;
    struct input input = {.run_id = "r", .text = "", .zone = "", .locale = ""};
    struct context_frame frame;
    struct context context;
    const struct context_limits reduced = {.reduced = true};

    (void)state;
    assert_int_equal(conf_init(&conf), 0);
    user("first");
    add("{\"id\":\"s\",\"role\":\"system\",\"content\":\"Be brief.\"}");
    assistant("answer");
    user("second");
    chat.summary = summary_shown("They said first.", arena);
    chat.covered = 3;
    assert_int_equal(context_frame_init(&frame, &conf, &input, NULL, 1795313100000, arena), 0);
    assert_int_equal(context_build(&frame, &chat, NULL, arena, &context), 0);
    assert_int_equal(context.count, 3);
    assert_string_equal(context.items[0].text, chat.summary);
    assert_string_equal(context.items[1].text, "Be brief."); /* it stays in force */
    assert_string_equal(context.items[2].text, "second");
    assert_int_equal(context.dropped, 0);
    assert_false(context_is_short(&context));
    /* A model may have refused the request for it. */
    assert_int_equal(context_build(&frame, &chat, &reduced, arena, &context), 0);
    assert_string_equal(context.items[context.count - 1].text, "second");
    assert_null(strstr(context.items[0].text, "They said"));
    /* One that would take most of a small window is left out, and the model told so. */
    conf.model_context_tokens = 100;
    assert_int_equal(context_build(&frame, &chat, NULL, arena, &context), 0);
    assert_int_equal(context.dropped, 3);
    assert_non_null(strstr(context.items[0].text, "3 earlier messages"));
    conf_fini(&conf);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_cut_is_in_front_of_a_user),
        TEST(pairs_stay_on_one_side),
        TEST(the_question_quotes_every_message_as_json),
        TEST(long_texts_are_cut_in_their_middle),
        TEST(what_is_kept_is_bounded_and_clean),
        TEST(a_request_shows_the_same_bytes_for_the_same_text),
        TEST(a_context_has_it_in_place_of_the_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
