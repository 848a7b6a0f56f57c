/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_MODEL_PIECES_H
#define TURNPIKE_AGENT_MODEL_PIECES_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * pieces -- characters that a model's server has split over two events: the bytes of one character
 * (invalid UTF-8 in both events), or the two halves of an escaped surrogate pair. pieces_mark
 * makes such an event's JSON valid by standing a private character for each piece; pieces_join
 * puts the character together again when the rest has come. Used by turn workers; pure
 * computation.
 *
 * The private characters are the last 2,176 of Unicode's private use plane 16. One that really
 * stands in a text is marked byte by byte, so nothing is lost.
 */
struct pieces { /* of one text; zeroed = nothing is held */
    unsigned char bytes[4];
    size_t count;
    unsigned high; /* first half of a surrogate pair, 0 = none */
};

/*
 * pieces_mark -- Fills out with the event's JSON, its pieces marked. Returns true when there was
 * any; false: the text can be read as it is. Whether out fitted, buf_error tells.
 */
bool pieces_mark(const char *json, size_t len, struct buf *out);
static inline bool pieces_held(const struct pieces *p)
{
    return p->count || p->high;
}
/* Appends what is whole; holds what is not. A piece without its other part becomes U+FFFD. */
void pieces_join(struct pieces *p, const char *text, size_t len, struct buf *out);
/* The text ended: U+FFFD for what is still held. */
void pieces_end(struct pieces *p, struct buf *out);

#endif
