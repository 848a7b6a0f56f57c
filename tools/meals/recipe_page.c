/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/meals/recipe_page.h"

#include "base/err.h"
#include "base/url.h"
#include "base/utf8.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DEPTH_MAX 8
#define NAME_MAX_BYTES 200
#define INGREDIENTS_MAX 100
#define INGREDIENT_BYTES 300
#define STEPS_MAX 60
#define STEP_BYTES 1200

/* --- texts --- */

/* Blind to case. */
static const char *recipe_page_find(const char *from, const char *end, const char *what)
{
    size_t n = strlen(what);
    for (; (size_t)(end - from) >= n; from++)
        if (strncasecmp(from, what, n) == 0)
            return from;
    return NULL;
}

static const struct {
    const char *entity;
    const char *text;
} entities[] = {
    {"amp;", "&"},
    {"lt;", "<"},
    {"gt;", ">"},
    {"quot;", "\""},
    {"apos;", "'"},
    {"nbsp;", " "},
    {"frac12;", "\xc2\xbd"},
    {"frac14;", "\xc2\xbc"},
    {"frac34;", "\xc2\xbe"},
    {"deg;", "\xc2\xb0"},
    {"ndash;", "-"},
    {"mdash;", "-"},
    {"rsquo;", "'"},
    {"lsquo;", "'"},
    {"eacute;", "\xc3\xa9"},
    {"ntilde;", "\xc3\xb1"},
};

static size_t recipe_page_put_code_point(unsigned long c, char out[4])
{
    if (c < 0x20 || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF) || (c >= 0x7F && c < 0xA0))
        c = ' ';
    return utf8_encode((unsigned)c, out);
}

/* What stands behind an '&': the bytes it stands for; *used = 0 when it is no entity. */
static size_t recipe_page_read_entity(const char *at, char out[4], size_t *used)
{
    *used = 0;
    if (at[0] == '#') {
        char *end;
        bool hex = at[1] == 'x' || at[1] == 'X';
        unsigned long c = strtoul(at + 1 + hex, &end, hex ? 16 : 10);
        if (*end != ';' || end == at + 1 + hex)
            return 0;
        *used = (size_t)(end - at) + 1;
        return recipe_page_put_code_point(c, out);
    }
    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++) {
        size_t n = strlen(entities[i].entity);
        if (strncmp(at, entities[i].entity, n) == 0) {
            *used = n;
            n = strlen(entities[i].text);
            memcpy(out, entities[i].text, n);
            return n;
        }
    }
    return 0;
}

/* Without tags, entities read, one blank between words, cut to size. */
static void recipe_page_clean(const char *from, char *to, size_t size)
{
    size_t len = 0;
    bool blank = false;
    while (*from != '\0' && len + 6 < size) {
        char bytes[4] = {*from};
        size_t n = 1, used = 0;
        if (*from == '<' && strchr(from, '>')) {
            from = strchr(from, '>') + 1;
            blank = len > 0;
            continue;
        }
        if (*from == '&') {
            n = recipe_page_read_entity(from + 1, bytes, &used);
            if (used == 0)
                n = 1;
        }
        from += 1 + used;
        if (n == 1 && (isspace((unsigned char)bytes[0]) || iscntrl((unsigned char)bytes[0]))) {
            blank = len > 0;
            continue;
        }
        if (blank)
            to[len++] = ' ';
        blank = false;
        memcpy(to + len, bytes, n);
        len += n;
    }
    to[utf8_cut(to, len)] = '\0';
}

static int recipe_page_push_clean(jdoc *list, const char *text, size_t bytes)
{
    char line[STEP_BYTES + 8];
    recipe_page_clean(text, line, bytes < sizeof line ? bytes : sizeof line);
    return line[0] != '\0' ? jdoc_push(list, jdoc_new_string(line, strlen(line))) : 0;
}

static int recipe_page_set_clean(jdoc *to, const char *key, const char *text, size_t bytes)
{
    char line[STEP_BYTES + 8];
    if (!text)
        return 0;
    recipe_page_clean(text, line, bytes < sizeof line ? bytes : sizeof line);
    return line[0] != '\0' ? jdoc_set_string(to, key, line) : 0;
}

/* The first text of a value that may be a text or a list of texts. */
static const char *recipe_page_first_text(const jdoc *value)
{
    return jdoc_type(value) == JDOC_ARRAY ? jdoc_string(jdoc_at(value, 0), NULL) :
                                            jdoc_string(value, NULL);
}

int recipe_page_minutes(const char *duration)
{
    long minutes = 0;
    bool time = false, any = false;
    const char *at = duration;
    if (!at || *at++ != 'P')
        return -1;
    while (*at != '\0') {
        char *end;
        if (*at == 'T') {
            time = true;
            at++;
            continue;
        }
        long n = strtol(at, &end, 10);
        if (end == at || n < 0 || n > 100000 || *end == '\0')
            return -1;
        if (*end == '.') /* a fraction of a unit does not matter to a cook */
            while (isdigit((unsigned char)*++end))
                ;
        any = true;
        if (*end == 'D' && !time)
            minutes += n * 1440;
        else if (*end == 'H' && time)
            minutes += n * 60;
        else if (*end == 'M' && time)
            minutes += n;
        else if (*end != 'S' || !time)
            return -1;
        at = end + 1;
    }
    return any && minutes <= 100000 ? (int)minutes : -1;
}

/* --- the recipe --- */

static int recipe_page_add_steps(jdoc *list, const jdoc *from, int depth)
{
    int error = 0;
    if (depth > 3)
        return 0;
    if (jdoc_type(from) == JDOC_STRING)
        return recipe_page_push_clean(list, jdoc_string(from, NULL), STEP_BYTES);
    if (jdoc_type(from) == JDOC_OBJECT) {
        const char *text = jdoc_string(jdoc_get(from, "text"), NULL);
        if (text)
            return recipe_page_push_clean(list, text, STEP_BYTES);
        return recipe_page_add_steps(list, jdoc_get(from, "itemListElement"), depth + 1);
    }
    for (size_t i = 0; error == 0 && i < jdoc_length(from) && jdoc_length(list) < STEPS_MAX; i++)
        error = recipe_page_add_steps(list, jdoc_at(from, i), depth + 1);
    return error;
}

static int recipe_page_add_ingredients(jdoc *list, const jdoc *from)
{
    int error = 0;
    if (jdoc_type(from) == JDOC_STRING)
        return recipe_page_push_clean(list, jdoc_string(from, NULL), INGREDIENT_BYTES);
    for (size_t i = 0; error == 0 && i < jdoc_length(from) && i < INGREDIENTS_MAX; i++) {
        const char *text = jdoc_string(jdoc_at(from, i), NULL);
        error = text ? recipe_page_push_clean(list, text, INGREDIENT_BYTES) : 0;
    }
    return error;
}

/* "https://schema.org/GlutenFreeDiet" -> "gluten_free" */
static void recipe_page_diet_tag(const char *url, char *out, size_t size)
{
    const char *name = strrchr(url, '/') ? strrchr(url, '/') + 1 : url;
    size_t len = 0, n = strlen(name);
    if (n > 4 && strcmp(name + n - 4, "Diet") == 0)
        n -= 4;
    for (size_t i = 0; i < n && len + 2 < size; i++) {
        if (i > 0 && isupper((unsigned char)name[i]) && islower((unsigned char)name[i - 1]))
            out[len++] = '_';
        out[len++] = isalnum((unsigned char)name[i]) ? (char)tolower((unsigned char)name[i]) : '_';
    }
    out[len] = '\0';
}

static int recipe_page_set_diets(jdoc *recipe, const jdoc *from)
{
    char tag[64];
    jdoc *tags = jdoc_new_array();
    int error = tags ? 0 : ERR_NOMEM;
    size_t count = jdoc_type(from) == JDOC_ARRAY ? jdoc_length(from) : from != NULL;
    for (size_t i = 0; error == 0 && i < count && i < 12; i++) {
        const char *one =
            jdoc_string(jdoc_type(from) == JDOC_ARRAY ? jdoc_at(from, i) : from, NULL);
        if (!one)
            continue;
        recipe_page_diet_tag(one, tag, sizeof tag);
        if (tag[0] != '\0')
            error = jdoc_push(tags, jdoc_new_string(tag, strlen(tag)));
    }
    if (error == 0)
        return jdoc_set(recipe, "dietary_tags", tags);
    jdoc_free(tags);
    return error;
}

static int recipe_page_set_meal_type(jdoc *recipe, const jdoc *category)
{
    static const char *const types[][2] = {{"breakfast", "breakfast"}, {"brunch", "breakfast"},
        {"lunch", "lunch"}, {"dinner", "dinner"}, {"supper", "dinner"}, {"main", "dinner"},
        {"snack", "snack"}, {"dessert", "snack"}, {"appetizer", "snack"}};
    size_t count = jdoc_type(category) == JDOC_ARRAY ? jdoc_length(category) : category != NULL;
    for (size_t i = 0; i < count; i++) {
        const char *text =
            jdoc_string(jdoc_type(category) == JDOC_ARRAY ? jdoc_at(category, i) : category, NULL);
        for (size_t k = 0; text && k < sizeof types / sizeof *types; k++)
            if (recipe_page_find(text, text + strlen(text), types[k][0]))
                return jdoc_set_string(recipe, "meal_type", types[k][1]);
    }
    return 0;
}

static int recipe_page_set_servings(jdoc *recipe, const jdoc *from)
{
    int64_t servings = 0;
    const jdoc *value = jdoc_type(from) == JDOC_ARRAY ? jdoc_at(from, 0) : from;
    const char *text = jdoc_string(value, NULL);
    if (text) {
        while (*text != '\0' && !isdigit((unsigned char)*text))
            text++;
        servings = strtol(text, NULL, 10);
    } else if (jdoc_int(value, &servings) != 0) {
        servings = 0;
    }
    return servings > 0 && servings <= 1000 ? jdoc_set_int(recipe, "servings", servings) : 0;
}

static int recipe_page_set_minutes(jdoc *recipe, const char *key, const jdoc *from,
    const char *name)
{
    int minutes = recipe_page_minutes(jdoc_string(jdoc_get(from, name), NULL));
    return minutes >= 0 ? jdoc_set_int(recipe, key, minutes) : 0;
}

static const char *recipe_page_image_of(const jdoc *image)
{
    const jdoc *one = jdoc_type(image) == JDOC_ARRAY ? jdoc_at(image, 0) : image;
    const char *url = jdoc_string(jdoc_type(one) == JDOC_OBJECT ? jdoc_get(one, "url") : one, NULL);
    size_t len = url ? strlen(url) : 0;
    struct url u;
    char why[URL_WHY_SIZE];
    return len <= 1000 && url_check(url, len, URL_INTERNATIONAL, &u, why) == 0 && u.https ? url :
                                                                                            NULL;
}

static int recipe_page_read_recipe(const jdoc *from, jdoc **out)
{
    jdoc *recipe = jdoc_new_object(), *ingredients = jdoc_new_array(), *steps = jdoc_new_array();
    if (!recipe || !ingredients || !steps ||
        recipe_page_add_ingredients(ingredients, jdoc_get(from, "recipeIngredient")) != 0 ||
        recipe_page_add_steps(steps, jdoc_get(from, "recipeInstructions"), 0) != 0) {
        jdoc_free(recipe);
        jdoc_free(ingredients);
        jdoc_free(steps);
        return ERR_NOMEM;
    }
    bool empty = jdoc_length(ingredients) == 0;
    int failed = recipe_page_set_clean(recipe, "name", jdoc_string(jdoc_get(from, "name"), NULL),
        NAME_MAX_BYTES);
    failed |= jdoc_set(recipe, "ingredients", ingredients);
    failed |= jdoc_set(recipe, "instructions", steps);
    failed |= recipe_page_set_servings(recipe, jdoc_get(from, "recipeYield"));
    failed |= recipe_page_set_clean(recipe, "yield",
        recipe_page_first_text(jdoc_get(from, "recipeYield")), 100);
    failed |= recipe_page_set_minutes(recipe, "prep_minutes", from, "prepTime");
    failed |= recipe_page_set_minutes(recipe, "cook_minutes", from, "cookTime");
    failed |= recipe_page_set_minutes(recipe, "total_minutes", from, "totalTime");
    failed |= recipe_page_set_meal_type(recipe, jdoc_get(from, "recipeCategory"));
    failed |= recipe_page_set_clean(recipe, "cuisine",
        recipe_page_first_text(jdoc_get(from, "recipeCuisine")), 60);
    failed |= recipe_page_set_diets(recipe, jdoc_get(from, "suitableForDiet"));
    failed |= jdoc_set_string(recipe, "image_url", recipe_page_image_of(jdoc_get(from, "image")));
    if (failed == 0 && !empty && jdoc_get(recipe, "name")) {
        *out = recipe;
        return 0;
    }
    jdoc_free(recipe);
    return failed != 0 ? ERR_NOMEM : ERR_NOT_FOUND;
}

static bool recipe_page_is_recipe(const jdoc *doc)
{
    const jdoc *type = jdoc_get(doc, "@type");
    const char *name = jdoc_string(type, NULL);
    for (size_t i = 0; i < jdoc_length(type) && jdoc_type(type) == JDOC_ARRAY; i++) {
        const char *one = jdoc_string(jdoc_at(type, i), NULL);
        if (one && strcmp(one, "Recipe") == 0)
            return true;
    }
    return name && strcmp(name, "Recipe") == 0;
}

static int recipe_page_find_recipe(const jdoc *doc, int depth, jdoc **out)
{
    static const char *const inner[] = {"@graph", "mainEntity", "mainEntityOfPage"};
    int error = ERR_NOT_FOUND;
    if (!doc || depth > DEPTH_MAX)
        return error;
    if (jdoc_type(doc) == JDOC_ARRAY)
        for (size_t i = 0; error == ERR_NOT_FOUND && i < jdoc_length(doc); i++)
            error = recipe_page_find_recipe(jdoc_at(doc, i), depth + 1, out);
    if (jdoc_type(doc) != JDOC_OBJECT)
        return error;
    if (recipe_page_is_recipe(doc))
        error = recipe_page_read_recipe(doc, out);
    for (size_t i = 0; error == ERR_NOT_FOUND && i < sizeof inner / sizeof *inner; i++)
        error = recipe_page_find_recipe(jdoc_get(doc, inner[i]), depth + 1, out);
    return error;
}

/* --- the page --- */

/* Many sites leave line ends inside of texts, which JSON does not allow. */
static int recipe_page_read_script(const char *from, const char *end, jdoc **out)
{
    jdoc *doc = NULL;
    size_t len = end > from ? (size_t)(end - from) : 0;
    char *text = malloc(len + 1); /* not strndup: a page may hold NUL */
    if (!text)
        return ERR_NOMEM;
    for (size_t i = 0; i < len; i++)
        text[i] = (unsigned char)from[i] < 0x20 ? ' ' : from[i];
    text[len] = '\0';
    int error = jdoc_parse(text, len, &doc, NULL, 0);
    if (error == 0)
        error = recipe_page_find_recipe(doc, 0, out);
    jdoc_free(doc);
    free(text);
    return error == ERR_NOMEM || error == 0 ? error : ERR_NOT_FOUND;
}

int recipe_page_read(const char *html, size_t len, jdoc **recipe)
{
    const char *at = html, *end = html + len;
    *recipe = NULL;
    while ((at = recipe_page_find(at, end, "<script"))) {
        const char *open = memchr(at, '>', (size_t)(end - at));
        const char *close = open ? recipe_page_find(open, end, "</script") : NULL;
        if (!close)
            return ERR_NOT_FOUND;
        if (recipe_page_find(at, open, "application/ld+json")) {
            int error = recipe_page_read_script(open + 1, close, recipe);
            if (error != ERR_NOT_FOUND)
                return error;
        }
        at = close;
    }
    return ERR_NOT_FOUND;
}
