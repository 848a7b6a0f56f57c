/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/redis/link_parts.h"

#include "base/clock.h"
#include "base/err.h"

#include <stdlib.h>

#define LINK_OUTSTANDING_MAX 131072
#define LINK_RING_KEPT 4096 /* after all viewers have asked at once, memory is given back */

static link_time_fn *link_queue_on_time;

void link_time(link_time_fn *on_time)
{
    link_queue_on_time = on_time;
}

int link_queue_room(struct link *l, size_t more)
{
    size_t cap = l->ring_cap ? l->ring_cap * 2 : 16;
    struct link_pending *ring;

    if (l->ring_len + more <= l->ring_cap)
        return 0;
    if (cap > LINK_OUTSTANDING_MAX)
        return ERR_STORE;
    ring = malloc(cap * sizeof *ring);
    if (!ring)
        return ERR_NOMEM;
    for (size_t i = 0; l->ring_cap && i < l->ring_len; i++)
        ring[i] = l->ring[(l->ring_head + i) % l->ring_cap];
    free(l->ring);
    l->ring = ring;
    l->ring_cap = cap;
    l->ring_head = 0;
    return 0;
}

int link_queue_push(struct link *l, struct link_pending p)
{
    int error = link_queue_room(l, 1);

    if (error)
        return error;
    if (!l->ring_len) {
        l->progress_ms = clock_mono_ms();
        link_loop_expect(l);
    }
    if (!l->timed_us && link_queue_on_time) {
        l->timed_us = clock_mono_us();
        l->timed_behind = l->ring_len;
    }
    l->ring_marks += p.kind == LINK_MARK;
    l->ring[(l->ring_head + l->ring_len++) % l->ring_cap] = p;
    return 0;
}

struct link_pending link_queue_pop(struct link *l)
{
    struct link_pending p = l->ring[l->ring_head];

    if (l->timed_us && l->timed_behind-- == 0) {
        if (l->fd >= 0) /* else its connection has ended */
            link_queue_on_time(clock_mono_us() - l->timed_us);
        l->timed_us = 0;
    }
    l->ring_head = (l->ring_head + 1) % l->ring_cap;
    l->ring_len--;
    l->ring_marks -= p.kind == LINK_MARK;
    if (!l->ring_len && l->ring_cap > LINK_RING_KEPT) {
        free(l->ring);
        l->ring = NULL;
        l->ring_cap = l->ring_head = 0;
    }
    return p;
}

static void link_queue_forget(struct link_pending *p, const void *arg)
{
    if (p->arg == arg && (p->kind == LINK_RAW || p->kind == LINK_REPLY))
        p->kind = LINK_DROP;
}

void link_forget(struct link *l, const void *arg)
{
    for (size_t i = 0; link_is_face(l) && i < l->map->count; i++)
        if (l->map->nodes[i]->link)
            link_forget(l->map->nodes[i]->link, arg);
    for (size_t i = 0; i < l->ring_len; i++)
        link_queue_forget(&l->ring[(l->ring_head + i) % l->ring_cap], arg);
    link_queue_forget(&l->unproved, arg);
}

void link_queue_tell(struct link *l, const struct link_pending *p, int error,
    struct link_reply *reply)
{
    enum slots_word word = SLOTS_OTHER;
    struct link *other = NULL;
    bool taken = false;

    if (link_reply_type(reply) == LINK_ERROR && !error) {
        if (l->map)
            word = link_map_told(l, link_reply_text(reply, NULL), &other);
        error = word ? ERR_STORE : link_reply_error(link_reply_text(reply, NULL));
    }
    switch (p->kind) {
    case LINK_DROP:
    case LINK_MARK:
        break;
    case LINK_REPLY:
        taken = error == 0;
        p->to.reply(p->arg, error, taken ? reply : NULL);
        break;
    case LINK_RAW:
        p->to.number(p->arg, error, error ? 0 : link_reply_int(reply));
        break;
    case LINK_SYNC:
        p->to.wait->done = true;
        p->to.wait->broke = error == ERR_STORE && !word && l->broke;
        p->to.wait->word = word;
        p->to.wait->other = other;
        p->to.wait->error = error;
        taken = error == 0;
        p->to.wait->reply = taken ? reply : NULL;
        task_wake(p->to.wait->task);
        break;
    case LINK_ASK:
        taken = error == 0;
        p->to.asked->word = word;
        p->to.asked->other = other;
        link_asks_outcome(l, p->to.asked, error, reply);
        break;
    }
    if (!taken)
        link_reply_free(reply);
}
