/* SPDX-License-Identifier: BSD-2-Clause */
/* Tools of the family assistant. */
#include "tools/engine/finder.h"
#include "tools/engine/registry.h"

#include "base/err.h"

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

int assistant_tool_find_tools(struct tools_run *run)
{
    const struct tools_spec *found[FINDER_MAX];
    int64_t limit = FINDER_MAX;
    size_t count;
    jdoc_get_int(run->args, "limit", &limit);
    int error = finder_search(jdoc_text_or(run->args, "query", ""), (size_t)limit, found, &count);
    if (error != 0)
        return error;
    jdoc *answer = count > 0 ?
        run_succeed(run, "Found %zu tool%s, the best match first. They can be called now.", count,
            count > 1 ? "s" : "") :
        run_succeed(run, "No tool matches these words. Try others, or a plainer word for it.");
    jdoc *list = jdoc_new_array();
    if (!answer || !list) {
        jdoc_free(list);
        return ERR_NOMEM;
    }
    for (size_t i = 0; i < count && error == 0; i++)
        error = assistant_put_tool(list, found[i]);
    int set = jdoc_set(answer, "tools", list);
    return error != 0 ? error : set;
}
