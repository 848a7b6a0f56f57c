/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_ENGINE_FINDER_STEM_H
#define TURNPIKE_TOOLS_ENGINE_FINDER_STEM_H

#include <stdbool.h>
#include <stddef.h>

/* finder_stem -- English words as the terms of finder's index. */
#define FINDER_TERM 24 /* bytes of a term with its end; longer words are cut */

/*
 * The next term of the text: a word in small letters without its ending; words that carry nothing
 * are left out. Moves *text on. False at the end.
 */
bool finder_stem_next(const char **text, char term[FINDER_TERM]);
/* A word in small letters that carries nothing. */
bool finder_stem_is_filler(const char *word);
/* One slip apart: a letter more, less, other, or two exchanged. Short words are never near. */
bool finder_stem_near(const char *a, const char *b);

#endif
