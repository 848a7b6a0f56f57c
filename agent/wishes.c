/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/wishes.h"

#include "agent/daytime.h"
#include "tools/kit/currency.h"
#include "tools/kit/currency_table.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define WISHES_LANGUAGE_MAX 35

/* ---- single members ---- */

static bool wishes_is_language(const char *text)
{
    static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t len = strlen(text);

    return len >= 2 && len <= WISHES_LANGUAGE_MAX && isalpha((unsigned char)*text) &&
        isalpha((unsigned char)text[1]) && strspn(text, good) == len;
}

/* "AU" of "en-AU" and "zh-Hant-TW". */
static bool wishes_country(const char *locale, char out[3])
{
    for (const char *at = locale; at; at = strpbrk(at, "-_")) {
        at += *at == '-' || *at == '_';
        if (at != locale && strcspn(at, "-_") == 2 && isalpha((unsigned char)at[0]) &&
            isalpha((unsigned char)at[1])) {
            out[0] = (char)toupper((unsigned char)at[0]);
            out[1] = (char)toupper((unsigned char)at[1]);
            out[2] = 0;
            return true;
        }
    }
    return false;
}

/* ---- all of them ---- */

/* The site's, then those of the country. */
static void wishes_usual(const struct wishes_from *from, struct wishes *out)
{
    char country[3], why[UNITS_WHY_SIZE];
    const char *locale = from->locale && *from->locale ? from->locale : out->language;
    const char *site = from->conf->default_currency;

    out->currency = currency_row_of(site) ? site : "AUD";
    jdoc *units = jdoc_new_string(from->conf->default_units, strlen(from->conf->default_units));
    if (units)
        err_ignore(units_choose(units, &out->units, why)); /* conf has checked it */
    jdoc_free(units);
    if (!wishes_country(locale, country))
        return;
    units_of_country(country, &out->units);
    if (currency_of_country(country))
        out->currency = currency_of_country(country);
}

static int wishes_keep(const char *value, struct arena *arena, const char **out)
{
    *out = arena_strdup(arena, value);
    return *out ? 0 : ERR_NOMEM;
}

static int wishes_apply(const jdoc *doc, struct arena *arena, struct wishes *out)
{
    char why[UNITS_WHY_SIZE];
    const char *zone = jdoc_text_or(doc, "timezone", "");
    const char *currency = jdoc_text_or(doc, "currency", "");
    const jdoc *units = jdoc_get(doc, "units");

    if (daytime_zone_valid(zone) && wishes_keep(zone, arena, &out->zone))
        return ERR_NOMEM;
    if (currency_row_of(currency))
        out->currency = currency_row_of(currency)->code;
    if (units && jdoc_type(units) != JDOC_NULL)
        err_ignore(units_choose(units, &out->units, why));
    err_ignore(units_choose_week(jdoc_text_or(doc, "week_start", ""), &out->units));
    err_ignore(units_choose_dates(jdoc_text_or(doc, "date_order", ""), &out->units));
    return 0;
}

int wishes_read(const struct wishes_from *from, struct arena *arena, struct wishes *out)
{
    jdoc *doc = NULL;
    int error = 0;

    *out =
        (struct wishes){.zone = "", .currency = "", .language = "", .memory = from->conf->memory};
    if (from->stored && jdoc_parse(from->stored, strlen(from->stored), &doc, NULL, 0) < 0)
        doc = NULL;
    const char *language = jdoc_text_or(doc, "language", "");
    if (wishes_is_language(language))
        error = wishes_keep(language, arena, &out->language);
    wishes_usual(from, out);
    bool memory = true;
    err_ignore(jdoc_get_bool(doc, "memory", &memory));
    out->memory = out->memory && memory;
    if (!error && jdoc_type(doc) == JDOC_OBJECT)
        error = wishes_apply(doc, arena, out);
    if (!error && jdoc_type(from->said) == JDOC_OBJECT)
        error = wishes_apply(from->said, arena, out);
    jdoc_free(doc);
    return error;
}

/* ---- before they are stored ---- */

static int wishes_wrong(const char *field, const char *expected, char out[WISHES_FIELD_SIZE],
    char why[WISHES_WHY_SIZE])
{
    snprintf(out, WISHES_FIELD_SIZE, "%s", field);
    snprintf(why, WISHES_WHY_SIZE, "%s must be %s.", field, expected);
    return ERR_INVALID;
}

static int wishes_check_units(const jdoc *patch, char field[WISHES_FIELD_SIZE],
    char why[WISHES_WHY_SIZE])
{
    struct units units = {0};
    char said[UNITS_WHY_SIZE];
    const jdoc *value = jdoc_get(patch, "units");

    if (!value || jdoc_type(value) == JDOC_NULL || !units_choose(value, &units, said))
        return 0;
    snprintf(field, WISHES_FIELD_SIZE, "units%.*s", (int)strcspn(said, " "), said);
    snprintf(why, WISHES_WHY_SIZE, "units%s.", said);
    return ERR_INVALID;
}

static int wishes_check_currency(const jdoc *patch, char field[WISHES_FIELD_SIZE],
    char why[WISHES_WHY_SIZE])
{
    char said[CURRENCY_WHY_SIZE];
    const jdoc *value = jdoc_get(patch, "currency");

    if (!value || jdoc_type(value) == JDOC_NULL)
        return 0;
    const char *code = jdoc_string(value, NULL);
    if (!code)
        return wishes_wrong("currency", "a code of ISO 4217, such as AUD", field, why);
    if (!*code || !currency_check(code, said))
        return 0;
    snprintf(field, WISHES_FIELD_SIZE, "currency");
    snprintf(why, WISHES_WHY_SIZE, "currency must be a code of ISO 4217, such as AUD: %s.", said);
    return ERR_INVALID;
}

/* An empty text is none, as null is. */
static bool wishes_holds(const jdoc *patch, const char *key, const char **text)
{
    const jdoc *value = jdoc_get(patch, key);

    *text = jdoc_string(value, NULL);
    return value && jdoc_type(value) != JDOC_NULL && !(*text && !**text);
}

static int wishes_check_memory(const jdoc *patch, char field[WISHES_FIELD_SIZE],
    char why[WISHES_WHY_SIZE])
{
    const jdoc *value = jdoc_get(patch, "memory");
    bool memory;

    if (!value || jdoc_type(value) == JDOC_NULL || !jdoc_get_bool(patch, "memory", &memory))
        return 0;
    return wishes_wrong("memory", "true or false", field, why);
}

int wishes_check(const jdoc *patch, char field[WISHES_FIELD_SIZE], char why[WISHES_WHY_SIZE])
{
    struct units units = {0};
    const char *text;
    int error = wishes_check_currency(patch, field, why);

    if (!error)
        error = wishes_check_units(patch, field, why);
    if (!error)
        error = wishes_check_memory(patch, field, why);
    if (error)
        return error;
    if (wishes_holds(patch, "timezone", &text) && !(text && daytime_zone_valid(text)))
        return wishes_wrong("timezone", "a zone of the IANA database, such as Australia/Sydney",
            field, why);
    if (wishes_holds(patch, "language", &text) && !(text && wishes_is_language(text)))
        return wishes_wrong("language", "a language tag, such as en-AU", field, why);
    if (wishes_holds(patch, "week_start", &text) && !(text && !units_choose_week(text, &units)))
        return wishes_wrong("week_start", "monday, sunday or saturday", field, why);
    if (wishes_holds(patch, "date_order", &text) && !(text && !units_choose_dates(text, &units)))
        return wishes_wrong("date_order", "dmy, mdy or ymd", field, why);
    return 0;
}
