#ifndef TURNPIKE_TOOLS_MEALS_H
#define TURNPIKE_TOOLS_MEALS_H

#include "store/shared.h"
#include "tools/diet.h"
#include "tools/tools.h"
#include "tools/words.h"

/*
 * meals -- what the files of the family share. Records: "recipe" by when it was saved, "pantry" by
 * when it was added, "meal_plan" by its first day, "shopping_list", "diet" (one, id "prefs").
 * Recipes given to friends: shared family "recipe-for:UID"; to all: shared family "recipe".
 */
#define MEALS_RECIPES_MAX 2000
#define MEALS_PANTRY_MAX 1000

struct meals_recipe {
    jdoc *doc;               /* freed with the arena */
    const char *source;      /* "own", "friend", "community" */
};
struct meals_recipes {
    struct meals_recipe *all;
    size_t count, max;
    size_t refused;          /* left out by the diet */
    const char *refused_by;  /* the first rule that did it */
};
/*
 * meals_collect -- the user's recipes and those that friends shared; with shared_terms also public
 * ones with these words (NULL: none; empty: the newest). Those that the diet refuses are left out.
 */
int meals_collect(struct tools_run *run, const struct diet *diet, const struct words *shared_terms,
    struct meals_recipes *out);

/* Minutes that it takes: total, else preparation; -1 = unknown. */
int64_t meals_minutes(const jdoc *recipe);

/* One thing of the pantry. */
struct meals_stock {
    const char *id, *name;
    bool has_amount;
    double amount;     /* in the units of ingredient.h */
    char unit[16];
    int64_t expiry_ms; /* the end of its last day; INT64_MAX = none */
};
/* All of them; what is over is left out unless with_expired. */
int meals_pantry(struct tools_run *run, bool with_expired, struct meals_stock **out, size_t *count);

#endif
