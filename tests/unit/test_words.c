/* SPDX-License-Identifier: BSD-2-Clause */
/* test_words -- by which words a text is found. */
#include "base/words.h"
#include "tests/unit/cm.h"

#include <stdio.h>
#include <string.h>

/* The words of a text, each with a blank behind it. */
static const char *words(const char *text, bool asked)
{
    static char out[1000];
    struct words w = words_of(text, strlen(text), asked);
    struct words_word word;

    *out = '\0';
    while (words_next(&w, &word)) {
        assert_true(word.from < word.to && word.to <= strlen(text));
        strncat(out, word.text, sizeof out - strlen(out) - 1);
        strncat(out, " ", sizeof out - strlen(out) - 1);
    }
    return out;
}

static void capitals_marks_and_apostrophes_do_not_count(void **state)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"", ""},
        {" .,!? ", ""},
        {"Hello, World", "hello world "},
        {"Z\xc3\xbcrich Zu\xcc\x88rich ZURICH", "zurich zurich zurich "},
        {"stra\xc3\x9f"
         "e \xc3\x86on",
            "strasse aeon "},
        {"don't don\xe2\x80\x99t", "dont dont "},
        {"3.5 km, 20\xc2\xb0"
         "C",
            "3 5 km 20 c "},
        {"\xce\x91\xce\xb8\xce\xae\xce\xbd\xce\xb1", "\xce\xb1\xce\xb8\xce\xb7\xce\xbd\xce\xb1 "},
        {"\xd0\x81\xd0\xbb\xd0\xba\xd0\xb0", "\xd0\xb5\xd0\xbb\xd0\xba\xd0\xb0 "},
        {"Vi\xe1\xbb\x87t Nam", "viet nam "},
        {"a\xff"
         "b",
            "a b "},
        {"a_b-c/d", "a b c d "},
        {"\xef\xbc\xa1\xef\xbc\xa2", "ab "},
        {"ab\xc2\xad"
         "cd",
            "abcd "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(words(cases[i].text, false), cases[i].words);
}

static void scripts_without_blanks_are_taken_by_pairs(void **state)
{
    (void)state;
    assert_string_equal(words("東京都", false), "東京 京都 都 ");
    assert_string_equal(words("東京都", true), "東京 京都 ");
    assert_string_equal(words("京", true), "京 ");
    assert_string_equal(words("東京 and 京都。", false), "東京 京 and 京都 都 ");
    assert_string_equal(words("カフェab", true), "カフ フェ ab ");
    assert_string_equal(words("서울 날씨", false), "서울 날씨 "); /* has blanks */
}

static void a_long_word_is_cut_at_a_character(void **state)
{
    char text[200] = "";
    struct words w;
    struct words_word word;

    (void)state;
    for (int i = 0; i < 30; i++)
        strcat(text, "ж");
    w = words_of(text, strlen(text), false);
    assert_true(words_next(&w, &word));
    assert_int_equal(strlen(word.text), 32);
    assert_int_equal(word.to, strlen(text));
    assert_false(words_next(&w, &word));
}

static void a_word_says_where_it_stands(void **state)
{
    const char *text = "Der Bär, groß";
    struct words w = words_of(text, strlen(text), false);
    struct words_word word;

    (void)state;
    assert_true(words_next(&w, &word) && words_next(&w, &word));
    assert_int_equal(word.from, 4);
    assert_int_equal(word.to, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(capitals_marks_and_apostrophes_do_not_count),
        cmocka_unit_test(scripts_without_blanks_are_taken_by_pairs),
        cmocka_unit_test(a_long_word_is_cut_at_a_character),
        cmocka_unit_test(a_word_says_where_it_stands),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
