/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* POLLRDHUP */
#endif

#include "wire/redis/link_parts.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "wire/redis/dial.h"

#include <poll.h>
#include <unistd.h>

void link_disconnect(struct link *l, const char *why)
{
    struct link_pending unproved = l->unproved;
    struct link_reply *unproved_reply = l->unproved_reply;
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
    l->unproved = (struct link_pending){.kind = LINK_DROP};
    l->unproved_reply = NULL;
    buf_reset(&l->out);
    if (l->map)
        link_map_doubt(l->map->face);
    link_reply_free(unproved_reply);
    link_queue_tell(l, &unproved, ERR_STORE, NULL);
    while (count--) {
        struct link_pending p = link_queue_pop(l);

        link_queue_tell(l, &p, ERR_STORE, NULL); /* refused or not: it may have had its effect */
    }
}

void link_leave(struct link *l, const char *why)
{
    if (!link_is_face(l))
        link_disconnect(l, why);
}

void link_leave_server(struct link *l, const char *why)
{
    link_disconnect(l, why);
    if (l->follower)
        l->follower->moved(l->follower->arg, NULL, false);
}

void link_compare(struct link *l, const struct sentinel_address *server)
{
    if (l->fd >= 0 && sentinel_used(l->conf) && !sentinel_same(server, &l->master))
        link_disconnect(l, "the subscriptions have found another master");
}

int link_dial(const struct link *l, struct sentinel_address *server, int *fd)
{
    if (l->node) {
        *server = l->node->address;
        return dial_node(l->conf, server, fd);
    }
    return dial_redis(l->conf, l->any_role && !sentinel_used(l->conf), server, fd);
}

/* Returns 0, ERR_STORE, ERR_STORE_READONLY, ERR_NOMEM. */
static int link_connect_now(struct link *l)
{
    struct link_reader *reader = link_reader_new();
    struct sentinel_address master = {.port = 0};
    int fd = -1; /* others look at l->fd meanwhile */
    int error = reader ? link_dial(l, &master, &fd) : ERR_NOMEM;

    l->broke = false;
    if (error == ERR_STORE_READONLY && l->follower && sentinel_used(l->conf))
        l->follower->moved(l->follower->arg, &master, false);
    if (error) {
        link_reader_free(reader);
        if (l->map)
            link_map_doubt(l->map->face);
        return error;
    }
    l->reader = reader;
    l->master = master;
    l->fd = fd;
    l->role_ms = l->used_ms = clock_mono_ms();
    l->suspect = l->demoted = l->doubted = false;
    l->doubt_ms = 0;
    l->in_len = 0;
    link_marks_begin(l);
    l->generation++;
    if (l->map)
        l->map->face->generation++;
    link_loop_watch(l);
    if (l->fd >= 0 && l->follower && sentinel_used(l->conf))
        l->follower->moved(l->follower->arg, &l->master, true);
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
    if (link_is_face(l)) {
        link_route_hurry(l);
        return;
    }
    if (l->fd < 0)
        backoff_hurry(&l->backoff);
}

/* One attempt, unless the back-off forbids it. */
static int link_attempt(struct link *l)
{
    int64_t began_ms = clock_mono_ms();

    if (!backoff_is_over(&l->backoff))
        return l->refused ? l->refused : ERR_STORE;
    l->refused = link_connect_now(l);
    if (l->refused) {
        if (l->refused != ERR_STORE_READONLY)
            l->refused = ERR_STORE;
        backoff_failed(&l->backoff, &backoff_connection, clock_mono_ms() - began_ms);
        return l->refused;
    }
    backoff_reset(&l->backoff);
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
        err_ignore(task_wait(l->reactor, clock_mono_ms() + l->conf->redis_timeout_ms, NULL));
    while (attempt == l->attempts);
    return l->fd >= 0 ? 0 : l->refused ? l->refused : ERR_STORE;
}

static void link_connector(void *arg)
{
    (void)link_attempt_for_all(arg);
}

void link_connect_behind(struct link *l)
{
    if (link_is_face(l)) /* its nodes are connected as they are needed */
        return;
    if (l->fd < 0 && !l->connecting && backoff_is_over(&l->backoff)) {
        l->connecting = true;
        if (task_spawn(link_connector, l, -1, NULL))
            l->connecting = false;
    }
}

bool link_is_coming(const struct link *l)
{
    if (link_is_face(l))
        return link_route_is_coming(l);
    return l->fd >= 0 || l->connecting;
}

int link_ensure(struct link *l)
{
    bool held = l->held;
    int error = 0;

    if (link_is_face(l))
        return link_route_ensure(l);
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
    if (!task_self()) { /* the loop itself must not wait: who asked comes again */
        link_connect_behind(l);
        return l->refused ? l->refused : ERR_STORE;
    }
    return l->connecting ? link_wait_for_connection(l) : link_attempt_for_all(l);
}
