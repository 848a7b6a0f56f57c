/* SPDX-License-Identifier: BSD-2-Clause */
/* pace: who was refused often is refused for the rest of a second, by all workers. */
#include "process/pace.h"
#include "process/scoreboard.h"
#include "tests/unit/cm.h"

#include <sys/wait.h>
#include <unistd.h>

static const struct pace_refusal full = {.code = 7,
    .has_limit = true,
    .limit = 8,
    .retry_ms = 2000};

static unsigned long long key_of(const char *user)
{
    return pace_key(scoreboard_owner(user), 1);
}

static void refuse(unsigned long long key, int times, int64_t now_ms)
{
    for (int i = 0; i < times; i++)
        pace_refused(key, &full, now_ms);
}

static void without_memory_nobody_is_paced(void **state)
{
    (void)state;
    refuse(key_of("ann"), 100, 1000);
    assert_int_equal(pace_left(key_of("ann"), 1000, NULL), 0);
}

static void beyond_the_free_ones_a_user_is_paced_until_the_window_is_over(void **state)
{
    struct pace_refusal last;

    (void)state;
    assert_int_equal(pace_open(), 0);
    refuse(key_of("ann"), PACE_FREE, 5000);
    assert_int_equal(pace_left(key_of("ann"), 5000, NULL), 0);
    refuse(key_of("ann"), 1, 5400);
    assert_int_equal(pace_left(key_of("ann"), 5400, &last), PACE_WINDOW_MS - 400);
    assert_int_equal(last.code, 7);
    assert_true(last.has_limit);
    assert_int_equal(last.limit, 8);
    assert_int_equal(last.retry_ms, 2000);
    assert_int_equal(pace_left(key_of("bob"), 5400, NULL), 0);
    assert_int_equal(pace_left(pace_key(scoreboard_owner("ann"), 2), 5400, NULL), 0);
    assert_int_equal(pace_left(key_of("ann"), 5000 + PACE_WINDOW_MS, NULL), 0);
    refuse(key_of("ann"), PACE_FREE, 5000 + PACE_WINDOW_MS); /* counted anew */
    assert_int_equal(pace_left(key_of("ann"), 5000 + PACE_WINDOW_MS, NULL), 0);
    pace_close();
}

static void all_workers_count_together(void **state)
{
    pid_t pid;

    (void)state;
    assert_int_equal(pace_open(), 0);
    refuse(key_of("ann"), PACE_FREE / 2, 100);
    pid = fork();
    if (pid == 0) {
        refuse(key_of("ann"), PACE_FREE - PACE_FREE / 2 + 1, 200);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_true(pace_left(key_of("ann"), 300, NULL) > 0);
    pace_close();
}

static void a_table_full_of_others_is_used_again_once_their_time_is_over(void **state)
{
    (void)state;
    assert_int_equal(pace_open(), 0);
    for (unsigned long long key = 1; key <= 4 * PACE_CELLS; key++)
        refuse(key, 1, 1000);
    refuse(4 * PACE_CELLS + 1, PACE_FREE + 1, 1500);
    assert_int_equal(pace_left(4 * PACE_CELLS + 1, 1500, NULL), 0); /* no place: looked at */
    refuse(4 * PACE_CELLS + 1, PACE_FREE + 1, 1000 + PACE_WINDOW_MS);
    assert_true(pace_left(4 * PACE_CELLS + 1, 1000 + PACE_WINDOW_MS, NULL) > 0);
    pace_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_memory_nobody_is_paced),
        cmocka_unit_test(beyond_the_free_ones_a_user_is_paced_until_the_window_is_over),
        cmocka_unit_test(all_workers_count_together),
        cmocka_unit_test(a_table_full_of_others_is_used_again_once_their_time_is_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
