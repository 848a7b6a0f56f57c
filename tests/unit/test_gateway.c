/* SPDX-License-Identifier: BSD-2-Clause */
/* test_gateway -- libfcgi behind its wall: good requests, and peers that stall, cut and lie. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "base/clock.h"
#include "base/err.h"
#include "wire/fastcgi/gateway.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define IO_MS 200

/* libfcgi forgets the parameters of a bad management record. Only our own peers could send one. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfcgi";
}

struct fixture {
    char dir[32];
    struct sockaddr_un address;
    int listen_fd;
    struct gateway *gateway;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    strcpy(f->dir, "/tmp/tp-gateway-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    f->address.sun_family = AF_UNIX;
    snprintf(f->address.sun_path, sizeof f->address.sun_path, "%s/s", f->dir);
    f->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(f->listen_fd, (struct sockaddr *)&f->address, sizeof f->address), 0);
    assert_int_equal(listen(f->listen_fd, 64), 0);
    assert_int_equal(gateway_open(&f->gateway, f->listen_fd, IO_MS), 0);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    gateway_close(f->gateway);
    close(f->listen_fd);
    unlink(f->address.sun_path);
    rmdir(f->dir);
    free(f);
    return 0;
}

static int dial(struct fixture *f)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&f->address, sizeof f->address), 0);
    return fd;
}

static void put(int fd, const void *bytes, size_t len)
{
    assert_int_equal(send(fd, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
}

static void record(int fd, unsigned char type, const void *bytes, size_t len)
{
    unsigned char head[8] = {1, type, 0, 1, (unsigned char)(len >> 8), (unsigned char)len, 0, 0};
    put(fd, head, sizeof head);
    if (len > 0)
        put(fd, bytes, len);
}

static void pair(char *out, size_t *len, const char *name, const char *value)
{
    out[(*len)++] = (char)strlen(name);
    out[(*len)++] = (char)strlen(value);
    *len += (size_t)sprintf(out + *len, "%s%s", name, value);
}

static void send_head(int fd, const char *content_length)
{
    static const unsigned char begin[8] = {0, 1, 0, 0, 0, 0, 0, 0};
    char params[512];
    size_t len = 0;
    record(fd, 1, begin, sizeof begin);
    pair(params, &len, "REQUEST_METHOD", "POST");
    pair(params, &len, "REQUEST_URI", "/x");
    if (content_length)
        pair(params, &len, "CONTENT_LENGTH", content_length);
    record(fd, 4, params, len);
    record(fd, 4, NULL, 0);
}

static void send_request(int fd, const char *body, const char *content_length)
{
    send_head(fd, content_length);
    if (*body != '\0')
        record(fd, 5, body, strlen(body));
    record(fd, 5, NULL, 0);
}

/* All standard output until the end of the connection. ended: out, an END_REQUEST was seen. */
static size_t read_reply(int fd, char *out, size_t size, bool *ended)
{
    char *bytes = malloc(size + 65536);
    size_t have = 0, len = 0;
    for (ssize_t n; (n = recv(fd, bytes + have, size + 65536 - have, 0)) > 0;)
        have += (size_t)n;
    *ended = false;
    for (size_t at = 0; at + 8 <= have;) {
        const unsigned char *head = (const unsigned char *)bytes + at;
        size_t n = (size_t)(head[4] << 8 | head[5]);
        if (head[1] == 6 && at + 8 + n <= have && len + n <= size) {
            memcpy(out + len, bytes + at + 8, n);
            len += n;
        }
        *ended = *ended || head[1] == 3;
        at += 8 + n + head[6];
    }
    free(bytes);
    return len;
}

static void expect_reply(struct fixture *f, int fd, const char *text)
{
    char reply[1024];
    bool ended = false;
    assert_int_equal(gateway_finish(f->gateway, text, strlen(text), "", 0), 0);
    size_t len = read_reply(fd, reply, sizeof reply, &ended);
    assert_int_equal(len, strlen(text));
    assert_memory_equal(reply, text, len);
    assert_true(ended);
    close(fd);
}

static void a_request_is_read_and_answered(void **state)
{
    struct fixture *f = *state;
    struct buf body;
    buf_init(&body, 0);
    int fd = dial(f);
    send_request(fd, "hello", "5");
    assert_int_equal(gateway_accept(f->gateway), 0);
    assert_string_equal(gateway_param(f->gateway, "REQUEST_URI"), "/x");
    assert_null(gateway_param(f->gateway, "NONE"));
    assert_int_equal(gateway_body(f->gateway, &body, 100), 0);
    assert_string_equal(body.data, "hello");
    assert_false(gateway_peer_gone(f->gateway));
    assert_true(fcntl(gateway_peer_fd(f->gateway), F_GETFD) & FD_CLOEXEC);
    expect_reply(f, fd, "Status: 200 OK\r\n\r\nhi");
    assert_int_equal(gateway_peer_fd(f->gateway), -1);
    buf_free(&body);
}

static void the_end_does_not_wait_for_the_peer(void **state)
{
    struct fixture *f = *state;
    struct buf body;
    buf_init(&body, 0);
    for (int i = 0; i < 20; i++) {
        int fd = dial(f);
        send_request(fd, "", NULL);
        int64_t before = clock_mono_ms();
        assert_int_equal(gateway_accept(f->gateway), 0);
        assert_int_equal(gateway_body(f->gateway, &body, 100), 0);
        assert_int_equal(gateway_finish(f->gateway, "Status: 200\r\n\r\n", 15, "", 0), 0);
        assert_true(clock_mono_ms() - before < 90);
        close(fd);
    }
    buf_free(&body);
}

static void nothing_waiting_is_not_an_error(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(gateway_accept(f->gateway), ERR_NOT_YET);
    assert_int_equal(gateway_finish(f->gateway, NULL, 0, NULL, 0), 0);
    assert_true(gateway_peer_gone(f->gateway));
}

static void a_silent_or_broken_peer_costs_a_bounded_time(void **state)
{
    struct fixture *f = *state;
    static const unsigned char begin[8] = {0, 1, 0, 0, 0, 0, 0, 0};
    int silent = dial(f), half = dial(f), closed = dial(f), junk = dial(f);
    record(half, 1, begin, sizeof begin);
    close(closed);
    put(junk, "GET / HTTP/1.1\r\n\r\n", 18);
    int64_t before = clock_mono_ms();
    for (int i = 0; i < 4; i++)
        assert_int_equal(gateway_accept(f->gateway), ERR_PROTOCOL);
    assert_true(clock_mono_ms() - before < 4 * (IO_MS + 150));
    close(silent);
    close(half);
    close(junk);
    a_request_is_read_and_answered(state);
}

static void bodies_are_bounded(void **state)
{
    struct fixture *f = *state;
    static const char *const lengths[] = {"50", NULL, "1"};
    for (size_t i = 0; i < 3; i++) {
        struct buf body;
        buf_init(&body, 0);
        int fd = dial(f);
        send_request(fd, "01234567890123456789012345678901234567890123456789", lengths[i]);
        assert_int_equal(gateway_accept(f->gateway), 0);
        assert_int_equal(gateway_body(f->gateway, &body, 49), ERR_LIMIT);
        expect_reply(f, fd, "Status: 413\r\n\r\n");
        buf_free(&body);
    }
}

static void a_body_cut_short_means_that_the_client_left(void **state)
{
    struct fixture *f = *state;
    for (int variant = 0; variant < 3; variant++) {
        struct buf body;
        buf_init(&body, 0);
        int fd = dial(f);
        if (variant == 0) {
            send_request(fd, "short", "50"); /* an end, but too early */
        } else {
            send_head(fd, "50");
            record(fd, 5, "short", 5);
        }
        if (variant == 1)
            close(fd); /* and with variant 2: silence */
        assert_int_equal(gateway_accept(f->gateway), 0);
        assert_int_equal(gateway_body(f->gateway, &body, 100), ERR_PEER_GONE);
        gateway_finish(f->gateway, NULL, 0, NULL, 0);
        if (variant != 1)
            close(fd);
        buf_free(&body);
    }
}

static void a_client_that_left_is_seen(void **state)
{
    struct fixture *f = *state;
    struct buf body;
    buf_init(&body, 0);
    int fd = dial(f);
    send_request(fd, "", NULL);
    assert_int_equal(gateway_accept(f->gateway), 0);
    assert_int_equal(gateway_body(f->gateway, &body, 100), 0);
    shutdown(fd, SHUT_WR); /* says nothing more, but listens */
    assert_false(gateway_peer_gone(f->gateway));
    close(fd);
    assert_true(gateway_peer_gone(f->gateway));
    assert_int_equal(gateway_finish(f->gateway, "x\r\n\r\n", 5, "", 0), ERR_PEER_GONE);
    buf_free(&body);
}

static void large_replies_arrive_whole(void **state)
{
    struct fixture *f = *state;
    size_t size = 3 * 1024 * 1024;
    char *text = malloc(size);
    struct buf body;
    buf_init(&body, 0);
    for (size_t i = 0; i < size; i++)
        text[i] = (char)('a' + i % 23);
    int fd = dial(f);
    send_request(fd, "", NULL);
    pid_t reader = fork();
    if (reader == 0) {
        char *got = malloc(size + 64);
        bool ended = false;
        size_t len = read_reply(fd, got, size + 64, &ended);
        _exit(!(ended && len == size + 4 && memcmp(got + 4, text, size) == 0));
    }
    close(fd);
    assert_int_equal(gateway_accept(f->gateway), 0);
    assert_int_equal(gateway_body(f->gateway, &body, 100), 0);
    assert_int_equal(gateway_finish(f->gateway, "\r\n\r\n", 4, text, size), 0);
    int status = -1;
    assert_int_equal(waitpid(reader, &status, 0), reader);
    assert_int_equal(status, 0);
    free(text);
    buf_free(&body);
}

static void a_reader_that_stops_costs_a_bounded_time(void **state)
{
    struct fixture *f = *state;
    size_t size = 8 * 1024 * 1024;
    char *text = calloc(1, size);
    struct buf body;
    buf_init(&body, 0);
    int fd = dial(f);
    send_request(fd, "", NULL);
    assert_int_equal(gateway_accept(f->gateway), 0);
    assert_int_equal(gateway_body(f->gateway, &body, 100), 0);
    int64_t before = clock_mono_ms();
    assert_int_equal(gateway_finish(f->gateway, "\r\n\r\n", 4, text, size), ERR_PEER_GONE);
    assert_true(clock_mono_ms() - before < 4 * IO_MS);
    close(fd);
    free(text);
    buf_free(&body);
    a_request_is_read_and_answered(state);
}

static void random_peers_do_no_harm(void **state)
{
    struct fixture *f = *state;
    srand(7);
    for (int i = 0; i < 2000; i++) {
        unsigned char bytes[64];
        struct buf body;
        buf_init(&body, 0);
        int fd = dial(f);
        size_t len = (size_t)(rand() % (int)sizeof bytes);
        for (size_t k = 0; k < len; k++)
            bytes[k] = (unsigned char)(rand() % 4 == 0 ? rand() : rand() % 6);
        if (i % 2 == 0)
            send_head(fd, i % 3 == 0 ? "40" : NULL);
        if (len > 0)
            put(fd, bytes, len);
        close(fd);
        if (gateway_accept(f->gateway) == 0) {
            gateway_body(f->gateway, &body, 32);
            gateway_finish(f->gateway, "\r\n\r\n", 4, "x", 1);
        }
        buf_free(&body);
    }
    a_request_is_read_and_answered(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_request_is_read_and_answered, setup, teardown),
        cmocka_unit_test_setup_teardown(the_end_does_not_wait_for_the_peer, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_waiting_is_not_an_error, setup, teardown),
        cmocka_unit_test_setup_teardown(a_silent_or_broken_peer_costs_a_bounded_time, setup,
            teardown),
        cmocka_unit_test_setup_teardown(bodies_are_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(a_body_cut_short_means_that_the_client_left, setup,
            teardown),
        cmocka_unit_test_setup_teardown(a_client_that_left_is_seen, setup, teardown),
        cmocka_unit_test_setup_teardown(large_replies_arrive_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(a_reader_that_stops_costs_a_bounded_time, setup, teardown),
        cmocka_unit_test_setup_teardown(random_peers_do_no_harm, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
