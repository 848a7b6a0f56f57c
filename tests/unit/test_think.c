/* SPDX-License-Identifier: BSD-2-Clause */
/* think: thoughts are told from text, and text is not cut where no tag cuts it. */
#include "agent/model/think.h"
#include "tests/unit/cm.h"

#include <string.h>

static int note(void *arg, bool thought, const char *s, size_t len)
{
    char *said = arg;

    assert_true(strlen(said) + len < 250);
    strcat(said, thought ? "(" : "");
    strncat(said, s, len);
    strcat(said, thought ? ")|" : "|");
    return 0;
}

/* events: divided by '\t', a call each. want: the pieces passed on, thoughts in brackets. */
static void check(const char *events, const char *want)
{
    struct think t = {0};
    char copy[256], said[256] = "", *save = NULL;

    strcpy(copy, events);
    for (char *s = strtok_r(copy, "\t", &save); s; s = strtok_r(NULL, "\t", &save))
        assert_int_equal(think_feed(&t, s, strlen(s), note, said), 0);
    assert_int_equal(think_end(&t, note, said), 0);
    assert_string_equal(said, want);
}

static void text_of_an_event_stays_one_piece(void **state)
{
    (void)state;
    check("Hello you\t there", "Hello you| there|");
    check("~", "~|");
    check(" \n Hello\t!", " \n Hello|!|");
    check("<b>bold</b>", "<b>bold</b>|");
    check("<thin ice\t!", "<thin ice|!|");
    check("\xf0\x9f\x90\x8b whale", "\xf0\x9f\x90\x8b whale|");
    check("                                        far",
        "                                        far|");
}

static void text_held_from_an_earlier_event_loses_nothing(void **state)
{
    (void)state;
    check("<\tb> x\t!", "<b|> x|!|");
    check("<thi\ts is", "<this| is|");
    check("<th\t\xc3\xa9 x", "<th\xc3\xa9| x|");
    check(" <thin", " <thin|");
    check(" \n", "");
}

static void tags_part_thoughts_from_text(void **state)
{
    (void)state;
    check("<think>hm</think>Yes, of course", "(hm)|Yes, of course|");
    check("<think>\thm\t</think>\n\tYes\t!", "(hm)|Yes|!|");
    check("</think>Yes", "Yes|");
    check("<seed:think>hm</seed:th\tink> Yes", "(hm)|Yes|");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_of_an_event_stays_one_piece),
        cmocka_unit_test(text_held_from_an_earlier_event_loses_nothing),
        cmocka_unit_test(tags_part_thoughts_from_text),
    };
    return cmocka_run_group_tests_name("think", tests, NULL, NULL);
}
