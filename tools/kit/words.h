#ifndef TURNPIKE_TOOLS_KIT_WORDS_H
#define TURNPIKE_TOOLS_KIT_WORDS_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * words -- the distinct words of texts, folded, as the terms of a search: ASCII letters small,
 * letters beyond ASCII as they are, a plural's s dropped, words that carry nothing left out.
 */
struct words {
    struct arena *arena;
    const char **list;
    size_t count, max; /* what is beyond max is not indexed */
    bool failed;       /* out of memory */
    bool all;          /* set after words_init: every word in order, also repeated and empty ones,
                          and "," for punctuation */
};
int words_init(struct words *w, struct arena *arena, size_t max);
/* Each word of the text, behind the prefix. NULL text: nothing. */
void words_add(struct words *w, const char *prefix, const char *text);
/* The whole text as one term: "Fraser Island" -> PREFIX"fraser-island". */
void words_add_whole(struct words *w, const char *prefix, const char *text);
bool words_has(const struct words *w, const char *word);
/* Is every word of a in b? True when a is empty. */
bool words_within(const struct words *a, const struct words *b);
/* Separated by blanks, in the arena; NULL = out of memory. */
const char *words_joined(const struct words *w);

#endif
