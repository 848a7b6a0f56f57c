#include "store/link_parts.h"

#include "base/clock.h"

#include <sys/epoll.h>

#define LINK_CHECK_EVERY_MS 2000 /* whether its server is still the master */

static void link_on_ready(struct reactor_source *source, uint32_t events)
{
    struct link *l = source->arg;

    if (events & EPOLLOUT)
        (void)link_flush(l);
    if (l->fd >= 0 && events & ~(uint32_t)EPOLLOUT)
        (void)link_read_now(l);
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
        reactor_timer_set(l->reactor, &l->timeout,
            l->progress_ms + l->conf->redis_timeout_ms + 1, link_on_timeout, l);
}

static void link_checker(void *arg)
{
    struct link *l = arg;

    if (link_roles_moved(l, SENTINEL_CONNECT_MS))
        link_disconnect(l, "another server is the master now");
    l->checking = false;
}

static void link_on_check(struct reactor_timer *timer)
{
    struct link *l = timer->arg;

    reactor_timer_set(l->reactor, timer, clock_mono_ms() + LINK_CHECK_EVERY_MS, link_on_check, l);
    if (l->checking)
        return;
    l->checking = !task_spawn(link_checker, l, -1, NULL);
}

void link_loop_watch(struct link *l)
{
    if (!l->reactor)
        return;
    if (reactor_watch(l->reactor, &l->source, l->fd, EPOLLIN, link_on_ready, l))
        link_disconnect(l, "it cannot be watched");
    else if (sentinel_used(l->conf))
        reactor_timer_set(l->reactor, &l->check, clock_mono_ms() + LINK_CHECK_EVERY_MS,
            link_on_check, l);
}

static void link_on_pass(void *arg)
{
    (void)link_flush(arg);
}

void link_attach(struct link *l, struct reactor *reactor)
{
    l->reactor = reactor;
    l->hook = (struct tasks_hook){.fn = link_on_pass, .arg = l};
    tasks_hook_add(&l->hook);
}
