/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_MEALS_DIET_H
#define TURNPIKE_TOOLS_MEALS_DIET_H

#include "base/err.h"
#include "tools/kit/run.h"
#include "tools/meals/allergen.h"

/*
 * diet -- may this user eat that? Strict: an allergy or a restriction is looked for in the words of
 * every ingredient (allergen.h), an allergy in the recipe's name, too; a recipe whose ingredients
 * are not known, or are in letters that cannot be read, is refused while there is an allergy; a
 * restriction that says nothing about ingredients ("low carb") is kept only by recipes that are
 * marked with it. It is a filter over texts, not a doctor: what a page leaves out of its list
 * cannot be seen, and diet_note says so.
 */
#define DIET_RULES_MAX 160
struct diet {
    struct arena *arena;
    struct diet_rule {
        const char *name; /* as the user wrote it */
        bool is_allergy, is_dislike;
        bool is_no_food; /* an allergy to a medicine, pollen, ...: in no meal */
        struct allergen_rule what;
    } rules[DIET_RULES_MAX];
    size_t count;
};

enum diet_kind { DIET_ALLERGY, DIET_RESTRICTION, DIET_DISLIKE };
/*
 * diet_read -- what manage_dietary_prefs has stored (family "diet", id "prefs"), and the allergies
 * and conditions of the emergency information (family "emergency_info", id "me"). Returns 0 or a
 * fault.
 */
MUST_CHECK int diet_read(struct tools_run *run, struct diet *out);
/* The lists of a record of family "diet" alone. */
MUST_CHECK int diet_of(struct diet *out, struct arena *arena, const jdoc *prefs);
/* Texts of a list as further rules. A text that speaks of an allergy is one in every list. Returns
 * 0, ERR_LIMIT or ERR_NOMEM. */
MUST_CHECK int diet_add(struct diet *d, const jdoc *list, enum diet_kind kind);
/*
 * diet_refuses -- why the recipe (ingredients, dietary_tags) must not be offered: the rule's name;
 * NULL when it may. disliked: out, may be NULL: it holds something that is not liked.
 */
const char *diet_refuses(const struct diet *d, const jdoc *recipe, bool *disliked);
/* The same for one line: an ingredient, or a thing in the pantry. */
const char *diet_refuses_line(const struct diet *d, const char *line);
/*
 * diet_unclear -- what nobody can tell of a recipe while there is an allergy: lines that name a
 * product with unknown contents ("curry paste") or no food of the tables, and a name that speaks of
 * gluten where no ingredient does. *out: an array, the caller's; NULL when there is none. Returns 0
 * or ERR_NOMEM.
 */
MUST_CHECK int diet_unclear(const struct diet *d, const jdoc *recipe, jdoc **out);
/*
 * diet_no_foods -- says, as diet_note does, which allergies are to no food: they are kept, and are
 * looked for in no meal. For the answer to who has told them.
 */
const char *diet_no_foods(const struct diet *d);
/*
 * diet_note -- what was looked for, what could not be, and what nobody can see: sentences for a
 * message, each with a blank in front; "" when there is no allergy, no rule of a rite (halal,
 * kosher) and no restriction whose foods are unknown. In the arena; NULL on no memory.
 */
const char *diet_note(const struct diet *d);
/* Names of what is looked for on account of allergies, and the allergies that no rule knows.
 * Arrays, the caller's. Returns 0 or ERR_NOMEM. */
MUST_CHECK int diet_lists(const struct diet *d, jdoc **watched, jdoc **not_watched);

#endif
