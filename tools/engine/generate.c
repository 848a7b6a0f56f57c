/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * generate -- build-time: reads the files of the families and writes the registry or the catalogue.
 *
 *   generate --source FAMILY.json...     tools/engine/registry.c
 *   generate --header FAMILY.json...     tools/engine/registry.h
 *   generate --markdown FAMILY.json...   the catalogue, for docs
 *
 * The order is that of the arguments, then of each file. Whatever is wrong ends the build with
 * file and place.
 */
#include "tools/engine/generate.h"

#include "base/buf.h"
#include "base/err.h"
#include "tools/schema/schema.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_TOOLS 512
#define MAX_FILES 64

struct entry {
    const char *family;
    const jdoc *tool;
    jdoc *arguments, *result; /* with definitions put in */
};

static struct entry entries[MAX_TOOLS];
static size_t entry_count;
static jdoc *files[MAX_FILES];
static size_t file_count;
static const char *module_families[MAX_FILES]; /* those that offer more than tools */
static size_t module_count;
static const char *file_now;

void generate_fail(const char *tool, const char *format, ...)
{
    va_list ap;
    fprintf(stderr, "%s: %s%s", file_now, tool ? tool : "", tool ? ": " : "");
    va_start(ap, format);
    vfprintf(stderr, format, ap);
    va_end(ap);
    fputc('\n', stderr);
    exit(1);
}

/* What the generator builds with: the build ends on a fault. */
void generate_need(int error)
{
    if (error)
        generate_fail(NULL, "%s", err_text(error));
}

static jdoc *generate_read_file(const char *path)
{
    char chunk[4096], why[200];
    struct buf text = {0};
    jdoc *doc = NULL;
    size_t n;
    FILE *in = fopen(path, "r");
    if (!in)
        generate_fail(NULL, "cannot be read");
    while ((n = fread(chunk, 1, sizeof chunk, in)) > 0)
        buf_put(&text, chunk, n);
    fclose(in);
    if (jdoc_parse(buf_text(&text), text.len, &doc, why, sizeof why) != 0)
        generate_fail(NULL, "%s", why);
    buf_free(&text);
    return doc;
}

/* A copy of the schema in which every {"$ref": "#/$defs/NAME"} is replaced by the definition. */
jdoc *generate_resolve(const char *tool, const jdoc *value, const jdoc *defs, int depth)
{
    static const char prefix[] = "#/$defs/";
    struct jdoc_iter it = {0};
    const char *key, *ref = jdoc_string(jdoc_get(value, "$ref"), NULL);
    jdoc *member, *copy;
    if (depth > JDOC_MAX_DEPTH)
        generate_fail(tool, "definitions that hold themselves");
    if (ref && strcmp(ref, "#/$kinds") == 0)
        return generate_kinds_enum();
    if (ref) {
        const jdoc *def = strncmp(ref, prefix, sizeof prefix - 1) == 0 ?
            jdoc_get(defs, ref + sizeof prefix - 1) :
            NULL;
        if (!def || jdoc_length(value) != 1)
            generate_fail(tool, "$ref \"%s\" is not a definition of this file, or has neighbours",
                ref);
        return generate_resolve(tool, def, defs, depth + 1);
    }
    if (jdoc_type(value) == JDOC_ARRAY) {
        copy = jdoc_new_array();
        for (size_t i = 0; i < jdoc_length(value); i++)
            generate_need(
                jdoc_push(copy, generate_resolve(tool, jdoc_at(value, i), defs, depth + 1)));
        return copy;
    }
    if (jdoc_type(value) != JDOC_OBJECT)
        return jdoc_dup(value);
    copy = jdoc_new_object();
    while (jdoc_next(value, &it, &key, &member))
        generate_need(jdoc_set(copy, key, generate_resolve(tool, member, defs, depth + 1)));
    return copy;
}

static void generate_check_schema(const char *tool, const char *which, const jdoc *schema)
{
    struct tools_problem problem;
    bool open = true;
    if (schema_well_formed(schema, &problem) != 0)
        generate_fail(tool, "%s%s: %s", which, problem.path, problem.message);
    if (strcmp(jdoc_text_or(schema, "type", ""), "object") != 0)
        generate_fail(tool, "%s/type must be \"object\"", which);
    if (jdoc_get_bool(schema, "additionalProperties", &open) != 0 || open)
        generate_fail(tool, "%s/additionalProperties must be false", which);
}

static jdoc *generate_one_member(const char *key, jdoc *value)
{
    jdoc *object = jdoc_new_object();
    generate_need(jdoc_set(object, key, value));
    return object;
}

/* The spec's result lists what the tool adds; success and message are every tool's. */
static jdoc *generate_full_result(const char *tool, const jdoc *own, const char *entity)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value;
    if (jdoc_type(jdoc_get(own, "properties")) != JDOC_OBJECT)
        generate_fail(tool, "result/properties is missing");
    if (!jdoc_get(jdoc_get(own, "properties"), entity))
        generate_fail(tool, "result/properties has not the entity \"%s\"", entity);
    jdoc *properties = jdoc_new_object(), *required = jdoc_new_array();
    generate_need(
        jdoc_set(properties, "success", generate_one_member("const", jdoc_new_bool(true))));
    generate_need(
        jdoc_set(properties, "message", generate_one_member("type", jdoc_new_string("string", 6))));
    generate_need(jdoc_push(required, jdoc_new_string("success", 7)));
    generate_need(jdoc_push(required, jdoc_new_string("message", 7)));
    while (jdoc_next(jdoc_get(own, "properties"), &it, &key, &value))
        generate_need(jdoc_set(properties, key, jdoc_dup(value)));
    const jdoc *more = jdoc_get(own, "required");
    for (size_t i = 0; i < jdoc_length(more); i++)
        generate_need(jdoc_push(required, jdoc_dup(jdoc_at(more, i))));
    jdoc *full = generate_one_member("type", jdoc_new_string("object", 6));
    generate_need(jdoc_set(full, "properties", properties));
    generate_need(jdoc_set(full, "required", required));
    generate_need(jdoc_set_bool(full, "additionalProperties", false));
    return full;
}

static void generate_check_examples(const char *tool, const jdoc *examples, const jdoc *arguments)
{
    struct tools_problem problem;
    if (jdoc_length(examples) == 0)
        generate_fail(tool, "examples: at least one is needed");
    for (size_t i = 0; i < jdoc_length(examples); i++) {
        const jdoc *example = jdoc_at(examples, i), *args = jdoc_get(example, "arguments");
        if (!jdoc_string(jdoc_get(example, "say"), NULL) || jdoc_type(args) != JDOC_OBJECT ||
            jdoc_length(example) != 2)
            generate_fail(tool, "examples/%zu needs `say` and `arguments`, and nothing else", i);
        if (schema_validate(arguments, args, &problem) != 0)
            generate_fail(tool, "examples/%zu/arguments%s: %s (wanted: %s)", i, problem.path,
                problem.message, problem.expected);
    }
}

static const char *const effects[][2] = {
    {"read", "TOOLS_READ"},
    {"write", "TOOLS_WRITE"},
    {"delete", "TOOLS_DELETE"},
    {"outside", "TOOLS_OUTSIDE"},
    {NULL, NULL},
};
static const char *const approvals[][2] = {
    {"never", "TOOLS_APPROVAL_NEVER"},
    {"always", "TOOLS_APPROVAL_ALWAYS"},
    {NULL, NULL},
};

static const char *generate_constant(const char *tool, const jdoc *spec, const char *key,
    const char *const table[][2])
{
    const char *word = jdoc_text_or(spec, key, "");
    for (size_t i = 0; table[i][0]; i++)
        if (strcmp(word, table[i][0]) == 0)
            return table[i][1];
    generate_fail(tool, "%s: \"%s\" is none of the known ones", key, word);
}

/* {"argument": "action", "value": "remove"}: a member of that argument's enum. */
static void generate_check_when(const char *name, const jdoc *tool, const jdoc *arguments)
{
    const jdoc *when = jdoc_get(tool, "approval_when");
    const char *argument = jdoc_text_or(when, "argument", ""),
               *value = jdoc_text_or(when, "value", "");
    const jdoc *members = jdoc_get(jdoc_get(jdoc_get(arguments, "properties"), argument), "enum");
    bool found = false;
    if (!when)
        return;
    for (size_t i = 0; i < jdoc_length(members); i++)
        found |= strcmp(jdoc_string(jdoc_at(members, i), NULL), value) == 0;
    if (!found || jdoc_length(when) != 2 ||
        strcmp(jdoc_text_or(tool, "approval", ""), "always") != 0)
        generate_fail(name,
            "approval_when names a value of an argument's enum, and approval is always");
}

/* Words that people use for it beside those of the description: small letters, blanks between. */
static void generate_check_keywords(const char *name, const char *keywords)
{
    if (*keywords == '\0')
        generate_fail(name,
            "keywords: at least one is needed, or find_tools finds it by luck only");
    for (const char *c = keywords; *c != '\0'; c++)
        if (!islower((unsigned char)*c) && !isdigit((unsigned char)*c) && *c != ' ')
            generate_fail(name, "keywords are words of a-z and 0-9, separated by blanks");
}

static void generate_check_fields(const char *name, const jdoc *tool)
{
    static const char *const fields[] = {"name", "description", "effect", "approval", "timeout_ms",
        "idempotent", "entity", "arguments", "result", "examples", "keywords", "provider",
        "approval_when", "core", "untrusted", "reaches_others", "outside", "process",
        "process_unless", "outlives", "shared"};
    static const char *const flags[] = {"core", "untrusted", "reaches_others", "process",
        "outlives", "shared"};
    size_t known = sizeof fields / sizeof *fields;
    for (size_t i = 0; i + 10 < known; i++) /* the last ten are optional */
        if (!jdoc_get(tool, fields[i]))
            generate_fail(name, "the field `%s` is missing", fields[i]);
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value;
    while (jdoc_next(tool, &it, &key, &value)) {
        size_t i = 0;
        while (i < known && strcmp(fields[i], key) != 0)
            i++;
        if (i == known)
            generate_fail(name, "unknown field `%s`", key);
    }
    int64_t timeout = 0;
    bool flag;
    if (jdoc_get_int(tool, "timeout_ms", &timeout) != 0 || timeout < 100 || timeout > 120000)
        generate_fail(name, "timeout_ms must be 100 to 120000");
    if (jdoc_get_bool(tool, "idempotent", &flag) != 0)
        generate_fail(name, "idempotent must be true or false");
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (jdoc_get(tool, flags[i]) && (jdoc_get_bool(tool, flags[i], &flag) != 0 || !flag))
            generate_fail(name, "%s must be true, or left out", flags[i]);
    if (jdoc_get(tool, "shared") && strcmp(jdoc_text_or(tool, "approval", ""), "never") != 0)
        generate_fail(name, "a `shared` tool needs no approval: nobody is asked in a shared chat");
    if (jdoc_get(tool, "reaches_others") && strcmp(jdoc_text_or(tool, "effect", ""), "read") == 0)
        generate_fail(name, "reaches_others: a tool that reads reaches nobody");
    if (jdoc_get(tool, "process_unless") && !jdoc_get(tool, "process"))
        generate_fail(name, "process_unless: only of a tool with `process`");
    if (strlen(jdoc_text_or(tool, "description", "")) < 30)
        generate_fail(name, "description is too short for a model to choose by");
    generate_check_keywords(name, jdoc_text_or(tool, "keywords", ""));
}

/* Does an argument hold an address that somebody outside may come to see? */
static bool generate_is_address(const char *argument, const jdoc *schema)
{
    static const char *const words[] = {"url", "uri", "link", "href", "webhook", "endpoint",
        "callback", "hostname"};
    const char *format = jdoc_text_or(schema, "format", "");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const char *at = strstr(argument, words[i]);
        size_t len = strlen(words[i]);
        if (at && (at == argument || at[-1] == '_') &&
            (at[len] == '\0' || at[len] == '_' || at[len] == 's'))
            return true;
    }
    return strcmp(format, "uri") == 0 || strcmp(format, "iri") == 0 ||
        strcmp(format, "hostname") == 0 ||
        strncmp(jdoc_text_or(schema, "pattern", ""), "^http", 5) == 0;
}

/* An address at any depth must stand under the argument that `outside` names. */
static void generate_check_addresses(const char *name, const char *outside, const jdoc *schema)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value;
    while (jdoc_next(jdoc_get(schema, "properties"), &it, &key, &value))
        if (strcmp(key, outside) != 0) {
            if (generate_is_address(key, value))
                generate_fail(name, "the argument `%s` holds an address: name it in `outside`",
                    key);
            generate_check_addresses(name, outside, value);
        }
    if (jdoc_get(schema, "items"))
        generate_check_addresses(name, outside, jdoc_get(schema, "items"));
    for (size_t i = 0; i < jdoc_length(jdoc_get(schema, "anyOf")); i++)
        generate_check_addresses(name, outside, jdoc_at(jdoc_get(schema, "anyOf"), i));
}

static void generate_check_outside(const char *name, const jdoc *tool, const jdoc *arguments)
{
    const char *outside = jdoc_text_or(tool, "outside", "");
    if (jdoc_get(tool, "outside") && !jdoc_get(jdoc_get(arguments, "properties"), outside))
        generate_fail(name, "outside must name one of the arguments");
    generate_check_addresses(name, outside, arguments);
}

static void generate_check_name(const char *name)
{
    size_t len = strlen(name);
    if (len == 0 || len > 64 || !islower((unsigned char)name[0]))
        generate_fail(name, "name must be 1 to 64 characters of a-z, 0-9 and _");
    for (size_t i = 0; i < len; i++)
        if (!islower((unsigned char)name[i]) && !isdigit((unsigned char)name[i]) && name[i] != '_')
            generate_fail(name, "name must be 1 to 64 characters of a-z, 0-9 and _");
    for (size_t i = 0; i < entry_count; i++)
        if (strcmp(jdoc_text_or(entries[i].tool, "name", ""), name) == 0)
            generate_fail(name, "the name is taken by a tool of family %s", entries[i].family);
}

static void generate_add_tool(const char *family, const jdoc *tool, const jdoc *defs)
{
    const char *name = jdoc_text_or(tool, "name", "");
    generate_check_name(name);
    generate_check_fields(name, tool);
    generate_constant(name, tool, "effect", effects);
    generate_constant(name, tool, "approval", approvals);
    if (strcmp(jdoc_text_or(tool, "effect", ""), "delete") == 0 &&
        strcmp(jdoc_text_or(tool, "approval", ""), "always") != 0)
        generate_fail(name, "approval: a tool that deletes asks always");
    if (entry_count == MAX_TOOLS)
        generate_fail(name, "more than %d tools", MAX_TOOLS);
    struct entry *e = &entries[entry_count++];
    jdoc *own = generate_resolve(name, jdoc_get(tool, "result"), defs, 0);
    e->family = family;
    e->tool = tool;
    e->arguments = generate_resolve(name, jdoc_get(tool, "arguments"), defs, 0);
    e->result = generate_full_result(name, own, jdoc_text_or(tool, "entity", ""));
    jdoc_free(own);
    generate_check_schema(name, "arguments", e->arguments);
    generate_check_schema(name, "result", e->result);
    generate_check_examples(name, jdoc_get(tool, "examples"), e->arguments);
    generate_check_when(name, tool, e->arguments);
    generate_check_outside(name, tool, e->arguments);
}

static void generate_add_file(const char *path)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value;
    file_now = path;
    if (file_count == MAX_FILES)
        generate_fail(NULL, "more than %d files", MAX_FILES);
    jdoc *doc = files[file_count++] = generate_read_file(path);
    const char *family = jdoc_string(jdoc_get(doc, "family"), NULL), *base = strrchr(path, '/');
    base = base ? base + 1 : path;
    size_t len = family ? strlen(family) : 0;
    if (len == 0 || strncmp(base, family, len) != 0 || strcmp(base + len, ".json") != 0)
        generate_fail(NULL, "family must be the file's name without .json");
    while (jdoc_next(doc, &it, &key, &value))
        if (strcmp(key, "family") != 0 && strcmp(key, "about") != 0 && strcmp(key, "$defs") != 0 &&
            strcmp(key, "tools") != 0 && strcmp(key, "module") != 0 && strcmp(key, "records") != 0)
            generate_fail(NULL, "unknown field `%s`", key);
    bool module = false;
    if (jdoc_has(doc, "module") && (jdoc_get_bool(doc, "module", &module) || !module))
        generate_fail(NULL, "module must be true, or left out");
    if (module)
        module_families[module_count++] = family;
    const jdoc *tools = jdoc_get(doc, "tools");
    if (jdoc_type(tools) != JDOC_ARRAY || jdoc_length(tools) == 0)
        generate_fail(NULL, "the field `tools` must be a list that is not empty");
    generate_kinds_add(family, doc);
}

/* After all files have been read: a schema may name the kinds of each. */
static void generate_add_tools(const char *path, const jdoc *doc)
{
    const char *family = jdoc_text_or(doc, "family", "");
    const jdoc *tools = jdoc_get(doc, "tools");
    file_now = path;
    for (size_t i = 0; i < jdoc_length(tools); i++)
        generate_add_tool(family, jdoc_at(tools, i), jdoc_get(doc, "$defs"));
}

bool generate_has_tool(const char *name)
{
    for (size_t i = 0; i < entry_count; i++)
        if (strcmp(jdoc_text_or(entries[i].tool, "name", ""), name) == 0)
            return true;
    return false;
}

/* A C string literal; \ooo of three digits cannot run into what follows, and ?? is broken up. */
void generate_put_literal(const char *text)
{
    putchar('"');
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            printf("\\%c", *c);
        else if (*c < ' ' || *c >= 0x7F || *c == '?')
            printf("\\%03o", *c);
        else
            putchar(*c);
    }
    putchar('"');
}

void generate_put_json(const jdoc *doc)
{
    struct buf text = {0};
    jdoc_write(doc, &text);
    generate_put_literal(buf_text(&text));
    buf_free(&text);
}

static void generate_put_examples(size_t i)
{
    const jdoc *examples = jdoc_get(entries[i].tool, "examples");
    printf("static const char *const examples_%zu[] = {\n", i);
    for (size_t k = 0; k < jdoc_length(examples); k++) {
        printf("    ");
        generate_put_literal(jdoc_text_or(jdoc_at(examples, k), "say", ""));
        printf(",\n");
    }
    printf("    NULL\n};\nstatic const char *const arguments_%zu[] = {\n", i);
    for (size_t k = 0; k < jdoc_length(examples); k++) {
        printf("    ");
        generate_put_json(jdoc_get(jdoc_at(examples, k), "arguments"));
        printf(",\n");
    }
    printf("    NULL\n};\n");
}

/* Whether a user may be asked about it. */
static bool generate_is_asked_about(const jdoc *tool)
{
    return strcmp(jdoc_text_or(tool, "approval", ""), "always") == 0 ||
        jdoc_get(tool, "reaches_others") || jdoc_get(tool, "outlives") || jdoc_get(tool, "outside");
}

static void generate_put_row(size_t i)
{
    const struct entry *e = &entries[i];
    const char *name = jdoc_text_or(e->tool, "name", "");
    const char *provider = jdoc_string(jdoc_get(e->tool, "provider"), NULL);
    int64_t timeout = 0;
    bool idempotent = false, core = false, untrusted = false, reaches_others = false;
    jdoc_get_bool(e->tool, "core", &core);
    jdoc_get_bool(e->tool, "untrusted", &untrusted);
    jdoc_get_bool(e->tool, "reaches_others", &reaches_others);
    jdoc_get_int(e->tool, "timeout_ms", &timeout);
    jdoc_get_bool(e->tool, "idempotent", &idempotent);
    printf("    {\n        .name = \"%s\",\n        .family = \"%s\",\n        .description = ",
        name, e->family);
    generate_put_literal(jdoc_text_or(e->tool, "description", ""));
    printf(",\n        .keywords = \"%s\",\n        .core = %s",
        jdoc_text_or(e->tool, "keywords", ""), core ? "true" : "false");
    printf(",\n        .untrusted = %s,\n        .reaches_others = %s",
        untrusted ? "true" : "false", reaches_others ? "true" : "false");
    if (jdoc_get(e->tool, "outlives"))
        printf(",\n        .outlives = true");
    if (jdoc_get(e->tool, "outside"))
        printf(",\n        .outside = \"%s\"", jdoc_text_or(e->tool, "outside", ""));
    if (jdoc_get(e->tool, "shared"))
        printf(",\n        .shared = true");
    if (jdoc_get(e->tool, "process"))
        printf(",\n        .process = true");
    if (jdoc_get(e->tool, "process_unless"))
        printf(",\n        .process_unless = \"%s\"", jdoc_text_or(e->tool, "process_unless", ""));
    printf(",\n        .arguments_schema = ");
    generate_put_json(e->arguments);
    printf(",\n        .result_schema = ");
    generate_put_json(e->result);
    printf(",\n        .effect = %s,\n        .approval = %s,\n",
        generate_constant(name, e->tool, "effect", effects),
        generate_constant(name, e->tool, "approval", approvals));
    printf("        .timeout_ms = %lld,\n        .idempotent = %s,\n        .provider = ",
        (long long)timeout, idempotent ? "true" : "false");
    if (provider)
        generate_put_literal(provider);
    else
        printf("NULL");
    const jdoc *when = jdoc_get(e->tool, "approval_when");
    if (when)
        printf(",\n        .approval_argument = \"%s\",\n        .approval_value = \"%s\"",
            jdoc_text_or(when, "argument", ""), jdoc_text_or(when, "value", ""));
    printf(",\n        .examples = examples_%zu,\n        .example_arguments = arguments_%zu,\n", i,
        i);
    if (generate_is_asked_about(e->tool))
        printf("        .preview = %s_preview_%s,\n", e->family, name);
    printf("        .entity = \"%s\",\n        .handler = %s_tool_%s,\n    },\n",
        jdoc_text_or(e->tool, "entity", ""), e->family, name);
}

static void generate_put_source(void)
{
    printf("/* Made by tools/engine/generate from the files of the families. Do not edit. */\n"
           "#include \"tools/engine/registry.h\"\n\n");
    for (size_t i = 0; i < entry_count; i++)
        generate_put_examples(i);
    printf("\nconst struct tools_spec tools_registry[] = {\n");
    for (size_t i = 0; i < entry_count; i++)
        generate_put_row(i);
    printf(
        "};\nconst size_t tools_registry_count = sizeof tools_registry / sizeof *tools_registry;\n");
    printf("const struct module *const tools_modules[] = {\n");
    for (size_t i = 0; i < module_count; i++)
        printf("    &%s_module,\n", module_families[i]);
    printf("    NULL\n};\n");
    generate_kinds_put();
}

static void generate_put_header(void)
{
    printf(
        "/* Made by tools/engine/generate from the files of the families. Do not edit. */\n"
        "#ifndef TURNPIKE_TOOLS_ENGINE_REGISTRY_H\n#define TURNPIKE_TOOLS_ENGINE_REGISTRY_H\n\n"
        "#include \"tools/kit/kind.h\"\n#include \"tools/kit/module.h\"\n#include \"tools/kit/run.h\"\n\n"
        "extern const struct tools_spec tools_registry[];\n"
        "extern const size_t tools_registry_count;\n"
        "extern const struct kind tools_kinds[];\n"
        "extern const size_t tools_kinds_count;\n"
        "extern const struct module *const tools_modules[]; /* ends with NULL */\n\n");
    for (size_t i = 0; i < module_count; i++)
        printf("extern const struct module %s_module;\n", module_families[i]);
    for (size_t i = 0; i < entry_count; i++) {
        const char *family = entries[i].family, *name = jdoc_text_or(entries[i].tool, "name", "");
        printf("int %s_tool_%s(struct tools_run *run);\n", family, name);
        if (generate_is_asked_about(entries[i].tool))
            printf("int %s_preview_%s(struct tools_run *run);\n", family, name);
    }
    printf("\n#endif\n");
}

static void generate_put_parameters(const jdoc *arguments)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *field;
    const jdoc *required = jdoc_get(arguments, "required");
    while (jdoc_next(jdoc_get(arguments, "properties"), &it, &key, &field)) {
        bool needed = false;
        for (size_t i = 0; i < jdoc_length(required); i++)
            needed |= strcmp(jdoc_string(jdoc_at(required, i), NULL), key) == 0;
        struct buf type = {0};
        if (jdoc_get(field, "type"))
            jdoc_write(jdoc_get(field, "type"), &type);
        printf("- `%s`%s (%s): %s\n", key, needed ? ", required" : "",
            type.len > 0 ? buf_text(&type) : "several forms",
            jdoc_text_or(field, "description", ""));
        buf_free(&type);
    }
}

static void generate_put_markdown(void)
{
    const char *family = "";
    printf(
        "# Tools\n\nMade from the files of the families by `tools/engine/generate --markdown`. %zu tools.\n",
        entry_count);
    for (size_t i = 0; i < entry_count; i++) {
        const struct entry *e = &entries[i];
        if (strcmp(family, e->family) != 0)
            printf("\n## %s\n", family = e->family);
        printf("\n### %s\n\n%s\n\nEffect: %s. Approval: %s. Result key: `%s`.\n\n",
            jdoc_text_or(e->tool, "name", ""), jdoc_text_or(e->tool, "description", ""),
            jdoc_text_or(e->tool, "effect", ""), jdoc_text_or(e->tool, "approval", ""),
            jdoc_text_or(e->tool, "entity", ""));
        generate_put_parameters(e->arguments);
        const jdoc *examples = jdoc_get(e->tool, "examples");
        printf("\nExamples:\n");
        for (size_t k = 0; k < jdoc_length(examples); k++) {
            struct buf args = {0};
            jdoc_write(jdoc_get(jdoc_at(examples, k), "arguments"), &args);
            printf("- \"%s\" `%s`\n", jdoc_text_or(jdoc_at(examples, k), "say", ""),
                buf_text(&args));
            buf_free(&args);
        }
    }
}

static void generate_clear(void)
{
    for (size_t i = 0; i < entry_count; i++) {
        jdoc_free(entries[i].arguments);
        jdoc_free(entries[i].result);
    }
    generate_kinds_clear();
    for (size_t i = 0; i < file_count; i++)
        jdoc_free(files[i]);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *option;
        void (*put)(void);
    } modes[] = {
        {"--source", generate_put_source},
        {"--header", generate_put_header},
        {"--markdown", generate_put_markdown},
    };
    for (size_t m = 0; argc > 2 && m < sizeof modes / sizeof *modes; m++) {
        if (strcmp(argv[1], modes[m].option) != 0)
            continue;
        for (int i = 2; i < argc; i++)
            generate_add_file(argv[i]);
        for (int i = 2; i < argc; i++)
            generate_add_tools(argv[i], files[i - 2]);
        generate_kinds_check();
        modes[m].put();
        generate_clear();
        return ferror(stdout) || fflush(stdout) != 0;
    }
    fprintf(stderr, "usage: generate --source|--header|--markdown FAMILY.json...\n");
    return 2;
}
