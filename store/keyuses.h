/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_STORE_KEYUSES_H
#define TURNPIKE_STORE_KEYUSES_H

#include "base/err.h"
#include "process/keyuse.h"
#include "store/store.h"

#include <stddef.h>
#include <stdint.h>

/*
 * keyuses -- the sorted set tp:keyuses: when each API key was last used, on any machine. Members
 * are ids of keys (apikey_id), scores real milliseconds. Housekeepers write it, `turnpike api-key
 * list` reads it. The most recent KEYUSES_MAX are kept.
 */
#define KEYUSES_MAX 50000
#define KEYUSES_BATCH 64

/* Of each key the later time stays. count: at most KEYUSES_BATCH. */
MUST_CHECK int keyuses_put(struct store *s, const struct keyuse_told *uses, size_t count);

struct keyuses { /* zeroed = none */
    struct keyuses_entry {
        uint64_t id;
        int64_t used_ms; /* real time */
    } * entries;
    size_t count;
};
/* All of them. out: keyuses_free, also on error. */
MUST_CHECK int keyuses_read(struct store *s, struct keyuses *out);
/* When the key was last used; 0 = it is not known that it ever was. */
int64_t keyuses_find(const struct keyuses *k, uint64_t id);
void keyuses_free(struct keyuses *k);

#endif
