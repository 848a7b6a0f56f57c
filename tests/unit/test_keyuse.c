/* SPDX-License-Identifier: BSD-2-Clause */
/* When API keys were last used, over a real Redis: one write a minute and key, the latest of all
 * machines, and nothing lost while Redis is away. */
#include "process/keyuse.h"
#include "store/keys.h"
#include "store/keyuses.h"
#include "workers/housekeeper/keyuse_desk.h"

#include <string.h>

#include "cm.h"
#include "tests/unit/store_bench.h"

#define NOON INT64_C(1800000000000)

static struct keyuse here, there; /* two machines */
static struct keyuse_desk desk, other;

static int set_up(void **state)
{
    store_bench_begin(state);
    memset(&here, 0, sizeof here);
    memset(&there, 0, sizeof there);
    desk = (struct keyuse_desk){.store = keeper, .uses = &here};
    other = (struct keyuse_desk){.store = three, .uses = &there};
    return link_command(one->link, NULL, "FLUSHALL");
}

static int64_t known(uint64_t id)
{
    struct keyuses all = {0};
    assert_int_equal(keyuses_read(one, &all), 0);
    int64_t used = keyuses_find(&all, id);
    keyuses_free(&all);
    return used;
}

static void test_a_key_is_written_once_a_minute(void **state)
{
    (void)state;
    keyuse_note(&here, 0xabc, NOON);
    keyuse_desk_step(&desk, 1, NOON + 10);
    assert_true(known(0xabc) == NOON); /* the first use at once */
    int64_t writes = 0;
    for (int64_t s = 1; s < 180; s++) {
        int64_t before = known(0xabc);
        keyuse_note(&here, 0xabc, NOON + s * 1000);
        keyuse_desk_step(&desk, 1 + s * 1000, NOON + s * 1000);
        writes += known(0xabc) != before;
    }
    assert_in_range(writes, 2, 3);
    assert_true(known(0xabc) >= NOON + 118000);
    keyuse_desk_leave(&desk); /* the last use is not lost when the process ends */
    assert_true(known(0xabc) == NOON + 179000);
}

static void test_a_last_use_is_written_without_another_one(void **state)
{
    (void)state;
    keyuse_note(&here, 7, NOON);
    keyuse_desk_step(&desk, 1, NOON);
    keyuse_note(&here, 7, NOON + 5000);
    keyuse_desk_step(&desk, 5001, NOON + 5000);
    assert_true(known(7) == NOON);
    keyuse_desk_step(&desk, 62001, NOON + 62000); /* nothing has changed meanwhile */
    assert_true(known(7) == NOON + 5000);
}

static void test_the_latest_of_all_machines_counts(void **state)
{
    (void)state;
    keyuse_note(&here, 7, NOON + 9000);
    keyuse_note(&there, 7, NOON);
    keyuse_note(&there, 8, NOON);
    keyuse_desk_step(&desk, 1, NOON + 9000);
    keyuse_desk_step(&other, 1, NOON + 9000);
    assert_true(known(7) == NOON + 9000);
    assert_true(known(8) == NOON);
    assert_true(known(9) == 0);
}

static void test_what_redis_refused_is_written_later(void **state)
{
    (void)state;
    assert_int_equal(link_command(one->link, NULL, "SET " KEYS_KEYUSES " x"), 0);
    keyuse_note(&here, 7, NOON);
    keyuse_desk_step(&desk, 1, NOON); /* Redis says WRONGTYPE */
    assert_int_equal(link_command(one->link, NULL, "DEL " KEYS_KEYUSES), 0);
    keyuse_desk_step(&desk, 5000, NOON + 5000);
    assert_true(known(7) == NOON);
}

static void test_more_keys_than_rows(void **state)
{
    struct keyuse_told told[KEYUSES_BATCH];
    size_t at = 0, left = 0, count = 0;

    (void)state;
    /* All in one row: as many as it looks at, the others are not noted. */
    for (uint64_t i = 1; i <= 40; i++)
        keyuse_note(&here, i * KEYUSE_ROWS, NOON);
    count = keyuse_due(&here, INT64_MAX, &at, told, KEYUSES_BATCH, &left);
    assert_int_equal(at, KEYUSE_ROWS);
    assert_int_equal(count, 16);
    /* Once they are told they make room. */
    keyuse_tell(&here, told, count);
    keyuse_note(&here, 40 * KEYUSE_ROWS, NOON + 1);
    at = 0;
    assert_int_equal(keyuse_due(&here, INT64_MAX, &at, told, KEYUSES_BATCH, &left), 1);
    assert_true(told[0].id == 40 * KEYUSE_ROWS && told[0].used_ms == NOON + 1);
    /* A row that another key got meanwhile is not told. */
    struct keyuse_told late = told[0];
    late.id = 1;
    keyuse_tell(&here, &late, 1);
    at = 0;
    assert_int_equal(keyuse_due(&here, INT64_MAX, &at, told, KEYUSES_BATCH, &left), 1);
    keyuse_note(NULL, 7, NOON); /* nobody asks */
}

static void test_thousands_of_keys_in_one_look(void **state)
{
    size_t noted = 0;

    (void)state;
    for (uint64_t i = 1; i <= 2000; i++) /* ids are digests: spread */
        keyuse_note(&here, i * UINT64_C(0x9e3779b97f4a7c15), NOON);
    keyuse_desk_step(&desk, 1, NOON);
    for (uint64_t i = 1; i <= 2000; i += 199)
        noted += known(i * UINT64_C(0x9e3779b97f4a7c15)) == NOON;
    assert_int_equal(noted, 11);
    assert_int_equal(desk.left, 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, store_bench_end)
    const struct CMUnitTest tests[] = {
        TEST(test_a_key_is_written_once_a_minute),
        TEST(test_a_last_use_is_written_without_another_one),
        TEST(test_the_latest_of_all_machines_counts),
        TEST(test_what_redis_refused_is_written_later),
        TEST(test_more_keys_than_rows),
        TEST(test_thousands_of_keys_in_one_look),
    };
    return cmocka_run_group_tests(tests, store_bench_open, store_bench_close);
}
