/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fastcgi_pool: which requests take a kept connection, which one, and when none is kept.
 */
#include "base/clock.h"
#include "base/err.h"
#include "process/slots.h"
#include "tests/unit/fastcgi_bench.h"

#include <sys/socket.h>
#include <unistd.h>

#define FLAGS_AT (FASTCGI_HEAD_SIZE + 2) /* of the BEGIN_REQUEST that a request begins with */

/* ---- one after the other ---- */

static void the_next_request_takes_the_same_connection(void **state)
{
    struct heard h;
    int fd = caller_kept(0);

    (void)state;
    for (int i = 0; i < 5; i++) {
        caller_ask(&h, false);
        caller_reads(fd);
        assert_int_equal(caller.got.data[FLAGS_AT], FASTCGI_KEEP_CONN);
        caller_answers(fd, 0);
        caller_hear(&h, 0);
        caller_no_connection();
    }
    close(fd);
}

static void two_at_once_take_two_connections(void **state)
{
    struct heard a, b;
    int first = caller_kept(0), second;

    (void)state;
    caller_ask(&a, false);
    caller_ask(&b, false);
    second = caller_accepts();
    caller_reads(first);
    caller_reads(second);
    caller_answers(second, 0);
    caller_answers(first, 0);
    caller_hear(&a, 0);
    caller_hear(&b, 0);
    caller_ask(&a, false);
    caller_ask(&b, false);
    caller_no_connection();
    caller_serve(&a, first, 0);
    caller_serve(&b, second, 0);
}

/* The caller of the first makes it within its reply. */
static void on_heard_asks_again(void *arg, int error, const struct fastcgi_reply *reply)
{
    assert_int_equal(error, 0);
    assert_non_null(reply);
    caller_ask(arg, false);
}

static void a_request_made_within_a_reply_takes_the_connection_of_that(void **state)
{
    const struct fastcgi_call_request request = {.timeout_ms = CALLER_FAIL_MS, .max = 1000};
    struct heard h;
    int fd;

    (void)state;
    assert_int_equal(fastcgi_call_start(caller.pool, &request, on_heard_asks_again, &h, NULL), 0);
    fd = caller_accepts();
    caller_reads(fd);
    caller_answers(fd, 0);
    caller_no_connection();
    caller_serve(&h, fd, 0);
}

static void a_worker_that_does_not_name_itself_is_not_kept(void **state)
{
    (void)state;
    caller_closed(caller_kept(-1));
    caller_closed(caller_kept(CALLER_SLOTS));
    caller_closed(caller_kept(999999));
}

static void no_more_wait_than_the_bound_and_not_for_ever(void **state)
{
    enum { MORE = FASTCGI_POOL_IDLE_MAX + 3 };
    struct heard h[MORE];
    int fd[MORE], open = 0;
    char byte;

    (void)state;
    for (int i = 0; i < MORE; i++) {
        caller_ask(&h[i], false);
        fd[i] = caller_accepts();
        caller_reads(fd[i]);
    }
    for (int i = 0; i < MORE; i++) {
        caller_answers(fd[i], 0);
        caller_hear(&h[i], 0);
    }
    assert_true(
        reactor_next_due(caller.reactor, INT64_MAX) <= clock_mono_ms() + FASTCGI_POOL_IDLE_MS);
    for (int i = 0; i < MORE; i++) {
        open += recv(fd[i], &byte, 1, 0) < 0;
        close(fd[i]);
    }
    assert_int_equal(open, FASTCGI_POOL_IDLE_MAX);
    caller_settle(); /* all leave the pool */
    assert_true(reactor_next_due(caller.reactor, INT64_MAX) == INT64_MAX);
}

/* ---- which worker ---- */

static void the_worker_with_the_fewest_turns_is_asked(void **state)
{
    struct heard h, more;
    int a, b;

    (void)state;
    a = caller_kept(0);
    caller_slot(0, 9);
    caller_slot(1, 0);
    b = caller_kept(1); /* over a new connection: worker 0 has too many */
    caller_ask(&h, false);
    caller_reads(b);
    caller_slot(1, 1 + FASTCGI_POOL_SLACK);
    caller_slot(0, 1);
    caller_ask(&more, false); /* one of worker 1's is under way */
    caller_reads(a);
    caller_no_connection();
    caller_answers(a, 0);
    caller_answers(b, 1);
    caller_hear(&h, 0);
    caller_hear(&more, 0);
    close(a);
    close(b);
}

static void a_new_connection_is_made_when_a_worker_has_too_many(void **state)
{
    struct heard h;
    int fd = caller_kept(0);

    (void)state;
    caller_slot(1, 0);
    caller_slot(2, 5);
    caller_slot(0, FASTCGI_POOL_SLACK);
    caller_ask(&h, false);
    caller_no_connection();
    caller_reads(fd);
    caller_answers(fd, 0);
    caller_hear(&h, 0);
    caller_slot(0, FASTCGI_POOL_SLACK + 1);
    caller_ask(&h, false);
    caller_serve(&h, caller_accepts(), 1);
    atomic_store(&caller.board->slots[1].state, SLOTS_RETIRING); /* it does not count any more */
    caller_ask(&h, false);
    caller_no_connection();
    caller_serve(&h, fd, 0);
}

static void a_worker_that_is_stuck_or_leaves_is_passed_by(void **state)
{
    static const struct {
        int state, late_ms, executing, busy;
    } cases[] = {
        {SLOTS_RETIRING, 0, -1, 0},
        {SLOTS_READY, 2 * WORKER_IDLE_MS, -1, 0},
        {SLOTS_READY, FASTCGI_POOL_LATE_MS, 0, 0},
        {SLOTS_READY, FASTCGI_POOL_LATE_MS, -1, FASTCGI_POOL_BUSY},
    };
    struct scoreboard_slot *slot = &caller.board->slots[0];
    struct heard h;
    int fd = caller_kept(0);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        caller_slot(0, cases[i].busy);
        atomic_store(&slot->state, cases[i].state);
        atomic_store(&slot->executing, cases[i].executing);
        atomic_store(&slot->beat_ms, clock_mono_ms() - cases[i].late_ms);
        caller_ask(&h, false);
        caller_serve(&h, caller_accepts(), -1);
    }
    caller_slot(0, 0);
    atomic_store(&slot->beat_ms, clock_mono_ms() - WORKER_IDLE_MS); /* idle, it beats no faster */
    caller_ask(&h, false);
    caller_serve(&h, fd, 0);
}

/* ---- the end of the process, and pools that keep nothing ---- */

static void one_that_drains_keeps_nothing(void **state)
{
    struct heard h;
    int waits = caller_kept(0), busy;

    (void)state;
    caller_ask(&h, false);
    busy = waits;
    caller_reads(busy);
    {
        struct heard second;
        caller_ask(&second, false);
        waits = caller_accepts();
        caller_reads(waits);
        caller_answers(waits, 0);
        caller_hear(&second, 0);
    }
    fastcgi_pool_retire(caller.pool);
    caller_closed(waits);
    caller_answers(busy, 0);
    caller_hear(&h, 0);
    caller_closed(busy);
    caller_ask(&h, false);
    busy = caller_accepts();
    caller_reads(busy);
    assert_int_equal(caller.got.data[FLAGS_AT], 0);
    caller_answers(busy, 0);
    caller_hear(&h, 0);
    caller_closed(busy);
}

static void its_end_closes_all_and_tells_nobody(void **state)
{
    struct heard h;
    int fd = caller_kept(0), second;

    (void)state;
    caller_ask(&h, true);
    caller_ask(&h, true);
    second = caller_accepts();
    fastcgi_pool_free(caller.pool);
    caller.pool = NULL;
    caller_reads(fd);
    caller_reads(second);
    caller_closed(fd);
    caller_closed(second);
    assert_int_equal(h.times, 0);
}

static void workers_of_another_kind_are_not_kept_and_not_asked_twice(void **state)
{
    struct heard h;
    int fd;

    (void)state;
    fastcgi_pool_free(caller.pool);
    assert_int_equal(fastcgi_pool_new(&caller.pool, caller.reactor, caller.path, NULL), 0);
    fd = caller_kept(0);
    assert_int_equal(caller.got.data[FLAGS_AT], 0);
    caller_closed(fd);
    caller_ask(&h, false);
    close(caller_accepts()); /* it may have acted on the part that it has read */
    caller_hear(&h, ERR_PROTOCOL);
    caller_no_connection();
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, caller_setup, caller_teardown)
    const struct CMUnitTest tests[] = {
        CASE(the_next_request_takes_the_same_connection),
        CASE(two_at_once_take_two_connections),
        CASE(a_request_made_within_a_reply_takes_the_connection_of_that),
        CASE(a_worker_that_does_not_name_itself_is_not_kept),
        CASE(no_more_wait_than_the_bound_and_not_for_ever),
        CASE(the_worker_with_the_fewest_turns_is_asked),
        CASE(a_new_connection_is_made_when_a_worker_has_too_many),
        CASE(a_worker_that_is_stuck_or_leaves_is_passed_by),
        CASE(one_that_drains_keeps_nothing),
        CASE(its_end_closes_all_and_tells_nobody),
        CASE(workers_of_another_kind_are_not_kept_and_not_asked_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
