/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_HOUSEKEEPER_JWKS_DESK_H
#define TURNPIKE_WORKERS_HOUSEKEEPER_JWKS_DESK_H

#include "base/conf.h"
#include "base/err.h"
#include "base/reactor.h"

#include <stdint.h>

/*
 * jwks_desk -- fetches the issuer's set of keys from jwt.jwks_url, so that workers need not: at the
 * start, every jwt.jwks_refresh, and when a token names a key that is not there, but then at most
 * once in jwt.jwks_pause. Workers read the file that it writes (process/jwks.h). While the issuer
 * is away, or says what is no set of keys, the keys that are there stay. Used by the housekeeper.
 */
struct jwks_desk;

/* conf, reactor: borrowed. Returns 0 or ERR_NOMEM. */
MUST_CHECK int jwks_desk_new(struct jwks_desk **out, const struct conf *conf,
    struct reactor *reactor);
void jwks_desk_free(struct jwks_desk *d); /* NULL allowed */
/* A token has named a key that is not there. */
void jwks_desk_wake(struct jwks_desk *d);
/* Begins what is due. mono_ms: clock_mono_ms. Returns when to come again. */
int64_t jwks_desk_step(struct jwks_desk *d, int64_t mono_ms);

#endif
