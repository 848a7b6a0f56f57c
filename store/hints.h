/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_STORE_HINTS_H
#define TURNPIKE_STORE_HINTS_H

#include "base/err.h"
#include "base/ident.h"
#include "store/keys.h"
#include "store/store.h"

#include <stdbool.h>
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

/*
 * In a cluster each set of hints (KEYS_HINT_*) is in parts, by the slot of the user: a user's part
 * is on the user's node. So users of other nodes need not wait for one that is away, and a replica
 * that takes over with something of a user has the hint that was written before it. Where slots
 * have moved, a hint stays where it is until it is due: hints_bring_home.
 */
void hints_open(struct store *s);            /* of store_open */
unsigned hints_parts(const struct store *s); /* 1 without a cluster */
void hints_part(char out[KEYS_MAX], const struct store *s, const char *hints, unsigned part);
/* The one that holds this member: "UID ..." or "UID". */
void hints_key(char out[KEYS_MAX], const struct store *s, const char *hints, const char *member);
/*
 * A walk through the parts, beginning with another one each time; zeroed before the first:
 *
 *     while (hints_next(s, hints, &walk, part))
 *         hints_walked(s, &walk, part, a call for part);
 *
 * It leaves out parts whose node is away, unless all are, and begins with no part when it has taken
 * redis.timeout: a cluster that is down must not hold the caller for as many timeouts as there are
 * parts.
 */
struct hints_walk {
    unsigned at;
    unsigned part;             /* the number of the one that it has come to: hints_part */
    int64_t began_ms, part_ms; /* monotonic: the walk, its last part */
    bool all;                  /* none is left out */
    int error;                 /* of the last part that was left out, or came to nothing */
    bool any;                  /* some part has answered */
};
bool hints_next(struct store *s, const char *hints, struct hints_walk *w, char part[KEYS_MAX]);
void hints_walked(struct store *s, struct hints_walk *w, const char *part, int error);
/*
 * What a call for this key came to. After ERR_STORE its node is away for HINTS_AWAY_MS or until it
 * answers: hints_is_away tells so of a user. Of no effect without a cluster.
 */
#define HINTS_AWAY_MS 3000
void hints_told(struct store *s, const char *key, int error);
void hints_told_user(struct store *s, const char *uid, int error);
bool hints_is_away(const struct store *s, const char *uid);
bool hints_part_has_gone(const struct store *s, unsigned part); /* the same of a part */
/* Has it been away, or slow, within the last ms? Workers may not have reached it either. */
bool hints_has_failed(const struct store *s, const char *uid, int64_t ms);
/* As hints_set, and on its way before what the caller does next can begin. In a cluster it has
 * been taken then; when the node of its part is away, by another part. */
MUST_CHECK int hints_set_before(struct store *s, const char *hints, const char *uid,
    const char *member, int64_t due_ms);
/*
 * A member that was found due in `part`, and may belong into another one: it comes there, due now;
 * or with its score, unless it is there already. While its user's node is away it stays: then who
 * found it puts it off where it is (hints_put_off), so that it does not hide others there.
 */
void hints_bring_home(struct store *s, const char *hints, const char *part, const char *member);
void hints_carry_home(struct store *s, const char *hints, const char *part, const char *member);
/*
 * hints_due -- users of a set whose members are users, at most `max` of them, whose time has come.
 * Each is put off by lease_ms: that long nobody else gets it. Returns 0, or ERR_STORE* when no part
 * had any and one could not be asked.
 */
struct hints_due {
    char uid[IDENT_USER_MAX + 1];
    int64_t score; /* for hints_later */
};
struct hints_due_want {
    const char *hints; /* KEYS_HINT_* */
    int lease_ms;
    size_t max; /* of what `out` has room for */
};
MUST_CHECK int hints_due(struct store *s, const struct hints_due_want *want, struct hints_due *out,
    size_t *count);
/*
 * Puts a member off until wait_ms from now; below 0 drops it. Only while its score is `score`: one
 * that was written anew meanwhile is of something later, and stays. Sent without waiting for the
 * answer.
 */
void hints_later(struct store *s, const char *hints, const char *member, int64_t score,
    int64_t wait_ms);
/*
 * It is at home: it leaves the part where it had this score (in Redis' words), unless somebody has
 * given it another one there. Two that disagree about its home may carry it in opposite directions.
 * Each looks, after it has removed one, whether the other is there: who removes last puts it back.
 */
void hints_leave(struct store *s, const char *part, const char *home, const char *member,
    const char *score);
/* Due in ms from now, in this part. */
MUST_CHECK int hints_put_off(struct store *s, const char *part, const char *member, int64_t ms);
/* In a cluster: hints that were written without one, and came along with its data, go to their
 * parts. Housekeeper, from time to time. */
MUST_CHECK int hints_spread(struct store *s);

/* A member, here and of KEYS_HINT_WEBHOOKS: "UID TURN". */
#define HINTS_MEMBER_SIZE (IDENT_USER_MAX + 1 + IDENT_UUID_SIZE)
void hints_member(char out[HINTS_MEMBER_SIZE], const char *uid, const char *turn);
/* Returns 0 or ERR_INVALID. */
MUST_CHECK int hints_member_read(const char *text, size_t len, char uid[IDENT_USER_MAX + 1],
    char turn[IDENT_UUID_SIZE]);

#endif
