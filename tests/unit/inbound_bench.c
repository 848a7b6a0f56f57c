/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "tests/unit/inbound_bench.h"

#include "base/clock.h"
#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void bench_on_request(void *arg, struct inbound *i)
{
    struct bench *b = arg;

    b->requests++;
    if (b->on_request)
        b->on_request(b);
    else if (b->reply)
        inbound_finish(i, b->reply, strlen(b->reply), "", 0);
}

static void bench_on_gone(void *arg, struct inbound *i)
{
    struct bench *b = arg;

    b->gone++;
    assert_true(inbound_peer_gone(i));
    if (b->on_gone)
        b->on_gone(b);
}

static void bench_on_drained(void *arg, struct inbound *i)
{
    struct bench *b = arg;

    b->drained++;
    assert_false(inbound_peer_gone(i));
    if (b->on_drained)
        b->on_drained(b);
}

static void bench_on_closed(void *arg, struct inbound *i)
{
    struct bench *b = arg;

    assert_ptr_equal(i, b->in);
    assert_int_equal(inbound_fd(i), -1);
    b->closed++;
    b->in = NULL;
}

void bench_open(struct bench *b)
{
    int pair[2];

    inbound_free(b->in);
    b->in = NULL;
    if (b->peer >= 0)
        close(b->peer);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    b->peer = pair[0];
    b->requests = b->gone = b->drained = b->closed = 0;
    buf_reset(&b->got);
    b->peer_ended = false;
    assert_int_equal(inbound_new(&b->in, b->reactor, pair[1], &b->limits, &b->handlers), 0);
}

int bench_setup(void **state)
{
    struct bench *b = calloc(1, sizeof *b);

    if (!b || reactor_new(&b->reactor) < 0)
        return -1;
    b->limits = (struct inbound_limits){.params_max = 4096,
        .body_max = 10000,
        .reply_max = 100000,
        .io_timeout_ms = 10000,
        .idle_ms = 10000,
        .max_conns = 12,
        .max_reqs = 34};
    b->handlers = (struct inbound_handlers){.arg = b,
        .request = bench_on_request,
        .gone = bench_on_gone,
        .drained = bench_on_drained,
        .closed = bench_on_closed};
    b->peer = -1;
    bench_open(b);
    *state = b;
    return 0;
}

int bench_teardown(void **state)
{
    struct bench *b = *state;

    inbound_free(b->in);
    close(b->peer);
    reactor_free(b->reactor);
    buf_free(&b->got);
    free(b);
    return 0;
}

void bench_settle(struct bench *b)
{
    while (reactor_step(b->reactor, 0, NULL) > 0)
        ;
}

void bench_wait(struct bench *b, const int *count, int least)
{
    int64_t until = clock_mono_ms() + 10000;

    while (*count < least && clock_mono_ms() < until)
        assert_true(reactor_step(b->reactor, until, NULL) >= 0);
    assert_true(*count >= least);
}

void bench_send(struct bench *b, const void *bytes, size_t len)
{
    const char *at = bytes;

    while (len > 0) {
        ssize_t n = send(b->peer, at, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) {
            assert_true(reactor_step(b->reactor, clock_mono_ms() + 10000, NULL) > 0);
            continue;
        }
        if (n < 0)
            return; /* the connection has been closed */
        at += n;
        len -= (size_t)n;
    }
    bench_settle(b);
}

void bench_hang_up(struct bench *b)
{
    shutdown(b->peer, SHUT_RDWR);
    close(b->peer);
    b->peer = -1;
    bench_settle(b);
}

void bench_receive(struct bench *b)
{
    ssize_t n;

    do {
        assert_int_equal(buf_reserve(&b->got, 65536), 0);
        n = recv(b->peer, b->got.data + b->got.len, 65536, 0);
        if (n > 0)
            b->got.len += (size_t)n;
    } while (n > 0);
    b->peer_ended = n == 0 || errno != EAGAIN;
}

void bench_begin(struct buf *out, unsigned id, unsigned role, unsigned flags)
{
    unsigned char begin[8] = {(unsigned char)(role >> 8), (unsigned char)role,
        (unsigned char)flags};

    fastcgi_record_put(out, FASTCGI_BEGIN_REQUEST, id, begin, sizeof begin);
}

void bench_request(struct buf *out, unsigned id, unsigned flags, const char *body, size_t len)
{
    struct buf params = {0};
    char number[24];

    snprintf(number, sizeof number, "%zu", len);
    fastcgi_record_put_pair(&params, "REQUEST_METHOD", "POST");
    fastcgi_record_put_pair(&params, "REQUEST_URI", "/x");
    fastcgi_record_put_pair(&params, "CONTENT_LENGTH", number);
    bench_begin(out, id, FASTCGI_RESPONDER, flags);
    fastcgi_record_put(out, FASTCGI_PARAMS, id, params.data, params.len);
    fastcgi_record_put(out, FASTCGI_PARAMS, id, NULL, 0);
    fastcgi_record_put_part(out, FASTCGI_STDIN, id, body, len);
    fastcgi_record_put(out, FASTCGI_STDIN, id, NULL, 0);
    buf_free(&params);
}

void bench_ask(struct bench *b, unsigned flags)
{
    struct buf bytes = {0};
    int before = b->requests;

    bench_request(&bytes, 1, flags, "", 0);
    bench_send(b, bytes.data, bytes.len);
    buf_free(&bytes);
    assert_int_equal(b->requests, before + 1);
}

void bench_abort(struct bench *b)
{
    struct buf bytes = {0};

    fastcgi_record_put(&bytes, FASTCGI_ABORT_REQUEST, 1, NULL, 0);
    bench_send(b, bytes.data, bytes.len);
    buf_free(&bytes);
}

int bench_finish(struct bench *b)
{
    return inbound_finish(b->in, BENCH_REPLY, strlen(BENCH_REPLY), "", 0);
}

char *bench_large(void)
{
    char *text = malloc(BENCH_LARGE + 1);

    for (size_t i = 0; i < BENCH_LARGE; i++)
        text[i] = (char)('a' + i % 23);
    text[BENCH_LARGE] = '\0';
    return text;
}

void bench_seen(const struct bench *b, struct bench_seen *seen)
{
    const char *at = buf_text(&b->got), *end = at + b->got.len, *part;
    unsigned char ending[8] = {0};
    struct fastcgi_record record = {0};
    size_t n, filled = 0;
    int step;

    *seen = (struct bench_seen){0};
    while ((step = fastcgi_record_step(&record, &at, end, &part, &n)) != FASTCGI_RECORD_MORE) {
        assert_true(step >= 0);
        if (step == FASTCGI_RECORD_HEAD) {
            filled = 0;
            seen->longest = record.len > seen->longest ? record.len : seen->longest;
        } else if (step == FASTCGI_RECORD_CONTENT && record.type == FASTCGI_STDOUT) {
            buf_put(&seen->text, part, n);
        } else if (step == FASTCGI_RECORD_CONTENT && record.type == FASTCGI_END_REQUEST) {
            assert_true(filled + n <= sizeof ending);
            memcpy(ending + filled, part, n);
            filled += n;
        } else if (step == FASTCGI_RECORD_END) {
            seen->last_type = record.type;
        }
        if (step == FASTCGI_RECORD_END && record.type == FASTCGI_END_REQUEST) {
            assert_int_equal(filled, sizeof ending);
            seen->ends++;
            seen->end_id = record.id;
            seen->end_status = ending[4];
        }
    }
    seen->whole = record.head_len == 0;
}

void bench_expect(struct bench *b, const char *text, int ends, enum fastcgi_end status)
{
    struct bench_seen seen;

    bench_receive(b);
    bench_seen(b, &seen);
    assert_true(seen.whole);
    assert_string_equal(buf_text(&seen.text), text);
    assert_int_equal(seen.ends, ends);
    if (ends > 0)
        assert_int_equal(seen.end_status, status);
    buf_free(&seen.text);
    buf_reset(&b->got);
}
