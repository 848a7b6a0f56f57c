/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TESTS_UNIT_REQUEST_STRICT_TOOLS_H
#define TURNPIKE_TESTS_UNIT_REQUEST_STRICT_TOOLS_H

#include "tests/unit/request_strict.h"

/* request_strict_tools -- why a vendor would refuse the tools of this request; NULL = it would not.
 * Beside request_strict.h, which looks at the messages. */
static inline const char *request_strict_schema(const jdoc *schema, int depth);

static inline const char *request_strict_schemas(const jdoc *of, int depth)
{
    struct jdoc_iter it = {0};
    const char *key, *why = NULL;
    jdoc *value;
    for (size_t i = 0; jdoc_type(of) == JDOC_ARRAY && i < jdoc_length(of) && !why; i++)
        why = request_strict_schema(jdoc_at(of, i), depth + 1);
    while (!why && jdoc_type(of) == JDOC_OBJECT && jdoc_next(of, &it, &key, &value))
        why = request_strict_schema(value, depth + 1);
    return why;
}

static inline bool request_strict_is_type(const jdoc *type)
{
    static const char *const types[] = {"object", "array", "string", "number", "integer", "boolean",
        "null"};
    const char *name = jdoc_string(type, NULL);
    for (size_t i = 0; name && i < sizeof types / sizeof *types; i++)
        if (!strcmp(types[i], name))
            return true;
    return false;
}

static inline bool request_strict_has_type(const jdoc *type, const char *wanted)
{
    const char *name = jdoc_string(type, NULL);
    for (size_t i = 0; jdoc_type(type) == JDOC_ARRAY && i < jdoc_length(type); i++)
        if (request_strict_has_type(jdoc_at(type, i), wanted))
            return true;
    return name && !strcmp(name, wanted);
}

static inline const char *request_strict_type(const jdoc *schema)
{
    const jdoc *type = jdoc_get(schema, "type");
    if (!type)
        return NULL;
    if (jdoc_type(type) == JDOC_ARRAY) {
        for (size_t i = 0; i < jdoc_length(type); i++)
            if (!request_strict_is_type(jdoc_at(type, i)))
                return "a type that is none";
        if (!jdoc_length(type))
            return "a list of no types";
    } else if (!request_strict_is_type(type)) {
        return "a type that is none";
    }
    return request_strict_has_type(type, "array") &&
            jdoc_type(jdoc_get(schema, "items")) != JDOC_OBJECT ?
        "an array without items" :
        NULL;
}

static inline const char *request_strict_lists(const jdoc *schema)
{
    static const char *const lists[] = {"required", "enum"};
    for (size_t i = 0; i < 2; i++) {
        const jdoc *list = jdoc_get(schema, lists[i]);
        if (!list)
            continue;
        if (jdoc_type(list) != JDOC_ARRAY)
            return "no list";
        for (size_t k = 0; k < jdoc_length(list); k++) {
            struct buf one = {0}, other = {0};
            bool twice = false;
            jdoc_write(jdoc_at(list, k), &one);
            for (size_t n = 0; n < k && !twice; n++) {
                buf_reset(&other);
                jdoc_write(jdoc_at(list, n), &other);
                twice = !strcmp(buf_text(&one), buf_text(&other));
            }
            buf_free(&one);
            buf_free(&other);
            if (twice)
                return "the same twice in a list";
        }
    }
    return NULL;
}

static inline const char *request_strict_schema(const jdoc *schema, int depth)
{
    static const char *const numbers[] = {"minimum", "maximum", "exclusiveMinimum",
        "exclusiveMaximum", "multipleOf"};
    static const char *const maps[] = {"properties", "patternProperties", "$defs", "definitions"};
    static const char *const several[] = {"anyOf", "oneOf", "allOf", "prefixItems"};
    static const char *const single[] = {"items", "additionalProperties", "not", "contains",
        "propertyNames"};
    const char *why;
    if (jdoc_type(schema) == JDOC_BOOL)
        return NULL;
    if (jdoc_type(schema) != JDOC_OBJECT || depth > 60)
        return "no schema";
    if ((why = request_strict_type(schema)) || (why = request_strict_lists(schema)))
        return why;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        double n;
        const jdoc *value = jdoc_get(schema, numbers[i]);
        if (value && jdoc_double(value, &n))
            return "a bound that is no number";
    }
    if (jdoc_has(schema, "$ref") && *jdoc_text_or(schema, "$ref", "") != '#')
        return "a reference to elsewhere";
    if (strstr(jdoc_text_or(schema, "pattern", ""), "(?"))
        return "a pattern that looks around";
    for (size_t i = 0; i < sizeof maps / sizeof *maps && !why; i++) {
        const jdoc *map = jdoc_get(schema, maps[i]);
        why = map && jdoc_type(map) != JDOC_OBJECT ? "no map of schemas" :
                                                     request_strict_schemas(map, depth);
    }
    for (size_t i = 0; i < sizeof several / sizeof *several && !why; i++) {
        const jdoc *list = jdoc_get(schema, several[i]);
        why = list && (jdoc_type(list) != JDOC_ARRAY || !jdoc_length(list)) ?
            "no list of schemas" :
            request_strict_schemas(list, depth);
    }
    for (size_t i = 0; i < sizeof single / sizeof *single && !why; i++)
        if (jdoc_get(schema, single[i]))
            why = request_strict_schema(jdoc_get(schema, single[i]), depth + 1);
    return why;
}

static inline const char *request_strict_tool(const jdoc *tool, const jdoc *schema)
{
    static const char *const tops[] = {"anyOf", "oneOf", "allOf", "not", "enum", "$ref"};
    struct jdoc_iter it = {0};
    const char *name = jdoc_text_or(tool, "name", ""), *key;
    const jdoc *properties = jdoc_get(schema, "properties");
    jdoc *value;
    if (!request_rules_name_valid(name))
        return "the name of a tool";
    if (strcmp(jdoc_text_or(schema, "type", ""), "object") || jdoc_type(properties) != JDOC_OBJECT)
        return "a schema that is no object with properties";
    for (size_t i = 0; i < sizeof tops / sizeof *tops; i++)
        if (jdoc_has(schema, tops[i]))
            return "a combination at the top";
    while (jdoc_next(properties, &it, &key, &value))
        if (!*key || strlen(key) > 64 ||
            strspn(key, ".") + strspn(key + strspn(key, "."), request_strict_letters) == 0)
            return "the name of an argument";
    return request_strict_schema(schema, 0);
}

/* Tools that the model is told at once; those that are kept back name themselves in results. */
static inline size_t request_strict_at_once(const jdoc *tools)
{
    size_t n = 0;
    for (size_t i = 0; i < jdoc_length(tools); i++)
        n += !jdoc_has(jdoc_at(tools, i), "defer_loading");
    return n;
}

static inline bool request_strict_is_kept(const jdoc *tools, const char *name)
{
    for (size_t i = 0; i < jdoc_length(tools); i++)
        if (!strcmp(jdoc_text_or(jdoc_at(tools, i), "name", ""), name))
            return jdoc_has(jdoc_at(tools, i), "defer_loading");
    return false;
}

/* What results name is in the list, kept back. */
static inline const char *request_strict_references(const jdoc *body)
{
    const jdoc *messages = jdoc_get(body, "messages");
    for (size_t i = 0; i < jdoc_length(messages); i++) {
        const jdoc *parts = jdoc_get(jdoc_at(messages, i), "content");
        for (size_t k = 0; jdoc_type(parts) == JDOC_ARRAY && k < jdoc_length(parts); k++) {
            const jdoc *told = jdoc_get(jdoc_at(parts, k), "content");
            for (size_t n = 0; jdoc_type(told) == JDOC_ARRAY && n < jdoc_length(told); n++) {
                const char *name = jdoc_text_or(jdoc_at(told, n), "tool_name", NULL);
                if (name && !request_strict_is_kept(jdoc_get(body, "tools"), name))
                    return "a reference to no tool that is kept back";
            }
        }
    }
    return NULL;
}

/* most: tools that the receiver takes. */
static inline const char *request_strict_tools(const jdoc *body, size_t most)
{
    const jdoc *tools = jdoc_get(body, "tools");
    const char *why = NULL;
    if (!tools)
        return jdoc_has(body, "tool_choice") ? "tool_choice without tools" : NULL;
    if (jdoc_type(tools) != JDOC_ARRAY || !request_strict_at_once(tools) ||
        request_strict_at_once(tools) > most)
        return "too many tools, or none";
    for (size_t i = 0; i < jdoc_length(tools) && !why; i++) {
        const jdoc *outer = jdoc_at(tools, i), *function = jdoc_get(outer, "function");
        const jdoc *tool = function ? function : outer;
        why = request_strict_tool(tool, jdoc_get(tool, function ? "parameters" : "input_schema"));
        for (size_t k = 0; k < i && !why; k++) {
            const jdoc *other = jdoc_at(tools, k);
            if (!strcmp(jdoc_text_or(function ? jdoc_get(other, "function") : other, "name", ""),
                    jdoc_text_or(tool, "name", "")))
                why = "two tools of one name";
        }
    }
    return why;
}

#endif
