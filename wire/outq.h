/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WIRE_OUTQ_H
#define TURNPIKE_WIRE_OUTQ_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct iovec;

/*
 * outq -- bytes that a socket has not taken yet. Each connection has one: clients of stream
 * workers, both sides of FastCGI, calls of tool processes. It owns memory only while it holds
 * bytes. It queues a frame that was begun to its end, so it never cuts a frame: it checks the bound
 * before, against the bytes that wait already. A zeroed one is valid.
 */
struct outq {
    char *data;
    uint32_t start, len, cap;
};

void outq_free(struct outq *q);
/*
 * outq_send -- one frame: straight to the socket when nothing waits, the rest into the queue.
 *   iov    changed by the call
 *   count  at most 8
 *   max    bytes; outq refuses a frame when others wait and all would be more than this; 0 = any
 * Returns 0; ERR_FULL (nothing was sent or queued); ERR_PEER_GONE; ERR_NOMEM (part may have been
 * sent: close the connection).
 */
MUST_CHECK int outq_send(struct outq *q, int fd, struct iovec *iov, size_t count, size_t max);
/* One frame, without an attempt to send. Returns 0 or ERR_NOMEM (a part may be queued). */
MUST_CHECK int outq_put(struct outq *q, const struct iovec *iov, size_t count);
/* Sends what waits. Returns 0 (look at outq_len for the rest) or ERR_PEER_GONE. */
MUST_CHECK int outq_flush(struct outq *q, int fd);
static inline size_t outq_len(const struct outq *q)
{
    return q->len;
}

#endif
