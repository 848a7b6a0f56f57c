/* SPDX-License-Identifier: BSD-2-Clause */
/* test_title -- what a chat is called: by its first words, by the model. */
#include "agent/title.h"
#include "base/err.h"
#include "tests/unit/cm.h"

#include <string.h>

static void the_first_words_are_whole_ones(void **state)
{
    static const struct {
        const char *text, *title;
    } cases[] = {
        {"Hello", "Hello"},
        {"  \n\t", ""},
        {"# Plan my trip\nwith stops", "Plan my trip"},
        {"Where can I camp near Cairns? I have a dog and a long van.",
            "Where can I camp near Cairns?"},
        {"Hi. I need a place to park a van of seven metres for the whole of next winter",
            "Hi. I need a place to park a van of seven metres for the…"},
        {"a\xe2\x80\xae"
         "b\x07 c",
            "ab c"},
        {"dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd",
            "ddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd…"},
    };
    struct arena *arena = arena_new();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(title_of_words(cases[i].text, arena), cases[i].title);
    arena_free(arena);
}

static void of_the_models_answer_the_title_is_kept(void **state)
{
    static const struct {
        const char *answer, *title;
    } cases[] = {
        {"\"Camping near Cairns.\"\nDo you like it?", "Camping near Cairns"},
        {"**Camping**", "Camping"},
        {"\n\n# Winter\xe2\x80\xae parking", "Winter parking"},
        {"A title that is far too long for any list and goes on and on and on",
            "A title that is far too long for any list and goes on and on"},
        {"Zürich im Herbst", "Zürich im Herbst"},
    };
    struct buf out = {0};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(title_read(cases[i].answer, strlen(cases[i].answer), &out), 0);
        assert_string_equal(buf_text(&out), cases[i].title);
    }
    assert_int_equal(title_read("\"\"", 2, &out), ERR_INVALID);
    buf_free(&out);
}

static void it_is_asked_for_once_and_again_after_a_greeting(void **state)
{
    static const bool greeted[] = {true, false, false, true, false},
                      plain[] = {true, false, false, false};
    struct arena *arena = arena_new();
    struct chat chat;

    (void)state;
    for (int i = 0; i < 2; i++) {
        const char *first = i == 0 ? "Hi" : "How long is the coast of Australia?";
        chat_init(&chat, arena);
        for (size_t n = 0; n < (i == 0 ? 5u : 4u); n++) {
            const struct chat_message
                user = {.role = CHAT_USER, .id = "u", .text = first, .len = strlen(first)},
                answer = {.role = CHAT_ASSISTANT, .id = "a", .text = "Yes", .len = 3};
            assert_int_equal(chat_add(&chat, &user), 0);
            assert_int_equal(chat_add(&chat, &answer), 0);
            assert_int_equal(title_is_wanted(&chat), i == 0 ? greeted[n] : plain[n]);
        }
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_words_are_whole_ones),
        cmocka_unit_test(of_the_models_answer_the_title_is_kept),
        cmocka_unit_test(it_is_asked_for_once_and_again_after_a_greeting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
