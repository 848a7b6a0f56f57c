/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_STORE_REVOKES_H
#define TURNPIKE_STORE_REVOKES_H

#include "base/err.h"
#include "process/revoked.h"
#include "store/store.h"

#include <stdint.h>

/*
 * revokes -- the hash tp:revoked: what an administrator has ended before its time, for all
 * machines. The `turnpike` command writes it, housekeepers read it (process/revoked.h has the
 * names).
 *
 * revokes_put -- the credential counts no more. Every housekeeper hears of it at once, and finds it
 * within seconds when it does not. An entry of before only ever moves on: each time is the later
 * one.
 *   before_ms  of a user: what was issued before then
 *   until_ms   when the entry may go, as the credential has ended by itself; 0 = never
 * Returns 0; ERR_LIMIT: there are REVOKED_COUNT_MAX; or a fault of the store.
 */
MUST_CHECK int revokes_put(struct store *s, const char *name, int64_t before_ms, int64_t until_ms);
/* The credential counts again. *found: out, whether there was one. */
MUST_CHECK int revokes_forget(struct store *s, const char *name, bool *found);
/* All of them; those whose time is over are removed. out: revoked_free, also on error. */
MUST_CHECK int revokes_read(struct store *s, struct revoked *out);
/*
 * A worker starts: while no housekeeper has written the file, as after a start of the machine, it
 * does, so that no request is answered before what is revoked is known. Without Redis, which a
 * request needs too, nothing happens.
 */
void revokes_first(struct store *s);

#endif
