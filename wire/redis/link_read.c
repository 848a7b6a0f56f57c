/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/redis/link_parts.h"

#include "base/clock.h"
#include "base/err.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* ":123\r\n" at the front of in, without the reader. Returns its length or 0. */
static size_t link_plain_integer(const char *in, size_t len, int64_t *value)
{
    size_t i = 1;
    int64_t v = 0;
    bool negative;

    if (len < 4 || in[0] != ':')
        return 0;
    negative = in[1] == '-';
    i += negative;
    if (i >= len || in[i] < '0' || in[i] > '9')
        return 0;
    for (; i < len && i < 18 && in[i] >= '0' && in[i] <= '9'; i++)
        v = v * 10 + (in[i] - '0');
    if (i + 1 >= len || in[i] != '\r' || in[i + 1] != '\n')
        return 0;
    *value = negative ? -v : v;
    return i + 2;
}

/* Its mark has come behind it. */
static void link_hand_out(struct link *l)
{
    struct link_pending p = l->unproved;
    struct link_reply *reply = l->unproved_reply;

    l->unproved = (struct link_pending){.kind = LINK_DROP};
    l->unproved_reply = NULL;
    link_queue_tell(l, &p, 0, reply);
}

static void link_got_reply(struct link *l, struct link_reply *reply)
{
    bool refused = link_reply_type(reply) == LINK_ERROR;
    const char *why = link_reply_text(reply, NULL);
    struct link_pending p;

    if (refused)
        link_marks_note(l, why);
    if (!l->ring_len || !link_marks_fit(l, &l->ring[l->ring_head], reply)) {
        link_reply_free(reply);
        link_disconnect(l, "its replies are out of step");
        return;
    }
    if (refused && !strncmp(why, "NOSCRIPT", 8))
        l->loaded_count = 0; /* somebody flushed them */
    if (refused)
        link_roles_suspect(l, why);
    p = link_queue_pop(l);
    if (link_marks_kind(p.kind)) {
        l->unproved = p;
        l->unproved_reply = reply;
    } else if (p.kind == LINK_MARK) {
        link_reply_free(reply);
        link_hand_out(l);
    } else {
        link_queue_tell(l, &p, 0, reply);
    }
}

/* Feeds what is in l->in to the reader and delivers whole replies. */
static int link_read_replies(struct link *l)
{
    struct link_reader *reader = l->reader;
    unsigned generation = l->generation;

    if (link_reader_feed(reader, l->in, l->in_len)) {
        link_disconnect(l, "no memory for a reply");
        return ERR_STORE;
    }
    l->in_len = 0;
    do {
        struct link_reply *reply = NULL;

        if (link_reader_next(reader, &reply)) {
            link_disconnect(l, "a reply cannot be read");
            return ERR_STORE;
        }
        if (!reply)
            return 0;
        link_got_reply(l, reply);
        if (l->fd < 0 || l->generation != generation)
            return ERR_STORE;
    } while (!link_reader_is_idle(reader));
    return 0;
}

static int link_digest(struct link *l)
{
    size_t pos = 0;
    unsigned generation = l->generation;

    while (pos < l->in_len && l->ring_len && link_reader_is_idle(l->reader) &&
        l->ring[l->ring_head].kind == LINK_RAW) {
        int64_t value = 0;
        size_t n = link_plain_integer(l->in + pos, l->in_len - pos, &value);
        struct link_pending p;

        if (!n)
            break;
        pos += n;
        p = link_queue_pop(l);
        p.to.number(p.arg, 0, value);
        if (l->fd < 0 || l->generation != generation)
            return ERR_STORE;
    }
    memmove(l->in, l->in + pos, l->in_len - pos);
    l->in_len -= pos;
    return l->in_len ? link_read_replies(l) : 0;
}

static int link_read_all(struct link *l)
{
    for (int reads = 0; !l->reactor || reads < LINK_READS_MAX; reads++) {
        ssize_t n = recv(l->fd, l->in, LINK_READ_SIZE, MSG_DONTWAIT);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            break;
        if (n <= 0) {
            link_disconnect(l, n ? strerror(errno) : "closed by redis");
            return ERR_STORE;
        }
        l->in_len = (size_t)n;
        l->progress_ms = clock_mono_ms();
        if (link_digest(l))
            return ERR_STORE;
        if (n < LINK_READ_SIZE)
            break;
    }
    if (!l->reactor && link_flush(l))
        return ERR_STORE;
    if (l->ring_len && clock_mono_ms() - l->progress_ms > l->conf->redis_timeout_ms) {
        l->silent = true;
        link_disconnect(l, "no reply in time");
        return ERR_STORE;
    }
    return 0;
}

int link_read_now(struct link *l)
{
    int error;

    if (l->fd < 0)
        return ERR_STORE;
    if (l->pumping)
        return 0;
    l->pumping = true;
    error = link_read_all(l);
    l->pumping = false;
    return error;
}

int link_pump(struct link *l)
{
    if (!l->reactor)
        return link_read_now(l);
    return l->fd >= 0 ? 0 : ERR_STORE;
}
