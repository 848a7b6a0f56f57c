/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_STORE_WEBHOOKS_H
#define TURNPIKE_STORE_WEBHOOKS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/ident.h"
#include "store/store.h"

#include <stddef.h>
#include <stdint.h>

/*
 * webhooks -- the ends of turns that a URL must hear of, and the claims of housekeepers that tell
 * it. The truth is the turn's own hash: it has the URL from the start, so whichever script ends the
 * turn makes the delivery due in the same step. tp:hint:webhooks says where to look: a worker
 * writes a member "UID TURN" before the turn begins, and a housekeeper drops it after the last
 * word. A stale one does no harm.
 */
#define WEBHOOKS_URL_MAX 2000
#define WEBHOOKS_TRIES 8
#define WEBHOOKS_LEASE_MS 20000 /* of a try: longer than its timeout */

struct webhooks_hint {
    char uid[IDENT_USER_MAX + 1], turn[IDENT_UUID_SIZE];
};

/* Turn worker, before turns_begin. Returns 0, ERR_FULL (setting webhook.queue), ERR_STORE*. */
MUST_CHECK int webhooks_expect(struct store *s, const char *uid, const char *turn);

/*
 * webhooks_due -- hints to look at, oldest first, divided among users; no other housekeeper is told
 * of them for WEBHOOKS_LEASE_MS. Returns 0 or an ERR_STORE* error.
 */
struct webhooks_look {
    size_t max;              /* most hints */
    const char *const *full; /* users of whom none are wanted now */
    size_t full_count;       /* <= WEBHOOKS_FULL_MAX */
};
#define WEBHOOKS_FULL_MAX 8
MUST_CHECK int webhooks_due(struct store *s, const struct webhooks_look *look,
    struct webhooks_hint *out, size_t *count);
/* The hint's next look is in wait_ms; below 0 drops it. Nobody waits for it. */
void webhooks_later(struct store *s, const struct webhooks_hint *hint, int64_t wait_ms);

/* One try of one delivery. */
struct webhooks_try {
    struct webhooks_hint of;
    char token[IDENT_UUID_SIZE]; /* of this claim */
    char url[WEBHOOKS_URL_MAX + 1];
    char traceparent[IDENT_TRACEPARENT_SIZE]; /* of the turn; "" = not known */
    unsigned number;                          /* from 1 to WEBHOOKS_TRIES */
    int status; /* that the receiver answered, 0 = none; for webhooks_settle */
};
/*
 * webhooks_claim -- of two claimers one gets it, for WEBHOOKS_LEASE_MS.
 * Returns 0; ERR_NOT_FOUND (nothing to send any more); ERR_NOT_YET (not yet, or another one's:
 * wait_ms); ERR_STORE*.
 */
MUST_CHECK int webhooks_claim(struct store *s, const struct webhooks_hint *hint,
    struct webhooks_try *out, int64_t *wait_ms);

enum webhooks_outcome { WEBHOOKS_AGAIN, WEBHOOKS_DELIVERED, WEBHOOKS_GONE, WEBHOOKS_FAILED };
/* What became of it; wait_ms: until the next try, for WEBHOOKS_AGAIN. Moves or drops the hint too.
 * Returns 0, ERR_FENCED (the claim ran out and another one has it), ERR_STORE*. */
MUST_CHECK int webhooks_settle(struct store *s, const struct webhooks_try *t,
    enum webhooks_outcome outcome, int64_t wait_ms);
/*
 * webhooks_describe -- {"state","tries","last_status"?,"next_try_at"?,"settled_at"?} of a turn's
 * delivery, appended to json; nothing when the turn has no webhook. Returns 0, ERR_STORE* or
 * ERR_NOMEM.
 */
MUST_CHECK int webhooks_describe(struct store *s, const char *uid, const char *turn,
    struct buf *json);

#endif
