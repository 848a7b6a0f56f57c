/* inbound: requests as they arrive: cut anywhere, too long, too late, aborted, and none at all. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "base/clock.h"
#include "base/err.h"
#include "fcgi-app/gateway.h"
#include "tests/unit/inbound_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define OK_REPLY "Status: 200\r\n\r\nok"

static void expect_body(struct bench *b, size_t max, const char *body)
{
    struct buf out = {0};

    assert_int_equal(inbound_body(b->in, &out, max), 0);
    assert_string_equal(buf_text(&out), body);
    buf_free(&out);
}

static void expect_no_body(struct bench *b, size_t max, int error)
{
    struct buf out = {0};

    assert_int_equal(inbound_body(b->in, &out, max), error);
    assert_int_equal(out.len, 0);
    buf_free(&out);
}

static void expect_param(struct bench *b, const char *name, const char *value)
{
    const char *found = inbound_param(b->in, name);

    if (!value) {
        assert_null(found);
        return;
    }
    assert_non_null(found);
    assert_string_equal(found, value);
}

/* ---- whole requests ---- */

/* What nginx 1.22 sends: id 1, one record of parameters with its padding, one of the body. */
static void put_example(struct buf *out)
{
    bench_request(out, 1, FASTCGI_KEEP_CONN, "{\"message\": \"hi\"}", 17);
}

static void check_example(struct bench *b)
{
    expect_param(b, "REQUEST_METHOD", "POST");
    expect_param(b, "REQUEST_URI", "/x");
    expect_param(b, "CONTENT_LENGTH", "17");
    expect_param(b, "REQUEST", NULL);
    expect_body(b, 17, "{\"message\": \"hi\"}");
    expect_body(b, 17, ""); /* it was moved */
}

static void answer_example(struct bench *b)
{
    expect_param(b, "REQUEST_METHOD", "POST");
    expect_body(b, 17, "{\"message\": \"hi\"}");
    assert_int_equal(inbound_finish(b->in, OK_REPLY, strlen(OK_REPLY), "", 0), 0);
}

static void any_cut_gives_the_same_request(void **state)
{
    struct bench *b = *state;
    struct buf bytes = {0};

    put_example(&bytes);
    b->on_request = answer_example;
    for (size_t cut = 0; cut <= bytes.len; cut++) {
        bench_send(b, bytes.data, cut);
        assert_int_equal(b->requests, cut + (cut == bytes.len));
        bench_send(b, bytes.data + cut, bytes.len - cut);
        assert_int_equal(b->requests, cut + 1); /* all on one kept connection */
        bench_expect(b, OK_REPLY, 1, FASTCGI_REQUEST_COMPLETE);
    }
    b->requests = 0;
    for (size_t i = 0; i < bytes.len; i++)
        bench_send(b, bytes.data + i, 1);
    assert_int_equal(b->requests, 1);
    buf_free(&bytes);
}

static void a_task_reads_the_request_later(void **state)
{
    struct bench *b = *state;
    struct buf bytes = {0};

    put_example(&bytes);
    bench_send(b, bytes.data, bytes.len);
    assert_int_equal(b->requests, 1);
    bench_settle(b);
    assert_false(inbound_peer_gone(b->in));
    assert_true(inbound_fd(b->in) >= 0);
    expect_param(b, "REQUEST_METHOD", "POST");
    expect_body(b, 17, "{\"message\": \"hi\"}");
    assert_int_equal(inbound_finish(b->in, OK_REPLY, strlen(OK_REPLY), "", 0), 0);
    expect_param(b, "REQUEST_METHOD", NULL); /* it is over */
    expect_no_body(b, 17, ERR_PEER_GONE);
    assert_true(inbound_peer_gone(b->in));
    bench_expect(b, OK_REPLY, 1, FASTCGI_REQUEST_COMPLETE);
    buf_free(&bytes);
}

/* ---- parameters ---- */

static void send_params(struct bench *b, const struct buf *params, size_t piece)
{
    struct buf bytes = {0};

    bench_begin(&bytes, 1, FASTCGI_RESPONDER, 0);
    for (size_t at = 0; at < params->len; at += piece) {
        size_t left = params->len - at;
        fastcgi_record_put(&bytes, FASTCGI_PARAMS, 1, params->data + at, left < piece ? left : piece);
    }
    fastcgi_record_put(&bytes, FASTCGI_PARAMS, 1, NULL, 0);
    fastcgi_record_put(&bytes, FASTCGI_STDIN, 1, NULL, 0);
    bench_send(b, bytes.data, bytes.len);
    buf_free(&bytes);
}

static void parameters_have_every_form(void **state)
{
    struct bench *b = *state;
    struct buf params = {0};
    char name[201] = "", value[301] = "", edge[128] = "";

    memset(name, 'n', 200);
    memset(value, 'v', 300);
    memset(edge, 'e', 127);
    fastcgi_record_put_pair(&params, name, value);
    fastcgi_record_put_pair(&params, "", "without a name");
    fastcgi_record_put_pair(&params, edge, "");
    fastcgi_record_put_pair(&params, "A", value);
    fastcgi_record_put_pair(&params, "", "");
    fastcgi_record_put_pair(&params, "A", "the second of a name");
    buf_put(&params, "\x80\0\0\1\x80\0\0\2Lxy", 11); /* the long form of short lengths */
    for (size_t piece = 1; piece <= params.len; piece += piece < 20 ? 1 : 97) {
        bench_open(b);
        send_params(b, &params, piece);
        assert_int_equal(b->requests, 1);
        expect_param(b, name, value);
        expect_param(b, "", "without a name");
        expect_param(b, edge, "");
        expect_param(b, "A", value);
        expect_param(b, "L", "xy");
        expect_param(b, "B", NULL);
    }
    buf_free(&params);
}

static void no_parameters_are_a_request_too(void **state)
{
    struct bench *b = *state;
    struct buf none = {0};

    send_params(b, &none, 1);
    assert_int_equal(b->requests, 1);
    expect_param(b, "REQUEST_METHOD", NULL);
    expect_body(b, 0, "");
}

static void broken_parameters_end_the_connection(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } broken[] = {{"\5", 1}, {"\x80\0\0", 3}, {"\5\1HELLO", 7}, {"\1\xff\xff\xff\xff" "A", 6},
        {"\xff\xff\xff\xff\xff\xff\xff\xff", 8}, {"\2\1N\0v", 5}, {"\1\3Nv\0w", 6}};
    struct bench *b = *state;

    for (size_t n = 0; n < sizeof broken / sizeof broken[0]; n++) {
        struct buf params = {0};
        bench_open(b);
        buf_put(&params, broken[n].bytes, broken[n].len);
        send_params(b, &params, 100);
        assert_int_equal(b->requests, 0);
        assert_int_equal(b->closed, 1);
        buf_free(&params);
    }
}

static void parameters_are_bounded(void **state)
{
    struct bench *b = *state;
    char value[4097] = "";

    for (int over = 0; over < 2; over++) {
        struct buf params = {0};
        bench_open(b);
        memset(value, 'v', sizeof value - 1);
        value[b->limits.params_max - 6 + (size_t)over] = '\0'; /* 1 + 4 lengths, 1 name */
        fastcgi_record_put_pair(&params, "N", value);
        send_params(b, &params, 1000);
        assert_int_equal(b->requests, !over);
        assert_int_equal(b->closed, over);
        buf_free(&params);
    }
}

/* ---- bodies ---- */

static void send_body(struct bench *b, size_t len, const char *said)
{
    struct buf bytes = {0}, params = {0};
    char *body = malloc(len + 1);

    memset(body, 'b', len);
    if (said)
        fastcgi_record_put_pair(&params, "CONTENT_LENGTH", said);
    bench_begin(&bytes, 1, FASTCGI_RESPONDER, 0);
    fastcgi_record_put_part(&bytes, FASTCGI_PARAMS, 1, params.data, params.len);
    fastcgi_record_put(&bytes, FASTCGI_PARAMS, 1, NULL, 0);
    fastcgi_record_put_part(&bytes, FASTCGI_STDIN, 1, body, len);
    fastcgi_record_put(&bytes, FASTCGI_STDIN, 1, NULL, 0);
    bench_open(b);
    bench_send(b, bytes.data, bytes.len);
    assert_int_equal(b->requests, 1);
    free(body);
    buf_free(&bytes);
    buf_free(&params);
}

static void bodies_are_bounded(void **state)
{
    struct bench *b = *state;
    struct buf out = {0};

    send_body(b, 10000, "10000"); /* the limit */
    assert_int_equal(inbound_body(b->in, &out, 10000), 0);
    assert_int_equal(out.len, 10000);
    send_body(b, 10000, NULL);
    expect_no_body(b, 9999, ERR_LIMIT);
    send_body(b, 10001, NULL);
    expect_no_body(b, 20000, ERR_LIMIT);
    send_body(b, 3000000, "3000000");
    expect_no_body(b, 20000, ERR_LIMIT);
    assert_false(inbound_peer_gone(b->in));
    assert_int_equal(inbound_finish(b->in, "Status: 413\r\n\r\n", 15, "", 0), 0);
    bench_expect(b, "Status: 413\r\n\r\n", 1, FASTCGI_REQUEST_COMPLETE);
    buf_free(&out);
}

static void a_body_cut_short_means_that_the_client_left(void **state)
{
    struct bench *b = *state;

    send_body(b, 49, "50");
    expect_no_body(b, 100, ERR_PEER_GONE);
    send_body(b, 49, "");
    expect_no_body(b, 48, ERR_LIMIT);
}

/* ---- the same bytes, read by libfcgi ---- */

static int listen_at(char *dir, struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    assert_non_null(mkdtemp(dir));
    address->sun_family = AF_UNIX;
    snprintf(address->sun_path, sizeof address->sun_path, "%s/s", dir);
    assert_int_equal(bind(fd, (struct sockaddr *)address, sizeof *address), 0);
    assert_int_equal(listen(fd, 8), 0);
    return fd;
}

static void compare(struct bench *b, struct gateway *g, const char *const *names, size_t max)
{
    struct buf ours = {0}, theirs = {0};

    for (; *names; names++)
        expect_param(b, *names, gateway_param(g, *names));
    int error = gateway_body(g, &theirs, max);
    assert_int_equal(inbound_body(b->in, &ours, max), error);
    assert_string_equal(buf_text(&ours), error ? "" : buf_text(&theirs));
    buf_free(&ours);
    buf_free(&theirs);
}

static void libfcgi_reads_the_same(void **state)
{
    static const char *const lengths[] = {"5", "4", "6", "50", "", "x", "5x", NULL};
    static const char *const names[] = {"REQUEST_METHOD", "A", "EMPTY", "NONE", "LONG",
        "CONTENT_LENGTH", NULL};
    struct bench *b = *state;
    struct sockaddr_un address = {0};
    char dir[] = "/tmp/tp-inbound-XXXXXX", value[500] = "";
    int fd = listen_at(dir, &address);
    struct gateway *g;

    memset(value, 'v', sizeof value - 1);
    assert_int_equal(gateway_open(&g, fd, 1000), 0);
    for (size_t n = 0; n < 3 * sizeof lengths / sizeof lengths[0]; n++) {
        struct buf bytes = {0}, params = {0};
        int peer = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        fastcgi_record_put_pair(&params, "REQUEST_METHOD", "POST");
        fastcgi_record_put_pair(&params, "A", "first");
        fastcgi_record_put_pair(&params, "A", "second");
        fastcgi_record_put_pair(&params, "EMPTY", "");
        fastcgi_record_put_pair(&params, "LONG", value);
        if (lengths[n / 3])
            fastcgi_record_put_pair(&params, "CONTENT_LENGTH", lengths[n / 3]);
        bench_begin(&bytes, 1, FASTCGI_RESPONDER, 0);
        fastcgi_record_put_part(&bytes, FASTCGI_PARAMS, 1, params.data, params.len);
        fastcgi_record_put(&bytes, FASTCGI_PARAMS, 1, NULL, 0);
        fastcgi_record_put_part(&bytes, FASTCGI_STDIN, 1, "hello", 5);
        fastcgi_record_put(&bytes, FASTCGI_STDIN, 1, NULL, 0);
        bench_open(b);
        bench_send(b, bytes.data, bytes.len);
        assert_int_equal(connect(peer, (struct sockaddr *)&address, sizeof address), 0);
        assert_int_equal(send(peer, bytes.data, bytes.len, MSG_NOSIGNAL), bytes.len);
        assert_int_equal(gateway_accept(g), 0);
        compare(b, g, names, 4 + n % 3);
        assert_int_equal(gateway_finish(g, "\r\n", 2, "", 0), 0);
        close(peer);
        buf_free(&bytes);
        buf_free(&params);
    }
    gateway_close(g);
    close(fd);
    unlink(address.sun_path);
    rmdir(dir);
}

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
    bench_receive(b); /* and goes on when it does */
    bench_settle(b);
    assert_true(send(b->peer, bytes.data, bytes.len, MSG_NOSIGNAL) > 0);
    buf_free(&asked);
    buf_free(&bytes);
}

static void an_unknown_role_is_refused(void **state)
{
    static const unsigned roles[] = {0, 2, 3, 0x101, 0xffff};
    struct bench *b = *state;

    b->reply = OK_REPLY;
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
            bench_expect(b, keep ? OK_REPLY : "", keep ? 2 : 1,
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
        expect_body(b, 10, "one");
        assert_int_equal(inbound_finish(b->in, OK_REPLY, strlen(OK_REPLY), "", 0), 0);
        bench_expect(b, OK_REPLY, 1, FASTCGI_REQUEST_COMPLETE);
    }
    buf_free(&first);
    buf_free(&second);
}

static void a_hang_up_at_any_byte_ends_the_connection(void **state)
{
    struct bench *b = *state;
    struct buf bytes = {0};

    put_example(&bytes);
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
    check_example(b);
    assert_int_equal(inbound_finish(b->in, "x", 1, "", 0), ERR_PEER_GONE);
    bench_settle(b);
    assert_int_equal(b->closed, 1);
    buf_free(&bytes);
}

static void a_request_that_does_not_arrive_is_given_up(void **state)
{
    struct bench *b = *state;
    struct buf bytes = {0};

    put_example(&bytes);
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

    put_example(&bytes);
    fastcgi_record_put(&abort_it, FASTCGI_ABORT_REQUEST, 1, NULL, 0);
    b->reply = OK_REPLY;
    bench_send(b, bytes.data, 16);
    bench_send(b, abort_it.data, abort_it.len);
    bench_expect(b, "", 1, FASTCGI_REQUEST_COMPLETE);
    bench_send(b, abort_it.data, abort_it.len); /* nothing is active */
    bench_send(b, bytes.data, bytes.len);
    assert_int_equal(b->requests, 1);
    bench_expect(b, OK_REPLY, 1, FASTCGI_REQUEST_COMPLETE);
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
    b->on_request = answer_example;
    any_cut_gives_the_same_request(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(any_cut_gives_the_same_request),
        TEST(a_task_reads_the_request_later),
        TEST(parameters_have_every_form),
        TEST(no_parameters_are_a_request_too),
        TEST(broken_parameters_end_the_connection),
        TEST(parameters_are_bounded),
        TEST(bodies_are_bounded),
        TEST(a_body_cut_short_means_that_the_client_left),
        TEST(libfcgi_reads_the_same),
        TEST(the_values_are_told_once_each),
        TEST(a_peer_that_asks_and_never_reads_is_read_no_further),
        TEST(an_unknown_role_is_refused),
        TEST(a_second_request_at_a_time_is_refused),
        TEST(a_hang_up_at_any_byte_ends_the_connection),
        TEST(a_request_that_does_not_arrive_is_given_up),
        TEST(an_abort_before_the_end_is_answered),
        TEST(random_bytes_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
