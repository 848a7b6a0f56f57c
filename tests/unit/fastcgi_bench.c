/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* accept4 */
#endif
#include "tests/unit/fastcgi_bench.h"

#include "base/clock.h"
#include "base/err.h"
#include "process/slots.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct caller caller;

/* ---- the workers ---- */

void caller_listen(int backlog)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};

    strcpy(addr.sun_path, caller.path);
    unlink(caller.path);
    caller.listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(caller.listen_fd, (struct sockaddr *)&addr, sizeof addr), 0);
    assert_int_equal(listen(caller.listen_fd, backlog), 0);
}

void caller_slot(size_t slot, int busy)
{
    struct scoreboard_slot *s = &caller.board->slots[slot];

    atomic_store(&s->pool, SCOREBOARD_TURN);
    atomic_store(&s->pid, 1000 + (int)slot);
    atomic_store(&s->state, SLOTS_READY);
    atomic_store(&s->ready, true);
    atomic_store(&s->executing, -1);
    atomic_store(&s->seats_busy, busy);
    atomic_store(&s->beat_ms, clock_mono_ms());
}

/* A new connection, or -1. */
int caller_accept(void)
{
    return accept4(caller.listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int caller_accepts(void)
{
    int fd = caller_accept();

    assert_true(fd >= 0);
    return fd;
}

/* All that has come: whole requests only, as they are small. */
void caller_reads(int fd)
{
    char bytes[8192];
    ssize_t n;

    buf_reset(&caller.got);
    while ((n = recv(fd, bytes, sizeof bytes, 0)) > 0)
        buf_put(&caller.got, bytes, (size_t)n);
    assert_true(caller.got.len > 0);
}

void caller_says(int fd, const struct buf *bytes)
{
    assert_int_equal(send(fd, bytes->data, bytes->len, MSG_NOSIGNAL), bytes->len);
}

/* slot -1: it does not say which worker it is. */
void caller_answers(int fd, int slot)
{
    char head[128];
    struct buf reply = {0};
    int n = snprintf(head, sizeof head, "Status: 202\r\n");

    if (slot >= 0)
        n += snprintf(head + n, sizeof head - (size_t)n, WORKER_SLOT_HEADER ": %d\r\n", slot);
    n += snprintf(head + n, sizeof head - (size_t)n, "\r\n{}");
    fastcgi_record_put(&reply, FASTCGI_STDOUT, 1, head, (size_t)n);
    fastcgi_record_put_end(&reply, 1, FASTCGI_REQUEST_COMPLETE);
    caller_says(fd, &reply);
    buf_free(&reply);
}

void caller_overloaded(int fd)
{
    struct buf reply = {0};

    fastcgi_record_put_end(&reply, 1, FASTCGI_OVERLOADED);
    caller_says(fd, &reply);
    buf_free(&reply);
}

/* ---- the caller ---- */

static void caller_on_heard(void *arg, int error, const struct fastcgi_reply *reply)
{
    struct heard *h = arg;

    h->times++;
    h->error = error;
    h->status = reply ? reply->status : 0;
    assert_true(!reply == (error != 0));
}

int caller_ask_with(struct heard *h, bool repeatable, const char *body, size_t len, int64_t ms)
{
    static const struct fastcgi_pair pairs[] = {{"REQUEST_METHOD", "POST"}};
    const struct fastcgi_call_request request = {.pairs = pairs,
        .count = 1,
        .body = body,
        .len = len,
        .repeatable = repeatable,
        .timeout_ms = ms,
        .max = 10000};

    *h = (struct heard){0};
    return fastcgi_call_start(caller.pool, &request, caller_on_heard, h, NULL);
}

void caller_ask(struct heard *h, bool repeatable)
{
    assert_int_equal(caller_ask_with(h, repeatable, "{}", 2, CALLER_FAIL_MS), 0);
}

void caller_settle(void)
{
    while (reactor_step(caller.reactor, 0, NULL) > 0)
        ;
}

void caller_hear(struct heard *h, int error)
{
    int64_t until = clock_mono_ms() + CALLER_FAIL_MS;

    while (!h->times && clock_mono_ms() < until)
        assert_true(reactor_step(caller.reactor, until, NULL) >= 0);
    caller_settle();
    assert_int_equal(h->times, 1);
    assert_int_equal(h->error, error);
    assert_int_equal(h->status, error ? 0 : 202);
}

void caller_no_connection(void)
{
    caller_settle();
    assert_int_equal(caller_accept(), -1);
    assert_int_equal(errno, EAGAIN);
}

/* The stream worker has closed it, perhaps without reading all. */
void caller_closed(int fd)
{
    char byte;
    ssize_t n;

    caller_settle();
    n = recv(fd, &byte, 1, 0);
    assert_true(n == 0 || (n < 0 && errno == ECONNRESET));
    close(fd);
}

/* A kept connection to that worker, which has carried a request. */
int caller_kept(int slot)
{
    struct heard h;
    int fd;

    caller_ask(&h, false);
    fd = caller_accepts();
    caller_reads(fd);
    caller_answers(fd, slot);
    caller_hear(&h, 0);
    return fd;
}

/* The request arrives here, whole, and is answered. */
void caller_serve(struct heard *h, int fd, int slot)
{
    caller_reads(fd);
    caller_answers(fd, slot);
    caller_hear(h, 0);
    close(fd);
}

int caller_setup(void **state)
{
    (void)state;
    strcpy(caller.dir, "/tmp/fastcgi-call-XXXXXX");
    if (!mkdtemp(caller.dir) || reactor_new(&caller.reactor) ||
        scoreboard_new(&caller.board, CALLER_SLOTS, CALLER_SLOTS))
        return -1;
    snprintf(caller.path, sizeof caller.path, "%s/turn.sock", caller.dir);
    caller_listen(64);
    caller_slot(0, 0);
    return fastcgi_pool_new(&caller.pool, caller.reactor, caller.path, caller.board);
}

int caller_teardown(void **state)
{
    (void)state;
    fastcgi_pool_free(caller.pool);
    reactor_free(caller.reactor);
    scoreboard_free(caller.board);
    buf_free(&caller.got);
    close(caller.listen_fd);
    unlink(caller.path);
    return rmdir(caller.dir);
}
