/* SPDX-License-Identifier: BSD-2-Clause */
/* breaker: opens after failures in a row, lets one try, closes on success. */
#include "base/breaker.h"
#include "tests/unit/cm.h"

static void opens_tries_and_closes(void **state)
{
    struct breaker b = {0};
    const struct breaker_settings s = {.threshold = 3, .open_ms = 1000};

    (void)state;
    breaker_failure(&b, &s, 10);
    breaker_failure(&b, &s, 10);
    breaker_success(&b);
    breaker_failure(&b, &s, 20);
    breaker_failure(&b, &s, 20);
    assert_true(breaker_allows(&b, &s, 20));
    breaker_failure(&b, &s, 20);
    assert_false(breaker_allows(&b, &s, 21));
    assert_false(breaker_allows(&b, &s, 1019));
    assert_true(breaker_allows(&b, &s, 1020)); /* the trial */
    assert_false(breaker_allows(&b, &s, 1020));
    breaker_failure(&b, &s, 1100);
    assert_false(breaker_allows(&b, &s, 2099));
    assert_true(breaker_allows(&b, &s, 2100));
    breaker_success(&b);
    assert_true(breaker_allows(&b, &s, 2100));
    assert_true(breaker_allows(&b, &s, 2100));
}

static void trial_that_never_ends_is_followed_by_another(void **state)
{
    struct breaker b = {0};
    const struct breaker_settings s = {.threshold = 1, .open_ms = 100};

    (void)state;
    breaker_failure(&b, &s, 0);
    assert_true(breaker_allows(&b, &s, 100));
    assert_false(breaker_allows(&b, &s, 199));
    assert_true(breaker_allows(&b, &s, 200));
}

/* One user's own failures do not shut everybody out. */
static void failures_of_one_owner_count_once(void **state)
{
    struct breaker b = {0};
    const struct breaker_settings s = {.threshold = 2, .open_ms = 1000};

    (void)state;
    for (int i = 0; i < 10; i++)
        breaker_failure_of(&b, &s, 10, 7);
    assert_true(breaker_allows(&b, &s, 10));
    breaker_success(&b);
    breaker_failure_of(&b, &s, 20, 7);
    assert_true(breaker_allows(&b, &s, 20));
    breaker_failure_of(&b, &s, 20, 8);
    assert_false(breaker_allows(&b, &s, 20));
    breaker_success(&b);
    breaker_failure_of(&b, &s, 30, 0);
    breaker_failure_of(&b, &s, 30, 0);
    assert_false(breaker_allows(&b, &s, 30));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_tries_and_closes),
        cmocka_unit_test(failures_of_one_owner_count_once),
        cmocka_unit_test(trial_that_never_ends_is_followed_by_another),
    };
    return cmocka_run_group_tests_name("breaker", tests, NULL, NULL);
}
