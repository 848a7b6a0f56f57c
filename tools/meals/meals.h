/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_MEALS_MEALS_H
#define TURNPIKE_TOOLS_MEALS_MEALS_H

#include "base/err.h"
#include "store/shared.h"
#include "tools/kit/run.h"
#include "tools/kit/word_set.h"
#include "tools/meals/diet.h"

/*
 * meals -- what the files of the family share. Records: "recipe" by when it was saved, "pantry" by
 * when it was added, "meal_plan" by its first day, "shopping_list", "diet" (one, id "prefs").
 * Recipes given to friends: shared family "recipe-for:UID"; to all: shared family "recipe".
 */
#define MEALS_RECIPES_MAX 2000 /* saved by one user */
#define MEALS_PANTRY_MAX 1000  /* things in it */
#define MEALS_STOCK_MAX 200    /* of them looked at for a plan or a list: those that expire first */

struct meals_recipe {
    jdoc *doc;          /* freed with the arena */
    const char *source; /* "own", "friend", "community" */
    bool disliked;      /* something is in it that the user does not like */
};
struct meals_recipes {
    struct meals_recipe *all;
    size_t count, max;
    size_t refused;         /* left out by the diet */
    const char *refused_by; /* the first rule that did it */
    size_t unknown;         /* of those left out: their ingredients are not known */
    bool more;              /* the user has recipes that were not looked at */
};
/* Which of the user's own, when there are more than max (at most 200). */
struct meals_wish {
    size_t max;
    const char *said;         /* those with most of these words; NULL or "": none */
    const char *const *types; /* then the newest of each of these meals; NULL: of all */
    size_t type_count;
};
/*
 * meals_collect -- the user's recipes and those that friends shared; with shared_terms also public
 * ones with these words (NULL: none; empty: the newest). Those that the diet refuses are left out.
 */
MUST_CHECK int meals_collect(struct tools_run *run, const struct diet *diet,
    const struct meals_wish *wish, const struct word_set *shared_terms, struct meals_recipes *out);

/* How many the diet left out and why, as sentences with a blank in front; "" = none. In the arena;
 * NULL on no memory. */
const char *meals_left_out(struct tools_run *run, const struct meals_recipes *all);
/* That of so many recipes something is not known (diet_unclear), in the same form. */
const char *meals_ask(struct tools_run *run, size_t unclear);

/* Minutes that it takes: total, else preparation; -1 = unknown. */
int64_t meals_minutes(const jdoc *recipe);

/* One thing of the pantry. */
struct meals_stock {
    const char *id, *name;
    bool has_amount;
    double amount; /* in the units of ingredient.h */
    char unit[16];
    int64_t expiry_ms; /* the end of its last day; INT64_MAX = none */
};
/* What has not expired, at most MEALS_STOCK_MAX; more: out, there is more than that. */
MUST_CHECK int meals_pantry(struct tools_run *run, struct meals_stock **out, size_t *count,
    bool *more);

#endif
