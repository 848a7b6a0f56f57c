/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/redis/link_parts.h"

#include "base/clock.h"
#include "base/err.h"
#include "wire/redis/resp.h"

#include <sys/epoll.h>

#define LINK_CHECK_MS 2000 /* whether its server is still the master, with Sentinels */
#define LINK_PULSE_MS 5000 /* whether it is there, without */

static void link_on_ready(struct reactor_source *source, uint32_t events)
{
    struct link *l = source->arg;

    /* Lost: all that was under way has been told the error. */
    if (events & EPOLLOUT)
        err_ignore(link_flush(l));
    if (l->fd >= 0 && events & ~(uint32_t)EPOLLOUT)
        err_ignore(link_read_now(l));
}

static void link_on_timeout(struct reactor_timer *timer)
{
    struct link *l = timer->arg;
    int64_t due = l->progress_ms + l->conf->redis_timeout_ms;

    if (!l->ring_len)
        return;
    if (clock_mono_ms() <= due) {
        reactor_timer_set(l->reactor, timer, due + 1, link_on_timeout, l);
        return;
    }
    l->silent = true;
    link_disconnect(l, "no reply in time");
}

/* The first reply after silence is waited for: it has its time. */
void link_loop_expect(struct link *l)
{
    if (l->reactor && l->fd >= 0 && !l->timeout.set)
        reactor_timer_set(l->reactor, &l->timeout, l->progress_ms + l->conf->redis_timeout_ms + 1,
            link_on_timeout, l);
}

static void link_checker(void *arg)
{
    struct link *l = arg;

    if (link_roles_moved(l, SENTINEL_CONNECT_MS))
        link_leave_server(l, "another server is the master now");
    l->checking = false;
}

static void link_on_check(struct reactor_timer *timer);

static void link_check_later(struct link *l)
{
    int64_t after_ms = sentinel_used(l->conf) ? LINK_CHECK_MS : LINK_PULSE_MS;

    reactor_timer_set(l->reactor, &l->check, clock_mono_ms() + after_ms, link_on_check, l);
}

static void link_ping(struct link *l)
{
    buf_reset(&l->scratch);
    resp_count(&l->scratch, '*', 1);
    resp_text(&l->scratch, "PING");
    err_ignore(link_send_scratch(l, (struct link_pending){.kind = LINK_DROP, .reads = true}));
}

/* A server that does not answer is left before somebody asks something of it. */
static void link_on_check(struct reactor_timer *timer)
{
    struct link *l = timer->arg;

    link_check_later(l);
    if (!sentinel_used(l->conf)) {
        if (!l->ring_len)
            link_ping(l);
        return;
    }
    link_roles_ask(l);
    if (l->fd >= 0 && !l->checking)
        l->checking = !task_spawn(link_checker, l, -1, NULL);
}

int link_loop_want(struct link *l, uint32_t events)
{
    if (!l->reactor || !reactor_watch(l->reactor, &l->source, l->fd, events, link_on_ready, l))
        return 0;
    link_disconnect(l, "it cannot be watched");
    return ERR_STORE;
}

void link_loop_watch(struct link *l)
{
    if (l->reactor && !link_loop_want(l, EPOLLIN))
        link_check_later(l);
}

static void link_on_pass(void *arg)
{
    struct link *l = arg;

    if (l->map)
        link_route_pass(l);
    else
        link_asks_step(l);
    if (l->follower)
        l->follower->pass(l->follower->arg);
    err_ignore(link_flush(l)); /* as in link_on_ready */
}

void link_attach(struct link *l, struct reactor *reactor)
{
    l->reactor = reactor;
    l->hook = (struct tasks_hook){.fn = link_on_pass, .arg = l};
    if (!l->node) /* else with the pass of its face */
        tasks_hook_add(&l->hook);
    if (l->fd >= 0) {
        link_loop_watch(l);
        if (l->ring_len)
            link_loop_expect(l);
    }
    if (link_is_face(l))
        link_map_attach(l);
}
