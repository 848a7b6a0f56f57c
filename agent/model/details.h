/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_MODEL_DETAILS_H
#define TURNPIKE_AGENT_MODEL_DETAILS_H

#include "agent/model/pieces.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/jdoc.h"

#include <stdbool.h>

/*
 * details -- the list `reasoning_details` that OpenRouter puts beside an answer's thoughts and
 * wants back unchanged with the calls that they led to: signatures, encrypted thoughts, summaries
 * (openrouter.ai/docs/use-cases/reasoning-tokens, "Preserving reasoning", November 2026). A stream
 * gives the items in pieces, which become whole again here: neighbours of one type and index are
 * one item, its text joined. Used by turn workers; pure computation.
 */
#define DETAILS_MAX (256 * 1024) /* bytes; a longer list is not kept at all */

struct details {     /* zeroed = empty */
    struct buf done; /* whole items as JSON, divided by commas */
    jdoc *item;      /* the open one, without its text */
    const char *key; /* of its text: "text", "summary", "data"; NULL = it has none */
    struct buf text;
    struct pieces pieces;
    bool said; /* the open item has a text, perhaps an empty one */
    bool too_long;
};

/*
 * details_add -- one delta's list.
 *   marked  the delta has pieces of characters (pieces_mark)
 * Returns 0 or ERR_NOMEM.
 */
MUST_CHECK int details_add(struct details *d, const jdoc *list, bool marked);
bool details_any(const struct details *d);
/* Appends the items so far as JSON, divided by commas, and empties the list; nothing when it was
 * too long. Returns 0 or ERR_NOMEM. */
MUST_CHECK int details_take(struct details *d, struct buf *json);
void details_reset(struct details *d); /* keeps the buffers */
void details_fini(struct details *d);

#endif
