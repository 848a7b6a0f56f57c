/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/engine/tools_usual.h"

#include "tools/kit/currency.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Words for categories of expenses that are none of their names. */
static const char *tools_usual_category(const char *said)
{
    static const struct {
        const char *category, *words;
    } rows[] = {
        {"gas", " petrol gasoline unleaded benzin essence gasolina "},
        {"diesel", " gasoil gazole "},
        {"propane", " lpg gpl butane "},
        {"groceries", " grocery supermarket lebensmittel courses "},
        {"restaurant", " cafe coffee dining takeaway "},
        {"campground", " camping campsite "},
        {"rv_park", " caravan_park holiday_park "},
        {"repair", " repairs "},
        {"registration", " rego "},
        {"tolls", " toll maut "},
        {"medical", " health pharmacy "},
        {"pet", " pets "},
    };
    char word[32];
    int len = snprintf(word, sizeof word, " %s ", said);
    if (len >= (int)sizeof word || strchr(said, ' '))
        return NULL;
    for (char *c = word; *c != '\0'; c++)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strstr(rows[i].words, word))
            return rows[i].category;
    return NULL;
}

static bool tools_usual_has(const jdoc *choices, const char *text)
{
    for (size_t i = 0; i < jdoc_length(choices); i++) {
        const char *choice = jdoc_string(jdoc_at(choices, i), NULL);
        if (choice && strcasecmp(choice, text) == 0)
            return true;
    }
    return false;
}

int tools_usual_coerce(const jdoc *schema, jdoc *args)
{
    char code[4];
    const char *currency = jdoc_string(jdoc_get(args, "currency"), NULL);
    const char *category = jdoc_string(jdoc_get(args, "category"), NULL);
    const jdoc *choices = jdoc_get(jdoc_get(jdoc_get(schema, "properties"), "category"), "enum");
    int error = 0;
    if (currency && currency_named(currency, code) && currency_row_of(code))
        error = jdoc_set_string(args, "currency", code);
    if (error != 0 || !category || tools_usual_has(choices, category))
        return error;
    category = tools_usual_category(category);
    return category && tools_usual_has(choices, category) ?
        jdoc_set_string(args, "category", category) :
        0;
}

int tools_usual_check(const jdoc *args, struct tools_problem *problem)
{
    char why[CURRENCY_WHY_SIZE];
    const char *code = jdoc_string(jdoc_get(args, "currency"), NULL);
    if (!code || currency_check(code, why) == 0)
        return 0;
    snprintf(problem->path, sizeof problem->path, "/currency");
    snprintf(problem->expected, sizeof problem->expected, "a code of ISO 4217, as AUD");
    snprintf(problem->message, sizeof problem->message, "currency is not possible: %s", why);
    return ERR_INVALID;
}
