/* SPDX-License-Identifier: BSD-2-Clause */
/* schema_coerce -- rule 4 of the tools: coerced when the meaning is unambiguous, else left. */
#include "tools/schema/schema.h"

#include "base/err.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HAS(types, type) (((types)&1u << (type)) != 0)

/* Trimmed copy into out; false when it does not fit. */
static bool schema_trimmed(const jdoc *value, char *out, size_t size)
{
    size_t len = 0;
    const char *s = jdoc_string(value, &len);
    while (len > 0 && isspace((unsigned char)*s))
        s++, len--;
    while (len > 0 && isspace((unsigned char)s[len - 1]))
        len--;
    if (len >= size || memchr(s, '\0', len))
        return false;
    memcpy(out, s, len);
    out[len] = '\0';
    return true;
}

/* Decimal digits only: no hexadecimal, no "inf". */
static bool schema_is_decimal(const char *s)
{
    size_t digits = 0;
    if (*s == '-' || *s == '+')
        s++;
    for (; isdigit((unsigned char)*s); s++)
        digits++;
    if (*s == '.')
        for (s++; isdigit((unsigned char)*s); s++)
            digits++;
    return digits > 0 && digits <= 17 && *s == '\0';
}

/* "1,000" and "12,500.50" without their commas. A comma that does not part thousands stays, and so
 * do points: "1.000" has two meanings. */
static void schema_ungroup(char *s)
{
    size_t digits = strspn(s, "0123456789"), at = digits;
    if (digits < 1 || digits > 3 || *s == '0')
        return;
    while (s[at] == ',' && strspn(s + at + 1, "0123456789") == 3)
        at += 4;
    if (at == digits || (s[at] != '\0' && s[at] != '.'))
        return;
    char *to = s;
    for (; *s != '\0'; s++)
        if (*s != ',')
            *to++ = *s;
    *to = '\0';
}

static jdoc *schema_from_text(unsigned types, const jdoc *value)
{
    char text[64];
    if (!schema_trimmed(value, text, sizeof text))
        return NULL;
    schema_ungroup(text);
    if (HAS(types, JDOC_BOOL) && strcasecmp(text, "true") == 0)
        return jdoc_new_bool(true);
    if (HAS(types, JDOC_BOOL) && strcasecmp(text, "false") == 0)
        return jdoc_new_bool(false);
    if (!HAS(types, JDOC_INT) || !schema_is_decimal(text))
        return NULL;
    double number = strtod(text, NULL);
    if (number == nearbyint(number) && fabs(number) < 9e15)
        return jdoc_new_int((int64_t)number);
    return HAS(types, JDOC_DOUBLE) ? jdoc_new_double(number) : NULL;
}

/* A list or object that was sent as JSON text. */
static jdoc *schema_from_json(unsigned types, const jdoc *value)
{
    size_t len = 0;
    const char *s = jdoc_string(value, &len);
    jdoc *doc = NULL;
    while (len > 0 && isspace((unsigned char)*s))
        s++, len--;
    bool wanted = len > 0 &&
        ((*s == '[' && HAS(types, JDOC_ARRAY)) || (*s == '{' && HAS(types, JDOC_OBJECT)));
    if (!wanted || jdoc_parse(s, len, &doc, NULL, 0) != 0)
        return NULL;
    return doc;
}

static jdoc *schema_from_enum(const jdoc *choices, const jdoc *value)
{
    char text[128];
    const char *found = NULL;
    if (!schema_trimmed(value, text, sizeof text))
        return NULL;
    for (size_t i = 0; i < jdoc_length(choices); i++) {
        const char *choice = jdoc_string(jdoc_at(choices, i), NULL);
        if (!choice || strcasecmp(choice, text) != 0)
            continue;
        if (found)
            return NULL;
        found = choice;
    }
    return found && strcmp(found, jdoc_string(value, NULL)) != 0 ?
        jdoc_new_string(found, strlen(found)) :
        NULL;
}

static jdoc *schema_wrapped(const jdoc *value)
{
    jdoc *list = jdoc_new_array(), *item = jdoc_dup(value);
    if (list && item && jdoc_push(list, item) == 0)
        return list;
    if (!list)
        jdoc_free(item);
    jdoc_free(list);
    return NULL;
}

static int schema_coerce_coerce(const jdoc *schema, jdoc *value, jdoc **replacement);

/* Elements one by one; a list is made anew only when one of them changes. */
static int schema_coerce_list(const jdoc *items, jdoc *list, jdoc **replacement)
{
    jdoc *fresh = jdoc_new_array();
    bool changed = false;
    int error = fresh ? 0 : ERR_NOMEM;
    for (size_t i = 0; error == 0 && i < jdoc_length(list); i++) {
        jdoc *element = jdoc_at(list, i), *other = NULL;
        if (!element) { /* a null in a list: the check will name it */
            changed = false;
            break;
        }
        error = schema_coerce_coerce(items, element, &other);
        changed |= other != NULL;
        if (!other)
            other = jdoc_dup(element);
        if (error == 0)
            error = other ? jdoc_push(fresh, other) : ERR_NOMEM;
    }
    if (error == 0 && changed) {
        *replacement = fresh;
        return 0;
    }
    jdoc_free(fresh);
    return error;
}

/* The first alternative that takes the value, coerced for it. */
static int schema_coerce_any(const jdoc *choices, const jdoc *value, jdoc **replacement)
{
    for (size_t i = 0; i < jdoc_length(choices); i++) {
        jdoc *copy = jdoc_dup(value), *other = NULL;
        if (!copy)
            return ERR_NOMEM;
        int error = schema_coerce_coerce(jdoc_at(choices, i), copy, &other);
        jdoc *candidate = other ? other : copy;
        if (error == 0 && schema_validate(jdoc_at(choices, i), candidate, NULL) == 0) {
            if (other)
                jdoc_free(copy);
            *replacement = candidate;
            return 0;
        }
        jdoc_free(other);
        jdoc_free(copy);
        if (error != 0)
            return error;
    }
    return 0;
}

static jdoc *schema_coerce_scalar(const jdoc *schema, unsigned types, const jdoc *value)
{
    enum jdoc_type type = jdoc_type(value);
    char text[32];
    int64_t integer;
    double number;
    if (type == JDOC_STRING && HAS(types, JDOC_STRING))
        return jdoc_get(schema, "enum") ? schema_from_enum(jdoc_get(schema, "enum"), value) : NULL;
    if (type == JDOC_STRING) {
        jdoc *converted = schema_from_text(types, value);
        return converted ? converted : schema_from_json(types, value);
    }
    if (type == JDOC_DOUBLE && HAS(types, JDOC_INT) && !HAS(types, JDOC_DOUBLE) &&
        jdoc_double(value, &number) == 0 && number == nearbyint(number) && fabs(number) < 9e15)
        return jdoc_new_int((int64_t)number);
    if (type == JDOC_INT && HAS(types, JDOC_STRING) && !HAS(types, JDOC_INT) &&
        jdoc_int(value, &integer) == 0) {
        snprintf(text, sizeof text, "%lld", (long long)integer);
        return jdoc_new_string(text, strlen(text));
    }
    return NULL;
}

/* replacement: out, owned by the caller, or NULL when the value may stay (changed in place). */
static int schema_coerce_coerce(const jdoc *schema, jdoc *value, jdoc **replacement)
{
    unsigned types = schema_types(schema);
    int error = 0;
    *replacement = NULL;
    if (jdoc_get(schema, "anyOf"))
        return schema_coerce_any(jdoc_get(schema, "anyOf"), value, replacement);
    if (types == 0)
        return 0;
    *replacement = schema_coerce_scalar(schema, types, value);
    jdoc *now = *replacement ? *replacement : value;
    if (!HAS(types, jdoc_type(now)) && HAS(types, JDOC_ARRAY) && jdoc_type(now) != JDOC_NULL) {
        jdoc *list = schema_wrapped(now);
        if (!list)
            return ERR_NOMEM;
        jdoc_free(*replacement);
        *replacement = now = list;
    }
    if (jdoc_type(now) == JDOC_OBJECT)
        return schema_coerce(schema, now);
    if (jdoc_type(now) == JDOC_ARRAY && jdoc_get(schema, "items")) {
        jdoc *list = NULL;
        error = schema_coerce_list(jdoc_get(schema, "items"), now, &list);
        if (list) {
            jdoc_free(*replacement);
            *replacement = list;
        }
    }
    return error;
}

static bool schema_is_required(const jdoc *schema, const char *key)
{
    const jdoc *required = jdoc_get(schema, "required");
    for (size_t i = 0; i < jdoc_length(required); i++)
        if (strcmp(jdoc_string(jdoc_at(required, i), NULL), key) == 0)
            return true;
    return false;
}

/* Models write "" for what they leave out. Where "" cannot be meant, it is absent. */
static bool schema_is_blank(const jdoc *field, const jdoc *value)
{
    size_t len = 1;
    if (!jdoc_string(value, &len) || len > 0)
        return false;
    int64_t least = jdoc_int_or(field, "minLength", 0);
    return !HAS(schema_types(field), JDOC_STRING) || least > 0 || jdoc_get(field, "enum") ||
        jdoc_get(field, "format") || jdoc_get(field, "pattern");
}

int schema_coerce(const jdoc *schema, jdoc *object)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *field, *replacement = NULL;
    int error = 0;
    if (jdoc_type(object) != JDOC_OBJECT)
        return 0;
    while (error == 0 && jdoc_next(jdoc_get(schema, "properties"), &it, &key, &field)) {
        jdoc *value = jdoc_get(object, key);
        bool null = !value && jdoc_has(object, key) && !HAS(schema_types(field), JDOC_NULL);
        if (!schema_is_required(schema, key) && (null || schema_is_blank(field, value))) {
            jdoc_remove(object, key);
            value = NULL;
        }
        const jdoc *fallback = jdoc_get(field, "default");
        if (!value && fallback && !jdoc_has(object, key)) {
            error = jdoc_set(object, key, jdoc_dup(fallback));
            continue;
        }
        if (!value)
            continue;
        error = schema_coerce_coerce(field, value, &replacement);
        if (replacement && error == 0)
            error = jdoc_set(object, key, replacement);
        else
            jdoc_free(replacement);
    }
    return error;
}
