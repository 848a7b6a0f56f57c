/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames of WebSocketChatTransport, to the client. */
#include "workers/stream/stream_chat_parts.h"

#include "base/err.h"
#include "workers/stream/stream_socket.h"

#include <stdio.h>
#include <string.h>
#include <sys/uio.h>

static struct iovec stream_chat_say_part(const char *bytes, size_t len)
{
    return (struct iovec){(void *)(uintptr_t)bytes, len};
}

/* Answers of ours are small; a client that asks for ever and reads nothing is dropped. */
static void stream_chat_say_json(struct stream_conn *c, struct buf *b)
{
    if (stream_conn_is_waiting(c) && outq_len(&c->out) > (size_t)c->stream->conf->stream_queue)
        stream_conn_kill(c);
    else
        err_ignore(stream_socket_json(c, b));
    buf_free(b);
}

static void stream_chat_say_open(struct buf *b, const char *type, const struct buf *id)
{
    buf_init(b, 0);
    buf_printf(b, "{\"type\":\"%s\",\"requestId\":", type);
    buf_put(b, id->data, id->len);
}

void stream_chat_say(struct stream_chat *r, const char *type)
{
    struct buf b;

    stream_chat_say_open(&b, type, &r->id);
    buf_putc(&b, '}');
    stream_chat_say_json(r->conn, &b);
}

void stream_chat_say_error(struct stream_conn *c, const struct buf *id, const char *text)
{
    struct buf b;

    stream_chat_say_open(&b, "error", id);
    buf_json_member(&b, "errorText", text);
    buf_putc(&b, '}');
    stream_chat_say_json(c, &b);
}

static int stream_chat_say_chunk(struct stream_chat *r, const char *chunk, size_t len)
{
    char sequence[48];
    int n = snprintf(sequence, sizeof sequence,
        ",\"sequence\":%llu,\"chunk\":", (unsigned long long)r->sequence++);
    static const char head[] = "{\"type\":\"chunk\",\"requestId\":";
    const struct iovec parts[] = {stream_chat_say_part(head, sizeof head - 1),
        stream_chat_say_part(r->id.data, r->id.len), stream_chat_say_part(sequence, (size_t)n),
        stream_chat_say_part(chunk, len), stream_chat_say_part("}", 1)};

    return stream_socket_text(r->conn, parts, sizeof parts / sizeof parts[0], 0);
}

int stream_chat_say_chunks(struct stream_chat *r, const struct buf *lines)
{
    const char *p = lines->data, *end = p + lines->len;
    int error = buf_error(lines);

    if (error)
        stream_conn_kill(r->conn); /* the client comes back, and sees all of it */
    while (error == 0 && p < end) {
        const char *line = memchr(p, '\n', (size_t)(end - p));
        if (!line)
            break;
        error = stream_chat_say_chunk(r, p, (size_t)(line - p));
        p = line + 1;
    }
    return error;
}
