/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_TITLE_H
#define TURNPIKE_AGENT_TITLE_H

#include "agent/chat.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * title -- what a chat is called: by its user, by its first words, by the model. All of these are
 * text from outside. Pure computation.
 */
#define TITLE_CHARACTERS 60

/*
 * title_clean -- on one line, at most `max` characters, without what nobody sees or what turns the
 * direction of others. Returns 0; ERR_INVALID: nothing is left; ERR_NOMEM.
 */
MUST_CHECK int title_clean(const char *text, size_t len, size_t max, struct buf *out);
/* The first words of a message: its first sentence or line when that is short enough, else as many
 * whole words as have room, and "…". "" for a text of which nothing is left; NULL on no memory. */
const char *title_of_words(const char *text, struct arena *arena);

/* What the model is told to do. */
extern const char title_instructions[];
/*
 * title_is_wanted -- is it time for one? After the first answer; once more after the fourth message
 * of a chat that began with hardly a word, as with a greeting.
 */
bool title_is_wanted(const struct chat *chat);
/* What the model is shown of the conversation. Returns buf_error. */
MUST_CHECK int title_question(const struct chat *chat, struct buf *out);
/* The title in the model's answer. Returns as title_clean. */
MUST_CHECK int title_read(const char *answer, size_t len, struct buf *out);

#endif
