/* SPDX-License-Identifier: BSD-2-Clause */
/* delete_record and restore_record. */
#include "tools/engine/modules.h"
#include "tools/engine/registry.h"
#include "tools/kit/about.h"
#include "tools/kit/preview.h"
#include "tools/kit/record.h"
#include "tools/kit/record_match.h"
#include "tools/records/entry.h"

#include "base/err.h"

#include <string.h>

#define DELETED_LOOK 50 /* changes that deleted something of a kind */

/* --- delete_record --- */

static int records_delete_elsewhere(struct tools_run *run, const struct entry *entry, bool preview)
{
    const struct kind_tool *by = &entry->kind->remover;
    const jdoc *id = jdoc_get(entry->record, "id");
    jdoc *args = jdoc_new_object();
    if (args && id && jdoc_set(args, by->id, jdoc_dup(id)) == 0)
        return entry_delegate(run, entry->kind, by->name, args, preview);
    jdoc_free(args);
    return ERR_NOMEM;
}

static int records_delete_here(struct tools_run *run, struct entry *entry)
{
    const char *line = entry_line(run, entry->kind, entry->record);
    if (!line ||
        !run_succeed(run,
            "The %s %s is deleted. undo_change or restore_record brings it back, for "
            "30 days.",
            entry->kind->title, line) ||
        jdoc_set_string(run->result, "kind", entry->kind->name) != 0 ||
        jdoc_set(run->result, "record", jdoc_dup(entry->record)) != 0)
        return ERR_NOMEM;
    struct record_item item = {.family = entry->kind->family, .id = entry->id, .seen = entry->seen};
    return record_commit(run, &item, 1, true);
}

static int records_delete_once(struct tools_run *run, void *arg)
{
    struct entry entry;
    (void)arg;
    int error = entry_pick(run, &entry);
    if (error == 0)
        error = entry.kind->remover.name ? records_delete_elsewhere(run, &entry, false) :
                                           records_delete_here(run, &entry);
    jdoc_free(entry.record);
    return error;
}

int records_tool_delete_record(struct tools_run *run)
{
    int error = record_retry(run, records_delete_once, NULL);
    return error != ERR_NOT_FOUND ? error :
                                    run_fail(run, "not_found", "It has been deleted already.");
}

static int records_delete_show(struct tools_run *run, const struct entry *entry)
{
    const struct kind *kind = entry->kind;
    const char *currency, *title = entry_title(run, kind, entry->record);
    int64_t minor;
    jdoc *shown = title ? jdoc_new_object() : NULL;
    int error = shown ? jdoc_set_string(shown, "title", title) : ERR_NOMEM;
    if (error == 0)
        error = about_title(run, kind->name, shown, "title");
    if (error == 0 && kind->date)
        error = about_day(run, entry->record, kind->date);
    if (error == 0 && entry_amount(kind, entry->record, &minor, &currency))
        error = about_amount(run, minor, currency);
    if (error == 0)
        error = about_deletion(run, NULL);
    jdoc_free(shown);
    return error;
}

static int records_delete_say(struct tools_run *run, const struct entry *entry)
{
    const char *title = entry_title(run, entry->kind, entry->record),
               *line = entry_line(run, entry->kind, entry->record);
    if (!title || !line)
        return ERR_NOMEM;
    const char *rest = strlen(line) > strlen(title) + 2 ? line + strlen(title) + 2 : "";
    title = preview_text(run->arena, title, PREVIEW_TITLE);
    return title ? preview_say(run, "delete the %s %s%s", entry->kind->title, title, rest) :
                   ERR_NOMEM;
}

int records_preview_delete_record(struct tools_run *run)
{
    struct entry entry;
    int error = entry_pick(run, &entry);
    if (error == 0 && entry.kind->remover.name) {
        error = records_delete_elsewhere(run, &entry, true);
    } else if (error == 0) {
        error = records_delete_say(run, &entry);
        if (error == 0)
            error = records_delete_show(run, &entry);
    }
    jdoc_free(entry.record);
    return error == ERR_INVALID ? 0 : error;
}

/* --- restore_record --- */

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
    jdoc *record = NULL;
    int error = jdoc_parse(w->was, strlen(w->was), &record, NULL, 0);
    const char *line = error == 0 ? entry_line(run, kind, record) : NULL;
    if (error == 0)
        error = modules_before(run->context, kind->family, record);
    if (error == 0 &&
        (!line || !run_succeed(run, "The %s %s is back.", kind->title, line) ||
            jdoc_set_string(run->result, "kind", kind->name) != 0 ||
            jdoc_set(run->result, "record", jdoc_dup(record)) != 0))
        error = ERR_NOMEM;
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
    *r = (struct records_restore){.kind = entry_kind(run),
        .id = jdoc_string(jdoc_get(run->args, "id"), NULL),
        .name = jdoc_string(jdoc_get(run->args, "name"), NULL)};
    int error = changes_deleted(run->context->store, run->context->uid, r->kind->family,
        DELETED_LOOK, run->arena, &list);
    for (size_t i = 0; error == 0 && i < list.count; i++)
        for (size_t k = 0; error == 0 && k < list.all[i].count; k++)
            error = records_restore_look(run, r, &list.all[i].writes[k]);
    const struct entry_found *meant = error == 0 ? entry_meant(&r->matches) : NULL;
    if (error == 0 && !meant)
        error = records_restore_refuse(run, r);
    if (error != 0)
        return error;
    const struct changes_write *w = records_restore_of(&list, r->kind->family, meant->id);
    return w ? records_restore_commit(run, r->kind, w) : ERR_INTERNAL;
}

int records_tool_restore_record(struct tools_run *run)
{
    return record_retry(run, records_restore_once, NULL);
}
