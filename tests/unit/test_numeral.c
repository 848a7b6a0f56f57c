/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers and currencies as people write them. */
#include "base/err.h"
#include "tests/unit/cm.h"
#include "tools/kit/currency.h"
#include "tools/kit/numeral.h"

#include <string.h>

static void test_figures(void **state)
{
    static const struct {
        const char *text;
        int error, with_comma; /* where decimals stand behind a point, behind a comma */
        double value;
    } cases[] = {
        {"45", 0, 0, 45},
        {"45.50", 0, ERR_CONFLICT, 45.5},
        {".5", 0, ERR_CONFLICT, 0.5},
        {"1,000", 0, ERR_CONFLICT, 1000},
        {"1.000", ERR_CONFLICT, ERR_CONFLICT, 1000},
        {"1,200.50", 0, 0, 1200.5},
        {"1.000,50", 0, 0, 1000.5},
        {"1,234,567", 0, 0, 1234567},
        {"1.234.567", 0, 0, 1234567},
        {"1,50", ERR_CONFLICT, 0, 1.5},
        {"0,500", ERR_CONFLICT, 0, 0.5},
        {"12,34,567", ERR_INVALID, ERR_INVALID, 0},
        {"1.2.3", ERR_INVALID, ERR_INVALID, 0},
        {"1,000,50", ERR_INVALID, ERR_INVALID, 0},
        {"1.000,5.0", ERR_INVALID, ERR_INVALID, 0},
        {"", ERR_INVALID, ERR_INVALID, 0},
        {"5.", ERR_INVALID, ERR_INVALID, 0},
        {"-5", ERR_INVALID, ERR_INVALID, 0},
        {"1e3", ERR_INVALID, ERR_INVALID, 0},
        {"1234567890123456", ERR_INVALID, ERR_INVALID, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double value;
        int error = numeral_read(cases[i].text, strlen(cases[i].text), false, &value);
        if (error != cases[i].error || (!error && value != cases[i].value))
            fail_msg("\"%s\": %s, %g", cases[i].text, err_text(error), value);
        error = numeral_read(cases[i].text, strlen(cases[i].text), true, &value);
        if (error != cases[i].with_comma || (!error && value != cases[i].value))
            fail_msg("\"%s\" with a decimal comma: %s, %g", cases[i].text, err_text(error), value);
    }
}

static void test_words(void **state)
{
    static const struct {
        const char *words[8];
        size_t taken;
        double value;
    } cases[] = {
        {{"forty", "five"}, 2, 45},
        {{"forty", "dollars"}, 1, 40},
        {{"four", "fifty"}, 1, 4},
        {{"a", "hundred", "and", "twenty"}, 4, 120},
        {{"two", "hundred", "five"}, 3, 205},
        {{"twelve", "hundred"}, 2, 1200},
        {{"two", "thousand", "five", "hundred"}, 4, 2500},
        {{"a", "thousand"}, 2, 1000},
        {{"a", "hundred", "and", "coffee"}, 2, 100},
        {{"a"}, 0, 0},
        {{"and", "five"}, 0, 0},
        {{"twenty", "twenty"}, 1, 20},
        {{"nineteen", "one"}, 1, 19},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t count = 0, taken;
        double value = 0;
        while (count < 8 && cases[i].words[count])
            count++;
        taken = numeral_words(cases[i].words, count, &value);
        if (taken != cases[i].taken || (taken && value != cases[i].value))
            fail_msg("case %zu: %zu words, %g", i, taken, value);
    }
}

static void test_locales(void **state)
{
    (void)state;
    assert_true(numeral_decimal_comma("de-DE"));
    assert_true(numeral_decimal_comma("fr"));
    assert_false(numeral_decimal_comma("en-AU"));
    assert_false(numeral_decimal_comma("de-CH"));
    assert_false(numeral_decimal_comma(""));
    assert_false(numeral_decimal_comma("d"));
}

static void test_currencies(void **state)
{
    char code[4];

    (void)state;
    assert_true(currency_named("\xe2\x82\xac", code));
    assert_string_equal(code, "EUR");
    assert_true(currency_named("usd", code));
    assert_string_equal(code, "USD");
    assert_true(currency_named("A$", code));
    assert_string_equal(code, "AUD");
    assert_true(currency_named("bucks", code));
    assert_true(currency_is(code, "AUD"));
    assert_true(currency_is(code, "CAD"));
    assert_false(currency_is(code, "EUR"));
    assert_false(currency_is("USD", "AUD"));
    assert_false(currency_named("try", code));
    assert_true(currency_named("TRY", code));
    assert_false(currency_named("xyz", code));
    assert_false(currency_named("", code));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_figures),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_locales),
        cmocka_unit_test(test_currencies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
