/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_HOUSEKEEPER_BLAME_DESK_H
#define TURNPIKE_WORKERS_HOUSEKEEPER_BLAME_DESK_H

#include "process/blame.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * blame_desk -- how machines tell each other of the work in which workers died (process/blame.h):
 * by the sorted set KEYS_BLAMED and by notices. This machine's own marks hold without it.
 * Process: housekeeper.
 */
struct blame_desk {
    struct store *store; /* borrowed */
    struct blame *blame; /* of the scoreboard */
    int64_t look_ms;     /* monotonic: when to read the set */
};
/* A mark of this machine, for the others. One that Redis does not take is logged and forgotten. */
void blame_desk_tell(struct blame_desk *d, const struct blame_mark *mark);
/* Marks may have been missed: the next step reads the set. */
void blame_desk_look(struct blame_desk *d);
/* Reads the set when it is time to. now_ms: monotonic. */
void blame_desk_step(struct blame_desk *d, int64_t now_ms);

#endif
