/* SPDX-License-Identifier: BSD-2-Clause */
/* Which money there is, its decimals, and which sums are asked about. */
#include "base/err.h"
#include "tests/unit/cm.h"
#include "tests/unit/tool_fixture.h"
#include "tools/kit/amount.h"
#include "tools/kit/currency.h"
#include "tools/kit/currency_table.h"
#include "tools/kit/plausible.h"

#include <string.h>

static void tells_money_from_codes(void **state)
{
    char why[CURRENCY_WHY_SIZE];
    static const char *const good[] = {"AED", "AUD", "EUR", "IDR", "KWD", "XAF", "XPF", "ZWG"};
    static const char *const bad[] = {"", "XX", "XXX", "XTS", "XAU", "XDR", "CLF", "BTC", "AUDX",
        "aud", "\xc3\x84UD"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_int_equal(currency_check(good[i], why), 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(currency_check(bad[i], why), ERR_INVALID);
    assert_int_equal(currency_check("DEM", why), ERR_INVALID);
    assert_non_null(strstr(why, "EUR"));
    assert_int_equal(currency_check("HRK", why), ERR_INVALID);
    assert_non_null(strstr(why, "EUR"));
}

static void tables_are_in_order(void **state)
{
    (void)state;
    for (size_t i = 1; i < currency_table_count; i++)
        assert_true(strcmp(currency_table[i - 1].code, currency_table[i].code) < 0);
    for (size_t i = 1; i < currency_others_count; i++)
        assert_true(strcmp(currency_others[i - 1].code, currency_others[i].code) < 0);
    assert_string_equal(currency_of_country("AD"), "EUR");
    assert_string_equal(currency_of_country("DE"), "EUR");
    assert_string_equal(currency_of_country("US"), "USD");
    assert_string_equal(currency_of_country("ZW"), "ZWG");
    assert_null(currency_of_country("XX"));
    assert_null(currency_of_country(""));
}

static void has_the_decimals_of_each(void **state)
{
    char text[AMOUNT_TEXT_SIZE];
    int64_t minor;
    (void)state;
    assert_int_equal(amount_from_number(12.345, "KWD", &minor), 0);
    assert_int_equal(minor, 12345);
    amount_text(minor, "KWD", text);
    assert_string_equal(text, "12.345 KWD");
    assert_int_equal(amount_from_number(1500000, "IDR", &minor), 0);
    amount_text(minor, "IDR", text);
    assert_string_equal(text, "1,500,000.00 IDR");
    assert_int_equal(amount_from_number(12.345, "AUD", &minor), ERR_INVALID);
    assert_int_equal(amount_from_number(1.5, "JPY", &minor), ERR_INVALID);
    assert_int_equal(amount_from_number(1e300, "AUD", &minor), ERR_INVALID);
}

static void logs_each_money(void **state)
{
    (void)state;
    jdoc *r = tool_ok(&bench, "create_expense",
        "{\"amount\":12.345,\"category\":\"food\",\"currency\":\"KWD\"}");
    assert_int_equal(number_at(r, "/expense/amount_minor"), 12345);
    jdoc_free(r);
    jdoc_free(tool_ok(&bench, "create_expense",
        "{\"amount\":1500000,\"category\":\"groceries\",\"currency\":\"IDR\"}"));
    tool_refused(&bench, "create_expense",
        "{\"amount\":12.3456,\"category\":\"food\",\"currency\":\"KWD\"}", "invalid_argument",
        "/amount");
    tool_refused(&bench, "update_budget",
        "{\"amount\":100,\"category\":\"food\",\"currency\":\"XTS\"}", "invalid_argument",
        "/currency");
}

static void asks_about_unlikely_sums(void **state)
{
    (void)state;
    assert_int_equal(plausible_expense(150000000, "IDR", "groceries"), PLAUSIBLE);
    assert_int_equal(plausible_expense(200000, "AUD", "repair"), PLAUSIBLE);
    tool_refused(&bench, "create_expense",
        "{\"amount\":900000,\"category\":\"restaurant\",\"currency\":\"USD\"}", "invalid_argument",
        "/amount");
    tool_refused(&bench, "create_expense", "{\"amount\":45000,\"category\":\"food\"}", "ambiguous",
        "/amount");
    jdoc *r = tool_ok(&bench, "get_spending_summary", "{\"category\":\"food\"}");
    assert_int_equal(number_at(r, "/summary/count"), 0);
    jdoc_free(r);
    jdoc_free(tool_ok(&bench, "create_expense",
        "{\"amount\":45000,\"category\":\"food\",\"confirmed\":true}"));
}

static void nothing_is_spent_tomorrow(void **state)
{
    (void)state;
    tool_refused(&bench, "create_expense",
        "{\"amount\":10,\"category\":\"food\",\"date\":\"2026-11-23\"}", "invalid_argument",
        "/date");
    jdoc_free(tool_ok(&bench, "create_expense",
        "{\"amount\":10,\"category\":\"food\",\"date\":\"2026-11-22T23:30\"}"));
}

static void suggests_only_from_enough_days(void **state)
{
    (void)state;
    jdoc_free(tool_ok(&bench, "create_expense", "{\"amount\":90,\"category\":\"food\"}"));
    jdoc *r = tool_ok(&bench, "manage_finances", "{\"action\":\"suggest_budget\"}");
    assert_int_equal(jdoc_length(at(r, "/suggestions")), 0);
    assert_non_null(strstr(text_at(r, "/message"), "only 1 day"));
    jdoc_free(r);
    jdoc_free(tool_ok(&bench, "create_expense",
        "{\"amount\":60,\"category\":\"food\",\"date\":\"2026-11-08\"}"));
    r = tool_ok(&bench, "manage_finances", "{\"action\":\"suggest_budget\"}");
    /* 150 in 15 days is 10 a day */
    assert_true(number_at(r, "/suggestions/0/monthly_average") == 304.37);
    jdoc_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_money_from_codes),
        cmocka_unit_test(tables_are_in_order),
        cmocka_unit_test(has_the_decimals_of_each),
        cmocka_unit_test_setup(logs_each_money, tool_fixture_empty),
        cmocka_unit_test_setup(asks_about_unlikely_sums, tool_fixture_empty),
        cmocka_unit_test_setup(nothing_is_spent_tomorrow, tool_fixture_empty),
        cmocka_unit_test_setup(suggests_only_from_enough_days, tool_fixture_empty),
    };
    return cmocka_run_group_tests(tests, tool_fixture_start, tool_fixture_stop);
}
