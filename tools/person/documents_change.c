/* SPDX-License-Identifier: BSD-2-Clause */
/* documents, second part: adding, changing and deleting one. */
#include "base/ident.h"
#include "tools/engine/registry.h"
#include "tools/kit/about.h"
#include "tools/kit/alarm.h"
#include "tools/kit/preview.h"
#include "tools/kit/record.h"
#include "tools/kit/timestamp.h"
#include "tools/person/documents.h"

#include <stdio.h>
#include <string.h>

static int documents_set_day(struct tools_run *run, jdoc *record, const char *key,
    const struct zone *z)
{
    struct timestamp when;
    char day[TIMESTAMP_SIZE];
    int error = timestamp_argument(run, key, z, &when);

    if (error)
        return error == ERR_NOT_FOUND ? 0 : error;
    timestamp_date(when.ms, z, day);
    return jdoc_set_string(record, key, day);
}

static int documents_check_order(struct tools_run *run, const jdoc *record)
{
    const char *from = jdoc_text_or(record, "issue_date", ""),
               *to = jdoc_text_or(record, "expiry_date", "");

    if (from[0] == '\0' || to[0] == '\0' || strcmp(from, to) <= 0)
        return 0;
    int error = run_fail_at(run, "/expiry_date", "a day that is not before issue_date",
        "It would expire before it was issued.");
    return error ? error : ERR_INVALID;
}

static int documents_fill(struct tools_run *run, jdoc *record, const struct zone *z)
{
    static const char *const copied[] = {"kind", "number", "country", "issuer", "holder",
        "remind_days", "notes", NULL};
    int error = documents_set_day(run, record, "issue_date", z);

    if (!error)
        error = documents_set_day(run, record, "expiry_date", z);
    if (!error)
        error = documents_check_order(run, record);
    if (!error)
        error = record_copy(record, run->args, copied);
    if (!error)
        error = jdoc_set_string(record, "timezone", zone_name(z));
    return error ? error : record_stamp(run, record);
}

/* When it rings next, or why it does not. NULL: no memory. */
static const char *documents_rings(struct tools_run *run, const jdoc *record, const jdoc *view,
    const struct zone *z)
{
    char when[TIMESTAMP_TEXT_SIZE];
    int64_t due;

    if (strcmp(jdoc_text_or(view, "status", ""), "expired") == 0)
        return arena_printf(run->arena, " It has expired on %s.",
            jdoc_text_or(view, "expiry_date", ""));
    if (!jdoc_get(record, "expiry_date"))
        return " It has no day of expiry: nothing will ring.";
    if (documents_alarm.next(record, run->context->now_ms, &due) != 0)
        return " No reminder is left: nothing will ring.";
    timestamp_text(due, z, true, when);
    return arena_printf(run->arena, " It expires on %s; the next reminder rings on %s.",
        jdoc_text_or(view, "expiry_date", ""), when);
}

/* record: the caller's; old: what was there, or NULL. */
static int documents_write(struct tools_run *run, const jdoc *record, const jdoc *old,
    const char *seen, const char *done)
{
    const struct zone *z;
    int error = timestamp_zone(run, &z);
    jdoc *view = error ? NULL : documents_view(run, record, z, false);
    const char *rings = view ? documents_rings(run, record, view, z) : NULL;

    if (!error &&
        (!rings ||
            !run_succeed(run, "\"%s\" is %s.%s", jdoc_text_or(record, "name", ""), done, rings)))
        error = ERR_NOMEM;
    if (error) {
        jdoc_free(view);
        return error;
    }
    struct record_item item = {.family = DOCUMENTS_FAMILY,
        .id = jdoc_text_or(record, "id", ""),
        .document = record,
        .time_ms = documents_time(run, record, z),
        .seen = seen};
    error = jdoc_set(run->result, "document", view);
    if (!error)
        error = alarm_plan(run->context, &documents_alarm, record);
    if (!error)
        error = record_commit(run, &item, 1, seen != NULL);
    if (!error && old)
        alarm_tidy(run->context, &documents_alarm, old, record);
    return error;
}

static int documents_new(struct tools_run *run, jdoc *record)
{
    static const int days[] = {60, 30, 7, 1};
    const struct zone *z;
    char id[IDENT_UUID_SIZE];
    jdoc *list = jdoc_new_array();
    int error = list ? timestamp_zone(run, &z) : ERR_NOMEM;

    ident_uuid7(id);
    for (size_t i = 0; !error && i < sizeof days / sizeof *days; i++)
        error = jdoc_push(list, jdoc_new_int(days[i]));
    if (error) {
        jdoc_free(list);
        return error;
    }
    int failed = jdoc_set(record, "remind_days", list);
    failed |= jdoc_set_string(record, "id", id);
    failed |= jdoc_set_string(record, "name", jdoc_text_or(run->args, "name", ""));
    failed |= jdoc_set_string(record, "kind", "other");
    return failed ? ERR_NOMEM : documents_fill(run, record, z);
}

int documents_tool_add_document(struct tools_run *run)
{
    int64_t count = 0;
    int error = records_count(run->context->store, run->context->uid, DOCUMENTS_FAMILY,
        -RECORD_FOREVER, RECORD_FOREVER, &count);

    if (!error && count >= DOCUMENTS_MAX)
        return run_fail(run, "limit_reached", "%d documents are noted already; delete some.",
            DOCUMENTS_MAX);
    jdoc *record = jdoc_new_object();
    if (!error)
        error = record ? documents_new(run, record) : ERR_NOMEM;
    if (!error)
        error = documents_write(run, record, NULL, NULL, "noted");
    jdoc_free(record);
    return error == ERR_INVALID ? 0 : error;
}

static int documents_update_once(struct tools_run *run, void *arg)
{
    const struct zone *z;
    jdoc *record, *old = NULL;
    const char *seen = NULL;
    int error = documents_choose(run, &record, &seen);

    (void)arg;
    if (!error)
        error = timestamp_zone(run, &z);
    if (!error && !(old = jdoc_dup(record)))
        error = ERR_NOMEM;
    if (!error)
        error = jdoc_set_string(record, "name", jdoc_string(jdoc_get(run->args, "new_name"), NULL));
    if (!error)
        error = documents_fill(run, record, z);
    if (!error)
        error = documents_write(run, record, old, seen, "changed");
    jdoc_free(old);
    jdoc_free(record);
    return error;
}

int documents_tool_update_document(struct tools_run *run)
{
    size_t named = jdoc_has(run->args, "document") + jdoc_has(run->args, "document_id");

    if (jdoc_length(run->args) <= named)
        return run_fail_at(run, "", "at least one field to change",
            "There is nothing to change: name at least one new value.");
    return record_retry(run, documents_update_once, NULL);
}

static int documents_delete_once(struct tools_run *run, void *arg)
{
    const struct zone *z;
    jdoc *record, *view = NULL;
    const char *seen = NULL;
    int error = documents_choose(run, &record, &seen);

    (void)arg;
    if (!error)
        error = timestamp_zone(run, &z);
    if (!error && !(view = documents_view(run, record, z, false)))
        error = ERR_NOMEM;
    if (!error) {
        run_succeed(run, "\"%s\" is deleted.", jdoc_text_or(record, "name", ""));
        error = record_remove(run, DOCUMENTS_FAMILY, seen, "document", view);
    }
    if (!error)
        alarm_tidy(run->context, &documents_alarm, record, NULL);
    jdoc_free(record);
    return error;
}

int documents_tool_delete_document(struct tools_run *run)
{
    int error = record_confirmed(run);

    if (error)
        return error == ERR_INVALID ? 0 : error;
    return record_retry(run, documents_delete_once, NULL);
}

int documents_preview_delete_document(struct tools_run *run)
{
    static const char *const fields[] = {"kind", "number", "holder", "issuer", NULL};
    const struct zone *z;
    jdoc *record = NULL, *view = NULL;
    int error = record_confirmed(run);

    if (!error)
        error = documents_choose(run, &record, NULL);
    if (!error)
        error = timestamp_zone(run, &z);
    if (!error && !(view = documents_view(run, record, z, false)))
        error = ERR_NOMEM;
    if (!error) {
        const char *day = jdoc_string(jdoc_get(view, "expiry_date"), NULL);
        error = preview_title(run, view, "name", "delete the document ",
            day ? arena_printf(run->arena, ", which expires on %.10s", day) : "");
    }
    if (!error)
        error = about_title(run, "document", view, "name");
    if (!error)
        error = about_day(run, view, "expiry_date");
    if (!error)
        error = about_lost(run, view, fields);
    jdoc_free(view);
    jdoc_free(record);
    return error == ERR_INVALID ? 0 : error;
}
