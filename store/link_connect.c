#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* POLLRDHUP */
#endif

#include "store/link_parts.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "store/dial.h"

#include <poll.h>
#include <sys/random.h>
#include <unistd.h>

#define LINK_BACKOFF_FIRST_MS 20
#define LINK_BACKOFF_MAX_MS 2000
#define LINK_QUICK_MS 20 /* an attempt that failed within this costs nobody anything ... */
#define LINK_BACKOFF_QUICK_MAX_MS 200 /* ... and is made again soon */
#define LINK_HURRY_MS 50 /* between attempts for waiting clients that do not fail quickly */

/* took_ms: how long the attempt that failed had kept its caller. */
static void link_back_off(struct link *l, int64_t took_ms)
{
    int64_t most = took_ms <= LINK_QUICK_MS ? LINK_BACKOFF_QUICK_MAX_MS : LINK_BACKOFF_MAX_MS;
    unsigned jitter = 0;

    if (getrandom(&jitter, sizeof(jitter), GRND_NONBLOCK) != sizeof(jitter))
        jitter = (unsigned)clock_mono_us();
    l->backoff_ms = l->backoff_ms ? l->backoff_ms * 2 : LINK_BACKOFF_FIRST_MS;
    if (l->backoff_ms > most)
        l->backoff_ms = most;
    l->took_ms = took_ms;
    l->failed_ms = clock_mono_ms();
    l->retry_ms = l->failed_ms + l->backoff_ms / 2 + (int64_t)(jitter % (unsigned)l->backoff_ms);
}

void link_disconnect(struct link *l, const char *why)
{
    size_t count = l->ring_len;

    if (l->fd < 0)
        return;
    if (why)
        log_limited(LOG_LEVEL_WARN, "redis connection lost: %s", why);
    if (l->reactor) {
        reactor_unwatch(l->reactor, &l->source);
        reactor_timer_clear(l->reactor, &l->timeout);
        reactor_timer_clear(l->reactor, &l->check);
    }
    close(l->fd);
    link_reader_free(l->reader);
    l->fd = -1;
    l->reader = NULL;
    l->broke = !l->silent;
    l->silent = false;
    l->in_len = 0;
    l->loaded_count = 0;
    l->hold = l->held = false;
    buf_reset(&l->out);
    while (count--) {
        struct link_pending p = link_queue_pop(l);

        link_queue_tell(l, &p, ERR_STORE, NULL); /* refused or not: it may have had its effect */
    }
}

/* Returns 0, ERR_STORE, ERR_STORE_READONLY, ERR_NOMEM. */
static int link_connect_now(struct link *l)
{
    struct link_reader *reader = link_reader_new();
    struct sentinel_address master = {.port = 0};
    int fd = -1; /* others look at l->fd meanwhile */
    int error = reader ? dial_redis(l->conf, &master, &fd) : ERR_NOMEM;

    l->broke = false;
    if (error) {
        link_reader_free(reader);
        return error;
    }
    l->reader = reader;
    l->master = master;
    l->fd = fd;
    l->role_ms = l->used_ms = clock_mono_ms();
    l->suspect = l->demoted = l->doubted = false;
    l->doubt_ms = 0;
    l->in_len = 0;
    l->generation++;
    link_loop_watch(l);
    return l->fd >= 0 ? 0 : ERR_STORE;
}

/*
 * A connection that Redis has closed meanwhile is left before the next command, not with it. What
 * came before the end is read: replies that nobody has looked at yet may lie in front of it.
 */
static void link_leave_if_closed(struct link *l)
{
    struct pollfd p = {.fd = l->fd, .events = POLLIN | POLLRDHUP};

    if (poll(&p, 1, 0) <= 0)
        return;
    if (!l->ring_len)
        link_disconnect(l, "closed by redis");
    else if (p.revents & (POLLRDHUP | POLLHUP | POLLERR))
        while (!link_pump(l))
            continue;
}

void link_hurry(struct link *l)
{
    if (l->fd < 0 &&
        (l->took_ms <= LINK_QUICK_MS || clock_mono_ms() >= l->failed_ms + LINK_HURRY_MS))
        l->retry_ms = 0;
}

/* One attempt, unless the back-off forbids it. */
static int link_attempt(struct link *l)
{
    int64_t began_ms = clock_mono_ms();

    if (began_ms < l->retry_ms)
        return l->refused ? l->refused : ERR_STORE;
    l->refused = link_connect_now(l);
    if (l->refused) {
        if (l->refused != ERR_STORE_READONLY)
            l->refused = ERR_STORE;
        link_back_off(l, clock_mono_ms() - began_ms);
        return l->refused;
    }
    l->backoff_ms = 0;
    l->retry_ms = 0;
    return 0;
}

/* One task makes the connection, the others wait for what comes of it. */
static int link_attempt_for_all(struct link *l)
{
    struct link_queued *q;
    int error;

    l->connecting = true;
    error = link_attempt(l);
    l->connecting = false;
    l->attempts++;
    for (q = l->queued; q; q = q->next)
        task_wake(q->task);
    l->queued = NULL;
    return error;
}

static int link_wait_for_connection(struct link *l)
{
    struct link_queued own = {task_self(), l->queued};
    unsigned attempt = l->attempts;

    l->queued = &own; /* cppcheck-suppress autoVariables ; link_attempt_for_all empties the list */
    do
        (void)task_wait(l->reactor, clock_mono_ms() + l->conf->redis_timeout_ms, NULL);
    while (attempt == l->attempts);
    return l->fd >= 0 ? 0 : l->refused ? l->refused : ERR_STORE;
}

static void link_connector(void *arg)
{
    (void)link_attempt_for_all(arg);
}

/* The loop itself must not wait: a task connects, and who asked comes again. */
static int link_connect_behind(struct link *l)
{
    if (!l->connecting && clock_mono_ms() >= l->retry_ms) {
        l->connecting = true;
        if (task_spawn(link_connector, l, -1, NULL))
            l->connecting = false;
    }
    return l->refused ? l->refused : ERR_STORE;
}

int link_ensure(struct link *l)
{
    bool held = l->held;
    int error = 0;

    if (l->fd >= 0 && l->pumping)
        return 0;
    if (l->fd >= 0 && !l->reactor)
        link_leave_if_closed(l);
    if (l->fd >= 0 && l->doubted)
        error = l->reactor && !task_self() ? link_roles_settle_behind(l) : link_roles_settle(l);
    if (error == ERR_STORE_READONLY)
        return error;
    if (l->fd >= 0)
        link_roles_check(l);
    if (l->fd >= 0)
        return 0;
    if (held) /* what was to go in front of the next command went with the connection */
        return ERR_STORE;
    if (!l->reactor)
        return link_attempt(l);
    if (!task_self())
        return link_connect_behind(l);
    return l->connecting ? link_wait_for_connection(l) : link_attempt_for_all(l);
}
