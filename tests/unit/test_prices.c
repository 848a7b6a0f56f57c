/* SPDX-License-Identifier: BSD-2-Clause */
/* prices: sums of money, the rows of models, the operator's file, sums that do not overflow. */
#include "agent/model/family.h"
#include "agent/model/prices.h"
#include "base/err.h"
#include "base/money.h"
#include "tests/unit/cm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/test_prices.XXXXXX";
static char why[512];

static int load(const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    return prices_load(path, why, sizeof why);
}

static void sums_are_read_and_written(void **state)
{
    static const struct {
        const char *text;
        int64_t micros;
        const char *again;
    } good[] = {{"5", 5000000, "5.00"}, {"0.25", 250000, "0.25"}, {"0.000001", 1, "0.000001"},
        {"1500.5", 1500500000, "1500.50"}, {"0", 0, "0.00"},
        {"9000000000", MONEY_MAX, "9000000000.00"}};
    static const char *const bad[] = {"", ".5", "5.", "1,5", "-1", "1e3", "0.0000001", "9000000001",
        "99999999999999999999", "5 "};
    char text[MONEY_TEXT_SIZE];
    int64_t micros;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(money_parse(good[i].text, strlen(good[i].text), &micros), 0);
        assert_int_equal(micros, good[i].micros);
        assert_string_equal(money_text(micros, text), good[i].again);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (money_parse(bad[i], strlen(bad[i]), &micros) != ERR_INVALID)
            fail_msg("\"%s\" is taken", bad[i]);
    assert_int_equal(money_add(MONEY_MAX - 1, 5), MONEY_MAX);
    assert_int_equal(money_add(1, INT64_MAX), MONEY_MAX);
    assert_int_equal(money_add(1, 2), 3);
}

static int64_t cost(const char *provider, const char *model, const struct provider_usage *u)
{
    int64_t micros = -1;

    assert_int_equal(prices_of(provider, model, u, &micros), 0);
    return micros;
}

static void a_call_costs_what_its_kinds_of_tokens_cost(void **state)
{
    const struct provider_usage plain = {.input = 1000000, .output = 100000},
                                all = {.input = 100000,
                                    .output = 1000,
                                    .cached = 60000,
                                    .cache_write = 30000},
                                one = {.input = 1}, big = {.input = 300000, .output = 1000};
    int64_t micros;

    (void)state;
    assert_int_equal(cost("anthropic", "claude-sonnet-5-5", &plain), 3000000);
    /* 10,000 plain, 60,000 read, 30,000 written, 1,000 output */
    assert_int_equal(cost("anthropic", "us.anthropic.claude-sonnet-5.5-20260928", &all),
        20000 + 6000 + 75000 + 10000);
    assert_int_equal(cost("openai", "gpt-6-luna", &one), 1); /* rounded up */
    assert_int_equal(cost("openai", "gpt-6-sol", &big), 300000 * 4 + 1000 * 15);
    assert_int_equal(cost("offline", "offline", &plain), 0);
    assert_int_equal(prices_of("openai", "llama-4-maverick", &plain, &micros), ERR_NOT_FOUND);
    assert_int_equal(prices_of("anthropic", "claude-next", &plain, &micros), ERR_NOT_FOUND);
}

static void the_models_that_the_project_names_have_a_price(void **state)
{
    static const char *const models[] = {"claude-sonnet-5-5", "gpt-6-sol", "claude-haiku-5-5",
        "gpt-6.2-astra", "gpt-6.1-terra", "gemini-2.5-flash", "gpt-5-mini"};
    size_t count;
    const struct price *rows = prices_table(&count);

    (void)state;
    for (size_t i = 0; i < sizeof models / sizeof *models; i++)
        assert_non_null(prices_find("openai", models[i]));
    for (size_t i = 0; i < count; i++) {
        assert_true(rows[i].cached <= rows[i].input && rows[i].input <= rows[i].output);
        assert_int_equal(strlen(rows[i].known), 10);
        if (strcmp(rows[i].stem, "*") != 0) /* no other row stands in front of it */
            assert_ptr_equal(prices_find("openai", rows[i].stem), &rows[i]);
    }
}

static void no_sum_overflows(void **state)
{
    const struct provider_usage huge = {.input = INT64_MAX, .output = INT64_MAX},
                                odd = {.input = -5, .output = -1, .cached = 10};

    (void)state;
    assert_int_equal(cost("openai", "o1-pro", &huge), MONEY_MAX);
    assert_int_equal(prices_flat(MONEY_MAX, INT64_MAX), MONEY_MAX);
    assert_int_equal(prices_flat(15000000, 1000), 15000);
    assert_true(cost("openai", "gpt-5", &odd) <= 2);
}

static void the_operators_rows_come_first(void **state)
{
    const struct provider_usage u = {.input = 1000000, .cached = 500000, .output = 1000000};

    (void)state;
    assert_int_equal(load("# mine\n\nllama-4 0.20 - - 0.60 2026-11-30 # own machine\n"
                          "openai:gpt-6-sol 1 0.5 - 2\nresponses:* 7 7 7 7\n"),
        0);
    assert_int_equal(cost("openai", "meta-llama/Llama-4-Maverick", &u), 800000);
    assert_int_equal(cost("openai", "gpt-6-sol", &u), 500000 + 250000 + 2000000);
    assert_int_equal(cost("responses", "gpt-6-sol", &u), 14000000);
    assert_int_equal(cost("anthropic", "claude-sonnet-5", &u), 1000000 + 100000 + 10000000);
    assert_int_equal(prices_load("", why, sizeof why), 0);
    assert_int_equal(cost("responses", "gpt-6-sol", &u), 2000000 + 200000 + 15000000);
}

static void a_wrong_line_is_named_and_the_old_file_stays(void **state)
{
    static const struct {
        const char *text, *reason;
    } bad[] = {{"gpt-6 1 2 3\n", ":1: \"gpt-6\" needs MODEL INPUT"},
        {"\n\ngpt-6 1 2 x 3\n", ":3: \"gpt-6\" has a price that is not a sum"},
        {"gpt-6 - 2 1 3\n", "is not a sum"}, {"* 1 1 1 1\n", "put a provider in front"},
        {"openai: 1 1 1 1\n", "no model"}, {"m 1 1 1 1 yesterday\n", "YYYY-MM-DD"},
        {"m 1 1 1 1 2026-11-30 more\n", "words behind the date"}};

    (void)state;
    assert_int_equal(load("mine 1 1 1 1\n"), 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(load(bad[i].text), ERR_CONFIG);
        if (!strstr(why, bad[i].reason))
            fail_msg("\"%s\" lacks \"%s\"", why, bad[i].reason);
        assert_non_null(prices_find("openai", "mine"));
    }
    assert_int_equal(prices_load("/nowhere/prices", why, sizeof why), ERR_CONFIG);
    assert_non_null(strstr(why, "model.prices_file: /nowhere/prices: No such file"));
    assert_int_equal(prices_load("", why, sizeof why), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_are_read_and_written),
        cmocka_unit_test(a_call_costs_what_its_kinds_of_tokens_cost),
        cmocka_unit_test(the_models_that_the_project_names_have_a_price),
        cmocka_unit_test(no_sum_overflows),
        cmocka_unit_test(the_operators_rows_come_first),
        cmocka_unit_test(a_wrong_line_is_named_and_the_old_file_stays),
    };
    int fd = mkstemp(path), failed;

    if (fd < 0)
        return 1;
    close(fd);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
