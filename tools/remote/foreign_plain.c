/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/remote/foreign_schema.h"

#include "base/err.h"

#include <string.h>

#define DEPTH_MAX 8   /* deeper ones take anything of their type */
#define OPTIONS_MAX 8 /* of options within options */

static jdoc *foreign_plain_plain(const jdoc *schema, int depth);

static int foreign_plain_set(jdoc *to, const char *key, jdoc *value)
{
    return value ? jdoc_set(to, key, value) : ERR_NOMEM;
}

/* The first choice that is something; the schema itself when it offers none. */
static const jdoc *foreign_plain_choice(const jdoc *schema)
{
    static const char *const lists[] = {"anyOf", "oneOf", "allOf"};

    for (int n = 0; n < OPTIONS_MAX && !jdoc_has(schema, "type"); n++) {
        const jdoc *chosen = NULL;
        for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
            const jdoc *list = jdoc_get(schema, lists[i]);
            size_t count = jdoc_type(list) == JDOC_ARRAY ? jdoc_length(list) : 0;
            for (size_t k = 0; k < count && !chosen; k++) {
                const jdoc *one = jdoc_at(list, k);
                if (jdoc_type(one) == JDOC_OBJECT && strcmp(jdoc_text_or(one, "type", ""), "null"))
                    chosen = one;
            }
        }
        if (!chosen)
            break;
        schema = chosen;
    }
    return schema;
}

/* One name, of several the first that is not null; by what else is said when there is none. */
static const char *foreign_plain_type(const jdoc *schema)
{
    const jdoc *type = jdoc_get(schema, "type");
    const char *name = jdoc_string(type, NULL);

    for (size_t i = 0; !name && jdoc_type(type) == JDOC_ARRAY && i < jdoc_length(type); i++) {
        name = jdoc_string(jdoc_at(type, i), NULL);
        if (name && !strcmp(name, "null"))
            name = NULL;
    }
    if (name && strcmp(name, "null"))
        return name;
    return jdoc_has(schema, "properties") || jdoc_has(schema, "$ref") ? "object" :
        jdoc_has(schema, "items")                                     ? "array" :
                                                                        "string";
}

/* Only of texts that are not empty: some servers know no other. */
static int foreign_plain_enum(jdoc *to, const jdoc *schema)
{
    const jdoc *list = jdoc_get(schema, "enum");
    size_t count = jdoc_type(list) == JDOC_ARRAY ? jdoc_length(list) : 0;
    size_t len = 0;

    for (size_t i = 0; i < count; i++)
        if (!jdoc_string(jdoc_at(list, i), &len) || !len)
            return 0;
    return count ? foreign_plain_set(to, "enum", jdoc_dup(list)) : 0;
}

static int foreign_plain_required(jdoc *to, const jdoc *schema, const jdoc *properties)
{
    const jdoc *list = jdoc_get(schema, "required");
    jdoc *kept = jdoc_new_array();
    int error = kept ? 0 : ERR_NOMEM;

    for (size_t i = 0; !error && jdoc_type(list) == JDOC_ARRAY && i < jdoc_length(list); i++) {
        const char *name = jdoc_string(jdoc_at(list, i), NULL);
        if (name && jdoc_has(properties, name))
            error = jdoc_push(kept, jdoc_new_string(name, strlen(name)));
    }
    if (!error && jdoc_length(kept))
        return jdoc_set(to, "required", kept);
    jdoc_free(kept);
    return error;
}

static int foreign_plain_object(jdoc *to, const jdoc *schema, int depth)
{
    const jdoc *from = jdoc_get(schema, "properties");
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value, *properties = jdoc_new_object();
    int error = properties ? 0 : ERR_NOMEM;

    while (!error && depth < DEPTH_MAX && jdoc_type(from) == JDOC_OBJECT &&
        jdoc_next(from, &it, &key, &value))
        if (foreign_schema_name_valid(key))
            error = foreign_plain_set(properties, key, foreign_plain_plain(value, depth + 1));
    if (!error)
        error = foreign_plain_required(to, schema, properties);
    if (!error)
        return jdoc_set(to, "properties", properties);
    jdoc_free(properties);
    return error;
}

static jdoc *foreign_plain_plain(const jdoc *schema, int depth)
{
    const char *description = jdoc_text_or(schema, "description", "");
    const jdoc *chosen = foreign_plain_choice(schema);
    const char *type = foreign_plain_type(chosen);
    jdoc *to = jdoc_new_object();
    int error = to ? jdoc_set_string(to, "type", type) : ERR_NOMEM;

    if (!*description)
        description = jdoc_text_or(chosen, "description", "");
    if (!error && *description)
        error = jdoc_set_string(to, "description", description);
    if (!error && !strcmp(type, "string"))
        error = foreign_plain_enum(to, chosen);
    if (!error && !strcmp(type, "object"))
        error = foreign_plain_object(to, chosen, depth);
    if (!error && !strcmp(type, "array"))
        error = foreign_plain_set(to, "items",
            foreign_plain_plain(depth < DEPTH_MAX ? jdoc_get(chosen, "items") : NULL, depth + 1));
    if (!error)
        return to;
    jdoc_free(to);
    return NULL;
}

jdoc *foreign_schema_plain(const jdoc *schema)
{
    return foreign_plain_plain(schema, 0);
}
