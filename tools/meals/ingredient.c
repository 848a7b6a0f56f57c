/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/meals/ingredient.h"

#include "base/err.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct unit {
    const char *names, *unit;
    double factor;
} units[] = {
    {"g gram grams gr", "g", 1},
    {"kg kilo kilos kilogram kilograms", "g", 1000},
    {"oz ounce ounces", "g", 28.35},
    {"lb lbs pound pounds", "g", 453.6},
    {"ml millilitre millilitres milliliter milliliters", "ml", 1},
    {"l litre litres liter liters", "ml", 1000},
    {"cl", "ml", 10},
    {"dl", "ml", 100},
    {"tsp teaspoon teaspoons", "ml", 5},
    {"tbsp tbs tablespoon tablespoons", "ml", 15},
    {"cup cups", "ml", 250},
    {"pint pints", "ml", 568},
    {"clove cloves", "clove", 1},
    {"can cans tin tins", "can", 1},
    {"slice slices", "slice", 1},
    {"bunch bunches", "bunch", 1},
    {"pinch pinches", "pinch", 1},
    {"sprig sprigs", "sprig", 1},
    {"jar jars", "jar", 1},
    {"packet packets pack packs pkt package packages", "packet", 1},
    {"bag bags", "bag", 1},
    {"bottle bottles", "bottle", 1},
    {"piece pieces pc pcs each", "", 1},
};

static const struct unit *ingredient_find_unit(const char *word, size_t len)
{
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        for (const char *at = units[i].names; *at != '\0'; at += strspn(at, " ")) {
            size_t n = strcspn(at, " ");
            if (n == len && strncasecmp(at, word, n) == 0)
                return &units[i];
            at += n;
        }
    return NULL;
}

bool ingredient_convert(double *amount, const char *unit, char out[16])
{
    size_t len = strlen(unit);
    if (len > 0 && unit[len - 1] == '.')
        len--;
    const struct unit *u = ingredient_find_unit(unit, len);
    snprintf(out, 16, "%.*s", (int)(len < 15 ? len : 15), unit);
    if (!u)
        return len == 0;
    *amount *= u->factor;
    snprintf(out, 16, "%s", u->unit);
    return true;
}

void ingredient_show(double *amount, char unit[16])
{
    if (*amount >= 1000 && strcmp(unit, "g") == 0) {
        *amount /= 1000;
        strcpy(unit, "kg");
    } else if (*amount >= 1000 && strcmp(unit, "ml") == 0) {
        *amount /= 1000;
        strcpy(unit, "l");
    }
    *amount = round(*amount * 100) / 100;
}

/* A Unicode fraction at `at`; 0 when there is none. */
static double ingredient_fraction_sign(const char *at)
{
    static const struct {
        const char *sign;
        double value;
    } signs[] = {
        {"\xc2\xbd", 0.5},
        {"\xc2\xbc", 0.25},
        {"\xc2\xbe", 0.75},
        {"\xe2\x85\x93", 1 / 3.0},
        {"\xe2\x85\x94", 2 / 3.0},
        {"\xe2\x85\x9b", 0.125},
    };
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (strncmp(at, signs[i].sign, strlen(signs[i].sign)) == 0)
            return signs[i].value;
    return 0;
}

/* "2", "1.5", "1/2", "1 1/2", "1½". Returns the bytes read, 0 = no number. */
static size_t ingredient_read_number(const char *text, double *value)
{
    const char *at = text;
    char *end;
    *value = 0;
    if (isdigit((unsigned char)*at)) {
        size_t digits = strspn(at, "0123456789.");
        if (digits > 12)
            return 0;
        *value = strtod(at, &end);
        at = end;
        if (*at == '/' && isdigit((unsigned char)at[1])) {
            long below = strtol(at + 1, &end, 10);
            if (below > 0)
                *value /= (double)below;
            return (size_t)(end - text);
        }
        const char *next = at + strspn(at, " ");
        if (isdigit((unsigned char)*next)) { /* 1 1/2 */
            long above = strtol(next, &end, 10);
            if (*end == '/' && isdigit((unsigned char)end[1])) {
                long below = strtol(end + 1, &end, 10);
                *value += below > 0 ? (double)above / (double)below : 0;
                return (size_t)(end - text);
            }
            return (size_t)(at - text);
        }
        if (ingredient_fraction_sign(next) > 0)
            at = next;
    }
    double sign = ingredient_fraction_sign(at);
    if (sign > 0) {
        *value += sign;
        at += (unsigned char)*at == 0xC2 ? 2 : 3;
    }
    return (size_t)(at - text);
}

/* The name: small letters, no brackets, nothing after a comma, no "of" in front. */
static const char *ingredient_read_name(const char *text, struct arena *arena)
{
    char *name = arena_strdup(arena, text);
    size_t len = 0;
    int depth = 0;
    if (!name)
        return NULL;
    for (; *text != '\0' && *text != ','; text++) {
        depth += *text == '(';
        if (depth == 0 && !(*text == ' ' && (len == 0 || name[len - 1] == ' ')))
            name[len++] = (char)tolower((unsigned char)*text);
        depth -= *text == ')' && depth > 0;
    }
    while (len > 0 && name[len - 1] == ' ')
        len--;
    name[len] = '\0';
    return strncmp(name, "of ", 3) == 0 ? name + 3 : name;
}

int ingredient_read(const char *text, struct arena *arena, struct ingredient *out)
{
    double upper;
    memset(out, 0, sizeof *out);
    text += strspn(text, " ");
    size_t n = ingredient_read_number(text, &out->amount);
    out->has_amount = n > 0;
    text += n;
    const char *range = text + strspn(text, " ");
    if (n > 0 && (*range == '-' || strncmp(range, "to ", 3) == 0)) {
        const char *to = range + (*range == '-' ? 1 : 3);
        to += strspn(to, " ");
        n = ingredient_read_number(to, &upper);
        if (n > 0) {
            out->amount = upper;
            text = to + n;
        }
    }
    text += strspn(text, " ");
    size_t word = strcspn(text, " .,(");
    const struct unit *u = out->has_amount ? ingredient_find_unit(text, word) : NULL;
    if (u) {
        out->amount *= u->factor;
        snprintf(out->unit, sizeof out->unit, "%s", u->unit);
        text += word;
        text += strspn(text, " .");
    }
    out->name = ingredient_read_name(text, arena);
    return out->name ? 0 : ERR_NOMEM;
}
