/* SPDX-License-Identifier: BSD-2-Clause */
/* schema_well_formed -- what the build asks of a schema. */
#include "tools/schema/schema.h"

#include "base/err.h"
#include "tools/schema/pattern.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct form {
    struct tools_problem *problem;
    char path[128];
};

static int schema_form_wrong(struct form *f, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static int schema_form_wrong(struct form *f, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vsnprintf(f->problem->message, sizeof f->problem->message, format, ap);
    va_end(ap);
    memcpy(f->problem->path, f->path, sizeof f->path);
    f->problem->expected[0] = '\0';
    return ERR_INVALID;
}

static int schema_form(struct form *f, const jdoc *schema);

static int schema_form_at(struct form *f, const char *key, const jdoc *schema)
{
    size_t len = strlen(f->path);
    snprintf(f->path + len, sizeof f->path - len, "/%s", key);
    int error = schema_form(f, schema);
    if (error == 0)
        f->path[len] = '\0';
    return error;
}

typedef int rule_fn(struct form *f, const jdoc *schema, const jdoc *value);

static int schema_rule_text(struct form *f, const jdoc *schema, const jdoc *value)
{
    (void)schema;
    return jdoc_type(value) == JDOC_STRING ? 0 : schema_form_wrong(f, "must be text");
}

static int schema_rule_bool(struct form *f, const jdoc *schema, const jdoc *value)
{
    (void)schema;
    return jdoc_type(value) == JDOC_BOOL ? 0 : schema_form_wrong(f, "must be true or false");
}

static int schema_rule_number(struct form *f, const jdoc *schema, const jdoc *value)
{
    double number;
    (void)schema;
    return jdoc_double(value, &number) == 0 ? 0 : schema_form_wrong(f, "must be a number");
}

static int schema_rule_count(struct form *f, const jdoc *schema, const jdoc *value)
{
    int64_t count;
    (void)schema;
    return jdoc_int(value, &count) == 0 && count >= 0 ? 0 : schema_form_wrong(f, "must be a count");
}

static int schema_rule_multiple(struct form *f, const jdoc *schema, const jdoc *value)
{
    double number;
    (void)schema;
    return jdoc_double(value, &number) == 0 && number > 0 ? 0 :
                                                            schema_form_wrong(f, "must be above 0");
}

static int schema_rule_type(struct form *f, const jdoc *schema, const jdoc *value)
{
    static const char *const names[] = {"null", "boolean", "integer", "number", "string", "array",
        "object"};
    bool list = jdoc_type(value) == JDOC_ARRAY;
    (void)schema;
    if (!list && jdoc_type(value) != JDOC_STRING)
        return schema_form_wrong(f, "must be a name or a list of names");
    if (list && jdoc_length(value) == 0)
        return schema_form_wrong(f, "an empty list of types allows nothing");
    for (size_t i = 0; i < (list ? jdoc_length(value) : 1); i++) {
        const char *name = jdoc_string(list ? jdoc_at(value, i) : value, NULL);
        bool known = false;
        for (size_t k = 0; name && k < sizeof names / sizeof *names; k++)
            known |= strcmp(name, names[k]) == 0;
        if (!known)
            return schema_form_wrong(f, "unknown type \"%s\"", name ? name : "");
    }
    return 0;
}

static int schema_rule_enum(struct form *f, const jdoc *schema, const jdoc *value)
{
    struct tools_problem why;
    if (jdoc_length(value) == 0 || jdoc_type(value) != JDOC_ARRAY)
        return schema_form_wrong(f, "must be a list that is not empty");
    for (size_t i = 0; i < jdoc_length(value); i++)
        if (schema_validate(schema, jdoc_at(value, i), &why) != 0)
            return schema_form_wrong(f, "member %zu is not right for its own schema", i);
    return 0;
}

static int schema_rule_example(struct form *f, const jdoc *schema, const jdoc *value)
{
    struct tools_problem why;
    if (schema_validate(schema, value, &why) != 0)
        return schema_form_wrong(f, "does not obey its own schema: %.200s", why.message);
    return 0;
}

static int schema_rule_examples(struct form *f, const jdoc *schema, const jdoc *value)
{
    int error = jdoc_type(value) == JDOC_ARRAY ? 0 : schema_form_wrong(f, "must be a list");
    for (size_t i = 0; error == 0 && i < jdoc_length(value); i++)
        error = schema_rule_example(f, schema, jdoc_at(value, i));
    return error;
}

static int schema_rule_pattern(struct form *f, const jdoc *schema, const jdoc *value)
{
    char why[128];
    const char *pattern = jdoc_string(value, NULL);
    (void)schema;
    if (!pattern)
        return schema_form_wrong(f, "must be text");
    return pattern_check(pattern, why, sizeof why) == 0 ? 0 : schema_form_wrong(f, "%s", why);
}

static int schema_rule_format(struct form *f, const jdoc *schema, const jdoc *value)
{
    static const char *const names[] = {"date", "time", "date-time", "uuid", "uri"};
    const char *name = jdoc_string(value, NULL);
    (void)schema;
    for (size_t i = 0; name && i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return 0;
    return schema_form_wrong(f, "unknown format \"%s\"", name ? name : "");
}

static int schema_rule_schema(struct form *f, const jdoc *schema, const jdoc *value)
{
    (void)schema;
    return schema_form(f, value);
}

static int schema_rule_any(struct form *f, const jdoc *schema, const jdoc *value)
{
    char key[24];
    int error = jdoc_type(value) == JDOC_ARRAY && jdoc_length(value) > 0 ?
        0 :
        schema_form_wrong(f, "must be a list of schemas");
    (void)schema;
    for (size_t i = 0; error == 0 && i < jdoc_length(value); i++) {
        snprintf(key, sizeof key, "%zu", i);
        error = schema_form_at(f, key, jdoc_at(value, i));
    }
    return error;
}

static int schema_rule_properties(struct form *f, const jdoc *schema, const jdoc *value)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *member;
    int error = jdoc_type(value) == JDOC_OBJECT ? 0 : schema_form_wrong(f, "must be an object");
    (void)schema;
    while (error == 0 && jdoc_next(value, &it, &key, &member))
        error = schema_form_at(f, key, member);
    return error;
}

static int schema_rule_required(struct form *f, const jdoc *schema, const jdoc *value)
{
    if (jdoc_type(value) != JDOC_ARRAY)
        return schema_form_wrong(f, "must be a list");
    for (size_t i = 0; i < jdoc_length(value); i++) {
        const char *key = jdoc_string(jdoc_at(value, i), NULL);
        if (!key || !jdoc_get(jdoc_get(schema, "properties"), key))
            return schema_form_wrong(f, "\"%s\" is not among the properties", key ? key : "");
    }
    return 0;
}

static int schema_rule_any_value(struct form *f, const jdoc *schema, const jdoc *value)
{
    (void)f, (void)schema, (void)value;
    return 0;
}

static const struct {
    const char *keyword;
    rule_fn *rule;
} rules[] = {
    {"type", schema_rule_type},
    {"enum", schema_rule_enum},
    {"const", schema_rule_any_value},
    {"minimum", schema_rule_number},
    {"maximum", schema_rule_number},
    {"exclusiveMinimum", schema_rule_number},
    {"exclusiveMaximum", schema_rule_number},
    {"multipleOf", schema_rule_multiple},
    {"minLength", schema_rule_count},
    {"maxLength", schema_rule_count},
    {"pattern", schema_rule_pattern},
    {"minItems", schema_rule_count},
    {"maxItems", schema_rule_count},
    {"items", schema_rule_schema},
    {"properties", schema_rule_properties},
    {"required", schema_rule_required},
    {"additionalProperties", schema_rule_bool},
    {"default", schema_rule_example},
    {"format", schema_rule_format},
    {"anyOf", schema_rule_any},
    {"title", schema_rule_text},
    {"description", schema_rule_text},
    {"examples", schema_rule_examples},
};
#define RULES (sizeof rules / sizeof *rules)

/* Keywords of sub-schemas first: a default is checked against what is known to be right. */
static int schema_form_keywords(struct form *f, const jdoc *schema, bool values)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value;
    int error = 0;
    while (error == 0 && jdoc_next(schema, &it, &key, &value)) {
        size_t i = 0, len = strlen(f->path);
        while (i < RULES && strcmp(key, rules[i].keyword) != 0)
            i++;
        snprintf(f->path + len, sizeof f->path - len, "/%s", key);
        if (i == RULES)
            return schema_form_wrong(f, "unknown keyword \"%s\"", key);
        bool is_value = rules[i].rule == schema_rule_example ||
            rules[i].rule == schema_rule_examples || rules[i].rule == schema_rule_enum;
        if (is_value == values)
            error = rules[i].rule(f, schema, value);
        if (error == 0)
            f->path[len] = '\0';
    }
    return error;
}

static int schema_form(struct form *f, const jdoc *schema)
{
    if (jdoc_type(schema) != JDOC_OBJECT)
        return schema_form_wrong(f, "must be a schema (an object)");
    int error = schema_form_keywords(f, schema, false);
    return error != 0 ? error : schema_form_keywords(f, schema, true);
}

int schema_well_formed(const jdoc *schema, struct tools_problem *problem)
{
    struct form f = {.problem = problem};
    return schema_form(&f, schema);
}
