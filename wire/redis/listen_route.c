/* SPDX-License-Identifier: BSD-2-Clause */
/* Of a cluster: which of the connections of a listen an ear is on. */
#include "wire/redis/listen_parts.h"

#include "base/clock.h"
#include "base/err.h"

#include <stdlib.h>
#include <string.h>

#define ROUTE_LATER_MS 20     /* until ears look again for their nodes ... */
#define ROUTE_MOST_MS 250     /* ... and so long when they are many: slots may move one by one */
#define ROUTE_EARS_OF_A_MS 40 /* this many more: a millisecond more */

/* By a cluster's rule a channel is published and heard on the node that has its slot. */
bool listen_is_sharded(const struct listen *l)
{
    return l->to != NULL;
}

/* Is there an ear for this connection? */
bool listen_is_wanted(const struct listen *l)
{
    const struct listen_ears *ears = listen_table(l);

    if (!l->face)
        return ears->count > 0;
    for (struct listen_ear *ear = listen_ears_next(ears, NULL); ear;
         ear = listen_ears_next(ears, ear))
        if (ear->at == l)
            return true;
    return false;
}

struct listen *listen_place(struct listen *face, const struct listen_ear *ear)
{
    struct link_map *map = face->link->map;
    struct link_node *node;
    size_t at = 0;

    if (!strchr(ear->channel, '{'))
        return face->plain ? face->plain : (face->plain = listen_make(face->link, face));
    node =
        map->known ? link_map_node(face->link, slots_of(ear->channel, strlen(ear->channel))) : NULL;
    while (node && at < map->count && map->nodes[at] != node)
        at++;
    if (!node || at == map->count)
        return NULL;
    if (at >= face->nodes) {
        struct listen **more = realloc(face->node, map->count * sizeof *more);

        if (!more)
            return NULL;
        memset(more + face->nodes, 0, (map->count - face->nodes) * sizeof *more);
        face->node = more;
        face->nodes = map->count;
    }
    if (!face->node[at] && (face->node[at] = listen_make(face->link, face))) {
        face->node[at]->to = node;
        face->node[at]->lives = node->lives;
    }
    if (face->node[at] && face->node[at]->lives != node->lives) {
        face->node[at]->lives = node->lives;
        if (face->node[at]->fd >= 0)
            listen_lost(face->node[at], "its node has gone");
    }
    return face->node[at];
}

/* Each ear to the node that has its slot now. */
static void listen_route(struct listen *face)
{
    bool left = false;

    face->ears.in_use = true;
    for (struct listen_ear *ear = listen_next(face, NULL); ear; ear = listen_next(face, ear)) {
        struct listen *to = listen_place(face, ear), *from = ear->at;

        left |= !to;
        if (!to || to == from)
            continue;
        if (from && from->fd >= 0)
            listen_unsubscribe(from, ear);
        ear->at = NULL;
        if (from && ear->on->lost)
            ear->on->lost(ear->arg);
        listen_hear(to, ear);
    }
    face->ears.in_use = false;
    if (left) {
        link_map_refresh_behind(face->link);
        listen_route_later(face);
    }
}

static void listen_on_route(struct reactor_timer *timer)
{
    listen_route(timer->arg);
}

void listen_route_later(struct listen *face)
{
    int64_t later_ms = ROUTE_LATER_MS + (int64_t)face->ears.count / ROUTE_EARS_OF_A_MS;

    if (later_ms > ROUTE_MOST_MS)
        later_ms = ROUTE_MOST_MS;
    if (!face->route.set)
        reactor_timer_set(face->link->reactor, &face->route, clock_mono_ms() + later_ms,
            listen_on_route, face);
}

void listen_on_routed(void *arg)
{
    listen_route_later(arg); /* not in the middle of a reply */
}

/* A node has ended the subscription, or has refused it: what has this hash looks for its node. */
static void listen_put_off(struct listen *l, uint32_t hash)
{
    l->face->ears.in_use = true;
    for (struct listen_ear *ear = listen_ears_first(&l->face->ears, hash); ear; ear = ear->next) {
        if (ear->hash != hash || ear->at != l)
            continue;
        ear->at = NULL;
        if (ear->on->lost)
            ear->on->lost(ear->arg);
    }
    l->face->ears.in_use = false;
    link_map_doubt(l->link);
    listen_route_later(l->face);
}

bool listen_hurry_all(struct listen *face)
{
    bool coming = false;

    if (!listen_is_up(face) && !face->plain)
        face->plain = listen_make(face->link, face);
    for (size_t i = 0; i < face->nodes; i++)
        if (face->node[i] && listen_is_wanted(face->node[i]))
            coming |= listen_hurry(face->node[i]);
    if (face->plain && (!coming || listen_is_wanted(face->plain)))
        coming |= listen_hurry(face->plain);
    return coming;
}

/* ---- replies ---- */

void listen_note(struct listen *l, const char *command, uint32_t hash)
{
    const struct listen_said said = {.hash = hash, .kind = command[1]};

    if (listen_is_sharded(l))
        buf_put(&l->asked, (const char *)&said, sizeof said);
}

/* The next command's reply: which one it was. */
static struct listen_said listen_answered(struct listen *l)
{
    struct listen_said said = {.hash = 0};

    if (l->asked.len - l->asked_at >= sizeof said) {
        memcpy(&said, l->asked.data + l->asked_at, sizeof said);
        l->asked_at += sizeof said;
    }
    if (l->asked_at == l->asked.len) {
        buf_reset(&l->asked);
        l->asked_at = 0;
    }
    return said;
}

/* What a node takes back by itself: it has the slot no more. */
static bool listen_is_taken_back(struct listen *l, const struct link_reply *reply)
{
    struct listen_said said = {.hash = 0};
    size_t len;
    const char *name = link_reply_text(link_reply_at(reply, 1), &len);
    uint32_t hash = listen_ears_hash(name, len);

    if (l->asked.len - l->asked_at >= sizeof said)
        memcpy(&said, l->asked.data + l->asked_at, sizeof said);
    if (said.kind == 'U' && said.hash == hash)
        return false;
    listen_put_off(l, hash);
    return true;
}

/* A reply of a cluster's node; whether it counts as an answer. why: out, of no use. */
bool listen_read_node(struct listen *l, const struct link_reply *reply, const char *kind,
    const char **why)
{
    struct link *other;
    struct listen_said said;

    if (!strcmp(kind, "sunsubscribe") && listen_is_taken_back(l, reply))
        return false;
    said = listen_answered(l);
    if (link_reply_type(reply) != LINK_ERROR)
        return true;
    if (!link_map_told(l->link, link_reply_text(reply, NULL), &other)) {
        err_ignore(link_reply_error(link_reply_text(reply, NULL))); /* logs it */
        *why = "refused by Redis";
    } else if (said.kind == 'S') {
        listen_put_off(l, said.hash);
    }
    return true;
}
