#include "cm.h"

#include "base/err.h"
#include "workers/pressure.h"

static void the_interval_grows_while_full_and_has_a_bound(void **state)
{
    int pace = 0, steps = 0;

    (void)state;
    while (pace < PRESSURE_PACE_MAX_MS) {
        int next = pressure_next(pace, 950);
        assert_true(next > pace);
        pace = next;
        assert_true(++steps < 20);
    }
    assert_int_equal(pressure_next(pace, 1000), PRESSURE_PACE_MAX_MS);
}

static void it_stays_between_and_falls_to_nothing_when_there_is_room(void **state)
{
    int pace = PRESSURE_PACE_MAX_MS, steps = 0;

    (void)state;
    assert_int_equal(pressure_next(0, 400), 0);
    assert_int_equal(pressure_next(0, 800), 0);
    assert_int_equal(pressure_next(40, 800), 40);
    while (pace > 0) {
        int next = pressure_next(pace, 300);
        assert_true(next < pace);
        pace = next;
        assert_true(++steps < 60);
    }
}

static void the_ticks_of_proc_stat_are_read(void **state)
{
    uint64_t busy = 0, total = 0;

    (void)state;
    assert_int_equal(pressure_parse("cpu  10 1 20 300 40 5 6 7 0 0\ncpu0 1", &busy, &total), 0);
    assert_int_equal(busy, 10 + 1 + 20 + 5 + 6 + 7);
    assert_int_equal(total, busy + 300 + 40);
    assert_int_equal(pressure_parse("cpu 1 2 3", &busy, &total), ERR_INVALID);
    assert_int_equal(pressure_parse("", &busy, &total), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_interval_grows_while_full_and_has_a_bound),
        cmocka_unit_test(it_stays_between_and_falls_to_nothing_when_there_is_room),
        cmocka_unit_test(the_ticks_of_proc_stat_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
