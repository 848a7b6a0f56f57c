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

/*
 * kept_answers_get -- what is kept under this name, once cache.users users had it asked. Waits
 * cache.wait at most. When Redis is away or late, nobody of this process asks again for five
 * seconds.
 *   json  out, in the arena: as it was offered
 * Returns 0, ERR_NOT_FOUND, ERR_NOMEM, ERR_STORE* or ERR_INTERNAL (Redis holds something else
 * there).
 */
MUST_CHECK int kept_answers_get(struct store *s, const char *entry, struct arena *arena,
    const char **json);
/* A user got this answer of a model. Sent without waiting; one that is too long is not kept.
 * Returns whether it was sent. */
bool kept_answers_offer(struct store *s, const char *entry, const char *mark, const char *json,
    size_t len);
/* Somebody found the answer bad: nobody gets it any more. Returns 0 or ERR_STORE*. */
MUST_CHECK int kept_answers_drop(struct store *s, const char *entry);

/* ---- for the operator ---- */

struct kept_answers_sums {
    int64_t kept, told, bytes; /* entries; those that others may get; of their answers */
};
MUST_CHECK int kept_answers_show(struct store *s, struct kept_answers_sums *out);
/* All of them. Returns 0 or ERR_STORE*. */
MUST_CHECK int kept_answers_clear(struct store *s);

#endif
