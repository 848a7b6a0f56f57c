/* SPDX-License-Identifier: BSD-2-Clause */
/* inbound: replies of any size, connections that are kept, and our own client at the other end. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "base/err.h"
#include "tests/unit/inbound_bench.h"
#include "wire/fastcgi/fastcgi_client.h"

#include <stdlib.h>
#include <string.h>

/* The peer reads until its end, or until `ends` replies have come. */
static void receive_all(struct bench *b, int ends)
{
    struct bench_seen seen = {0};

    for (int n = 0; n < 100000 && !b->peer_ended && seen.ends < ends; n++) {
        bench_receive(b);
        bench_settle(b);
        buf_free(&seen.text);
        bench_seen(b, &seen);
    }
    buf_free(&seen.text);
}

/* ---- replies ---- */

static void a_reply_ends_the_connection_or_keeps_it(void **state)
{
    struct bench *b = *state;

    bench_ask(b, FASTCGI_KEEP_CONN);
    assert_int_equal(inbound_finish(b->in, "a: b\r\n\r\n", 8, "body", 4), 0);
    bench_settle(b);
    bench_expect(b, "a: b\r\n\r\nbody", 1, FASTCGI_REQUEST_COMPLETE);
    assert_false(b->peer_ended);
    assert_int_equal(bench_finish(b), 0); /* nothing is open */
    bench_settle(b);
    bench_expect(b, "", 0, 0);
    bench_ask(b, 0);
    assert_int_equal(inbound_finish(b->in, NULL, 0, NULL, 0), 0);
    bench_expect(b, "", 1, FASTCGI_REQUEST_COMPLETE);
    assert_true(b->peer_ended);
    assert_int_equal(b->closed, 0); /* told by the reactor, not within the call */
    bench_settle(b);
    assert_int_equal(b->closed, 1);
}

static void a_reply_larger_than_the_socket_arrives_whole(void **state)
{
    struct bench *b = *state;
    char *text = bench_large();

    for (unsigned keep = 0; keep < 2; keep++) {
        struct bench_seen seen;
        bench_open(b);
        bench_ask(b, keep);
        assert_int_equal(inbound_finish(b->in, "\r\n", 2, text, BENCH_LARGE), 0);
        bench_settle(b);
        receive_all(b, 1);
        bench_seen(b, &seen);
        assert_int_equal(seen.ends, 1);
        assert_true(seen.whole);
        assert_true(seen.longest <= 65535);
        assert_int_equal(seen.text.len, BENCH_LARGE + 2);
        assert_memory_equal(seen.text.data + 2, text, BENCH_LARGE);
        assert_int_equal(b->closed, !keep);
        buf_free(&seen.text);
    }
    free(text);
}

static void a_reader_that_stops_costs_a_bounded_time(void **state)
{
    struct bench *b = *state;
    char *text = bench_large();

    b->limits.io_timeout_ms = 30;
    bench_ask(b, FASTCGI_KEEP_CONN);
    assert_int_equal(inbound_finish(b->in, "\r\n", 2, text, BENCH_LARGE), 0);
    bench_wait(b, &b->closed, 1);
    bench_open(b);
    bench_ask(b, FASTCGI_KEEP_CONN);
    assert_int_equal(inbound_write(b->in, text, BENCH_LARGE), 0);
    bench_wait(b, &b->gone, 1);
    assert_int_equal(b->closed, 0); /* the request is its owner's until it is answered */
    assert_int_equal(inbound_write(b->in, "x", 1), ERR_PEER_GONE);
    assert_int_equal(bench_finish(b), ERR_PEER_GONE);
    bench_settle(b);
    assert_int_equal(b->closed, 1);
    free(text);
}

static void a_slow_reader_gets_all_while_it_reads(void **state)
{
    struct bench *b = *state;
    char *text = bench_large();
    struct bench_seen seen;

    b->limits.io_timeout_ms = 200;
    bench_ask(b, 0);
    assert_int_equal(inbound_finish(b->in, "\r\n", 2, text, BENCH_LARGE), 0);
    while (!b->peer_ended) {
        bench_receive(b);
        assert_true(reactor_step(b->reactor, INT64_MAX, NULL) >= 0);
        if (b->closed > 0)
            bench_receive(b);
    }
    bench_seen(b, &seen);
    assert_int_equal(seen.ends, 1);
    assert_int_equal(seen.text.len, BENCH_LARGE + 2);
    buf_free(&seen.text);
    free(text);
}

static void parts_are_bounded_and_go_on_when_taken(void **state)
{
    struct bench *b = *state;
    char *text = bench_large();
    size_t written = 0;
    int error, refused = 0;

    bench_ask(b, FASTCGI_KEEP_CONN);
    while (written < BENCH_LARGE) {
        size_t n = BENCH_LARGE - written < 30000 ? BENCH_LARGE - written : 30000;
        error = inbound_write(b->in, text + written, n);
        if (error == 0) {
            written += n;
            continue;
        }
        int before = b->drained;
        assert_int_equal(error, ERR_FULL);
        refused++;
        while (b->drained == before) {
            bench_receive(b);
            bench_settle(b);
        }
    }
    assert_true(refused > 0);
    assert_int_equal(inbound_write(b->in, "", 0), 0); /* does not end the stream */
    assert_int_equal(inbound_finish(b->in, NULL, 0, "!", 1), 0);
    receive_all(b, 1);
    text[BENCH_LARGE] = '!';
    assert_true(b->got.len > BENCH_LARGE);
    struct bench_seen seen;
    bench_seen(b, &seen);
    assert_int_equal(seen.text.len, BENCH_LARGE + 1);
    assert_memory_equal(seen.text.data, text, BENCH_LARGE + 1);
    buf_free(&seen.text);
    free(text);
}

static void a_broken_reply_has_no_end(void **state)
{
    struct bench *b = *state;

    bench_ask(b, FASTCGI_KEEP_CONN);
    assert_int_equal(inbound_write(b->in, "half", 4), 0);
    inbound_break(b->in);
    bench_receive(b);
    assert_true(b->peer_ended);
    assert_int_equal(b->got.len, 16 + sizeof fastcgi_record_none);
    assert_memory_equal(b->got.data + 16, fastcgi_record_none, sizeof fastcgi_record_none);
    bench_settle(b);
    assert_int_equal(b->closed, 1);
    bench_open(b); /* it is too late to say that there is no room */
    bench_ask(b, FASTCGI_KEEP_CONN);
    assert_int_equal(inbound_write(b->in, "half", 4), 0);
    inbound_overloaded(b->in);
    bench_receive(b);
    assert_true(b->peer_ended);
    assert_memory_equal(b->got.data + 16, fastcgi_record_none, sizeof fastcgi_record_none);
    char *text = bench_large();
    struct bench_seen seen;
    bench_open(b);
    bench_ask(b, FASTCGI_KEEP_CONN); /* within a record nothing more may be said */
    assert_int_equal(inbound_write(b->in, text, BENCH_LARGE), 0);
    inbound_break(b->in);
    receive_all(b, 1);
    bench_seen(b, &seen);
    assert_int_equal(seen.ends, 0);
    assert_false(seen.whole);
    buf_free(&seen.text);
    free(text);
}

/* ---- connections that are kept ---- */

static void requests_follow_each_other(void **state)
{
    struct bench *b = *state;

    b->reply = BENCH_REPLY;
    for (int n = 0; n < 200; n++) {
        bench_ask(b, FASTCGI_KEEP_CONN);
        bench_expect(b, BENCH_REPLY, 1, FASTCGI_REQUEST_COMPLETE);
    }
    bench_ask(b, 0);
    bench_expect(b, BENCH_REPLY, 1, FASTCGI_REQUEST_COMPLETE);
    assert_true(b->peer_ended);
    assert_int_equal(b->closed, 1);
}

/* Cut at every byte: what comes early waits, whatever part of it there is. */
static void a_request_that_comes_early_waits(void **state)
{
    struct bench *b = *state;
    struct buf bytes = {0}, second = {0};
    char body[6000];
    size_t first;

    memset(body, 'b', sizeof body);
    bench_request(&bytes, 1, FASTCGI_KEEP_CONN, "one", 3);
    first = bytes.len;
    bench_request(&second, 1, FASTCGI_KEEP_CONN, body, sizeof body);
    buf_put(&bytes, second.data, second.len);
    bench_request(&bytes, 1, 0, "three", 5);
    for (size_t cut = first; cut < bytes.len; cut += cut < first + 150 ? 1 : 777) {
        struct buf out = {0};
        bench_open(b);
        bench_send(b, bytes.data, cut);
        assert_int_equal(b->requests, 1);
        assert_false(inbound_peer_gone(b->in));
        assert_int_equal(bench_finish(b), 0);
        assert_int_equal(b->requests, 1); /* never within the call */
        bench_send(b, bytes.data + cut, bytes.len - cut);
        assert_int_equal(b->requests, 2);
        assert_int_equal(inbound_body(b->in, &out, sizeof body), 0);
        assert_int_equal(out.len, sizeof body);
        assert_int_equal(bench_finish(b), 0);
        bench_settle(b);
        assert_int_equal(b->requests, 3);
        assert_int_equal(bench_finish(b), 0);
        bench_settle(b);
        bench_expect(b, BENCH_REPLY BENCH_REPLY BENCH_REPLY, 3, FASTCGI_REQUEST_COMPLETE);
        assert_int_equal(b->closed, 1);
        buf_free(&out);
    }
    buf_free(&bytes);
    buf_free(&second);
}

static void an_idle_connection_ends_after_its_time(void **state)
{
    struct bench *b = *state;

    b->reply = BENCH_REPLY;
    b->limits.idle_ms = 30;
    bench_ask(b, FASTCGI_KEEP_CONN);
    bench_wait(b, &b->closed, 1);
    bench_expect(b, BENCH_REPLY, 1, FASTCGI_REQUEST_COMPLETE);
    assert_true(b->peer_ended);
}

static void a_retired_connection_takes_no_further_request(void **state)
{
    struct bench *b = *state;
    struct buf bytes = {0};

    inbound_retire(b->in); /* one that waits */
    bench_settle(b);
    assert_int_equal(b->closed, 1);
    bench_open(b);
    bench_ask(b, FASTCGI_KEEP_CONN); /* one that works */
    inbound_retire(b->in);
    assert_int_equal(bench_finish(b), 0);
    bench_settle(b);
    bench_expect(b, BENCH_REPLY, 1, FASTCGI_REQUEST_COMPLETE);
    assert_int_equal(b->closed, 1);
    bench_request(&bytes, 1, FASTCGI_KEEP_CONN, "", 0);
    b->reply = BENCH_REPLY;
    for (size_t cut = 1; cut < bytes.len; cut++) { /* one that has begun to send */
        bench_open(b);
        bench_send(b, bytes.data, cut);
        inbound_retire(b->in);
        bench_send(b, bytes.data + cut, bytes.len - cut);
        bench_expect(b, BENCH_REPLY, 1, FASTCGI_REQUEST_COMPLETE);
        assert_int_equal(b->closed, 1);
    }
    buf_free(&bytes);
}

/* ---- our own client at the other end ---- */

static void client_asks(struct bench *b, const char *body)
{
    static const struct fastcgi_pair pairs[] = {{"REQUEST_METHOD", "POST"}, {"SKIPPED", NULL}};
    struct buf request = {0};

    assert_int_equal(fastcgi_request_keep(&request, pairs, 2, body, strlen(body)), 0);
    bench_send(b, request.data, request.len);
    buf_free(&request);
}

static int client_reads(struct bench *b, struct fastcgi_reply *reply)
{
    int done;

    bench_receive(b);
    done = fastcgi_reply_feed(reply, b->got.data, b->got.len);
    buf_reset(&b->got);
    return done;
}

static void our_client_asks_again_and_again(void **state)
{
    struct bench *b = *state;
    struct fastcgi_reply reply;
    struct buf body = {0};

    fastcgi_reply_init(&reply, 4096);
    for (int n = 0; n < 3; n++) {
        client_asks(b, "hello");
        assert_string_equal(inbound_param(b->in, "CONTENT_LENGTH"), "5");
        assert_null(inbound_param(b->in, "SKIPPED"));
        assert_int_equal(inbound_body(b->in, &body, 5), 0);
        assert_string_equal(body.data, "hello");
        assert_int_equal(inbound_write(b->in, "Status: 202 ok\r\n\r\n", 18), 0);
        assert_int_equal(client_reads(b, &reply), 0);
        assert_false(fastcgi_reply_reusable(&reply));
        assert_int_equal(inbound_finish(b->in, NULL, 0, "done", 4), 0);
        assert_int_equal(client_reads(b, &reply), 1);
        assert_int_equal(reply.status, 202);
        assert_string_equal(buf_text(&reply.body), "done");
        assert_true(fastcgi_reply_reusable(&reply));
        fastcgi_reply_again(&reply);
    }
    client_asks(b, "hello");
    inbound_overloaded(b->in);
    assert_int_equal(client_reads(b, &reply), ERR_FULL);
    assert_true(fastcgi_reply_reusable(&reply));
    fastcgi_reply_again(&reply);
    client_asks(b, "hello");
    inbound_break(b->in);
    assert_int_equal(client_reads(b, &reply), ERR_PROTOCOL);
    assert_false(fastcgi_reply_reusable(&reply));
    fastcgi_reply_fini(&reply);
    buf_free(&body);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_reply_ends_the_connection_or_keeps_it),
        TEST(a_reply_larger_than_the_socket_arrives_whole),
        TEST(a_reader_that_stops_costs_a_bounded_time),
        TEST(a_slow_reader_gets_all_while_it_reads),
        TEST(parts_are_bounded_and_go_on_when_taken),
        TEST(a_broken_reply_has_no_end),
        TEST(requests_follow_each_other),
        TEST(a_request_that_comes_early_waits),
        TEST(an_idle_connection_ends_after_its_time),
        TEST(a_retired_connection_takes_no_further_request),
        TEST(our_client_asks_again_and_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
