/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/keyuses.h"

#include "store/keys.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

int keyuses_put(struct store *s, const struct keyuse_told *uses, size_t count)
{
    struct link_arg args[3 + 2 * KEYUSES_BATCH] = {link_text("ZADD"), link_text(KEYS_KEYUSES),
        link_text("GT")};
    char ids[KEYUSES_BATCH][17], times[KEYUSES_BATCH][24];
    int error;

    if (count > KEYUSES_BATCH)
        return ERR_LIMIT;
    if (count == 0)
        return 0;
    for (size_t i = 0; i < count; i++) {
        snprintf(ids[i], sizeof ids[i], "%016" PRIx64, uses[i].id);
        snprintf(times[i], sizeof times[i], "%" PRId64, uses[i].used_ms);
        args[3 + 2 * i] = link_text(times[i]);
        args[4 + 2 * i] = link_text(ids[i]);
    }
    error = link_call(s->link, args, 3 + 2 * count, NULL);
    if (!error)
        error =
            link_command(s->link, NULL, "ZREMRANGEBYRANK " KEYS_KEYUSES " 0 %d", -KEYUSES_MAX - 1);
    return error;
}

static int keyuses_compare(const void *a, const void *b)
{
    const struct keyuses_entry *x = a, *y = b;

    return (x->id > y->id) - (x->id < y->id);
}

int keyuses_read(struct store *s, struct keyuses *out)
{
    struct link_reply *r = NULL;
    int error = link_command(s->link, &r, "ZRANGE " KEYS_KEYUSES " 0 -1 WITHSCORES");

    *out = (struct keyuses){0};
    if (!error && link_reply_count(r) > 1 &&
        !(out->entries = calloc(link_reply_count(r) / 2, sizeof *out->entries)))
        error = ERR_NOMEM;
    for (size_t i = 0; !error && i + 1 < link_reply_count(r); i += 2)
        out->entries[out->count++] =
            (struct keyuses_entry){.id = strtoull(link_reply_text(link_reply_at(r, i), NULL), NULL,
                                       16),
                .used_ms = strtoll(link_reply_text(link_reply_at(r, i + 1), NULL), NULL, 10)};
    link_reply_free(r);
    if (out->entries && out->count > 1)
        qsort(out->entries, out->count, sizeof *out->entries, keyuses_compare);
    return error;
}

int64_t keyuses_find(const struct keyuses *k, uint64_t id)
{
    const struct keyuses_entry wanted = {.id = id}, *found = NULL;

    if (k->count > 0)
        found = bsearch(&wanted, k->entries, k->count, sizeof wanted, keyuses_compare);
    return found ? found->used_ms : 0;
}

void keyuses_free(struct keyuses *k)
{
    free(k->entries);
    *k = (struct keyuses){0};
}
