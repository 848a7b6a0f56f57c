/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/meals/diet.h"

#include "base/err.h"
#include "base/utf8.h"
#include "tools/kit/record.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define NOTE_NAMES 12 /* that a note names one by one */
#define NAME_MAX 60

/* "Gluten free" and "gluten-free" -> "gluten_free" */
static void diet_fold(const char *text, char *out, size_t size)
{
    size_t len = 0;
    for (; *text && len + 1 < size; text++) {
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

/* --- making the rules --- */

/* Does a restriction name what must not be in the ingredients, as "no nuts" and "egg-free" do?
 * Of words that nobody knows ("low carb") only a recipe's own mark tells. */
static bool diet_forbids(const struct diet_rule *rule)
{
    return rule->is_allergy || rule->is_dislike || rule->what.groups ||
        (rule->what.own_count && !rule->what.unknown);
}

static int diet_add_rule(struct diet *d, const char *name, enum diet_kind kind)
{
    struct diet_rule rule = {.is_allergy = kind == DIET_ALLERGY,
        .is_dislike = kind == DIET_DISLIKE};
    if (d->count == DIET_RULES_MAX)
        return ERR_LIMIT;
    rule.name = arena_strdup(d->arena, name);
    int error = rule.name ? allergen_read(d->arena, rule.name, &rule.what) : ERR_NOMEM;
    if (error)
        return error;
    if (rule.what.says_allergy) {
        rule.is_allergy = true;
        rule.is_dislike = false;
    }
    /* "No known allergies" says nothing. */
    bool says_nothing = !rule.what.groups && !rule.what.own_count && !rule.what.unknown;
    rule.is_no_food = rule.is_allergy && rule.what.is_no_food && says_nothing;
    rule.is_allergy &= !says_nothing;
    if (kind != DIET_ALLERGY || rule.is_allergy || rule.is_no_food)
        d->rules[d->count++] = rule;
    return 0;
}

int diet_add(struct diet *d, const jdoc *list, enum diet_kind kind)
{
    int error = 0;
    for (size_t i = 0; !error && i < jdoc_length(list); i++) {
        const char *name = jdoc_string(jdoc_at(list, i), NULL);
        if (name && *name)
            error = diet_add_rule(d, name, kind);
    }
    return error;
}

int diet_of(struct diet *out, struct arena *arena, const jdoc *prefs)
{
    memset(out, 0, sizeof *out);
    out->arena = arena;
    int error = diet_add(out, jdoc_get(prefs, "allergies"), DIET_ALLERGY);
    if (!error)
        error = diet_add(out, jdoc_get(prefs, "dietary_restrictions"), DIET_RESTRICTION);
    if (!error)
        error = diet_add(out, jdoc_get(prefs, "disliked_ingredients"), DIET_DISLIKE);
    return error;
}

/* An entry of the emergency information: a text, or an object that names it. */
static const char *diet_name_of(const jdoc *entry)
{
    static const char *const keys[] = {"name", "substance", "allergen", "allergy"};
    const char *name = jdoc_string(entry, NULL);
    bool is_object = jdoc_type(entry) == JDOC_OBJECT;
    for (size_t i = 0; !name && is_object && i < sizeof keys / sizeof *keys; i++)
        name = jdoc_string(jdoc_get(entry, keys[i]), NULL);
    return name && *name ? name : NULL;
}

/* Of conditions only those that forbid a food: "coeliac disease", not "asthma". */
static int diet_add_medical(struct diet *d, const jdoc *list, bool conditions)
{
    int error = 0;
    for (size_t i = 0; !error && i < jdoc_length(list) && d->count < DIET_RULES_MAX; i++) {
        const char *name = diet_name_of(jdoc_at(list, i));
        if (!name)
            continue;
        size_t before = d->count;
        error = diet_add_rule(d, name, DIET_ALLERGY);
        if (d->count > before && conditions && !d->rules[before].what.groups)
            d->count--;
    }
    return error;
}

int diet_read(struct tools_run *run, struct diet *out)
{
    jdoc *prefs = NULL, *emergency = NULL;
    int error = record_get(run, "diet", "prefs", &prefs, NULL);
    if (!error || error == ERR_NOT_FOUND)
        error = diet_of(out, run->arena, prefs);
    jdoc_free(prefs);
    if (error)
        return error;
    error = record_get(run, "emergency_info", "me", &emergency, NULL);
    if (error)
        return error == ERR_NOT_FOUND ? 0 : error;
    error = diet_add_medical(out, jdoc_get(emergency, "allergies"), false);
    if (!error)
        error = diet_add_medical(out, jdoc_get(emergency, "conditions"), true);
    jdoc_free(emergency);
    return error;
}

/* --- keeping them --- */

static bool diet_has_tag(const jdoc *recipe, const char *rule)
{
    char wanted[64], tag[64];
    const jdoc *tags = jdoc_get(recipe, "dietary_tags");
    diet_fold(rule, wanted, sizeof wanted);
    for (size_t i = 0; i < jdoc_length(tags); i++) {
        const char *one = jdoc_string(jdoc_at(tags, i), NULL);
        diet_fold(one ? one : "", tag, sizeof tag);
        if (!strcmp(tag, wanted))
            return true;
    }
    return false;
}

static bool diet_line_breaks(const struct diet_rule *rule, const struct allergen_line *line)
{
    if (rule->is_no_food || !diet_forbids(rule) || (rule->is_dislike && line->is_unreadable))
        return false;
    return allergen_is_in(&rule->what, line);
}

/* A recipe as it is read: its name, and its ingredients. */
struct diet_reading {
    struct allergen_line name, *lines;
    size_t count;
};

/* "Vegan carbonara" has nothing of animals, whatever it is named after. */
static uint64_t diet_named_groups(const struct allergen_line *name)
{
    const uint64_t animal = ALLERGEN_MILK | ALLERGEN_LACTOSE | ALLERGEN_EGG | ALLERGEN_FISH |
        ALLERGEN_CRUSTACEAN | ALLERGEN_MOLLUSC | ALLERGEN_MEAT | ALLERGEN_PORK | ALLERGEN_BEEF |
        ALLERGEN_CHICKEN;
    return name->groups & ~(word_set_has(&name->words, "vegan") ? animal : 0);
}

/* Of gluten the name is no proof, as a "cake" may be of any flour: diet_unclear tells of it. */
static bool diet_name_breaks(const struct diet_rule *rule, const struct allergen_line *name)
{
    struct allergen_line said = *name;
    said.groups = diet_named_groups(name) & ~ALLERGEN_GLUTEN;
    return rule->is_allergy && !name->is_unreadable && allergen_is_in(&rule->what, &said);
}

static bool diet_recipe_breaks(const struct diet_rule *rule, const jdoc *recipe,
    const struct diet_reading *read)
{
    size_t count = read->count;
    if (rule->is_no_food)
        return false;
    if ((!count && rule->is_allergy) || diet_name_breaks(rule, &read->name))
        return true;
    for (size_t i = 0; i < count; i++)
        if (diet_line_breaks(rule, &read->lines[i]))
            return true;
    return (!diet_forbids(rule) || !count) && !rule->is_dislike &&
        !diet_has_tag(recipe, rule->name);
}

/* In an arena of its own, as there are many recipes. Returns 0 or ERR_NOMEM. */
static int diet_read_recipe(struct arena *arena, const jdoc *recipe, struct diet_reading *out)
{
    const jdoc *list = jdoc_get(recipe, "ingredients");
    out->count = jdoc_length(list);
    out->lines = arena ? arena_array(arena, out->count + 1, sizeof *out->lines) : NULL;
    if (!out->lines)
        return ERR_NOMEM;
    int error = allergen_line(arena, jdoc_string(jdoc_get(recipe, "name"), NULL), &out->name);
    for (size_t i = 0; !error && i < out->count; i++)
        error = allergen_line(arena, jdoc_string(jdoc_at(list, i), NULL), &out->lines[i]);
    return error;
}

const char *diet_refuses(const struct diet *d, const jdoc *recipe, bool *disliked)
{
    struct arena *arena = d->count ? arena_new() : NULL;
    struct diet_reading read;
    const char *refused = NULL;
    if (disliked)
        *disliked = false;
    if (!d->count)
        return NULL;
    if (diet_read_recipe(arena, recipe, &read)) {
        arena_free(arena);
        return d->rules[0].name; /* rather too strict */
    }
    for (size_t i = 0; !refused && i < d->count; i++) {
        if (!diet_recipe_breaks(&d->rules[i], recipe, &read))
            continue;
        if (!d->rules[i].is_dislike)
            refused = d->rules[i].name;
        else if (disliked)
            *disliked = true;
    }
    arena_free(arena);
    return refused;
}

const char *diet_refuses_line(const struct diet *d, const char *text)
{
    struct allergen_line line;
    if (d->count && allergen_line(d->arena, text, &line))
        return d->rules[0].name;
    for (size_t i = 0; i < d->count; i++)
        if (!d->rules[i].is_dislike && diet_line_breaks(&d->rules[i], &line))
            return d->rules[i].name;
    return NULL;
}

static bool diet_has_allergy(const struct diet *d)
{
    for (size_t i = 0; i < d->count; i++)
        if (d->rules[i].is_allergy)
            return true;
    return false;
}

static int diet_push_text(jdoc **list, const char *text)
{
    if (!*list)
        *list = jdoc_new_array();
    return *list ? jdoc_push(*list, jdoc_new_string(text, strlen(text))) : ERR_NOMEM;
}

/* Does the name speak of gluten, and somebody must not eat it? */
static bool diet_is_named_for_gluten(const struct diet *d, const struct allergen_line *name)
{
    for (size_t i = 0; i < d->count; i++)
        if (d->rules[i].is_allergy && d->rules[i].what.groups & name->groups & ALLERGEN_GLUTEN)
            return true;
    return false;
}

int diet_unclear(const struct diet *d, const jdoc *recipe, jdoc **out)
{
    const jdoc *list = jdoc_get(recipe, "ingredients");
    const char *name = jdoc_string(jdoc_get(recipe, "name"), NULL);
    struct diet_reading read;
    *out = NULL;
    if (!diet_has_allergy(d))
        return 0;
    int error = diet_read_recipe(d->arena, recipe, &read);
    if (!error && diet_is_named_for_gluten(d, &read.name))
        error = diet_push_text(out, name);
    for (size_t i = 0; !error && i < read.count; i++) {
        const struct allergen_line *line = &read.lines[i];
        if (line->groups & ALLERGEN_VAGUE || (!line->is_known && line->words.count))
            error = diet_push_text(out, jdoc_string(jdoc_at(list, i), NULL));
    }
    if (!error)
        return 0;
    jdoc_free(*out);
    *out = NULL;
    return error;
}

/* --- what is said of it --- */

static int diet_push_once(jdoc *list, const char *text)
{
    char cut[NAME_MAX];
    snprintf(cut, sizeof cut, "%s", text);
    utf8_mend_end(cut);
    for (size_t i = 0; i < jdoc_length(list); i++)
        if (!strcmp(jdoc_string(jdoc_at(list, i), NULL), cut))
            return 0;
    return jdoc_push(list, jdoc_new_string(cut, strlen(cut)));
}

static int diet_list_rule(const struct diet *d, const struct diet_rule *rule, jdoc *watched,
    jdoc *not_watched)
{
    int error = 0;
    for (size_t g = 0; !error && g < ALLERGEN_GROUPS; g++)
        if (rule->what.groups & UINT64_C(1) << g)
            error = diet_push_once(watched, allergen_group_names[g]);
    for (size_t i = 0; !error && i < rule->what.own_count; i++) {
        const char *words = word_set_joined(&(struct word_set){.arena = d->arena,
            .list = rule->what.own[i].list,
            .count = rule->what.own[i].count});
        bool unknown = words && rule->what.unknown && strstr(rule->what.unknown, words);
        if (!words)
            error = ERR_NOMEM;
        else if (!unknown)
            error = diet_push_once(watched, words);
    }
    if (!error && rule->what.unknown)
        error = diet_push_once(not_watched, rule->what.unknown);
    return error;
}

int diet_lists(const struct diet *d, jdoc **watched, jdoc **not_watched)
{
    *watched = jdoc_new_array();
    *not_watched = jdoc_new_array();
    int error = *watched && *not_watched ? 0 : ERR_NOMEM;
    for (size_t i = 0; !error && i < d->count; i++)
        if (d->rules[i].is_allergy)
            error = diet_list_rule(d, &d->rules[i], *watched, *not_watched);
    if (!error)
        return 0;
    jdoc_free(*watched);
    jdoc_free(*not_watched);
    *watched = *not_watched = NULL;
    return error;
}

static void diet_put_names(struct buf *b, const jdoc *list, const char *quote)
{
    size_t count = jdoc_length(list);
    for (size_t i = 0; i < count && i < NOTE_NAMES; i++)
        buf_printf(b, "%s%s%s%s", i ? ", " : "", quote, jdoc_string(jdoc_at(list, i), NULL), quote);
    if (count > NOTE_NAMES)
        buf_printf(b, " and %zu more", count - NOTE_NAMES);
}

const char *diet_no_foods(const struct diet *d)
{
    struct buf text = {0};
    const char *copy;
    for (size_t i = 0; i < d->count; i++)
        if (d->rules[i].is_no_food)
            buf_printf(&text, "%s\"%.60s\"",
                text.len ? ", " : " No food, so it is looked for in no meal: ", d->rules[i].name);
    if (text.len)
        buf_putc(&text, '.');
    copy = buf_error(&text) ? NULL : arena_strdup(d->arena, text.len ? buf_text(&text) : "");
    buf_free(&text);
    return copy;
}

/* Of halal and kosher food the ingredients are only a part. */
static void diet_put_rites(struct buf *b, const struct diet *d)
{
    for (size_t i = 0; i < d->count; i++)
        if (d->rules[i].what.by_rite)
            buf_printf(b,
                " Of \"%.60s\" only the forbidden ingredients are looked for: whether "
                "meat is certified, and what is cooked together, cannot be seen.",
                d->rules[i].name);
}

/* Restrictions of which no rule knows the foods. */
static void diet_put_marks(struct buf *b, const struct diet *d)
{
    size_t count = 0;
    for (size_t i = 0; i < d->count; i++)
        if (!diet_forbids(&d->rules[i]) && !d->rules[i].is_no_food && count++ < NOTE_NAMES)
            buf_printf(b, "%s\"%.60s\"", count > 1 ? ", " : " No rule knows the foods of ",
                d->rules[i].name);
    if (count)
        buf_puts(b,
            ": only recipes that are marked so are offered, and a single food is not "
            "checked for it.");
}

const char *diet_note(const struct diet *d)
{
    jdoc *watched = NULL, *not_watched = NULL;
    struct buf note = {0};
    const char *copy;
    diet_put_rites(&note, d);
    diet_put_marks(&note, d);
    if (diet_lists(d, &watched, &not_watched)) {
        buf_free(&note);
        return NULL;
    }
    if (jdoc_length(not_watched)) {
        buf_puts(&note, " NOT watched, as no rule knows it: ");
        diet_put_names(&note, not_watched, "\"");
        buf_puts(&note, ". Ask the user which foods hold it, and about each meal.");
    }
    if (jdoc_length(watched)) {
        buf_puts(&note, " Checked by the words of the ingredients for: ");
        diet_put_names(&note, watched, "");
        buf_puts(&note,
            ". Traces, product names and what a list leaves out cannot be seen: read "
            "the labels.");
    }
    copy = buf_error(&note) ? NULL : arena_strdup(d->arena, buf_text(&note));
    buf_free(&note);
    jdoc_free(watched);
    jdoc_free(not_watched);
    return copy;
}
