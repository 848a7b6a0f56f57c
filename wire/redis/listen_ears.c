/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/redis/listen_ears.h"

#include "base/err.h"

#include <stdlib.h>
#include <string.h>

#define LISTEN_EARS_FIRST 64

/* FNV-1a: names are made by us, of users who have passed authentication. */
uint32_t listen_ears_hash(const char *channel, size_t len)
{
    uint32_t hash = 2166136261u;

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)channel[i]) * 16777619u;
    return hash ^ (hash >> 15);
}

static struct listen_ear **listen_ears_bucket(const struct listen_ears *e, uint32_t hash)
{
    return &e->table[hash & (e->size - 1)];
}

int listen_ears_init(struct listen_ears *e)
{
    e->size = LISTEN_EARS_FIRST;
    e->table = calloc(e->size, sizeof *e->table);
    return e->table ? 0 : ERR_NOMEM;
}

void listen_ears_fini(struct listen_ears *e)
{
    free(e->table);
}

static void listen_ears_grow(struct listen_ears *e)
{
    struct listen_ear **old = e->table, **table = calloc(e->size * 2, sizeof *table);
    size_t size = e->size;

    if (!table)
        return; /* longer chains, nothing worse */
    e->table = table;
    e->size *= 2;
    for (size_t i = 0; i < size; i++) {
        for (struct listen_ear *ear = old[i], *next; ear; ear = next) {
            struct listen_ear **bucket = listen_ears_bucket(e, ear->hash);

            next = ear->next;
            ear->next = *bucket;
            *bucket = ear;
        }
    }
    free(old);
}

void listen_ears_add(struct listen_ears *e, struct listen_ear *ear)
{
    struct listen_ear **bucket;

    if (e->count >= e->size && !e->in_use)
        listen_ears_grow(e);
    ear->hash = listen_ears_hash(ear->channel, strlen(ear->channel));
    bucket = listen_ears_bucket(e, ear->hash);
    ear->next = *bucket;
    ear->added = true;
    *bucket = ear;
    e->count++;
}

void listen_ears_remove(struct listen_ears *e, struct listen_ear *ear)
{
    struct listen_ear **at = listen_ears_bucket(e, ear->hash);

    while (*at != ear)
        at = &(*at)->next;
    *at = ear->next;
    ear->added = false;
    e->count--;
}

struct listen_ear *listen_ears_same(struct listen_ear *ear, uint32_t hash, const char *channel,
    size_t len)
{
    while (ear &&
        (ear->hash != hash || strlen(ear->channel) != len ||
            memcmp(ear->channel, channel, len) != 0))
        ear = ear->next;
    return ear;
}

struct listen_ear *listen_ears_find(const struct listen_ears *e, const char *channel, size_t len)
{
    uint32_t hash = listen_ears_hash(channel, len);

    return listen_ears_same(*listen_ears_bucket(e, hash), hash, channel, len);
}

struct listen_ear *listen_ears_next(const struct listen_ears *e, const struct listen_ear *ear)
{
    size_t i = ear ? (ear->hash & (e->size - 1)) + 1 : 0;

    if (ear && ear->next)
        return ear->next;
    while (i < e->size && !e->table[i])
        i++;
    return i < e->size ? e->table[i] : NULL;
}

struct listen_ear *listen_ears_first(const struct listen_ears *e, uint32_t hash)
{
    return *listen_ears_bucket(e, hash);
}
