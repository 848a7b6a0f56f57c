/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_STORE_FIND_PARTS_H
#define TURNPIKE_STORE_FIND_PARTS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/jdoc.h"
#include "store/find.h"

#include <stdbool.h>

/*
 * find_parts -- what the files of find share:
 *
 *   find        the question, its answer, what is shown of a message
 *   find_index  brings the index up to date
 */
#define FIND_MESSAGE_BYTES 65536 /* of a message's text; what is behind them is not looked at */

struct find_state {
    bool complete, indexing;
};
/* Returns 0, ERR_NOMEM, ERR_STORE*. */
MUST_CHECK int find_refresh(struct store *s, const char *uid, struct find_state *out);

/* What a user's or assistant's message says, its text parts on lines of their own. Returns false
 * for all others. */
bool find_text(const jdoc *message, struct buf *out);

#endif
