/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_HOUSEKEEPER_PUSH_DESK_H
#define TURNPIKE_WORKERS_HOUSEKEEPER_PUSH_DESK_H

#include "base/err.h"
#include "base/reactor.h"
#include "store/store.h"

#include <stddef.h>
#include <stdint.h>

/*
 * push_desk -- hands web pushes to push services: at least once, each try by one housekeeper of
 * all, again after a failure, PUSHES_TRIES times in all. A subscription whose credential has been
 * revoked is dropped instead. One user has a part of its places only.
 * Used by the housekeeper.
 */
struct push_desk;

/* store, reactor: borrowed. Without push.key it does nothing. Returns 0 or ERR_NOMEM. */
MUST_CHECK int push_desk_new(struct push_desk **out, struct store *store, struct reactor *reactor);
/* What is on its way is left; another housekeeper sends it again when the claim has run out. */
void push_desk_free(struct push_desk *d); /* NULL allowed */
/* Something is due for this user: it is looked at next. */
void push_desk_wake(struct push_desk *d, const char *uid);
/* Begins what is due. mono_ms: clock_mono_ms. Returns when to come again. */
int64_t push_desk_step(struct push_desk *d, int64_t mono_ms);
/* Pushes on their way. */
size_t push_desk_open(const struct push_desk *d);

/* From try `number`, which failed, to the next one. retry_after_ms: the service's wish, or -1. */
int64_t push_desk_back_off(unsigned number, int64_t retry_after_ms);

#endif
