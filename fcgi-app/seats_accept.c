/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* accept4 */
#endif
#include "fcgi-app/seats_parts.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define ACCEPT_MAX 16       /* of one pass */
#define SLACK 2             /* turns more than the worker with the fewest */
#define BALANCE_MS 50       /* what the others have not taken for so long is taken */
#define LOOK_MS 250         /* the same for what woke one that then died, stopped or could not */
#define OTHERS_BEAT_MS 2000 /* one that has not come round for so long takes nothing */

/* ---- requests ---- */

/* It came over a kept connection when all seats were taken: a stream worker asks another one. */
static void seats_turn_away(struct peer *p, int error)
{
    struct seats *s = p->all;

    if (error == ERR_FULL && !inbound_param(p->inbound, "TP_INTERNAL")) {
        p->waits = true;
        s->waiting++;
        return;
    }
    atomic_fetch_add_explicit(&s->app.worker->board->refused_full, 1, memory_order_relaxed);
    log_limited(LOG_LEVEL_WARN, "a request finds no seat: %s", err_text(error));
    inbound_overloaded(p->inbound);
}

void seats_take(struct peer *p)
{
    int error = seats_sit(p->all, p->inbound);

    if (error)
        seats_turn_away(p, error);
}

static void seats_on_request(void *arg, struct inbound *inbound)
{
    struct peer *p = arg;
    struct seats *s = p->all;

    if (!p->asked)
        s->fresh--;
    p->asked = true;
    if (s->app.worker->drain)
        inbound_retire(inbound);
    if (!seats_hold(p))
        seats_take(p);
    seats_listen(s);
}

static void seats_on_gone(void *arg, struct inbound *inbound)
{
    (void)inbound;
    seats_release(arg);
}

void seats_next(struct seats *s)
{
    int error = ERR_NOMEM;

    while (s->waiting && error == ERR_NOMEM) {
        struct peer *first = NULL;

        for (struct peer *p = s->peers; p; p = p->next)
            if (p->waits)
                first = p;
        if (!first)
            return;
        if ((error = seats_sit(s, first->inbound)) == ERR_FULL)
            return;
        first->waits = false;
        s->waiting--;
        if (error) /* perhaps no other seat becomes free after this one */
            seats_turn_away(first, error);
    }
}

/* ---- connections ---- */

static void seats_on_closed(void *arg, struct inbound *inbound)
{
    struct peer *p = arg;
    struct seats *s = p->all;

    (void)inbound;
    if (!p->asked)
        s->fresh--;
    if (p->prev)
        p->prev->next = p->next;
    else
        s->peers = p->next;
    if (p->next)
        p->next->prev = p->prev;
    free(p);
    seats_listen(s);
}

static int seats_welcome(struct seats *s, int fd)
{
    struct peer *p = calloc(1, sizeof *p);
    int error = ERR_NOMEM;

    if (p) {
        p->all = s;
        p->handlers = (struct inbound_handlers){.arg = p,
            .request = seats_on_request,
            .gone = seats_on_gone,
            .closed = seats_on_closed};
        error = inbound_new(&p->inbound, s->app.reactor, fd, &s->limits, &p->handlers);
    }
    if (error) {
        free(p);
        close(fd);
        return error;
    }
    p->next = s->peers;
    if (p->next)
        p->next->prev = p;
    s->peers = p;
    s->fresh++;
    return 0;
}

void seats_close_peers(struct seats *s)
{
    while (s->peers) {
        struct peer *p = s->peers;

        s->peers = p->next;
        seats_forget(p);
        inbound_free(p->inbound);
        free(p);
    }
}

static bool seats_has_room(const struct seats *s)
{
    return s->busy + s->fresh < (size_t)atomic_load(&s->app.worker->slot->seats_count);
}

/* No connection waited at this time, so none that comes has waited for longer. */
static void seats_note_empty(struct seats *s)
{
    const struct worker *w = s->app.worker;

    atomic_store_explicit(&w->board->empty_ms[atomic_load(&w->slot->pool)], clock_mono_ms(),
        memory_order_relaxed);
}

/* ---- which worker takes the next ---- */

/* Another one of the pool that can take it has fewer turns. */
static bool seats_others_first(const struct seats *s)
{
    const struct worker *w = s->app.worker;
    int own = (int)(s->busy + s->fresh);
    int64_t now = clock_mono_ms();

    if (own <= SLACK)
        return false;
    for (size_t i = 0; i < w->board->slot_count; i++) {
        const struct scoreboard_slot *slot = &w->board->slots[i];
        int busy = atomic_load(&slot->seats_busy);

        if (slot != w->slot && atomic_load(&slot->pool) == SCOREBOARD_TURN &&
            atomic_load(&slot->pid) > 0 && atomic_load(&slot->ready) &&
            atomic_load(&slot->generation) == w->generation &&
            now - atomic_load(&slot->beat_ms) < OTHERS_BEAT_MS &&
            busy < atomic_load(&slot->seats_count) && busy + SLACK < own)
            return true;
    }
    return false;
}

static void seats_accept(struct seats *s)
{
    s->cannot_accept = false;
    for (int i = 0; i < ACCEPT_MAX && seats_has_room(s) && !seats_others_first(s); i++) {
        int fd = accept4(s->app.worker->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
            continue;
        if (fd < 0) {
            s->cannot_accept = errno != EAGAIN && errno != EWOULDBLOCK;
            if (s->cannot_accept)
                log_limited(LOG_LEVEL_WARN, "cannot accept: %s", strerror(errno));
            else
                seats_note_empty(s);
            return;
        }
        if (seats_welcome(s, fd))
            log_limited(LOG_LEVEL_WARN, "a connection is closed: no memory");
    }
}

static void seats_on_listening(struct reactor_source *source, uint32_t events)
{
    struct seats *s = source->arg;

    (void)events;
    seats_accept(s);
    seats_listen(s);
}

static void seats_on_balance(struct reactor_timer *timer)
{
    struct seats *s = timer->arg;

    if (!s->app.worker->drain)
        seats_accept(s);
    seats_listen(s);
}

void seats_listen(struct seats *s)
{
    struct worker *w = s->app.worker;
    bool room = !w->drain && seats_has_room(s);
    bool wanted = room && !s->cannot_accept && !seats_others_first(s);
    int64_t look_ms = clock_mono_ms() + (wanted ? LOOK_MS : BALANCE_MS);

    if (wanted && !s->listening.watched) /* else tried again when the balance is due */
        err_ignore(reactor_watch(s->app.reactor, &s->listening, w->listen_fd,
            EPOLLIN | EPOLLEXCLUSIVE, seats_on_listening, s));
    else if (!wanted && s->listening.watched)
        reactor_unwatch(s->app.reactor, &s->listening);
    if (room && (!s->balance.set || s->balance.due_ms > look_ms))
        reactor_timer_set(s->app.reactor, &s->balance, look_ms, seats_on_balance, s);
}

void seats_drain(struct seats *s)
{
    struct peer *next;

    atomic_store(&s->app.worker->slot->ready, false); /* the others do not count on it */
    seats_accept(s); /* as nobody else was woken for what came to us */
    seats_listen(s);
    for (struct peer *p = s->peers; p; p = next) {
        next = p->next;
        if (p->asked)
            inbound_retire(p->inbound);
        seats_release(p);
    }
}
