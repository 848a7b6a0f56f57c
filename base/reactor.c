#include "base/reactor.h"

#include "base/clock.h"
#include "base/err.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define BATCH 32

struct reactor {
    int epoll_fd;
    int pending; /* events of this step that are not delivered yet: [next, pending) */
    int next;
    struct reactor_timer *timers; /* by due_ms */
    struct epoll_event events[BATCH];
};

int reactor_new(struct reactor **out)
{
    struct reactor *r = calloc(1, sizeof *r);
    if (!r)
        return ERR_NOMEM;
    r->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (r->epoll_fd < 0) {
        free(r);
        return ERR_IO;
    }
    *out = r;
    return 0;
}

void reactor_free(struct reactor *r)
{
    if (!r)
        return;
    close(r->epoll_fd);
    free(r);
}

static int reactor_control(struct reactor *r, int op, struct reactor_source *source)
{
    struct epoll_event event = { .events = source->events, .data.ptr = source };
    return epoll_ctl(r->epoll_fd, op, source->fd, &event) == 0 ? 0 : ERR_IO;
}

int reactor_watch(struct reactor *r, struct reactor_source *source, int fd, uint32_t events,
    reactor_ready_fn *ready, void *arg)
{
    if (source->watched && source->fd == fd) {
        source->ready = ready;
        source->arg = arg;
        return reactor_change(r, source, events);
    }
    reactor_unwatch(r, source);
    *source = (struct reactor_source){ .fd = fd, .events = events, .ready = ready, .arg = arg };
    if (reactor_control(r, EPOLL_CTL_ADD, source) != 0)
        return ERR_IO;
    source->watched = true;
    return 0;
}

int reactor_change(struct reactor *r, struct reactor_source *source, uint32_t events)
{
    if (!source->watched)
        return ERR_INVALID;
    if (source->events == events)
        return 0;
    /* The kernel refuses to modify an exclusive entry. */
    bool exclusive = (source->events | events) & EPOLLEXCLUSIVE;
    if (exclusive)
        reactor_control(r, EPOLL_CTL_DEL, source);
    source->events = events;
    int error = reactor_control(r, exclusive ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, source);
    if (error)
        reactor_unwatch(r, source);
    return error;
}

void reactor_unwatch(struct reactor *r, struct reactor_source *source)
{
    if (!source->watched)
        return;
    reactor_control(r, EPOLL_CTL_DEL, source);
    source->watched = false;
    for (int i = r->next; i < r->pending; i++)
        if (r->events[i].data.ptr == source)
            r->events[i].data.ptr = NULL;
}

void reactor_timer_clear(struct reactor *r, struct reactor_timer *timer)
{
    if (!timer->set)
        return;
    for (struct reactor_timer **at = &r->timers; *at; at = &(*at)->next)
        if (*at == timer) {
            *at = timer->next;
            break;
        }
    timer->set = false;
    timer->next = NULL;
}

void reactor_timer_set(struct reactor *r, struct reactor_timer *timer, int64_t due_ms,
    reactor_timer_fn *expired, void *arg)
{
    struct reactor_timer **at = &r->timers;

    reactor_timer_clear(r, timer);
    while (*at && (*at)->due_ms <= due_ms)
        at = &(*at)->next;
    *timer = (struct reactor_timer){ .due_ms = due_ms, .set = true, .expired = expired, .arg = arg,
        .next = *at };
    *at = timer;
}

static int reactor_run_sources(struct reactor *r)
{
    int ran = 0;

    while (r->next < r->pending) {
        struct epoll_event *event = &r->events[r->next++];
        struct reactor_source *source = event->data.ptr;
        if (!source)
            continue;
        source->ready(source, event->events);
        ran++;
    }
    r->next = r->pending = 0;
    return ran;
}

/* Only as many as are due now: a timer that sets itself again at once must not hold the loop. */
static int reactor_run_timers(struct reactor *r)
{
    int due = 0, ran = 0;

    if (!r->timers)
        return 0;
    int64_t now = clock_mono_ms();
    for (const struct reactor_timer *t = r->timers; t && t->due_ms <= now; t = t->next)
        due++;
    for (; ran < due && r->timers && r->timers->due_ms <= now; ran++) {
        struct reactor_timer *timer = r->timers;
        reactor_timer_clear(r, timer);
        timer->expired(timer);
    }
    return ran;
}

static int reactor_timeout(const struct reactor *r, int64_t until_ms)
{
    if (r->timers && r->timers->due_ms < until_ms)
        until_ms = r->timers->due_ms;
    int64_t now = clock_mono_ms();
    if (until_ms <= now)
        return 0;
    return until_ms - now > INT_MAX ? INT_MAX : (int)(until_ms - now);
}

int reactor_fd(const struct reactor *r)
{
    return r->epoll_fd;
}

int64_t reactor_next_due(const struct reactor *r, int64_t until_ms)
{
    return r->timers && r->timers->due_ms < until_ms ? r->timers->due_ms : until_ms;
}

int reactor_step(struct reactor *r, int64_t until_ms, const sigset_t *unblocked)
{
    int got = epoll_pwait(r->epoll_fd, r->events, BATCH, reactor_timeout(r, until_ms), unblocked);
    if (got < 0)
        return errno == EINTR ? ERR_CANCELLED : ERR_IO;
    r->next = 0;
    r->pending = got;
    int ran = reactor_run_sources(r);
    return ran + reactor_run_timers(r);
}
