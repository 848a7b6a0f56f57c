/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_STORE_PUSHES_H
#define TURNPIKE_STORE_PUSHES_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/ident.h"
#include "store/hints.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * pushes -- web pushes: the browsers of a user that subscribed, and what waits for them. The script
 * that writes an inbox entry, or ends a turn, also makes the deliveries due (lib_push.lua).
 * tp:hint:pushes says where to look: a member UID is written before the fact, by pushes_expect, and
 * dropped by a housekeeper that finds nothing left. A stale one does no harm.
 * Used by api and turn workers and the housekeeper.
 */
#define PUSHES_SUBSCRIPTIONS_MAX 20 /* of one user */
#define PUSHES_ENDPOINT_MAX 1000    /* bytes */
#define PUSHES_NAME_MAX 100         /* bytes */
#define PUSHES_ID_SIZE 33

/* Before an entry is written or a turn ends that may be pushed; nobody waits for it. Nothing
 * without push.key. */
void pushes_expect(struct store *s, const char *uid);

/* ---- subscriptions ---- */

/* The id of this endpoint as a subscription of this user. Pure. */
void pushes_id(const char *uid, const char *endpoint, char out[PUSHES_ID_SIZE]);
/* json: members endpoint, p256dh, auth, events, confirmed_ms, name?, ends_ms? (real time: the
 * browser's expirationTime), by: the mark of the credential that subscribed (auth_mark.h; before
 * there was one, none). Returns 0 or ERR_STORE*. */
MUST_CHECK int pushes_subscribe(struct store *s, const char *uid, const char *id, const char *json);
/* Returns 0, ERR_NOT_FOUND, ERR_STORE*. */
MUST_CHECK int pushes_forget(struct store *s, const char *uid, const char *id);
/*
 * pushes_list -- appends the elements of a JSON array, {"id","endpoint","events","confirmed_at",
 * "name"?,"expires_at"?} each: without the keys, which only sending needs, and without those whose
 * time is over. count: out. Returns 0, ERR_STORE* or ERR_NOMEM.
 */
MUST_CHECK int pushes_list(struct store *s, const char *uid, struct buf *out, size_t *count);

/* ---- sending, by the housekeeper ---- */

#define PUSHES_LEASE_MS 20000 /* of a try: longer than its timeout */
#define PUSHES_TRIES 6
#define PUSHES_CLAIM_MAX 8

/* Users for whom something is due: hints_due. */
MUST_CHECK int pushes_due(struct store *s, struct hints_due *out, size_t max, size_t *count);
void pushes_later(struct store *s, const struct hints_due *hint, int64_t wait_ms);

#define PUSHES_MEMBER_SIZE 128
struct pushes_try {
    char uid[IDENT_USER_MAX + 1];
    char member[PUSHES_MEMBER_SIZE]; /* ITEM SUBSCRIPTION */
    int64_t until_ms;                /* of the claim, Redis' time */
    unsigned number;                 /* from 1 to PUSHES_TRIES */
    const char *item, *subscription; /* JSON, of the arena */
};
/*
 * pushes_claim -- deliveries to one user that are due; of two claimers one gets each, for
 * PUSHES_LEASE_MS.
 *   out  wait_ms: until the next one is due, 0 = there are more; -1 = none waits
 * Returns 0, ERR_NOMEM or ERR_STORE*.
 */
struct pushes_claimed {
    struct pushes_try tries[PUSHES_CLAIM_MAX];
    size_t max; /* in: at most PUSHES_CLAIM_MAX */
    size_t count;
    int64_t wait_ms;
};
MUST_CHECK int pushes_claim(struct store *s, const char *uid, struct arena *arena,
    struct pushes_claimed *out);
/*
 * pushes_settle -- what became of it. GONE: the push service knows the subscription no more, or its
 * time is over. FAILED: this push is given up. When PUSHES_FAILING_COUNT have failed, for
 * PUSHES_FAILING_MS, with none delivered between, the subscription goes.
 *   wait_ms  for AGAIN
 *   removed  out, for FAILED: it went now
 * Returns 0, ERR_FENCED (the claim ran out and another one has it), ERR_STORE*.
 */
#define PUSHES_FAILING_COUNT 3
#define PUSHES_FAILING_MS INT64_C(604800000) /* a week */
enum pushes_outcome { PUSHES_AGAIN, PUSHES_DONE, PUSHES_FAILED, PUSHES_GONE };
MUST_CHECK int pushes_settle(struct store *s, const struct pushes_try *t,
    enum pushes_outcome outcome, int64_t wait_ms, bool *removed);

#endif
