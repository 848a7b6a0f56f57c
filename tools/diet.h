#ifndef TURNPIKE_TOOLS_DIET_H
#define TURNPIKE_TOOLS_DIET_H

#include "tools/tools.h"

/*
 * diet -- may this user eat that? Strict: an allergy or a restriction is looked for in the words of
 * every ingredient, by groups ("nuts" are almonds, cashews, ...); a recipe whose ingredients are
 * not known is refused while there is an allergy; a restriction that says nothing about ingredients
 * ("low_carb") is kept only by recipes that are marked with it. It is a filter over texts, not a
 * doctor: what a page leaves out of its list cannot be seen.
 */
#define DIET_RULES_MAX 96
struct diet {
    struct arena *arena;
    struct diet_rule {
        const char *name;       /* as the user wrote it */
        bool is_allergy, is_dislike;
    } rules[DIET_RULES_MAX];
    size_t count;
};

/* What manage_dietary_prefs has stored. Record: family "diet", id "prefs". Returns 0 or a fault. */
int diet_read(struct tools_run *run, struct diet *out);
/* Texts of a list as further rules. */
int diet_add(struct diet *d, const jdoc *list, bool is_allergy, bool is_dislike);
/*
 * diet_refuses -- why the recipe (ingredients, dietary_tags) must not be offered: the rule's name;
 * NULL when it may. disliked: out, may be NULL: it holds something that is not liked.
 */
const char *diet_refuses(const struct diet *d, const jdoc *recipe, bool *disliked);
bool diet_has_allergy(const struct diet *d);

#endif
