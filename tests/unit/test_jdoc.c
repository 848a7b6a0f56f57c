/* SPDX-License-Identifier: BSD-2-Clause */
/* jdoc: what the wall refuses, typed getters, ownership, writing. */
#include "base/err.h"
#include "base/jdoc.h"
#include "tests/unit/cm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static jdoc *parse(const char *text)
{
    jdoc *doc = NULL;
    char why[160] = "";

    if (jdoc_parse(text, strlen(text), &doc, why, sizeof why) != 0)
        fail_msg("%s: %s", text, why);
    return doc;
}

static void refuses(void **state)
{
    static const char *const bad[] = {
        "",
        " ",
        "{",
        "[",
        "[1",
        "[1,",
        "[1,]",
        "{\"a\":1,}",
        "{\"a\"}",
        "{\"a\":}",
        "{a:1}",
        "{'a':1}",
        "'a'",
        "// c\n1",
        "/* c */1",
        "1 // c",
        "TRUE",
        "True",
        "nul",
        "nullx",
        "NaN",
        "Infinity",
        "-Infinity",
        "-",
        "+1",
        "01",
        "-01",
        "1.",
        ".5",
        "1e",
        "1e+",
        "0x10",
        "1e400",
        "-1e400",
        "\xef\xbb\xbf",
        "[\xef\xbb\xbf]",
        "[]\xef\xbb\xbf",
        "\xef\xbb[]",
        "\"a",
        "\"a\nb\"",
        "\"\t\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\\"",
        "\"\xff\"",
        "\"\xc0\xaf\"",
        "\"\xed\xa0\x80\"",
        "\"\xf5\x80\x80\x80\"",
        "\"\xc3\"",
        "1 2",
        "{} x",
        "[]]",
        "{\"a\":1,\"a\":2}",
        "{\"a\":1,\"\\u0061\":2}",
        "{\"a\\u0000b\":1}",
        "{\"a\":null,\"a\":null}",
        "\f1",
        "[1 2]",
        "{\"a\":1 \"b\":2}",
        "{1:2}",
        "[,1]",
    };
    jdoc *doc = NULL;
    char why[160];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        why[0] = 0;
        if (jdoc_parse(bad[i], strlen(bad[i]), &doc, why, sizeof why) != ERR_INVALID)
            fail_msg("taken: %s", bad[i]);
        assert_non_null(strstr(why, " at byte "));
    }
    assert_int_equal(jdoc_parse("1\0", 2, &doc, why, sizeof why), ERR_INVALID);
    assert_int_equal(jdoc_parse("\"\0\"", 3, &doc, NULL, 0), ERR_INVALID);
    assert_int_equal(jdoc_parse("{\"ab\":1,\"ab\":2}", 15, &doc, why, sizeof why), ERR_INVALID);
    assert_string_equal(why, "a member name comes twice at byte 8");
}

/* As JSON.stringify(2 ** 63) writes it: a number, but none that an integer could hold. */
static void integers_beyond_int64(void **state)
{
    static const struct {
        const char *text;
        double value;
    } cases[] = {{"9223372036854775808", 9223372036854775808.0},
        {"-9223372036854775809", -9223372036854775808.0},
        {"18446744073709551615", 18446744073709551616.0}, {"100000000000000000000000000000", 1e29}};
    jdoc *doc = parse("[9223372036854775807,-9223372036854775808]");
    int64_t integer = 5;
    double number = 0;

    (void)state;
    assert_int_equal(jdoc_int(jdoc_at(doc, 0), &integer), 0);
    assert_true(integer == INT64_MAX);
    assert_int_equal(jdoc_int(jdoc_at(doc, 1), &integer), 0);
    assert_true(integer == INT64_MIN);
    jdoc_free(doc);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf text = {0};
        integer = 5;
        doc = parse(cases[i].text);
        assert_int_equal(jdoc_type(doc), JDOC_DOUBLE);
        assert_int_equal(jdoc_int(doc, &integer), ERR_INVALID);
        assert_int_equal(integer, 5);
        assert_int_equal(jdoc_double(doc, &number), 0);
        assert_true(number == cases[i].value);
        jdoc_write(doc, &text);
        jdoc *again = parse(buf_text(&text));
        assert_int_equal(jdoc_double(again, &number), 0);
        assert_true(number == cases[i].value);
        buf_free(&text);
        jdoc_free(again);
        jdoc_free(doc);
    }
}

static void a_byte_order_mark_is_passed_over(void **state)
{
    jdoc *doc = parse("\xef\xbb\xbf{\"a\":1}");
    int64_t value = 0;

    (void)state;
    assert_int_equal(jdoc_get_int(doc, "a", &value), 0);
    assert_int_equal(value, 1);
    jdoc_free(doc);
}

static void number_too_long(void **state)
{
    char text[400];
    jdoc *doc;

    (void)state;
    memset(text, '1', sizeof text);
    text[1] = '.';
    assert_int_equal(jdoc_parse(text, sizeof text, &doc, NULL, 0), ERR_INVALID);
}

static void depth(void **state)
{
    char text[70];
    jdoc *doc = NULL;

    (void)state;
    memset(text, '[', 33);
    memset(text + 33, ']', 33);
    assert_int_equal(jdoc_parse(text, 66, &doc, NULL, 0), ERR_LIMIT);
    assert_int_equal(jdoc_parse(text + 1, 64, &doc, NULL, 0), 0);
    jdoc_free(doc);
    char *bomb = malloc(1 << 20);
    memset(bomb, '[', 1 << 20);
    assert_int_equal(jdoc_parse(bomb, 1 << 20, &doc, NULL, 0), ERR_LIMIT);
    free(bomb);
}

static void getters_never_convert(void **state)
{
    jdoc *doc = parse("{\"s\":\"12\",\"i\":4294967297,\"d\":2.5,\"t\":true,\"n\":null,\"a\":[1,2],"
                      "\"z\":\"x\\u0000y\",\"e\":\"\\ud83d\\udc28\\ud800\"}");
    const char *s;
    size_t len;
    int64_t i;
    double d;
    bool b;

    (void)state;
    assert_int_equal(jdoc_get_int(doc, "s", &i), ERR_INVALID);
    assert_int_equal(jdoc_get_bool(doc, "s", &b), ERR_INVALID);
    assert_int_equal(jdoc_get_string(doc, "i", &s, &len), ERR_INVALID);
    assert_int_equal(jdoc_get_int(doc, "d", &i), ERR_INVALID);
    assert_int_equal(jdoc_get_int(doc, "t", &i), ERR_INVALID);
    assert_int_equal(jdoc_get_int(doc, "n", &i), ERR_NOT_FOUND);
    assert_int_equal(jdoc_get_int(doc, "absent", &i), ERR_NOT_FOUND);
    assert_int_equal(jdoc_get_int(doc, "i", &i), 0);
    assert_true(i == 4294967297);
    assert_int_equal(jdoc_get_double(doc, "i", &d), 0);
    assert_int_equal(jdoc_get_double(doc, "d", &d), 0);
    assert_true(d == 2.5);
    assert_int_equal(jdoc_get_bool(doc, "t", &b), 0);
    assert_true(b);
    assert_true(jdoc_has(doc, "n"));
    assert_null(jdoc_get(doc, "n"));
    assert_false(jdoc_has(doc, "absent"));
    assert_int_equal(jdoc_get_string(doc, "z", &s, &len), 0);
    assert_int_equal(len, 3);
    assert_memory_equal(s, "x\0y", 3);
    assert_string_equal(jdoc_text_or(doc, "e", ""), "\xf0\x9f\x90\xa8\xef\xbf\xbd");
    assert_string_equal(jdoc_text_or(doc, "i", "no"), "no");
    assert_true(jdoc_int_or(doc, "i", 5) == 4294967297 && jdoc_int_or(doc, "s", 5) == 5 &&
        jdoc_int_or(doc, "d", 5) == 5 && jdoc_int_or(doc, "absent", 5) == 5);
    assert_true(jdoc_double_or(doc, "d", 1) == 2.5 && jdoc_double_or(doc, "i", 1) == 4294967297 &&
        jdoc_double_or(doc, "s", 1) == 1);
    assert_true(jdoc_is_true(doc, "t"));
    assert_false(jdoc_is_true(doc, "i") || jdoc_is_true(doc, "n") || jdoc_is_true(NULL, "t"));
    assert_int_equal(jdoc_length(jdoc_get(doc, "a")), 2);
    assert_null(jdoc_at(jdoc_get(doc, "a"), 2));
    assert_null(jdoc_at(doc, 0));
    assert_null(jdoc_get(jdoc_get(doc, "a"), "x"));
    assert_null(jdoc_get(NULL, "x"));
    assert_string_equal(jdoc_type_name(jdoc_type(NULL)), "null");
    jdoc_free(doc);
}

/* What was made is in the array, or freed: the sanitizers look. */
static void what_is_made_is_pushed_or_freed(void **state)
{
    jdoc *list = jdoc_new_array();

    (void)state;
    assert_int_equal(jdoc_push_made(list, jdoc_new_int(1), 0), 0);
    assert_int_equal(jdoc_push_made(list, jdoc_new_object(), ERR_NOMEM), ERR_NOMEM);
    assert_int_equal(jdoc_push_made(list, NULL, 1), ERR_NOMEM);
    assert_int_equal(jdoc_length(list), 1);
    jdoc_free(list);
}

static void building_and_writing(void **state)
{
    struct buf out = {0};
    jdoc *doc = jdoc_new_object(), *list = jdoc_new_array();

    (void)state;
    assert_int_equal(jdoc_push(list, jdoc_new_double(0.1)), 0);
    assert_int_equal(jdoc_push(list, NULL), ERR_NOMEM);
    assert_int_equal(jdoc_set(list, "k", jdoc_new_int(1)), ERR_INVALID); /* taken all the same */
    assert_int_equal(jdoc_push(doc, jdoc_new_int(1)), ERR_INVALID);
    assert_int_equal(jdoc_set(doc, "z/", list), 0);
    assert_int_equal(jdoc_set_string(doc, "a", "\"\n"), 0);
    assert_int_equal(jdoc_set_string(doc, "none", NULL), 0);
    assert_int_equal(jdoc_set_null(doc, "m"), 0);
    assert_int_equal(jdoc_set_bool(doc, "b", false), 0);
    assert_int_equal(jdoc_set_int(doc, "a2", 1), 0);
    assert_int_equal(jdoc_set_int(doc, "a2", -7), 0);
    jdoc_write(doc, &out);
    assert_string_equal(buf_text(&out),
        "{\"z/\":[0.1],\"a\":\"\\\"\\n\",\"m\":null,\"b\":false,\"a2\":-7}");
    buf_reset(&out);
    jdoc *copy = jdoc_dup(doc);
    jdoc_remove(doc, "a");
    jdoc_remove(doc, "absent");
    jdoc_free(doc);
    jdoc_write_canonical(copy, &out);
    assert_string_equal(buf_text(&out),
        "{\"a\":\"\\\"\\n\",\"a2\":-7,\"b\":false,\"m\":null,\"z/\":[0.1]}");
    assert_null(jdoc_dup(NULL));
    jdoc_free(copy);
    jdoc_free(NULL);
    buf_free(&out);
}

static void iteration_in_order_with_removal(void **state)
{
    jdoc *doc = parse("{\"c\":1,\"a\":2,\"b\":null}"), *value;
    struct jdoc_iter it = {0};
    const char *key;
    char seen[16] = "";

    (void)state;
    while (jdoc_next(doc, &it, &key, &value)) {
        strcat(seen, key);
        jdoc_remove(doc, "c");
    }
    assert_string_equal(seen, "cab");
    assert_int_equal(jdoc_length(doc), 2);
    it = (struct jdoc_iter){0};
    assert_false(jdoc_next(NULL, &it, &key, &value));
    jdoc_free(doc);
}

static void large_object_is_linear(void **state)
{
    struct buf b = {0};
    jdoc *doc = NULL;

    (void)state;
    buf_putc(&b, '{');
    for (int i = 0; i < 50000; i++)
        buf_printf(&b, "%s\"k%d\":%d", i ? "," : "", i, i);
    buf_putc(&b, '}');
    assert_int_equal(jdoc_parse(buf_text(&b), b.len, &doc, NULL, 0), 0);
    assert_int_equal(jdoc_length(doc), 50000);
    jdoc_free(doc);
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses),
        cmocka_unit_test(number_too_long),
        cmocka_unit_test(integers_beyond_int64),
        cmocka_unit_test(a_byte_order_mark_is_passed_over),
        cmocka_unit_test(depth),
        cmocka_unit_test(getters_never_convert),
        cmocka_unit_test(what_is_made_is_pushed_or_freed),
        cmocka_unit_test(building_and_writing),
        cmocka_unit_test(iteration_in_order_with_removal),
        cmocka_unit_test(large_object_is_linear),
    };
    return cmocka_run_group_tests_name("jdoc", tests, NULL, NULL);
}
