/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/redis/link_parts.h"

#include "base/err.h"

#include <stdlib.h>
#include <string.h>

void link_accept_replicas(struct link *l)
{
    l->any_role = true;
}

bool link_is_attached(const struct link *l)
{
    return l->reactor != NULL;
}

unsigned link_generation(const struct link *l)
{
    return l->generation;
}

/* The links of a cluster's nodes, one after the other: NULL at the end. */
static const struct link *link_next(const struct link *l, size_t *at)
{
    while (*at < l->map->count && !l->map->nodes[*at]->link)
        ++*at;
    return *at < l->map->count ? l->map->nodes[(*at)++]->link : NULL;
}

int link_fd(const struct link *l)
{
    const struct link *node;
    int fd = l->fd;

    if (link_is_face(l))
        for (size_t at = 0; fd < 0 && (node = link_next(l, &at));)
            fd = node->fd;
    return fd;
}

size_t link_calls(const struct link *l)
{
    const struct link *node;
    size_t sum = l->calls;

    if (link_is_face(l))
        for (size_t at = 0; (node = link_next(l, &at));)
            sum += node->calls;
    return sum;
}

uint64_t link_raw_sent(const struct link *l)
{
    const struct link *node;
    uint64_t sum = l->raw_sent;

    if (link_is_face(l))
        for (size_t at = 0; (node = link_next(l, &at));)
            sum += node->raw_sent;
    return sum;
}

size_t link_outstanding(const struct link *l)
{
    return l->ring_len - l->ring_marks + (l->unproved_reply != NULL);
}

/* ---- a cluster ---- */

unsigned link_slot(const struct link *l, const char *key)
{
    return l->map ? slots_of(key, strlen(key)) : 0;
}

struct link *link_at(struct link *l, unsigned slot)
{
    struct link *to = link_is_face(l) ? link_map_link(l, slot) : NULL;

    return to ? to : l;
}

size_t link_guard(const struct link *l, const char *key, char out[LINK_GUARD_MAX])
{
    return l->map ? slots_guard(key, strlen(key), out) : 0;
}

bool link_is_cluster(const struct link *l)
{
    return l->map != NULL;
}

struct link *link_primary(struct link *l, size_t i)
{
    if (!link_is_face(l))
        return i ? NULL : l;
    if (link_map_ensure(l))
        return NULL;
    for (size_t at = 0; at < l->map->count; at++)
        if (l->map->nodes[at]->primary && !i--)
            return link_map_named(l, &l->map->nodes[at]->address, "");
    return NULL;
}

unsigned link_map_version(const struct link *l)
{
    return l->map ? l->map->version : 0;
}

int link_new_plain(struct link **out, const struct conf *conf)
{
    struct link *l = calloc(1, sizeof *l);

    *out = NULL;
    if (!l)
        return ERR_NOMEM;
    l->in = malloc(LINK_READ_SIZE);
    if (!l->in) {
        free(l);
        return ERR_NOMEM;
    }
    l->conf = conf;
    l->fd = -1;
    *out = l;
    return 0;
}

int link_new(struct link **out, const struct conf *conf)
{
    int error = link_new_plain(out, conf);

    if (!error && *conf->redis_cluster && (error = link_map_new(*out))) {
        link_free(*out);
        *out = NULL;
    }
    return error;
}

void link_free(struct link *l)
{
    if (!l)
        return;
    if (link_is_face(l))
        link_map_free(l);
    link_disconnect(l, NULL);
    link_asks_free(l);
    if (l->reactor && !l->node)
        tasks_hook_remove(&l->hook);
    buf_free(&l->out);
    buf_free(&l->scratch);
    free(l->ring);
    free(l->in);
    free(l);
}
