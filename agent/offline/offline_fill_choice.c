/* SPDX-License-Identifier: BSD-2-Clause */
/* Slots of a closed set: the members of an enum, categories, languages. */
#include "agent/offline/offline_fill.h"

#include <stdio.h>
#include <string.h>

/* ---- members of the schema's own list ---- */

/* Tokens from i on that spell the member, '_' and blank alike; 0 = they do not. */
static size_t offline_fill_spells(const struct offline_fill *f, size_t i, const char *member)
{
    size_t n = 0;

    if (offline_fill_is(f, i, member))
        return 1;
    for (const char *p = member; *p; n++) {
        size_t len = strcspn(p, "_");
        const struct offline_token *k = &f->speech->tokens.list[i + n];
        size_t have = strlen(k->low);
        if (!offline_fill_free(f, i + n) || k->kind != OFFLINE_WORD || have < len ||
            strncmp(k->low, p, len) != 0 ||
            (have > len && !(have == len + 1 && k->low[len] == 's' && !p[len])))
            return 0;
        p += len + (p[len] == '_');
    }
    return n;
}

static const jdoc *offline_fill_members(const struct offline_fill *f, const char *name)
{
    const jdoc *property = offline_fill_property(f, name), *items = jdoc_get(property, "items");

    return jdoc_get(items ? items : property, "enum");
}

/* The next member that is said; the tokens also count when the intent has used them. */
static const char *offline_fill_member(struct offline_fill *f, const char *name, size_t *at)
{
    const jdoc *members = offline_fill_members(f, name);

    for (; *at < f->speech->tokens.count; ++*at)
        for (size_t m = 0; m < jdoc_length(members); m++) {
            const char *member = jdoc_string(jdoc_at(members, m), NULL);
            size_t n = member ? offline_fill_spells(f, *at, member) : 0;
            if (!n)
                continue;
            for (size_t k = 0; k < n; k++)
                f->used[*at + k] = true;
            *at += n;
            return member;
        }
    return NULL;
}

static void offline_fill_enum(struct offline_fill *f, const struct offline_slot_spec *slot,
    bool list)
{
    size_t at = 0;
    const char *member = offline_fill_member(f, slot->name, &at), *second;
    jdoc *all;

    if (!member)
        return;
    if (!list) {
        second = offline_fill_member(f, slot->name, &at);
        f->vague |= second && strcmp(second, member) != 0;
        offline_fill_put_text(f, slot->name, member);
        return;
    }
    if (!(all = jdoc_new_array()))
        return;
    for (; member; member = offline_fill_member(f, slot->name, &at))
        f->vague |= jdoc_push(all, jdoc_new_string(member, strlen(member))) != 0;
    offline_fill_put(f, slot->name, all);
}

/* ---- kinds of spending ---- */

/* What the tokens that no slot has taken say, in English. */
static void offline_fill_english(const struct offline_fill *f, char *out, size_t size,
    size_t *first, size_t *last)
{
    size_t len = 0;

    *out = 0;
    *first = SIZE_MAX;
    for (size_t i = 0; i < f->speech->tokens.count && len + OFFLINE_WORD_SIZE + 2 < size; i++) {
        const struct offline_token *k = &f->speech->tokens.list[i];
        if (f->used[i] || (k->kind != OFFLINE_WORD && k->kind != OFFLINE_QUOTE) ||
            k->mark == OFFLINE_MARK_LIGHT)
            continue;
        if (*first == SIZE_MAX)
            *first = i;
        *last = i;
        len += (size_t)snprintf(out + len, size - len, "%s%s", len ? " " : "",
            k->low + (*k->low == '~'));
    }
}

static void offline_fill_category(struct offline_fill *f, const struct offline_slot_spec *slot,
    bool list)
{
    char words[OFFLINE_TEXT_MAX];
    size_t first, last = 0;
    bool whole;

    offline_fill_english(f, words, sizeof words, &first, &last);
    if (!*words)
        return;
    const char *category = offline_category(words, &whole);
    if (!category) {
        snprintf(f->problem, sizeof f->problem,
            "\"%s\" can be counted under more than one heading. Which one is it?", words);
        return;
    }
    if (slot->optional || slot->strict) { /* nothing else may be said */
        if (!*category || !whole)
            return; /* is left over */
        for (size_t i = first; i <= last; i++)
            f->used[i] = true;
    }
    if (list) {
        jdoc *all = jdoc_new_array();
        f->vague |= !all || jdoc_push(all, jdoc_new_string(category, strlen(category))) != 0;
        offline_fill_put(f, slot->name, all);
        return;
    }
    if (f->strict_money && !*category) {
        f->problem[0] = 0;
        snprintf(f->problem, sizeof f->problem, "Is that an amount of money that you spent?");
        return;
    }
    offline_fill_put_text(f, slot->name, *category ? category : "other");
}

/* ---- kinds of things to do and to get ---- */

static const struct {
    const char *words, *category;
} offline_fill_tasks[] = {
    {"sell|declutter|donate|furniture|garage|storage|clothes|downsizing", "downsizing"},
    {"lease|contract|legal|will|passport|passports|visa|licence|license|registration|insurance|rego|"
     "notary|attorney",
        "legal"},
    {"bank|loan|mortgage|taxes|tax|savings|financial|account|debt", "financial"},
    {"vehicle|van|tyres|brakes|oil|carpart|service|maintenance|engine|solar", "vehicle"},
    {"goodbye|party|farewell|social", "social"},
};

static void offline_fill_task(struct offline_fill *f, const struct offline_slot_spec *slot)
{
    size_t at = 0;
    const char *member = NULL;

    for (; at < f->speech->tokens.count && !member; at++)
        if (!f->used[at]) {
            const jdoc *members = offline_fill_members(f, slot->name);
            for (size_t m = 0; m < jdoc_length(members) && !member; m++)
                if (offline_fill_is(f, at, jdoc_string(jdoc_at(members, m), NULL)))
                    member = jdoc_string(jdoc_at(members, m), NULL);
        }
    bool reads = f->spec && f->spec->effect == TOOLS_READ;
    if (reads && member)
        f->used[at - 1] = true;
    for (size_t k = 0;
         k < sizeof offline_fill_tasks / sizeof *offline_fill_tasks && !member && !reads; k++)
        for (at = 0; at < f->speech->tokens.count && !member; at++)
            if (!f->used[at] && offline_fill_is(f, at, offline_fill_tasks[k].words))
                member = offline_fill_tasks[k].category;
    if (member || !reads)
        offline_fill_put_text(f, slot->name, member ? member : "custom");
}

static void offline_fill_gear(struct offline_fill *f, const struct offline_slot_spec *slot)
{
    static const struct {
        const char *words, *category;
    } kinds[] = {{"recovery|tracks|winch|shackle|snatch|strap", "recovery"},
        {"stove|pan|pot|fridge|pantry|kettle|cooker|kitchen|cutlery", "kitchen"},
        {"solar|battery|inverter|panel|panels|generator|power|carpart", "power"},
        {"fan|heater|aircon|climate|awning", "climate"},
        {"extinguisher|aid|alarm|safety|vest|detector", "safety"},
        {"chair|chairs|mattress|pillow|comfort|blanket|tent", "comfort"}};
    const char *found = NULL;

    if (offline_fill_find(f, "essential") != SIZE_MAX)
        offline_fill_put(f, "is_essential", jdoc_new_bool(true));
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds && !found; k++)
        if (offline_fill_find(f, kinds[k].words) != SIZE_MAX)
            found = kinds[k].category;
    offline_fill_put_text(f, slot->name, found ? found : "other");
}

/* ---- others ---- */

static void offline_fill_diets(struct offline_fill *f, const struct offline_slot_spec *slot)
{
    static const char *const diets[] = {"vegan", "vegetarian", "gluten_free", "halal", "kosher",
        "pescatarian", "lactose_free", "low_carb"};
    jdoc *all = jdoc_new_array();

    for (size_t i = 0; all && i < f->speech->tokens.count; i++)
        for (size_t k = 0; k < sizeof diets / sizeof *diets; k++)
            if (offline_fill_is(f, i, diets[k])) {
                f->used[i] = true;
                f->vague |= jdoc_push(all, jdoc_new_string(diets[k], strlen(diets[k]))) != 0;
            }
    if (jdoc_length(all))
        offline_fill_put(f, slot->name, all);
    else
        jdoc_free(all);
}

static void offline_fill_language(struct offline_fill *f, const struct offline_slot_spec *slot)
{
    static const char *const names[][2] = {{"english|englisch|ingles|anglais", "en"},
        {"german|deutsch|aleman|allemand", "de"}, {"spanish|spanisch|espanol|espagnol", "es"},
        {"french|franzosisch|frances|francais", "fr"}, {"italian", "it"}, {"portuguese", "pt"},
        {"dutch", "nl"}};

    for (size_t i = 0; i < f->speech->tokens.count; i++)
        for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
            struct offline_token one = f->speech->tokens.list[i];
            struct offline_tokens single = {.count = 1};
            offline_fold(one.low + (*one.low == '~'), single.list[0].low, OFFLINE_WORD_SIZE);
            if (f->used[i] || !offline_tokens_is(&single, 0, names[k][0]))
                continue;
            f->used[i] = true;
            offline_fill_put_text(f, slot->name, names[k][1]);
            return;
        }
}

/* "in the fridge": the word for the place, as the user said it. */
static void offline_fill_kept(struct offline_fill *f, const struct offline_slot_spec *slot)
{
    static const char *const words[][2] = {{"fridge", "fridge"}, {"freezer", "freezer"},
        {"kuhlschrank", "fridge"}, {"nevera", "fridge"}, {"frigo", "fridge"},
        {"refrigerateur", "fridge"}, {"gefrierfach", "freezer"}, {"congelador", "freezer"},
        {"congelateur", "freezer"}, {"cupboard", "cupboard"}};
    const struct offline_tokens *t = &f->speech->tokens;
    char text[64], folded[64];

    for (size_t i = 0; i < t->count; i++) {
        if (!offline_fill_is(f, i, "pantry"))
            continue;
        offline_tokens_text(t, i, 1, text, sizeof text);
        offline_fold(text, folded, sizeof folded);
        for (size_t k = 0; k < sizeof words / sizeof *words; k++)
            if (!strcmp(folded, words[k][0]))
                offline_fill_put_text(f, slot->name, words[k][1]);
    }
}

static void offline_fill_schedule(struct offline_fill *f, const struct offline_slot_spec *slot)
{
    for (size_t i = 0; i < f->speech->tokens.count; i++)
        if (offline_fill_is(f, i, "overdue"))
            offline_fill_put_text(f, slot->name, "overdue");
}

/* Meals are planned when meals are spoken of. */
static void offline_fill_meal_mark(struct offline_fill *f)
{
    bool meals = false;

    for (size_t i = 0; i < f->speech->tokens.count; i++)
        meals |= offline_fill_is(f, i, "planmeals|mealword|dinner|lunch|breakfast");
    f->vague |= !meals;
}

bool offline_fill_choice(struct offline_fill *f, const struct offline_slot_spec *slot)
{
    const char *type = slot->type;

    if (!strcmp(type, "enum") || !strcmp(type, "enums"))
        offline_fill_enum(f, slot, type[4] == 's');
    else if (!strcmp(type, "cat") || !strcmp(type, "cats"))
        offline_fill_category(f, slot, type[3] == 's');
    else if (!strcmp(type, "taskcat"))
        offline_fill_task(f, slot);
    else if (!strcmp(type, "gearcat"))
        offline_fill_gear(f, slot);
    else if (!strcmp(type, "diets"))
        offline_fill_diets(f, slot);
    else if (!strcmp(type, "language"))
        offline_fill_language(f, slot);
    else if (!strcmp(type, "kept"))
        offline_fill_kept(f, slot);
    else if (!strcmp(type, "schedulestatus"))
        offline_fill_schedule(f, slot);
    else if (!strcmp(type, "mealmark"))
        offline_fill_meal_mark(f);
    else
        return false;
    return true;
}
