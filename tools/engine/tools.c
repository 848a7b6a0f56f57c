/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/engine/tools.h"

#include "base/err.h"
#include "tools/engine/finder.h"
#include "tools/engine/registry.h"
#include "tools/engine/tools_usual.h"
#include "tools/kit/gazetteer.h"
#include "tools/kit/land.h"
#include "tools/kit/road.h"
#include "tools/remote/dynamic.h"
#include "tools/schema/schema.h"

#include <stdlib.h>
#include <string.h>

/* The schemas of one tool, parsed once per process (before the fork when turn_global_init asks). */
struct parsed {
    jdoc *arguments, *result;
};
static struct parsed *parsed;

/* Failures look the same for every tool. */
static const char failure_schema_text[] =
    "{\"type\":\"object\",\"properties\":{\"success\":{\"const\":false},"
    "\"message\":{\"type\":\"string\",\"minLength\":1},"
    "\"error\":{\"type\":\"object\",\"properties\":{\"code\":{\"type\":\"string\","
    "\"pattern\":\"^[a-z_]+$\"},\"message\":{\"type\":\"string\"},\"path\":{\"type\":\"string\"},"
    "\"expected\":{\"type\":\"string\"}},\"required\":[\"code\"],"
    "\"additionalProperties\":false}},\"required\":[\"success\",\"message\",\"error\"],"
    "\"additionalProperties\":false}";
static jdoc *failure_schema;

int tools_configure(const struct conf *conf, char *why, size_t why_size)
{
    int error = dynamic_load(conf, tools_registered, why, why_size);
    /* Mapped once, for all workers; place.c says what is wrong. */
    err_ignore(gazetteer_open(conf->gazetteer_file));
    road_open(conf);
    land_rest();
    if (error == 0)
        finder_forget();
    return error;
}

unsigned tools_enter(const struct conf *conf)
{
    return dynamic_enter(conf);
}

void tools_leave(unsigned ticket)
{
    dynamic_leave(ticket);
}

int tools_global_init(void)
{
    return finder_prepare();
}

size_t tools_count(void)
{
    return tools_registry_count + dynamic_count();
}

const struct tools_spec *tools_at(size_t index)
{
    return index < tools_registry_count ? &tools_registry[index] :
                                          dynamic_at(index - tools_registry_count);
}

const char *tools_effect_name(const struct tools_spec *spec)
{
    static const char *const names[] = {[TOOLS_READ] = "read",
        [TOOLS_WRITE] = "write",
        [TOOLS_DELETE] = "delete",
        [TOOLS_OUTSIDE] = "outside"};
    return names[spec->effect];
}

bool tools_registered(const char *name)
{
    for (size_t i = 0; i < tools_registry_count; i++)
        if (strcmp(tools_registry[i].name, name) == 0)
            return true;
    return false;
}

const struct tools_spec *tools_find(const char *name)
{
    for (size_t i = 0; i < tools_count(); i++)
        if (strcmp(tools_at(i)->name, name) == 0)
            return tools_at(i);
    return NULL;
}

static int tools_parse_failure(void)
{
    return failure_schema ?
        0 :
        jdoc_parse(failure_schema_text, sizeof failure_schema_text - 1, &failure_schema, NULL, 0);
}

static int tools_parse_schemas(const struct tools_spec *spec, const jdoc **arguments,
    const jdoc **out)
{
    int error = tools_parse_failure();
    if (error != 0)
        return error;
    if (spec->dynamic)
        return dynamic_schemas(spec, arguments, out);
    size_t index = (size_t)(spec - tools_registry);
    if (index >= tools_registry_count)
        return ERR_INTERNAL;
    if (!parsed)
        parsed = calloc(tools_registry_count, sizeof *parsed);
    if (!parsed)
        return ERR_NOMEM;
    struct parsed *p = &parsed[index];
    if (!p->arguments)
        error = jdoc_parse(spec->arguments_schema, strlen(spec->arguments_schema), &p->arguments,
            NULL, 0);
    if (error == 0 && !p->result)
        error = jdoc_parse(spec->result_schema, strlen(spec->result_schema), &p->result, NULL, 0);
    *arguments = p->arguments;
    *out = p->result;
    return error;
}

int tools_check(const struct tools_spec *spec, jdoc *args, struct tools_problem *problem)
{
    const jdoc *schema = NULL, *unused;
    int error = tools_parse_schemas(spec, &schema, &unused);
    if (error == 0 && !spec->dynamic)
        error = tools_usual_coerce(schema, args);
    if (error == 0)
        error = schema_coerce(schema, args);
    if (error == 0)
        error = schema_validate(schema, args, problem);
    return error == 0 && !spec->dynamic ? tools_usual_check(args, problem) : error;
}

int tools_check_result(const struct tools_spec *spec, const jdoc *value,
    struct tools_problem *problem)
{
    const jdoc *unused, *schema = NULL;
    bool success = false;
    int error = tools_parse_schemas(spec, &unused, &schema);
    if (error != 0)
        return error;
    jdoc_get_bool(value, "success", &success);
    return schema_validate(success ? schema : failure_schema, value, problem);
}
