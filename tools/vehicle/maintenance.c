/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tools of the family maintenance. Records: "maintenance", by day of service; ids are integers. A
 * record is "completed" or "scheduled" as stored; a scheduled one whose day has passed is overdue.
 */
#include "base/utf8.h"
#include "tools/engine/registry.h"
#include "tools/kit/about.h"
#include "tools/kit/cost.h"
#include "tools/kit/preview.h"
#include "tools/kit/record.h"
#include "tools/kit/record_match.h"
#include "tools/kit/timestamp.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/ident.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAMILY "maintenance"
#define NAMED_MAX 150 /* services looked at by name */

static const char *const list_fields[] = {"id", "task", "service_date", "timezone", "time_ms",
    "status", "mileage", "notes", "cost", "cost_minor", "currency", "created_at", "updated_at",
    NULL};

/* Integers that grow with time and fit the numbers of JSON: microseconds, the last three random. */
static int64_t maintenance_new_id(const struct tools_run *run)
{
    char digits[5];
    ident_token(2, digits);
    return run->context->now_ms * 1000 + strtol(digits, NULL, 16) % 1000;
}

static bool maintenance_is_scheduled(const jdoc *record)
{
    return strcmp(jdoc_text_or(record, "status", ""), "scheduled") == 0;
}

/* --- the fields of a record --- */

/* Day and status from the argument `key`; status by whether the day has come. */
static int maintenance_set_day(struct tools_run *run, jdoc *record, const char *key)
{
    const struct zone *z;
    struct timestamp when;
    char text[TIMESTAMP_SIZE];
    int error = timestamp_zone(run, &z);
    if (error == 0)
        error = timestamp_argument(run, key, z, &when);
    if (error != 0)
        return error == ERR_NOT_FOUND ? 0 : error;
    int64_t day = timestamp_day(when.ms, 0, z);
    timestamp_date(when.ms, z, text);
    int failed = jdoc_set_string(record, "service_date", text);
    failed |= jdoc_set_string(record, "timezone", zone_name(z));
    failed |= jdoc_set_int(record, "time_ms", day);
    failed |=
        jdoc_set_string(record, "status", day > run->context->now_ms ? "scheduled" : "completed");
    return failed != 0 ? ERR_NOMEM : 0;
}

static int maintenance_set_fields(struct tools_run *run, jdoc *record, const char *task_key,
    const char *mileage_key)
{
    int64_t minor, mileage;
    int failed = 0;
    const char *task = jdoc_string(jdoc_get(run->args, task_key), NULL);
    const char *notes = jdoc_string(jdoc_get(run->args, "notes"), NULL);
    const char *currency = cost_currency(run);
    int error = cost_argument(run, "cost", currency, &minor);
    if (error == 0)
        failed |= cost_set(record, "cost", minor, currency) |
            jdoc_set_string(record, "currency", currency);
    else if (error != ERR_NOT_FOUND)
        return error;
    if (jdoc_get_int(run->args, mileage_key, &mileage) == 0)
        failed |= jdoc_set_int(record, "mileage", mileage);
    failed |= jdoc_set_string(record, "task", task);
    failed |= jdoc_set_string(record, "notes", notes);
    failed |= record_stamp(run, record);
    return failed != 0 ? ERR_NOMEM : 0;
}

/* The call that would put a scheduled service into the calendar, with a reminder the day before. */
static int maintenance_suggest(struct tools_run *run, const jdoc *record)
{
    char title[256];
    if (!maintenance_is_scheduled(record))
        return 0;
    snprintf(title, sizeof title, "%.199s", jdoc_text_or(record, "task", ""));
    utf8_mend_end(title);
    jdoc *suggestion = jdoc_new_object(), *arguments = jdoc_new_object();
    int failed = !suggestion || !arguments || jdoc_set_string(arguments, "title", title) != 0 ||
        jdoc_set_string(arguments, "start_date", jdoc_text_or(record, "service_date", "")) != 0 ||
        jdoc_set_string(arguments, "event_type", "maintenance") != 0 ||
        jdoc_set_int(arguments, "reminder_minutes", 1440) != 0 ||
        jdoc_set_string(suggestion, "tool", "create_calendar_event") != 0;
    if (failed) {
        jdoc_free(arguments);
        jdoc_free(suggestion);
        return ERR_NOMEM;
    }
    if (jdoc_set(suggestion, "arguments", arguments) != 0) {
        jdoc_free(suggestion);
        return ERR_NOMEM;
    }
    return jdoc_set(run->result, "suggestion", suggestion);
}

/* run->result holds the message; adds the record (taken) and writes it. */
static int maintenance_commit_record(struct tools_run *run, jdoc *record, const char *seen)
{
    char id[32];
    int64_t number = 0, ms = 0;
    jdoc_get_int(record, "id", &number);
    jdoc_get_int(record, "time_ms", &ms);
    snprintf(id, sizeof id, "%lld", (long long)number);
    if (!run->result) {
        jdoc_free(record);
        return ERR_NOMEM;
    }
    int error = jdoc_set(run->result, "record", record);
    if (error == 0)
        error = maintenance_suggest(run, record);
    if (error != 0)
        return error;
    struct record_item item = {.family = FAMILY,
        .id = id,
        .document = record,
        .time_ms = ms,
        .seen = seen};
    return record_commit(run, &item, 1, seen != NULL);
}

int maintenance_tool_create_maintenance_record(struct tools_run *run)
{
    jdoc *record = jdoc_new_object();
    int error = !record || jdoc_set_int(record, "id", maintenance_new_id(run)) != 0 ? ERR_NOMEM : 0;
    if (error == 0)
        error = maintenance_set_day(run, record, "service_date");
    if (error == 0)
        error = maintenance_set_fields(run, record, "task", "mileage");
    if (error != 0) {
        jdoc_free(record);
        return error == ERR_INVALID ? 0 : error;
    }
    run_succeed(run,
        maintenance_is_scheduled(record) ?
            "\"%s\" is scheduled for %s. It does not ring by itself: an event in the calendar would." :
            "\"%s\" of %s is in the service history.",
        jdoc_text_or(record, "task", ""), jdoc_text_or(record, "service_date", ""));
    return maintenance_commit_record(run, record, NULL);
}

/* --- change and remove, by id or by name --- */

static const struct record_match_query by_name = {.family = FAMILY,
    .name_key = "task",
    .date_key = "service_date",
    .argument = "task_name",
    .id_argument = "record_id",
    .noun = "maintenance record",
    .list_tool = "get_maintenance_history or get_maintenance_schedule"};

static int maintenance_no_such_record(struct tools_run *run)
{
    int error = run_fail(run, "not_found",
        "There is no such maintenance record. "
        "get_maintenance_history and get_maintenance_schedule list those there are.");
    return error != 0 ? error : ERR_INVALID;
}

/* Returns 0; ERR_INVALID (the failure is set); a fault. */
static int maintenance_choose_record(struct tools_run *run, jdoc **record, const char **seen)
{
    int64_t number;
    const char *name = jdoc_string(jdoc_get(run->args, "task_name"), NULL), *id = NULL;
    int error = 0;
    if (jdoc_get_int(run->args, "record_id", &number) == 0)
        id = arena_printf(run->arena, "%lld", (long long)number);
    else if (name)
        error = record_match_pick(run, &by_name, name, &id);
    else {
        error = run_fail_at(run, "", "record_id or task_name",
            "Say which record: record_id or task_name is needed.");
        return error != 0 ? error : ERR_INVALID;
    }
    if (error == 0)
        error = id ? record_get(run, FAMILY, id, record, seen) : ERR_NOMEM;
    return error == ERR_NOT_FOUND ? maintenance_no_such_record(run) : error;
}

static int maintenance_update_once(struct tools_run *run, void *arg)
{
    jdoc *record = NULL;
    const char *seen = NULL;
    (void)arg;
    int error = maintenance_choose_record(run, &record, &seen);
    if (error == 0)
        error = maintenance_set_day(run, record, "new_date");
    if (error == 0)
        error = maintenance_set_fields(run, record, "new_task", "new_mileage");
    if (error != 0) {
        jdoc_free(record);
        return error;
    }
    run_succeed(run, "\"%s\" of %s is changed.", jdoc_text_or(record, "task", ""),
        jdoc_text_or(record, "service_date", ""));
    error = maintenance_commit_record(run, record, seen);
    return error == ERR_NOT_FOUND ? maintenance_no_such_record(run) : error;
}

int maintenance_tool_update_maintenance_record(struct tools_run *run)
{
    static const char *const changes[] = {"new_task", "new_date", "new_mileage", "notes", "cost"};
    bool any = false;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        any |= jdoc_has(run->args, changes[i]);
    if (!any)
        return run_fail_at(run, "", "at least one field to change",
            "There is nothing to change: name at least one new value.");
    return record_retry(run, maintenance_update_once, NULL);
}

static int maintenance_delete_once(struct tools_run *run, void *arg)
{
    jdoc *record = NULL;
    const char *seen = NULL;
    (void)arg;
    int error = maintenance_choose_record(run, &record, &seen);
    if (error != 0)
        return error;
    run_succeed(run, "\"%s\" of %s is removed.", jdoc_text_or(record, "task", ""),
        jdoc_text_or(record, "service_date", ""));
    error = record_remove(run, FAMILY, seen, "record", record);
    return error == ERR_NOT_FOUND ? maintenance_no_such_record(run) : error;
}

int maintenance_tool_delete_maintenance_record(struct tools_run *run)
{
    int error = record_confirmed(run);
    if (error != 0)
        return error == ERR_INVALID ? 0 : error;
    return record_retry(run, maintenance_delete_once, NULL);
}

static int maintenance_show_deletion(struct tools_run *run, const jdoc *record)
{
    static const char *const fields[] = {"mileage", "status", "notes", NULL};
    int64_t minor;
    int error = about_title(run, "maintenance_record", record, "task");

    if (error == 0)
        error = about_day(run, record, "service_date");
    if (error == 0 && jdoc_get_int(record, "cost_minor", &minor) == 0)
        error = about_amount(run, minor, jdoc_text_or(record, "currency", ""));
    return error != 0 ? error : about_lost(run, record, fields);
}

int maintenance_preview_delete_maintenance_record(struct tools_run *run)
{
    jdoc *record = NULL;
    int error = record_confirmed(run);
    if (error == 0)
        error = maintenance_choose_record(run, &record, NULL);
    if (error == 0) {
        const char *task =
            preview_text(run->arena, jdoc_text_or(record, "task", ""), PREVIEW_TITLE);
        error = !task ? ERR_NOMEM :
                        preview_say(run, "remove the maintenance record %s of %.10s", task,
                            jdoc_text_or(record, "service_date", ""));
    }
    if (error == 0)
        error = maintenance_show_deletion(run, record);
    jdoc_free(record);
    return error == ERR_INVALID ? 0 : error;
}

/* --- lists --- */

struct listing {
    struct tools_run *run;
    jdoc *records;
    size_t limit;
    int64_t now_ms, today_ms;
    const struct zone *zone;
    const char *task; /* history */
    int64_t total, overdue;
    struct cost_sums cost;
};

static int maintenance_push(struct listing *l, const jdoc *record, const char *status, int64_t days)
{
    if (jdoc_length(l->records) == l->limit)
        return 0;
    jdoc *shown = jdoc_new_object();
    int failed = !shown || record_copy(shown, record, list_fields) != 0 ||
        jdoc_set_string(shown, "status", status) != 0;
    if (failed == 0 && strcmp(status, "completed") != 0)
        failed = jdoc_set_int(shown, "days_until", days);
    if (failed != 0) {
        jdoc_free(shown);
        return ERR_NOMEM;
    }
    return jdoc_push(l->records, shown);
}

static int maintenance_take_due(void *arg, const jdoc *record)
{
    struct listing *l = arg;
    int64_t ms = jdoc_int_or(record, "time_ms", 0);
    return maintenance_push(l, record, ms < l->today_ms ? "overdue" : "scheduled",
        timestamp_days(l->now_ms, ms, l->zone) - 1);
}

static int maintenance_take_done(void *arg, const jdoc *record)
{
    return maintenance_push(arg, record, "completed", 0);
}

/* Every word is in its name. */
static int maintenance_take_named(void *arg, const jdoc *record)
{
    struct listing *l = arg;
    if (record_match_score(jdoc_text_or(record, "task", ""), l->task) < RECORD_MATCH_SURE)
        return 0;
    l->total++;
    cost_add_record(&l->cost, record, "cost");
    return maintenance_push(l, record, "completed", 0);
}

static int maintenance_start_listing(struct tools_run *run, struct listing *l)
{
    int64_t limit = 10;
    int error = timestamp_zone(run, &l->zone);
    jdoc_get_int(run->args, "limit", &limit);
    l->run = run;
    l->limit = (size_t)limit;
    l->now_ms = run->context->now_ms;
    if (error == 0)
        l->today_ms = timestamp_day(l->now_ms, 0, l->zone);
    l->records = jdoc_new_array();
    return error == 0 && !l->records ? ERR_NOMEM : error;
}

static int maintenance_finish_listing(struct tools_run *run, struct listing *l, int error)
{
    if (error != 0 || !run->result) {
        jdoc_free(l->records);
        return error != 0 ? error : ERR_NOMEM;
    }
    int64_t shown = (int64_t)jdoc_length(l->records);
    int failed = jdoc_set(run->result, "records", l->records);
    failed |= jdoc_set_int(run->result, "count", shown);
    failed |= jdoc_set_int(run->result, "total", l->total);
    return failed != 0 ? ERR_NOMEM : 0;
}

static int maintenance_read_due(struct listing *l, const char *wanted)
{
    const struct tools_context *context = l->run->context;
    struct records_tag tags[] = {{"scheduled", -RECORD_FOREVER, l->today_ms - 1, 0},
        {"scheduled", l->today_ms, RECORD_FOREVER, 0}};
    struct records_page page = {.family = FAMILY,
        .tag = "scheduled",
        .from = -RECORD_FOREVER,
        .to = RECORD_FOREVER,
        .max = l->limit};
    if (strcmp(wanted, "upcoming") == 0)
        page.from = l->today_ms;
    if (strcmp(wanted, "overdue") == 0)
        page.to = l->today_ms - 1;
    int error = records_tags(context->store, context->uid, FAMILY, tags, 2, l->run->arena);
    if (error == 0)
        error = record_tagged(l->run, &page, maintenance_take_due, l, NULL);
    l->overdue = page.from < l->today_ms ? tags[0].count : 0;
    l->total = l->overdue + (page.to > l->today_ms ? tags[1].count : 0);
    return error;
}

int maintenance_tool_get_maintenance_schedule(struct tools_run *run)
{
    struct listing l = {0};
    int error = maintenance_start_listing(run, &l);
    if (error == 0)
        error = maintenance_read_due(&l, jdoc_text_or(run->args, "status", "all"));
    if (error == 0 && l.total == 0)
        run_succeed(run, "No maintenance is scheduled for that.");
    else if (error == 0)
        run_succeed(run, "%lld service%s due%s%lld of them overdue.", (long long)l.total,
            l.total == 1 ? " is" : "s are", ", ", (long long)l.overdue);
    return maintenance_finish_listing(run, &l, error);
}

/* All of them: the sums stand beside the records. */
static int maintenance_read_done(struct listing *l)
{
    const struct tools_context *context = l->run->context;
    struct records_tag tag = {"done", -RECORD_FOREVER, RECORD_FOREVER, 0};
    struct records_numbers sums;
    int error = records_tags(context->store, context->uid, FAMILY, &tag, 1, l->run->arena);
    if (error == 0)
        error = records_numbers(context->store, context->uid, FAMILY,
            &(struct records_texts){&(const char *){"done"}, 1}, l->run->arena, &sums);
    if (error != 0)
        return error;
    l->total = tag.count;
    cost_add_numbers(&l->cost, &sums, "");
    return record_tagged(l->run,
        &(struct records_page){.family = FAMILY,
            .tag = "done",
            .from = -RECORD_FOREVER,
            .to = RECORD_FOREVER,
            .highest_first = true,
            .max = l->limit},
        maintenance_take_done, l, NULL);
}

int maintenance_tool_get_maintenance_history(struct tools_run *run)
{
    struct listing l = {.task = jdoc_string(jdoc_get(run->args, "task_type"), NULL)};
    struct records_list named = {0};
    char cost[COST_TEXT_SIZE];
    int error = maintenance_start_listing(run, &l);
    if (error == 0 && !l.task)
        error = maintenance_read_done(&l);
    else if (error == 0)
        error = record_match_find(run, FAMILY, "d:", l.task, NAMED_MAX, &named);
    if (error == 0)
        error = record_list(&named, maintenance_take_named, &l);
    cost_sums_text(&l.cost, cost);
    if (error == 0 && l.total == 0)
        run_succeed(run, "There are no such services in the history.");
    else if (error == 0)
        run_succeed(run, "%lld service%s in the history; cost in all: %s.%s", (long long)l.total,
            l.total == 1 ? "" : "s", cost,
            named.more ? " There are more with these words: only "
                         "the newest were looked at and summed." :
                         "");
    error = maintenance_finish_listing(run, &l, error);
    if (error == 0)
        error = jdoc_set_bool(run->result, "complete", !named.more);
    return error == 0 ? cost_set_sums(run->result, "total_cost", &l.cost) : error;
}
