/* SPDX-License-Identifier: BSD-2-Clause */
/* test_wait -- what ends the wait of a turn: its flag, a time, a stop, a takeover, the worker. */
#include "agent/wait.h"
#include "base/clock.h"
#include "base/err.h"
#include "store/keys.h"
#include "tests/unit/cm.h"
#include "tests/unit/turn_fixture.h"

#include <stdio.h>
#include <string.h>

#define PATIENCE_MS 30000

struct turn_bench bench;

static int set_up(void **state)
{
    bench.abort_now = 0;
    turn_fixture_new_session(state);
    turn_bench_begin(&bench, "hello", NULL, NULL, 0);
    return 0;
}

/* A turn that does nothing but wait, in its task. */
struct waiter {
    struct wait wait;
    struct task *task;
    int64_t until_ms;
    bool flag, under_way, ended;
    int result;
};

static struct waiter *asked; /* whose client is answered */

static void on_under_way(void *arg)
{
    (void)arg;
    asked->under_way = true;
}

static void wait_in_task(void *arg)
{
    struct waiter *w = arg;

    assert_int_equal(eventlog_begin(bench.log, &bench.start), 0);
    wait_begin(&w->wait, &bench.env, &bench.start, clock_mono_ms() + 20 * PATIENCE_MS);
    w->result = wait_until(&w->wait, &w->flag, w->until_ms);
    wait_end(&w->wait);
    eventlog_end(bench.log);
    w->ended = true;
}

static void begin(struct waiter *w)
{
    asked = w;
    bench.env.on_under_way = on_under_way;
    assert_int_equal(task_spawn(wait_in_task, w, 0, &w->task), 0);
}

static void run_until(const bool *flag)
{
    int64_t until = clock_mono_ms() + PATIENCE_MS;

    while (!*flag) {
        assert_true(clock_mono_ms() < until);
        assert_true(task_wait(bench.reactor, until, NULL) >= 0);
    }
}

static bool is_heard(void)
{
    char channel[KEYS_MAX];
    struct link_reply *r = NULL;

    keys_control(channel, bench.start.uid, bench.start.session);
    assert_int_equal(link_command(bench.onlooker->link, &r, "PUBSUB NUMSUB %s", channel), 0);
    bool heard = link_reply_int(link_reply_at(r, 1)) > 0;
    link_reply_free(r);
    return heard;
}

static void run_until_heard(bool wanted)
{
    for (int64_t until = clock_mono_ms() + PATIENCE_MS; is_heard() != wanted;) {
        assert_true(clock_mono_ms() < until);
        assert_true(task_wait(bench.reactor, clock_mono_ms() + 5, NULL) >= 0);
    }
}

static void the_flag_ends_it(void **state)
{
    struct waiter w = {.flag = false};

    (void)state;
    begin(&w);
    run_until_heard(true);
    assert_true(w.under_way);
    assert_false(w.ended);
    w.flag = true;
    task_wake(w.task);
    run_until(&w.ended);
    assert_int_equal(w.result, 0);
    run_until_heard(false);
}

static void the_time_ends_it(void **state)
{
    struct waiter w = {.until_ms = clock_mono_ms() + 20};

    (void)state;
    begin(&w);
    run_until(&w.ended);
    assert_int_equal(w.result, ERR_ELAPSED);
}

static void a_stop_ends_it(void **state)
{
    struct waiter w = {.flag = false};
    char channel[KEYS_MAX], stop[64];

    (void)state;
    begin(&w);
    run_until_heard(true);
    keys_control(channel, bench.start.uid, bench.start.session);
    snprintf(stop, sizeof stop, "stop %s", bench.start.turn);
    assert_int_equal(link_command(bench.onlooker->link, NULL, "PUBLISH %s %s", channel, stop), 0);
    run_until(&w.ended);
    assert_int_equal(w.result, ERR_CANCELLED);
}

/* One that came before the subscription is seen by the renewal that follows it. */
static void an_early_stop_ends_it(void **state)
{
    struct waiter w = {.flag = false};
    char key[KEYS_MAX];

    (void)state;
    keys_turn(key, bench.start.uid, bench.start.turn);
    assert_int_equal(link_command(bench.onlooker->link, NULL, "HSET %s stop 1", key), 0);
    begin(&w);
    run_until(&w.ended);
    assert_int_equal(w.result, ERR_CANCELLED);
}

static void another_owner_ends_it(void **state)
{
    struct waiter w = {.flag = false};
    char key[KEYS_MAX];

    (void)state;
    begin(&w);
    run_until_heard(true);
    keys_session(key, bench.start.uid, bench.start.session);
    assert_int_equal(link_command(bench.onlooker->link, NULL, "HINCRBY %s epoch 1", key), 0);
    w.wait.check_now = true;
    task_wake(w.task);
    run_until(&w.ended);
    assert_int_equal(w.result, ERR_FENCED);
}

static void the_worker_s_leave_ends_it(void **state)
{
    struct waiter w = {.flag = false};

    (void)state;
    begin(&w);
    run_until_heard(true);
    bench.abort_now = 1;
    tasks_wake_all();
    run_until(&w.ended);
    assert_int_equal(w.result, ERR_DRAINING);
}

/* The lease's time in Redis, again and again, though nothing else happens in the turn. */
static void it_renews_the_lease_while_nothing_happens(void **state)
{
    struct waiter w = {.flag = false};
    char key[KEYS_MAX];
    int64_t last = 0;

    (void)state;
    bench.conf.lease_ms = 300;
    keys_turn(key, bench.start.uid, bench.start.turn);
    begin(&w);
    run_until_heard(true);
    for (int grown = 0; grown < 4;) {
        struct link_reply *r = NULL;

        (void)task_wait(bench.reactor, clock_mono_ms() + 5, NULL);
        assert_int_equal(link_command(bench.onlooker->link, &r, "HGET %s lease", key), 0);
        grown += link_reply_int(r) > last;
        last = link_reply_int(r);
        link_reply_free(r);
        assert_false(w.ended);
    }
    w.flag = true;
    task_wake(w.task);
    run_until(&w.ended);
    assert_int_equal(w.result, 0);
}

static void its_reasons_are_seen_without_waiting(void **state)
{
    struct waiter w = {.flag = true};

    (void)state;
    bench.abort_now = 1;
    begin(&w);
    run_until(&w.ended);
    assert_int_equal(w.result, ERR_DRAINING);
    assert_false(w.under_way);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, set_up)
    const struct CMUnitTest tests[] = {
        TEST(the_flag_ends_it),
        TEST(the_time_ends_it),
        TEST(a_stop_ends_it),
        TEST(an_early_stop_ends_it),
        TEST(another_owner_ends_it),
        TEST(the_worker_s_leave_ends_it),
        TEST(it_renews_the_lease_while_nothing_happens),
        TEST(its_reasons_are_seen_without_waiting),
    };
    return cmocka_run_group_tests(tests, turn_fixture_start, turn_fixture_stop);
}
