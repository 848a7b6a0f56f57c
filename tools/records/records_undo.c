/* SPDX-License-Identifier: BSD-2-Clause */
/* undo_change: the last change of the conversation, a named one, or an undo itself. */
#include "store/changes.h"
#include "tools/engine/kinds.h"
#include "tools/engine/modules.h"
#include "tools/engine/registry.h"
#include "tools/engine/tools.h"
#include "tools/kit/record.h"
#include "tools/records/entry.h"

#include "base/clock.h"
#include "base/err.h"

#include <string.h>

#define RECENT 3 /* changes of other conversations that are named */
#define TOLD 3   /* records of a change that are named */

static int records_undo_refuse(int error)
{
    return error != 0 ? error : ERR_INVALID;
}

/* --- which one --- */

/* Nothing here: changes made elsewhere, for a question. */
static int records_undo_nothing(struct tools_run *run, enum changes_act act)
{
    struct changes_list list;
    const char *word = act == CHANGES_DO ? "undone" : "done again", *told = "";
    int error = changes_open(run->context->store, run->context->uid,
        &(struct changes_look){.act = act, .max = RECENT}, run->arena, &list);
    if (error != 0)
        return error;
    for (size_t i = 0; told && i < list.count; i++) {
        char at[CLOCK_RFC3339_SIZE];
        clock_rfc3339(list.all[i].at_ms, at);
        told = arena_printf(run->arena, "%s%s%s at %s (change_id %s)", told, i > 0 ? ", " : "",
            list.all[i].tool, at, list.all[i].id);
    }
    if (!told)
        return ERR_NOMEM;
    return records_undo_refuse(list.count == 0 ?
            run_fail(run, "not_found", "There is nothing that can be %s.", word) :
            run_fail(run, "not_found",
                "Nothing of this conversation can be %s. Made elsewhere: %s. Ask whether one of "
                "these is meant.",
                word, told));
}

static int records_undo_named(struct tools_run *run, const char *id, struct changes_one *out)
{
    int error = changes_get(run->context->store, run->context->uid, id, run->arena, out);
    if (error == 0 && out->act == CHANGES_DO && out->undone && jdoc_is_true(run->args, "redo"))
        error =
            changes_get(run->context->store, run->context->uid, out->undone_by, run->arena, out);
    if (error == 0 && out->act == CHANGES_REDO) /* to take that back is to undo the first again */
        error = changes_get(run->context->store, run->context->uid, out->of, run->arena, out);
    if (error == 0 && out->act == CHANGES_UNDO && out->undone)
        error = changes_get(run->context->store, run->context->uid, out->of, run->arena, out);
    if (error == ERR_NOT_FOUND)
        return records_undo_refuse(
            run_fail(run, "not_found", "There is no such change, or it is older than 30 days."));
    if (error == 0 && out->undone)
        return records_undo_refuse(run_fail(run, "conflict",
            "This change is undone already. With redo it is done again."));
    return error;
}

static int records_undo_choose(struct tools_run *run, struct changes_one *out)
{
    const char *id = jdoc_string(jdoc_get(run->args, "change_id"), NULL);
    enum changes_act act = jdoc_is_true(run->args, "redo") ? CHANGES_UNDO : CHANGES_DO;
    struct changes_list list;
    if (id)
        return records_undo_named(run, id, out);
    int error = changes_open(run->context->store, run->context->uid,
        &(struct changes_look){.act = act, .session = run->context->session, .max = 1}, run->arena,
        &list);
    if (error != 0)
        return error;
    if (list.count == 0)
        return records_undo_nothing(run, act);
    *out = list.all[0];
    return 0;
}

/* --- may it be? --- */

/* What others have seen, or got, does not come back by a record that goes. */
static bool records_undo_has_left(const struct changes_one *change)
{
    const struct tools_spec *spec = tools_find(change->tool);
    if (spec && (spec->reaches_others || spec->effect == TOOLS_OUTSIDE))
        return true;
    for (size_t i = 0; i < change->count; i++)
        if (strcmp(change->writes[i].family, "community") == 0 ||
            strcmp(change->writes[i].family, "notice") == 0 ||
            strcmp(change->writes[i].family, "together") == 0)
            return true;
    return false;
}

static int records_undo_check(struct tools_run *run, const struct changes_one *change)
{
    if (records_undo_has_left(change))
        return records_undo_refuse(run_fail(run, "forbidden",
            "The last change was %s, which others may have seen or got already: it cannot be "
            "undone. An earlier one can, by its change_id.",
            change->tool));
    if (change->lost)
        return records_undo_refuse(run_fail(run, "limit_reached",
            "That change (%s) was too large to keep what was before it.", change->tool));
    return 0;
}

/* --- what it does --- */

/* The record as people know it; of one that goes away as it is now. */
static const char *records_undo_line(struct tools_run *run, const struct changes_write *w)
{
    const struct kind *kind = kinds_of_family(w->family);
    jdoc *record = NULL;
    const char *line = NULL;
    int error = w->was ? jdoc_parse(w->was, strlen(w->was), &record, NULL, 0) :
                         record_get(run, w->family, w->id, &record, NULL);
    if (error == 0 && kind)
        line = entry_line(run, kind, record);
    jdoc_free(record);
    return line && kind ? arena_printf(run->arena, "the %s %s", kind->title, line) :
                          arena_printf(run->arena, "%s", kind ? kind->title : w->family);
}

static const char *records_undo_told(struct tools_run *run, const struct changes_one *change)
{
    const char *told = "";
    for (size_t i = 0; told && i < change->count && i < TOLD; i++) {
        const struct changes_write *w = &change->writes[i];
        const char *line = records_undo_line(run, w);
        told = !line ? NULL :
                       arena_printf(run->arena, "%s%s%s %s", told, i > 0 ? "; " : "", line,
                           !w->was               ? "is gone" :
                               w->now[0] == '\0' ? "is back" :
                                                   "is as it was before");
    }
    if (told && change->count > TOLD)
        told = arena_printf(run->arena, "%s; and %zu more", told, change->count - TOLD);
    return told;
}

static int records_undo_add(struct tools_run *run, jdoc *list, const struct changes_write *w)
{
    const struct kind *kind = kinds_of_family(w->family);
    jdoc *record = NULL, *item = NULL;
    int error = w->was ? jdoc_parse(w->was, strlen(w->was), &record, NULL, 0) : 0;
    if (error == 0 && record)
        error = modules_before(run->context, w->family, record);
    if (error == 0 && kind && record)
        item = entry_brief(run, kind, w->id, record);
    else if (error == 0)
        item = jdoc_new_object();
    jdoc_free(record);
    if (error != 0) {
        jdoc_free(item);
        return error;
    }
    int failed = !item || jdoc_set_string(item, "kind", kind ? kind->name : w->family) != 0 ||
        jdoc_set_string(item, "id", w->id) != 0 ||
        jdoc_set_string(item, "now",
            !w->was               ? "gone" :
                w->now[0] == '\0' ? "back" :
                                    "as before") != 0;
    return jdoc_push_made(list, item, failed);
}

static int records_undo_answer(struct tools_run *run, const struct changes_one *change)
{
    const char *told = records_undo_told(run, change);
    jdoc *list = jdoc_new_array();
    int error = told && list ? 0 : ERR_NOMEM;
    for (size_t i = 0; error == 0 && i < change->count; i++)
        error = records_undo_add(run, list, &change->writes[i]);
    jdoc *answer = error == 0 ?
        run_succeed(run, "%s (%s): %s.", change->act == CHANGES_UNDO ? "Done again" : "Undone",
            change->tool, told) :
        NULL;
    if (!answer || jdoc_set_string(answer, "change_id", change->id) != 0) {
        jdoc_free(list);
        return error != 0 ? error : ERR_NOMEM;
    }
    return jdoc_set(answer, "records", list);
}

int records_tool_undo_change(struct tools_run *run)
{
    struct changes_one change = {.tool = ""};
    int error = records_undo_choose(run, &change);
    if (error == 0)
        error = records_undo_check(run, &change);
    if (error == 0)
        error = records_undo_answer(run, &change);
    if (error == 0)
        error = record_take_back(run, &change);
    if (error == ERR_CONFLICT)
        return run_fail(run, "conflict",
            "It has changed again since (%s), so it was not undone. get_record with `history` tells "
            "what happened.",
            change.tool);
    return error == ERR_INVALID ? 0 : error;
}
