/* SPDX-License-Identifier: BSD-2-Clause */
/* medical: adding, changing and deleting medical records. */
#include "base/ident.h"
#include "tools/engine/registry.h"
#include "tools/kit/about.h"
#include "tools/kit/preview.h"
#include "tools/kit/record.h"
#include "tools/kit/record_match.h"
#include "tools/kit/timestamp.h"
#include "tools/person/medical.h"

#include <stdio.h>
#include <string.h>

static const struct record_match_query medical_by_title = {.family = MEDICAL_RECORDS,
    .name_key = "title",
    .date_key = "date",
    .argument = "title",
    .id_argument = "record_id",
    .noun = "medical record",
    .list_tool = "get_medical_records"};

/* By record_id or title. Returns 0; ERR_INVALID (said); a fault. */
static int medical_choose(struct tools_run *run, jdoc **record, const char **seen)
{
    return record_match_choose(run, &medical_by_title, record, seen);
}

/* The arguments into the record; time_ms: out, that of the document. */
static int medical_fill(struct tools_run *run, jdoc *record, int64_t *time_ms)
{
    static const char *const copied[] = {"record_type", "provider", "summary", "text", "tags",
        NULL};
    const struct zone *z;
    struct timestamp when = {0};
    char day[TIMESTAMP_SIZE];
    int error = timestamp_zone(run, &z);

    if (!error)
        error = timestamp_argument(run, "date", z, &when);
    if (!error) {
        timestamp_date(when.ms, z, day);
        error = jdoc_set_string(record, "date", day);
    }
    if (error && error != ERR_NOT_FOUND)
        return error;
    *time_ms = timestamp_parse(jdoc_text_or(record, "date", ""), z, &when) == 0 ?
        when.ms :
        run->context->now_ms;
    error = record_copy(record, run->args, copied);
    return error ? error : record_stamp(run, record);
}

/* Answers with the record as lists show it, and writes it. */
static int medical_write(struct tools_run *run, const jdoc *record, const char *seen,
    int64_t time_ms, const char *done)
{
    struct record_item item = {.family = MEDICAL_RECORDS,
        .id = jdoc_text_or(record, "id", ""),
        .document = record,
        .time_ms = time_ms,
        .seen = seen};
    int error =
        run_succeed(run, "\"%s\" is %s.", jdoc_text_or(record, "title", ""), done) ? 0 : ERR_NOMEM;

    if (!error)
        error = jdoc_set(run->result, "record", medical_record_view(record, false));
    return error ? error : record_commit(run, &item, 1, seen != NULL);
}

int medical_tool_add_medical_record(struct tools_run *run)
{
    char id[IDENT_UUID_SIZE], day[TIMESTAMP_SIZE];
    const struct zone *z;
    int64_t time_ms = 0;
    jdoc *record = jdoc_new_object();
    int error = record ? timestamp_zone(run, &z) : ERR_NOMEM;

    ident_uuid7(id);
    if (!error) {
        timestamp_date(run->context->now_ms, z, day);
        int failed = jdoc_set_string(record, "id", id);
        failed |= jdoc_set_string(record, "title", jdoc_text_or(run->args, "title", ""));
        failed |= jdoc_set_string(record, "record_type", "other");
        failed |= jdoc_set_string(record, "date", day);
        error = failed ? ERR_NOMEM : medical_fill(run, record, &time_ms);
    }
    if (!error)
        error = medical_write(run, record, NULL, time_ms, "among the medical records");
    jdoc_free(record);
    return error == ERR_INVALID ? 0 : error;
}

static int medical_update_once(struct tools_run *run, void *arg)
{
    jdoc *record = NULL;
    const char *seen = NULL;
    int64_t time_ms = 0;
    int error = medical_choose(run, &record, &seen);

    (void)arg;
    if (!error)
        error =
            jdoc_set_string(record, "title", jdoc_string(jdoc_get(run->args, "new_title"), NULL));
    if (!error)
        error = medical_fill(run, record, &time_ms);
    if (!error)
        error = medical_write(run, record, seen, time_ms, "changed");
    jdoc_free(record);
    return error;
}

int medical_tool_update_medical_record(struct tools_run *run)
{
    static const char *const changes[] = {"new_title", "record_type", "date", "provider", "summary",
        "text", "tags"};
    bool any = false;

    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        any |= jdoc_has(run->args, changes[i]);
    if (!any)
        return run_fail_at(run, "", "at least one field to change",
            "There is nothing to change: name at least one new value.");
    return record_retry(run, medical_update_once, NULL);
}

static int medical_delete_once(struct tools_run *run, void *arg)
{
    jdoc *record = NULL, *view;
    const char *seen = NULL;
    int error = medical_choose(run, &record, &seen);

    (void)arg;
    if (error)
        return error;
    view = medical_record_view(record, false);
    run_succeed(run, "\"%s\" is deleted.", jdoc_text_or(record, "title", ""));
    jdoc_free(record);
    return view ? record_remove(run, MEDICAL_RECORDS, seen, "record", view) : ERR_NOMEM;
}

int medical_tool_delete_medical_record(struct tools_run *run)
{
    int error = record_confirmed(run);

    if (error)
        return error == ERR_INVALID ? 0 : error;
    return record_retry(run, medical_delete_once, NULL);
}

int medical_preview_delete_medical_record(struct tools_run *run)
{
    static const char *const fields[] = {"record_type", "provider", "summary", NULL};
    jdoc *record = NULL;
    int error = record_confirmed(run);

    if (!error)
        error = medical_choose(run, &record, NULL);
    if (!error) {
        const char *title =
            preview_text(run->arena, jdoc_text_or(record, "title", ""), PREVIEW_TITLE);
        error = !title ? ERR_NOMEM :
                         preview_say(run, "delete the medical record %s of %.10s", title,
                             jdoc_text_or(record, "date", ""));
    }
    if (!error)
        error = about_title(run, "medical_record", record, "title");
    if (!error)
        error = about_day(run, record, "date");
    if (!error)
        error = about_lost(run, record, fields);
    jdoc_free(record);
    return error == ERR_INVALID ? 0 : error;
}
