/* SPDX-License-Identifier: BSD-2-Clause */
/* again: a call is made again for as long as Redis is away, and no longer than its caller wants. */
#include "base/clock.h"
#include "base/err.h"
#include "store/again.h"
#include "tests/unit/cm.h"

struct pauses {
    int count, most; /* after `most` the caller gives up */
    int64_t until_ms;
};

static int pause_once(void *arg, int64_t until_ms)
{
    struct pauses *p = arg;

    p->until_ms = until_ms;
    return ++p->count > p->most ? ERR_CANCELLED : 0;
}

static void every_error_of_the_store_asks_for_another_call(void **state)
{
    static const int errors[] = {ERR_STORE, ERR_STORE_FULL, ERR_STORE_READONLY};

    (void)state;
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        struct pauses p = {.most = 1};
        int64_t before = clock_mono_ms();
        int error = errors[i];

        assert_true(again_store(&error, pause_once, &p));
        assert_int_equal(error, errors[i]);
        assert_int_equal(p.count, 1);
        assert_true(p.until_ms >= before + AGAIN_STEP_MS);
    }
}

static void any_other_result_is_the_callers(void **state)
{
    static const int results[] = {0, ERR_FENCED, ERR_NOT_FOUND, ERR_PENDING, ERR_BEHIND, ERR_NOMEM};

    (void)state;
    for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
        struct pauses p = {.most = 1};
        int error = results[i];

        assert_false(again_store(&error, pause_once, &p));
        assert_int_equal(error, results[i]);
        assert_int_equal(p.count, 0);
    }
}

static void who_waits_no_longer_tells_why(void **state)
{
    struct pauses p = {.most = 3};
    int calls = 0, error;

    (void)state;
    do {
        calls++;
        error = ERR_STORE;
    } while (again_store(&error, pause_once, &p));
    assert_int_equal(calls, 4);
    assert_int_equal(error, ERR_CANCELLED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_of_the_store_asks_for_another_call),
        cmocka_unit_test(any_other_result_is_the_callers),
        cmocka_unit_test(who_waits_no_longer_tells_why),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
