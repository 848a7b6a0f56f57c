/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a client sends to a stream worker: the HTTP request, then WebSocket frames, in pieces. The
 * first byte chooses: 1 = the request comes from the input too; else one of the forms, with bit 8
 * set one whose messages may be compressed. The second is the size of the pieces. Redis and the
 * pools are away.
 */
#include "base/log.h"
#include "workers/stream/stream_handshake.h"
#include "workers/stream/stream_worker.h"
#include "workers/stream/stream_ws.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct stream *stream;
static struct worker worker;
static struct conf conf;

static void set(const char *name, const char *value)
{
    char why[CONF_WHY_SIZE];

    if (conf_set(&conf, name, value, why) < 0)
        abort();
}

static void start_once(void)
{
    if (stream)
        return;
    if (conf_init(&conf) < 0)
        abort();
    set("development", "on");
    set("ws.deflate", "on");
    set("run_dir", "/nonexistent");
    set("redis.socket", "/nonexistent/redis.sock");
    log_level_set(LOG_LEVEL_ERROR);
    worker.conf = &conf;
    worker.turn_socket = "/nonexistent/turn.sock";
    if (stream_worker_open(&stream, &worker) < 0)
        abort();
}

static void feed(struct stream_conn *c, const char *bytes, size_t len, size_t piece)
{
    while (len > 0 && stream_conn_is_open(c)) {
        size_t n = len < piece ? len : piece;
        c->kind->feed(c, bytes, n);
        bytes += n;
        len -= n;
    }
}

static void say_hello(struct stream_conn *c, unsigned form)
{
    static const char *const queries[] = {"", "?format=text", "?format=legacy",
        "?session_id=s&cursor=1-1"};
    char request[512];

    snprintf(request, sizeof request,
        "GET /api/v1/pam/ws%s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n",
        queries[form % 4],
        form & 8 ? "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n" : "");
    feed(c, request, strlen(request), sizeof request);
    if (c->kind != &stream_ws_kind)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd[2];
    struct stream_conn *c = NULL;

    if (size < 2)
        return 0;
    start_once();
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd) < 0 ||
        stream_handshake_accept(stream, fd[0]) < 0)
        abort();
    for (unsigned i = 0; i < STREAM_BUCKETS && !c; i++)
        c = stream->buckets[i];
    if (!c)
        abort();
    if (data[0] != 1)
        say_hello(c, data[0]);
    feed(c, (const char *)data + 2, size - 2, data[1] ? data[1] : sizeof stream->bytes);
    stream_conn_kill(c);
    stream_conn_end_round(stream);
    if (stream->connections != 0)
        abort();
    close(fd[1]);
    return 0;
}
