/* SPDX-License-Identifier: BSD-2-Clause */
/* Ten thousand turns: what they leave is bounded while they run, and gone when its time is over. */
#include "base/clock.h"
#include "tests/unit/store_bench.h"
#include "turn_actors.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TURNS 10000
#define SESSIONS 20
#define KEEP_MS 400

static int64_t used_memory(void)
{
    struct link_reply *r = NULL;
    const char *at;
    int64_t bytes;

    assert_int_equal(link_command(one->link, &r, "INFO memory"), 0);
    at = strstr(link_reply_text(r, NULL), "used_memory:");
    assert_non_null(at);
    bytes = atoll(at + 12);
    link_reply_free(r);
    return bytes;
}

static void one_turn(int i)
{
    char name[16], message[64];
    struct turns_start t, next;

    snprintf(name, sizeof name, "s%d", i % SESSIONS);
    snprintf(message, sizeof message, "{\"id\":\"m%d\",\"role\":\"user\",\"content\":\"x\"}", i);
    t = actors_begin(one, arena, name, message);
    assert_int_equal(t.outcome, TURNS_STARTED);
    assert_int_equal(actors_append(one, arena, &t, 2, "X"), 0);
    assert_int_equal(turns_checkpoint(one, &t, "{}", 2), 0);
    assert_int_equal(actors_finish(one, arena, &t, 3, true, &next), 0);
    arena_reset(arena);
}

static void ten_thousand_turns_leave_nothing(void **state)
{
    int64_t empty, most_keys = 0, keys, until;

    (void)state;
    conf.log_keep_ms = conf.turn_keep_ms = conf.seen_keep_ms = KEEP_MS;
    conf.session_keep_ms = 4 * KEEP_MS;
    conf.session_messages_max = 50;
    assert_int_equal(link_command(one->link, NULL, "CONFIG SET appendonly no"), 0);
    empty = used_memory();
    for (int i = 0; i < TURNS; i++) {
        one_turn(i);
        if (i % 500)
            continue;
        keys = actors_number(one, "DBSIZE%s", "");
        most_keys = keys > most_keys ? keys : most_keys;
        assert_true(actors_number(one, "LLEN tp:{ann}:s:%s:msgs", "s0") <= 50);
    }
    assert_int_equal(actors_number(one, "ZCARD tp:hint:%s", "leases"), 0);
    until = clock_mono_ms() + 30000;
    while ((keys = actors_number(one, "DBSIZE%s", "")) > 0 && clock_mono_ms() < until)
        poll(NULL, 0, 50); /* Redis removes what has expired in its own time */
    printf("%d turns: at most %lld keys at once, %lld left, %lld KiB more in use\n", TURNS,
        (long long)most_keys, (long long)keys, (long long)(used_memory() - empty) / 1024);
    assert_int_equal(keys, 0);
    assert_true(most_keys < TURNS);
    assert_true(used_memory() - empty < 4 << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ten_thousand_turns_leave_nothing, store_bench_begin,
            store_bench_end),
    };

    return cmocka_run_group_tests(tests, store_bench_open, store_bench_close);
}
