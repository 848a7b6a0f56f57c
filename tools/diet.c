#include "tools/diet.h"

#include "base/err.h"
#include "tools/keep.h"
#include "tools/words.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define LINE_WORDS 120 /* of 300 bytes */

/* Words that mean the group, singular as words.h leaves them. */
static const struct group { const char *names, *words; } groups[] = {
    { "nut nuts tree_nut tree_nuts",
        "nut almond cashew walnut pecan hazelnut pistachio macadamia brazil praline marzipan "
        "frangipane nutella pesto gianduja chestnut pinenut" },
    { "peanut peanuts groundnut", "peanut groundnut satay" },
    { "dairy milk lactose", "milk cheese butter cream yoghurt yogurt ghee feta parmesan mozzarella "
        "cheddar ricotta mascarpone buttermilk custard whey casein halloumi brie camembert kefir "
        "quark haloumi gouda gruyere" },
    { "egg eggs", "egg mayonnaise mayo meringue aioli albumen eggnog" },
    { "gluten wheat coeliac celiac", "flour wheat bread pasta noodle spaghetti couscous barley rye "
        "semolina breadcrumb panko tortilla cracker seitan bulgur spelt malt macaroni penne lasagne "
        "lasagna fettuccine linguine ramen udon farro bun baguette pastry beer biscuit oat cake "
        "weetbix vermicelli dumpling wonton gnocchi crouton pita naan filo phyllo" },
    { "soy soya", "soy soya tofu tempeh edamame miso tamari" },
    { "fish", "fish salmon tuna cod anchovy sardine mackerel trout barramundi snapper haddock "
        "halibut tilapia worcestershire bass swordfish kipper hake" },
    { "shellfish crustacean crustaceans seafood mollusc molluscs", "shrimp prawn crab lobster "
        "crayfish oyster mussel clam scallop squid calamari octopus yabby bug langoustine" },
    { "sesame", "sesame tahini hummus halva houmous" },
    { "meat", "beef pork chicken lamb mutton bacon ham turkey duck veal sausage mince salami "
        "prosciutto chorizo steak kangaroo venison goat pancetta pepperoni liver meat meatball "
        "rabbit lard broth stock" },
    { "pork", "pork bacon ham prosciutto chorizo pancetta salami lard pepperoni gammon" },
    { "gelatin gelatine", "gelatin gelatine marshmallow" }, { "honey", "honey" },
    { "alcohol", "wine beer rum brandy whisky whiskey vodka gin sherry liqueur cider bourbon" },
    { "mustard", "mustard" }, { "celery", "celery celeriac" }, { "mushroom mushrooms", "mushroom" },
    { "lupin", "lupin" }, { "sulphite sulphites sulfite sulfites", "wine sultana apricot" },
};
#define GROUPS (sizeof groups / sizeof *groups)

/* Which groups a restriction forbids. */
static const struct { const char *name, *groups; } restrictions[] = {
    { "vegan", "meat fish shellfish dairy egg gelatin honey" },
    { "vegetarian", "meat fish shellfish gelatin" }, { "pescatarian", "meat gelatin" },
    { "gluten_free", "gluten" }, { "dairy_free", "dairy" }, { "lactose_free", "dairy" },
    { "nut_free", "nut peanut" }, { "peanut_free", "peanut" }, { "egg_free", "egg" },
    { "soy_free", "soy" }, { "halal", "pork alcohol gelatin" },
    { "kosher", "pork shellfish gelatin" }, { "fish_free", "fish" },
    { "shellfish_free", "shellfish" }, { "sesame_free", "sesame" },
};

static bool in_list(const char *list, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = list; *at != '\0'; at += strspn(at, " ")) {
        size_t len = strcspn(at, " ");
        if (len == n && strncmp(at, word, n) == 0)
            return true;
        at += len;
    }
    return false;
}

/* "Gluten free" and "gluten-free" -> "gluten_free" */
static void fold(const char *text, char *out, size_t size)
{
    size_t len = 0;
    for (; *text != '\0' && len + 1 < size; text++) {
        char c = (char)tolower((unsigned char)*text);
        if (c == ' ' || c == '-')
            c = '_';
        if (c != '_' || (len > 0 && out[len - 1] != '_'))
            out[len++] = c;
    }
    while (len > 0 && out[len - 1] == '_')
        len--;
    out[len] = '\0';
}

static const struct group *find_group(const char *name)
{
    for (size_t i = 0; i < GROUPS; i++)
        if (in_list(groups[i].names, name))
            return &groups[i];
    return NULL;
}

/* "milk" of "coconut milk" is none of an animal; "butter" of "peanut butter" neither. */
static bool is_plant_form(const char *before, const char *word)
{
    return in_list("milk cream butter yoghurt yogurt cheese mince sausage stock broth mayonnaise",
               word)
        && in_list("coconut almond oat soy soya rice cashew peanut nut cocoa vegan plant plantbased "
                   "vegetable vege hemp mushroom", before);
}

/* Wheat's words also name what is made from other grain. */
static bool is_other_grain(const char *before, const char *word)
{
    return in_list("flour noodle pasta bread cracker vermicelli cake tortilla", word)
        && in_list("rice corn buckwheat almond coconut chickpea tapioca potato lentil", before);
}

/* Does a line of the ingredients name the group? "Gluten free" holds to the end of its phrase. */
static bool line_has(const struct words *line, const struct group *g)
{
    bool gluten = in_list(g->names, "gluten"), is_free = false;
    for (size_t i = 0; i < line->count; i++) {
        const char *word = line->list[i], *before = i > 0 ? line->list[i - 1] : "";
        if (in_list(", and or with plus", word))
            is_free = false;
        else if (i + 1 < line->count && strcmp(line->list[i + 1], "free") == 0
            && in_list(g->names, word))
            is_free = true;
        if (is_free || !in_list(g->words, word))
            continue;
        if (is_plant_form(before, word) && !in_list(g->words, before))
            continue;
        if (gluten && is_other_grain(before, word))
            continue;
        return true;
    }
    return false;
}

/* A rule's own words ("kiwi fruit") all in the line. */
static bool line_names(const struct words *line, const char *name, struct arena *arena)
{
    struct words own;
    if (words_init(&own, arena, 8) != 0)
        return true; /* rather too strict */
    words_add(&own, "", name);
    return own.count > 0 && words_within(&own, line);
}

static bool forbids(const struct words *line, const struct group *g, const char *name,
    struct arena *arena)
{
    return g != NULL ? line_has(line, g) : line_names(line, name, arena);
}

/* Is it against the rule, in this line? handled: the rule says something about ingredients. */
static bool breaks(const struct words *line, const struct diet_rule *rule, struct arena *arena,
    bool *handled)
{
    char name[64];
    fold(rule->name, name, sizeof name);
    *handled = true;
    if (rule->is_allergy || rule->is_dislike) {
        const struct group *g = rule->is_allergy || strchr(name, '_') == NULL ? find_group(name) : NULL;
        return forbids(line, g, rule->name, arena);
    }
    for (size_t i = 0; i < sizeof restrictions / sizeof *restrictions; i++) {
        if (strcmp(restrictions[i].name, name) != 0)
            continue;
        for (size_t k = 0; k < GROUPS; k++) {
            char first[32];
            snprintf(first, sizeof first, "%.*s", (int)strcspn(groups[k].names, " "),
                groups[k].names);
            if (in_list(restrictions[i].groups, first) && line_has(line, &groups[k]))
                return true;
        }
        return false;
    }
    *handled = false;
    return false;
}

static bool has_tag(const jdoc *recipe, const char *rule)
{
    char wanted[64], tag[64];
    const jdoc *tags = jdoc_get(recipe, "dietary_tags");
    fold(rule, wanted, sizeof wanted);
    for (size_t i = 0; i < jdoc_length(tags); i++) {
        const char *one = jdoc_string(jdoc_at(tags, i), NULL);
        fold(one != NULL ? one : "", tag, sizeof tag);
        if (strcmp(tag, wanted) == 0)
            return true;
    }
    return false;
}

static bool recipe_breaks(const struct diet *d, const struct diet_rule *rule, const jdoc *recipe)
{
    const jdoc *lines = jdoc_get(recipe, "ingredients");
    struct words none = { .arena = d->arena };
    bool handled = true;
    size_t count = jdoc_length(lines);
    if (count == 0 && rule->is_allergy)
        return true;
    for (size_t i = 0; i < count; i++) {
        struct words line;
        if (words_init(&line, d->arena, LINE_WORDS) != 0)
            return true;
        line.all = true;
        words_add(&line, "", jdoc_string(jdoc_at(lines, i), NULL));
        if (breaks(&line, rule, d->arena, &handled))
            return true;
    }
    if (count == 0)
        breaks(&none, rule, d->arena, &handled);
    return (!handled || count == 0) && !rule->is_dislike && !has_tag(recipe, rule->name);
}

const char *diet_refuses(const struct diet *d, const jdoc *recipe, bool *disliked)
{
    if (disliked != NULL)
        *disliked = false;
    for (size_t i = 0; i < d->count; i++) {
        if (!recipe_breaks(d, &d->rules[i], recipe))
            continue;
        if (!d->rules[i].is_dislike)
            return d->rules[i].name;
        if (disliked != NULL)
            *disliked = true;
    }
    return NULL;
}

bool diet_has_allergy(const struct diet *d)
{
    for (size_t i = 0; i < d->count; i++)
        if (d->rules[i].is_allergy)
            return true;
    return false;
}

int diet_add(struct diet *d, const jdoc *list, bool is_allergy, bool is_dislike)
{
    for (size_t i = 0; i < jdoc_length(list); i++) {
        const char *name = jdoc_string(jdoc_at(list, i), NULL);
        if (name == NULL || name[0] == '\0')
            continue;
        if (d->count == DIET_RULES_MAX)
            return ERR_LIMIT;
        name = arena_strdup(d->arena, name);
        if (name == NULL)
            return ERR_NOMEM;
        d->rules[d->count++] = (struct diet_rule){ .name = name, .is_allergy = is_allergy,
            .is_dislike = is_dislike };
    }
    return 0;
}

int diet_read(struct tools_run *run, struct diet *out)
{
    jdoc *prefs = NULL;
    memset(out, 0, sizeof *out);
    out->arena = run->arena;
    int result = keep_get(run, "diet", "prefs", &prefs, NULL);
    if (result == ERR_NOT_FOUND)
        return 0;
    if (result == 0)
        result = diet_add(out, jdoc_get(prefs, "allergies"), true, false);
    if (result == 0)
        result = diet_add(out, jdoc_get(prefs, "dietary_restrictions"), false, false);
    if (result == 0)
        result = diet_add(out, jdoc_get(prefs, "disliked_ingredients"), false, true);
    jdoc_free(prefs);
    return result;
}
