/* SPDX-License-Identifier: BSD-2-Clause */
/* Tools of the family assistant. */
#include "tools/engine/finder.h"
#include "tools/engine/registry.h"

#include "base/err.h"

#include <stdio.h>

static int assistant_put_tool(jdoc *list, const struct tools_spec *spec)
{
    jdoc *item = jdoc_new_object();
    if (!item)
        return ERR_NOMEM;
    if (jdoc_set_string(item, "name", spec->name) != 0 ||
        jdoc_set_string(item, "description", spec->description) != 0 ||
        jdoc_set_string(item, "family", spec->family) != 0) {
        jdoc_free(item);
        return ERR_NOMEM;
    }
    return jdoc_push(list, item);
}

/* Why it cannot be called here; the setting's name helps only those who can set it. */
static int assistant_put_missing(const struct tools_run *run, jdoc *list,
    const struct tools_spec *spec)
{
    jdoc *item = jdoc_new_object();
    char reason[160];
    if (!item)
        return ERR_NOMEM;
    snprintf(reason, sizeof reason, "It needs %s, which is not set up here.",
        tools_provider_words(spec));
    if (jdoc_set_string(item, "name", spec->name) != 0 ||
        jdoc_set_string(item, "reason", reason) != 0 ||
        (tools_shows_settings(run->context) &&
            jdoc_set_string(item, "setting", spec->provider) != 0)) {
        jdoc_free(item);
        return ERR_NOMEM;
    }
    return jdoc_push(list, item);
}

#define MISSING_MAX 3 /* tools without their provider, of one answer */

/* The best of those that work here; beside them the ones that would have been among the best. */
static int assistant_sort(const struct tools_run *run, const struct tools_spec *const *found,
    size_t count, size_t limit, jdoc *tools, jdoc *missing)
{
    int error = 0;
    for (size_t i = 0; i < count && error == 0; i++)
        if (tools_is_memory(found[i]) && !tools_is_offered(run->context, found[i]))
            continue; /* as if it were not there */
        else if (tools_is_provided(run->context->conf, found[i]))
            error = jdoc_length(tools) < limit ? assistant_put_tool(tools, found[i]) : 0;
        else if (i < limit && jdoc_length(missing) < MISSING_MAX)
            error = assistant_put_missing(run, missing, found[i]);
    return error;
}

static jdoc *assistant_say_found(struct tools_run *run, size_t count, size_t missing)
{
    if (count == 0 && missing == 0)
        return run_succeed(run,
            "Nothing fits: there is no tool for this. Say so, or answer from what you know.");
    if (count == 0)
        return run_succeed(run,
            "What fits needs something that is not set up here; not_available says what. Tell the "
            "user.");
    return run_succeed(run, "Found %zu tool%s, the best match first. They can be called now.%s",
        count, count > 1 ? "s" : "",
        missing > 0 ? " What fits but cannot work here is in not_available, with the reason." : "");
}

/* Takes both lists. */
static int assistant_answer(struct tools_run *run, jdoc *tools, jdoc *missing)
{
    size_t count = jdoc_length(missing);
    jdoc *answer = assistant_say_found(run, jdoc_length(tools), count);
    if (!answer) {
        jdoc_free(tools);
        jdoc_free(missing);
        return ERR_NOMEM;
    }
    int error = jdoc_set(answer, "tools", tools);
    if (count > 0 && error == 0)
        return jdoc_set(answer, "not_available", missing);
    jdoc_free(missing);
    return error;
}

int assistant_tool_find_tools(struct tools_run *run)
{
    const struct tools_spec *found[FINDER_MAX];
    int64_t limit = 5;
    size_t count;
    jdoc_get_int(run->args, "limit", &limit);
    int error = finder_search(jdoc_text_or(run->args, "query", ""), FINDER_MAX, found, &count);
    if (error != 0)
        return error;
    jdoc *tools = jdoc_new_array(), *missing = jdoc_new_array();
    error = tools && missing ? assistant_sort(run, found, count, (size_t)limit, tools, missing) :
                               ERR_NOMEM;
    if (error == 0)
        return assistant_answer(run, tools, missing);
    jdoc_free(tools);
    jdoc_free(missing);
    return error;
}
