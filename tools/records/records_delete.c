/* SPDX-License-Identifier: BSD-2-Clause */
/* delete_record. */
#include "store/trips.h"
#include "tools/engine/registry.h"
#include "tools/kit/about.h"
#include "tools/kit/preview.h"
#include "tools/kit/record.h"
#include "tools/records/entry.h"

#include "base/err.h"

#include <string.h>

static int records_delete_elsewhere(struct tools_run *run, const struct entry *entry, bool preview)
{
    const struct kind_tool *by = &entry->kind->remover;
    const jdoc *id = jdoc_get(entry->record, "id");
    jdoc *args = jdoc_new_object();
    if (args && id && jdoc_set(args, by->id, jdoc_dup(id)) == 0 &&
        (!by->confirm || jdoc_set_bool(args, "confirm", true) == 0))
        return entry_delegate(run, entry->kind, by->name, args, preview);
    jdoc_free(args);
    return ERR_NOMEM;
}

static int records_delete_here(struct tools_run *run, struct entry *entry)
{
    const char *line = entry_line(run, entry->kind, entry->record);
    entry_hide(entry->kind, entry->record);
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

/* A trip in which others take part, or are invited. Returns 0; ERR_INVALID (said); a fault. */
static int records_delete_shared(struct tools_run *run, const struct entry *entry)
{
    struct trips_view view;

    if (strcmp(entry->kind->family, "trip") != 0)
        return 0;
    int error = trips_look(run->context->store, run->context->uid, entry->id, run->arena, &view);
    if (error == ERR_NOT_FOUND || (error == 0 && view.member_count == 0 && view.open_count == 0))
        return 0;
    if (error == 0)
        error = run_fail(run, "conflict",
            "The trip is shared, and others would lose it. End the sharing with leave_trip first, "
            "or hand it over with change_trip_member.");
    return error != 0 ? error : ERR_INVALID;
}

/* The entry that may be deleted; as entry_pick. */
static int records_delete_pick(struct tools_run *run, struct entry *entry)
{
    int error = entry_pick(run, entry);
    if (error == 0)
        error = records_delete_shared(run, entry);
    const char *audience = error == 0 && entry->kind->audience ?
        jdoc_text_or(entry->record, entry->kind->audience, "private") :
        "private";
    if (error != 0 || strcmp(audience, "private") == 0)
        return error;
    error = run_fail(run, "conflict",
        "The %s is shared (%.20s), and others would keep it. Make it private first, then delete it.",
        entry->kind->title, audience);
    return error != 0 ? error : ERR_INVALID;
}

static int records_delete_once(struct tools_run *run, void *arg)
{
    struct entry entry;
    (void)arg;
    int error = records_delete_pick(run, &entry);
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
    int error = records_delete_pick(run, &entry);
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
