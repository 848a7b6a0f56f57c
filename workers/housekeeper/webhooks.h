/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_HOUSEKEEPER_WEBHOOKS_H
#define TURNPIKE_WORKERS_HOUSEKEEPER_WEBHOOKS_H

#include "base/conf.h"
#include "base/err.h"
#include "base/ident.h"
#include "base/reactor.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * webhooks_desk -- tells URLs of the end of turns: at least once, each try by one housekeeper of
 * all, again after a failure, WEBHOOKS_TRIES times in all. Used by the housekeeper.
 */
struct webhooks_desk;

/* store, reactor: borrowed. Returns 0 or ERR_NOMEM. */
MUST_CHECK int webhooks_desk_new(struct webhooks_desk **out, struct store *store,
    struct reactor *reactor);
/* What is on its way is left; another housekeeper sends it again when the claim has run out. */
void webhooks_desk_free(struct webhooks_desk *d); /* NULL allowed */
/* A turn has ended: its delivery is the next that is looked at. */
void webhooks_desk_wake(struct webhooks_desk *d, const char *uid, const char *turn);
/* Begins what is due. mono_ms: clock_mono_ms. Returns when to come again. */
int64_t webhooks_desk_step(struct webhooks_desk *d, int64_t mono_ms);
/* Deliveries on their way. */
size_t webhooks_desk_open(const struct webhooks_desk *d);

/* From try `number`, which failed, to the next one. retry_after_ms: the receiver's wish, or -1. */
int64_t webhooks_back_off(unsigned number, int64_t retry_after_ms);
/* The header Turnpike-Signature of this body: "v1=" and HMAC-SHA256(secret, "ID.SECONDS.BODY"). */
#define WEBHOOKS_SIGNATURE_SIZE (3 + IDENT_SHA256_SIZE)
MUST_CHECK int webhooks_sign(const char *secret, const char *id, int64_t seconds, const char *body,
    size_t len, char out[WEBHOOKS_SIGNATURE_SIZE]);

#endif
