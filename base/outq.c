#include "base/outq.h"

#include "base/err.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define OUTQ_FIRST_SIZE 2048u
#define OUTQ_LARGEST (1u << 30)

void outq_free(struct outq *q)
{
    free(q->data);
    *q = (struct outq){0};
}

static int make_room(struct outq *q, size_t n)
{
    size_t need = q->len + n, cap = q->cap ? q->cap : OUTQ_FIRST_SIZE;
    char *data;

    if ((size_t)q->start + need <= q->cap)
        return 0;
    if (need > OUTQ_LARGEST)
        return ERR_NOMEM;
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

int outq_put(struct outq *q, const void *bytes, size_t n)
{
    int rc = n > 0 ? make_room(q, n) : 0;

    if (rc < 0 || n == 0)
        return rc;
    memcpy(q->data + q->start + q->len, bytes, n);
    q->len += (uint32_t)n;
    return 0;
}

/* Number of bytes taken, 0 when the socket is full now, or ERR_PEER_GONE. */
static ssize_t try_send(int fd, struct iovec *iov, size_t count)
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
    int rc = 0;

    for (size_t i = 0; i < count; i++)
        total += iov[i].iov_len;
    if (q->len > 0) {
        if (max > 0 && q->len + total > max)
            return ERR_FULL;
    } else {
        ssize_t n = try_send(fd, iov, count);
        if (n < 0)
            return (int)n;
        sent = (size_t)n;
    }
    if (sent == total)
        return 0;
    rc = make_room(q, total - sent);
    for (size_t i = 0; i < count && rc == 0; i++) {
        size_t skip = sent < iov[i].iov_len ? sent : iov[i].iov_len;
        sent -= skip;
        rc = outq_put(q, (const char *)iov[i].iov_base + skip, iov[i].iov_len - skip);
    }
    return rc;
}

int outq_flush(struct outq *q, int fd)
{
    while (q->len > 0) {
        struct iovec iov = {q->data + q->start, q->len};
        ssize_t n = try_send(fd, &iov, 1);
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
