/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_STORE_KEPT_ANSWERS_H
#define TURNPIKE_STORE_KEPT_ANSWERS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/ident.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * kept_answers -- answers that depend on no user and no time, for all users of the site
 * (agent/turn_cache.c says which). No question, no user's id is in it: an entry's name is a digest
 * of the question and all that shapes its answer, and a user is a mark that only this entry has.
 * Turn and api workers, the operator's command.
 *
 * Bounded: cache.entries keys, each a hash of at most KEPT_ANSWERS_BYTES and some hundred bytes
 * beside them, chosen by the digest; in a cluster they are in all slots. Each expires by itself
 * after cache.ttl. A question that falls on another's key takes it, unless that one is told to
 * others already.
 */
#define KEPT_ANSWERS_BYTES 16384
#define KEPT_ANSWERS_MARK_SIZE 17
/* Of a drop: a turn that looked before it offers in vain, as it does not know it. */
#define KEPT_ANSWERS_SEEN_SIZE IDENT_UUID_SIZE

/*
 * kept_answers_get -- what is kept under this name, once cache.users users had it asked. Waits
 * cache.wait at most. When Redis is away or late, nobody of this process asks again for five
 * seconds.
 *   seen  out: for kept_answers_offer, also when nothing is kept
 *   json  out, in the arena: as it was offered
 * Returns 0, ERR_NOT_FOUND, ERR_NOMEM, ERR_STORE* or ERR_INTERNAL (Redis holds something else
 * there).
 */
MUST_CHECK int kept_answers_get(struct store *s, const char *entry,
    char seen[KEPT_ANSWERS_SEEN_SIZE], struct arena *arena, const char **json);
/* A user got this answer of a model, asked after the look that has set `seen`. Sent without
 * waiting; one that is too long is not kept. Returns whether it was sent. */
struct kept_answers_offered {
    const char *entry, *mark, *seen;
    const char *json;
    size_t len;
};
bool kept_answers_offer(struct store *s, const struct kept_answers_offered *what);
/* Somebody found the answer bad: nobody gets it any more, nor what turns that are under way get of
 * the model. Returns 0 or ERR_STORE*. */
MUST_CHECK int kept_answers_drop(struct store *s, const char *entry);

/* ---- for the operator ---- */

struct kept_answers_sums {
    int64_t kept, told, bytes; /* entries; those that others may get; of their answers */
};
MUST_CHECK int kept_answers_show(struct store *s, struct kept_answers_sums *out);
/* All of them, also those of a larger cache.entries of before, and what turns that are under way
 * would offer. Returns 0 or ERR_STORE*. */
MUST_CHECK int kept_answers_clear(struct store *s);

#endif
