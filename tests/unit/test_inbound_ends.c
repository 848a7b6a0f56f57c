/* SPDX-License-Identifier: BSD-2-Clause */
/* inbound: a connection may be ended from inside any callback, and in any state. */
#include "base/err.h"
#include "tests/unit/inbound_bench.h"

#include <stdlib.h>
#include <string.h>

static void free_it(struct bench *b)
{
    struct inbound *in = b->in;

    b->in = NULL;
    inbound_free(in);
}

static void finish_and_free(struct bench *b)
{
    bench_finish(b);
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
    bench_finish(b);
}

static void write_and_retire(struct bench *b)
{
    assert_int_equal(inbound_write(b->in, "part", 4), 0);
    inbound_retire(b->in);
    bench_finish(b);
}

/* Two requests in one write, so that bytes lie behind the one that is freed. */
static void any_end_within_request_is_clean(void **state)
{
    static void (*const ends[])(struct bench *) = {free_it, finish_and_free, break_it, refuse_it,
        finish_it, write_and_retire};
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
    static void (*const ends[])(
        struct bench *) = {free_it, finish_and_free, break_it, refuse_it, finish_it};
    struct bench *b = *state;

    for (unsigned abort_it = 0; abort_it < 2; abort_it++) {
        for (size_t n = 0; n < sizeof ends / sizeof ends[0]; n++) {
            bench_open(b);
            b->on_gone = ends[n];
            bench_ask(b, FASTCGI_KEEP_CONN);
            if (abort_it)
                bench_abort(b);
            else
                bench_hang_up(b);
            bench_settle(b);
            assert_int_equal(b->gone, 1);
            assert_int_equal(b->in != NULL,
                abort_it && ends[n] != free_it && ends[n] != finish_and_free &&
                    ends[n] != break_it);
        }
    }
}

static void any_end_within_drained_is_clean(void **state)
{
    static void (*const ends[])(
        struct bench *) = {free_it, finish_and_free, break_it, finish_it, write_and_retire};
    struct bench *b = *state;
    char *text = bench_large();

    for (size_t n = 0; n < sizeof ends / sizeof ends[0]; n++) {
        bench_open(b);
        b->on_drained = ends[n];
        bench_ask(b, FASTCGI_KEEP_CONN);
        assert_int_equal(inbound_write(b->in, text, BENCH_LARGE), 0);
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
            assert_int_equal(bench_finish(b), 0);
        free_it(b);
        assert_int_equal(b->closed, 0);
        bench_settle(b);
    }
    inbound_free(NULL);
    buf_free(&bytes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(any_end_within_request_is_clean),
        TEST(any_end_within_gone_is_clean),
        TEST(any_end_within_drained_is_clean),
        TEST(a_connection_can_be_freed_in_any_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
