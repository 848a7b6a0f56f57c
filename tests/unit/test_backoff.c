/* SPDX-License-Identifier: BSD-2-Clause */
/* backoff: delays that double up to their bounds, with jitter, and clients that do not wait. */
#include "base/backoff.h"
#include "base/clock.h"
#include "tests/unit/cm.h"

#define SLOW_MS 500

static const struct backoff_pace pace = {.first_ms = 1000, .most_ms = 9000, .quick_most_ms = 3000};

/* Jitter takes away half of the delay, or adds it. */
static void assert_delay(const struct backoff *b, int64_t ms)
{
    assert_int_equal(b->delay_ms, ms);
    assert_in_range(b->retry_ms - b->failed_ms, ms / 2, ms / 2 + ms);
}

static void delays_double_up_to_their_bound(void **state)
{
    static const int64_t delays[] = {1000, 2000, 4000, 8000, 9000, 9000};
    struct backoff b = {0};

    (void)state;
    assert_true(backoff_is_over(&b));
    for (size_t i = 0; i < sizeof delays / sizeof *delays; i++) {
        backoff_failed(&b, &pace, SLOW_MS);
        assert_delay(&b, delays[i]);
        assert_false(backoff_is_over(&b));
    }
    backoff_failed(&b, &pace, 0); /* what fails at once is tried sooner */
    assert_delay(&b, 3000);
    backoff_reset(&b);
    assert_true(backoff_is_over(&b));
    backoff_failed(&b, &pace, SLOW_MS);
    assert_delay(&b, 1000);
}

static void a_delay_follows_from_the_failures(void **state)
{
    static const struct {
        int64_t first_ms, most_ms, delay_ms;
        unsigned failures;
    } rows[] = {
        {100, 1000, 0, 0},
        {100, 1000, 100, 1},
        {100, 1000, 200, 2},
        {100, 1000, 800, 4},
        {100, 1000, 1000, 5},
        {100, 1000, 1000, 4000000000U},
        {100, 50, 50, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(backoff_delay(rows[i].first_ms, rows[i].most_ms, rows[i].failures),
            rows[i].delay_ms);
}

static void a_delay_is_spread_within_its_bounds(void **state)
{
    int64_t least = INT64_MAX, most = 0;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        int64_t delay = backoff_spread(1000, 100);

        assert_in_range(delay, 900, 1000);
        least = delay < least ? delay : least;
        most = delay > most ? delay : most;
    }
    assert_true(most - least > 50);
    assert_int_equal(backoff_spread(7, 0), 7);
    assert_int_equal(backoff_spread(0, 0), 0);
}

static void delays_differ(void **state)
{
    int64_t first = 0;
    int others = 0;

    (void)state;
    for (int i = 0; i < 50; i++) {
        struct backoff b = {0};

        backoff_failed(&b, &pace, 0);
        if (i == 0)
            first = b.retry_ms - b.failed_ms;
        others += b.retry_ms - b.failed_ms != first;
    }
    assert_true(others > 10);
}

static void a_client_does_not_wait(void **state)
{
    struct backoff b = {0};

    (void)state;
    backoff_failed(&b, &pace, 0);
    backoff_hurry(&b);
    assert_true(backoff_is_over(&b));
    backoff_failed(&b, &pace, SLOW_MS); /* not at once after one that took long */
    backoff_hurry(&b);
    if (clock_mono_ms() < b.failed_ms + 50)
        assert_false(backoff_is_over(&b));
    b.failed_ms -= 50;
    backoff_hurry(&b);
    assert_true(backoff_is_over(&b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delays_double_up_to_their_bound),
        cmocka_unit_test(a_delay_follows_from_the_failures),
        cmocka_unit_test(a_delay_is_spread_within_its_bounds),
        cmocka_unit_test(delays_differ),
        cmocka_unit_test(a_client_does_not_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
