/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/fastcgi_pool.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/reactor.h"
#include "process/slots.h"
#include "process/worker.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define POOL_BEAT_MS (WORKER_IDLE_MS + 1000) /* a worker whose beat is older may be frozen */

struct fastcgi_conn {
    struct fastcgi_pool *pool;
    struct reactor_source source;
    struct reactor_timer idle; /* set while it waits */
    int slot;                  /* of its worker; -1 = not known yet */
    fastcgi_conn_fn *ready;    /* NULL while it waits */
    void *arg;
    struct fastcgi_conn *next, *prev;
};

struct fastcgi_pool {
    struct reactor *reactor;
    const char *socket_path;
    const struct scoreboard *board;
    struct fastcgi_conn *waiting, *used;
    size_t waiting_count;
    int *asked; /* by slot: requests that are under way on kept connections */
    bool retired;
};

/* ---- lists: a connection waits when it has no user ---- */

static void fastcgi_pool_unlink(struct fastcgi_conn *c)
{
    struct fastcgi_pool *p = c->pool;

    if (c->prev)
        c->prev->next = c->next;
    else if (c->ready)
        p->used = c->next;
    else
        p->waiting = c->next;
    if (c->next)
        c->next->prev = c->prev;
    if (!c->ready)
        p->waiting_count--;
    else if (c->slot >= 0)
        p->asked[c->slot]--;
}

static void fastcgi_pool_link(struct fastcgi_conn *c)
{
    struct fastcgi_pool *p = c->pool;
    struct fastcgi_conn **head = c->ready ? &p->used : &p->waiting;

    c->prev = NULL;
    c->next = *head;
    if (c->next)
        c->next->prev = c;
    *head = c;
    if (!c->ready)
        p->waiting_count++;
    else if (c->slot >= 0)
        p->asked[c->slot]++;
}

void fastcgi_conn_drop(struct fastcgi_conn *c)
{
    fastcgi_pool_unlink(c);
    reactor_unwatch(c->pool->reactor, &c->source);
    reactor_timer_clear(c->pool->reactor, &c->idle);
    close(c->source.fd);
    free(c);
}

/* ---- events ---- */

/* One that waits has nothing to say: it has been closed, or its worker breaks the protocol. */
static void fastcgi_pool_on_ready(struct reactor_source *source, uint32_t events)
{
    struct fastcgi_conn *c = source->arg;

    if (c->ready)
        c->ready(c->arg, events);
    else
        fastcgi_conn_drop(c);
}

static void fastcgi_pool_on_idle(struct reactor_timer *timer)
{
    fastcgi_conn_drop(timer->arg);
}

/* ---- life ---- */

int fastcgi_pool_new(struct fastcgi_pool **out, struct reactor *reactor, const char *socket_path,
    const struct scoreboard *board)
{
    struct fastcgi_pool *p = calloc(1, sizeof *p);

    if (p && board && !(p->asked = calloc(board->slot_count, sizeof *p->asked))) {
        free(p);
        p = NULL;
    }
    if (!p)
        return ERR_NOMEM;
    p->reactor = reactor;
    p->socket_path = socket_path;
    p->board = board;
    *out = p;
    return 0;
}

struct reactor *fastcgi_pool_reactor(const struct fastcgi_pool *p)
{
    return p->reactor;
}

void fastcgi_pool_retire(struct fastcgi_pool *p)
{
    struct fastcgi_conn *next;

    p->retired = true;
    for (struct fastcgi_conn *c = p->waiting; c; c = next) {
        next = c->next;
        fastcgi_conn_drop(c);
    }
}

void fastcgi_pool_free(struct fastcgi_pool *p)
{
    if (!p)
        return;
    fastcgi_pool_retire(p);
    while (p->used)
        p->used->ready(p->used->arg, 0);
    free(p->asked);
    free(p);
}

bool fastcgi_pool_keeps(const struct fastcgi_pool *p)
{
    return p->board && !p->retired;
}

bool fastcgi_pool_reads_whole(const struct fastcgi_pool *p)
{
    return p->board != NULL;
}

/* ---- which connection ---- */

/* It takes requests, and its loop comes round. */
static bool fastcgi_pool_serves(const struct scoreboard_slot *slot, int64_t now_ms)
{
    bool works =
        atomic_load(&slot->executing) >= 0 || atomic_load(&slot->seats_busy) >= FASTCGI_POOL_BUSY;
    int64_t late_ms = works ? FASTCGI_POOL_LATE_MS : POOL_BEAT_MS;
    int state = atomic_load(&slot->state);

    return atomic_load(&slot->pool) == SCOREBOARD_TURN && atomic_load(&slot->pid) > 0 &&
        atomic_load(&slot->ready) && (state == SLOTS_READY || state == SLOTS_REPLACING) &&
        now_ms - atomic_load(&slot->beat_ms) < late_ms;
}

/* A request of ours that has its seat counts twice until it is answered. That does no harm. */
static int fastcgi_pool_load(const struct fastcgi_pool *p, size_t slot)
{
    return atomic_load(&p->board->slots[slot].seats_busy) + p->asked[slot];
}

static int fastcgi_pool_least_load(const struct fastcgi_pool *p, int64_t now_ms)
{
    int least = INT_MAX;

    for (size_t i = 0; i < p->board->slot_count; i++) {
        if (fastcgi_pool_serves(&p->board->slots[i], now_ms) && fastcgi_pool_load(p, i) < least)
            least = fastcgi_pool_load(p, i);
    }
    return least;
}

/* Among equals the one that was used last: its worker's memory is the warmest. */
static struct fastcgi_conn *fastcgi_pool_best(const struct fastcgi_pool *p, int64_t now_ms,
    int *loadp)
{
    struct fastcgi_conn *best = NULL;

    for (struct fastcgi_conn *c = p->waiting; c; c = c->next) {
        int load = fastcgi_pool_load(p, (size_t)c->slot);

        if ((!best || load < *loadp) && fastcgi_pool_serves(&p->board->slots[c->slot], now_ms)) {
            best = c;
            *loadp = load;
        }
    }
    return best;
}

struct fastcgi_conn *fastcgi_pool_take(struct fastcgi_pool *p, fastcgi_conn_fn *ready, void *arg)
{
    int64_t now_ms = clock_mono_ms();
    int load = 0;
    struct fastcgi_conn *c = p->waiting ? fastcgi_pool_best(p, now_ms, &load) : NULL;

    if (!c || load > fastcgi_pool_least_load(p, now_ms) + FASTCGI_POOL_SLACK)
        return NULL;
    reactor_timer_clear(p->reactor, &c->idle);
    fastcgi_pool_unlink(c);
    c->ready = ready;
    c->arg = arg;
    fastcgi_pool_link(c);
    return c;
}

void fastcgi_conn_give(struct fastcgi_conn *c, int slot)
{
    struct fastcgi_pool *p = c->pool;

    if (!fastcgi_pool_keeps(p) || slot < 0 || (size_t)slot >= p->board->slot_count ||
        p->waiting_count >= FASTCGI_POOL_IDLE_MAX || fastcgi_conn_wants_out(c, false)) {
        fastcgi_conn_drop(c);
        return;
    }
    fastcgi_pool_unlink(c);
    c->slot = slot;
    c->ready = NULL;
    c->arg = NULL;
    fastcgi_pool_link(c);
    reactor_timer_set(p->reactor, &c->idle, clock_mono_ms() + FASTCGI_POOL_IDLE_MS,
        fastcgi_pool_on_idle, c);
}

/* ---- a new one ---- */

static int fastcgi_pool_open_socket(const char *path, int *fdp)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd, error = 0;

    if (strlen(path) >= sizeof addr.sun_path)
        return ERR_NET;
    strcpy(addr.sun_path, path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return ERR_NET;
    while (connect(fd, (struct sockaddr *)&addr, sizeof addr) < 0) {
        if (errno == EINTR)
            continue;
        error = errno == EAGAIN ? ERR_FULL : ERR_NET;
        break;
    }
    if (error)
        close(fd);
    else
        *fdp = fd;
    return error;
}

int fastcgi_pool_connect(struct fastcgi_pool *p, fastcgi_conn_fn *ready, void *arg,
    struct fastcgi_conn **out)
{
    struct fastcgi_conn *c = calloc(1, sizeof *c);
    int fd = -1, error = c ? fastcgi_pool_open_socket(p->socket_path, &fd) : ERR_NOMEM;

    if (!error &&
        reactor_watch(p->reactor, &c->source, fd, EPOLLIN | EPOLLRDHUP, fastcgi_pool_on_ready, c) <
            0) {
        close(fd);
        error = ERR_NET;
    }
    if (error) {
        free(c);
        return error;
    }
    c->pool = p;
    c->slot = -1;
    c->ready = ready;
    c->arg = arg;
    fastcgi_pool_link(c);
    *out = c;
    return 0;
}

int fastcgi_conn_fd(const struct fastcgi_conn *c)
{
    return c->source.fd;
}

int fastcgi_conn_wants_out(struct fastcgi_conn *c, bool wanted)
{
    uint32_t events = EPOLLIN | EPOLLRDHUP | (wanted ? EPOLLOUT : 0);

    if (c->source.events == events)
        return 0;
    return reactor_change(c->pool->reactor, &c->source, events) < 0 ? ERR_NET : 0;
}
