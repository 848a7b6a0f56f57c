/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/stream/stream_socket.h"
#include "workers/stream/stream_guard.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/utf8.h"
#include "workers/stream/stream_credential.h"
#include "workers/stream/stream_deflate.h"

#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <wslay/wslay.h>

#define CLOSE_LINGER_MS 2000
#define CONTROL_WAITING 65536 /* bytes of pongs for a peer that only asks */
#define OPCODE_TEXT 0x1
#define OPCODE_CLOSE 0x8
#define OPCODE_PING 0x9
#define OPCODE_COMPRESSED 0x40 /* RSV1 (RFC 7692, 6) */

/*
 * A wslay context takes 8.8 KB, so it exists only between the first byte of a frame and the last
 * one of its message. `fed` and `framed` tell that moment: as many bytes given as the frames that
 * began are long.
 */

struct stream_socket *stream_socket_new(const struct stream_form *form,
    const struct stream_socket_user *user)
{
    struct stream_socket *w = calloc(1, sizeof *w);

    if (!w)
        return NULL;
    w->form = form;
    w->user = user;
    w->pinged_ms = clock_mono_ms();
    return w;
}

static void stream_socket_drop_context(struct stream_socket *w)
{
    if (w->ws)
        wslay_event_context_free(w->ws);
    w->ws = NULL;
}

void stream_socket_free(struct stream_socket *w)
{
    stream_socket_drop_context(w);
    free(w->session);
    free(w);
}

struct stream_socket *stream_socket_of(const struct stream_conn *c)
{
    return c->own;
}

bool stream_socket_is_open(const struct stream_conn *c)
{
    return stream_conn_is_open(c) && !stream_socket_of(c)->close_sent;
}

/* ---- out ---- */

static size_t stream_socket_put_head(unsigned char head[10], int opcode, size_t len)
{
    head[0] = (unsigned char)(0x80 | opcode);
    if (len < 126) {
        head[1] = (unsigned char)len;
        return 2;
    }
    if (len < 65536) {
        head[1] = 126;
        head[2] = (unsigned char)(len >> 8);
        head[3] = (unsigned char)len;
        return 4;
    }
    head[1] = 127;
    for (int i = 0; i < 8; i++)
        head[2 + i] = (unsigned char)((uint64_t)len >> (56 - 8 * i));
    return 10;
}

static int stream_socket_send_frame(struct stream_conn *c, int opcode, const struct iovec *parts,
    size_t count, size_t max)
{
    unsigned char head[10];
    struct iovec iov[8];
    size_t len = 0;

    if (!stream_socket_is_open(c))
        return ERR_PEER_GONE;
    for (size_t i = 0; i < count; i++) {
        iov[i + 1] = parts[i];
        len += parts[i].iov_len;
    }
    iov[0] = (struct iovec){head, stream_socket_put_head(head, opcode, len)};
    return stream_conn_send(c, iov, count + 1, max);
}

int stream_socket_text(struct stream_conn *c, const struct iovec *parts, size_t count, size_t max)
{
    unsigned bits = stream_socket_of(c)->deflate_bits;
    const struct buf *packed;
    struct iovec one;

    if (bits == 0 || stream_deflate_pack(c->stream->deflate, bits, parts, count, &packed) < 0)
        return stream_socket_send_frame(c, OPCODE_TEXT, parts, count, max);
    one = (struct iovec){packed->data, packed->len};
    return stream_socket_send_frame(c, OPCODE_TEXT | OPCODE_COMPRESSED, &one, 1, max);
}

int stream_socket_json(struct stream_conn *c, const struct buf *json)
{
    struct iovec part = {json->data, json->len};

    if (buf_error(json) || json->len == 0) {
        stream_conn_kill(c); /* it would wait for this for ever */
        return ERR_NOMEM;
    }
    return stream_socket_text(c, &part, 1, 0);
}

void stream_socket_ping(struct stream_conn *c)
{
    if (!stream_conn_is_waiting(c)) /* else there is traffic anyway, and no room to waste */
        err_ignore(stream_socket_send_frame(c, OPCODE_PING, NULL, 0, 0));
}

/* From here on nothing is sent; the peer's close is waited for, but not long. */
static void stream_socket_closing(struct stream_conn *c, unsigned code)
{
    struct stream_socket *w = stream_socket_of(c);

    if (w->close_sent)
        return;
    w->close_sent = true;
    w->close_code = (uint16_t)code;
    c->due_ms = clock_mono_ms() + CLOSE_LINGER_MS;
    w->user->closing(c);
}

void stream_socket_close(struct stream_conn *c, enum stream_close code, const char *reason)
{
    unsigned char status[2] = {(unsigned char)(code >> 8), (unsigned char)code};
    struct iovec parts[2] = {{status, 2}, {(void *)(uintptr_t)reason, strlen(reason)}};

    if (!stream_socket_is_open(c))
        return;
    err_ignore(stream_socket_send_frame(c, OPCODE_CLOSE, parts, 2, 0));
    stream_socket_closing(c, code);
}

/* ---- operations of its kinds ---- */

static void stream_socket_ping_due(struct stream_conn *c, int64_t now_ms)
{
    struct stream_socket *w = stream_socket_of(c);
    int64_t every = c->stream->conf->stream_ping_ms;

    if (now_ms - w->pinged_ms < every || (now_ms - c->in_ms < every && now_ms - c->out_ms < every))
        return;
    w->pinged_ms = now_ms;
    stream_socket_ping(c);
}

void stream_socket_tick(struct stream_conn *c, int64_t now_ms)
{
    if (!stream_socket_is_open(c)) {
        if (now_ms >= c->due_ms)
            stream_conn_kill(c);
        return;
    }
    if (stream_credential_has_ended(c))
        stream_socket_close(c, STREAM_CLOSE_EXPIRED, "the credential has ended");
    else if (now_ms - c->in_ms >= c->stream->conf->stream_idle_ms)
        stream_socket_close(c, STREAM_CLOSE_DEAF, "no answer to pings");
    else if (stream_conn_is_old(c, now_ms))
        stream_socket_close(c, STREAM_CLOSE_RESTART, "planned reconnect");
    else
        stream_socket_ping_due(c, now_ms);
}

bool stream_socket_drain(struct stream_conn *c, bool late)
{
    (void)late;
    stream_socket_close(c, STREAM_CLOSE_RESTART, "service restart");
    return true;
}

void stream_socket_end(struct stream_conn *c)
{
    const struct stream_socket *w = stream_socket_of(c);

    log_info("socket of %s ends: close %u, %lld ms, %u frames in", c->user, w->close_code,
        (long long)(clock_mono_ms() - c->opened_ms), w->frames_in);
}

/* ---- in ---- */

static ssize_t stream_socket_on_recv(wslay_event_context_ptr ws, uint8_t *buf, size_t len,
    int flags, void *arg)
{
    struct stream_conn *c = arg;
    struct stream_socket *w = stream_socket_of(c);

    (void)flags;
    if (w->feed_len == 0 || !stream_conn_is_open(c)) {
        wslay_event_set_error(ws, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    if (len > w->feed_len)
        len = w->feed_len;
    memcpy(buf, w->feed, len);
    w->feed += len;
    w->feed_len -= len;
    w->fed += len;
    return (ssize_t)len;
}

/* One that sends pings and reads nothing is dropped. */
static void stream_socket_count_control(struct stream_conn *c, size_t len)
{
    struct stream_socket *w = stream_socket_of(c);

    w->pongs = stream_conn_is_waiting(c) ? w->pongs + len : 0;
    if (w->pongs > CONTROL_WAITING)
        stream_conn_kill(c);
}

/* What wslay sends by itself: pongs and the answer to a close. It always takes all. */
static ssize_t stream_socket_on_send(wslay_event_context_ptr ws, const uint8_t *data, size_t len,
    int flags, void *arg)
{
    struct stream_conn *c = arg;
    struct iovec iov = {(void *)(uintptr_t)data, len};

    (void)ws;
    (void)flags;
    stream_socket_count_control(c, len);
    if (stream_socket_is_open(c))
        err_ignore(stream_conn_send(c, &iov, 1, 0));
    return (ssize_t)len;
}

static void stream_socket_on_frame_start(wslay_event_context_ptr ws,
    const struct wslay_event_on_frame_recv_start_arg *frame, void *arg)
{
    struct stream_conn *c = arg;
    struct stream_socket *w = stream_socket_of(c);
    uint64_t len = frame->payload_length;

    w->framed += 6 + len + (len < 126 ? 0 : len < 65536 ? 2 : 8);
    if (frame->opcode == WSLAY_BINARY_FRAME) {
        stream_socket_close(c, STREAM_CLOSE_BINARY, "text frames only");
        wslay_event_shutdown_read(ws);
    } else if (frame->opcode == WSLAY_CONNECTION_CLOSE && len == 1) {
        stream_socket_close(c, STREAM_CLOSE_PROTOCOL, "half of a close code");
        wslay_event_shutdown_read(ws);
    } else if (frame->opcode == WSLAY_TEXT_FRAME || frame->opcode == WSLAY_CONTINUATION_FRAME) {
        w->mid_message = true;
    }
}

/* A compressed message: wslay has looked neither at its text nor at its true size. */
static void stream_socket_hear(struct stream_conn *c, const char *text, size_t len)
{
    if (stream_guard_enter(STREAM_GUARD_FRAME, c->user, text, len) > 0) {
        stream_socket_close(c, STREAM_CLOSE_CRASHED, "request_crashed_worker");
        return;
    }
    stream_socket_of(c)->user->said(c, text, len);
    stream_guard_leave();
}

static void stream_socket_on_compressed(struct stream_conn *c, const uint8_t *bytes, size_t len)
{
    const struct buf *text = NULL;
    int error = stream_deflate_unpack(c->stream->deflate, (const char *)bytes, len,
        (size_t)c->stream->conf->stream_frame_max, &text);

    if (error == ERR_LIMIT)
        stream_socket_close(c, STREAM_CLOSE_SIZE, "message too large");
    else if (error == ERR_NOMEM)
        stream_socket_close(c, STREAM_CLOSE_MEMORY, "out of memory");
    else if (error < 0 || !utf8_valid(buf_text(text), text->len))
        stream_socket_close(c, STREAM_CLOSE_DATA, "not UTF-8, or not compressed");
    else
        stream_socket_hear(c, buf_text(text), text->len);
}

static void stream_socket_on_message(wslay_event_context_ptr ws,
    const struct wslay_event_on_msg_recv_arg *message, void *arg)
{
    struct stream_conn *c = arg;
    struct stream_socket *w = stream_socket_of(c);

    (void)ws;
    if (message->opcode == WSLAY_CONNECTION_CLOSE) {
        w->close_received = true;
        return;
    }
    if (message->opcode != WSLAY_TEXT_FRAME)
        return;
    w->mid_message = false;
    if (!stream_socket_is_open(c))
        return;
    if (wslay_get_rsv1(message->rsv))
        stream_socket_on_compressed(c, message->msg, message->msg_length);
    else
        stream_socket_hear(c, (const char *)message->msg, message->msg_length);
}

static int stream_socket_open_context(struct stream_conn *c)
{
    static const struct wslay_event_callbacks callbacks = {.recv_callback = stream_socket_on_recv,
        .send_callback = stream_socket_on_send,
        .on_frame_recv_start_callback = stream_socket_on_frame_start,
        .on_msg_recv_callback = stream_socket_on_message};
    struct stream_socket *w = stream_socket_of(c);

    if (w->ws)
        return 0;
    if (wslay_event_context_server_init(&w->ws, &callbacks, c) != 0) {
        w->ws = NULL;
        return ERR_NOMEM;
    }
    wslay_event_config_set_max_recv_msg_length(w->ws, (uint64_t)c->stream->conf->stream_frame_max);
    if (w->deflate_bits > 0)
        wslay_event_config_set_allowed_rsv_bits(w->ws, WSLAY_RSV1_BIT);
    w->fed = w->framed = 0;
    w->mid_message = false;
    return 0;
}

/* wslay has queued a close by itself: the peer's close is answered, or it broke the protocol. */
static void stream_socket_follow_close(struct stream_conn *c)
{
    struct stream_socket *w = stream_socket_of(c);
    unsigned code = wslay_event_get_status_code_sent(w->ws);

    if (wslay_event_get_close_sent(w->ws))
        stream_socket_closing(c, code);
    else if (!wslay_event_get_read_enabled(w->ws) && !w->close_sent)
        stream_socket_close(c, STREAM_CLOSE_PROTOCOL, "protocol error");
}

void stream_socket_drained(struct stream_conn *c)
{
    struct stream_socket *w = stream_socket_of(c);

    if (!stream_conn_is_waiting(c))
        w->pongs = 0;
    if (w->close_sent && w->close_received && outq_len(&c->out) == 0)
        stream_conn_kill(c);
}

void stream_socket_feed(struct stream_conn *c, const char *bytes, size_t len)
{
    struct stream_socket *w = stream_socket_of(c);

    if (stream_socket_open_context(c) < 0) {
        stream_conn_kill(c);
        return;
    }
    w->feed = bytes;
    w->feed_len = len;
    int error = wslay_event_recv(w->ws);
    if (error == WSLAY_ERR_NOMEM && stream_conn_is_open(c))
        stream_socket_close(c, STREAM_CLOSE_MEMORY, "out of memory");
    else if (error && stream_conn_is_open(c))
        stream_socket_close(c, STREAM_CLOSE_PROTOCOL, "protocol error");
    if (!stream_conn_is_open(c))
        return;
    if (wslay_event_want_write(w->ws))
        wslay_event_send(w->ws);
    stream_socket_follow_close(c);
    stream_socket_drained(c);
    if (stream_conn_is_open(c) && w->fed == w->framed && !w->mid_message)
        stream_socket_drop_context(w);
}
