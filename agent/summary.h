/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_SUMMARY_H
#define TURNPIKE_AGENT_SUMMARY_H

#include "agent/chat.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * summary -- how a conversation begins, in the words of a model: what it is asked, what of its
 * answer is kept, how later requests show it. Pure computation. Used by turn workers.
 *
 * The model gets neither the assistant's prompt nor tools, and the conversation as quoted text:
 * models that are asked in the middle of a conversation call tools, take up its tasks, or write
 * requests down that nobody made (public bug reports of assistants, 2026).
 */

/* Where a conversation may be cut in two, and at what price. */
struct summary_cuts {
    const bool *at;       /* of chat->count + 1: in front of this message of a user. No pair of a
                             call and its result is on both sides. */
    const size_t *tokens; /* of the same: estimated tokens from here on */
};
/* Of what stands behind chat->covered. Returns 0 or ERR_NOMEM. */
MUST_CHECK int summary_find_cuts(const struct chat *chat, struct arena *arena,
    struct summary_cuts *out);
/* The next cut behind `from`, at most at `to`; to when there is none. */
size_t summary_next_cut(const struct summary_cuts *cuts, size_t from, size_t to);
/*
 * summary_choose -- the first cut behind which at most `tokens` and `messages` stand, else the last
 * one, at most in front of the last message of a user. chat->covered when nothing need leave, or
 * nothing can.
 */
size_t summary_choose(const struct chat *chat, const struct summary_cuts *cuts, size_t tokens,
    size_t messages);

/* What the model is told to do. tokens: of its answer, at most. NULL without memory. */
const char *summary_instructions(int64_t tokens, struct arena *arena);
/*
 * summary_question -- the record so far and messages [from, to) of the chat, at most `max` bytes:
 * long texts are cut in their middle, more and more, and then messages are left out.
 *   before  NULL = there is no record yet
 * Returns buf_error.
 */
MUST_CHECK int summary_question(const struct chat *chat, const char *before, size_t from, size_t to,
    size_t max, struct buf *out);

/*
 * summary_clean -- what is kept of an answer: at most `max` bytes, without control characters, what
 * nobody sees, and empty lines in a row.
 *   cut  the answer ended in the middle: its last line is left out, if there are more
 * Returns 0; ERR_INVALID (nothing is left); ERR_NOMEM.
 */
MUST_CHECK int summary_clean(const char *text, size_t len, size_t max, bool cut, struct buf *out);
/* As requests show it, the same bytes for the same text. NULL without memory. */
const char *summary_shown(const char *text, struct arena *arena);

#endif
