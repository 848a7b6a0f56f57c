/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_PERSON_EXPORT_H
#define TURNPIKE_TOOLS_PERSON_EXPORT_H

#include "base/err.h"
#include "base/jdoc.h"
#include "store/store.h"

#include <stddef.h>
#include <stdint.h>

/*
 * export -- everything stored for a user as one JSON document: every family of records, the
 * sessions with their messages, the context. Any process that has a store.
 *
 *   max  bytes of the document; what is larger is cut to the newest of each kind, `complete` is
 *        false then, and `counts` (what there is) and `included` (what is here) differ
 *   out  {user, exported_at, complete, counts, included, records, sessions, context}; the caller's
 * Returns 0, ERR_LIMIT (max is too small for any), or a fault.
 */
MUST_CHECK int export_user(struct store *s, const char *uid, int64_t now_ms, size_t max,
    jdoc **out);

#endif
