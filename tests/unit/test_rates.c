/* SPDX-License-Identifier: BSD-2-Clause */
/* Exchange rates: the provider's form, conversions with their day, expenses in foreign money. */
#include "base/err.h"
#include "store/rates_kept.h"
#include "tests/unit/cm.h"
#include "tests/unit/tool_fixture.h"
#include "tools/kit/rates.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char daily[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<gesmes:Envelope xmlns:gesmes=\"http://www.gesmes.org/xml/2002-08-01\" "
    "xmlns=\"http://www.ecb.int/vocabulary/2002-08-01/eurofxref\">\n"
    "\t<gesmes:subject>Reference rates</gesmes:subject>\n"
    "\t<gesmes:Sender>\n\t\t<gesmes:name>European Central Bank</gesmes:name>\n"
    "\t</gesmes:Sender>\n\t<Cube>\n"
    "\t\t<Cube time='2026-11-20'>\n"
    "\t\t\t<Cube currency='USD' rate='1.1500'/>\n"
    "\t\t\t<Cube currency='AUD' rate='1.7250'/>\n"
    "\t\t\t<Cube currency='JPY' rate='180.00'/>\n"
    "\t\t\t<Cube currency='BGN' rate='1.9558'/>\n"
    "\t\t</Cube>\n"
    "\t\t<Cube time='2026-11-19'>\n"
    "\t\t\t<Cube currency=\"USD\" rate=\"1.1000\"/>\n"
    "\t\t\t<Cube currency=\"AUD\" rate=\"1.7600\"/>\n"
    "\t\t</Cube>\n\t</Cube>\n</gesmes:Envelope>\n";

struct seen {
    int days;
    struct rates_day first, last;
};

static int on_day(void *arg, const struct rates_day *day)
{
    struct seen *seen = arg;
    if (seen->days++ == 0)
        seen->first = *day;
    seen->last = *day;
    return 0;
}

static void reads_the_form(void **state)
{
    struct seen seen = {0};
    (void)state;
    assert_int_equal(rates_parse(daily, sizeof daily - 1, on_day, &seen), 0);
    assert_int_equal(seen.days, 2);
    assert_string_equal(seen.first.date, "2026-11-20");
    assert_int_equal(seen.first.count, 3); /* the lev is money no more */
    assert_string_equal(seen.first.all[2].code, "JPY");
    assert_true(seen.first.all[2].per_euro == 180);
    assert_int_equal(seen.last.count, 2);
}

static void refuses_other_forms(void **state)
{
    static const char *const bad[] = {"", "<html>Bad gateway</html>", "<Cube time='2026-11-20'>",
        "<Cube currency='USD' rate='1.1'/>",
        "<Cube time='2026-13-20'><Cube currency='USD' rate='1'/>",
        "<Cube time='2026-11-20'><Cube currency='USD' rate='-1'/></Cube>",
        "<Cube time='2026-11-20'><Cube currency='USD' rate='nan'/></Cube>",
        "<Cube time='2026-11-20'><Cube currency='USD' rate='0x10'/></Cube>",
        "<Cube time='2026-11-20'><Cube currency='USD'/></Cube>",
        "<Cube time='2026-11-20'><Cube currency='USD' rate='1'/><Cube currency='USD' rate='2'/>",
        "<Cube time='2026-11-20'><Cube currency='USD' rate='1'"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct seen seen = {0};
        assert_int_equal(rates_parse(bad[i], strlen(bad[i]), on_day, &seen), ERR_PROTOCOL);
    }
    for (size_t len = 0; len < sizeof daily - 1; len++) { /* cut anywhere: no crash */
        struct seen seen = {0};
        err_ignore(rates_parse(daily, len, on_day, &seen));
    }
}

static void set_url(const char *url)
{
    char why[CONF_WHY_SIZE];
    assert_int_equal(conf_set(&bench.conf, "rates.url", url, why), 0);
}

static void with_rates(void)
{
    const struct rates_line lines[] = {{"2026-11-20", "USD 1.15 AUD 1.725 JPY 180"},
        {"2026-11-19", "USD 1.1 AUD 1.76"}};
    set_url("https://ecb.example/daily.xml");
    assert_int_equal(rates_kept_put(bench.context.store,
                         &(struct rates_fetched){.lines = lines,
                             .count = 2,
                             .latest = "2026-11-20",
                             .source = "ecb.example",
                             .at_ms = noon}),
        0);
}

static void says_what_is_missing(void **state)
{
    (void)state;
    tool_refused(&bench, "convert_currency", "{\"amount\":10,\"from\":\"EUR\"}",
        "provider_not_configured", NULL);
    set_url("https://ecb.example/daily.xml");
    tool_refused(&bench, "convert_currency", "{\"amount\":10,\"from\":\"EUR\"}",
        "provider_unavailable", NULL);
    jdoc *r = tool_ok(&bench, "create_expense",
        "{\"amount\":10,\"category\":\"food\",\"currency\":\"USD\"}");
    assert_null(jdoc_get(at(r, "/expense"), "converted"));
    assert_non_null(strstr(text_at(r, "/message"), "not converted"));
    jdoc_free(r);
}

static void converts_through_the_euro(void **state)
{
    (void)state;
    with_rates();
    jdoc *r = tool_ok(&bench, "convert_currency", "{\"amount\":100,\"from\":\"EUR\"}");
    assert_true(number_at(r, "/conversion/result") == 172.5);
    assert_string_equal(text_at(r, "/conversion/rate_date"), "2026-11-20");
    assert_string_equal(text_at(r, "/conversion/source"), "ecb.example");
    assert_string_equal(text_at(r, "/message"),
        "100.00 EUR = 172.50 AUD at the rate of 2026-11-20 (ecb.example).");
    jdoc_free(r);
    r = tool_ok(&bench, "convert_currency", "{\"amount\":1800,\"from\":\"yen\",\"to\":\"usd\"}");
    assert_true(number_at(r, "/conversion/result") == 11.5);
    jdoc_free(r);
    r = tool_ok(&bench, "convert_currency",
        "{\"amount\":11,\"from\":\"USD\",\"to\":\"EUR\",\"date\":\"2026-11-19\"}");
    assert_true(number_at(r, "/conversion/result") == 10);
    jdoc_free(r);
    tool_refused(&bench, "convert_currency",
        "{\"amount\":11,\"from\":\"USD\",\"to\":\"EUR\",\"date\":\"2026-11-18\"}", "not_found",
        NULL);
    tool_refused(&bench, "convert_currency", "{\"amount\":1,\"from\":\"KWD\"}", "not_found", NULL);
    tool_refused(&bench, "convert_currency", "{\"amount\":1,\"from\":\"kr\"}", "ambiguous",
        "/from");
    tool_refused(&bench, "convert_currency", "{\"amount\":1,\"from\":\"DEM\"}", "invalid_argument",
        "/from");
    tool_refused(&bench, "convert_currency", "{\"amount\":1.5,\"from\":\"JPY\"}",
        "invalid_argument", "/amount");
}

static void a_changed_expense_is_converted_anew(void **state)
{
    char args[200], id[64];
    (void)state;
    with_rates();
    jdoc *r = tool_ok(&bench, "create_expense",
        "{\"amount\":20,\"category\":\"food\",\"currency\":\"USD\"}");
    snprintf(id, sizeof id, "%s", text_at(r, "/expense/id"));
    jdoc_free(r);
    snprintf(args, sizeof args, "{\"kind\":\"expense\",\"id\":\"%s\",\"changes\":{\"amount\":40}}",
        id);
    r = tool_ok(&bench, "change_record", args);
    assert_int_equal(number_at(r, "/record/converted_minor"), 6000);
    jdoc_free(r);
    set_url(""); /* words alone need no rate, and take none away */
    snprintf(args, sizeof args,
        "{\"kind\":\"expense\",\"id\":\"%s\",\"changes\":{\"description\":\"Lunch\"}}", id);
    r = tool_ok(&bench, "change_record", args);
    assert_int_equal(number_at(r, "/record/converted_minor"), 6000);
    jdoc_free(r);
    snprintf(args, sizeof args,
        "{\"kind\":\"expense\",\"id\":\"%s\",\"changes\":{\"currency\":\"AUD\"}}", id);
    r = tool_ok(&bench, "change_record", args);
    assert_false(jdoc_has(at(r, "/record"), "converted_minor"));
    assert_false(jdoc_has(at(r, "/record"), "rate"));
    jdoc_free(r);
}

static void expenses_keep_both(void **state)
{
    (void)state;
    with_rates();
    jdoc_free(tool_ok(&bench, "update_budget", "{\"category\":\"food\",\"amount\":100}"));
    jdoc *r = tool_ok(&bench, "create_expense",
        "{\"amount\":20,\"category\":\"food\",\"currency\":\"USD\"}");
    assert_int_equal(number_at(r, "/expense/amount_minor"), 2000);
    assert_string_equal(text_at(r, "/expense/currency"), "USD");
    assert_int_equal(number_at(r, "/expense/converted_minor"), 3000);
    assert_string_equal(text_at(r, "/expense/converted_currency"), "AUD");
    assert_string_equal(text_at(r, "/expense/rate_date"), "2026-11-20");
    assert_true(number_at(r, "/budget_status/spent") == 30);
    jdoc_free(r);
    jdoc_free(tool_ok(&bench, "create_expense", "{\"amount\":5,\"category\":\"food\"}"));
    jdoc_free(tool_ok(&bench, "create_expense",
        "{\"amount\":1,\"category\":\"food\",\"currency\":\"KWD\"}"));
    r = tool_ok(&bench, "get_spending_summary", "{}");
    assert_true(number_at(r, "/summary/total") == 35);
    assert_int_equal(number_at(r, "/summary/count"), 2);
    assert_string_equal(text_at(r, "/summary/converted/0/paid_in"), "USD");
    assert_true(number_at(r, "/summary/converted/0/total") == 30);
    assert_string_equal(text_at(r, "/summary/other_currencies/0/currency"), "KWD");
    assert_int_equal(jdoc_length(at(r, "/summary/other_currencies")), 1);
    assert_non_null(strstr(text_at(r, "/message"), "of which 30.00 AUD are converted from USD"));
    jdoc_free(r);
    bench.context.currency = "USD"; /* the same data, asked for in the money that was paid */
    r = tool_ok(&bench, "get_spending_summary", "{}");
    assert_true(number_at(r, "/summary/total") == 20);
    assert_true(number_at(r, "/summary/other_currencies/0/total") == 5);
    jdoc_free(r);
    bench.context.currency = "AUD";
}

/* tests/unit/test_tools_all leaves these to this program. */
static void none_is_left_out(void **state)
{
    (void)state;
    tool_all_succeeded("money", true);
}

static int without_rates(void **state)
{
    set_url("");
    bench.context.currency = "AUD";
    return tool_fixture_empty(state);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, without_rates)
    const struct CMUnitTest tests[] = {
        T(reads_the_form),
        T(refuses_other_forms),
        T(says_what_is_missing),
        T(converts_through_the_euro),
        T(expenses_keep_both),
        T(a_changed_expense_is_converted_anew),
        T(none_is_left_out),
    };
    return cmocka_run_group_tests(tests, tool_fixture_start, tool_fixture_stop);
}
