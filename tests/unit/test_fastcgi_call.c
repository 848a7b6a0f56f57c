/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fastcgi_call: requests that find their connection ended, their worker stuck, or no room.
 */
#include "base/clock.h"
#include "base/err.h"
#include "tests/unit/fastcgi_bench.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define LARGE ((size_t)4 << 20)

/* ---- connections that end ---- */

static void one_that_its_worker_closes_leaves_at_once(void **state)
{
    struct heard h;
    int fd = caller_kept(0);

    (void)state;
    close(fd);
    caller_settle();
    assert_true(reactor_next_due(caller.reactor, INT64_MAX) == INT64_MAX);
    caller_ask(&h, false);
    caller_serve(&h, caller_accepts(), 0);
}

static void one_that_speaks_unasked_is_closed(void **state)
{
    int fd = caller_kept(0);

    (void)state;
    caller_answers(fd, 0);
    caller_closed(fd);
}

static void one_closed_before_the_request_is_replaced_unnoticed(void **state)
{
    struct heard h;
    int fd = caller_kept(0);

    (void)state;
    close(fd); /* the loop has not come round: the send fails */
    caller_ask(&h, false);
    caller_serve(&h, caller_accepts(), 0);
}

static void one_closed_with_its_reply_is_not_kept(void **state)
{
    struct heard h;
    int fd;

    (void)state;
    caller_ask(&h, false);
    fd = caller_accepts();
    caller_reads(fd);
    caller_answers(fd, 0);
    close(fd);
    caller_hear(&h, 0);
    assert_true(reactor_next_due(caller.reactor, INT64_MAX) == INT64_MAX);
}

static void a_request_that_was_not_read_is_sent_again(void **state)
{
    struct heard h;
    int fd = caller_kept(0);

    (void)state;
    caller_ask(&h, false);
    close(fd);
    caller_settle();
    assert_int_equal(h.times, 0);
    fd = caller_accepts();
    close(fd); /* again, but there is no third time */
    caller_hear(&h, ERR_NET);
    caller_no_connection();
}

static void a_request_that_was_read_in_part_is_sent_again(void **state)
{
    char *body = calloc(1, LARGE), bytes[8192];
    struct heard h;
    int fd = caller_kept(0);

    (void)state;
    assert_non_null(body);
    assert_int_equal(caller_ask_with(&h, false, body, LARGE, CALLER_FAIL_MS), 0);
    while (recv(fd, bytes, sizeof bytes, 0) > 0)
        ; /* the rest waits for the loop */
    close(fd);
    caller_settle();
    assert_int_equal(h.times, 0);
    fd = caller_accepts();
    for (size_t n = 0; n < LARGE; caller_settle())
        for (ssize_t some; (some = recv(fd, bytes, sizeof bytes, 0)) > 0;)
            n += (size_t)some;
    caller_answers(fd, 0);
    caller_hear(&h, 0);
    close(fd);
    free(body);
}

static void a_request_that_was_read_is_sent_again_only_when_it_may_be(void **state)
{
    struct heard h;
    struct buf first = {0};
    int fd = caller_kept(0);

    (void)state;
    caller_ask(&h, true);
    caller_reads(fd);
    buf_put(&first, caller.got.data, caller.got.len);
    close(fd);
    caller_settle();
    assert_int_equal(h.times, 0);
    fd = caller_accepts();
    caller_reads(fd);
    assert_int_equal(caller.got.len, first.len);
    assert_memory_equal(caller.got.data, first.data, first.len);
    caller_answers(fd, 0);
    caller_hear(&h, 0);
    caller_ask(&h, false);
    caller_reads(fd);
    close(fd);
    caller_hear(&h, ERR_PROTOCOL);
    caller_no_connection();
    buf_free(&first);
}

/* It may have had its effect the first time: nobody says that it had none. */
static void after_a_doubtful_end_no_failure_is_a_certain_one(void **state)
{
    struct heard h;
    int fd;

    (void)state;
    fd = caller_kept(0);
    caller_ask(&h, true);
    caller_reads(fd);
    close(fd);
    caller_settle();
    fd = caller_accepts();
    caller_reads(fd);
    caller_overloaded(fd);
    caller_hear(&h, ERR_PROTOCOL);
    caller_closed(fd);

    fd = caller_kept(0);
    caller_ask(&h, true);
    caller_reads(fd);
    close(caller.listen_fd);
    close(fd);
    caller_hear(&h, ERR_PROTOCOL);
    caller_listen(64);
}

static void an_end_within_the_reply_is_final(void **state)
{
    struct buf part = {0};
    struct heard h;
    int fd = caller_kept(0);

    (void)state;
    caller_ask(&h, true);
    caller_reads(fd);
    fastcgi_record_put(&part, FASTCGI_STDOUT, 1, "Status: 202\r\n", 13);
    caller_says(fd, &part);
    close(fd);
    caller_hear(&h, ERR_PROTOCOL);
    caller_no_connection();
    buf_free(&part);
}

static void a_late_reply_is_never_the_next_one_s(void **state)
{
    struct heard h;
    int fd = caller_kept(0);

    (void)state;
    assert_int_equal(caller_ask_with(&h, true, "", 0, 1), 0);
    caller_hear(&h, ERR_DEADLINE);
    caller_reads(fd);
    caller_closed(fd);
    caller_ask(&h, false);
    caller_serve(&h, caller_accepts(), 0);
}

static void a_worker_that_does_not_read_loses_what_may_be_sent_twice(void **state)
{
    struct heard h, once;
    int fd = caller_kept(0), second = -1;
    int64_t until = clock_mono_ms() + CALLER_FAIL_MS;

    (void)state;
    caller_ask(&h, true);
    while ((second = caller_accept()) < 0 && clock_mono_ms() < until)
        assert_true(reactor_step(caller.reactor, clock_mono_ms() + 10, NULL) >= 0);
    caller_reads(fd); /* too late */
    caller_closed(fd);
    caller_reads(second);
    caller_answers(second, 0);
    caller_hear(&h, 0);
    caller_ask(&h, true);
    caller_reads(second); /* one that has read it may take its time */
    fd = caller_kept(0);
    caller_ask(&once, false); /* and this one must not be sent twice */
    until = clock_mono_ms() + 2 * FASTCGI_CALL_UNREAD_MS;
    while (clock_mono_ms() < until)
        assert_true(reactor_step(caller.reactor, until, NULL) >= 0);
    caller_no_connection();
    caller_answers(second, 0);
    caller_hear(&h, 0);
    close(second);
    caller_serve(&once, fd, 0);
}

/* ---- no room ---- */

static void an_overloaded_worker_s_request_goes_to_another_one(void **state)
{
    struct heard h;
    int fd = caller_kept(0);

    (void)state;
    caller_ask(&h, false);
    caller_reads(fd);
    caller_overloaded(fd);
    caller_closed(fd);
    assert_int_equal(h.times, 0);
    fd = caller_accepts();
    caller_serve(&h, fd, 0);
}

static void overloaded_twice_is_full(void **state)
{
    struct heard h;
    int fd = caller_kept(0);

    (void)state;
    caller_ask(&h, true);
    caller_reads(fd);
    caller_overloaded(fd);
    caller_settle();
    close(fd);
    fd = caller_accepts();
    caller_reads(fd);
    caller_overloaded(fd);
    caller_hear(&h, ERR_FULL);
    caller_no_connection();
    close(fd);
}

static void a_full_backlog_is_full_at_once(void **state)
{
    struct heard kept_one, waits[2], refused;
    int fd = caller_kept(0), waiting;

    (void)state;
    close(caller.listen_fd);
    caller_listen(0);
    caller_ask(&kept_one, false);
    caller_ask(&waits[0], false);
    assert_int_equal(caller_ask_with(&refused, false, "", 0, CALLER_FAIL_MS), ERR_FULL);
    caller_reads(fd);
    caller_overloaded(fd); /* and there is no room for a new one */
    caller_hear(&kept_one, ERR_FULL);
    close(fd);
    assert_int_equal(refused.times, 0);
    waiting = caller_accepts();
    caller_serve(&waits[0], waiting, 0);
}

static void nobody_listens(void **state)
{
    struct heard h;

    (void)state;
    close(caller.listen_fd);
    assert_int_equal(caller_ask_with(&h, true, "", 0, CALLER_FAIL_MS), ERR_NET);
    caller_listen(64);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, caller_setup, caller_teardown)
    const struct CMUnitTest tests[] = {
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
