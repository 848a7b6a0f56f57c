/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_BASE_REACTOR_H
#define TURNPIKE_BASE_REACTOR_H

#include "base/err.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * reactor -- the one loop of each worker, whatever its kind, and of the housekeeper: one epoll set
 * and any number of timers. Signals stay blocked except inside reactor_step (epoll_pwait), so that
 * no system call of a turn is ever interrupted. One reactor per process, made after fork.
 *
 * A callback may unwatch any source (its own too), set or clear any timer and any hook, and free
 * the memory of those that it has unwatched or cleared. It may call reactor_step.
 */
struct reactor;
struct reactor_source;
/*
 * epoll_events: what is ready of what the source asks for at this moment, and EPOLLERR, EPOLLHUP.
 * An event that an earlier callback of the pass has ceased to ask for is not told.
 */
typedef void reactor_ready_fn(struct reactor_source *source, uint32_t epoll_events);

struct reactor_source { /* embedded in its owner; zeroed = not watched */
    int fd;
    uint32_t events;
    uint32_t place; /* in the batch of events that is being delivered */
    bool watched;
    reactor_ready_fn *ready;
    void *arg;
};

struct reactor_timer;
typedef void reactor_timer_fn(struct reactor_timer *timer);
struct reactor_timer { /* embedded; zeroed = not set */
    int64_t due_ms;    /* monotonic */
    uint64_t order;    /* among equal times: first set, first run */
    bool set;
    bool running; /* it stands in the list of those that are due */
    reactor_timer_fn *expired;
    void *arg;
    struct reactor_timer *child, *next, *prev; /* in the heap; in that list */
};

struct reactor_hook;
typedef void reactor_hook_fn(struct reactor_hook *hook);
struct reactor_hook { /* embedded; zeroed = not set */
    uint64_t pass;    /* in which it ran last */
    reactor_hook_fn *fn;
    void *arg;
    struct reactor_hook *next, *prev; /* NULL = not set */
};

MUST_CHECK int reactor_new(struct reactor **out);
void reactor_free(struct reactor *r);
/*
 * events: EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLEXCLUSIVE, EPOLLET. No system call when the
 * descriptor is watched for these events already, else one; two when EPOLLEXCLUSIVE changes or
 * another descriptor was watched. The owner unwatches before it closes the descriptor.
 * Returns 0 or ERR_IO: then the source is not watched.
 */
MUST_CHECK int reactor_watch(struct reactor *r, struct reactor_source *source, int fd,
    uint32_t events, reactor_ready_fn *ready, void *arg);
/* Other events of a watched source. Returns as reactor_watch; ERR_INVALID when it is not
 * watched. */
MUST_CHECK int reactor_change(struct reactor *r, struct reactor_source *source, uint32_t events);
void reactor_unwatch(struct reactor *r, struct reactor_source *source);
/*
 * Setting a timer that is set replaces its time. It allocates nothing; setting takes constant time,
 * expiry and clearing O(log n) amortised. A timer that a timer's callback sets runs in the next
 * pass at the earliest.
 */
void reactor_timer_set(struct reactor *r, struct reactor_timer *timer, int64_t due_ms,
    reactor_timer_fn *expired, void *arg);
void reactor_timer_clear(struct reactor *r, struct reactor_timer *timer);
/*
 * reactor_after -- fn once at the end of this pass, after all sources and timers, however often it
 * is asked for: the place to send what the callbacks have collected. Hooks run in the order in
 * which they were set; one that a hook sets runs in the same pass too, unless it has run in it
 * already: then in the next one. A pass that begins with a hook set does not wait. Clearing undoes
 * it.
 */
void reactor_after(struct reactor *r, struct reactor_hook *hook, reactor_hook_fn *fn, void *arg);
void reactor_after_clear(struct reactor *r, struct reactor_hook *hook);
/*
 * reactor_step -- one pass: wait once and run what became ready.
 *   until_ms   monotonic; returns at this time at the latest; <= now polls without waiting
 *   unblocked  signal mask during the wait; NULL = the current one
 * Returns the number of sources and timers run (0 at the deadline), ERR_CANCELLED when a signal
 * came, ERR_IO. Hooks run in each case but the last.
 */
MUST_CHECK int reactor_step(struct reactor *r, int64_t until_ms, const sigset_t *unblocked);
/* When the last pass had waited and its callbacks began, monotonic microseconds. */
int64_t reactor_woke_us(const struct reactor *r);

/* The epoll set itself, readable when a source is ready: for a wait that stands outside. */
MUST_CHECK int reactor_fd(const struct reactor *r);
/* When the next timer is due, monotonic, 0 when a hook is set; at most until_ms. */
int64_t reactor_next_due(const struct reactor *r, int64_t until_ms);

#endif
