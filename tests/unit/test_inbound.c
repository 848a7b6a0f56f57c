/* SPDX-License-Identifier: BSD-2-Clause */
/* inbound: requests cut anywhere, in every form, too long; libfcgi reads the same. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "base/err.h"
#include "tests/unit/inbound_bench.h"
#include "wire/fastcgi/gateway.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

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

static void answer_example(struct bench *b)
{
    expect_param(b, "REQUEST_METHOD", "POST");
    expect_body(b, 17, "{\"message\": \"hi\"}");
    assert_int_equal(bench_finish(b), 0);
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
        bench_expect(b, BENCH_REPLY, 1, FASTCGI_REQUEST_COMPLETE);
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
    expect_param(b, "REQUEST_URI", "/x");
    expect_param(b, "REQUEST", NULL);
    expect_body(b, 17, "{\"message\": \"hi\"}");
    expect_body(b, 17, ""); /* it was moved */
    assert_int_equal(bench_finish(b), 0);
    expect_param(b, "REQUEST_METHOD", NULL); /* it is over */
    expect_no_body(b, 17, ERR_PEER_GONE);
    assert_true(inbound_peer_gone(b->in));
    bench_expect(b, BENCH_REPLY, 1, FASTCGI_REQUEST_COMPLETE);
    buf_free(&bytes);
}

/* ---- parameters ---- */

static void send_params(struct bench *b, const struct buf *params, size_t piece)
{
    struct buf bytes = {0};

    bench_begin(&bytes, 1, FASTCGI_RESPONDER, 0);
    for (size_t at = 0; at < params->len; at += piece) {
        size_t left = params->len - at;
        fastcgi_record_put(&bytes, FASTCGI_PARAMS, 1, params->data + at,
            left < piece ? left : piece);
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
    } broken[] = {{"\5", 1}, {"\x80\0\0", 3}, {"\5\1HELLO", 7},
        {"\1\xff\xff\xff\xff"
         "A",
            6},
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

/* Several long bodies share a room; a short one needs none. */
static void long_bodies_share_a_room(void **state)
{
    struct bench *b = *state;
    struct room room = {.max = 9000};
    struct room_ticket other = {0};
    struct buf out = {0};

    b->limits.room = &room;
    b->limits.body_small = 1000;
    room_ask(&room, &other, 5000);
    send_body(b, 6000, "6000");
    expect_no_body(b, 10000, ERR_FULL);
    assert_int_equal(room.used, 5000);
    send_body(b, 1000, "1000");
    assert_int_equal(inbound_body(b->in, &out, 10000), 0);
    assert_int_equal(room.used, 5000);
    send_body(b, 4000, "4000");
    assert_int_equal(room.used, 9000);
    assert_int_equal(inbound_body(b->in, &out, 10000), 0);
    assert_int_equal(out.len, 4000);
    assert_int_equal(room.used, 9000); /* its owner has it */
    inbound_body_done(b->in);
    assert_int_equal(room.used, 5000);
    room_leave(&room, &other);
    send_body(b, 9500, NULL); /* alone it may have more than all; its length is not known */
    assert_int_equal(room.used, 10000);
    assert_int_equal(inbound_finish(b->in, "Status: 200\r\n\r\n", 15, "", 0), 0);
    bench_settle(b);
    assert_int_equal(room.used, 0);
    b->limits.room = NULL;
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
        TEST(long_bodies_share_a_room),
        TEST(a_body_cut_short_means_that_the_client_left),
        TEST(libfcgi_reads_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
