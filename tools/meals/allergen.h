/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_MEALS_ALLERGEN_H
#define TURNPIKE_TOOLS_MEALS_ALLERGEN_H

#include "base/arena.h"
#include "base/err.h"
#include "tools/kit/word_set.h"
#include "tools/meals/allergen_words.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * allergen -- which allergens a text names: the words in which a user tells an allergy, and the
 * lines of a list of ingredients. Accents, case and plurals do not matter. Where it is in doubt it
 * finds too many rather than too few. Pure computation over allergen_words; the tables are made
 * once in a process.
 */

/* A line of ingredients. */
struct allergen_line {
    uint64_t groups;    /* what it may hold; ALLERGEN_VAGUE: a product with unknown contents */
    bool is_unreadable; /* in letters that no word of ours has */
    bool is_known;      /* a word of it is a food of the tables: else nobody knows what it holds */
    struct word_set words; /* folded */
};
/* Returns 0 or ERR_NOMEM. */
MUST_CHECK int allergen_line(struct arena *arena, const char *text, struct allergen_line *out);

/* What is to be looked for. */
struct allergen_rule {
    uint64_t groups;
    struct word_set *own; /* foods that are looked for by their own words; in the arena */
    size_t own_count;
    const char *unknown;  /* words that no rule knows, as the user wrote them; NULL = none */
    const char *taken_as; /* a slip of the finger was read as this word; NULL = none */
    bool says_allergy;    /* it speaks of an allergy, an intolerance, a disease */
    bool is_no_food;      /* a medicine, pollen, ... */
    bool by_rite;         /* halal, kosher: how food is made counts, which no list shows */
};
/*
 * allergen_read -- a text such as "peanut allergy", "allergic to cow's milk", "no nuts",
 * "gluten-free", "Laktoseintoleranz". Unknown words are looked for in the ingredients as they are,
 * and told. Returns 0 or ERR_NOMEM.
 */
MUST_CHECK int allergen_read(struct arena *arena, const char *text, struct allergen_rule *out);
/* Is something of the rule in the line? */
bool allergen_is_in(const struct allergen_rule *rule, const struct allergen_line *line);

#endif
