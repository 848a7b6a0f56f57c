/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_HOUSEKEEPER_KEYUSE_DESK_H
#define TURNPIKE_WORKERS_HOUSEKEEPER_KEYUSE_DESK_H

#include "process/keyuse.h"
#include "store/store.h"

#include <stddef.h>
#include <stdint.h>

/*
 * keyuse_desk -- writes to Redis when the API keys of this machine were last used
 * (process/keyuse.h, store/keyuses.h): a key's first use within two seconds, later ones at most
 * once a minute. While Redis is away the times wait. Used by the housekeeper.
 */
struct keyuse_desk { /* zeroed, but for the first two */
    struct store *store;
    struct keyuse *uses;
    unsigned long long seen; /* of uses->changes */
    size_t left;             /* uses that wait for their minute */
    int64_t look_ms;         /* monotonic: the next look */
};
/* mono_ms, real_ms: now. Returns when to come again. */
int64_t keyuse_desk_step(struct keyuse_desk *d, int64_t mono_ms, int64_t real_ms);
/* The process ends: what is not written yet is, whenever it is due. */
void keyuse_desk_leave(struct keyuse_desk *d);

#endif
