/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/remote/mcp_trial.h"

#include "process/aside.h"
#include "tools/remote/foreign_schema.h"
#include "tools/schema/schema.h"

#include <string.h>

#define TRIAL_MEMORY ((size_t)128 << 20)
#define TRIAL_TEXT 64 /* bytes of a text that patterns are tried with */

/* Arguments of the right names: texts that a pattern may run along for long. */
static jdoc *mcp_trial_arguments(const jdoc *schema)
{
    struct jdoc_iter it = {0};
    char text[TRIAL_TEXT + 1];
    const char *key;
    jdoc *value, *arguments = jdoc_new_object();

    memset(text, 'a', TRIAL_TEXT);
    text[TRIAL_TEXT] = '\0';
    while (arguments && jdoc_next(jdoc_get(schema, "properties"), &it, &key, &value))
        if (jdoc_set_string(arguments, key, text) != 0) {
            jdoc_free(arguments);
            return NULL;
        }
    return arguments;
}

int mcp_trial_use(const jdoc *definition)
{
    const jdoc *schema = jdoc_get(definition, "inputSchema");
    jdoc *shown = foreign_schema_model(schema), *check = foreign_schema_check(schema);
    jdoc *plain = shown ? foreign_schema_plain(shown) : NULL;
    jdoc *arguments = mcp_trial_arguments(check);
    int error = shown && check && plain && arguments ? 0 : ERR_NOMEM;
    struct tools_problem problem;

    if (!error)
        err_ignore(schema_coerce(check, arguments));
    if (!error)
        err_ignore(schema_validate(check, arguments, &problem));
    jdoc_free(shown);
    jdoc_free(check);
    jdoc_free(plain);
    jdoc_free(arguments);
    return error;
}

static int mcp_trial_read(void *arg, const char *in, size_t len, struct buf *out)
{
    jdoc *definitions = NULL;
    int error = jdoc_parse(in, len, &definitions, NULL, 0);

    (void)arg;
    (void)out;
    for (size_t i = 0; !error && i < jdoc_length(definitions); i++)
        error = mcp_trial_use(jdoc_at(definitions, i));
    return error ? ERR_INVALID : 0; /* also of memory: that is the child's, and their fault */
}

int mcp_trial(const struct conf *conf, const jdoc *definitions, int64_t time_ms)
{
    struct buf text = {0}, answer = {0};
    int error;

    jdoc_write(definitions, &text);
    const struct aside_work work = {.name = "definitions of MCP tools",
        .read = mcp_trial_read,
        .in = buf_text(&text),
        .len = text.len,
        .time_ms = time_ms,
        .memory = TRIAL_MEMORY,
        .out_max = 0,
        .conf = conf};
    error = buf_error(&text);
    if (!error)
        error = aside_run(&work, &answer);
    buf_free(&text);
    buf_free(&answer);
    return error;
}
