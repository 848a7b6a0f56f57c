/* SPDX-License-Identifier: BSD-2-Clause */
/* buf and utf8: growth, bounds, sticky errors, JSON and percent escapes, numbers. */
#include "base/buf.h"
#include "base/err.h"
#include "base/utf8.h"
#include "tests/unit/cm.h"

#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void zeroed_is_valid(void **state)
{
    struct buf b = {0};

    (void)state;
    assert_string_equal(buf_text(&b), "");
    buf_consume(&b, 5);
    buf_reset(&b);
    buf_printf(&b, "%s-%d", "a", 5);
    assert_string_equal(buf_text(&b), "a-5");
    for (int i = 0; i < 5000; i++)
        buf_putc(&b, 'x');
    assert_int_equal(b.len, 5003);
    assert_int_equal(b.data[b.len], 0);
    buf_consume(&b, 5002);
    assert_string_equal(buf_text(&b), "x");
    buf_consume(&b, 99);
    assert_int_equal(b.len, 0);
    buf_free(&b);
}

static void bound_and_sticky_error(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 8);
    buf_puts(&b, "12345678");
    assert_int_equal(buf_error(&b), 0);
    buf_putc(&b, '9');
    assert_int_equal(buf_error(&b), ERR_LIMIT);
    assert_string_equal(buf_text(&b), "12345678");
    buf_consume(&b, 8);
    buf_puts(&b, "x");
    assert_int_equal(b.len, 0); /* sticky */
    assert_null(buf_take(&b, NULL));
    buf_reset(&b);
    buf_printf(&b, "%s", "123456789");
    assert_int_equal(buf_error(&b), ERR_LIMIT);
    assert_string_equal(buf_text(&b), "");
    buf_reset(&b);
    assert_int_equal(buf_reserve(&b, SIZE_MAX), ERR_LIMIT);
    buf_free(&b);
}

static void take_gives_ownership(void **state)
{
    struct buf b = {0};
    size_t len;

    (void)state;
    char *empty = buf_take(&b, &len);
    assert_string_equal(empty, "");
    assert_int_equal(len, 0);
    buf_puts(&b, "text");
    char *text = buf_take(&b, &len);
    assert_string_equal(text, "text");
    assert_int_equal(len, 4);
    assert_string_equal(buf_text(&b), "");
    free(empty);
    free(text);
    buf_free(&b);
}

static void json_escapes(void **state)
{
    static const struct {
        const char *in;
        size_t len;
        const char *out;
    } cases[] = {
        {"plain", 5, "\"plain\""},
        {"a\"b\\c/", 6, "\"a\\\"b\\\\c/\""},
        {"\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\""},
        {"\0\x1f\x7f", 3, "\"\\u0000\\u001f\x7f\""},
        {"Gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\xa8", 11, "\"Gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\xa8\""},
        {"\xff", 1, "\"\xef\xbf\xbd\""},
        {"a\xc3", 2, "\"a\xef\xbf\xbd\""},
        {"\xe2\x82z", 3, "\"\xef\xbf\xbdz\""}, /* one for a torn sequence */
        {"\xed\xa0\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""}, /* surrogate */
        {"\xc0\xaf", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\""},                 /* overlong */
        {"\xf4\x90\x80\x80", 4, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {"", 0, "\"\""},
    };
    struct buf b = {0};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        buf_reset(&b);
        buf_json_string(&b, cases[i].in, cases[i].len);
        assert_string_equal(buf_text(&b), cases[i].out);
    }
    buf_reset(&b);
    buf_put_urlencoded(&b, "a b/\xc3\xbc~&=", 9);
    assert_string_equal(buf_text(&b), "a%20b%2F%C3%BC~%26%3D");
    buf_reset(&b);
    for (size_t n = 0; n < 4; n++) { /* RFC 4648, 10 */
        buf_put_base64(&b, "foo", n);
        buf_putc(&b, ' ');
    }
    assert_string_equal(buf_text(&b), " Zg== Zm8= Zm9v ");
    buf_reset(&b);
    buf_put_base64(&b, "0123456789012345678901234567890123456789012345678",
        49); /* more than a piece */
    assert_string_equal(buf_text(&b),
        "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3OA==");
    buf_free(&b);
}

static void json_members(void **state)
{
    struct buf b = {0};

    (void)state;
    buf_json_member(&b, "a", "x\"y");
    buf_json_member(&b, "b", NULL);
    buf_json_member(&b, "c", "");
    assert_string_equal(buf_text(&b), ",\"a\":\"x\\\"y\",\"c\":\"\"");
    buf_free(&b);
}

static void numbers(void **state)
{
    static const struct {
        double in;
        const char *out;
    } cases[] = {
        {0, "0"},
        {1, "1"},
        {-1.5, "-1.5"},
        {0.1, "0.1"},
        {1e-7, "1e-7"},
        {0.000001, "0.000001"},
        {123456.789, "123456.789"},
        {1e17, "100000000000000000"},
        {1e18, "1e+18"},
        {1.5e300, "1.5e+300"},
        {5e-324, "5e-324"},
        {0.30000000000000004, "0.30000000000000004"},
        {INFINITY, "null"},
        {NAN, "null"},
        {DBL_MAX, "1.7976931348623157e+308"},
        {1234.5e-9, "0.0000012345"},
    };
    struct buf b = {0};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        buf_reset(&b);
        buf_put_double(&b, cases[i].in);
        assert_string_equal(buf_text(&b), cases[i].out);
        if (isfinite(cases[i].in))
            assert_true(strtod(buf_text(&b), NULL) == cases[i].in);
    }
    buf_reset(&b);
    buf_put_int(&b, LLONG_MIN);
    buf_putc(&b, ' ');
    buf_put_int(&b, LLONG_MAX);
    buf_putc(&b, ' ');
    buf_put_int(&b, 0);
    assert_string_equal(buf_text(&b), "-9223372036854775808 9223372036854775807 0");
    buf_free(&b);
}

static void utf8_agrees_with_itself(void **state)
{
    char s[4];

    (void)state;
    for (unsigned code = 0; code < 0x110000; code++) {
        size_t n = utf8_encode(code, s);
        assert_int_equal(utf8_sequence(s, n, NULL), n);
        assert_int_equal(utf8_length(s, n), 1);
        if (n > 1)
            assert_int_equal(utf8_sequence(s, n - 1, NULL), 0);
    }
    assert_true(utf8_valid("a\xc3\xbc", 3));
    assert_false(utf8_valid("a\xc3", 2));
}

static void four_hex_digits_are_read(void **state)
{
    static const char *const none[] = {"", "123", "12g4", "-123", " 123", "0x12", "12\xc3\xbc"};

    (void)state;
    assert_int_equal(utf8_hex4("0000", 4), 0);
    assert_int_equal(utf8_hex4("09afX", 5), 0x09af);
    assert_int_equal(utf8_hex4("FFFF", 4), 0xffff);
    assert_int_equal(utf8_hex4("12345", 3), -1);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_int_equal(utf8_hex4(none[i], strlen(none[i])), -1);
}

static void a_character_is_put_as_utf8(void **state)
{
    struct buf b = {0};

    (void)state;
    buf_put_utf8(&b, 'a');
    buf_put_utf8(&b, 0xfc);
    buf_put_utf8(&b, 0x20ac);
    buf_put_utf8(&b, 0x1f428);
    buf_put_utf8(&b, 0xd800); /* half a pair is no character */
    assert_string_equal(buf_text(&b), "a\xc3\xbc\xe2\x82\xac\xf0\x9f\x90\xa8\xef\xbf\xbd");
    buf_free(&b);
}

/* A cut is never inside a character, and takes no character that is whole. */
static void utf8_is_cut_between_characters(void **state)
{
    static const struct {
        const char *text;
        size_t n, whole;
    } cases[] = {
        {"", 0, 0}, {"abc", 2, 2}, {"abc", 3, 3}, {"a\xc3\xbc", 2, 1}, {"a\xc3\xbc", 3, 3},
        {"\xc3\xbc", 1, 0}, {"\xe2\x82\xac", 1, 0}, {"\xe2\x82\xac", 2, 0}, {"\xe2\x82\xac", 3, 3},
        {"a\xf0\x9f\x90\xa8z", 2, 1}, {"a\xf0\x9f\x90\xa8z", 4, 1}, {"a\xf0\x9f\x90\xa8z", 5, 5},
        {"a\xf0\x9f\x90\xa8z", 6, 6},
        {"\x80\x80\x80\x80", 4, 4}, /* no beginning of a character: nothing is taken away */
    };
    char cut[] = "abcde\xe2\x82", full[] = "abcd\xe2\x82\xac"; /* of arrays of eight bytes */

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(utf8_cut(cases[i].text, cases[i].n), cases[i].whole);
    utf8_mend_end(cut);
    assert_string_equal(cut, "abcde");
    utf8_mend_end(full);
    assert_string_equal(full, "abcd\xe2\x82\xac");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zeroed_is_valid),
        cmocka_unit_test(bound_and_sticky_error),
        cmocka_unit_test(take_gives_ownership),
        cmocka_unit_test(json_escapes),
        cmocka_unit_test(json_members),
        cmocka_unit_test(numbers),
        cmocka_unit_test(utf8_agrees_with_itself),
        cmocka_unit_test(four_hex_digits_are_read),
        cmocka_unit_test(a_character_is_put_as_utf8),
        cmocka_unit_test(utf8_is_cut_between_characters),
    };
    return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
