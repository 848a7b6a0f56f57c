/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/outq.h"

#include "base/err.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define OUTQ_ROUND 64u /* the first buffer of a queue fits what it is for: pings are small */
#define OUTQ_LARGEST (1u << 30)

void outq_free(struct outq *q)
{
    free(q->data);
    *q = (struct outq){0};
}

static int outq_make_room(struct outq *q, size_t n)
{
    size_t need = q->len + n, cap = q->cap;
    char *data;

    if ((size_t)q->start + need <= q->cap)
        return 0;
    if (need > OUTQ_LARGEST)
        return ERR_NOMEM;
    if (cap == 0)
        cap = (need + OUTQ_ROUND - 1) / OUTQ_ROUND * OUTQ_ROUND;
    while (cap < need)
        cap *= 2;
    if (cap == q->cap) {
        memmove(q->data, q->data + q->start, q->len);
        q->start = 0;
        return 0;
    }
    data = malloc(cap);
    if (!data)
        return ERR_NOMEM;
    if (q->len > 0)
        memcpy(data, q->data + q->start, q->len);
    free(q->data);
    q->data = data;
    q->start = 0;
    q->cap = (uint32_t)cap;
    return 0;
}

static int outq_keep(struct outq *q, const void *bytes, size_t n)
{
    int error = n > 0 ? outq_make_room(q, n) : 0;

    if (error < 0 || n == 0)
        return error;
    memcpy(q->data + q->start + q->len, bytes, n);
    q->len += (uint32_t)n;
    return 0;
}

/* What comes behind the first `skip` bytes. */
static int outq_put_behind(struct outq *q, const struct iovec *iov, size_t count, size_t skip)
{
    size_t total = 0;
    int error;

    for (size_t i = 0; i < count; i++)
        total += iov[i].iov_len;
    error = outq_make_room(q, total - skip);
    for (size_t i = 0; i < count && error == 0; i++) {
        size_t cut = skip < iov[i].iov_len ? skip : iov[i].iov_len;
        skip -= cut;
        error = outq_keep(q, (const char *)iov[i].iov_base + cut, iov[i].iov_len - cut);
    }
    return error;
}

int outq_put(struct outq *q, const struct iovec *iov, size_t count)
{
    return outq_put_behind(q, iov, count, 0);
}

/* Number of bytes taken, 0 when the socket is full now, or ERR_PEER_GONE. */
static ssize_t outq_try_send(int fd, struct iovec *iov, size_t count)
{
    struct msghdr msg = {.msg_iov = iov, .msg_iovlen = count};
    ssize_t n;

    do
        n = sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n >= 0)
        return n;
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS ? 0 : ERR_PEER_GONE;
}

int outq_send(struct outq *q, int fd, struct iovec *iov, size_t count, size_t max)
{
    size_t total = 0, sent = 0;

    for (size_t i = 0; i < count; i++)
        total += iov[i].iov_len;
    if (q->len > 0) {
        if (max > 0 && q->len + total > max)
            return ERR_FULL;
    } else {
        ssize_t n = outq_try_send(fd, iov, count);
        if (n < 0)
            return (int)n;
        sent = (size_t)n;
    }
    return sent == total ? 0 : outq_put_behind(q, iov, count, sent);
}

int outq_flush(struct outq *q, int fd)
{
    while (q->len > 0) {
        struct iovec iov = {q->data + q->start, q->len};
        ssize_t n = outq_try_send(fd, &iov, 1);
        if (n < 0)
            return (int)n;
        if (n == 0)
            return 0;
        q->start += (uint32_t)n;
        q->len -= (uint32_t)n;
    }
    outq_free(q);
    return 0;
}
