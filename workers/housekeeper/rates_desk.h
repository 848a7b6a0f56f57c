/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_HOUSEKEEPER_RATES_DESK_H
#define TURNPIKE_WORKERS_HOUSEKEEPER_RATES_DESK_H

#include "base/err.h"
#include "store/store.h"

#include <stdint.h>

/*
 * rates_desk -- fetches exchange rates from rates.url into Redis (store/rates_kept.h), so that no
 * tool waits for them: at the start and every rates.refresh, unless another machine has just done
 * so. While the provider is away, or says what is not the form, the rates that are there stay. Used
 * by the housekeeper.
 */
struct rates_desk;

/* store, reactor: borrowed. Returns 0 or ERR_NOMEM. */
MUST_CHECK int rates_desk_new(struct rates_desk **out, struct store *store,
    struct reactor *reactor);
void rates_desk_free(struct rates_desk *d); /* NULL allowed */
/* Begins what is due. mono_ms: clock_mono_ms. Returns when to come again. */
int64_t rates_desk_step(struct rates_desk *d, int64_t mono_ms);

#endif
