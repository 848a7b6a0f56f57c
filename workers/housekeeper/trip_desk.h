/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_HOUSEKEEPER_TRIP_DESK_H
#define TURNPIKE_WORKERS_HOUSEKEEPER_TRIP_DESK_H

#include "store/store.h"

#include <stdint.h>

/*
 * trip_desk -- tells members of shared trips what whoever acted could not tell them: its worker
 * died behind the script, or the node of a member was away (store/trips.h). Used by the
 * housekeeper.
 */
struct trip_desk {
    struct store *store; /* borrowed */
    int64_t look_ms;
};
/* Delivers for some owners. mono_ms: clock_mono_ms. Returns when to come again. */
int64_t trip_desk_step(struct trip_desk *d, int64_t mono_ms);

#endif
