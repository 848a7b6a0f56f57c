/* SPDX-License-Identifier: BSD-2-Clause */
/* Units by name, their conversion, and numbers for people. */
#include "tools/kit/unit_table.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define UNIT_WORD_SIZE 64

/* Words that mean one unit or another: with US customary units, imperial ones, metric ones. An
 * empty name: it has to be said which. */
static const struct {
    const char *words, *us, *uk, *metric;
} unit_choices[] = {
    {"|gal|gallon|gallone|galon|", "gallon_us", "gallon_uk", ""},
    {"|qt|quart|", "quart_us", "quart_uk", ""},
    {"|pt|pint|pinte|pinta|", "pint_us", "pint_uk", ""},
    {"|fl oz|floz|fluid ounce|", "fluid_ounce_us", "fluid_ounce_uk", "fluid_ounce_us"},
    {"|cup|c cup|tasse|taza|", "cup_us", "cup_metric", "cup_metric"},
    {"|tbsp|tablespoon|essloffel|el|cucharada|cuillere a soupe|", "tablespoon_us",
        "tablespoon_metric", "tablespoon_metric"},
    {"|tsp|teaspoon|teeloffel|tl|cucharadita|cuillere a cafe|", "teaspoon_us", "teaspoon_metric",
        "teaspoon_metric"},
    {"|ton|tonelada|", "ton_us", "ton_uk", "tonne"},
    {"|mpg|mile per gallon|mile a gallon|mile to the gallon|meile pro gallone|milla por galon|",
        "mile_per_gallon_us", "mile_per_gallon_uk", ""},
};

/* ---- words ---- */

/* The plain letter of an accented one, as its second UTF-8 byte behind 0xC3. */
static char unit_plain(unsigned char second)
{
    static const struct {
        unsigned char from, to;
        char plain;
    } rows[] = {{0x80, 0x85, 'a'}, {0x87, 0x87, 'c'}, {0x88, 0x8B, 'e'}, {0x8C, 0x8F, 'i'},
        {0x91, 0x91, 'n'}, {0x92, 0x96, 'o'}, {0x99, 0x9C, 'u'}, {0xA0, 0xA5, 'a'},
        {0xA7, 0xA7, 'c'}, {0xA8, 0xAB, 'e'}, {0xAC, 0xAF, 'i'}, {0xB1, 0xB1, 'n'},
        {0xB2, 0xB6, 'o'}, {0xB9, 0xBC, 'u'}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (second >= rows[i].from && second <= rows[i].to)
            return rows[i].plain;
    return 0;
}

/* Small letters without accents; points, degree signs and ^ go, hyphens and _ are blanks. */
static bool unit_fold(const char *text, char out[UNIT_WORD_SIZE])
{
    size_t n = 0;
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        char put = 0;
        if (n + 3 >= UNIT_WORD_SIZE)
            return false;
        if (*c == 0xC3 && unit_plain(c[1])) {
            put = unit_plain(*++c);
        } else if (*c == 0xC2 && (c[1] == 0xB2 || c[1] == 0xB3)) {
            put = *++c == 0xB2 ? '2' : '3';
        } else if (*c == 0xC2 && (c[1] == 0xB0 || c[1] == 0xBA)) {
            c++; /* the degree sign */
            continue;
        } else if (*c == '.' || *c == '^' || *c == '(' || *c == ')') {
            continue;
        } else if (isspace(*c) || *c == '-' || *c == '_') {
            put = ' ';
        } else {
            put = (char)tolower(*c);
        }
        if (put == '/' && n > 0 && out[n - 1] == ' ')
            n--;
        if (put != ' ' || (n > 0 && out[n - 1] != ' ' && out[n - 1] != '/'))
            out[n++] = put;
    }
    while (n > 0 && out[n - 1] == ' ')
        n--;
    out[n] = '\0';
    return n > 0;
}

static bool unit_listed(const char *aliases, const char *word)
{
    char inner[UNIT_WORD_SIZE + 2];
    snprintf(inner, sizeof inner, "|%s|", word);
    return !strchr(word, '|') && strstr(aliases, inner) != NULL;
}

static const struct unit *unit_named(const char *name)
{
    for (size_t i = 0; i < unit_table_count; i++)
        if (strcmp(unit_table[i].name, name) == 0)
            return &unit_table[i];
    return NULL;
}

/* ---- which one ---- */

static int unit_choose(size_t i, const struct units *own, const struct unit **out,
    char why[UNIT_WHY_SIZE])
{
    bool us = own->volume == UNITS_GALLON_US || own->fuel == UNITS_MPG_US;
    bool uk = own->volume == UNITS_GALLON_UK || own->fuel == UNITS_MPG_UK;
    const char *name = us ? unit_choices[i].us : uk ? unit_choices[i].uk : unit_choices[i].metric;
    *out = unit_named(name);
    if (*out)
        return 0;
    snprintf(why, UNIT_WHY_SIZE, "%s or %s", unit_choices[i].us, unit_choices[i].uk);
    return ERR_CONFLICT;
}

static int unit_find_word(const char *word, const struct units *own, const enum unit_kind *kind,
    const struct unit **out, char why[UNIT_WHY_SIZE])
{
    if (strcmp(word, "oz") == 0 || strcmp(word, "ounce") == 0)
        word = kind && *kind == UNIT_VOLUME ? "fl oz" : "ounce";
    for (size_t i = 0; i < sizeof unit_choices / sizeof *unit_choices; i++)
        if (unit_listed(unit_choices[i].words, word))
            return unit_choose(i, own, out, why);
    for (size_t i = 0; i < unit_table_count; i++)
        if (unit_listed(unit_table[i].aliases, word) || strcmp(unit_table[i].name, word) == 0) {
            *out = &unit_table[i];
            return 0;
        }
    return ERR_NOT_FOUND;
}

/* Takes the plural off the first word ("miles per hour") and off the last ("US gallons"). */
static int unit_find_singular(const char *word, const struct units *own, const enum unit_kind *kind,
    const struct unit **out, char why[UNIT_WHY_SIZE])
{
    static const char *const endings[] = {"s", "es", "n", "en", "e"};
    char tried[UNIT_WORD_SIZE];
    size_t len = strlen(word), first = strcspn(word, " ");
    int error = ERR_NOT_FOUND;
    for (size_t i = 0; error == ERR_NOT_FOUND && i < 5; i++) {
        size_t cut = strlen(endings[i]);
        if (len > cut + 1 && strcmp(word + len - cut, endings[i]) == 0) {
            snprintf(tried, sizeof tried, "%.*s", (int)(len - cut), word);
            error = unit_find_word(tried, own, kind, out, why);
        }
        if (error == ERR_NOT_FOUND && first > cut + 1 && first < len &&
            strncmp(word + first - cut, endings[i], cut) == 0) {
            snprintf(tried, sizeof tried, "%.*s%s", (int)(first - cut), word, word + first);
            error = unit_find_word(tried, own, kind, out, why);
        }
    }
    return error;
}

int unit_find(const char *text, const struct units *own, const enum unit_kind *kind,
    const struct unit **out, char why[UNIT_WHY_SIZE])
{
    char word[UNIT_WORD_SIZE], tried[UNIT_WORD_SIZE];
    *out = unit_named(text);
    if (*out)
        return 0;
    /* "Mb" is a bit that "MB" is not. */
    if (strcmp(text, "Mb") == 0 || strcmp(text, "Gb") == 0) {
        *out = unit_named(*text == 'M' ? "megabit" : "gigabit");
        return 0;
    }
    if (!unit_fold(text, word))
        return ERR_NOT_FOUND;
    int error = unit_find_word(word, own, kind, out, why);
    if (error == ERR_NOT_FOUND)
        error = unit_find_singular(word, own, kind, out, why);
    if (error != ERR_NOT_FOUND)
        return error;
    /* both words in the plural: "metros cuadrados", "pieds carres" */
    size_t len = strlen(word), first = strcspn(word, " ");
    if (first < 2 || first >= len || word[first - 1] != 's' || word[len - 1] != 's')
        return ERR_NOT_FOUND;
    snprintf(tried, sizeof tried, "%.*s%.*s", (int)(first - 1), word, (int)(len - first - 1),
        word + first);
    return unit_find_word(tried, own, kind, out, why);
}

const char *unit_kind_name(enum unit_kind kind)
{
    static const char *const names[] = {"length", "area", "volume", "mass", "temperature", "speed",
        "pressure", "fuel economy", "energy", "power", "time", "data"};
    return names[kind];
}

/* ---- conversion ---- */

int unit_convert(double value, const struct unit *from, const struct unit *to, double *out)
{
    double base;
    if (from->kind != to->kind)
        return ERR_INVALID;
    if (from->kind == UNIT_FUEL) {
        if (!(value > 0))
            return ERR_LIMIT;
        double litres = from->offset != 0 ? from->factor / value : value; /* per 100 km */
        base = to->offset != 0 ? to->factor / litres : litres;
    } else if (from->kind == UNIT_TEMPERATURE) {
        double kelvin = value * from->factor + from->offset;
        if (kelvin < -1e-9)
            return ERR_LIMIT;
        base = (kelvin - to->offset) / to->factor;
    } else {
        base = value * from->factor / to->factor;
    }
    if (!isfinite(base))
        return ERR_LIMIT;
    *out = base;
    return 0;
}

void unit_number(double value, char out[UNIT_NUMBER_SIZE])
{
    char plain[UNIT_NUMBER_SIZE];
    double size = fabs(value);
    int digits = size > 0 ? (int)floor(log10(size)) : 0;
    if (size >= 1e15 || (size > 0 && size < 1e-9)) {
        snprintf(out, UNIT_NUMBER_SIZE, "%.6g", value);
        return;
    }
    int decimals = digits >= 5 ? 0 : 5 - digits;
    snprintf(plain, sizeof plain, "%.*f", decimals, value);
    if (strchr(plain, '.')) {
        size_t len = strlen(plain);
        while (plain[len - 1] == '0')
            plain[--len] = '\0';
        if (plain[len - 1] == '.')
            plain[--len] = '\0';
    }
    size_t whole = strcspn(plain, "."), n = 0;
    for (size_t i = 0; plain[i] != '\0' && n + 2 < UNIT_NUMBER_SIZE; i++) {
        out[n++] = plain[i];
        if (i + 1 < whole && (whole - i - 1) % 3 == 0 && plain[i] != '-')
            out[n++] = ',';
    }
    out[n] = '\0';
    if (strcmp(out, "-0") == 0)
        snprintf(out, UNIT_NUMBER_SIZE, "0");
}
