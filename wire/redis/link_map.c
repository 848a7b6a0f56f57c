/* SPDX-License-Identifier: BSD-2-Clause */
/* Which node of a cluster has which slot: asked by CLUSTER SLOTS, corrected by what nodes say. */
#include "wire/redis/link_parts.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "wire/redis/dial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAP_PAUSE_MS 100     /* between two questions */
#define MAP_FAILED_MS 250    /* after one that nobody answered */
#define MAP_REGULAR_MS 15000 /* without any reason */
#define MAP_NODE_LEAST_MS 100

static void link_map_on_timer(struct reactor_timer *timer);

/* ---- nodes ---- */

/* No map names it any more, it has no slot, and nothing is under way with it. */
static bool link_map_has_gone(const struct link_map *m, size_t place)
{
    const struct link_node *node = m->nodes[place];
    const struct link *l = node->link;

    if (node->map >= m->maps ||
        (l && (l->fd >= 0 || l->connecting || l->ring_len || l->calls || l->asked || l->queued)))
        return false;
    for (size_t i = 0; i < SLOTS; i++)
        if (m->owner[i] == place)
            return false;
    return true;
}

/* The place of one that has gone, for another; NULL: there is none. */
static struct link_node *link_map_reuse(struct link_map *m)
{
    for (size_t i = 0; i < m->count; i++)
        if (link_map_has_gone(m, i)) {
            m->nodes[i]->primary = false;
            m->nodes[i]->map = 0;
            m->nodes[i]->lives++;
            return m->nodes[i];
        }
    return NULL;
}

/* NULL: there are too many, or no memory. */
static struct link_node *link_map_find(struct link_map *m, const struct sentinel_address *address)
{
    struct link_node *node;

    for (size_t i = 0; i < m->count; i++)
        if (sentinel_same(&m->nodes[i]->address, address))
            return m->nodes[i];
    if (m->count == LINK_NODES_MAX) {
        node = link_map_reuse(m);
        if (!node)
            return NULL;
    } else {
        node = calloc(1, sizeof *node);
        if (!node)
            return NULL;
        m->nodes[m->count++] = node;
    }
    node->address = *address;
    return node;
}

static struct link *link_map_connect(struct link *face, struct link_node *node)
{
    if (!node || node->link)
        return node ? node->link : NULL;
    if (link_new_plain(&node->link, face->conf))
        return NULL;
    node->link->map = face->map;
    node->link->node = node;
    if (face->reactor)
        link_attach(node->link, face->reactor);
    return node->link;
}

struct link *link_map_named(struct link *face, const struct sentinel_address *address,
    const char *from_host)
{
    struct sentinel_address named = *address;

    if (!*named.host)
        snprintf(named.host, sizeof named.host, "%s", from_host);
    return link_map_connect(face, link_map_find(face->map, &named));
}

struct link_node *link_map_node(const struct link *face, unsigned slot)
{
    const struct link_map *m = face->map;
    struct link_node *any = NULL;

    if (slot < SLOTS)
        return m->owner[slot] == LINK_NODE_NONE ? NULL : m->nodes[m->owner[slot]];
    for (size_t i = 0; i < m->count; i++) {
        struct link_node *node = m->nodes[(m->turn + i) % m->count];

        if (node->primary && node->link && node->link->fd >= 0)
            return node;
        if (node->primary && !any)
            any = node;
    }
    return any;
}

struct link *link_map_link(struct link *face, unsigned slot)
{
    return link_map_connect(face, link_map_node(face, slot));
}

/* ---- what a node says of the slots ---- */

static void link_map_changed(struct link_map *m)
{
    m->version++;
    if (m->face->follower)
        m->face->follower->routed(m->face->follower->arg);
}

/* HOST PORT in front of a node's other words; host nil or empty: the one that was asked. */
static struct link_node *link_map_read_node(struct link_map *m, const struct link_reply *reply,
    const char *from_host)
{
    struct sentinel_address address;
    struct link_node *node;
    const char *host = link_reply_text(link_reply_at(reply, 0), NULL);
    int64_t port = link_reply_int(link_reply_at(reply, 1));

    host = *host ? host : from_host;
    if (port < 1 || port > 65535 || strlen(host) >= sizeof address.host || !strcmp(host, "?"))
        return NULL;
    snprintf(address.host, sizeof address.host, "%s", host);
    address.port = (int)port;
    node = link_map_find(m, &address);
    if (node)
        node->map = m->maps + 1;
    return node;
}

static bool link_map_has(const struct link_map *m, const struct link_node *node)
{
    return !m->known || node->map == m->maps;
}

bool link_map_names(const struct link *face, const struct sentinel_address *address)
{
    const struct link_map *m = face->map;

    for (size_t i = 0; m->known && i < m->count; i++)
        if (sentinel_same(&m->nodes[i]->address, address))
            return link_map_has(m, m->nodes[i]);
    return !m->known;
}

static uint16_t link_map_place(const struct link_map *m, const struct link_node *node)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->nodes[i] == node)
            return (uint16_t)i;
    return LINK_NODE_NONE;
}

/* Whether the reply names a node for any slot; else the map stays. */
static bool link_map_apply(struct link_map *m, const struct link_reply *reply,
    const char *from_host)
{
    static uint16_t owner[SLOTS]; /* too much for a task's stack; nobody waits in here */
    bool any = false;

    for (size_t i = 0; i < SLOTS; i++)
        owner[i] = LINK_NODE_NONE;
    for (size_t i = 0; i < link_reply_count(reply); i++) {
        const struct link_reply *range = link_reply_at(reply, i);
        int64_t first = link_reply_int(link_reply_at(range, 0)),
                last = link_reply_int(link_reply_at(range, 1));
        struct link_node *node = link_map_read_node(m, link_reply_at(range, 2), from_host);

        for (size_t j = 3; j < link_reply_count(range); j++) /* replicas: to be asked for the map */
            (void)link_map_read_node(m, link_reply_at(range, j), from_host);
        for (int64_t slot = first; node && slot >= 0 && slot <= last && slot < SLOTS; slot++) {
            owner[slot] = link_map_place(m, node);
            any = true;
        }
    }
    if (!any)
        return false;
    for (size_t i = 0; i < m->count; i++)
        m->nodes[i]->primary = false;
    for (size_t i = 0; i < SLOTS; i++)
        if (owner[i] != LINK_NODE_NONE)
            m->nodes[owner[i]]->primary = true;
    m->known = true;
    m->maps++;
    if (memcmp(m->owner, owner, sizeof owner) != 0) {
        memcpy(m->owner, owner, sizeof owner);
        link_map_changed(m);
    }
    return true;
}

/* ---- asking ---- */

static int link_map_ask(struct link *face, const struct sentinel_address *server, int64_t until_ms)
{
    static const char *const question[2] = {"CLUSTER", "SLOTS"};
    struct link_reply *reply = NULL;
    int error = dial_question(face->conf, server, question, until_ms, &reply);

    if (!error && link_reply_type(reply) == LINK_ERROR) {
        log_limited(LOG_LEVEL_WARN, "redis at %s port %d: %s", server->host, server->port,
            link_reply_text(reply, NULL));
        error = ERR_STORE;
    }
    if (!error && !link_map_apply(face->map, reply, server->host))
        error = ERR_STORE;
    link_reply_free(reply);
    return error;
}

/* The i-th of those that may be asked: the nodes that the last map has named, then those of
 * redis.cluster, "host:port" or "[v6]:port". */
static bool link_map_candidate(const struct link *face, size_t i, struct sentinel_address *out)
{
    const char *list = face->conf->redis_cluster, *colon, *host;
    int len;
    char word[SENTINEL_WORD_SIZE];

    for (size_t at = 0; at < face->map->count; at++) {
        if (!link_map_has(face->map, face->map->nodes[at]))
            continue;
        *out = face->map->nodes[at]->address;
        if (!i--)
            return true;
    }
    for (; sentinel_word(&list, word); i--) {
        if (i)
            continue;
        colon = strrchr(word, ':'); /* conf_check has seen to it */
        host = *word == '[' ? word + 1 : word;
        if (!colon || colon <= host)
            return false;
        len = (int)(colon - host) - (colon[-1] == ']');
        snprintf(out->host, sizeof out->host, "%.*s", len, host);
        out->port = (int)strtol(colon + 1, NULL, 10);
        return true;
    }
    return false;
}

/* From one to the next until one answers, each for a part of redis.timeout. */
static int link_map_ask_each(struct link *face)
{
    struct link_map *m = face->map;
    struct sentinel_address server;
    int64_t end_ms = clock_mono_ms() + face->conf->redis_timeout_ms;
    size_t count = 0;
    int error = ERR_STORE;

    while (link_map_candidate(face, count, &server))
        count++;
    for (size_t i = 0; error && i < count && clock_mono_ms() < end_ms; i++) {
        int64_t share = face->conf->redis_timeout_ms / 4;

        if (!link_map_candidate(face, m->turn++ % count, &server))
            continue;
        if (share < MAP_NODE_LEAST_MS)
            share = MAP_NODE_LEAST_MS;
        error = link_map_ask(face, &server, clock_mono_ms() + share);
    }
    return error;
}

static void link_map_ask_later(struct link *face)
{
    struct link_map *m = face->map;

    reactor_timer_set(face->reactor, &m->timer, m->stale ? m->ask_ms : m->ask_ms + MAP_REGULAR_MS,
        link_map_on_timer, face);
}

static void link_map_ask_for_all(struct link *face)
{
    struct link_map *m = face->map;
    int error;

    m->asking = true;
    m->stale = false;
    error = link_map_ask_each(face);
    m->asking = false;
    m->asked++;
    m->ask_ms = clock_mono_ms() + (error ? MAP_FAILED_MS : MAP_PAUSE_MS);
    m->stale = m->stale || error;
    if (error)
        log_limited(LOG_LEVEL_WARN, "no node of redis.cluster tells where the slots are");
    for (struct link_queued *q = m->queued; q; q = q->next)
        task_wake(q->task);
    m->queued = NULL;
    if (face->reactor)
        link_map_ask_later(face);
}

static void link_map_asker(void *arg)
{
    struct link *face = arg;

    if (face->map)
        link_map_ask_for_all(face);
}

void link_map_refresh_behind(struct link *face)
{
    struct link_map *m = face->map;

    if (m->asking || clock_mono_ms() < m->ask_ms)
        return;
    m->asking = true; /* until the task has ended */
    if (task_spawn(link_map_asker, face, -1, NULL))
        m->asking = false;
}

static void link_map_on_timer(struct reactor_timer *timer)
{
    link_map_refresh_behind(timer->arg);
}

static void link_map_wait(struct link *face)
{
    struct link_map *m = face->map;
    struct link_queued own = {task_self(), m->queued};
    unsigned asked = m->asked;

    m->queued = &own; /* cppcheck-suppress autoVariables ; link_map_ask_for_all empties the list */
    do
        err_ignore(task_wait(face->reactor, clock_mono_ms() + face->conf->redis_timeout_ms, NULL));
    while (asked == m->asked);
}

void link_map_refresh(struct link *face)
{
    struct link_map *m = face->map;

    if (face->reactor && !task_self()) /* the loop itself must not wait */
        link_map_refresh_behind(face);
    else if (m->asking && face->reactor)
        link_map_wait(face);
    else if (!m->asking && clock_mono_ms() >= m->ask_ms)
        link_map_ask_for_all(face);
}

int link_map_ensure(struct link *face)
{
    struct link_map *m = face->map;

    if (!m->known || (m->stale && !face->reactor))
        link_map_refresh(face);
    return m->known ? 0 : ERR_STORE;
}

void link_map_doubt(struct link *face)
{
    struct link_map *m = face->map;
    int64_t now_ms = clock_mono_ms();

    m->stale = true;
    if (face->reactor && !m->asking)
        reactor_timer_set(face->reactor, &m->timer, m->ask_ms > now_ms ? m->ask_ms : now_ms + 1,
            link_map_on_timer, face);
}

enum slots_word link_map_told(struct link *l, const char *text, struct link **other)
{
    struct link *face = l->map->face;
    struct sentinel_address address;
    unsigned slot = 0;
    enum slots_word word = slots_read_error(text, &slot, &address);
    struct link *to;

    *other = NULL;
    if (word == SLOTS_OTHER)
        return word;
    if (word != SLOTS_ASK)
        link_map_doubt(face);
    if (word == SLOTS_WAIT) {
        log_limited(LOG_LEVEL_INFO, "redis cluster: %s", text);
        return word;
    }
    to = link_map_named(face, &address, l->node ? l->node->address.host : "");
    if (!to)
        return SLOTS_WAIT;
    *other = to;
    if (word == SLOTS_MOVED && face->map->known) {
        uint16_t place = link_map_place(face->map, to->node);

        to->node->primary = true;
        if (face->map->owner[slot] != place) {
            face->map->owner[slot] = place;
            link_map_changed(face->map);
        }
    }
    return word;
}

/* ---- life ---- */

int link_map_new(struct link *face)
{
    struct link_map *m = calloc(1, sizeof *m);

    if (!m)
        return ERR_NOMEM;
    m->face = face;
    for (size_t i = 0; i < SLOTS; i++)
        m->owner[i] = LINK_NODE_NONE;
    face->map = m;
    return 0;
}

void link_map_attach(struct link *face)
{
    struct link_map *m = face->map;

    for (size_t i = 0; i < m->count; i++)
        if (m->nodes[i]->link)
            link_attach(m->nodes[i]->link, face->reactor);
    if (m->asked && !m->timer.set)
        link_map_ask_later(face);
}

void link_map_free(struct link *face)
{
    struct link_map *m = face->map;

    if (face->reactor)
        reactor_timer_clear(face->reactor, &m->timer);
    for (size_t i = 0; i < m->count; i++)
        if (m->nodes[i]->link) {
            link_free(m->nodes[i]->link);
            m->nodes[i]->link = NULL;
        }
    if (face->reactor) { /* links that end doubt the map */
        reactor_timer_clear(face->reactor, &m->timer);
        reactor_timer_clear(face->reactor, &face->timeout); /* of link_route_pass */
    }
    for (size_t i = 0; i < m->count; i++)
        free(m->nodes[i]);
    free(m);
    face->map = NULL;
}
