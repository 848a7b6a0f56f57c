/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_IMPERSONAL_H
#define TURNPIKE_AGENT_IMPERSONAL_H

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>

/*
 * impersonal -- may a question and its answer be anybody's? Asked before an answer is kept for
 * other users, or one is taken (agent/turn_cache.c). It says no whenever it is in doubt: a question
 * that is refused costs a call of the model, a wrong yes gives one user another's answer.
 *
 * Yes is said only to a question of knowledge in English, German, Spanish or French: it begins as
 * one of a few forms does ("what is a", "how does a", "the difference between"), a word of the same
 * language proves which one it is, and no word of any of the four (and of some neighbours) names
 * the speaker, the present, a place of theirs, what the assistant keeps for a user, something to be
 * done, what differs from country to country, or what has a state. No name (a capital, but in
 * German), no address, no number like a telephone's, no letters of other scripts. Pure computation,
 * turn workers.
 */
#define IMPERSONAL_TEXT_MAX 300     /* bytes of a question */
#define IMPERSONAL_ANSWER_MAX 12000 /* bytes of an answer */

/* Why it may not be anybody's: "length", "characters", "form", "language", "personal", "time",
 * "record", "action", "local", "state"; NULL: it may. */
const char *impersonal_question(const char *text, size_t len);
/* "length", "asks_back" or "declines" (its first words are of the assistant itself, or regret
 * something); NULL: it may be anybody's. */
const char *impersonal_answer(const char *text, size_t len);
/* The form in which two questions are the same: one blank for any white space, none at the ends,
 * plain quotation marks and dashes. Capitals count. Returns buf_error. */
MUST_CHECK int impersonal_form(const char *text, size_t len, struct buf *out);

#endif
