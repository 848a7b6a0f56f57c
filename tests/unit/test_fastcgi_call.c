/*
 * fastcgi_call: a request over a real unix socket, driven by the reactor: replies in pieces, large
 * requests to a slow reader, pools that are full, gone, silent or die.
 */
#include "base/clock.h"
#include "base/err.h"
#include "base/reactor.h"
#include "tests/unit/cm.h"
#include "workers/fastcgi_call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE_MS 60000
#define REPLY_MAX 4096

static struct reactor *reactor;
static char dir[] = "/tmp/turnpike-call-XXXXXX", path[64];
static int listener, replies, last_error, last_status;
static char last_body[64];

static int setup(void **state)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    (void)state;
    strcpy(dir + strlen(dir) - 6, "XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/pool.sock", dir);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 1), 0);
    replies = last_error = last_status = 0;
    return reactor_new(&reactor);
}

static int teardown(void **state)
{
    (void)state;
    /* Nothing is left in the loop: neither a source nor a timer. */
    assert_int_equal(reactor_next_due(reactor, INT64_MAX), INT64_MAX);
    reactor_free(reactor);
    if (listener >= 0)
        close(listener);
    unlink(path);
    rmdir(dir);
    return 0;
}

static void on_reply(void *arg, int error, const struct fastcgi_reply *reply)
{
    assert_string_equal(arg, "owner");
    replies++;
    last_error = error;
    assert_true((error == 0) == (reply != NULL));
    if (!reply)
        return;
    last_status = reply->status;
    snprintf(last_body, sizeof last_body, "%.*s", (int)reply->body.len, reply->body.data);
}

static int call(const char *body, size_t len, int64_t timeout_ms, struct fastcgi_call **out)
{
    const struct fastcgi_pair pairs[] = { { "REQUEST_METHOD", "POST" } };

    return fastcgi_call_start(
        reactor, path, pairs, 1, body, len, timeout_ms, REPLY_MAX, on_reply, "owner", out);
}

static int accept_one(void)
{
    int fd = accept(listener, NULL, NULL);

    assert_true(fd >= 0);
    return fd;
}

static void until_replied(void)
{
    int64_t deadline = clock_mono_ms() + PATIENCE_MS;

    while (replies == 0 && clock_mono_ms() < deadline)
        assert_true(reactor_step(reactor, deadline, NULL) >= 0);
    assert_int_equal(replies, 1);
}

static size_t record(unsigned char *out, int type, const char *bytes, size_t len)
{
    const unsigned char head[8] = { 1, (unsigned char)type, 0, 1, (unsigned char)(len >> 8),
        (unsigned char)len, 0, 0 };

    memcpy(out, head, 8);
    memcpy(out + 8, bytes, len);
    return 8 + len;
}

static size_t whole_reply(unsigned char out[256])
{
    static const char text[] = "Status: 202\r\nContent-Type: text/plain\r\n\r\ntaken";
    size_t at = record(out, 6, text, sizeof text - 1);

    return at + record(out + at, 3, "\0\0\0\0\0\0\0", 8);
}

static void a_reply_that_comes_byte_by_byte(void **state)
{
    unsigned char reply[256];
    size_t len = whole_reply(reply);
    int fd;

    (void)state;
    assert_int_equal(call("{}", 2, PATIENCE_MS, NULL), 0);
    fd = accept_one();
    for (size_t i = 0; i < len; i++) {
        assert_int_equal(replies, 0);
        assert_int_equal(write(fd, reply + i, 1), 1);
        assert_int_equal(reactor_step(reactor, clock_mono_ms() + PATIENCE_MS, NULL), 1);
    }
    assert_int_equal(replies, 1);
    assert_int_equal(last_error, 0);
    assert_int_equal(last_status, 202);
    assert_string_equal(last_body, "taken");
    close(fd);
}

/* More than the socket takes at once: it goes out as the other side reads, every byte of it. */
static void a_large_request_to_a_slow_reader(void **state)
{
    size_t len = 3 << 20, got = 0;
    char *body = malloc(len), piece[65536];
    unsigned char reply[256];
    ssize_t n;
    int fd;

    (void)state;
    assert_non_null(body);
    memset(body, 'x', len);
    assert_int_equal(call(body, len, PATIENCE_MS, NULL), 0);
    free(body);
    fd = accept_one();
    while (got < len) {
        assert_true(reactor_step(reactor, clock_mono_ms(), NULL) >= 0);
        n = recv(fd, piece, sizeof piece, MSG_DONTWAIT);
        for (ssize_t i = 0; i < n; i++)
            got += piece[i] == 'x';
    }
    assert_int_equal(reactor_step(reactor, 0, NULL), 0); /* room is not watched for any more */
    assert_int_equal(write(fd, reply, whole_reply(reply)), (ssize_t)whole_reply(reply));
    until_replied();
    assert_int_equal(last_error, 0);
    close(fd);
}

/* A pool may answer and close before it has read the request: the answer counts. */
static void an_answer_before_the_request_was_read(void **state)
{
    size_t len = 3 << 20;
    char *body = calloc(1, len);
    unsigned char reply[256];
    int fd;

    (void)state;
    assert_non_null(body);
    assert_int_equal(call(body, len, PATIENCE_MS, NULL), 0);
    free(body);
    fd = accept_one();
    assert_int_equal(write(fd, reply, whole_reply(reply)), (ssize_t)whole_reply(reply));
    until_replied();
    assert_int_equal(last_error, 0);
    assert_string_equal(last_body, "taken");
    close(fd);
}

static void a_pool_that_dies_or_is_silent(void **state)
{
    int fd;

    (void)state;
    assert_int_equal(call("{}", 2, PATIENCE_MS, NULL), 0);
    fd = accept_one();
    assert_true(read(fd, (char[4096]){ 0 }, 4096) > 0);
    close(fd);
    until_replied();
    assert_int_equal(last_error, ERR_PROTOCOL);
    replies = 0;
    assert_int_equal(call("{}", 2, 1, NULL), 0);
    fd = accept_one();
    until_replied();
    assert_int_equal(last_error, ERR_DEADLINE);
    close(fd);
}

static void a_pool_that_is_full_or_gone(void **state)
{
    struct fastcgi_call *waiting[8];
    int error = 0, count = 0;

    (void)state;
    while (count < 8 && (error = call("{}", 2, PATIENCE_MS, &waiting[count])) == 0)
        count++;
    assert_int_equal(error, ERR_FULL);
    assert_true(count > 0);
    for (int i = 0; i < count; i++)
        fastcgi_call_forget(waiting[i]);
    close(listener); /* those that were never accepted are closed with it */
    for (int ended = 0; ended < count;)
        ended += reactor_step(reactor, clock_mono_ms() + PATIENCE_MS, NULL);
    assert_int_equal(replies, 0); /* forgotten */
    assert_int_equal(call("{}", 2, PATIENCE_MS, NULL), ERR_NET);
    listener = -1;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_reply_that_comes_byte_by_byte),
        TEST(a_large_request_to_a_slow_reader),
        TEST(an_answer_before_the_request_was_read),
        TEST(a_pool_that_dies_or_is_silent),
        TEST(a_pool_that_is_full_or_gone),
    };
    return cmocka_run_group_tests_name("fastcgi_call", tests, NULL, NULL);
}
