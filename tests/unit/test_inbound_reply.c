/* inbound: replies, connections that are kept, peers that leave, and ends from inside callbacks. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "base/err.h"
#include "tests/unit/inbound_bench.h"
#include "workers/fastcgi_client.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define OK_REPLY "Status: 200\r\n\r\nok"
#define LARGE (3u * 1024 * 1024 + 5)

static void send_request(struct bench *b, unsigned flags)
{
    struct buf bytes = {0};
    int before = b->requests;

    bench_request(&bytes, 1, flags, "", 0);
    bench_send(b, bytes.data, bytes.len);
    buf_free(&bytes);
    assert_int_equal(b->requests, before + 1);
}

static void send_abort(struct bench *b)
{
    struct buf bytes = {0};

    fastcgi_record_put(&bytes, FASTCGI_ABORT_REQUEST, 1, NULL, 0);
    bench_send(b, bytes.data, bytes.len);
    buf_free(&bytes);
}

static int finish(struct bench *b)
{
    return inbound_finish(b->in, OK_REPLY, strlen(OK_REPLY), "", 0);
}

static char *large_text(size_t size)
{
    char *text = malloc(size + 1);

    for (size_t i = 0; i < size; i++)
        text[i] = (char)('a' + i % 23);
    text[size] = '\0';
    return text;
}

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

    send_request(b, FASTCGI_KEEP_CONN);
    assert_int_equal(inbound_finish(b->in, "a: b\r\n\r\n", 8, "body", 4), 0);
    bench_settle(b);
    bench_expect(b, "a: b\r\n\r\nbody", 1, FASTCGI_REQUEST_COMPLETE);
    assert_false(b->peer_ended);
    assert_int_equal(finish(b), 0); /* nothing is open */
    bench_settle(b);
    bench_expect(b, "", 0, 0);
    send_request(b, 0);
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
    char *text = large_text(LARGE);

    for (unsigned keep = 0; keep < 2; keep++) {
        struct bench_seen seen;
        bench_open(b);
        send_request(b, keep);
        assert_int_equal(inbound_finish(b->in, "\r\n", 2, text, LARGE), 0);
        bench_settle(b);
        receive_all(b, 1);
        bench_seen(b, &seen);
        assert_int_equal(seen.ends, 1);
        assert_true(seen.whole);
        assert_true(seen.longest <= 65535);
        assert_int_equal(seen.text.len, LARGE + 2);
        assert_memory_equal(seen.text.data + 2, text, LARGE);
        assert_int_equal(b->closed, !keep);
        buf_free(&seen.text);
    }
    free(text);
}

static void a_reader_that_stops_costs_a_bounded_time(void **state)
{
    struct bench *b = *state;
    char *text = large_text(LARGE);

    b->limits.io_timeout_ms = 30;
    send_request(b, FASTCGI_KEEP_CONN);
    assert_int_equal(inbound_finish(b->in, "\r\n", 2, text, LARGE), 0);
    bench_wait(b, &b->closed, 1);
    bench_open(b);
    send_request(b, FASTCGI_KEEP_CONN);
    assert_int_equal(inbound_write(b->in, text, LARGE), 0);
    bench_wait(b, &b->gone, 1);
    assert_int_equal(b->closed, 0); /* the request is its owner's until it is answered */
    assert_int_equal(inbound_write(b->in, "x", 1), ERR_PEER_GONE);
    assert_int_equal(finish(b), ERR_PEER_GONE);
    bench_settle(b);
    assert_int_equal(b->closed, 1);
    free(text);
}

static void a_slow_reader_gets_all_while_it_reads(void **state)
{
    struct bench *b = *state;
    char *text = large_text(LARGE);
    struct bench_seen seen;

    b->limits.io_timeout_ms = 200;
    send_request(b, 0);
    assert_int_equal(inbound_finish(b->in, "\r\n", 2, text, LARGE), 0);
    while (!b->peer_ended) {
        bench_receive(b);
        assert_true(reactor_step(b->reactor, INT64_MAX, NULL) >= 0);
        if (b->closed > 0)
            bench_receive(b);
    }
    bench_seen(b, &seen);
    assert_int_equal(seen.ends, 1);
    assert_int_equal(seen.text.len, LARGE + 2);
    buf_free(&seen.text);
    free(text);
}

static void parts_are_bounded_and_go_on_when_taken(void **state)
{
    struct bench *b = *state;
    char *text = large_text(LARGE);
    size_t written = 0;
    int error, refused = 0;

    send_request(b, FASTCGI_KEEP_CONN);
    while (written < LARGE) {
        size_t n = LARGE - written < 30000 ? LARGE - written : 30000;
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
    text[LARGE] = '!';
    assert_true(b->got.len > LARGE);
    struct bench_seen seen;
    bench_seen(b, &seen);
    assert_int_equal(seen.text.len, LARGE + 1);
    assert_memory_equal(seen.text.data, text, LARGE + 1);
    buf_free(&seen.text);
    free(text);
}

static void a_broken_reply_has_no_end(void **state)
{
    struct bench *b = *state;

    send_request(b, FASTCGI_KEEP_CONN);
    assert_int_equal(inbound_write(b->in, "half", 4), 0);
    inbound_break(b->in);
    bench_receive(b);
    assert_true(b->peer_ended);
    assert_int_equal(b->got.len, 16 + sizeof fastcgi_record_none);
    assert_memory_equal(b->got.data + 16, fastcgi_record_none, sizeof fastcgi_record_none);
    bench_settle(b);
    assert_int_equal(b->closed, 1);
    char *text = large_text(LARGE);
    struct bench_seen seen;
    bench_open(b);
    send_request(b, FASTCGI_KEEP_CONN); /* within a record nothing more may be said */
    assert_int_equal(inbound_write(b->in, text, LARGE), 0);
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

    b->reply = OK_REPLY;
    for (int n = 0; n < 200; n++) {
        send_request(b, FASTCGI_KEEP_CONN);
        bench_expect(b, OK_REPLY, 1, FASTCGI_REQUEST_COMPLETE);
    }
    send_request(b, 0);
    bench_expect(b, OK_REPLY, 1, FASTCGI_REQUEST_COMPLETE);
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
        assert_int_equal(finish(b), 0);
        assert_int_equal(b->requests, 1); /* never within the call */
        bench_send(b, bytes.data + cut, bytes.len - cut);
        assert_int_equal(b->requests, 2);
        assert_int_equal(inbound_body(b->in, &out, sizeof body), 0);
        assert_int_equal(out.len, sizeof body);
        assert_int_equal(finish(b), 0);
        bench_settle(b);
        assert_int_equal(b->requests, 3);
        assert_int_equal(finish(b), 0);
        bench_settle(b);
        bench_expect(b, OK_REPLY OK_REPLY OK_REPLY, 3, FASTCGI_REQUEST_COMPLETE);
        assert_int_equal(b->closed, 1);
        buf_free(&out);
    }
    buf_free(&bytes);
    buf_free(&second);
}

static void an_idle_connection_ends_after_its_time(void **state)
{
    struct bench *b = *state;

    b->reply = OK_REPLY;
    b->limits.idle_ms = 30;
    send_request(b, FASTCGI_KEEP_CONN);
    assert_int_equal(b->closed, 0);
    bench_wait(b, &b->closed, 1);
    bench_expect(b, OK_REPLY, 1, FASTCGI_REQUEST_COMPLETE);
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
    send_request(b, FASTCGI_KEEP_CONN); /* one that works */
    inbound_retire(b->in);
    assert_int_equal(finish(b), 0);
    bench_settle(b);
    bench_expect(b, OK_REPLY, 1, FASTCGI_REQUEST_COMPLETE);
    assert_int_equal(b->closed, 1);
    bench_request(&bytes, 1, FASTCGI_KEEP_CONN, "", 0);
    b->reply = OK_REPLY;
    for (size_t cut = 1; cut < bytes.len; cut++) { /* one that has begun to send */
        bench_open(b);
        bench_send(b, bytes.data, cut);
        inbound_retire(b->in);
        bench_send(b, bytes.data + cut, bytes.len - cut);
        bench_expect(b, OK_REPLY, 1, FASTCGI_REQUEST_COMPLETE);
        assert_int_equal(b->closed, 1);
    }
    buf_free(&bytes);
}

/* ---- peers that leave ---- */

static void a_hang_up_is_noticed_once_and_without_a_busy_loop(void **state)
{
    struct bench *b = *state;

    for (unsigned early = 0; early < 2; early++) {
        bench_open(b);
        send_request(b, FASTCGI_KEEP_CONN);
        if (early) /* the socket is not read then: the next request waits in it */
            bench_send(b, "\1\1\0\1\0\10\0\0\0\1\1\0\0\0\0\0", 16);
        assert_false(inbound_peer_gone(b->in));
        bench_hang_up(b);
        assert_true(inbound_peer_gone(b->in));
        assert_int_equal(b->gone, 1);
        assert_int_equal(reactor_step(b->reactor, 0, NULL), 0); /* nothing is ready any more */
        assert_int_equal(inbound_write(b->in, "x", 1), ERR_PEER_GONE);
        assert_int_equal(finish(b), ERR_PEER_GONE);
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
        send_request(b, FASTCGI_KEEP_CONN);
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
            assert_int_equal(finish(b), 0);
            bench_settle(b);
            bench_expect(b, OK_REPLY, 1, FASTCGI_REQUEST_COMPLETE);
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
        send_request(b, keep);
        send_abort(b);
        assert_int_equal(b->gone, 1);
        send_abort(b);
        assert_int_equal(b->gone, 1);
        assert_int_equal(inbound_write(b->in, "x", 1), ERR_PEER_GONE);
        assert_int_equal(finish(b), ERR_PEER_GONE);
        bench_settle(b);
        bench_expect(b, "", 1, FASTCGI_REQUEST_COMPLETE);
        assert_int_equal(b->closed, !keep);
        if (!keep)
            continue;
        send_request(b, keep); /* the next one is as good as any */
        assert_false(inbound_peer_gone(b->in));
        assert_int_equal(finish(b), 0);
        bench_expect(b, OK_REPLY, 1, FASTCGI_REQUEST_COMPLETE);
    }
}

static void junk_behind_a_request_ends_it(void **state)
{
    struct bench *b = *state;

    send_request(b, FASTCGI_KEEP_CONN);
    bench_send(b, "GET / HTTP/1.1\r\n", 16);
    assert_int_equal(b->gone, 1);
    assert_int_equal(finish(b), ERR_PEER_GONE);
    bench_settle(b);
    assert_int_equal(b->closed, 1);
}

static void a_hang_up_while_a_reply_waits_ends_it(void **state)
{
    struct bench *b = *state;
    char *text = large_text(LARGE);

    send_request(b, FASTCGI_KEEP_CONN);
    assert_int_equal(inbound_finish(b->in, "\r\n", 2, text, LARGE), 0);
    bench_hang_up(b);
    assert_int_equal(b->closed, 1);
    assert_int_equal(b->gone, 0); /* the request is no longer open */
    free(text);
}

/* ---- ends from inside the callbacks ---- */

static void free_it(struct bench *b)
{
    struct inbound *in = b->in;

    b->in = NULL;
    inbound_free(in);
}

static void finish_and_free(struct bench *b)
{
    finish(b);
    free_it(b);
}

static void break_it(struct bench *b)
{
    inbound_break(b->in);
}

static void refuse_it(struct bench *b)
{
    inbound_overloaded(b->in);
}

static void finish_it(struct bench *b)
{
    finish(b);
}

static void write_and_retire(struct bench *b)
{
    assert_int_equal(inbound_write(b->in, "part", 4), 0);
    inbound_retire(b->in);
    finish(b);
}

/* Two requests in one write, so that bytes lie behind the one that is freed. */
static void any_end_within_request_is_clean(void **state)
{
    static void (*const ends[])(struct bench *) = {
        free_it, finish_and_free, break_it, refuse_it, finish_it, write_and_retire};
    struct bench *b = *state;
    struct buf bytes = {0};

    bench_request(&bytes, 1, FASTCGI_KEEP_CONN, "one", 3);
    bench_request(&bytes, 1, FASTCGI_KEEP_CONN, "two", 3);
    for (size_t n = 0; n < sizeof ends / sizeof ends[0]; n++) {
        bool kept = ends[n] == refuse_it || ends[n] == finish_it;
        bench_open(b);
        b->on_request = ends[n];
        bench_send(b, bytes.data, bytes.len);
        assert_int_equal(b->requests, kept ? 2 : 1);
        assert_int_equal(b->closed, ends[n] == break_it || ends[n] == write_and_retire);
        bench_receive(b);
        assert_int_equal(b->peer_ended, !kept);
    }
    buf_free(&bytes);
}

static void any_end_within_gone_is_clean(void **state)
{
    static void (*const ends[])(struct bench *) = {
        free_it, finish_and_free, break_it, refuse_it, finish_it};
    struct bench *b = *state;

    for (unsigned abort_it = 0; abort_it < 2; abort_it++) {
        for (size_t n = 0; n < sizeof ends / sizeof ends[0]; n++) {
            bench_open(b);
            b->on_gone = ends[n];
            send_request(b, FASTCGI_KEEP_CONN);
            if (abort_it)
                send_abort(b);
            else
                bench_hang_up(b);
            bench_settle(b);
            assert_int_equal(b->gone, 1);
            assert_int_equal(b->in != NULL, abort_it && ends[n] != free_it &&
                ends[n] != finish_and_free && ends[n] != break_it);
        }
    }
}

static void any_end_within_drained_is_clean(void **state)
{
    static void (*const ends[])(struct bench *) = {
        free_it, finish_and_free, break_it, finish_it, write_and_retire};
    struct bench *b = *state;
    char *text = large_text(LARGE);

    for (size_t n = 0; n < sizeof ends / sizeof ends[0]; n++) {
        bench_open(b);
        b->on_drained = ends[n];
        send_request(b, FASTCGI_KEEP_CONN);
        assert_int_equal(inbound_write(b->in, text, LARGE), 0);
        for (int k = 0; k < 100000 && b->drained == 0; k++) {
            bench_receive(b);
            bench_settle(b);
        }
        assert_int_equal(b->drained, 1);
    }
    free(text);
}

static void a_connection_can_be_freed_in_any_state(void **state)
{
    struct bench *b = *state;
    struct buf bytes = {0};

    bench_request(&bytes, 1, FASTCGI_KEEP_CONN, "one", 3);
    bench_begin(&bytes, 1, FASTCGI_RESPONDER, 0);
    buf_puts(&bytes, "\1\4");
    for (size_t cut = 0; cut <= bytes.len; cut++) {
        bench_open(b);
        bench_send(b, bytes.data, cut);
        if (cut % 2 == 0 && b->requests == 1)
            assert_int_equal(finish(b), 0);
        free_it(b);
        assert_int_equal(b->closed, 0);
        bench_settle(b);
    }
    inbound_free(NULL);
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
        TEST(a_hang_up_is_noticed_once_and_without_a_busy_loop),
        TEST(a_peer_that_says_no_more_still_listens),
        TEST(an_abort_is_noticed_and_ended),
        TEST(junk_behind_a_request_ends_it),
        TEST(a_hang_up_while_a_reply_waits_ends_it),
        TEST(any_end_within_request_is_clean),
        TEST(any_end_within_gone_is_clean),
        TEST(any_end_within_drained_is_clean),
        TEST(a_connection_can_be_freed_in_any_state),
        TEST(our_client_asks_again_and_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
