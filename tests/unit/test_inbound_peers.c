/* SPDX-License-Identifier: BSD-2-Clause */
/* inbound: peers that ask for something else, break the protocol, are slow, abort, or leave. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "base/clock.h"
#include "base/err.h"
#include "tests/unit/inbound_bench.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* ---- peers that say something else ---- */

static void the_values_are_told_once_each(void **state)
{
    struct bench *b = *state;
    struct buf asked = {0}, bytes = {0}, expected = {0};

    for (int n = 0; n < 15; n++)
        fastcgi_record_put_pair(&asked, "FCGI_MPXS_CONNS", "");
    fastcgi_record_put_pair(&asked, "FCGI_MAX_REQS", "");
    fastcgi_record_put_pair(&asked, "FCGI_MAX_REQ", "");
    fastcgi_record_put_pair(&asked, "FCGI_MAX_CONNS", "");
    fastcgi_record_put(&bytes, FASTCGI_GET_VALUES, 0, asked.data, asked.len);
    bench_send(b, bytes.data, bytes.len);
    bench_receive(b);
    buf_reset(&asked);
    fastcgi_record_put_pair(&asked, "FCGI_MAX_CONNS", "12");
    fastcgi_record_put_pair(&asked, "FCGI_MAX_REQS", "34");
    fastcgi_record_put_pair(&asked, "FCGI_MPXS_CONNS", "0");
    fastcgi_record_put(&expected, FASTCGI_GET_VALUES_RESULT, 0, asked.data, asked.len);
    assert_int_equal(b->got.len, expected.len);
    assert_memory_equal(b->got.data, expected.data, expected.len);
    buf_free(&asked);
    buf_free(&bytes);
    buf_free(&expected);
}

static void a_peer_that_asks_and_never_reads_is_read_no_further(void **state)
{
    struct bench *b = *state;
    struct buf asked = {0}, bytes = {0};
    size_t taken = 0;
    ssize_t n;

    fastcgi_record_put_pair(&asked, "FCGI_MPXS_CONNS", "");
    for (int k = 0; k < 1000; k++)
        fastcgi_record_put(&bytes, FASTCGI_GET_VALUES, 0, asked.data, asked.len);
    do {
        n = send(b->peer, bytes.data, bytes.len, MSG_NOSIGNAL);
        taken += n > 0 ? (size_t)n : 0;
        bench_settle(b);
        assert_true(taken < 50u * 1024 * 1024);
    } while (n > 0);
    assert_int_equal(b->closed, 0);
    n = -1;
    for (int k = 0; k < 1000 && n < 0; k++) { /* and goes on when it does */
        bench_receive(b);
        bench_settle(b);
        n = send(b->peer, bytes.data, bytes.len, MSG_NOSIGNAL);
    }
    assert_true(n > 0);
    buf_free(&asked);
    buf_free(&bytes);
}

static void an_unknown_role_is_refused(void **state)
{
    static const unsigned roles[] = {0, 2, 3, 0x101, 0xffff};
    struct bench *b = *state;

    b->reply = BENCH_REPLY;
    for (unsigned keep = 0; keep < 2; keep++) {
        for (size_t n = 0; n < sizeof roles / sizeof roles[0]; n++) {
            struct buf bytes = {0};
            bench_open(b);
            bench_begin(&bytes, 3, roles[n], keep);
            fastcgi_record_put(&bytes, FASTCGI_PARAMS, 3, "\1\1ab", 4);
            fastcgi_record_put(&bytes, FASTCGI_PARAMS, 3, NULL, 0);
            fastcgi_record_put(&bytes, FASTCGI_STDIN, 3, NULL, 0);
            bench_request(&bytes, 4, 0, "", 0);
            bench_send(b, bytes.data, bytes.len);
            assert_int_equal(b->requests, keep); /* what follows a refusal on a kept connection */
            bench_expect(b, keep ? BENCH_REPLY : "", keep ? 2 : 1,
                keep ? FASTCGI_REQUEST_COMPLETE : FASTCGI_UNKNOWN_ROLE);
            assert_true(b->peer_ended);
            buf_free(&bytes);
        }
    }
}

/* At every boundary of the first one's records, the last of which is its end. */
static void a_second_request_at_a_time_is_refused(void **state)
{
    struct bench *b = *state;
    struct buf first = {0}, second = {0};
    size_t cut = 0;

    bench_request(&first, 1, 0, "one", 3);
    bench_request(&second, 2, 0, "two", 3);
    while (cut < first.len) {
        const unsigned char *head = (const unsigned char *)first.data + cut;
        cut += 8 + (size_t)(head[4] << 8 | head[5]) + head[6];
        bench_open(b);
        bench_send(b, first.data, cut);
        bench_send(b, second.data, second.len);
        bench_expect(b, "", 1, FASTCGI_CANT_MPX_CONN);
        bench_send(b, first.data + cut, first.len - cut);
        assert_int_equal(b->requests, 1);
        assert_string_equal(inbound_param(b->in, "CONTENT_LENGTH"), "3");
        assert_int_equal(bench_finish(b), 0);
        bench_expect(b, BENCH_REPLY, 1, FASTCGI_REQUEST_COMPLETE);
    }
    buf_free(&first);
    buf_free(&second);
}

static void a_hang_up_at_any_byte_ends_the_connection(void **state)
{
    struct bench *b = *state;
    struct buf bytes = {0};

    bench_request(&bytes, 1, FASTCGI_KEEP_CONN, "hello", 5);
    for (size_t cut = 0; cut < bytes.len; cut++) {
        bench_open(b);
        bench_send(b, bytes.data, cut);
        bench_hang_up(b);
        assert_int_equal(b->requests, 0);
        assert_int_equal(b->closed, 1);
    }
    bench_open(b); /* whole, and then gone before it was looked at */
    assert_int_equal(send(b->peer, bytes.data, bytes.len, 0), bytes.len);
    bench_hang_up(b);
    assert_int_equal(b->requests, 1);
    assert_int_equal(b->gone, 1);
    assert_true(inbound_peer_gone(b->in));
    assert_string_equal(inbound_param(b->in, "REQUEST_METHOD"), "POST");
    assert_int_equal(inbound_finish(b->in, "x", 1, "", 0), ERR_PEER_GONE);
    bench_settle(b);
    assert_int_equal(b->closed, 1);
    buf_free(&bytes);
}

static void a_request_that_does_not_arrive_is_given_up(void **state)
{
    struct bench *b = *state;
    struct buf bytes = {0};

    bench_request(&bytes, 1, FASTCGI_KEEP_CONN, "hello", 5);
    b->limits.io_timeout_ms = 30;
    for (size_t cut = 0; cut < bytes.len; cut += 7) {
        bench_open(b);
        bench_send(b, bytes.data, cut);
        bench_wait(b, &b->closed, 1);
        assert_int_equal(b->requests, 0);
    }
    b->limits.io_timeout_ms = 100; /* a byte now and then does not help */
    bench_open(b);
    for (size_t at = 0; b->closed == 0; at++) {
        assert_true(at < bytes.len - 1);
        (void)!send(b->peer, bytes.data + at, 1, MSG_NOSIGNAL);
        bench_settle(b);
        assert_true(reactor_step(b->reactor, clock_mono_ms() + 20, NULL) >= 0);
    }
    buf_free(&bytes);
}

static void an_abort_before_the_end_is_answered(void **state)
{
    struct bench *b = *state;
    struct buf bytes = {0}, abort_it = {0};

    bench_request(&bytes, 1, FASTCGI_KEEP_CONN, "hello", 5);
    fastcgi_record_put(&abort_it, FASTCGI_ABORT_REQUEST, 1, NULL, 0);
    b->reply = BENCH_REPLY;
    bench_send(b, bytes.data, 16);
    bench_send(b, abort_it.data, abort_it.len);
    bench_expect(b, "", 1, FASTCGI_REQUEST_COMPLETE);
    bench_send(b, abort_it.data, abort_it.len); /* nothing is active */
    bench_send(b, bytes.data, bytes.len);
    assert_int_equal(b->requests, 1);
    bench_expect(b, BENCH_REPLY, 1, FASTCGI_REQUEST_COMPLETE);
    buf_free(&bytes);
    buf_free(&abort_it);
}

static void random_bytes_do_no_harm(void **state)
{
    struct bench *b = *state;

    srand(7);
    for (int n = 0; n < 3000; n++) {
        struct buf bytes = {0};
        char junk[64];
        size_t len = (size_t)(rand() % (int)sizeof junk);
        for (size_t k = 0; k < len; k++)
            junk[k] = (char)(rand() % 4 == 0 ? rand() : rand() % 6);
        bench_open(b);
        if (n % 2 == 0)
            bench_begin(&bytes, 1, FASTCGI_RESPONDER, 1);
        if (n % 4 == 0)
            fastcgi_record_put(&bytes, FASTCGI_PARAMS, 1, NULL, 0);
        buf_put(&bytes, junk, len);
        bench_send(b, bytes.data, bytes.len);
        bench_hang_up(b);
        if (b->in)
            inbound_finish(b->in, "x", 1, "", 0);
        buf_free(&bytes);
    }
    bench_open(b);
    bench_ask(b, 0);
    assert_int_equal(bench_finish(b), 0);
    bench_expect(b, BENCH_REPLY, 1, FASTCGI_REQUEST_COMPLETE);
}

/* ---- peers that leave ---- */

static void a_hang_up_is_noticed_once_and_without_a_busy_loop(void **state)
{
    struct bench *b = *state;

    for (unsigned early = 0; early < 2; early++) {
        bench_open(b);
        bench_ask(b, FASTCGI_KEEP_CONN);
        if (early) /* the socket is not read then: the next request waits in it */
            bench_send(b, "\1\1\0\1\0\10\0\0\0\1\1\0\0\0\0\0", 16);
        assert_false(inbound_peer_gone(b->in));
        bench_hang_up(b);
        assert_true(inbound_peer_gone(b->in));
        assert_int_equal(b->gone, 1);
        assert_int_equal(reactor_step(b->reactor, 0, NULL), 0); /* nothing is ready any more */
        assert_int_equal(inbound_write(b->in, "x", 1), ERR_PEER_GONE);
        assert_int_equal(bench_finish(b), ERR_PEER_GONE);
        bench_settle(b);
        assert_int_equal(b->closed, 1);
    }
}

static void a_peer_that_says_no_more_still_listens(void **state)
{
    struct bench *b = *state;
    struct buf bytes = {0};

    for (unsigned early = 0; early < 2; early++) {
        bench_open(b);
        bench_ask(b, FASTCGI_KEEP_CONN);
        buf_reset(&bytes);
        bench_request(&bytes, 1, FASTCGI_KEEP_CONN, "", 0);
        if (early)
            bench_send(b, bytes.data, bytes.len);
        shutdown(b->peer, SHUT_WR);
        bench_settle(b);
        assert_int_equal(reactor_step(b->reactor, 0, NULL), 0);
        assert_false(inbound_peer_gone(b->in));
        for (unsigned n = 0; n <= early; n++) {
            assert_int_equal(b->requests, n + 1);
            assert_int_equal(bench_finish(b), 0);
            bench_settle(b);
            bench_expect(b, BENCH_REPLY, 1, FASTCGI_REQUEST_COMPLETE);
        }
        assert_int_equal(b->closed, 1);
    }
    buf_free(&bytes);
}

static void an_abort_is_noticed_and_ended(void **state)
{
    struct bench *b = *state;

    for (unsigned keep = 0; keep < 2; keep++) {
        bench_open(b);
        bench_ask(b, keep);
        bench_abort(b);
        assert_int_equal(b->gone, 1);
        bench_abort(b);
        assert_int_equal(b->gone, 1);
        assert_int_equal(inbound_write(b->in, "x", 1), ERR_PEER_GONE);
        assert_int_equal(bench_finish(b), ERR_PEER_GONE);
        bench_settle(b);
        bench_expect(b, "", 1, FASTCGI_REQUEST_COMPLETE);
        assert_int_equal(b->closed, !keep);
        if (!keep)
            continue;
        bench_ask(b, keep); /* the next one is as good as any */
        assert_false(inbound_peer_gone(b->in));
        assert_int_equal(bench_finish(b), 0);
        bench_expect(b, BENCH_REPLY, 1, FASTCGI_REQUEST_COMPLETE);
    }
}

static void junk_behind_a_request_ends_it(void **state)
{
    struct bench *b = *state;

    bench_ask(b, FASTCGI_KEEP_CONN);
    bench_send(b, "GET / HTTP/1.1\r\n", 16);
    assert_int_equal(b->gone, 1);
    assert_int_equal(bench_finish(b), ERR_PEER_GONE);
    bench_settle(b);
    assert_int_equal(b->closed, 1);
}

static void a_hang_up_while_a_reply_waits_ends_it(void **state)
{
    struct bench *b = *state;
    char *text = bench_large();

    bench_ask(b, FASTCGI_KEEP_CONN);
    assert_int_equal(inbound_finish(b->in, "\r\n", 2, text, BENCH_LARGE), 0);
    bench_hang_up(b);
    assert_int_equal(b->closed, 1);
    assert_int_equal(b->gone, 0); /* the request is no longer open */
    free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_values_are_told_once_each),
        TEST(a_peer_that_asks_and_never_reads_is_read_no_further),
        TEST(an_unknown_role_is_refused),
        TEST(a_second_request_at_a_time_is_refused),
        TEST(a_hang_up_at_any_byte_ends_the_connection),
        TEST(a_request_that_does_not_arrive_is_given_up),
        TEST(an_abort_before_the_end_is_answered),
        TEST(random_bytes_do_no_harm),
        TEST(a_hang_up_is_noticed_once_and_without_a_busy_loop),
        TEST(a_peer_that_says_no_more_still_listens),
        TEST(an_abort_is_noticed_and_ended),
        TEST(junk_behind_a_request_ends_it),
        TEST(a_hang_up_while_a_reply_waits_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
