#include "workers/stream/stream.h"

#include "base/clock.h"
#include "base/err.h"

#include <string.h>
#include <sys/uio.h>
#include <wslay/wslay.h>

#define CLOSE_LINGER_MS 2000
#define OPCODE_TEXT 0x1
#define OPCODE_CLOSE 0x8
#define OPCODE_PING 0x9

/*
 * Receiving is wslay's: masks, fragments, UTF-8, sizes, close codes. Sending is one frame header
 * written here: our frames are never masked, never fragmented, and go out by one sendmsg.
 *
 * A wslay context takes 8.8 KB, so it exists only between the first byte of a frame and the last
 * one of its message. `fed` and `framed` tell that moment: as many bytes given as the frames that
 * began are long.
 */

/* ---- out ---- */

static size_t put_head(unsigned char head[10], int opcode, size_t len)
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

static int send_frame(
    struct stream_conn *c, int opcode, const struct iovec *parts, size_t count, size_t max)
{
    unsigned char head[10];
    struct iovec iov[8];
    size_t len = 0;

    if (c->close_sent || c->kind != STREAM_WS)
        return ERR_PEER_GONE;
    for (size_t i = 0; i < count; i++) {
        iov[i + 1] = parts[i];
        len += parts[i].iov_len;
    }
    iov[0] = (struct iovec){head, put_head(head, opcode, len)};
    return stream_conn_send(c, iov, count + 1, max);
}

int stream_socket_text(struct stream_conn *c, const struct iovec *parts, size_t count, size_t max)
{
    return send_frame(c, OPCODE_TEXT, parts, count, max);
}

int stream_socket_json(struct stream_conn *c, const struct buf *json)
{
    struct iovec part = {json->data, json->len};

    if (buf_error(json) || json->len == 0)
        return ERR_NOMEM;
    return send_frame(c, OPCODE_TEXT, &part, 1, 0);
}

void stream_socket_ping(struct stream_conn *c)
{
    if (!stream_conn_is_waiting(c)) /* else there is traffic anyway, and no room to waste */
        send_frame(c, OPCODE_PING, NULL, 0, 0);
}

/* From here on nothing is sent; the peer's close is waited for, but not long. */
static void closing(struct stream_conn *c, unsigned code)
{
    if (c->close_sent)
        return;
    c->close_sent = true;
    c->close_code = (uint16_t)code;
    c->due_ms = clock_mono_ms() + CLOSE_LINGER_MS;
    stream_message_free_all(c);
}

void stream_socket_close(struct stream_conn *c, unsigned code, const char *reason)
{
    unsigned char status[2] = {(unsigned char)(code >> 8), (unsigned char)code};
    struct iovec parts[2] = {{status, 2}, {(void *)(uintptr_t)reason, strlen(reason)}};

    if (c->close_sent || c->kind != STREAM_WS)
        return;
    send_frame(c, OPCODE_CLOSE, parts, 2, 0);
    closing(c, code);
}

/* ---- in ---- */

static ssize_t on_recv(wslay_event_context_ptr ws, uint8_t *buf, size_t len, int flags, void *arg)
{
    struct stream_conn *c = arg;
    struct stream *s = c->stream;

    (void)flags;
    if (s->feed_len == 0 || c->kind != STREAM_WS) {
        wslay_event_set_error(ws, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    if (len > s->feed_len)
        len = s->feed_len;
    memcpy(buf, s->feed, len);
    s->feed += len;
    s->feed_len -= len;
    c->fed += len;
    return (ssize_t)len;
}

/* What wslay sends by itself: pongs and the answer to a close. It always takes all. */
static ssize_t on_send(
    wslay_event_context_ptr ws, const uint8_t *data, size_t len, int flags, void *arg)
{
    struct stream_conn *c = arg;
    struct iovec iov = {(void *)(uintptr_t)data, len};

    (void)ws;
    (void)flags;
    if (!c->close_sent && c->kind == STREAM_WS)
        stream_conn_send(c, &iov, 1, 0);
    return (ssize_t)len;
}

static void on_frame_start(
    wslay_event_context_ptr ws, const struct wslay_event_on_frame_recv_start_arg *frame, void *arg)
{
    struct stream_conn *c = arg;
    uint64_t len = frame->payload_length;

    c->framed += 6 + len + (len < 126 ? 0 : len < 65536 ? 2 : 8);
    if (frame->opcode == WSLAY_BINARY_FRAME) {
        stream_socket_close(c, 1003, "text frames only");
        wslay_event_shutdown_read(ws);
    } else if (frame->opcode == WSLAY_CONNECTION_CLOSE && len == 1) {
        stream_socket_close(c, 1002, "half of a close code");
        wslay_event_shutdown_read(ws);
    } else if (frame->opcode == WSLAY_TEXT_FRAME || frame->opcode == WSLAY_CONTINUATION_FRAME) {
        c->mid_message = true;
    }
}

static void on_message(
    wslay_event_context_ptr ws, const struct wslay_event_on_msg_recv_arg *message, void *arg)
{
    struct stream_conn *c = arg;

    (void)ws;
    if (message->opcode == WSLAY_CONNECTION_CLOSE) {
        c->close_received = true;
        return;
    }
    if (message->opcode != WSLAY_TEXT_FRAME)
        return;
    c->mid_message = false;
    if (!c->close_sent && c->kind == STREAM_WS)
        stream_frames_text(c, (const char *)message->msg, message->msg_length);
}

static int open_context(struct stream_conn *c)
{
    static const struct wslay_event_callbacks callbacks = {.recv_callback = on_recv,
        .send_callback = on_send,
        .on_frame_recv_start_callback = on_frame_start,
        .on_msg_recv_callback = on_message};

    if (c->ws)
        return 0;
    if (wslay_event_context_server_init(&c->ws, &callbacks, c) != 0) {
        c->ws = NULL;
        return ERR_NOMEM;
    }
    wslay_event_config_set_max_recv_msg_length(c->ws, (uint64_t)c->stream->conf->stream_frame_max);
    c->fed = c->framed = 0;
    c->mid_message = false;
    return 0;
}

void stream_socket_free(struct stream_conn *c)
{
    if (c->ws)
        wslay_event_context_free(c->ws);
    c->ws = NULL;
}

/* wslay has queued a close by itself: the peer's close is answered, or it broke the protocol. */
static void follow_close(struct stream_conn *c)
{
    unsigned code = wslay_event_get_status_code_sent(c->ws);

    if (wslay_event_get_close_sent(c->ws))
        closing(c, code);
    else if (!wslay_event_get_read_enabled(c->ws) && !c->close_sent)
        stream_socket_close(c, 1002, "protocol error");
}

void stream_socket_feed(struct stream_conn *c, const char *bytes, size_t len)
{
    struct stream *s = c->stream;

    if (open_context(c) < 0) {
        stream_conn_kill(c);
        return;
    }
    s->feed = bytes;
    s->feed_len = len;
    if (wslay_event_recv(c->ws) != 0 && c->kind == STREAM_WS)
        stream_socket_close(c, 1002, "protocol error");
    if (c->kind != STREAM_WS)
        return;
    if (wslay_event_want_write(c->ws))
        wslay_event_send(c->ws);
    follow_close(c);
    if (c->close_sent && c->close_received && outq_len(&c->out) == 0)
        stream_conn_kill(c);
    else if (c->fed == c->framed && !c->mid_message)
        stream_socket_free(c);
}
