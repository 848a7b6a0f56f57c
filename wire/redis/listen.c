/* SPDX-License-Identifier: BSD-2-Clause */

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "wire/redis/dial.h"
#include "wire/redis/listen_parts.h"
#include "wire/redis/resp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define LISTEN_READ_SIZE 16384
#define LISTEN_KEEP_MEMORY 65536
#define LISTEN_CHECK_MS 5000  /* between looks whether the server is still there */
#define LISTEN_STEADY_MS 1000 /* a connection that was up for so long is made again at once */

/* Of connections that are lost soon: clients need not wait, and nobody else is in a hurry. */
static const struct backoff_pace listen_unsteady = {.first_ms = 20,
    .most_ms = 2000,
    .quick_most_ms = 2000};

static void listen_on_ready(struct reactor_source *source, uint32_t events);
static void listen_on_retry(struct reactor_timer *timer);
static void listen_on_check(struct reactor_timer *timer);
static void listen_on_silence(struct reactor_timer *timer);
static void listen_on_pass(void *arg);
static void listen_on_moved(void *arg, const struct sentinel_address *server, bool is_master);
static void listen_connect(struct listen *l);

/* ---- life ---- */

struct listen *listen_make(struct link *link, struct listen *face)
{
    struct listen *l = calloc(1, sizeof *l);

    if (!l)
        return NULL;
    l->link = link;
    l->face = face;
    l->fd = -1;
    l->in = malloc(LISTEN_READ_SIZE);
    if (l->in && (face || !listen_ears_init(&l->ears)))
        return l;
    free(l->in);
    free(l);
    return NULL;
}

int listen_new(struct listen **out, struct link *link)
{
    struct listen *l = listen_make(link, NULL);

    *out = l;
    if (!l)
        return ERR_NOMEM;
    l->follower = (struct link_follower){.moved = listen_on_moved,
        .pass = listen_on_pass,
        .routed = listen_on_routed,
        .arg = l};
    link->follower = &l->follower;
    return 0;
}

static void listen_disconnect(struct listen *l)
{
    struct reactor *reactor = l->link->reactor;

    if (l->fd < 0)
        return;
    reactor_unwatch(reactor, &l->source);
    reactor_timer_clear(reactor, &l->check);
    reactor_timer_clear(reactor, &l->answer);
    close(l->fd);
    link_reader_free(l->reader);
    l->fd = -1;
    l->reader = NULL;
    l->connection++;
    l->said = l->heard = 0;
    l->sent = 0;
    buf_reset(&l->out);
    buf_reset(&l->asked);
    l->asked_at = 0;
}

static void listen_release(struct listen *l)
{
    if (l->dialling && tasks_count()) /* without tasks there is none any more that dials */
        return;
    buf_free(&l->out);
    buf_free(&l->asked);
    listen_ears_fini(&l->ears);
    free(l->node);
    free(l->in);
    free(l);
}

void listen_free(struct listen *l)
{
    if (!l)
        return;
    for (size_t i = 0; i < l->nodes; i++)
        listen_free(l->node[i]);
    listen_free(l->plain);
    l->nodes = 0;
    l->plain = NULL;
    listen_disconnect(l);
    reactor_timer_clear(l->link->reactor, &l->retry);
    reactor_timer_clear(l->link->reactor, &l->route);
    if (!l->face)
        l->link->follower = NULL;
    l->leaving = true;
    listen_release(l);
}

bool listen_is_up(const struct listen *l)
{
    bool up = l->fd >= 0 || (l->plain && l->plain->fd >= 0);

    for (size_t i = 0; !up && i < l->nodes; i++)
        up = l->node[i] && l->node[i]->fd >= 0;
    return up;
}

struct listen_ear *listen_find(const struct listen *l, const char *channel, size_t len)
{
    return listen_ears_find(&l->ears, channel, len);
}

struct listen_ear *listen_next(const struct listen *l, const struct listen_ear *ear)
{
    return listen_ears_next(&l->ears, ear);
}

/* ---- the connection is lost ---- */

static void listen_connect_later(struct listen *l)
{
    if (listen_is_wanted(l)) /* else the next ear connects anew */
        reactor_timer_set(l->link->reactor, &l->retry, l->backoff.retry_ms, listen_on_retry, l);
}

static void listen_tell_lost(struct listen *l)
{
    struct listen_ears *ears = listen_table(l);
    bool in_use = ears->in_use;

    ears->in_use = true;
    for (struct listen_ear *ear = listen_ears_next(ears, NULL); ear;
         ear = listen_ears_next(ears, ear))
        if (ear->at == l && ear->on->lost)
            ear->on->lost(ear->arg);
    ears->in_use = in_use;
}

void listen_lost(struct listen *l, const char *why)
{
    bool steady = clock_mono_ms() >= l->up_ms + LISTEN_STEADY_MS;

    log_limited(LOG_LEVEL_WARN, "redis subscriptions lost: %s", why);
    listen_disconnect(l);
    listen_tell_lost(l);
    if (l->face) /* perhaps another node has its slots soon */
        link_map_doubt(l->link);
    if (steady) {
        backoff_reset(&l->backoff);
        if (listen_is_wanted(l))
            listen_connect(l);
    } else {
        backoff_failed(&l->backoff, &listen_unsteady, 0);
        listen_connect_later(l);
    }
}

/* ---- saying something ---- */

/* Unwatched it would stand still. */
static void listen_want(struct listen *l, uint32_t events)
{
    if (reactor_change(l->link->reactor, &l->source, events))
        listen_lost(l, "it cannot be watched");
}

static void listen_flush(struct listen *l)
{
    bool left_over = l->fd >= 0 && l->source.events & EPOLLOUT;

    while (l->fd >= 0 && l->sent < l->out.len) {
        ssize_t n = send(l->fd, l->out.data + l->sent, l->out.len - l->sent, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN) {
            listen_want(l, EPOLLIN | EPOLLOUT);
            return;
        }
        if (n < 0) {
            listen_lost(l, strerror(errno));
            return;
        }
        if (left_over) /* what goes out for the first time says nothing about Redis */
            l->progress_ms = clock_mono_ms();
        l->sent += (size_t)n;
    }
    if (l->fd >= 0 && buf_error(&l->out)) {
        listen_lost(l, "no memory for commands");
        return;
    }
    if (l->fd >= 0)
        listen_want(l, EPOLLIN);
    buf_reset(&l->out);
    if (l->out.cap > LISTEN_KEEP_MEMORY)
        buf_free(&l->out);
    l->sent = 0;
}

static void listen_pass(struct listen *l)
{
    if (l->out.len && !(l->source.events & EPOLLOUT)) /* else it goes when there is room */
        listen_flush(l);
}

static void listen_on_pass(void *arg)
{
    struct listen *l = arg;

    listen_pass(l);
    for (size_t i = 0; i < l->nodes; i++)
        if (l->node[i])
            listen_pass(l->node[i]);
    if (l->plain)
        listen_pass(l->plain);
}

static void listen_expect(struct listen *l)
{
    reactor_timer_set(l->link->reactor, &l->answer,
        l->progress_ms + l->link->conf->redis_timeout_ms + 1, listen_on_silence, l);
}

/* New commands give a server that says nothing no more time. */
static void listen_on_silence(struct reactor_timer *timer)
{
    struct listen *l = timer->arg;

    if (l->said == l->heard)
        return;
    if (clock_mono_ms() <= l->progress_ms + l->link->conf->redis_timeout_ms)
        listen_expect(l);
    else
        listen_lost(l, "no answer in time");
}

/* Each gets one reply, in this order. */
static void listen_say(struct listen *l, const char *command, const char *channel)
{
    resp_count(&l->out, '*', channel ? 2 : 1);
    resp_text(&l->out, command);
    if (channel)
        resp_text(&l->out, channel);
    if (l->said++ == l->heard)
        l->progress_ms = clock_mono_ms();
    if (!l->answer.set)
        listen_expect(l);
}

static void listen_subscribe(struct listen *l, struct listen_ear *ear)
{
    const char *command = listen_is_sharded(l) ? "SSUBSCRIBE" : "SUBSCRIBE";

    listen_note(l, command, ear->hash);
    listen_say(l, command, ear->channel);
    ear->said = l->said;
}

void listen_unsubscribe(struct listen *l, const struct listen_ear *ear)
{
    const char *command = listen_is_sharded(l) ? "SUNSUBSCRIBE" : "UNSUBSCRIBE";

    listen_note(l, command, ear->hash);
    listen_say(l, command, ear->channel);
}

/* ---- connecting, and whether it is the right server ---- */

static int listen_connected(struct listen *l, int fd)
{
    l->reader = link_reader_new();
    if (!l->reader)
        return ERR_NOMEM;
    if (reactor_watch(l->link->reactor, &l->source, fd, EPOLLIN, listen_on_ready, l)) {
        link_reader_free(l->reader);
        l->reader = NULL;
        return ERR_IO;
    }
    l->fd = fd;
    l->up_ms = clock_mono_ms();
    reactor_timer_clear(l->link->reactor, &l->retry);
    reactor_timer_set(l->link->reactor, &l->check, l->up_ms + LISTEN_CHECK_MS, listen_on_check, l);
    for (struct listen_ear *ear = listen_ears_next(listen_table(l), NULL); ear;
         ear = listen_ears_next(listen_table(l), ear))
        if (ear->at == l)
            listen_subscribe(l, ear);
    link_compare(l->link, &l->master);
    if (sentinel_used(l->link->conf))
        link_connect_behind(l->link); /* as in listen_on_check; this is a task */
    return 0;
}

/* A cluster's connection goes to its node, the one for all channels to any primary. */
static int listen_dial_server(struct listen *l, struct sentinel_address *server, int *fd)
{
    const struct link_node *node = l->to;

    if (!l->face)
        return link_dial(l->link, server, fd);
    if (!node && (link_map_ensure(l->link) || !(node = link_map_node(l->link, SLOTS))))
        return ERR_STORE;
    *server = node->address;
    return dial_node(l->link->conf, server, fd);
}

static void listen_dial(void *arg)
{
    struct listen *l = arg;
    struct sentinel_address master = {.port = 0};
    int64_t began_ms = clock_mono_ms();
    int fd = -1, error = listen_dial_server(l, &master, &fd);

    l->dialling = false;
    if (!error && !l->leaving) {
        l->master = master;
        error = listen_connected(l, fd);
    }
    if ((error || l->leaving) && fd >= 0)
        close(fd);
    if (l->leaving) {
        listen_release(l);
    } else if (error) {
        if (l->face)
            link_map_doubt(l->link);
        backoff_failed(&l->backoff, &backoff_connection, clock_mono_ms() - began_ms);
        listen_connect_later(l);
    }
}

static void listen_connect(struct listen *l)
{
    if (l->fd >= 0 || l->dialling)
        return;
    l->dialling = true;
    if (!task_spawn(listen_dial, l, -1, NULL))
        return;
    l->dialling = false;
    backoff_failed(&l->backoff, &backoff_connection, 0);
    listen_connect_later(l);
}

static void listen_on_retry(struct reactor_timer *timer)
{
    listen_connect(timer->arg);
}

bool listen_hurry(struct listen *l)
{
    if (l->link->map && !l->face)
        return listen_hurry_all(l);
    if (l->fd < 0) {
        backoff_hurry(&l->backoff);
        if (backoff_is_over(&l->backoff))
            listen_connect(l);
    }
    return l->fd >= 0 || l->dialling;
}

static void listen_on_moved(void *arg, const struct sentinel_address *server, bool is_master)
{
    struct listen *l = arg;

    if (l->fd >= 0 && (!server || sentinel_same(server, &l->master) != is_master))
        listen_lost(l, "another server is the master now");
}

/* Is it there? */
static void listen_on_check(struct reactor_timer *timer)
{
    struct listen *l = timer->arg;

    reactor_timer_set(l->link->reactor, timer, clock_mono_ms() + LISTEN_CHECK_MS, listen_on_check,
        l);
    if (l->face && !listen_is_wanted(l) && l != l->face->plain) {
        listen_disconnect(l); /* the next ear connects */
        return;
    }
    if (l->face && !l->to && !link_map_names(l->link, &l->master)) {
        listen_lost(l, "its node is in the cluster no more");
        return;
    }
    listen_note(l, "PING", 0);
    listen_say(l, "PING", NULL);
    if (sentinel_used(l->link->conf))     /* it looks for both whether this is the master */
        err_ignore(link_ensure(l->link)); /* else with the next check */
}

/* ---- ears ---- */

void listen_hear(struct listen *l, struct listen_ear *ear)
{
    ear->at = l;
    if (l->fd >= 0)
        listen_subscribe(l, ear);
    else if (backoff_is_over(&l->backoff))
        listen_connect(l);
    else
        listen_connect_later(l);
}

void listen_add(struct listen *l, struct listen_ear *ear)
{
    struct listen *to = l;

    listen_ears_add(&l->ears, ear);
    ear->at = NULL;
    if (l->link->map) {
        if (!l->link->map->known)
            link_map_refresh_behind(l->link);
        to = listen_place(l, ear);
    }
    if (to)
        listen_hear(to, ear);
    else
        listen_route_later(l);
}

void listen_remove(struct listen *l, struct listen_ear *ear)
{
    struct listen *at;

    if (!ear->added)
        return;
    at = ear->at;
    listen_ears_remove(&l->ears, ear);
    if (at && at->fd >= 0 && !listen_find(l, ear->channel, strlen(ear->channel)))
        listen_unsubscribe(at, ear);
    ear->at = NULL;
}

/* ---- replies ---- */

static void listen_deliver(struct listen *l, bool message, const struct link_reply *reply)
{
    size_t name_len, len;
    const char *name = link_reply_text(link_reply_at(reply, 1), &name_len);
    const char *bytes = link_reply_text(link_reply_at(reply, 2), &len);
    struct listen_ears *ears = listen_table(l);
    struct listen_ear *ear = listen_ears_find(ears, name, name_len), *next;

    ears->in_use = true;
    for (; ear; ear = next) {
        next = listen_ears_same(ear->next, ear->hash, name, name_len);
        if (ear->at != l)
            continue;
        if (message)
            ear->on->message(ear->arg, bytes, len);
        else if (ear->on->subscribed && l->heard >= ear->said) /* not one that was before it */
            ear->on->subscribed(ear->arg);
    }
    ears->in_use = false;
}

/* Returns NULL, or why the connection is of no use. */
static const char *listen_read_reply(struct listen *l, const struct link_reply *reply)
{
    const char *kind = link_reply_text(link_reply_at(reply, 0), NULL);
    bool message = !strcmp(kind, listen_is_sharded(l) ? "smessage" : "message");
    const char *why = NULL;

    if (listen_is_sharded(l) && !message) {
        if (listen_read_node(l, reply, kind, &why))
            l->heard++;
        if (!strcmp(kind, "ssubscribe"))
            listen_deliver(l, false, reply);
        return why;
    }
    if (link_reply_type(reply) == LINK_ERROR) {
        err_ignore(link_reply_error(link_reply_text(reply, NULL))); /* logs it */
        return "refused by Redis";
    }
    if (!message)
        l->heard++;
    if (message || !strcmp(kind, "subscribe"))
        listen_deliver(l, message, reply);
    return NULL;
}

static const char *listen_read_replies(struct listen *l)
{
    unsigned connection = l->connection;
    const char *why = NULL;

    for (struct link_reply *reply = NULL; !why; reply = NULL) {
        if (link_reader_next(l->reader, &reply))
            return "unexpected reply";
        if (!reply)
            break;
        why = listen_read_reply(l, reply);
        link_reply_free(reply);
        if (l->connection != connection) /* a handler has begun anew */
            return NULL;
    }
    return why;
}

static void listen_read(struct listen *l)
{
    ssize_t n = recv(l->fd, l->in, LISTEN_READ_SIZE, 0);
    const char *why;

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        listen_lost(l, n ? strerror(errno) : "closed by Redis");
        return;
    }
    l->progress_ms = clock_mono_ms();
    why =
        link_reader_feed(l->reader, l->in, (size_t)n) ? "unexpected reply" : listen_read_replies(l);
    if (why)
        listen_lost(l, why);
}

static void listen_on_ready(struct reactor_source *source, uint32_t events)
{
    struct listen *l = source->arg;

    if (events & EPOLLOUT)
        listen_flush(l);
    if (l->fd >= 0 && events & ~(uint32_t)EPOLLOUT)
        listen_read(l);
}
