/* SPDX-License-Identifier: BSD-2-Clause */
/* get_record. */
#include "store/changes.h"
#include "tools/engine/registry.h"
#include "tools/records/entry.h"

#include "base/clock.h"
#include "base/err.h"

#include <string.h>

#define HISTORY_MOST 20 /* changes of a record that are shown */

static int records_get_add_change(jdoc *list, const struct kind *kind,
    const struct changes_one *change, const struct changes_write *w)
{
    char at[CLOCK_RFC3339_SIZE];
    jdoc *item = jdoc_new_object(), *was = NULL;
    clock_rfc3339(change->at_ms, at);
    int failed = !item || jdoc_set_string(item, "change_id", change->id) != 0 ||
        jdoc_set_string(item, "at", at) != 0 || jdoc_set_string(item, "tool", change->tool) != 0 ||
        jdoc_set_string(item, "what",
            w->now[0] == '\0' ? "deleted" :
                w->was        ? "changed" :
                                "made") != 0 ||
        jdoc_set_bool(item, "undone", change->undone) != 0;
    if (!failed && w->was) {
        failed = jdoc_parse(w->was, strlen(w->was), &was, NULL, 0) != 0;
        entry_hide(kind, was);
        failed = failed || jdoc_set(item, "before", was) != 0;
    }
    return jdoc_push_made(list, item, failed);
}

static int records_get_history(struct tools_run *run, const struct kind *kind, const char *id)
{
    struct changes_list list;
    jdoc *history = jdoc_new_array();
    int error = history ?
        changes_of(run->context->store, run->context->uid,
            &(struct changes_look){.family = kind->family, .id = id, .max = HISTORY_MOST},
            run->arena, &list) :
        ERR_NOMEM;
    for (size_t i = 0; error == 0 && i < list.count; i++)
        for (size_t k = 0; error == 0 && k < list.all[i].count; k++)
            if (strcmp(list.all[i].writes[k].family, kind->family) == 0 &&
                strcmp(list.all[i].writes[k].id, id) == 0)
                error = records_get_add_change(history, kind, &list.all[i], &list.all[i].writes[k]);
    if (error == 0)
        return jdoc_set(run->result, "history", history);
    jdoc_free(history);
    return error;
}

int records_tool_get_record(struct tools_run *run)
{
    struct entry entry;
    int error = entry_pick(run, &entry);
    const char *line = error == 0 ? entry_line(run, entry.kind, entry.record) : NULL;
    if (error == 0 &&
        (!line || !run_succeed(run, "The %s %s.", entry.kind->title, line) ||
            jdoc_set_string(run->result, "kind", entry.kind->name) != 0))
        error = ERR_NOMEM;
    if (error == 0 && jdoc_is_true(run->args, "history"))
        error = records_get_history(run, entry.kind, entry.id);
    entry_hide(entry.kind, entry.record);
    if (error == 0)
        return jdoc_set(run->result, "record", entry.record);
    jdoc_free(entry.record);
    return error == ERR_INVALID ? 0 : error;
}
