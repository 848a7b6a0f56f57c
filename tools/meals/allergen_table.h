/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_MEALS_ALLERGEN_TABLE_H
#define TURNPIKE_TOOLS_MEALS_ALLERGEN_TABLE_H

#include "base/err.h"
#include "tools/kit/word_set.h"
#include "tools/meals/allergen_words.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * allergen_table -- looks words up in allergen_words, for allergen.c alone. The tables are made
 * once in a process, by allergen_table_prepare; nothing else may be called before. Groups are
 * those of allergen_words.h; 0 = not known.
 */
enum allergen_list { ALLERGEN_NAMES, ALLERGEN_FOODS, ALLERGEN_LISTS };

#define ALLERGEN_PHRASE_MAX 4 /* words of a phrase */
#define ALLERGEN_KEY_MAX 96   /* bytes of a key, with its NUL */
#define ALLERGEN_STEM_MIN 4   /* bytes that have to stay of a word without its end */
#define ALLERGEN_SLIP_MIN 5   /* shorter words are too close to each other */

/* Returns 0 or ERR_NOMEM. */
MUST_CHECK int allergen_table_prepare(void);
/* A folded word, as it is, without the end of a plural, by a pattern, or a food as a part
 * of a longer one. */
uint64_t allergen_find_word(enum allergen_list list, const char *word);
/* The longest phrase that begins at `from`. count: out, its words. */
uint64_t allergen_find_phrase(enum allergen_list list, const struct word_set *w, size_t from,
    size_t *count);
bool allergen_is_known(enum allergen_list list, const char *key);
/*
 * allergen_find_slip -- the word of the list that differs by one letter, or by two in the wrong
 * order, and has its groups; rather one with the same first letter: "almon" is no salmon. NULL =
 * none.
 */
const char *allergen_find_slip(enum allergen_list list, const char *word, uint64_t *groups);
/* Words joined by `_`. Returns 0 or ERR_LIMIT. */
MUST_CHECK int allergen_join(const struct word_set *w, size_t from, size_t count,
    char out[ALLERGEN_KEY_MAX]);
/* Is the word one of a list with blanks between? */
bool allergen_in_list(const char *list, const char *word);

#endif
