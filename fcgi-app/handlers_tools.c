/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/handlers.h"

#include "base/err.h"
#include "fcgi-app/openapi.h"
#include "tools/engine/tools.h"

#include <string.h>

/* handlers -- the tools as they are listed. Api workers. */

static void handlers_examples(struct buf *b, const struct tools_spec *spec)
{
    buf_puts(b, ",\"examples\":[");
    for (size_t i = 0; spec->examples && spec->examples[i]; i++) {
        buf_puts(b, i > 0 ? "," : "");
        buf_json_string(b, spec->examples[i], strlen(spec->examples[i]));
    }
    buf_puts(b, "],\"example_arguments\":[");
    for (size_t i = 0; spec->example_arguments && spec->example_arguments[i]; i++)
        buf_printf(b, "%s%s", i > 0 ? "," : "", spec->example_arguments[i]);
    buf_putc(b, ']');
}

/* schemas: with what only a caller of the tool needs to know. */
static void handlers_tool(struct buf *b, const struct tools_spec *spec, bool schemas)
{
    buf_puts(b, "{\"name\":");
    buf_json_string(b, spec->name, strlen(spec->name));
    buf_json_member(b, "family", spec->family);
    buf_json_member(b, "description", spec->description);
    buf_printf(b, ",\"core\":%s", spec->core ? "true" : "false");
    buf_json_member(b, "effect", tools_effect_name(spec));
    buf_json_member(b, "approval", spec->approval == TOOLS_APPROVAL_ALWAYS ? "always" : "never");
    if (spec->approval_argument) {
        buf_puts(b, ",\"approval_when\":{");
        buf_json_string(b, spec->approval_argument, strlen(spec->approval_argument));
        buf_putc(b, ':');
        buf_json_string(b, spec->approval_value, strlen(spec->approval_value));
        buf_putc(b, '}');
    }
    buf_printf(b, ",\"idempotent\":%s,\"timeout_ms\":%lld", spec->idempotent ? "true" : "false",
        (long long)spec->timeout_ms);
    if (spec->provider)
        buf_json_member(b, "provider", spec->provider);
    buf_printf(b, ",\"untrusted\":%s,\"reaches_others\":%s", spec->untrusted ? "true" : "false",
        spec->reaches_others ? "true" : "false");
    if (spec->outside)
        buf_json_member(b, "outside", spec->outside);
    if (schemas) {
        handlers_examples(b, spec);
        buf_printf(b, ",\"arguments_schema\":%s,\"result_schema\":%s", spec->arguments_schema,
            spec->result_schema ? spec->result_schema : "null");
    }
    buf_putc(b, '}');
}

int handlers_tools(struct exchange *x)
{
    const char *schemas = request_query(&x->request, "schemas");
    if (schemas && strcmp(schemas, "on") != 0 && strcmp(schemas, "off") != 0)
        return problem_field(&x->problem, "schemas", "schemas must be on or off.");
    exchange_json(x, 200);
    x->reply.kept = true;
    buf_puts(&x->reply.body, "{\"tools\":[");
    for (size_t i = 0; i < tools_count(); i++) {
        buf_puts(&x->reply.body, i > 0 ? "," : "");
        handlers_tool(&x->reply.body, tools_at(i), !schemas || strcmp(schemas, "on") == 0);
    }
    buf_printf(&x->reply.body, "],\"count\":%zu}", tools_count());
    return 0;
}

const struct tools_spec *handlers_tool_named(struct exchange *x)
{
    const struct tools_spec *spec = tools_find(x->params[0]);
    if (!spec)
        problem_set(&x->problem, PROBLEM_UNKNOWN_TOOL,
            "There is no tool of this name; GET %s/tools lists them.", x->app->conf->public_base);
    return spec;
}

int handlers_tool_get(struct exchange *x)
{
    const struct tools_spec *spec = handlers_tool_named(x);
    if (!spec)
        return ERR_NOT_FOUND;
    exchange_json(x, 200);
    x->reply.kept = true;
    handlers_tool(&x->reply.body, spec, true);
    return 0;
}

/* Made once in a process, for the first who asks: anybody may ask, and it takes milliseconds. */
int handlers_openapi(struct exchange *x)
{
    static struct buf document;
    int error = document.len > 0 ? 0 : openapi_write(x->app->conf, &document);

    if (error) {
        buf_free(&document);
        return error;
    }
    exchange_json(x, 200);
    buf_put(&x->reply.body, document.data, document.len);
    return 0;
}
