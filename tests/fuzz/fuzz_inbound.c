/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a peer of the turn workers' socket may send, over a real socket: the first byte says how it
 * is cut, and what the owner does with a request. Everything stays within its limits, and what is
 * answered are whole records.
 */
#include "base/reactor.h"
#include "wire/fastcgi/fastcgi_record.h"
#include "wire/fastcgi/inbound.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PARAMS_MAX 512
#define BODY_MAX 256

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct inbound_limits limits = {.params_max = PARAMS_MAX,
    .body_max = BODY_MAX,
    .reply_max = 1024,
    .io_timeout_ms = 60000,
    .idle_ms = 60000};
static struct reactor *reactor;
static struct inbound *connection;
static struct inbound *open_request; /* answered later, as a task does */
static unsigned choices;

static void answer(struct inbound *i)
{
    switch (choices++ % 6) {
    case 0:
        inbound_break(i);
        break;
    case 1:
        inbound_overloaded(i);
        break;
    case 2:
        if (inbound_write(i, "Status: 200\r\n\r\n", 15) > 0)
            abort();
        inbound_finish(i, NULL, 0, "more", 4);
        break;
    default:
        inbound_finish(i, "Status: 200\r\n\r\n", 15, "all", 3);
    }
}

static void on_request(void *arg, struct inbound *i)
{
    struct buf body = {0};
    const char *value = inbound_param(i, "REQUEST_METHOD");

    (void)arg;
    if (open_request || (value && strlen(value) > PARAMS_MAX))
        abort();
    if (inbound_body(i, &body, BODY_MAX) == 0 && body.len > BODY_MAX)
        abort();
    buf_free(&body);
    open_request = i;
    if (choices++ % 2 == 0) {
        open_request = NULL;
        answer(i);
    }
}

static void on_gone(void *arg, struct inbound *i)
{
    (void)arg;
    if (i != open_request || !inbound_peer_gone(i))
        abort();
}

static void on_closed(void *arg, struct inbound *i)
{
    (void)arg;
    if (i != connection || open_request)
        abort();
    connection = NULL;
}

static void run(void)
{
    do {
        while (reactor_step(reactor, 0, NULL) > 0)
            ;
        struct inbound *i = open_request;
        open_request = NULL;
        if (i)
            answer(i);
    } while (reactor_step(reactor, 0, NULL) > 0 || open_request);
}

/* Records that begin like ours: a reply that is broken off is the only exception. */
static void read_answers(int peer)
{
    char bytes[4096];
    const char *part;
    size_t n;
    struct fastcgi_record record = {0};
    ssize_t got;

    while ((got = recv(peer, bytes, sizeof bytes, MSG_DONTWAIT)) > 0) {
        const char *at = bytes, *end = bytes + got;
        int step;
        while ((step = fastcgi_record_step(&record, &at, end, &part, &n)) > 0)
            ;
        if (step < 0 && memcmp(at - FASTCGI_HEAD_SIZE, fastcgi_record_none, FASTCGI_HEAD_SIZE) != 0)
            abort();
        if (step < 0)
            return;
    }
    if (record.head_len != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct inbound_handlers handlers = {.request = on_request,
        .gone = on_gone,
        .closed = on_closed};
    int pair[2];

    if (size == 0)
        return 0;
    if ((!reactor && reactor_new(&reactor) < 0) ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0 ||
        inbound_new(&connection, reactor, pair[1], &limits, &handlers) < 0)
        abort();
    choices = data[0];
    for (size_t at = 1, piece; at < size; at += piece) {
        piece = data[0] % 16 < 12 ? size - at : 1 + data[0] / 16u;
        piece = piece < size - at ? piece : size - at;
        if (send(pair[0], data + at, piece, MSG_NOSIGNAL) < (ssize_t)piece)
            break;
        run();
    }
    read_answers(pair[0]);
    close(pair[0]);
    run();
    if (connection)
        abort(); /* the peer has left, and its last request was answered */
    return 0;
}
