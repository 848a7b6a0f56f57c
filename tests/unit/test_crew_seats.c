/* SPDX-License-Identifier: BSD-2-Clause */
/* How many turn workers a configuration makes, which seats each has, and whose they are. */
#include "workers/supervisor/crew_seats.h"

#include "process/worker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct conf conf_of(int64_t seats, int64_t reserved, int64_t workers)
{
    struct conf conf;
    memset(&conf, 0, sizeof conf);
    conf.turn_seats = seats;
    conf.turn_reserved = reserved;
    conf.turn_workers = workers;
    return conf;
}

/* Each process has its part, no part differs by more than one, and together they are all. */
static void assert_divided(const struct conf *conf)
{
    size_t processes = crew_turn_processes(conf), all = 0;
    size_t least = SIZE_MAX, most = 0;
    for (size_t i = 0; i < processes; i++) {
        size_t seats = crew_seats_of(conf, SCOREBOARD_TURN, i);
        least = seats < least ? seats : least;
        most = seats > most ? seats : most;
        all += seats;
    }
    assert_int_equal(all, conf->turn_seats + conf->turn_reserved);
    assert_true(least >= 1);
    assert_true(most - least <= 1);
}

static void seats_are_divided_over_the_processes(void **state)
{
    static const int64_t cases[][3] = {{256, 2, 0}, {256, 2, 1}, {1, 1, 64}, {5, 2, 3},
        {4096, 64, 64}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct conf conf = conf_of(cases[i][0], cases[i][1], cases[i][2]);
        assert_divided(&conf);
    }
}

static void tool_processes_too(void **state)
{
    struct conf conf = conf_of(256, 2, 0);
    (void)state;
    assert_int_equal(crew_tool_processes(&conf),
        crew_cores() < 4       ? 2 :
            crew_cores() < 128 ? crew_cores() / 2 :
                                 64);
    conf.tool_processes = 5;
    assert_int_equal(crew_tool_processes(&conf), 5);
    assert_int_equal(crew_seats_of(&conf, SCOREBOARD_TOOL, 4), 1);
}

static void processes_follow_the_setting_or_the_cores(void **state)
{
    struct conf conf = conf_of(256, 2, 0);
    (void)state;
    assert_int_equal(crew_turn_processes(&conf), crew_cores() < 2 ? 2 : crew_cores());
    conf.turn_workers = 3;
    assert_int_equal(crew_turn_processes(&conf), 3);
    conf = conf_of(1, 1, 64); /* more than there are seats */
    assert_int_equal(crew_turn_processes(&conf), 2);
}

static void other_pools(void **state)
{
    struct conf conf = conf_of(256, 2, 0);
    (void)state;
    assert_int_equal(crew_seats_of(&conf, SCOREBOARD_API, 0), 1);
    assert_int_equal(crew_seats_of(&conf, SCOREBOARD_HOUSEKEEPER, 0), 2);
    assert_int_equal(crew_seats_of(&conf, SCOREBOARD_STREAM, 0), 2);
}

static void ranges_do_not_overlap(void **state)
{
    struct crew_seats s;
    (void)state;
    assert_int_equal(crew_seats_init(&s, 10), 0);
    assert_int_equal(crew_seats_take(&s, 0), 0);
    assert_int_equal(crew_seats_take(&s, 4), 0);
    assert_int_equal(crew_seats_take(&s, 4), 4);
    assert_int_equal(crew_seats_take(&s, 4), -1);
    assert_int_equal(crew_seats_take(&s, 2), 8);
    assert_int_equal(crew_seats_take(&s, 1), -1);
    crew_seats_give(&s, 0, 4);
    assert_int_equal(crew_seats_take(&s, 5), -1);
    assert_int_equal(crew_seats_take(&s, 3), 0);
    crew_seats_give(&s, 4, 4); /* beside the one that is left of the first range */
    assert_int_equal(crew_seats_take(&s, 5), 3);
    assert_int_equal(crew_seats_take(&s, 11), -1);
    crew_seats_fini(&s);
}

/* A worker of many seats has that many times the requests, and may keep more memory. */
static void limits_grow_with_the_seats(void **state)
{
    struct conf conf = {.recycle_requests = 1000, .recycle_memory = 1 << 20};
    struct scoreboard *board;
    char reason[WORKER_REASON_SIZE];
    (void)state;
    assert_int_equal(scoreboard_new(&board, 1, 10), 0);
    struct scoreboard_slot *slot = &board->slots[0];
    scoreboard_slot_reset(board, slot, 0, 10);
    atomic_store(&slot->pool, SCOREBOARD_TURN);
    atomic_store(&slot->requests, 7999);
    assert_null(worker_over_limit(&conf, slot, 0, 1, 1, reason));
    atomic_store(&slot->requests, 12001);
    assert_string_equal(worker_over_limit(&conf, slot, 0, 1, 1, reason), "requests 12001");
    assert_null(worker_over_limit(&conf, slot, 0, 1, 2, reason));
    atomic_store(&slot->requests, 0);
    atomic_store(&slot->memory_bytes, (1 << 20) + 9 * 262144 - 1);
    assert_null(worker_over_limit(&conf, slot, 0, 1, 1, reason));
    atomic_store(&slot->memory_bytes, (1 << 20) + 9 * 262144);
    assert_string_equal(worker_over_limit(&conf, slot, 0, 1, 1, reason), "memory 3328 KiB");
    atomic_store(&slot->pool, SCOREBOARD_API); /* one request at a time */
    atomic_store(&slot->memory_bytes, 1 << 20);
    assert_string_equal(worker_over_limit(&conf, slot, 0, 1, 1, reason), "memory 1024 KiB");
    scoreboard_free(board);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seats_are_divided_over_the_processes),
        cmocka_unit_test(processes_follow_the_setting_or_the_cores),
        cmocka_unit_test(tool_processes_too),
        cmocka_unit_test(other_pools),
        cmocka_unit_test(ranges_do_not_overlap),
        cmocka_unit_test(limits_grow_with_the_seats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
