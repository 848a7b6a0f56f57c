/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/stream/stream_upgrade.h"

#include "base/err.h"
#include "process/measure.h"
#include "wire/http/stream_http.h"
#include "workers/stream/stream_deflate.h"
#include "workers/stream/stream_offer.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

static void stream_upgrade_accept_key(const char *key, char out[32])
{
    char text[64];
    unsigned char digest[SHA_DIGEST_LENGTH];

    snprintf(text, sizeof text, "%.24s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
    SHA1((const unsigned char *)text, strlen(text), digest);
    EVP_EncodeBlock((unsigned char *)out, digest, sizeof digest);
}

/* Which extension the two will use: only what the setting allows. */
static unsigned stream_upgrade_put_extension(const struct stream_conn *c,
    const struct stream_request *request, struct buf *head)
{
    const char *list = stream_request_header(request, STREAM_HTTP_WS_EXTENSIONS);
    char answer[STREAM_DEFLATE_ANSWER_SIZE];
    unsigned bits = c->stream->deflate ? stream_deflate_offer(list, answer) : 0;

    if (bits > 0)
        buf_printf(head, "Sec-WebSocket-Extensions: %s\r\n", answer);
    return bits;
}

unsigned stream_upgrade_send(struct stream_conn *c, const struct stream_request *request,
    const char *id)
{
    struct stream_offer *offer = malloc(sizeof *offer);
    unsigned bits;
    char key[32];
    struct buf b;
    struct iovec iov;

    stream_upgrade_accept_key(stream_request_header(request, STREAM_HTTP_WS_KEY), key);
    measure_http("websocket", 101);
    buf_init(&b, 0);
    buf_printf(&b,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: %s\r\n",
        key);
    if (offer)
        stream_offer_read(stream_request_header(request, STREAM_HTTP_WS_PROTOCOL), offer);
    if (offer && offer->answer)
        buf_printf(&b, "Sec-WebSocket-Protocol: %s\r\n", offer->answer);
    bits = stream_upgrade_put_extension(c, request, &b);
    if (id)
        buf_printf(&b, "X-Request-Id: %s\r\n", id);
    buf_puts(&b, "\r\n");
    iov = (struct iovec){b.data, b.len};
    if (offer && buf_error(&b) == 0)
        err_ignore(stream_conn_send(c, &iov, 1, 0));
    else
        stream_conn_kill(c);
    buf_free(&b);
    free(offer);
    return bits;
}
