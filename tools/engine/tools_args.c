/* SPDX-License-Identifier: BSD-2-Clause */
/* tools_args -- the arguments of a call, as the model wrote them, are read. */
#include "tools/engine/tools_args.h"

#include "base/err.h"
#include "tools/engine/tools.h"

#include <string.h>

static int tools_args_parse(struct tools_run *run, const char *text, size_t len)
{
    char why[160];
    while (len > 0 && strchr(" \t\r\n", text[len - 1]))
        len--;
    jdoc_free(run->args);
    run->args = NULL;
    if (len == 0) {
        run->args = jdoc_new_object();
        return run->args ? 0 : ERR_NOMEM;
    }
    int error = jdoc_parse(text, len, &run->args, why, sizeof why);
    if (error == ERR_NOMEM)
        return error;
    if (error != 0) {
        error = run_fail(run, "invalid_json", "The arguments are not valid JSON: %s", why);
        return error ? error : ERR_INVALID;
    }
    /* Some models send the object as JSON text. */
    size_t inner_len = 0;
    const char *inner = jdoc_string(run->args, &inner_len);
    jdoc *object = NULL;
    if (inner && jdoc_parse(inner, inner_len, &object, NULL, 0) == 0) {
        jdoc_free(run->args);
        run->args = object;
    }
    if (jdoc_type(run->args) == JDOC_OBJECT)
        return 0;
    error = run_fail_at(run, "", "an object", "The arguments must be a JSON object.");
    return error ? error : ERR_INVALID;
}

static int tools_args_check(struct tools_run *run)
{
    struct tools_problem problem;
    int error = tools_check(run->spec, run->args, &problem);
    if (error != ERR_INVALID)
        return error;
    error = run_fail_at(run, problem.path, problem.expected, "%s", problem.message);
    return error ? error : ERR_INVALID;
}

int tools_args_read(struct tools_run *run, const char *args_json, size_t len)
{
    int error = tools_args_parse(run, args_json, len);
    return error == 0 ? tools_args_check(run) : error;
}
