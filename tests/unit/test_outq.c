/* SPDX-License-Identifier: BSD-2-Clause */
/* outq: bytes leave in order, frames are whole, the bound holds, memory goes when it is empty. */
#include "base/err.h"
#include "tests/unit/cm.h"
#include "wire/outq.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static void pair(int fd[2])
{
    int size = 4096;

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
    setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}

static int send_frame(struct outq *q, int fd, const char *text, size_t len, size_t max)
{
    struct iovec iov[2] = {{(void *)(uintptr_t)text, len / 2},
        {(void *)(uintptr_t)(text + len / 2), len - len / 2}};

    return outq_send(q, fd, iov, 2, max);
}

static void straight_through_when_the_socket_takes_it(void **state)
{
    struct outq q = {0};
    int fd[2];
    char got[16];

    (void)state;
    pair(fd);
    assert_int_equal(send_frame(&q, fd[0], "hello", 5, 100), 0);
    assert_int_equal(outq_len(&q), 0);
    assert_null(q.data);
    assert_int_equal(read(fd[1], got, sizeof got), 5);
    assert_memory_equal(got, "hello", 5);
    close(fd[0]);
    close(fd[1]);
}

/* A frame is refused whole or taken whole; what was taken arrives in order. */
static void a_slow_reader_gets_whole_frames(void **state)
{
    struct outq q = {0};
    int fd[2], taken = 0, refused = 0;
    char frame[1000], got[3001];
    size_t total = 0;

    (void)state;
    pair(fd);
    for (int round = 0; round < 400; round++) {
        memset(frame, 'a' + taken % 26, sizeof frame);
        int rc = send_frame(&q, fd[0], frame, sizeof frame, 20000);
        if (rc == 0)
            taken++;
        else
            refused += rc == ERR_FULL;
        assert_true(outq_len(&q) <= 21000);
        if (round % 7 == 0) {
            ssize_t n = read(fd[1], got, sizeof got);
            for (ssize_t i = 0; i < n; i++, total++)
                assert_int_equal(got[i], 'a' + (int)(total / 1000 % 26));
            assert_int_equal(outq_flush(&q, fd[0]), 0);
        }
    }
    assert_true(refused > 0);
    while (total < (size_t)taken * 1000) {
        ssize_t n = read(fd[1], got, sizeof got);
        assert_true(n > 0);
        for (ssize_t i = 0; i < n; i++, total++)
            assert_int_equal(got[i], 'a' + (int)(total / 1000 % 26));
        assert_int_equal(outq_flush(&q, fd[0]), 0);
    }
    assert_int_equal(outq_len(&q), 0);
    assert_null(q.data);
    close(fd[0]);
    close(fd[1]);
}

static void one_large_frame_is_taken_when_nothing_waits(void **state)
{
    struct outq q = {0};
    size_t len = 1 << 20, total = 0;
    char *frame = calloc(1, len), got[65536];
    int fd[2];

    (void)state;
    pair(fd);
    assert_int_equal(send_frame(&q, fd[0], frame, len, 1000), 0);
    assert_int_equal(send_frame(&q, fd[0], "x", 1, 1000), ERR_FULL);
    assert_int_equal(send_frame(&q, fd[0], "x", 1, 0), 0);
    while (total < len + 1) {
        ssize_t n = read(fd[1], got, sizeof got);
        assert_true(n > 0);
        total += (size_t)n;
        assert_int_equal(outq_flush(&q, fd[0]), 0);
    }
    assert_int_equal(got[0] == 'x' || got[0] == 0, 1);
    outq_free(&q);
    free(frame);
    close(fd[0]);
    close(fd[1]);
}

static void a_peer_that_left_is_told(void **state)
{
    struct iovec frame = {"abc", 3};
    struct outq q = {0};
    int fd[2];

    (void)state;
    pair(fd);
    assert_int_equal(outq_put(&q, &frame, 1), 0);
    assert_int_equal(outq_len(&q), 3);
    assert_true(q.cap <= 64); /* a small frame does not take a large buffer */
    close(fd[1]);
    assert_int_equal(outq_flush(&q, fd[0]), ERR_PEER_GONE);
    outq_free(&q);
    assert_int_equal(send_frame(&q, fd[0], "hello", 5, 100), ERR_PEER_GONE);
    close(fd[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(straight_through_when_the_socket_takes_it),
        cmocka_unit_test(a_slow_reader_gets_whole_frames),
        cmocka_unit_test(one_large_frame_is_taken_when_nothing_waits),
        cmocka_unit_test(a_peer_that_left_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
