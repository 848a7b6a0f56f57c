#ifndef TURNPIKE_BASE_REACTOR_H
#define TURNPIKE_BASE_REACTOR_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * reactor -- the one place where a turn worker, an api worker and the housekeeper wait: one epoll
 * set and a few timers. Signals stay blocked except inside reactor_step (epoll_pwait), so that no
 * system call of a turn is ever interrupted. One reactor per process, made after fork.
 *
 * A callback may unwatch any source (its own too) and set or clear any timer.
 */
struct reactor;
struct reactor_source;
typedef void reactor_ready_fn(struct reactor_source *source, uint32_t epoll_events);

struct reactor_source { /* embedded in its owner; zeroed = not watched */
    int fd;
    uint32_t events;
    bool watched;
    reactor_ready_fn *ready;
    void *arg;
};

struct reactor_timer;
typedef void reactor_timer_fn(struct reactor_timer *timer);
struct reactor_timer { /* embedded; zeroed = not set */
    int64_t due_ms; /* monotonic */
    bool set;
    reactor_timer_fn *expired;
    void *arg;
    struct reactor_timer *next;
};

int reactor_new(struct reactor **out);
void reactor_free(struct reactor *r);
/* events: EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLEXCLUSIVE. Returns 0 or ERR_IO. */
int reactor_watch(struct reactor *r, struct reactor_source *source, int fd, uint32_t events,
    reactor_ready_fn *ready, void *arg);
int reactor_change(struct reactor *r, struct reactor_source *source, uint32_t events);
void reactor_unwatch(struct reactor *r, struct reactor_source *source);
void reactor_timer_set(struct reactor *r, struct reactor_timer *timer, int64_t due_ms,
    reactor_timer_fn *expired, void *arg);
void reactor_timer_clear(struct reactor *r, struct reactor_timer *timer);
/*
 * reactor_step -- wait once and run what became ready.
 *   until_ms   monotonic; returns at this time at the latest; <= now polls without waiting
 *   unblocked  signal mask during the wait; NULL = the current one
 * Returns the number of callbacks run (0 at the deadline), ERR_CANCELLED when a signal came,
 * ERR_IO.
 */
int reactor_step(struct reactor *r, int64_t until_ms, const sigset_t *unblocked);

/* The epoll set itself, readable when a source is ready: for a wait that stands outside. */
int reactor_fd(const struct reactor *r);
/* When the next timer is due, monotonic; at most until_ms. */
int64_t reactor_next_due(const struct reactor *r, int64_t until_ms);

#endif
