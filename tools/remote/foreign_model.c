/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/remote/foreign_schema.h"

#include "base/err.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define REFERENCES_MAX 8 /* of one another, and combinations within combinations */
#define POINTER_MAX 512

/* What a keyword must be, else a vendor would refuse the request with all its tools. */
enum form { SCHEMA, SCHEMAS, SCHEMA_LIST, TEXT_LIST, ANY_LIST, TEXT, NUMBER, COUNT, FLAG };
static const struct {
    const char *key;
    enum form form;
} forms[] = {{"properties", SCHEMAS}, {"patternProperties", SCHEMAS}, {"$defs", SCHEMAS},
    {"definitions", SCHEMAS}, {"dependentSchemas", SCHEMAS}, {"items", SCHEMA},
    {"additionalProperties", SCHEMA}, {"not", SCHEMA}, {"if", SCHEMA}, {"then", SCHEMA},
    {"else", SCHEMA}, {"contains", SCHEMA}, {"propertyNames", SCHEMA}, {"unevaluatedItems", SCHEMA},
    {"unevaluatedProperties", SCHEMA}, {"anyOf", SCHEMA_LIST}, {"oneOf", SCHEMA_LIST},
    {"allOf", SCHEMA_LIST}, {"prefixItems", SCHEMA_LIST}, {"required", TEXT_LIST},
    {"enum", ANY_LIST}, {"examples", ANY_LIST}, {"$ref", TEXT}, {"title", TEXT},
    {"description", TEXT}, {"pattern", TEXT}, {"format", TEXT}, {"minimum", NUMBER},
    {"maximum", NUMBER}, {"exclusiveMinimum", NUMBER}, {"exclusiveMaximum", NUMBER},
    {"multipleOf", NUMBER}, {"minLength", COUNT}, {"maxLength", COUNT}, {"minItems", COUNT},
    {"maxItems", COUNT}, {"minProperties", COUNT}, {"maxProperties", COUNT}, {"minContains", COUNT},
    {"maxContains", COUNT}, {"uniqueItems", FLAG}, {"deprecated", FLAG}, {"readOnly", FLAG},
    {"writeOnly", FLAG}};

static bool foreign_model_is_schema(const jdoc *value)
{
    return jdoc_type(value) == JDOC_OBJECT || jdoc_type(value) == JDOC_BOOL;
}

static bool foreign_model_are_schemas(const jdoc *object)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value;
    bool good = jdoc_type(object) == JDOC_OBJECT;
    while (good && jdoc_next(object, &it, &key, &value))
        good = foreign_model_is_schema(value);
    return good;
}

static bool foreign_model_is_list(const jdoc *value, enum form form)
{
    bool good = jdoc_type(value) == JDOC_ARRAY && (form == TEXT_LIST || jdoc_length(value) > 0);
    for (size_t i = 0; good && i < jdoc_length(value); i++)
        good = form == SCHEMA_LIST ? foreign_model_is_schema(jdoc_at(value, i)) :
                                     form != TEXT_LIST || jdoc_string(jdoc_at(value, i), NULL);
    return good;
}

static bool foreign_model_has_form(const jdoc *value, enum form form)
{
    enum jdoc_type type = jdoc_type(value);
    int64_t count = -1;
    switch (form) {
    case SCHEMA:
        return foreign_model_is_schema(value);
    case SCHEMAS:
        return foreign_model_are_schemas(value);
    case TEXT:
        return type == JDOC_STRING;
    case FLAG:
        return type == JDOC_BOOL;
    case NUMBER:
        return type == JDOC_INT || type == JDOC_DOUBLE;
    case COUNT:
        return jdoc_int(value, &count) == 0 && count >= 0;
    default:
        return foreign_model_is_list(value, form);
    }
}

static bool foreign_model_is_type_name(const char *name)
{
    static const char *const known[] = {"object", "array", "string", "number", "integer", "boolean",
        "null"};
    for (size_t i = 0; name && i < sizeof known / sizeof *known; i++)
        if (strcmp(name, known[i]) == 0)
            return true;
    return false;
}

static bool foreign_model_is_type(const jdoc *value)
{
    bool good = jdoc_type(value) == JDOC_ARRAY && jdoc_length(value) > 0;
    for (size_t i = 0; good && i < jdoc_length(value); i++)
        good = foreign_model_is_type_name(jdoc_string(jdoc_at(value, i), NULL));
    return good || foreign_model_is_type_name(jdoc_string(value, NULL));
}

/* ---- references within the document ---- */

/* One step of a JSON pointer (RFC 6901), with its escapes undone. */
static const jdoc *foreign_model_foreign_step(const jdoc *at, const char *name, size_t len)
{
    char key[POINTER_MAX];
    size_t n = 0;
    for (size_t i = 0; i < len && n + 1 < sizeof key; i++) {
        bool escaped = name[i] == '~' && i + 1 < len && (name[i + 1] == '0' || name[i + 1] == '1');
        key[n++] = !escaped ? name[i] : name[i + 1] == '0' ? '~' : '/';
        i += escaped;
    }
    key[n] = '\0';
    if (jdoc_type(at) == JDOC_ARRAY)
        return n > 0 && n < 6 && strspn(key, "0123456789") == n ?
            jdoc_at(at, (size_t)strtoul(key, NULL, 10)) :
            NULL;
    return jdoc_get(at, key);
}

/* What "#" or "#/..." names, or NULL: vendors refuse a reference to what is not there. */
static const jdoc *foreign_model_foreign_named(const jdoc *root, const char *reference)
{
    const jdoc *at = root;
    if (*reference != '#' || strlen(reference) >= POINTER_MAX)
        return NULL;
    for (const char *p = reference + 1; at && *p != '\0';) {
        if (*p != '/')
            return NULL; /* an anchor */
        size_t len = strcspn(p + 1, "/");
        at = foreign_model_foreign_step(at, p + 1, len);
        p += len + 1;
    }
    return foreign_model_is_schema(at) ? at : NULL;
}

/* The schema itself, or the one that its $ref names. NULL when that is not there. */
static const jdoc *foreign_model_foreign_resolve(const jdoc *root, const jdoc *schema)
{
    for (int i = 0; i < REFERENCES_MAX && schema; i++) {
        const char *reference = jdoc_string(jdoc_get(schema, "$ref"), NULL);
        if (!reference)
            return schema;
        schema = foreign_model_foreign_named(root, reference);
    }
    return NULL;
}

/* ---- the top: one object with all arguments of all its forms ---- */

static const char *const combinations[] = {"allOf", "anyOf", "oneOf"};
#define COMBINATIONS (sizeof combinations / sizeof *combinations)

static bool foreign_model_foreign_same(const jdoc *a, const jdoc *b)
{
    struct buf x = {0}, y = {0};
    jdoc_write_canonical(a, &x);
    jdoc_write_canonical(b, &y);
    bool same = buf_error(&x) == 0 && buf_error(&y) == 0 && strcmp(buf_text(&x), buf_text(&y)) == 0;
    buf_free(&x);
    buf_free(&y);
    return same;
}

/* Another form gives an argument of this name another schema: either is right. */
static int foreign_model_foreign_widen(jdoc *properties, const char *key, const jdoc *other)
{
    jdoc *either = jdoc_new_object(), *list = jdoc_new_array();
    int error = !either || !list ? ERR_NOMEM : 0;
    if (error == 0)
        error = jdoc_push(list, jdoc_dup(jdoc_get(properties, key)));
    if (error == 0)
        error = jdoc_push(list, jdoc_dup(other));
    if (error != 0) {
        jdoc_free(list);
        jdoc_free(either);
        return error;
    }
    if ((error = jdoc_set(either, "anyOf", list)) == 0)
        return jdoc_set(properties, key, either);
    jdoc_free(either);
    return error;
}

static int foreign_model_foreign_properties(jdoc *out, const jdoc *root, const jdoc *schema,
    int depth)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value;
    const jdoc *own;
    int error = 0;
    if (depth > REFERENCES_MAX || !(schema = foreign_model_foreign_resolve(root, schema)))
        return 0;
    own = jdoc_get(schema, "properties");
    while (error == 0 && jdoc_next(own, &it, &key, &value)) {
        if (!foreign_model_is_schema(value) ||
            (jdoc_get(out, key) && foreign_model_foreign_same(jdoc_get(out, key), value)))
            continue;
        error = jdoc_get(out, key) ? foreign_model_foreign_widen(out, key, value) :
                                     jdoc_set(out, key, jdoc_dup(value));
    }
    for (size_t i = 0; i < COMBINATIONS; i++) {
        const jdoc *list = jdoc_get(schema, combinations[i]);
        for (size_t k = 0; error == 0 && jdoc_type(list) == JDOC_ARRAY && k < jdoc_length(list);
             k++)
            error = foreign_model_foreign_properties(out, root, jdoc_at(list, k), depth + 1);
    }
    return error;
}

/* Is the argument needed by the schema: by itself, by one of allOf, or by all other forms? */
static bool foreign_model_foreign_needs(const jdoc *root, const jdoc *schema, const char *name,
    int depth)
{
    if (depth > REFERENCES_MAX || !(schema = foreign_model_foreign_resolve(root, schema)))
        return false;
    const jdoc *required = jdoc_get(schema, "required");
    for (size_t i = 0; jdoc_type(required) == JDOC_ARRAY && i < jdoc_length(required); i++) {
        const char *text = jdoc_string(jdoc_at(required, i), NULL);
        if (text && strcmp(text, name) == 0)
            return true;
    }
    for (size_t i = 0; i < COMBINATIONS; i++) {
        const jdoc *list = jdoc_get(schema, combinations[i]);
        size_t count = jdoc_type(list) == JDOC_ARRAY ? jdoc_length(list) : 0, needing = 0;
        for (size_t k = 0; k < count; k++)
            needing += foreign_model_foreign_needs(root, jdoc_at(list, k), name, depth + 1);
        if (needing > 0 && (i == 0 || needing == count))
            return true;
    }
    return false;
}

static int foreign_model_foreign_required(jdoc *out, const jdoc *root, const jdoc *properties)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value, *required = jdoc_new_array();
    int error = !required ? ERR_NOMEM : 0;
    while (error == 0 && jdoc_next(properties, &it, &key, &value))
        if (foreign_model_foreign_needs(root, root, key, 0))
            error = jdoc_push(required, jdoc_new_string(key, strlen(key)));
    if (error != 0 || jdoc_length(required) == 0) {
        jdoc_free(required);
        jdoc_remove(out, "required");
        return error;
    }
    return jdoc_set(out, "required", required);
}

static int foreign_model_foreign_flatten(jdoc *out, const jdoc *root)
{
    static const char *const top[] = {"anyOf", "oneOf", "allOf", "not", "if", "then", "else",
        "enum", "const", "$ref"};
    jdoc *properties = jdoc_new_object();
    int error =
        !properties ? ERR_NOMEM : foreign_model_foreign_properties(properties, root, root, 0);
    if (error == 0)
        error = foreign_model_foreign_required(out, root, properties);
    for (size_t i = 0; i < sizeof top / sizeof *top; i++)
        jdoc_remove(out, top[i]);
    if (error == 0)
        error = jdoc_set_string(out, "type", "object");
    if (error == 0)
        return jdoc_set(out, "properties", properties);
    jdoc_free(properties);
    return error;
}

/* ---- every schema below it ---- */

/* As written before 2019: a flag beside the bound, and types in capitals. */
static int foreign_model_foreign_renew(jdoc *schema)
{
    static const char *const bounds[][2] = {{"exclusiveMinimum", "minimum"},
        {"exclusiveMaximum", "maximum"}};
    const char *type = jdoc_string(jdoc_get(schema, "type"), NULL);
    char small[16];
    int error = 0;
    for (size_t i = 0; error == 0 && i < 2; i++) {
        const jdoc *bound = jdoc_get(schema, bounds[i][1]);
        bool flag = false;
        if (jdoc_get_bool(schema, bounds[i][0], &flag) != 0)
            continue;
        jdoc_remove(schema, bounds[i][0]);
        if (!flag || !foreign_model_has_form(bound, NUMBER))
            continue;
        error = jdoc_set(schema, bounds[i][0], jdoc_dup(bound));
        jdoc_remove(schema, bounds[i][1]);
    }
    if (error != 0 || !type || strlen(type) >= sizeof small)
        return error;
    for (size_t i = 0; i <= strlen(type); i++)
        small[i] = (char)tolower((unsigned char)type[i]);
    return foreign_model_is_type_name(small) ? jdoc_set_string(schema, "type", small) : 0;
}

static bool foreign_model_foreign_is_array(const jdoc *schema)
{
    const jdoc *type = jdoc_get(schema, "type");
    const char *name = jdoc_string(type, NULL);
    for (size_t i = 0; jdoc_type(type) == JDOC_ARRAY && i < jdoc_length(type); i++)
        if (strcmp(jdoc_string(jdoc_at(type, i), NULL), "array") == 0)
            return true;
    return (name && strcmp(name, "array") == 0) || jdoc_has(schema, "prefixItems");
}

/* A tuple as 2020-12 writes it. */
static int foreign_model_foreign_tuple(jdoc *schema)
{
    jdoc *items = jdoc_get(schema, "items");
    if (jdoc_type(items) != JDOC_ARRAY)
        return 0;
    int error = foreign_model_has_form(items, SCHEMA_LIST) && !jdoc_has(schema, "prefixItems") ?
        jdoc_set(schema, "prefixItems", jdoc_dup(items)) :
        0;
    jdoc_remove(schema, "items");
    return error;
}

static void foreign_model_drop_malformed(jdoc *schema)
{
    if (jdoc_has(schema, "type") && !foreign_model_is_type(jdoc_get(schema, "type")))
        jdoc_remove(schema, "type");
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (jdoc_has(schema, forms[i].key) &&
            !foreign_model_has_form(jdoc_get(schema, forms[i].key), forms[i].form))
            jdoc_remove(schema, forms[i].key);
}

static bool foreign_model_foreign_repeats(const jdoc *list, size_t at)
{
    for (size_t k = 0; k < at; k++)
        if (foreign_model_foreign_same(jdoc_at(list, k), jdoc_at(list, at)))
            return true;
    return false;
}

/* Vendors want each of them once. */
static int foreign_model_foreign_once(jdoc *schema, const char *key)
{
    const jdoc *list = jdoc_get(schema, key);
    size_t count = jdoc_type(list) == JDOC_ARRAY ? jdoc_length(list) : 0;
    bool repeats = false, has_null = false;
    jdoc *kept;
    int error = 0;
    for (size_t i = 0; i < count; i++) {
        repeats = repeats || foreign_model_foreign_repeats(list, i);
        has_null = has_null || jdoc_type(jdoc_at(list, i)) == JDOC_NULL;
    }
    if (repeats &&
        has_null) { /* jdoc adds no null to a list: without the keyword anything is right */
        jdoc_remove(schema, key);
        return 0;
    }
    if (!repeats)
        return 0;
    if (!(kept = jdoc_new_array()))
        return ERR_NOMEM;
    for (size_t i = 0; error == 0 && i < count; i++)
        if (!foreign_model_foreign_repeats(list, i))
            error = jdoc_push(kept, jdoc_dup(jdoc_at(list, i)));
    if (error == 0)
        return jdoc_set(schema, key, kept);
    jdoc_free(kept);
    return error;
}

static int foreign_model_foreign_clean(jdoc *schema, const jdoc *root);

/* A schema that is only true or false, as an object that says the same. Takes nothing. */
static jdoc *foreign_model_foreign_object(const jdoc *value)
{
    bool anything = true;
    jdoc *out;
    if (jdoc_type(value) != JDOC_BOOL)
        return jdoc_dup(value);
    (void)jdoc_bool(value, &anything);
    out = jdoc_new_object();
    if (out && !anything && jdoc_set(out, "not", jdoc_new_object()) != 0) {
        jdoc_free(out);
        out = NULL;
    }
    return out;
}

static int foreign_model_foreign_clean_one(jdoc *schema, const char *key, const jdoc *root)
{
    jdoc *value = jdoc_get(schema, key);
    int error = 0;
    if (jdoc_type(value) == JDOC_BOOL && strcmp(key, "items") == 0)
        error = jdoc_set(schema, key, jdoc_new_object());
    else if (jdoc_type(value) == JDOC_BOOL && strcmp(key, "additionalProperties") != 0 &&
        strcmp(key, "unevaluatedProperties") != 0)
        error = jdoc_set(schema, key, foreign_model_foreign_object(value));
    return error == 0 ? foreign_model_foreign_clean(jdoc_get(schema, key), root) : error;
}

static int foreign_model_foreign_clean_members(jdoc *object, const jdoc *root)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value;
    int error = 0;
    while (error == 0 && jdoc_next(object, &it, &key, &value)) {
        if (jdoc_type(value) == JDOC_BOOL)
            error = jdoc_set(object, key, foreign_model_foreign_object(value));
        else
            error = foreign_model_foreign_clean(value, root);
    }
    return error;
}

static int foreign_model_foreign_clean_list(jdoc *schema, const char *key, const jdoc *root)
{
    const jdoc *list = jdoc_get(schema, key);
    jdoc *kept = list ? jdoc_new_array() : NULL;
    int error = 0;
    if (!kept)
        return list ? ERR_NOMEM : 0;
    for (size_t i = 0; error == 0 && i < jdoc_length(list); i++) {
        jdoc *element = foreign_model_foreign_object(jdoc_at(list, i));
        error = !element ? ERR_NOMEM : foreign_model_foreign_clean(element, root);
        if (error == 0)
            error = jdoc_push(kept, element);
        else
            jdoc_free(element);
    }
    if (error == 0)
        return jdoc_set(schema, key, kept);
    jdoc_free(kept);
    return error;
}

/* A pattern without what vendors refuse: looking around, and back to a group. */
static bool foreign_model_foreign_is_simple(const char *pattern)
{
    for (const char *c = pattern; *c != '\0'; c++) {
        if (*c == '(' && c[1] == '?' && c[2] != ':')
            return false;
        if (*c == '\\' && c[1] != '\0' && strchr("123456789kpPuU", *++c))
            return false;
    }
    return true;
}

static int foreign_model_foreign_clean_here(jdoc *schema, const jdoc *root)
{
    static const char *const drop[] = {"$schema", "$id", "$comment", "x-mcp-header",
        "patternProperties"}; /* Anthropic refuses its patterns as names of arguments */
    const char *reference;
    int error;
    for (size_t i = 0; i < sizeof drop / sizeof *drop; i++)
        jdoc_remove(schema, drop[i]);
    if ((error = foreign_model_foreign_renew(schema)) != 0 ||
        (error = foreign_model_foreign_tuple(schema)) != 0)
        return error;
    foreign_model_drop_malformed(schema);
    if (!foreign_model_foreign_is_simple(jdoc_text_or(schema, "pattern", "")))
        jdoc_remove(schema, "pattern");
    reference = jdoc_text_or(schema, "$ref", "#");
    if (!foreign_model_foreign_named(root, reference))
        jdoc_remove(schema, "$ref");
    if (foreign_model_foreign_is_array(schema) && !jdoc_has(schema, "items"))
        error = jdoc_set(schema, "items", jdoc_new_object());
    if (error == 0)
        error = foreign_model_foreign_once(schema, "required");
    return error != 0 ? error : foreign_model_foreign_once(schema, "enum");
}

static int foreign_model_foreign_clean(jdoc *schema, const jdoc *root)
{
    static const char *const one[] = {"items", "additionalProperties", "not", "if", "then", "else",
        "contains", "propertyNames", "unevaluatedItems", "unevaluatedProperties"};
    static const char *const many[] = {"properties", "patternProperties", "$defs", "definitions",
        "dependentSchemas"};
    static const char *const lists[] = {"anyOf", "oneOf", "allOf", "prefixItems"};
    if (jdoc_type(schema) != JDOC_OBJECT)
        return 0;
    int error = foreign_model_foreign_clean_here(schema, root);
    for (size_t i = 0; error == 0 && i < sizeof one / sizeof *one; i++)
        error =
            jdoc_has(schema, one[i]) ? foreign_model_foreign_clean_one(schema, one[i], root) : 0;
    for (size_t i = 0; error == 0 && i < sizeof many / sizeof *many; i++)
        error = foreign_model_foreign_clean_members(jdoc_get(schema, many[i]), root);
    for (size_t i = 0; error == 0 && i < sizeof lists / sizeof *lists; i++)
        error = foreign_model_foreign_clean_list(schema, lists[i], root);
    return error;
}

jdoc *foreign_schema_model(const jdoc *schema)
{
    jdoc *out = jdoc_type(schema) == JDOC_OBJECT ? jdoc_dup(schema) : jdoc_new_object();
    if (!out)
        return NULL;
    if (foreign_model_foreign_flatten(out, schema) != 0 ||
        foreign_model_foreign_clean(out, out) != 0) {
        jdoc_free(out);
        return NULL;
    }
    return out;
}
