/* SPDX-License-Identifier: BSD-2-Clause */
/* restore_record. */
#include "store/changes.h"
#include "tools/engine/modules.h"
#include "tools/engine/registry.h"
#include "tools/kit/record.h"
#include "tools/kit/record_match.h"
#include "tools/records/entry.h"

#include "base/err.h"

#include <string.h>

#define DELETED_LOOK 50 /* changes that deleted something of a kind */

struct records_restore {
    const struct kind *kind;
    const char *id, *name; /* what was said */
    struct entry_matches matches;
};

/* Is a record of this id there (again)? */
static int records_restore_is_there(struct tools_run *run, const struct changes_write *w,
    bool *there)
{
    jdoc *record = NULL;
    int error = record_get(run, w->family, w->id, &record, NULL);
    *there = error == 0;
    jdoc_free(record);
    return error == ERR_NOT_FOUND ? 0 : error;
}

static bool records_restore_met(const struct records_restore *r, const struct changes_write *w)
{
    for (size_t i = 0; i < r->matches.count; i++)
        if (strcmp(r->matches.all[i].id, w->id) == 0)
            return true;
    return false;
}

static int records_restore_look(struct tools_run *run, struct records_restore *r,
    const struct changes_write *w)
{
    bool there = true;
    jdoc *record = NULL;
    if (strcmp(w->family, r->kind->family) != 0 || w->now[0] != '\0' || !w->was ||
        (r->id && strcmp(r->id, w->id) != 0) || records_restore_met(r, w))
        return 0;
    int error = records_restore_is_there(run, w, &there);
    if (error != 0 || there)
        return error;
    error = jdoc_parse(w->was, strlen(w->was), &record, NULL, 0);
    int score = error != 0 ? error :
        r->name            ? entry_score(run, r->kind, record, r->name) :
                             RECORD_MATCH_SURE;
    if (score > 0)
        error = entry_match(run, &r->matches, r->kind, w->id, record, score);
    jdoc_free(record);
    return score < 0 ? score : error;
}

/* The newest deletion of the record that is meant. */
static const struct changes_write *records_restore_of(const struct changes_list *list,
    const char *family, const char *id)
{
    for (size_t i = 0; i < list->count; i++)
        for (size_t k = 0; k < list->all[i].count; k++) {
            const struct changes_write *w = &list->all[i].writes[k];
            if (strcmp(w->family, family) == 0 && strcmp(w->id, id) == 0 && w->was &&
                w->now[0] == '\0')
                return w;
        }
    return NULL;
}

static int records_restore_commit(struct tools_run *run, const struct kind *kind,
    const struct changes_write *w)
{
    jdoc *record = NULL, *shown = NULL;
    int error = jdoc_parse(w->was, strlen(w->was), &record, NULL, 0);
    const char *line = error == 0 ? entry_line(run, kind, record) : NULL;
    if (error == 0)
        error = modules_before(run->context, kind->family, record);
    if (error == 0 &&
        (!line || !run_succeed(run, "The %s %s is back.", kind->title, line) ||
            jdoc_set_string(run->result, "kind", kind->name) != 0 || !(shown = jdoc_dup(record)) ||
            jdoc_set(run->result, "record", shown) != 0))
        error = ERR_NOMEM;
    if (error == 0)
        entry_hide(kind, shown);
    struct record_item item = {.family = kind->family,
        .id = w->id,
        .document = record,
        .time_ms = w->was_ms,
        .seen = RECORDS_SEEN_NONE};
    if (error == 0)
        error = record_commit(run, &item, 1, false);
    jdoc_free(record);
    return error;
}

static int records_restore_refuse(struct tools_run *run, const struct records_restore *r)
{
    if (r->matches.count > 0)
        return entry_refuse_several(run, r->kind, &r->matches);
    int error = run_fail(run, "not_found",
        "No such %s was deleted in the last 30 days, or it is there. list_records with `deleted` "
        "lists those that can be restored.",
        r->kind->title);
    return error != 0 ? error : ERR_INVALID;
}

static int records_restore_once(struct tools_run *run, void *arg)
{
    struct changes_list list;
    struct records_restore *r = arena_array(run->arena, 1, sizeof *r);
    (void)arg;
    if (!r)
        return ERR_NOMEM;
    if (entry_kind(run)->final)
        return run_fail_at(run, "/kind", "a kind whose records can be restored",
            "What was taken down there does not come back. It can be made anew.");
    *r = (struct records_restore){.kind = entry_kind(run),
        .id = jdoc_string(jdoc_get(run->args, "id"), NULL),
        .name = jdoc_string(jdoc_get(run->args, "name"), NULL)};
    int error = r->id ?
        changes_of(run->context->store, run->context->uid,
            &(struct changes_look){.family = r->kind->family, .id = r->id, .max = DELETED_LOOK},
            run->arena, &list) :
        changes_deleted(run->context->store, run->context->uid, r->kind->family, DELETED_LOOK,
            run->arena, &list);
    for (size_t i = 0; error == 0 && i < list.count; i++)
        for (size_t k = 0; error == 0 && k < list.all[i].count; k++)
            error = records_restore_look(run, r, &list.all[i].writes[k]);
    const struct entry_found *meant = error == 0 ? entry_meant(&r->matches) : NULL;
    if (error == 0 && !meant)
        error = records_restore_refuse(run, r);
    if (error != 0 || !meant)
        return error;
    const struct changes_write *w = records_restore_of(&list, r->kind->family, meant->id);
    return w ? records_restore_commit(run, r->kind, w) : ERR_INTERNAL;
}

int records_tool_restore_record(struct tools_run *run)
{
    return record_retry(run, records_restore_once, NULL);
}
