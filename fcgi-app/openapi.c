/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/openapi.h"

#include "base/ident.h"
#include "base/jdoc.h"
#include "fcgi-app/handlers.h"
#include "fcgi-app/routes.h"
#include "tools/engine/tools.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define OPENAPI_TEXTS_MAX 16
#define OPENAPI_KEY_SIZE 160

struct openapi {
    const struct conf *conf;
    struct buf *out;
    jdoc *parts[OPENAPI_TEXTS_MAX]; /* of openapi_texts */
    size_t count;
};

static int openapi_read(struct openapi *o)
{
    for (; openapi_texts[o->count] && o->count < OPENAPI_TEXTS_MAX; o->count++) {
        const char *text = openapi_texts[o->count];
        int error = jdoc_parse(text, strlen(text), &o->parts[o->count], NULL, 0);
        if (error)
            return error;
    }
    return openapi_texts[o->count] ? ERR_LIMIT : 0;
}

/* What the texts say of a route; NULL = nothing. */
static const jdoc *openapi_route(const struct openapi *o, const struct routes_row *row)
{
    char key[OPENAPI_KEY_SIZE];
    const jdoc *found = NULL;

    snprintf(key, sizeof key, "%s %s", row->method, row->pattern);
    for (size_t i = 0; i < o->count && !found; i++)
        found = jdoc_get(jdoc_get(o->parts[i], "routes"), key);
    return found;
}

/* ---- members of an operation ---- */

static void openapi_comma(struct buf *b, bool *any)
{
    if (*any)
        buf_putc(b, ',');
    *any = true;
}

static void openapi_put_lower(struct buf *b, const char *method)
{
    for (const char *c = method; *c; c++)
        buf_putc(b, (char)(*c | 0x20));
}

/* The method and the words of the path, with underscores between. */
static void openapi_put_id(struct buf *b, const char *method, const char *path)
{
    buf_puts(b, "\"operationId\":\"");
    openapi_put_lower(b, method);
    for (const char *c = path; *c; c++) {
        if (*c == '/' || *c == '.' || *c == '-')
            buf_putc(b, '_');
        else if (*c != '{' && *c != '}')
            buf_putc(b, *c);
    }
    buf_putc(b, '"');
}

/* The {names} of the path; behind them those that the route has besides. */
static void openapi_put_parameters(struct buf *b, const char *path, const jdoc *more)
{
    bool any = false;

    buf_puts(b, ",\"parameters\":[");
    for (const char *at = path; (at = strchr(at, '{')); at++) {
        openapi_comma(b, &any);
        buf_printf(b, "{\"name\":\"%.*s\",\"in\":\"path\",\"required\":true,\"schema\":",
            (int)strcspn(at + 1, "}"), at + 1);
        if (at[1] == 'p') /* the rest of a path */
            buf_puts(b, "{\"type\":\"string\"}}");
        else if (at[1] == 'u')
            buf_printf(b, "{\"type\":\"string\",\"minLength\":1,\"maxLength\":%d}}",
                IDENT_NAME_MAX);
        else
            buf_printf(b, "{\"type\":\"string\",\"pattern\":\"^[A-Za-z0-9_.:@-]+$\"}}");
    }
    for (size_t i = 0; i < jdoc_length(more); i++) {
        openapi_comma(b, &any);
        jdoc_write(jdoc_at(more, i), b);
    }
    buf_putc(b, ']');
}

static void openapi_put_security(struct buf *b, enum routes_user user)
{
    static const char *const schemes[] = {[ROUTES_ANYONE] = "[]",
        [ROUTES_USER] = "[{\"token\":[]},{\"key\":[]}]",
        [ROUTES_TICKET] = "[{\"token\":[]},{\"key\":[]},{\"ticket\":[]}]"};

    buf_printf(b, ",\"security\":%s", schemes[user]);
}

/* Those of the route; every other answer is a problem. */
static void openapi_put_responses(struct buf *b, const jdoc *responses)
{
    struct jdoc_iter it = {0};
    const char *status;
    jdoc *response;
    bool any = false;

    buf_puts(b, ",\"responses\":{");
    while (jdoc_next(responses, &it, &status, &response)) {
        openapi_comma(b, &any);
        buf_json_text(b, status);
        buf_putc(b, ':');
        jdoc_write(response, b);
    }
    if (!jdoc_has(responses, "default")) {
        openapi_comma(b, &any);
        buf_puts(b, "\"default\":{\"$ref\":\"#/components/responses/Problem\"}");
    }
    buf_putc(b, '}');
}

static void openapi_put_operation(struct openapi *o, const struct routes_row *row, const char *path)
{
    static const char *const copied[] = {"tags", "summary", "description", "requestBody"};
    const jdoc *route = openapi_route(o, row);
    struct buf *b = o->out;

    buf_putc(b, '"');
    openapi_put_lower(b, row->method);
    buf_puts(b, "\":{");
    openapi_put_id(b, row->method, path);
    for (size_t i = 0; i < sizeof copied / sizeof *copied; i++) {
        if (!jdoc_has(route, copied[i]))
            continue;
        buf_printf(b, ",\"%s\":", copied[i]);
        jdoc_write(jdoc_get(route, copied[i]), b);
    }
    openapi_put_parameters(b, path, jdoc_get(route, "parameters"));
    openapi_put_security(b, row->user);
    openapi_put_responses(b, jdoc_get(route, "responses"));
    buf_putc(b, '}');
}

/* ---- paths ---- */

static bool openapi_is_public(const char *pattern)
{
    for (size_t i = 0; i < routes_count(); i++)
        if (routes_at(i)->scope == ROUTES_PUBLIC && strcmp(routes_at(i)->pattern, pattern) == 0)
            return true;
    return false;
}

/* Is it one that clients ask for? What also stands at the root is told once. */
static bool openapi_is_told(const struct openapi *o, const struct routes_row *row)
{
    return row->scope != ROUTES_INTERNAL && openapi_route(o, row) &&
        (row->scope == ROUTES_PUBLIC || !openapi_is_public(row->pattern));
}

/* Where a path stands that does not stand under public_base. */
static bool openapi_put_server(struct openapi *o, enum routes_scope scope)
{
    if (scope == ROUTES_PUBLIC)
        return false;
    buf_puts(o->out, "\"servers\":[{\"url\":");
    if (scope == ROUTES_FACADE) {
        buf_putc(o->out, '"');
        buf_json_escaped(o->out, o->conf->public_base, strlen(o->conf->public_base));
        buf_puts(o->out, "/openai/v1\"},{\"url\":\"/v1\"}]");
    } else {
        buf_puts(o->out, "\"/\"}]");
    }
    return true;
}

static void openapi_put_path(struct openapi *o, size_t first)
{
    const struct routes_row *row = routes_at(first);
    const char *path = jdoc_text_or(openapi_route(o, row), "path", row->pattern);
    bool any;

    buf_json_text(o->out, path);
    buf_puts(o->out, ":{");
    any = openapi_put_server(o, row->scope);
    for (size_t i = first; i < routes_count(); i++) {
        const struct routes_row *other = routes_at(i);
        if (other->scope != row->scope || strcmp(other->pattern, row->pattern) != 0 ||
            !openapi_is_told(o, other))
            continue;
        openapi_comma(o->out, &any);
        openapi_put_operation(o, other, path);
    }
    buf_putc(o->out, '}');
}

/* Whether an earlier row has told this path already. */
static bool openapi_is_repeated(const struct openapi *o, size_t index)
{
    const struct routes_row *row = routes_at(index);

    for (size_t i = 0; i < index; i++) {
        const struct routes_row *other = routes_at(i);
        if (other->scope == row->scope && strcmp(other->pattern, row->pattern) == 0 &&
            openapi_is_told(o, other))
            return true;
    }
    return false;
}

/* One tool: the route that calls it, with the tool's own schemas. */
static void openapi_put_tool(struct openapi *o, const struct routes_row *row,
    const struct tools_spec *spec)
{
    const jdoc *route = openapi_route(o, row);
    struct buf *b = o->out;
    size_t sentence = strcspn(spec->description, ".");

    buf_printf(b, ",\"/tools/%s\":{\"post\":{\"operationId\":\"tool_%s\"", spec->name, spec->name);
    buf_puts(b, ",\"tags\":[\"tools\"],\"summary\":");
    buf_json_string(b, spec->description, sentence);
    buf_json_member(b, "description", spec->description);
    openapi_put_parameters(b, "", jdoc_get(route, "parameters"));
    openapi_put_security(b, row->user);
    buf_printf(b,
        ",\"requestBody\":{\"required\":true,\"content\":{\"application/json\":{\"schema\":%s}}}",
        spec->arguments_schema);
    buf_puts(b, ",\"responses\":{\"200\":{\"description\":\"the tool's result\",\"content\":");
    buf_printf(b, "{\"application/json\":{\"schema\":%s}}},",
        spec->result_schema ? spec->result_schema : "{}");
    buf_puts(b, "\"default\":{\"$ref\":\"#/components/responses/Problem\"}}}}");
}

static void openapi_put_tools(struct openapi *o)
{
    const struct routes_row *row = NULL;

    for (size_t i = 0; i < routes_count() && !row; i++)
        if (routes_at(i)->handler == handlers_tool_call)
            row = routes_at(i);
    for (size_t i = 0; row && i < tools_count(); i++)
        if (!tools_at(i)->dynamic)
            openapi_put_tool(o, row, tools_at(i));
}

static void openapi_put_paths(struct openapi *o)
{
    bool any = false;

    buf_puts(o->out, ",\"paths\":{");
    for (size_t i = 0; i < routes_count(); i++) {
        if (!openapi_is_told(o, routes_at(i)) || openapi_is_repeated(o, i))
            continue;
        openapi_comma(o->out, &any);
        openapi_put_path(o, i);
    }
    openapi_put_tools(o);
    buf_putc(o->out, '}');
}

/* The schemas of all texts; everything else of the components stands in the first. */
static void openapi_put_components(struct openapi *o)
{
    static const char *const kinds[] = {"securitySchemes", "responses"};
    const jdoc *base = jdoc_get(o->parts[0], "components");
    bool any = false;

    buf_puts(o->out, ",\"components\":{");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        buf_printf(o->out, "\"%s\":", kinds[i]);
        jdoc_write(jdoc_get(base, kinds[i]), o->out);
        buf_putc(o->out, ',');
    }
    buf_puts(o->out, "\"schemas\":{");
    for (size_t i = 0; i < o->count; i++) {
        const jdoc *schemas = jdoc_get(jdoc_get(o->parts[i], "components"), "schemas");
        struct jdoc_iter it = {0};
        const char *name;
        jdoc *schema;
        while (jdoc_next(schemas, &it, &name, &schema)) {
            openapi_comma(o->out, &any);
            buf_json_text(o->out, name);
            buf_putc(o->out, ':');
            jdoc_write(schema, o->out);
        }
    }
    buf_puts(o->out, "}}");
}

int openapi_write(const struct conf *conf, struct buf *out)
{
    struct openapi o = {.conf = conf, .out = out};
    int error = openapi_read(&o);

    if (!error) {
        buf_puts(out, "{\"openapi\":\"3.1.0\",\"info\":");
        jdoc_write(jdoc_get(o.parts[0], "info"), out);
        buf_puts(out, ",\"servers\":[{\"url\":");
        buf_json_text(out, *conf->public_base ? conf->public_base : "/");
        buf_puts(out, "}],\"tags\":");
        jdoc_write(jdoc_get(o.parts[0], "tags"), out);
        openapi_put_paths(&o);
        openapi_put_components(&o);
        buf_putc(out, '}');
        error = buf_error(out);
    }
    for (size_t i = 0; i < o.count; i++)
        jdoc_free(o.parts[i]);
    return error;
}
