/*
 * fastcgi_pool: which requests take a kept connection, which one, and when none is kept.
 */
#include "base/clock.h"
#include "base/err.h"
#include "tests/unit/fastcgi_bench.h"
#include "workers/slots.h"

#include <sys/socket.h>
#include <unistd.h>

#define FLAGS_AT (FASTCGI_HEAD_SIZE + 2) /* of the BEGIN_REQUEST that a request begins with */

/* ---- one after the other ---- */

static void the_next_request_takes_the_same_connection(void **state)
{
    struct heard h;
    int fd = bench_kept(0);

    (void)state;
    for (int i = 0; i < 5; i++) {
        bench_ask(&h, false);
        bench_reads(fd);
        assert_int_equal(bench.got.data[FLAGS_AT], FASTCGI_KEEP_CONN);
        bench_answers(fd, 0);
        bench_hear(&h, 0);
        bench_no_connection();
    }
    close(fd);
}

static void two_at_once_take_two_connections(void **state)
{
    struct heard a, b;
    int first = bench_kept(0), second;

    (void)state;
    bench_ask(&a, false);
    bench_ask(&b, false);
    second = bench_accepts();
    bench_reads(first);
    bench_reads(second);
    bench_answers(second, 0);
    bench_answers(first, 0);
    bench_hear(&a, 0);
    bench_hear(&b, 0);
    bench_ask(&a, false);
    bench_ask(&b, false);
    bench_no_connection();
    bench_serve(&a, first, 0);
    bench_serve(&b, second, 0);
}

/* The caller of the first makes it within its reply. */
static void on_heard_asks_again(void *arg, int error, const struct fastcgi_reply *reply)
{
    assert_int_equal(error, 0);
    assert_non_null(reply);
    bench_ask(arg, false);
}

static void a_request_made_within_a_reply_takes_the_connection_of_that(void **state)
{
    const struct fastcgi_call_request request = {.timeout_ms = BENCH_FAIL_MS, .max = 1000};
    struct heard h;
    int fd;

    (void)state;
    assert_int_equal(fastcgi_call_start(bench.pool, &request, on_heard_asks_again, &h, NULL), 0);
    fd = bench_accepts();
    bench_reads(fd);
    bench_answers(fd, 0);
    bench_no_connection();
    bench_serve(&h, fd, 0);
}

static void a_worker_that_does_not_name_itself_is_not_kept(void **state)
{
    (void)state;
    bench_closed(bench_kept(-1));
    bench_closed(bench_kept(BENCH_SLOTS));
    bench_closed(bench_kept(999999));
}

static void no_more_wait_than_the_bound_and_not_for_ever(void **state)
{
    enum { MORE = FASTCGI_POOL_IDLE_MAX + 3 };
    struct heard h[MORE];
    int fd[MORE], open = 0;
    char byte;

    (void)state;
    for (int i = 0; i < MORE; i++) {
        bench_ask(&h[i], false);
        fd[i] = bench_accepts();
        bench_reads(fd[i]);
    }
    for (int i = 0; i < MORE; i++) {
        bench_answers(fd[i], 0);
        bench_hear(&h[i], 0);
    }
    assert_true(
        reactor_next_due(bench.reactor, INT64_MAX) <= clock_mono_ms() + FASTCGI_POOL_IDLE_MS);
    for (int i = 0; i < MORE; i++) {
        open += recv(fd[i], &byte, 1, 0) < 0;
        close(fd[i]);
    }
    assert_int_equal(open, FASTCGI_POOL_IDLE_MAX);
    bench_settle(); /* all leave the pool */
    assert_true(reactor_next_due(bench.reactor, INT64_MAX) == INT64_MAX);
}

/* ---- which worker ---- */

static void the_worker_with_the_fewest_turns_is_asked(void **state)
{
    struct heard h, more;
    int a, b;

    (void)state;
    a = bench_kept(0);
    bench_slot(0, 9);
    bench_slot(1, 0);
    b = bench_kept(1); /* over a new connection: worker 0 has too many */
    bench_ask(&h, false);
    bench_reads(b);
    bench_slot(1, 1 + FASTCGI_POOL_SLACK);
    bench_slot(0, 1);
    bench_ask(&more, false); /* one of worker 1's is under way */
    bench_reads(a);
    bench_no_connection();
    bench_answers(a, 0);
    bench_answers(b, 1);
    bench_hear(&h, 0);
    bench_hear(&more, 0);
    close(a);
    close(b);
}

static void a_new_connection_is_made_when_a_worker_has_too_many(void **state)
{
    struct heard h;
    int fd = bench_kept(0);

    (void)state;
    bench_slot(1, 0);
    bench_slot(2, 5);
    bench_slot(0, FASTCGI_POOL_SLACK);
    bench_ask(&h, false);
    bench_no_connection();
    bench_reads(fd);
    bench_answers(fd, 0);
    bench_hear(&h, 0);
    bench_slot(0, FASTCGI_POOL_SLACK + 1);
    bench_ask(&h, false);
    bench_serve(&h, bench_accepts(), 1);
    atomic_store(&bench.board->slots[1].state, SLOTS_RETIRING); /* it does not count any more */
    bench_ask(&h, false);
    bench_no_connection();
    bench_serve(&h, fd, 0);
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
    struct scoreboard_slot *slot = &bench.board->slots[0];
    struct heard h;
    int fd = bench_kept(0);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bench_slot(0, cases[i].busy);
        atomic_store(&slot->state, cases[i].state);
        atomic_store(&slot->executing, cases[i].executing);
        atomic_store(&slot->beat_ms, clock_mono_ms() - cases[i].late_ms);
        bench_ask(&h, false);
        bench_serve(&h, bench_accepts(), -1);
    }
    bench_slot(0, 0);
    atomic_store(&slot->beat_ms, clock_mono_ms() - WORKER_IDLE_MS); /* idle, it beats no faster */
    bench_ask(&h, false);
    bench_serve(&h, fd, 0);
}

/* ---- the end of the process, and pools that keep nothing ---- */

static void one_that_drains_keeps_nothing(void **state)
{
    struct heard h;
    int waits = bench_kept(0), busy;

    (void)state;
    bench_ask(&h, false);
    busy = waits;
    bench_reads(busy);
    {
        struct heard second;
        bench_ask(&second, false);
        waits = bench_accepts();
        bench_reads(waits);
        bench_answers(waits, 0);
        bench_hear(&second, 0);
    }
    fastcgi_pool_retire(bench.pool);
    bench_closed(waits);
    bench_answers(busy, 0);
    bench_hear(&h, 0);
    bench_closed(busy);
    bench_ask(&h, false);
    busy = bench_accepts();
    bench_reads(busy);
    assert_int_equal(bench.got.data[FLAGS_AT], 0);
    bench_answers(busy, 0);
    bench_hear(&h, 0);
    bench_closed(busy);
}

static void its_end_closes_all_and_tells_nobody(void **state)
{
    struct heard h;
    int fd = bench_kept(0), second;

    (void)state;
    bench_ask(&h, true);
    bench_ask(&h, true);
    second = bench_accepts();
    fastcgi_pool_free(bench.pool);
    bench.pool = NULL;
    bench_reads(fd);
    bench_reads(second);
    bench_closed(fd);
    bench_closed(second);
    assert_int_equal(h.times, 0);
}

static void workers_of_another_kind_are_not_kept_and_not_asked_twice(void **state)
{
    struct heard h;
    int fd;

    (void)state;
    fastcgi_pool_free(bench.pool);
    assert_int_equal(fastcgi_pool_new(&bench.pool, bench.reactor, bench.path, NULL), 0);
    fd = bench_kept(0);
    assert_int_equal(bench.got.data[FLAGS_AT], 0);
    bench_closed(fd);
    bench_ask(&h, false);
    close(bench_accepts()); /* it may have acted on the part that it has read */
    bench_hear(&h, ERR_PROTOCOL);
    bench_no_connection();
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
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
