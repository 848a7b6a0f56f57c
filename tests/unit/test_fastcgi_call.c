/*
 * fastcgi_call, fastcgi_pool: requests over kept connections, against workers that the test plays
 * on a listening socket. Nothing sleeps: a wait steps the reactor until the caller has heard.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* accept4 */
#endif
#include "workers/fastcgi_call.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/reactor.h"
#include "tests/unit/cm.h"
#include "workers/fastcgi_pool.h"
#include "workers/scoreboard.h"
#include "workers/slots.h"
#include "workers/worker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SLOTS 3
#define FLAGS_AT (FASTCGI_HEAD_SIZE + 2) /* of the BEGIN_REQUEST that a request begins with */
#define LARGE ((size_t)4 << 20)
#define FAIL_MS 10000

struct heard {
    int times, error, status;
};

static struct {
    struct reactor *reactor;
    struct scoreboard *board;
    struct fastcgi_pool *pool;
    char dir[64], path[96];
    int listen_fd;
    struct buf got; /* the request that a worker has read last */
} t;

/* ---- the workers ---- */

static void worker_listen(int backlog)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};

    strcpy(addr.sun_path, t.path);
    unlink(t.path);
    t.listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(t.listen_fd, (struct sockaddr *)&addr, sizeof addr), 0);
    assert_int_equal(listen(t.listen_fd, backlog), 0);
}

static void worker_serves(size_t slot, int busy)
{
    struct scoreboard_slot *s = &t.board->slots[slot];

    atomic_store(&s->pool, SCOREBOARD_TURN);
    atomic_store(&s->pid, 1000 + (int)slot);
    atomic_store(&s->state, SLOTS_READY);
    atomic_store(&s->ready, true);
    atomic_store(&s->executing, -1);
    atomic_store(&s->seats_busy, busy);
    atomic_store(&s->beat_ms, clock_mono_ms());
}

/* A new connection, or -1. */
static int worker_accept(void)
{
    return accept4(t.listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

static int worker_accepts(void)
{
    int fd = worker_accept();

    assert_true(fd >= 0);
    return fd;
}

/* All that has come: whole requests only, as they are small. */
static void worker_reads(int fd)
{
    char bytes[8192];
    ssize_t n;

    buf_reset(&t.got);
    while ((n = recv(fd, bytes, sizeof bytes, 0)) > 0)
        buf_put(&t.got, bytes, (size_t)n);
    assert_true(t.got.len > 0);
}

static void worker_says(int fd, const struct buf *bytes)
{
    assert_int_equal(send(fd, bytes->data, bytes->len, MSG_NOSIGNAL), bytes->len);
}

/* slot -1: it does not say which worker it is. */
static void worker_answers(int fd, int slot)
{
    char head[128];
    struct buf reply = {0};
    int n = snprintf(head, sizeof head, "Status: 202\r\n");

    if (slot >= 0)
        n += snprintf(head + n, sizeof head - (size_t)n, WORKER_SLOT_HEADER ": %d\r\n", slot);
    n += snprintf(head + n, sizeof head - (size_t)n, "\r\n{}");
    fastcgi_record_put(&reply, FASTCGI_STDOUT, 1, head, (size_t)n);
    fastcgi_record_put_end(&reply, 1, FASTCGI_REQUEST_COMPLETE);
    worker_says(fd, &reply);
    buf_free(&reply);
}

static void worker_is_overloaded(int fd)
{
    struct buf reply = {0};

    fastcgi_record_put_end(&reply, 1, FASTCGI_OVERLOADED);
    worker_says(fd, &reply);
    buf_free(&reply);
}

/* ---- the caller ---- */

static void on_heard(void *arg, int error, const struct fastcgi_reply *reply)
{
    struct heard *h = arg;

    h->times++;
    h->error = error;
    h->status = reply ? reply->status : 0;
    assert_true(!reply == (error != 0));
}

static int ask_with(struct heard *h, bool repeatable, const char *body, size_t len, int64_t ms)
{
    static const struct fastcgi_pair pairs[] = {{"REQUEST_METHOD", "POST"}};
    const struct fastcgi_call_request request = {.pairs = pairs, .count = 1, .body = body,
        .len = len, .repeatable = repeatable, .timeout_ms = ms, .max = 10000};

    *h = (struct heard){0};
    return fastcgi_call_start(t.pool, &request, on_heard, h, NULL);
}

static void ask(struct heard *h, bool repeatable)
{
    assert_int_equal(ask_with(h, repeatable, "{}", 2, FAIL_MS), 0);
}

static void settle(void)
{
    while (reactor_step(t.reactor, 0, NULL) > 0)
        ;
}

static void hear(struct heard *h, int error)
{
    int64_t until = clock_mono_ms() + FAIL_MS;

    while (!h->times && clock_mono_ms() < until)
        assert_true(reactor_step(t.reactor, until, NULL) >= 0);
    settle();
    assert_int_equal(h->times, 1);
    assert_int_equal(h->error, error);
    assert_int_equal(h->status, error ? 0 : 202);
}

static void assert_no_connection(void)
{
    settle();
    assert_int_equal(worker_accept(), -1);
    assert_int_equal(errno, EAGAIN);
}

/* The stream worker has closed it, perhaps without reading all. */
static void assert_closed(int fd)
{
    char byte;
    ssize_t n;

    settle();
    n = recv(fd, &byte, 1, 0);
    assert_true(n == 0 || (n < 0 && errno == ECONNRESET));
    close(fd);
}

/* A kept connection to that worker, which has carried a request. */
static int kept(int slot)
{
    struct heard h;
    int fd;

    ask(&h, false);
    fd = worker_accepts();
    worker_reads(fd);
    worker_answers(fd, slot);
    hear(&h, 0);
    return fd;
}

/* The request arrives here, whole, and is answered. */
static void serves(struct heard *h, int fd, int slot)
{
    worker_reads(fd);
    worker_answers(fd, slot);
    hear(h, 0);
    close(fd);
}

static int setup(void **state)
{
    (void)state;
    strcpy(t.dir, "/tmp/fastcgi-call-XXXXXX");
    if (!mkdtemp(t.dir) || reactor_new(&t.reactor) || scoreboard_new(&t.board, SLOTS, SLOTS))
        return -1;
    snprintf(t.path, sizeof t.path, "%s/turn.sock", t.dir);
    worker_listen(64);
    worker_serves(0, 0);
    return fastcgi_pool_new(&t.pool, t.reactor, t.path, t.board);
}

static int teardown(void **state)
{
    (void)state;
    fastcgi_pool_free(t.pool);
    reactor_free(t.reactor);
    scoreboard_free(t.board);
    buf_free(&t.got);
    close(t.listen_fd);
    unlink(t.path);
    return rmdir(t.dir);
}

/* ---- one after the other ---- */

static void the_next_request_takes_the_same_connection(void **state)
{
    struct heard h;
    int fd = kept(0);

    (void)state;
    for (int i = 0; i < 5; i++) {
        ask(&h, false);
        worker_reads(fd);
        assert_int_equal(t.got.data[FLAGS_AT], FASTCGI_KEEP_CONN);
        worker_answers(fd, 0);
        hear(&h, 0);
        assert_no_connection();
    }
    close(fd);
}

static void two_at_once_take_two_connections(void **state)
{
    struct heard a, b;
    int first = kept(0), second;

    (void)state;
    ask(&a, false);
    ask(&b, false);
    second = worker_accepts();
    worker_reads(first);
    worker_reads(second);
    worker_answers(second, 0);
    worker_answers(first, 0);
    hear(&a, 0);
    hear(&b, 0);
    ask(&a, false);
    ask(&b, false);
    assert_no_connection();
    serves(&a, first, 0);
    serves(&b, second, 0);
}

/* The caller of the first makes it within its reply. */
static void on_heard_asks_again(void *arg, int error, const struct fastcgi_reply *reply)
{
    assert_int_equal(error, 0);
    assert_non_null(reply);
    ask(arg, false);
}

static void a_request_made_within_a_reply_takes_the_connection_of_that(void **state)
{
    const struct fastcgi_call_request request = {.timeout_ms = FAIL_MS, .max = 1000};
    struct heard h;
    int fd;

    (void)state;
    assert_int_equal(fastcgi_call_start(t.pool, &request, on_heard_asks_again, &h, NULL), 0);
    fd = worker_accepts();
    worker_reads(fd);
    worker_answers(fd, 0);
    assert_no_connection();
    serves(&h, fd, 0);
}

static void a_worker_that_does_not_name_itself_is_not_kept(void **state)
{
    (void)state;
    assert_closed(kept(-1));
    assert_closed(kept(SLOTS));
    assert_closed(kept(999999));
}

static void no_more_wait_than_the_bound_and_not_for_ever(void **state)
{
    enum { MORE = FASTCGI_POOL_IDLE_MAX + 3 };
    struct heard h[MORE];
    int fd[MORE], open = 0;
    char byte;

    (void)state;
    for (int i = 0; i < MORE; i++) {
        ask(&h[i], false);
        fd[i] = worker_accepts();
        worker_reads(fd[i]);
    }
    for (int i = 0; i < MORE; i++) {
        worker_answers(fd[i], 0);
        hear(&h[i], 0);
    }
    assert_true(reactor_next_due(t.reactor, INT64_MAX) <= clock_mono_ms() + FASTCGI_POOL_IDLE_MS);
    for (int i = 0; i < MORE; i++) {
        open += recv(fd[i], &byte, 1, 0) < 0;
        close(fd[i]);
    }
    assert_int_equal(open, FASTCGI_POOL_IDLE_MAX);
    settle();
    assert_true(reactor_next_due(t.reactor, INT64_MAX) == INT64_MAX); /* all have left the pool */
}

/* ---- connections that end ---- */

static void one_that_its_worker_closes_leaves_at_once(void **state)
{
    struct heard h;
    int fd = kept(0);

    (void)state;
    close(fd);
    settle();
    assert_true(reactor_next_due(t.reactor, INT64_MAX) == INT64_MAX);
    ask(&h, false);
    serves(&h, worker_accepts(), 0);
}

static void one_that_speaks_unasked_is_closed(void **state)
{
    int fd = kept(0);

    (void)state;
    worker_answers(fd, 0);
    assert_closed(fd);
}

static void one_closed_before_the_request_is_replaced_unnoticed(void **state)
{
    struct heard h;
    int fd = kept(0);

    (void)state;
    close(fd); /* the loop has not come round: the send fails */
    ask(&h, false);
    serves(&h, worker_accepts(), 0);
}

static void one_closed_with_its_reply_is_not_kept(void **state)
{
    struct heard h;
    int fd;

    (void)state;
    ask(&h, false);
    fd = worker_accepts();
    worker_reads(fd);
    worker_answers(fd, 0);
    close(fd);
    hear(&h, 0);
    assert_true(reactor_next_due(t.reactor, INT64_MAX) == INT64_MAX);
}

static void a_request_that_was_not_read_is_sent_again(void **state)
{
    struct heard h;
    int fd = kept(0);

    (void)state;
    ask(&h, false);
    close(fd);
    settle();
    assert_int_equal(h.times, 0);
    fd = worker_accepts();
    close(fd); /* again, but there is no third time */
    hear(&h, ERR_NET);
    assert_no_connection();
}

static void a_request_that_was_read_in_part_is_sent_again(void **state)
{
    char *body = calloc(1, LARGE), bytes[8192];
    struct heard h;
    int fd = kept(0);

    (void)state;
    assert_non_null(body);
    assert_int_equal(ask_with(&h, false, body, LARGE, FAIL_MS), 0);
    while (recv(fd, bytes, sizeof bytes, 0) > 0)
        ; /* the rest waits for the loop */
    close(fd);
    settle();
    assert_int_equal(h.times, 0);
    fd = worker_accepts();
    for (size_t n = 0; n < LARGE; settle())
        for (ssize_t some; (some = recv(fd, bytes, sizeof bytes, 0)) > 0;)
            n += (size_t)some;
    worker_answers(fd, 0);
    hear(&h, 0);
    close(fd);
    free(body);
}

static void a_request_that_was_read_is_sent_again_only_when_it_may_be(void **state)
{
    struct heard h;
    struct buf first = {0};
    int fd = kept(0);

    (void)state;
    ask(&h, true);
    worker_reads(fd);
    buf_put(&first, t.got.data, t.got.len);
    close(fd);
    settle();
    assert_int_equal(h.times, 0);
    fd = worker_accepts();
    worker_reads(fd);
    assert_int_equal(t.got.len, first.len);
    assert_memory_equal(t.got.data, first.data, first.len);
    worker_answers(fd, 0);
    hear(&h, 0);
    ask(&h, false);
    worker_reads(fd);
    close(fd);
    hear(&h, ERR_PROTOCOL);
    assert_no_connection();
    buf_free(&first);
}

/* It may have had its effect the first time: nobody says that it had none. */
static void after_a_doubtful_end_no_failure_is_a_certain_one(void **state)
{
    struct heard h;
    int fd;

    (void)state;
    fd = kept(0);
    ask(&h, true);
    worker_reads(fd);
    close(fd);
    settle();
    fd = worker_accepts();
    worker_reads(fd);
    worker_is_overloaded(fd);
    hear(&h, ERR_PROTOCOL);
    assert_closed(fd);

    fd = kept(0);
    ask(&h, true);
    worker_reads(fd);
    close(t.listen_fd);
    close(fd);
    hear(&h, ERR_PROTOCOL);
    worker_listen(64);
}

static void an_end_within_the_reply_is_final(void **state)
{
    struct buf part = {0};
    struct heard h;
    int fd = kept(0);

    (void)state;
    ask(&h, true);
    worker_reads(fd);
    fastcgi_record_put(&part, FASTCGI_STDOUT, 1, "Status: 202\r\n", 13);
    worker_says(fd, &part);
    close(fd);
    hear(&h, ERR_PROTOCOL);
    assert_no_connection();
    buf_free(&part);
}

static void a_late_reply_is_never_the_next_one_s(void **state)
{
    struct heard h;
    int fd = kept(0);

    (void)state;
    assert_int_equal(ask_with(&h, true, "", 0, 1), 0);
    hear(&h, ERR_DEADLINE);
    worker_reads(fd);
    assert_closed(fd);
    ask(&h, false);
    serves(&h, worker_accepts(), 0);
}

static void a_worker_that_does_not_read_loses_what_may_be_sent_twice(void **state)
{
    struct heard h, once;
    int fd = kept(0), second = -1;
    int64_t until = clock_mono_ms() + FAIL_MS;

    (void)state;
    ask(&h, true);
    while ((second = worker_accept()) < 0 && clock_mono_ms() < until)
        assert_true(reactor_step(t.reactor, clock_mono_ms() + 10, NULL) >= 0);
    worker_reads(fd); /* too late */
    assert_closed(fd);
    worker_reads(second);
    worker_answers(second, 0);
    hear(&h, 0);
    ask(&h, true);
    worker_reads(second); /* one that has read it may take its time */
    fd = kept(0);
    ask(&once, false); /* and this one must not be sent twice */
    until = clock_mono_ms() + 2 * FASTCGI_CALL_UNREAD_MS;
    while (clock_mono_ms() < until)
        assert_true(reactor_step(t.reactor, until, NULL) >= 0);
    assert_no_connection();
    worker_answers(second, 0);
    hear(&h, 0);
    close(second);
    serves(&once, fd, 0);
}

/* ---- no room ---- */

static void an_overloaded_worker_s_request_goes_to_another_one(void **state)
{
    struct heard h;
    int fd = kept(0);

    (void)state;
    ask(&h, false);
    worker_reads(fd);
    worker_is_overloaded(fd);
    assert_closed(fd);
    assert_int_equal(h.times, 0);
    fd = worker_accepts();
    serves(&h, fd, 0);
}

static void overloaded_twice_is_full(void **state)
{
    struct heard h;
    int fd = kept(0);

    (void)state;
    ask(&h, true);
    worker_reads(fd);
    worker_is_overloaded(fd);
    settle();
    close(fd);
    fd = worker_accepts();
    worker_reads(fd);
    worker_is_overloaded(fd);
    hear(&h, ERR_FULL);
    assert_no_connection();
    close(fd);
}

static void a_full_backlog_is_full_at_once(void **state)
{
    struct heard kept_one, waits[2], refused;
    int fd = kept(0), waiting;

    (void)state;
    close(t.listen_fd);
    worker_listen(0);
    ask(&kept_one, false);
    ask(&waits[0], false);
    assert_int_equal(ask_with(&refused, false, "", 0, FAIL_MS), ERR_FULL);
    worker_reads(fd);
    worker_is_overloaded(fd); /* and there is no room for a new one */
    hear(&kept_one, ERR_FULL);
    close(fd);
    assert_int_equal(refused.times, 0);
    waiting = worker_accepts();
    serves(&waits[0], waiting, 0);
}

static void nobody_listens(void **state)
{
    struct heard h;

    (void)state;
    close(t.listen_fd);
    assert_int_equal(ask_with(&h, true, "", 0, FAIL_MS), ERR_NET);
    worker_listen(64);
}

/* ---- which worker ---- */

static void the_worker_with_the_fewest_turns_is_asked(void **state)
{
    struct heard h, more;
    int a, b;

    (void)state;
    a = kept(0);
    worker_serves(0, 9);
    worker_serves(1, 0);
    b = kept(1); /* over a new connection: worker 0 has too many */
    ask(&h, false);
    worker_reads(b);
    worker_serves(1, 1 + FASTCGI_POOL_SLACK);
    worker_serves(0, 1);
    ask(&more, false); /* one of worker 1's is under way */
    worker_reads(a);
    assert_no_connection();
    worker_answers(a, 0);
    worker_answers(b, 1);
    hear(&h, 0);
    hear(&more, 0);
    close(a);
    close(b);
}

static void a_new_connection_is_made_when_a_worker_has_too_many(void **state)
{
    struct heard h;
    int fd = kept(0);

    (void)state;
    worker_serves(1, 0);
    worker_serves(2, 5);
    worker_serves(0, FASTCGI_POOL_SLACK);
    ask(&h, false);
    assert_no_connection();
    worker_reads(fd);
    worker_answers(fd, 0);
    hear(&h, 0);
    worker_serves(0, FASTCGI_POOL_SLACK + 1);
    ask(&h, false);
    serves(&h, worker_accepts(), 1);
    atomic_store(&t.board->slots[1].state, SLOTS_RETIRING); /* it does not count any more */
    ask(&h, false);
    assert_no_connection();
    serves(&h, fd, 0);
}

static void a_worker_that_is_stuck_or_leaves_is_passed_by(void **state)
{
    struct scoreboard_slot *slot = &t.board->slots[0];
    struct heard h;
    int fd = kept(0);

    (void)state;
    for (int i = 0; i < 3; i++) {
        worker_serves(0, 0);
        if (i == 0)
            atomic_store(&slot->state, SLOTS_RETIRING);
        else
            atomic_store(&slot->beat_ms, clock_mono_ms() - (i == 1 ? 2 * WORKER_IDLE_MS
                                                                   : FASTCGI_POOL_LATE_MS));
        if (i == 2)
            atomic_store(&slot->executing, 0);
        ask(&h, false);
        serves(&h, worker_accepts(), -1);
    }
    worker_serves(0, 0);
    ask(&h, false);
    serves(&h, fd, 0);
}

/* ---- the end of the process, and pools that keep nothing ---- */

static void one_that_drains_keeps_nothing(void **state)
{
    struct heard h;
    int waits = kept(0), busy;

    (void)state;
    ask(&h, false);
    busy = waits;
    worker_reads(busy);
    {
        struct heard second;
        ask(&second, false);
        waits = worker_accepts();
        worker_reads(waits);
        worker_answers(waits, 0);
        hear(&second, 0);
    }
    fastcgi_pool_retire(t.pool);
    assert_closed(waits);
    worker_answers(busy, 0);
    hear(&h, 0);
    assert_closed(busy);
    ask(&h, false);
    busy = worker_accepts();
    worker_reads(busy);
    assert_int_equal(t.got.data[FLAGS_AT], 0);
    worker_answers(busy, 0);
    hear(&h, 0);
    assert_closed(busy);
}

static void its_end_closes_all_and_tells_nobody(void **state)
{
    struct heard h;
    int fd = kept(0), second;

    (void)state;
    ask(&h, true);
    ask(&h, true);
    second = worker_accepts();
    fastcgi_pool_free(t.pool);
    t.pool = NULL;
    worker_reads(fd);
    worker_reads(second);
    assert_closed(fd);
    assert_closed(second);
    assert_int_equal(h.times, 0);
}

static void workers_of_another_kind_are_not_kept_and_not_asked_twice(void **state)
{
    struct heard h;
    int fd;

    (void)state;
    fastcgi_pool_free(t.pool);
    assert_int_equal(fastcgi_pool_new(&t.pool, t.reactor, t.path, NULL), 0);
    fd = kept(0);
    assert_int_equal(t.got.data[FLAGS_AT], 0);
    assert_closed(fd);
    ask(&h, false);
    close(worker_accepts()); /* it may have acted on the part that it has read */
    hear(&h, ERR_PROTOCOL);
    assert_no_connection();
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(the_next_request_takes_the_same_connection),
        CASE(two_at_once_take_two_connections),
        CASE(a_request_made_within_a_reply_takes_the_connection_of_that),
        CASE(a_worker_that_does_not_name_itself_is_not_kept),
        CASE(no_more_wait_than_the_bound_and_not_for_ever),
        CASE(one_that_its_worker_closes_leaves_at_once),
        CASE(one_that_speaks_unasked_is_closed),
        CASE(one_closed_before_the_request_is_replaced_unnoticed),
        CASE(one_closed_with_its_reply_is_not_kept),
        CASE(a_request_that_was_not_read_is_sent_again),
        CASE(a_request_that_was_read_in_part_is_sent_again),
        CASE(a_request_that_was_read_is_sent_again_only_when_it_may_be),
        CASE(after_a_doubtful_end_no_failure_is_a_certain_one),
        CASE(an_end_within_the_reply_is_final),
        CASE(a_late_reply_is_never_the_next_one_s),
        CASE(a_worker_that_does_not_read_loses_what_may_be_sent_twice),
        CASE(an_overloaded_worker_s_request_goes_to_another_one),
        CASE(overloaded_twice_is_full),
        CASE(a_full_backlog_is_full_at_once),
        CASE(nobody_listens),
        CASE(the_worker_with_the_fewest_turns_is_asked),
        CASE(a_new_connection_is_made_when_a_worker_has_too_many),
        CASE(a_worker_that_is_stuck_or_leaves_is_passed_by),
        CASE(one_that_drains_keeps_nothing),
        CASE(its_end_closes_all_and_tells_nobody),
        CASE(workers_of_another_kind_are_not_kept_and_not_asked_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
