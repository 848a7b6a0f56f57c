/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/redis/link_parts.h"

#include "base/clock.h"
#include "base/err.h"
#include "wire/redis/resp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define LINK_KEEP_MEMORY 65536

void link_hold(struct link *l)
{
    l->hold = l->fd >= 0 && !l->reactor; /* attached, commands of one pass go together anyway */
}

static int link_flush_out(struct link *l)
{
    bool left_over = !l->reactor || l->source.events & EPOLLOUT;

    while (l->out.len) {
        ssize_t n = send(l->fd, l->out.data, l->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return link_loop_want(l, EPOLLIN | EPOLLOUT);
        if (n < 0) {
            link_disconnect(l, strerror(errno));
            return ERR_STORE;
        }
        if (left_over) /* what goes out for the first time says nothing about Redis */
            l->progress_ms = clock_mono_ms();
        buf_consume(&l->out, (size_t)n);
    }
    if (l->out.cap > LINK_KEEP_MEMORY)
        buf_free(&l->out);
    return link_loop_want(l, EPOLLIN);
}

int link_flush(struct link *l)
{
    if (link_is_face(l))
        link_route_flush(l);
    return l->fd >= 0 && l->out.len ? link_flush_out(l) : 0;
}

/* One command of two pieces. What the socket does not take now is kept for link_pump. */
static int link_send_pieces(struct link *l, const char *head, size_t head_len, const char *tail,
    size_t tail_len)
{
    struct iovec pieces[2] = {{(void *)(uintptr_t)head, head_len},
        {(void *)(uintptr_t)tail, tail_len}};
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = tail_len ? 2 : 1};
    bool join = l->hold || l->reactor, flush = l->held && !l->hold;
    size_t sent = 0;
    ssize_t n;

    l->held = l->hold;
    l->hold = false;
    if (!l->out.len && !join) {
        do
            n = sendmsg(l->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        while (n < 0 && errno == EINTR);
        if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
            link_disconnect(l, strerror(errno));
            return ERR_STORE;
        }
        sent = n > 0 ? (size_t)n : 0;
        if (sent == head_len + tail_len)
            return 0;
    }
    if (sent < head_len)
        buf_put(&l->out, head + sent, head_len - sent);
    sent = sent > head_len ? sent - head_len : 0;
    if (sent < tail_len)
        buf_put(&l->out, tail + sent, tail_len - sent);
    if (buf_error(&l->out)) {
        link_disconnect(l, "no memory for unsent commands");
        return ERR_NOMEM;
    }
    return flush ? link_flush_out(l) : 0;
}

/* The pending entry goes in first: when sending fails, disconnect tells it so. */
int link_send_pending(struct link *l, struct link_pending p, const char *head, size_t head_len,
    const char *tail, size_t tail_len)
{
    bool marked = link_marks_kind(p.kind); /* of one piece: its mark is the other */
    char mark[LINK_MARK_COMMAND_SIZE];
    int error;

    if (l->fd < 0)
        return l->refused ? l->refused : ERR_STORE;
    if (l->doubted && !p.reads)
        return ERR_STORE_READONLY;
    if ((error = link_queue_room(l, marked ? 2 : 1)) || (error = link_queue_push(l, p)))
        return error;
    if (marked) {
        tail = mark;
        tail_len = link_marks_put(l, mark);
        err_ignore(link_queue_push(l, /* there is room */
            (struct link_pending){.kind = LINK_MARK,
                .reads = p.reads,
                .mark = l->mark_last,
                .refusable = link_marks_may_be_refused(head, head_len)}));
    }
    link_send_pieces(l, head, head_len, tail, tail_len);
    return 0;
}

void link_send_put_args(struct buf *b, const struct link_arg *args, size_t n)
{
    for (size_t i = 0; i < n; i++)
        resp_arg(b, args[i].data, args[i].len);
}

void link_send_put_script(struct link *l, const struct link_script *script,
    const struct link_words *words)
{
    struct buf *b = &l->scratch;
    char count[24], guard[SLOTS_GUARD_MAX];
    size_t guard_len =
        l->map && words->nkeys ? slots_guard(words->keys[0].data, words->keys[0].len, guard) : 0;
    size_t nkeys = words->nkeys + (guard_len != 0);

    snprintf(count, sizeof count, "%zu", nkeys);
    resp_count(b, '*', 3 + nkeys + words->nargs);
    resp_text(b, "EVALSHA");
    resp_text(b, script->sha1);
    resp_text(b, count);
    link_send_put_args(b, words->keys, words->nkeys);
    if (guard_len)
        resp_arg(b, guard, guard_len);
    link_send_put_args(b, words->args, words->nargs);
}

int link_send_scratch(struct link *l, struct link_pending p)
{
    int error = buf_error(&l->scratch);

    if (!error)
        error = link_send_pending(l, p, l->scratch.data, l->scratch.len, NULL, 0);
    if (l->scratch.cap > LINK_KEEP_MEMORY)
        buf_free(&l->scratch);
    return error;
}

int link_send_asking(struct link *l)
{
    buf_reset(&l->scratch);
    resp_count(&l->scratch, '*', 1);
    resp_text(&l->scratch, "ASKING");
    return link_send_scratch(l, (struct link_pending){.kind = LINK_DROP});
}

int link_send(struct link *l, const struct link_arg *args, size_t nargs, link_reply_fn *on_reply,
    void *arg)
{
    int error = link_is_face(l) ? link_map_ensure(l) : 0;

    if (error)
        return error;
    if (link_is_face(l))
        l = link_route_to(l, args, nargs);
    error = link_ensure(l);
    if (error)
        return error;
    buf_reset(&l->scratch);
    resp_count(&l->scratch, '*', nargs);
    link_send_put_args(&l->scratch, args, nargs);
    return link_send_scratch(l,
        (struct link_pending){.kind = on_reply ? LINK_REPLY : LINK_DROP,
            .to.reply = on_reply,
            .arg = arg});
}

int link_send_load(struct link *l, const struct link_script *script, bool again, bool reads)
{
    bool known = false;
    int error;

    for (size_t i = 0; i < l->loaded_count; i++)
        known = known || l->loaded[i] == script;
    if (known && !again)
        return 0;
    buf_reset(&l->scratch);
    resp_count(&l->scratch, '*', 3);
    resp_text(&l->scratch, "SCRIPT");
    resp_text(&l->scratch, "LOAD");
    resp_text(&l->scratch, script->body);
    error = link_send_scratch(l, (struct link_pending){.kind = LINK_DROP, .reads = reads});
    if (!error && l->fd < 0) /* lost while sending */
        error = ERR_STORE;
    if (!error && !known && l->loaded_count < LINK_SCRIPTS_MAX)
        l->loaded[l->loaded_count++] = script;
    return error;
}

int link_load(struct link *l, const struct link_script *script, bool again)
{
    int error = link_ensure(l);

    if (!error && link_is_face(l))
        return ERR_STORE; /* of a node: link_at */
    return error ? error : link_send_load(l, script, again, false);
}

int link_send_script(struct link *l, const struct link_script *script,
    const struct link_words *words, link_reply_fn *on_reply, void *arg)
{
    int error = link_is_face(l) ? link_map_ensure(l) : 0;

    if (error)
        return error;
    if (link_is_face(l))
        l = link_at(l, slots_of(words->keys[0].data, words->keys[0].len));
    error = link_load(l, script, false);
    if (error)
        return error;
    buf_reset(&l->scratch);
    link_send_put_script(l, script, words);
    return link_send_scratch(l,
        (struct link_pending){.kind = on_reply ? LINK_REPLY : LINK_DROP,
            .to.reply = on_reply,
            .arg = arg});
}

int link_send_raw(struct link *l, struct link_arg head, struct link_arg tail, link_int_fn *on_int,
    void *arg)
{
    l->raw_sent++;
    return link_send_pending(l,
        (struct link_pending){.kind = LINK_RAW, .to.number = on_int, .arg = arg}, head.data,
        head.len, tail.data, tail.len);
}
