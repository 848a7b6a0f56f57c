/* SPDX-License-Identifier: BSD-2-Clause */
/* Expenses and budgets: exact sums in one currency, periods of the user's calendar, limits. */
#include "tests/unit/cm.h"
#include "tests/unit/tool_fixture.h"
#include "tools/kit/amount.h"

#include <stdio.h>
#include <string.h>

static void spend(const char *args)
{
    jdoc_free(tool_ok(&bench, "create_expense", args));
}

static void keeps_integers(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++)
        spend("{\"amount\":0.1,\"category\":\"tolls\"}");
    jdoc *r = tool_ok(&bench, "get_spending_summary", "{}");
    assert_int_equal(number_at(r, "/summary/total_minor"), 100);
    assert_true(number_at(r, "/summary/total") == 1.0);
    assert_int_equal(number_at(r, "/summary/count"), 10);
    jdoc_free(r);
    tool_refused(&bench, "create_expense",
        "{\"amount\":1.5,\"category\":\"tolls\",\"currency\":\"JPY\"}", "invalid_argument",
        "/amount");
}

static void sums_a_period(void **state)
{
    (void)state;
    spend("{\"amount\":85.5,\"category\":\"diesel\",\"location\":\"Dubbo\"}");
    spend("{\"amount\":14.5,\"category\":\"diesel\",\"date\":\"2026-11-01\"}");
    spend("{\"amount\":50,\"category\":\"food\",\"date\":\"2026-11-16\"}");
    spend("{\"amount\":1000,\"category\":\"repair\",\"date\":\"2026-10-31T23:59\"}");
    spend("{\"amount\":7,\"category\":\"food\",\"currency\":\"NZD\"}");
    jdoc *r = tool_ok(&bench, "get_spending_summary", "{}");
    assert_true(number_at(r, "/summary/total") == 150);
    assert_string_equal(text_at(r, "/summary/from"), "2026-11-01");
    assert_string_equal(text_at(r, "/summary/to"), "2026-11-22");
    assert_int_equal(number_at(r, "/summary/days"), 22);
    assert_true(number_at(r, "/summary/daily_average") == 6.82);
    assert_string_equal(text_at(r, "/summary/categories/0/category"), "diesel");
    assert_true(number_at(r, "/summary/categories/0/share") == 66.7);
    assert_string_equal(text_at(r, "/summary/other_currencies/0/currency"), "NZD");
    jdoc_free(r);
    r = tool_ok(&bench, "get_spending_summary", "{\"period\":\"week\"}");
    assert_true(number_at(r, "/summary/total") == 135.5);
    jdoc_free(r);
    r = tool_ok(&bench, "get_spending_summary", "{\"period\":\"quarter\",\"category\":\"repair\"}");
    assert_true(number_at(r, "/summary/total") == 1000);
    jdoc_free(r);
}

static void watches_limits(void **state)
{
    (void)state;
    jdoc *r = tool_ok(&bench, "analyze_budget", "{}");
    assert_string_equal(text_at(r, "/budget/status"), "no_limit");
    jdoc_free(r);
    r = tool_ok(&bench, "update_budget", "{\"category\":\"diesel\",\"amount\":100}");
    assert_string_equal(text_at(r, "/budget/period"), "monthly");
    jdoc_free(r);
    jdoc_free(tool_ok(&bench, "update_budget",
        "{\"category\":\"food\",\"amount\":\"50\",\"period\":\"weekly\"}"));
    r = tool_ok(&bench, "create_expense", "{\"amount\":85,\"category\":\"diesel\"}");
    assert_string_equal(text_at(r, "/budget_status/status"), "near");
    assert_true(number_at(r, "/budget_status/remaining") == 15);
    jdoc_free(r);
    r = tool_ok(&bench, "create_expense", "{\"amount\":15.01,\"category\":\"diesel\"}");
    assert_string_equal(text_at(r, "/budget_status/status"), "over");
    jdoc_free(r);
    spend("{\"amount\":20,\"category\":\"medical\"}");
    r = tool_ok(&bench, "analyze_budget", "{}");
    assert_true(number_at(r, "/budget/spent") == 100.01);
    assert_true(number_at(r, "/budget/unlimited_spent") == 20);
    assert_string_equal(text_at(r, "/budget/categories/0/status"), "over");
    assert_string_equal(text_at(r, "/budget/categories/1/status"), "no_limit");
    assert_string_equal(text_at(r, "/budget/categories/2/category"), "food");
    assert_true(number_at(r, "/budget/categories/2/limit") > 217);
    jdoc_free(r);
    r = tool_ok(&bench, "analyze_budget", "{\"categories\":\"food\",\"period\":\"week\"}");
    assert_true(number_at(r, "/budget/limit") == 50);
    assert_string_equal(text_at(r, "/budget/status"), "under");
    jdoc_free(r);
    r = tool_ok(&bench, "update_budget", "{\"category\":\"diesel\",\"amount\":200}");
    assert_true(number_at(r, "/previous/amount") == 100);
    jdoc_free(r);
    r = tool_ok(&bench, "update_budget",
        "{\"category\":\"food\",\"amount\":40}"); /* weekly it stays */
    assert_string_equal(text_at(r, "/budget/period"), "weekly");
    assert_non_null(strstr(text_at(r, "/message"), "The weekly budget for food"));
    jdoc_free(r);
}

static void reads_many(void **state)
{
    (void)state;
    for (int i = 0; i < 1203; i++) /* more than two pages */
        spend("{\"amount\":1.01,\"category\":\"tolls\"}");
    jdoc *r = tool_ok(&bench, "get_spending_summary", "{\"period\":\"week\"}");
    assert_int_equal(number_at(r, "/summary/total_minor"), 1203 * 101);
    jdoc_free(r);
}

static void writes_amounts(void **state)
{
    (void)state;
    static const struct {
        int64_t minor;
        const char *currency, *text;
    } cases[] = {
        {123450, "AUD", "1,234.50 AUD"},
        {5, "USD", "0.05 USD"},
        {1234567, "JPY", "1,234,567 JPY"},
        {-150000, "EUR", "-1,500.00 EUR"},
        {1234567, "KWD", "1,234.567 KWD"},
        {99999999999, "AUD", "999,999,999.99 AUD"},
    };
    char text[AMOUNT_TEXT_SIZE];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        amount_text(cases[i].minor, cases[i].currency, text);
        assert_string_equal(text, cases[i].text);
    }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, tool_fixture_empty)
    const struct CMUnitTest tests[] = {T(keeps_integers), T(sums_a_period), T(watches_limits),
        T(reads_many), cmocka_unit_test(writes_amounts)};
    return cmocka_run_group_tests(tests, tool_fixture_start, tool_fixture_stop);
}
