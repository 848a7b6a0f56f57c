/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_STORE_GEOCODES_H
#define TURNPIKE_STORE_GEOCODES_H

#include "base/arena.h"
#include "base/err.h"
#include "store/store.h"

#include <stdint.h>

/*
 * geocodes -- what the geocoder answered, for all users and machines of the site: no user's name is
 * in it. Used by turn and api workers.
 *
 * Bounded: GEOCODES_COUNT keys, chosen by a hash of the question; a question that falls on
 * another's key replaces it. Each expires by itself.
 */
#define GEOCODES_COUNT 8192
#define GEOCODES_BYTES 8192 /* an answer that is longer is not kept */

/* answer: out, in the arena. Returns 0, ERR_NOT_FOUND or ERR_STORE*. */
MUST_CHECK int geocodes_get(struct store *s, const char *question, struct arena *arena,
    const char **answer);
/* Returns 0 (also when it is too long to be kept) or ERR_STORE*. */
MUST_CHECK int geocodes_put(struct store *s, const char *question, const char *answer,
    int64_t keep_ms);

/*
 * geocodes_turn -- may the site ask now? At most one asks in interval_ms (0: everybody may).
 * Returns 0; ERR_BUSY (somebody has just asked); ERR_STORE*.
 */
MUST_CHECK int geocodes_turn(struct store *s, int64_t interval_ms);

#endif
