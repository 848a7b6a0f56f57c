#ifndef TURNPIKE_STORE_HINTS_H
#define TURNPIKE_STORE_HINTS_H

#include "store/store.h"

#include <stdint.h>

/*
 * hints -- tp:hint:leases: which turns a housekeeper should look at, and when (Redis' time). In
 * another slot than the turns, so beside the scripts and never instead of the truth: a hint is
 * written before the fact and dropped after it; a stale one is harmless. All of this goes into
 * the pipeline and nobody waits for it.
 */
/*
 * due_ms: from now; 0 = now, exactly by Redis' clock. Returns 0 when it is on its way, in front of
 * what is sent next, or ERR_STORE.
 */
int hints_set(struct store *s, const char *uid, const char *turn, int64_t due_ms);
void hints_drop(struct store *s, const char *uid, const char *turn);
/* What a script just said of Redis' clock (real time, ms): for a minute a hint that is not due now
 * needs no script to read it. */
void hints_clock(struct store *s, int64_t redis_ms);
/* A pending turn: a hint that is due now, then the call that wakes a housekeeper. */
void hints_announce(struct store *s, const char *uid, const char *turn);

#define HINTS_KEY "tp:hint:leases"
#define HINTS_WAKE "tp:wake" /* channel; a message is "UID TURN" */

#endif
