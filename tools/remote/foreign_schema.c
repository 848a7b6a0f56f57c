/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/remote/foreign_schema.h"

#include "base/err.h"
#include "tools/schema/schema.h"

#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 12
#define PATTERN_MAX 256
#define REPETITIONS_MAX 500 /* sum of the numbers of all {n,m} of one pattern */

/* ---- for the check ---- */

static jdoc *foreign_schema_reduce(const jdoc *schema, int depth);

static bool foreign_schema_add(jdoc *to, const char *key, jdoc *value)
{
    return value && jdoc_set(to, key, value) == 0;
}

/*
 * Can a stranger's pattern be compiled and matched in little time and memory? Repeated repetitions
 * multiply, and references to groups try everything.
 */
static bool foreign_schema_is_cheap_pattern(const char *text)
{
    unsigned long repetitions = 0;
    if (strlen(text) > PATTERN_MAX)
        return false;
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '\\' && c[1] != '\0') {
            c++;
            if (*c >= '1' && *c <= '9')
                return false;
        } else if (*c == '{') {
            const char *comma = c + 1 + strspn(c + 1, "0123456789");
            repetitions += strtoul(c + 1, NULL, 10);
            repetitions += *comma == ',' ? strtoul(comma + 1, NULL, 10) : 0;
            if (c == text || strchr(")}*+?", c[-1]) || comma - c > 6 ||
                repetitions > REPETITIONS_MAX)
                return false;
        }
    }
    return true;
}

/* A keyword with its value is kept when schema.h takes it beside the schema's type. */
static bool foreign_schema_keep_keyword(jdoc *to, const jdoc *schema, const char *key)
{
    struct tools_problem problem;
    const jdoc *value = jdoc_get(schema, key), *type = jdoc_get(to, "type");
    if (!value)
        return true;
    if (strcmp(key, "pattern") == 0 &&
        (!jdoc_string(value, NULL) || !foreign_schema_is_cheap_pattern(jdoc_string(value, NULL))))
        return true; /* left to the server */
    jdoc *trial = jdoc_new_object();
    bool good = trial && (!type || foreign_schema_add(trial, "type", jdoc_dup(type))) &&
        foreign_schema_add(trial, key, jdoc_dup(value));
    if (good && schema_well_formed(trial, &problem) == 0)
        good = foreign_schema_add(to, key, jdoc_dup(value));
    jdoc_free(trial);
    return good;
}

static bool foreign_schema_keep_properties(jdoc *to, const jdoc *schema, int depth)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value, *properties = jdoc_new_object();
    const jdoc *from = jdoc_get(schema, "properties");
    bool good = properties != NULL;
    if (!from) {
        jdoc_free(properties);
        return true;
    }
    while (good && jdoc_next(from, &it, &key, &value))
        good = foreign_schema_add(properties, key, foreign_schema_reduce(value, depth + 1));
    if (!good) {
        jdoc_free(properties);
        return false;
    }
    return foreign_schema_add(to, "properties", properties);
}

/* schema.h wants those that are required among the properties; the others are not checked. */
static bool foreign_schema_keep_required(jdoc *to, const jdoc *schema)
{
    const jdoc *from = jdoc_get(schema, "required"), *known = jdoc_get(to, "properties");
    if (jdoc_type(from) != JDOC_ARRAY)
        return true;
    jdoc *required = jdoc_new_array();
    bool good = required != NULL;
    for (size_t i = 0; good && i < jdoc_length(from); i++) {
        const char *name = jdoc_string(jdoc_at(from, i), NULL);
        if (name && jdoc_get(known, name))
            good = jdoc_push(required, jdoc_new_string(name, strlen(name))) == 0;
    }
    if (!good) {
        jdoc_free(required);
        return false;
    }
    return foreign_schema_add(to, "required", required);
}

static bool foreign_schema_keep_any(jdoc *to, const jdoc *schema, int depth)
{
    const jdoc *from = jdoc_get(schema, "anyOf");
    if (!from)
        from = jdoc_get(schema, "oneOf"); /* one of them is at least any of them */
    if (jdoc_type(from) != JDOC_ARRAY || jdoc_length(from) == 0)
        return true;
    jdoc *list = jdoc_new_array();
    bool good = list != NULL;
    for (size_t i = 0; good && i < jdoc_length(from); i++) {
        jdoc *choice = foreign_schema_reduce(jdoc_at(from, i), depth + 1);
        good = choice && jdoc_push(list, choice) == 0;
    }
    if (!good) {
        jdoc_free(list);
        return false;
    }
    return foreign_schema_add(to, "anyOf", list);
}

/* Only where nothing else may bring further members. */
static bool foreign_schema_keep_closed(jdoc *to, const jdoc *schema)
{
    static const char *const open[] = {"patternProperties", "allOf", "anyOf", "oneOf", "$ref",
        "$dynamicRef", "if", "dependentSchemas"};
    bool more = true;
    for (size_t i = 0; i < sizeof open / sizeof *open; i++)
        if (jdoc_has(schema, open[i]))
            return true;
    return jdoc_get_bool(schema, "additionalProperties", &more) != 0 || more ||
        jdoc_set_bool(to, "additionalProperties", false) == 0;
}

static jdoc *foreign_schema_reduce(const jdoc *schema, int depth)
{
    static const char *const keywords[] = {"type", "enum", "const", "minimum", "maximum",
        "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern",
        "minItems", "maxItems", "format"};
    jdoc *to = jdoc_new_object();
    bool good = to != NULL;
    if (!good || jdoc_type(schema) != JDOC_OBJECT || depth > DEPTH_MAX)
        return to; /* {} takes anything */
    for (size_t i = 0; good && i < sizeof keywords / sizeof *keywords; i++)
        good = foreign_schema_keep_keyword(to, schema, keywords[i]);
    if (good && jdoc_get(schema, "items") && !jdoc_get(schema, "prefixItems") &&
        jdoc_type(jdoc_get(schema, "items")) == JDOC_OBJECT)
        good = foreign_schema_add(to, "items",
            foreign_schema_reduce(jdoc_get(schema, "items"), depth + 1));
    good = good && foreign_schema_keep_properties(to, schema, depth) &&
        foreign_schema_keep_required(to, schema) && foreign_schema_keep_any(to, schema, depth) &&
        foreign_schema_keep_closed(to, schema);
    if (!good) {
        jdoc_free(to);
        return NULL;
    }
    return to;
}

jdoc *foreign_schema_check(const jdoc *schema)
{
    struct tools_problem problem;
    jdoc *out = foreign_schema_reduce(schema, 0);
    if (out && schema_well_formed(out, &problem) != 0) {
        jdoc_free(out);
        out = jdoc_new_object(); /* a combination that schema.h does not take: nothing is checked */
    }
    return out;
}

bool foreign_schema_name_valid(const char *name)
{
    static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
    size_t len = strlen(name);
    return len > 0 && len <= 64 && strspn(name, good) == len;
}

const char *foreign_schema_bad_name(const jdoc *schema)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value;
    while (jdoc_next(jdoc_get(schema, "properties"), &it, &key, &value))
        if (!foreign_schema_name_valid(key))
            return key;
    return NULL;
}
