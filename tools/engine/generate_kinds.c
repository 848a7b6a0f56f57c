/* SPDX-License-Identifier: BSD-2-Clause */
/* The kinds of records that the families declare: tools/kit/kind.h. */
#include "tools/engine/generate.h"

#include "base/err.h"
#include "tools/schema/schema.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define MAX_KINDS 128

static struct generate_kind {
    const char *family;
    const jdoc *kind;
    jdoc *change; /* the schema of its members, or NULL */
} generate_kinds[MAX_KINDS];
static size_t generate_kind_count;

static const char *const generate_languages[] = {"en", "de", "es", "fr"};
static const char *const generate_lists[] = {"label", "detail", "filter", "money", "span",
    "hidden"};
#define COUNT(list) (sizeof(list) / sizeof *(list))

static void generate_kinds_check_name(const char *name)
{
    size_t len = strlen(name);
    if (len == 0 || len > 40 || !islower((unsigned char)name[0]) ||
        strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != len)
        generate_fail(name, "kind must be 1 to 40 characters of a-z, 0-9 and _");
    for (size_t i = 0; i < generate_kind_count; i++)
        if (strcmp(jdoc_text_or(generate_kinds[i].kind, "kind", ""), name) == 0)
            generate_fail(name, "the kind is declared twice");
}

static void generate_kinds_check_fields(const char *name, const jdoc *kind)
{
    static const char *const fields[] = {"kind", "family", "title", "label", "words", "example",
        "filter", "money", "date", "time", "span", "change", "delete", "untrusted", "past", "final",
        "converted", "audience", "shared", "hidden", "detail", "exact"};
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value;
    for (size_t i = 0; i < 6; i++) /* the others are optional */
        if (!jdoc_get(kind, fields[i]))
            generate_fail(name, "the field `%s` is missing", fields[i]);
    while (jdoc_next(kind, &it, &key, &value)) {
        size_t i = 0;
        while (i < COUNT(fields) && strcmp(fields[i], key) != 0)
            i++;
        if (i == COUNT(fields))
            generate_fail(name, "unknown field `%s`", key);
    }
}

/* Lists hold texts, and the example has a member of `label`. */
static void generate_kinds_check_lists(const char *name, const jdoc *kind)
{
    const jdoc *example = jdoc_get(kind, "example");
    bool known = false;
    for (size_t i = 0; i < COUNT(generate_lists); i++) {
        const jdoc *list = jdoc_get(kind, generate_lists[i]);
        if (list && (jdoc_type(list) != JDOC_ARRAY || jdoc_length(list) == 0))
            generate_fail(name, "%s must be a list that is not empty", generate_lists[i]);
        for (size_t k = 0; k < jdoc_length(list); k++)
            if (!jdoc_string(jdoc_at(list, k), NULL))
                generate_fail(name, "%s must hold texts", generate_lists[i]);
    }
    for (size_t k = 0; k < jdoc_length(jdoc_get(kind, "label")); k++) {
        const char *key = jdoc_string(jdoc_at(jdoc_get(kind, "label"), k), NULL);
        known |= strchr(key, '/') || jdoc_has(example, key);
    }
    if (!known || !jdoc_has(example, "id"))
        generate_fail(name, "the example needs an id and a member of `label`");
    size_t span = jdoc_length(jdoc_get(kind, "span"));
    if (span == 1 || span > 3)
        generate_fail(name, "span is first day, last day and perhaps the count of nights");
}

static void generate_kinds_check_words(const char *name, const jdoc *kind)
{
    for (size_t i = 0; i < COUNT(generate_languages); i++)
        if (jdoc_text_or(jdoc_get(kind, "words"), generate_languages[i], "")[0] == '\0')
            generate_fail(name, "words/%s is missing", generate_languages[i]);
}

/* {"properties"} or {"tool", "id", "members"} */
static jdoc *generate_kinds_change(const char *name, const jdoc *kind, const jdoc *defs)
{
    struct tools_problem problem;
    const jdoc *change = jdoc_get(kind, "change");
    const jdoc *properties = jdoc_get(change, "properties");
    if (!change || jdoc_has(change, "tool"))
        return NULL;
    if (jdoc_type(properties) != JDOC_OBJECT || jdoc_length(change) != 1)
        generate_fail(name, "change needs `properties`, or `tool`, `id` and perhaps `members`");
    jdoc *schema = jdoc_new_object();
    generate_need(jdoc_set_string(schema, "type", "object"));
    generate_need(jdoc_set(schema, "properties", generate_resolve(name, properties, defs, 0)));
    generate_need(jdoc_set_bool(schema, "additionalProperties", false));
    if (schema_well_formed(schema, &problem) != 0)
        generate_fail(name, "change%s: %s", problem.path, problem.message);
    return schema;
}

void generate_kinds_add(const char *family, const jdoc *file)
{
    const jdoc *records = jdoc_get(file, "records");
    if (records && jdoc_type(records) != JDOC_ARRAY)
        generate_fail(NULL, "records must be a list of kinds");
    for (size_t i = 0; i < jdoc_length(records); i++) {
        const jdoc *kind = jdoc_at(records, i);
        const char *name = jdoc_text_or(kind, "kind", "");
        if (generate_kind_count == MAX_KINDS)
            generate_fail(name, "more than %d kinds", MAX_KINDS);
        generate_kinds_check_name(name);
        generate_kinds_check_fields(name, kind);
        generate_kinds_check_lists(name, kind);
        generate_kinds_check_words(name, kind);
        generate_kinds[generate_kind_count++] = (struct generate_kind){.family = family,
            .kind = kind,
            .change = generate_kinds_change(name, kind, jdoc_get(file, "$defs"))};
    }
}

jdoc *generate_kinds_enum(void)
{
    jdoc *schema = jdoc_new_object(), *names = jdoc_new_array();
    for (size_t i = 0; i < generate_kind_count; i++) {
        const char *name = jdoc_text_or(generate_kinds[i].kind, "kind", "");
        generate_need(jdoc_push(names, jdoc_new_string(name, strlen(name))));
    }
    generate_need(jdoc_set_string(schema, "type", "string"));
    generate_need(jdoc_set(schema, "enum", names));
    generate_need(jdoc_set_string(schema, "description", "kind of record"));
    return schema;
}

void generate_kinds_check(void)
{
    static const char *const keys[] = {"change", "delete", "shared"};
    for (size_t i = 0; i < generate_kind_count; i++)
        for (size_t k = 0; k < COUNT(keys); k++) {
            const jdoc *kind = generate_kinds[i].kind, *by = jdoc_get(kind, keys[k]);
            const char *tool = jdoc_text_or(by, "tool", "");
            if (!by || (k == 0 && generate_kinds[i].change))
                continue;
            if (!generate_has_tool(tool) || !jdoc_has(by, "id"))
                generate_fail(jdoc_text_or(kind, "kind", ""), "%s: no tool \"%s\", or no `id`",
                    keys[k], tool);
        }
}

static void generate_kinds_put_list(const char *what, size_t i, const jdoc *list)
{
    if (!list)
        return;
    printf("static const char *const kind_%s_%zu[] = {", what, i);
    for (size_t k = 0; k < jdoc_length(list); k++) {
        generate_put_literal(jdoc_string(jdoc_at(list, k), NULL));
        printf(", ");
    }
    printf("NULL};\n");
}

static void generate_kinds_put_renames(size_t i, const jdoc *members)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value;
    if (!members)
        return;
    printf("static const char *const kind_renames_%zu[] = {", i);
    while (jdoc_next(members, &it, &key, &value)) {
        generate_put_literal(key);
        printf(", ");
        generate_put_literal(jdoc_string(value, NULL));
        printf(", ");
    }
    printf("NULL};\n");
}

static void generate_kinds_put_tool(const char *what, size_t i, const jdoc *by)
{
    if (!jdoc_has(by, "tool"))
        return;
    printf("        .%s = {\"%s\", \"%s\", ", what, jdoc_text_or(by, "tool", ""),
        jdoc_text_or(by, "id", ""));
    if (jdoc_has(by, "members"))
        printf("kind_renames_%zu", i);
    else
        printf("NULL");
    printf(", %s},\n", jdoc_is_true(by, "confirm") ? "true" : "false");
}

static void generate_kinds_put_row(size_t i)
{
    static const char *const texts[] = {"family", "title", "date", "time", "audience"};
    const jdoc *kind = generate_kinds[i].kind;
    printf("    {\n        .name = \"%s\",\n        .owner = \"%s\",\n",
        jdoc_text_or(kind, "kind", ""), generate_kinds[i].family);
    for (size_t k = 0; k < COUNT(texts); k++)
        if (jdoc_has(kind, texts[k])) {
            printf("        .%s = ", texts[k]);
            generate_put_literal(jdoc_text_or(kind, texts[k], ""));
            printf(",\n");
        }
    for (size_t k = 0; k < COUNT(generate_lists); k++)
        if (jdoc_has(kind, generate_lists[k]))
            printf("        .%s = kind_%s_%zu,\n", generate_lists[k], generate_lists[k], i);
    printf("        .words = {");
    for (size_t k = 0; k < COUNT(generate_languages); k++) {
        generate_put_literal(jdoc_text_or(jdoc_get(kind, "words"), generate_languages[k], ""));
        printf("%s", k + 1 < COUNT(generate_languages) ? ", " : "},\n");
    }
    if (generate_kinds[i].change) {
        printf("        .change = ");
        generate_put_json(generate_kinds[i].change);
        printf(",\n");
    }
    generate_kinds_put_tool("changer", i, jdoc_get(kind, "change"));
    generate_kinds_put_tool("remover", i, jdoc_get(kind, "delete"));
    generate_kinds_put_tool("sharer", i, jdoc_get(kind, "shared"));
    printf("        .example = ");
    generate_put_json(jdoc_get(kind, "example"));
    printf(
        ",\n        .untrusted = %s,\n        .final = %s,\n        .past = %s,\n        .converted = %s,\n",
        jdoc_is_true(kind, "untrusted") ? "true" : "false",
        jdoc_is_true(kind, "final") ? "true" : "false",
        jdoc_is_true(kind, "past") ? "true" : "false",
        jdoc_is_true(kind, "converted") ? "true" : "false");
    printf("        .exact = %s,\n    },\n", jdoc_is_true(kind, "exact") ? "true" : "false");
}

void generate_kinds_put(void)
{
    for (size_t i = 0; i < generate_kind_count; i++) {
        const jdoc *kind = generate_kinds[i].kind;
        for (size_t k = 0; k < COUNT(generate_lists); k++)
            generate_kinds_put_list(generate_lists[k], i, jdoc_get(kind, generate_lists[k]));
        generate_kinds_put_renames(i, jdoc_get(jdoc_get(kind, "change"), "members"));
    }
    printf("const struct kind tools_kinds[] = {\n");
    for (size_t i = 0; i < generate_kind_count; i++)
        generate_kinds_put_row(i);
    printf("    {.name = \"\"},\n};\nconst size_t tools_kinds_count = %zu;\n", generate_kind_count);
}

void generate_kinds_clear(void)
{
    for (size_t i = 0; i < generate_kind_count; i++)
        jdoc_free(generate_kinds[i].change);
}
