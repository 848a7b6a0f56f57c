/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/meals/allergen.h"

#include "base/err.h"
#include "tools/kit/gazetteer.h"
#include "tools/meals/allergen_table.h"

#include <string.h>

#define OWN_STEP 8
#define GROUPS ((UINT64_C(1) << ALLERGEN_GROUPS) - 1)
#define ANNEX (((UINT64_C(1) << 14) - 1) | ALLERGEN_LACTOSE)
#define DAIRY (ALLERGEN_MILK | ALLERGEN_LACTOSE)
#define ANIMAL \
    (DAIRY | ALLERGEN_EGG | ALLERGEN_MEAT | ALLERGEN_PORK | ALLERGEN_BEEF | ALLERGEN_CHICKEN)

/* --- words of a text --- */

/* An apostrophe behind one letter or before three parts words ("l'arachide", "all'uovo"), another
 * one does not ("cow's"). */
static size_t allergen_apostrophe(const char *text)
{
    return *text == '\'' || *text == '`' ? 1 : !strncmp(text, "\xE2\x80\x99", 3) ? 3 : 0;
}

static bool allergen_is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

static bool allergen_parts_words(const char *before, size_t len, const char *after)
{
    bool one = len && allergen_is_letter(before[len - 1]) &&
        (len == 1 || !allergen_is_letter(before[len - 2]));
    return one ||
        (allergen_is_letter(after[0]) && allergen_is_letter(after[1]) &&
            allergen_is_letter(after[2]));
}

/* The part up to the next punctuation, folded; its length. */
static size_t allergen_fold_part(const char *text, char *part, char *folded, size_t size)
{
    static const char and_word[] = " and ";
    size_t len = 0, at = 0, skip;
    for (; text[at] && !strchr(",;:/()[]+.!?\r\n\t", text[at]); at += skip) {
        skip = allergen_apostrophe(text + at);
        if (text[at] == '&') {
            memcpy(part + len, and_word, sizeof and_word - 1);
            len += sizeof and_word - 1;
        } else if (!skip)
            part[len++] = text[at];
        else if (allergen_parts_words(part, len, text + at + skip))
            part[len++] = ' ';
        skip = skip ? skip : 1;
    }
    part[len] = '\0';
    if (!gazetteer_fold(part, folded, size))
        *folded = '\0';
    return at;
}

/* Every word in order, "," for punctuation. is_unreadable: letters were there, and no word. */
static int allergen_split(struct arena *arena, const char *text, struct word_set *out,
    bool *is_unreadable)
{
    size_t len = strlen(text), part_size = 5 * len + 1, size = 2 * part_size; /* "&" is " and " */
    char *part = arena_alloc(arena, part_size), *folded = arena_alloc(arena, size);
    bool letters = false;
    if (!part || !folded || word_set_init(out, arena, len + 2))
        return ERR_NOMEM;
    out->all = true;
    while (*text) {
        size_t n = allergen_fold_part(text, part, folded, size);
        word_set_add(out, "", folded);
        for (size_t i = 0; i < n; i++)
            letters |= (unsigned char)text[i] >= 0xC0;
        text += n;
        if (*text) {
            word_set_add(out, "", ",");
            text++;
        }
    }
    *is_unreadable = letters;
    for (size_t i = 0; i < out->count; i++)
        for (const char *c = out->list[i]; *c; c++)
            *is_unreadable = *is_unreadable && !(*c >= 'a' && *c <= 'z');
    return out->failed ? ERR_NOMEM : 0;
}

/* --- a line of ingredients --- */

static bool allergen_parts_phrases(const char *word)
{
    return allergen_in_list(", and or with plus und oder mit y o con et ou avec e em com en of met",
        word);
}

/* "milk" of "coconut milk" is none of an animal. */
static uint64_t allergen_plant_form(const char *before, const char *first, const char *last)
{
    static const char forms[] =
        "milk cream butter yoghurt yogurt cheese mince sausage stock broth "
        "mayonnaise mayo burger patty custard parmesan feta mozzarella bacon chicken milch drink";
    static const char plants[] =
        "coconut almond oat soy soya rice cashew peanut nut cocoa vegan "
        "plant plantbased vegetable vege veggie hemp mushroom apple shea hazelnut macadamia walnut "
        "pecan pistachio sunflower based";
    bool is_form = allergen_in_list(forms, first) || allergen_in_list(forms, last);
    return is_form && allergen_in_list(plants, before) ? ANIMAL : 0;
}

/* Wheat's words also name what is made from other grain. */
static uint64_t allergen_other_grain(const char *before, const char *last)
{
    static const char forms[] = "flour noodle pasta cracker vermicelli tortilla crumb";
    static const char grains[] = "rice corn maize buckwheat almond coconut chickpea tapioca potato "
                                 "lentil cassava quinoa millet sorghum teff glass bean";
    return allergen_in_list(forms, last) && allergen_in_list(grains, before) ? ALLERGEN_GLUTEN : 0;
}

/* Of "lactose-free milk" only the milk sugar is gone, of "wheat-free" nothing is certain. */
static uint64_t allergen_freed_by(const struct word_set *w, size_t i, size_t count)
{
    size_t n;
    uint64_t groups = allergen_find_phrase(ALLERGEN_NAMES, w, i, &n);
    if (!groups || n != count)
        groups = allergen_find_phrase(ALLERGEN_FOODS, w, i, &n);
    if (groups & ALLERGEN_LACTOSE && !(groups & ALLERGEN_MILK))
        return ALLERGEN_LACTOSE;
    if (!strcmp(w->list[i], "wheat"))
        return 0;
    return groups & GROUPS;
}

/* "gluten free": what is at [i, i + count) is not in what follows. "Free range" says nothing. */
static bool allergen_is_free_of(const struct word_set *w, size_t i, size_t count)
{
    const char *after = i + count < w->count ? w->list[i + count] : "";
    const char *then = i + count + 1 < w->count ? w->list[i + count + 1] : "";
    return allergen_in_list("free frei vrij libre", after) &&
        !allergen_in_list("range run roaming", then);
}

/* "flour without gluten": nor in what came before. */
static bool allergen_is_said_to_be_gone(const struct word_set *w, size_t i)
{
    static const char without[] = "without no sans san ohne sin senza sem zonder";
    return i > 0 && allergen_in_list(without, w->list[i - 1]);
}

/* "laktosefrei", "glutenvrij": what is gone, and true. */
static bool allergen_is_free_word(const char *word, uint64_t *gone)
{
    static const char *const ends[] = {"frei", "freie", "freier", "freien", "frey", "vrij", "vrije",
        "free"};
    char stem[ALLERGEN_KEY_MAX];
    size_t len = strlen(word);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t n = strlen(ends[i]);
        if (len < n + 3 || len >= sizeof stem || strcmp(word + len - n, ends[i]))
            continue;
        memcpy(stem, word, len - n);
        stem[len - n] = '\0';
        *gone = allergen_find_word(ALLERGEN_NAMES, stem) & GROUPS;
        return *gone != 0;
    }
    return false;
}

/* What [i, i + count) holds: the phrase, and each of its words unless the phrase is known to be
 * something else ("butter bean"). */
static uint64_t allergen_held_by(const struct word_set *w, size_t i, size_t count, uint64_t phrase)
{
    const char *before = i ? w->list[i - 1] : "", *last = w->list[i + count - 1];
    uint64_t groups = phrase &
        ~(allergen_plant_form(before, w->list[i], last) | allergen_other_grain(before, last));
    for (size_t k = i; count > 1 && !(phrase & ALLERGEN_NOTHING) && k < i + count; k++) {
        const char *word = w->list[k];
        before = k ? w->list[k - 1] : "";
        groups |= allergen_find_word(ALLERGEN_FOODS, word) &
            ~(allergen_plant_form(before, word, word) | allergen_other_grain(before, word));
    }
    return groups & (GROUPS | ALLERGEN_VAGUE);
}

static void allergen_look_at(struct allergen_line *line)
{
    const struct word_set *w = &line->words;
    uint64_t freed = 0, gone, held = 0; /* in the phrase: what is gone from here on, and is in it */
    for (size_t i = 0, n; i < w->count; i += n) {
        n = 1;
        if (allergen_parts_phrases(w->list[i])) {
            line->groups |= held;
            freed = held = 0;
            continue;
        }
        if (allergen_is_free_word(w->list[i], &gone)) {
            freed |= gone;
            line->is_known = true;
            continue;
        }
        uint64_t groups = allergen_find_phrase(ALLERGEN_FOODS, w, i, &n);
        line->is_known |= groups != 0;
        if (allergen_is_said_to_be_gone(w, i)) {
            freed |= allergen_freed_by(w, i, n);
            held &= ~freed; /* "farine sans gluten" */
        } else if (allergen_is_free_of(w, i, n)) {
            freed |= allergen_freed_by(w, i, n);
        } else {
            held |= allergen_held_by(w, i, n, groups) & ~freed;
        }
    }
    line->groups |= held;
}

int allergen_line(struct arena *arena, const char *text, struct allergen_line *out)
{
    *out = (struct allergen_line){0};
    int error = allergen_table_prepare();
    if (!error)
        error = allergen_split(arena, text ? text : "", &out->words, &out->is_unreadable);
    if (!error)
        allergen_look_at(out);
    return error;
}

/* --- an allergy --- */

/* Words leaves "kiwis" as it is. */
static const char *allergen_singular(struct arena *arena, const char *word)
{
    size_t len = strlen(word);
    if (len <= ALLERGEN_STEM_MIN || word[len - 1] != 's' || allergen_is_known(ALLERGEN_FOODS, word))
        return word;
    char *stem = arena_strdup(arena, word);
    if (stem)
        stem[len - 1] = '\0';
    return stem && !allergen_is_known(ALLERGEN_FOODS, stem) ? word : stem;
}

static int allergen_add_own(struct arena *arena, struct allergen_rule *out,
    const struct word_set *from, size_t i, size_t count)
{
    if (out->own_count % OWN_STEP == 0) {
        struct word_set *more = arena_array(arena, out->own_count + OWN_STEP, sizeof *more);
        if (!more)
            return ERR_NOMEM;
        if (out->own_count)
            memcpy(more, out->own, out->own_count * sizeof *more);
        out->own = more;
    }
    struct word_set *own = &out->own[out->own_count];
    if (word_set_init(own, arena, count))
        return ERR_NOMEM;
    for (size_t k = 0; k < count; k++) {
        const char *word = allergen_singular(arena, from->list[i + k]);
        if (!word)
            return ERR_NOMEM;
        own->list[own->count++] = word;
    }
    out->own_count++;
    return 0;
}

static int allergen_add_unknown(struct arena *arena, struct allergen_rule *out, const char *word)
{
    out->unknown = out->unknown ? arena_printf(arena, "%s %s", out->unknown, word) : word;
    return out->unknown ? 0 : ERR_NOMEM;
}

/* The folded words of an alias, joined as a key. */
static int allergen_read_alias(struct arena *arena, const char *at, size_t len, struct word_set *w,
    char key[ALLERGEN_KEY_MAX])
{
    char text[ALLERGEN_KEY_MAX];
    for (size_t i = 0; i < len; i++)
        text[i] = at[i] == '_' ? ' ' : at[i];
    text[len] = '\0';
    if (word_set_init(w, arena, ALLERGEN_PHRASE_MAX))
        return ERR_NOMEM;
    w->all = true;
    word_set_add(w, "", text);
    return w->failed ? ERR_NOMEM : allergen_join(w, 0, w->count, key);
}

/* The same word but for the end of a plural. */
static bool allergen_is_same_food(const char *key, const char *alias)
{
    static const char ends[] = "n en er es e i x s";
    size_t len = strlen(alias);
    return !strcmp(key, alias) ||
        (len >= ALLERGEN_STEM_MIN && !strncmp(key, alias, len) &&
            allergen_in_list(ends, key + len));
}

/* A single food is looked for under its other names, too. */
static int allergen_add_other_names(struct arena *arena, struct allergen_rule *out, const char *key)
{
    int error = 0;
    for (const char *const *row = allergen_aliases; !error && *row; row++) {
        struct word_set w;
        char alias[ALLERGEN_KEY_MAX];
        bool is_it = false;
        for (const char *at = *row; !error && !is_it && *at; at += strspn(at, " ")) {
            size_t len = strcspn(at, " ");
            error = allergen_read_alias(arena, at, len, &w, alias);
            is_it = !error && allergen_is_same_food(key, alias);
            at += len;
        }
        for (const char *at = *row; !error && is_it && *at; at += strspn(at, " ")) {
            size_t len = strcspn(at, " ");
            error = allergen_read_alias(arena, at, len, &w, alias);
            if (!error)
                error = allergen_add_own(arena, out, &w, 0, w.count);
            at += len;
        }
    }
    return error;
}

/* Of a food: the groups that it stands for when somebody cannot eat it. */
static int allergen_take_food(struct arena *arena, struct allergen_rule *out, uint64_t groups,
    const struct word_set *w, size_t i, size_t count)
{
    char key[ALLERGEN_KEY_MAX];
    bool single = groups & ALLERGEN_SINGLE && !allergen_join(w, i, count, key);
    out->is_no_food |= (groups & ALLERGEN_NO_FOOD) != 0;
    if (groups & (ALLERGEN_SINGLE | ALLERGEN_NOTHING))
        groups = 0;
    else if (groups & ANNEX)
        groups &= ANNEX;
    out->groups |= groups & GROUPS;
    if (allergen_add_own(arena, out, w, i, count))
        return ERR_NOMEM;
    return single ? allergen_add_other_names(arena, out, key) : 0;
}

/* A word of the text without an end such as -allergie. */
static const char *allergen_without_ending(struct arena *arena, const char *word, bool *had)
{
    size_t len = strlen(word);
    for (const char *at = allergen_endings; *at; at += strspn(at, " ")) {
        size_t n = strcspn(at, " ");
        if (len >= n + 2 && !memcmp(word + len - n, at, n)) {
            char *stem = arena_strdup(arena, word);
            if (stem)
                stem[len - n] = '\0';
            *had = true;
            return stem;
        }
        at += n;
    }
    return word;
}

static bool allergen_speaks_of_allergy(const char *word)
{
    static const char *const stems[] = {"allerg", "alerg", "intoler", "intoller", "unvertrag",
        "unvertraeg", "celia", "coelia", "zoelia", "zolia", "disease", "anaphyla", "sensitiv"};
    for (size_t i = 0; i < sizeof stems / sizeof *stems; i++)
        if (!strncmp(word, stems[i], strlen(stems[i])))
            return true;
    return false;
}

/* The allergen or the food that was meant; rather one with the same first letter. */
static const char *allergen_find_meant(const char *word, uint64_t *groups, bool *is_food)
{
    uint64_t of_food;
    const char *name = allergen_find_slip(ALLERGEN_NAMES, word, groups);
    const char *food = allergen_find_slip(ALLERGEN_FOODS, word, &of_food);
    *is_food = food && (!name || (*name != *word && *food == *word));
    if (*is_food)
        *groups = of_food;
    return *is_food ? food : name;
}

/* What no table has: a slip of the finger, or unknown; looked for as it is in any case. */
static int allergen_take_unknown(struct arena *arena, struct allergen_rule *out,
    const struct word_set *w, size_t i)
{
    const char *word = w->list[i], *meant = NULL;
    uint64_t groups = 0;
    bool is_food = false;
    if (strlen(word) >= ALLERGEN_SLIP_MIN)
        meant = allergen_find_meant(word, &groups, &is_food);
    if (!meant)
        return allergen_add_unknown(arena, out, word) ? ERR_NOMEM :
                                                        allergen_add_own(arena, out, w, i, 1);
    const struct word_set right = {.list = &meant, .count = 1};
    out->taken_as = meant;
    if (is_food)
        return allergen_take_food(arena, out, groups, &right, 0, 1);
    out->groups |= groups & GROUPS;
    return 0;
}

static int allergen_take_word(struct arena *arena, struct allergen_rule *out,
    const struct word_set *w, size_t i, size_t *count)
{
    size_t n;
    uint64_t groups = allergen_find_phrase(ALLERGEN_NAMES, w, i, &n);
    uint64_t other = allergen_find_phrase(ALLERGEN_FOODS, w, i, count);
    if (groups && n >= *count) {
        *count = n;
        out->groups |= groups & GROUPS;
        out->is_no_food |= (groups & ALLERGEN_NO_FOOD) != 0;
        out->by_rite |= (groups & ALLERGEN_RITE) != 0;
        return 0;
    }
    if (*count == 1 && allergen_in_list(allergen_fillers, w->list[i]))
        return 0;
    if (other && other != ALLERGEN_VAGUE)
        return allergen_take_food(arena, out, other, w, i, *count);
    if (groups) {
        *count = n;
        out->groups |= groups & GROUPS;
        return 0;
    }
    *count = 1;
    return allergen_take_unknown(arena, out, w, i);
}

/* Beside a food these say nothing more; alone they are what nobody knows. */
static bool allergen_is_soft(const char *word)
{
    return allergen_in_list("fruit vegetable spice seed oil powder juice white yolk family group "
                            "kind type raw cooked fresh only",
        word);
}

static bool allergen_names_food(const struct word_set *w)
{
    for (size_t i = 0; i < w->count; i++)
        if (allergen_in_list("food foods oral cross lebensmittel nahrungsmittel", w->list[i]))
            return true;
    return false;
}

int allergen_read(struct arena *arena, const char *text, struct allergen_rule *out)
{
    struct word_set w = {0}, soft = {0};
    bool unreadable;
    int error = allergen_table_prepare();
    *out = (struct allergen_rule){0};
    if (!error)
        error = allergen_split(arena, text, &w, &unreadable);
    if (!error)
        error = word_set_init(&soft, arena, w.count + 1);
    for (size_t i = 0; !error && i < w.count; i++)
        if (!(w.list[i] = allergen_without_ending(arena, w.list[i], &out->says_allergy)))
            error = ERR_NOMEM;
    for (size_t i = 0, n; !error && i < w.count; i += n) {
        n = 1;
        out->says_allergy |= allergen_speaks_of_allergy(w.list[i]);
        if (w.list[i][0] == ',')
            continue;
        bool phrase = allergen_find_phrase(ALLERGEN_NAMES, &w, i, &n) && n > 1;
        if (phrase || !allergen_is_soft(w.list[i])) {
            error = allergen_take_word(arena, out, &w, i, &n);
        } else {
            soft.list[soft.count++] = w.list[i];
            n = 1;
        }
    }
    bool found = out->groups || out->own_count;
    bool only_names = found || out->is_no_food;
    for (size_t i = 0; !error && !only_names && i < soft.count; i++)
        error = allergen_take_unknown(arena, out, &soft, i);
    /* "Latex fruit", "pollen food syndrome": foods, and nobody says which. */
    if (!error && !found && out->is_no_food && (soft.count || allergen_names_food(&w)))
        error = allergen_add_unknown(arena, out, text);
    if (out->unknown)
        out->is_no_food = false;
    if (!error && unreadable)
        error = allergen_add_unknown(arena, out, text);
    return error;
}

/* One word of a food in a line: the same, or as the beginning or the end of a longer one. */
static bool allergen_names_word(const struct word_set *line, const char *word)
{
    size_t len = strlen(word);
    for (size_t i = 0; i < line->count; i++) {
        const char *at = line->list[i];
        size_t n = strlen(at);
        if (!strcmp(at, word))
            return true;
        if (len >= ALLERGEN_STEM_MIN && n > len &&
            (!memcmp(at, word, len) || !memcmp(at + n - len, word, len)))
            return true;
        /* A plural was said. */
        if (n >= ALLERGEN_STEM_MIN && n < len && len <= n + 2 && !memcmp(at, word, n))
            return true;
    }
    return false;
}

bool allergen_is_in(const struct allergen_rule *rule, const struct allergen_line *line)
{
    if (line->is_unreadable || rule->groups & line->groups)
        return true;
    for (size_t i = 0; i < rule->own_count; i++) {
        bool all = rule->own[i].count > 0;
        for (size_t k = 0; all && k < rule->own[i].count; k++)
            all = allergen_names_word(&line->words, rule->own[i].list[k]);
        if (all)
            return true;
    }
    return false;
}
