#ifndef TURNPIKE_STORE_HINTS_H
#define TURNPIKE_STORE_HINTS_H

#include "base/err.h"
#include "base/ident.h"
#include "store/store.h"

#include <stdint.h>

/*
 * hints -- tp:hint:leases: which turns a housekeeper should look at, and when (Redis' time). The
 * set is in another slot than the turns, so no script can write both. A hint is written before the
 * fact and dropped after it; a stale one does no harm, as the truth is in the turn. All of this
 * uses the pipeline, and nobody waits for it.
 */
/*
 * due_ms: from now; 0 = now, exactly by Redis' clock. Returns 0 when it is on its way, in front of
 * the next command, or ERR_STORE.
 */
MUST_CHECK int hints_set(struct store *s, const char *uid, const char *turn, int64_t due_ms);
void hints_drop(struct store *s, const char *uid, const char *turn);
/* A script has just told Redis' clock (real time, ms): for a minute a hint that is not due now
 * needs no script that reads the clock. */
void hints_clock(struct store *s, int64_t redis_ms);
/* A pending turn: a hint that is due now, then the call that wakes a housekeeper. */
void hints_announce(struct store *s, const char *uid, const char *turn);

/* A member, here and of KEYS_HINT_WEBHOOKS: "UID TURN". */
#define HINTS_MEMBER_SIZE (IDENT_USER_MAX + 1 + IDENT_UUID_SIZE)
void hints_member(char out[HINTS_MEMBER_SIZE], const char *uid, const char *turn);
/* Returns 0 or ERR_INVALID. */
MUST_CHECK int hints_member_read(const char *text, size_t len, char uid[IDENT_USER_MAX + 1],
    char turn[IDENT_UUID_SIZE]);

#endif
