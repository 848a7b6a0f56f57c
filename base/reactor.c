/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/reactor.h"

#include "base/clock.h"
#include "base/err.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define BATCH_FIRST 256
#define BATCH_MOST 1024 /* what a pass collects is not sent before all of them have run */

struct reactor {
    int epoll_fd;
    int pending; /* events of this step that are not delivered yet: [next, pending) */
    int next;
    int batch; /* room in events */
    bool full; /* the last wait filled them */
    struct epoll_event *events;
    struct reactor_timer *heap;           /* the root: due first */
    struct reactor_timer *due, *due_last; /* are run in this step */
    uint64_t timers_set;
    struct reactor_hook after, later; /* rings: of this pass, of the next one */
    uint64_t pass;
    int64_t woke_us;
};

int reactor_new(struct reactor **out)
{
    struct reactor *r = calloc(1, sizeof *r);
    if (!r)
        return ERR_NOMEM;
    r->batch = BATCH_FIRST;
    r->after.next = r->after.prev = &r->after;
    r->later.next = r->later.prev = &r->later;
    r->events = calloc(BATCH_FIRST, sizeof *r->events);
    r->epoll_fd = r->events ? epoll_create1(EPOLL_CLOEXEC) : -1;
    if (r->epoll_fd < 0) {
        int error = r->events ? ERR_IO : ERR_NOMEM;
        free(r->events);
        free(r);
        return error;
    }
    *out = r;
    return 0;
}

void reactor_free(struct reactor *r)
{
    if (!r)
        return;
    close(r->epoll_fd);
    free(r->events);
    free(r);
}

/* ---- sources ---- */

static int reactor_control(struct reactor *r, int op, struct reactor_source *source)
{
    struct epoll_event event = {.events = source->events, .data.ptr = source};
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
    *source = (struct reactor_source){.fd = fd, .events = events, .ready = ready, .arg = arg};
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
    int at = (int)source->place;

    if (!source->watched)
        return;
    reactor_control(r, EPOLL_CTL_DEL, source);
    source->watched = false;
    /* The place may be of an earlier batch: then somebody else's event is there, or none. */
    if (at >= r->next && at < r->pending && r->events[at].data.ptr == source)
        r->events[at].data.ptr = NULL;
}

static int reactor_run_sources(struct reactor *r)
{
    int ran = 0;

    while (r->next < r->pending) {
        struct epoll_event event = r->events[r->next++];
        struct reactor_source *source = event.data.ptr;
        uint32_t told = source ? event.events & (source->events | EPOLLERR | EPOLLHUP) : 0;
        if (!told)
            continue;
        source->ready(source, told);
        ran++;
    }
    r->next = r->pending = 0;
    return ran;
}

/* ---- timers: a pairing heap. `prev` of a first child is its parent. ---- */

static bool reactor_timer_before(const struct reactor_timer *a, const struct reactor_timer *b)
{
    return a->due_ms < b->due_ms || (a->due_ms == b->due_ms && a->order < b->order);
}

/* Of two roots the later one becomes the first child of the other. */
static struct reactor_timer *reactor_heap_join(struct reactor_timer *a, struct reactor_timer *b)
{
    if (!a || !b)
        return a ? a : b;
    if (reactor_timer_before(b, a)) {
        struct reactor_timer *first = b;
        b = a;
        a = first;
    }
    b->next = a->child;
    if (b->next)
        b->next->prev = b;
    b->prev = a;
    a->child = b;
    return a;
}

/* One root of a row of siblings: pairs from the left, then these from the right. */
static struct reactor_timer *reactor_heap_gather(struct reactor_timer *row)
{
    struct reactor_timer *pairs = NULL, *root = NULL;

    while (row) {
        struct reactor_timer *a = row, *b = a->next;
        row = b ? b->next : NULL;
        a->next = a->prev = NULL;
        if (b)
            b->next = b->prev = NULL;
        a = reactor_heap_join(a, b);
        a->next = pairs;
        pairs = a;
    }
    while (pairs) {
        struct reactor_timer *pair = pairs;
        pairs = pair->next;
        pair->next = NULL;
        root = reactor_heap_join(root, pair);
    }
    return root;
}

static void reactor_heap_remove(struct reactor *r, struct reactor_timer *timer)
{
    struct reactor_timer *below = reactor_heap_gather(timer->child);

    timer->child = NULL;
    if (timer == r->heap) {
        r->heap = below;
        return;
    }
    if (timer->prev->child == timer)
        timer->prev->child = timer->next;
    else
        timer->prev->next = timer->next;
    if (timer->next)
        timer->next->prev = timer->prev;
    timer->next = timer->prev = NULL;
    r->heap = reactor_heap_join(r->heap, below);
}

static void reactor_due_add(struct reactor *r, struct reactor_timer *timer)
{
    timer->running = true;
    timer->prev = r->due_last;
    if (r->due_last)
        r->due_last->next = timer;
    else
        r->due = timer;
    r->due_last = timer;
}

static void reactor_due_remove(struct reactor *r, struct reactor_timer *timer)
{
    if (timer->prev)
        timer->prev->next = timer->next;
    else
        r->due = timer->next;
    if (timer->next)
        timer->next->prev = timer->prev;
    else
        r->due_last = timer->prev;
    timer->next = timer->prev = NULL;
    timer->running = false;
}

void reactor_timer_clear(struct reactor *r, struct reactor_timer *timer)
{
    if (!timer->set)
        return;
    if (timer->running)
        reactor_due_remove(r, timer);
    else
        reactor_heap_remove(r, timer);
    timer->set = false;
}

void reactor_timer_set(struct reactor *r, struct reactor_timer *timer, int64_t due_ms,
    reactor_timer_fn *expired, void *arg)
{
    reactor_timer_clear(r, timer);
    *timer = (struct reactor_timer){.due_ms = due_ms,
        .order = r->timers_set++,
        .set = true,
        .expired = expired,
        .arg = arg};
    r->heap = reactor_heap_join(r->heap, timer);
}

/*
 * Those that are due now are taken out first: a timer that sets itself again must neither hold the
 * loop nor stand before the others.
 */
static int reactor_run_timers(struct reactor *r)
{
    struct reactor_timer *timer;
    int ran = 0;

    if (!r->heap && !r->due)
        return 0;
    int64_t now = clock_mono_ms();
    while ((timer = r->heap) && timer->due_ms <= now) {
        reactor_heap_remove(r, timer);
        reactor_due_add(r, timer);
    }
    for (; (timer = r->due); ran++) {
        reactor_timer_clear(r, timer);
        timer->expired(timer);
    }
    return ran;
}

/* ---- hooks ---- */

static void reactor_hook_append(struct reactor_hook *ring, struct reactor_hook *hook)
{
    hook->next = ring;
    hook->prev = ring->prev;
    hook->prev->next = ring->prev = hook;
}

void reactor_after_clear(struct reactor *r, struct reactor_hook *hook)
{
    (void)r;
    if (!hook->next)
        return;
    hook->prev->next = hook->next;
    hook->next->prev = hook->prev;
    hook->next = hook->prev = NULL;
}

void reactor_after(struct reactor *r, struct reactor_hook *hook, reactor_hook_fn *fn, void *arg)
{
    hook->fn = fn;
    hook->arg = arg;
    if (!hook->next)
        reactor_hook_append(hook->pass == r->pass ? &r->later : &r->after, hook);
}

static void reactor_begin_pass(struct reactor *r)
{
    r->pass++;
    while (r->later.next != &r->later) {
        struct reactor_hook *hook = r->later.next;
        reactor_after_clear(r, hook);
        reactor_hook_append(&r->after, hook);
    }
}

static void reactor_run_hooks(struct reactor *r)
{
    while (r->after.next != &r->after) {
        struct reactor_hook *hook = r->after.next;
        reactor_after_clear(r, hook);
        hook->pass = r->pass;
        hook->fn(hook);
    }
}

/* ---- the pass ---- */

int reactor_fd(const struct reactor *r)
{
    return r->epoll_fd;
}

int64_t reactor_next_due(const struct reactor *r, int64_t until_ms)
{
    const struct reactor_timer *first = r->due ? r->due : r->heap;
    int64_t due_ms = first ? first->due_ms : until_ms;

    if (r->after.next != &r->after || r->later.next != &r->later)
        due_ms = 0;
    return due_ms < until_ms ? due_ms : until_ms;
}

static int reactor_timeout(const struct reactor *r, int64_t until_ms)
{
    int64_t due_ms = reactor_next_due(r, until_ms);

    if (due_ms <= 0)
        return 0;
    int64_t now = clock_mono_ms();
    if (due_ms <= now)
        return 0;
    return due_ms - now > INT_MAX ? INT_MAX : (int)(due_ms - now);
}

static void reactor_grow(struct reactor *r)
{
    if (!r->full || r->batch >= BATCH_MOST)
        return;
    struct epoll_event *more = realloc(r->events, 2 * (size_t)r->batch * sizeof *more);
    if (!more)
        return;
    r->events = more;
    r->batch *= 2;
}

static int reactor_wait(struct reactor *r, int64_t until_ms, const sigset_t *unblocked)
{
    r->next = r->pending = 0;
    reactor_grow(r);
    int got =
        epoll_pwait(r->epoll_fd, r->events, r->batch, reactor_timeout(r, until_ms), unblocked);
    r->woke_us = clock_mono_us();
    if (got < 0)
        return errno == EINTR ? ERR_CANCELLED : ERR_IO;
    r->full = got == r->batch;
    r->pending = got;
    for (int i = 0; i < got; i++)
        ((struct reactor_source *)r->events[i].data.ptr)->place = (uint32_t)i;
    return 0;
}

int64_t reactor_woke_us(const struct reactor *r)
{
    return r->woke_us;
}

int reactor_step(struct reactor *r, int64_t until_ms, const sigset_t *unblocked)
{
    reactor_begin_pass(r);
    int error = reactor_wait(r, until_ms, unblocked);
    if (error == 0) {
        error = reactor_run_sources(r);
        error += reactor_run_timers(r);
    }
    if (error != ERR_IO)
        reactor_run_hooks(r);
    return error;
}
