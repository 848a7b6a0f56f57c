#include "workers/hub_topics.h"

#include "base/err.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 64

/* FNV-1a: names are made by us, of users who have passed authentication. */
static uint32_t hash_name(const char *name, size_t len)
{
    uint32_t h = 2166136261u;

    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)name[i]) * 16777619u;
    return h ^ (h >> 15);
}

int hub_topics_init(struct hub_topics *table, struct hub *hub)
{
    table->hub = hub;
    table->size = FIRST_SIZE;
    table->count = 0;
    table->slots = calloc(table->size, sizeof(*table->slots));
    return table->slots ? 0 : ERR_NOMEM;
}

void hub_topics_fini(struct hub_topics *table)
{
    for (size_t i = 0; table->slots && i < table->size; i++) {
        while (table->slots[i]) {
            struct hub_topic *t = table->slots[i];
            table->slots[i] = t->chain;
            free(t);
        }
    }
    free(table->slots);
    table->slots = NULL;
}

struct hub_topic *hub_topics_find(const struct hub_topics *table, const char *name, size_t len)
{
    uint32_t hash = hash_name(name, len);
    struct hub_topic *t = table->slots[hash & (table->size - 1)];

    while (t && (t->hash != hash || t->name_len != len || memcmp(t->name, name, len) != 0))
        t = t->chain;
    return t;
}

static void grow(struct hub_topics *table)
{
    size_t size = table->size * 2;
    struct hub_topic **slots = calloc(size, sizeof(*slots));

    if (!slots)
        return; /* longer chains, nothing worse */
    for (size_t i = 0; i < table->size; i++) {
        while (table->slots[i]) {
            struct hub_topic *t = table->slots[i];
            table->slots[i] = t->chain;
            t->chain = slots[t->hash & (size - 1)];
            slots[t->hash & (size - 1)] = t;
        }
    }
    free(table->slots);
    table->slots = slots;
    table->size = size;
}

struct hub_topic *hub_topics_add(
    struct hub_topics *table, const char *name, size_t len, bool session)
{
    struct hub_topic *t = calloc(1, sizeof(*t) + len + 1), **slot;

    if (!t)
        return NULL;
    if (table->count >= table->size)
        grow(table);
    memcpy(t->name, name, len);
    t->name_len = (uint16_t)len;
    t->hash = hash_name(name, len);
    t->hub = table->hub;
    t->session = session;
    slot = &table->slots[t->hash & (table->size - 1)];
    t->chain = *slot;
    *slot = t;
    table->count++;
    return t;
}

void hub_topics_drop(struct hub_topics *table, struct hub_topic *topic)
{
    struct hub_topic **at = &table->slots[topic->hash & (table->size - 1)];

    while (*at != topic)
        at = &(*at)->chain;
    *at = topic->chain;
    table->count--;
    free(topic);
}

struct hub_topic *hub_topics_next(const struct hub_topics *table, const struct hub_topic *topic)
{
    size_t i = 0;

    if (topic) {
        if (topic->chain)
            return topic->chain;
        i = (topic->hash & (table->size - 1)) + 1;
    }
    for (; i < table->size; i++) {
        if (table->slots[i])
            return table->slots[i];
    }
    return NULL;
}
