/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_WORD_SET_H
#define TURNPIKE_TOOLS_KIT_WORD_SET_H

#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * word_set -- the distinct words of texts, folded, as the terms of a search: ASCII letters small,
 * letters beyond ASCII as they are, a plural's s dropped, words that carry nothing left out.
 */
struct word_set {
    struct arena *arena;
    const char **list;
    size_t count, max; /* what is beyond max is not indexed */
    bool failed;       /* out of memory */
    bool all; /* set after word_set_init: every word in order, also repeated and empty ones,
                          and "," for punctuation */
};
MUST_CHECK int word_set_init(struct word_set *w, struct arena *arena, size_t max);
/* Each word of the text, behind the prefix. NULL text: nothing. */
void word_set_add(struct word_set *w, const char *prefix, const char *text);
/* The whole text as one term: "Fraser Island" -> PREFIX"fraser-island". */
void word_set_add_whole(struct word_set *w, const char *prefix, const char *text);
bool word_set_has(const struct word_set *w, const char *word);
/* Is every word of a in b? True when a is empty. */
bool word_set_within(const struct word_set *a, const struct word_set *b);
/* Separated by blanks, in the arena; NULL = out of memory. */
const char *word_set_joined(const struct word_set *w);

#endif
