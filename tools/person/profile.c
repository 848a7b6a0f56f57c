/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tools of the family profile: what the user says about themselves and how they want to be treated.
 * Records with the one id "me": "profile", "settings", "privacy".
 */
#include "tools/engine/registry.h"
#include "tools/kit/about.h"
#include "tools/kit/preview.h"
#include "tools/kit/record.h"
#include "tools/kit/timestamp.h"
#include "tools/kit/vehicle.h"
#include "tools/person/export.h"
#include "tools/person/profile_wishes.h"

#include "base/err.h"

#include <stdio.h>
#include <string.h>

#define ME "me"
#define MESSAGE_BYTES 512 /* of a result around its entity */

/* A setting and what it is while the user has said nothing. */
struct field {
    const char *name; /* NULL ends the list */
    const char *text; /* the default, or NULL: none, or a boolean */
    bool is_bool, yes;
};

static const struct field profile_fields[] = {
    {.name = "username"},
    {.name = "bio"},
    {.name = "avatar_url"},
    {.name = "location"},
    {.name = "rv_type"},
    {.name = "rv_year"},
    {.name = NULL},
};
static const struct field settings_fields[] = {
    {.name = "email_notifications", .is_bool = true, .yes = true},
    {.name = "push_notifications", .is_bool = true, .yes = true},
    {.name = "theme", .text = "auto"},
    {.name = "budget_alerts", .is_bool = true, .yes = true},
    {.name = "trip_reminders", .is_bool = true, .yes = true},
    {.name = NULL},
};
static const struct field privacy_fields[] = {
    /* nothing is shown that was not said to be */
    {.name = "profile_visibility", .text = "friends"},
    {.name = "location_sharing", .is_bool = true},
    {.name = "show_activity", .is_bool = true},
    {.name = "allow_messages", .text = "friends"},
    {.name = "data_collection", .is_bool = true},
    {.name = NULL},
};

struct sheet { /* one of the three records */
    const char *family, *title;
    const struct field *fields;
    /* Puts into the result what is not stored in the record; NULL = nothing is. */
    int (*show)(void *arg, jdoc *shown);
    void *arg;
};

static int profile_set_field(struct tools_run *run, jdoc *document, const struct field *f)
{
    jdoc *given = jdoc_get(run->args, f->name);
    if (given) {
        jdoc *copy = jdoc_dup(given);
        return copy ? jdoc_set(document, f->name, copy) : ERR_NOMEM;
    }
    if (jdoc_get(document, f->name))
        return 0;
    return f->is_bool ? jdoc_set_bool(document, f->name, f->yes) :
                        jdoc_set_string(document, f->name, f->text);
}

static int profile_change_once(struct tools_run *run, void *arg)
{
    const struct sheet *sheet = arg;
    jdoc *document = NULL;
    const char *seen = NULL;
    int error = record_get(run, sheet->family, ME, &document, &seen);
    if (error == ERR_NOT_FOUND) {
        document = jdoc_new_object();
        error = document ? jdoc_set_string(document, "id", ME) : ERR_NOMEM;
    }
    for (const struct field *f = sheet->fields; error == 0 && f->name; f++)
        error = profile_set_field(run, document, f);
    if (error == 0)
        error = record_stamp(run, document);
    if (error == 0 && !run_succeed(run, "%s changed.", sheet->title))
        error = ERR_NOMEM;
    if (error != 0) {
        jdoc_free(document);
        return error;
    }
    jdoc *shown = jdoc_dup(document);
    error = shown ? jdoc_set(run->result, sheet->family, shown) : ERR_NOMEM;
    if (error == 0 && sheet->show)
        error = sheet->show(sheet->arg, shown);
    struct record_item item = {.family = sheet->family,
        .id = ME,
        .document = document,
        .time_ms = run->context->now_ms,
        .seen = seen};
    if (error == 0)
        error = record_commit(run, &item, 1, false);
    jdoc_free(document);
    return error;
}

static int profile_change(struct tools_run *run, const struct sheet *sheet)
{
    if (jdoc_length(run->args) == 0)
        return run_fail_at(run, "", "at least one field to change",
            "There is nothing to change: name at least one field.");
    return record_retry(run, profile_change_once, (void *)sheet);
}

static const struct sheet profile_sheet = {.family = "profile",
    .title = "The profile is",
    .fields = profile_fields};

/* Returns 0, ERR_INVALID (said) or a fault. */
static int profile_check_year(struct tools_run *run)
{
    int64_t year;
    return jdoc_get_int(run->args, "rv_year", &year) == 0 ?
        vehicle_check_year(run, "rv_year", year) :
        0;
}

int profile_tool_update_profile(struct tools_run *run)
{
    int error = profile_check_year(run);
    if (error != 0)
        return error == ERR_INVALID ? 0 : error;
    return profile_change(run, &profile_sheet);
}

int profile_tool_update_settings(struct tools_run *run)
{
    struct profile_wishes wishes = {.run = run};
    const struct sheet sheet = {.family = "settings",
        .title = "The settings are",
        .fields = settings_fields,
        .show = profile_wishes_show,
        .arg = &wishes};
    int error = profile_wishes_store(&wishes);
    if (error == 0)
        error = profile_change(run, &sheet);
    profile_wishes_fini(&wishes);
    return error == ERR_INVALID ? 0 : error;
}

int profile_tool_manage_privacy(struct tools_run *run)
{
    static const struct sheet sheet = {.family = "privacy",
        .title = "The privacy settings are",
        .fields = privacy_fields};
    return profile_change(run, &sheet);
}

/* Each argument, with what the record has in its place, or what holds without one. */
static int profile_show_changes(struct tools_run *run, const struct sheet *sheet)
{
    jdoc *document = NULL;
    int error = record_get(run, sheet->family, ME, &document, NULL);
    if (error == ERR_NOT_FOUND)
        error = (document = jdoc_new_object()) ? 0 : ERR_NOMEM;
    if (error == 0)
        error = about_title(run, sheet->family, document, "title");
    for (const struct field *f = sheet->fields; error == 0 && f->name; f++) {
        if (!jdoc_has(run->args, f->name))
            continue;
        if (!jdoc_has(document, f->name) && f->is_bool)
            error = jdoc_set_bool(document, f->name, f->yes);
        else if (!jdoc_has(document, f->name))
            error = jdoc_set_string(document, f->name, f->text);
        if (error == 0)
            error = about_change(run, f->name, jdoc_get(document, f->name));
    }
    jdoc_free(document);
    return error;
}

int profile_preview_update_profile(struct tools_run *run)
{
    int error = profile_check_year(run);
    if (error == 0)
        error = preview_title(run, run->args, "avatar_url",
            "change your profile, with the picture at ", "");
    if (error == 0)
        error = profile_show_changes(run, &profile_sheet);
    return error == ERR_INVALID ? 0 : error;
}

/* Each setting that is to change, with its new value: both are of the tool's own lists. */
int profile_preview_manage_privacy(struct tools_run *run)
{
    static const struct sheet sheet = {.family = "privacy",
        .title = "The privacy settings are",
        .fields = privacy_fields};
    struct buf text = {0};
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value;
    while (jdoc_next(run->args, &it, &key, &value)) {
        bool flag = false;
        const char *word =
            jdoc_bool(value, &flag) == 0 ? (flag ? "on" : "off") : jdoc_string(value, NULL);
        buf_puts(&text, text.len > 0 ? ", " : "");
        for (const char *c = key; *c != '\0'; c++)
            buf_putc(&text, *c == '_' ? ' ' : *c);
        buf_printf(&text, " to %s", word ? word : "");
    }
    int error = buf_error(&text);
    if (error == 0)
        error = preview_say(run, "change your privacy settings: %s", buf_text(&text));
    buf_free(&text);
    return error != 0 ? error : profile_show_changes(run, &sheet);
}

/* --- get_user_stats --- */

static const struct {
    const char *family, *name;
} counted[] = {
    {"expense", "expenses"},
    {"event", "calendar_events"},
    {"trip", "trips"},
    {"fuel", "fuel_entries"},
    {"maintenance", "maintenance_records"},
    {"transition_task", "transition_tasks"},
    {"equipment", "equipment_items"},
    {"shakedown_trip", "shakedown_trips"},
};

int profile_tool_get_user_stats(struct tools_run *run)
{
    const char *period = jdoc_text_or(run->args, "period", "month");
    const struct zone *z;
    char from[TIMESTAMP_SIZE], to[TIMESTAMP_SIZE];
    int64_t from_ms = -RECORD_FOREVER, now = run->context->now_ms, all = 0, count = 0;
    int error = timestamp_zone(run, &z);
    jdoc *stats = jdoc_new_object(), *counts = jdoc_new_object();
    if (error == 0 && (!stats || !counts))
        error = ERR_NOMEM;
    if (error == 0 && strcmp(period, "all") != 0)
        from_ms = timestamp_period_now(run, period, z);
    int64_t to_ms = error != 0     ? 0 :
        strcmp(period, "all") == 0 ? RECORD_FOREVER :
                                     timestamp_day(now, 1, z) - 1;
    for (size_t i = 0; error == 0 && i < sizeof counted / sizeof *counted; i++) {
        error = records_count(run->context->store, run->context->uid, counted[i].family, from_ms,
            to_ms, &count);
        if (error == 0)
            error = jdoc_set_int(counts, counted[i].name, count);
        all += count;
    }
    if (error == 0 &&
        !run_succeed(run,
            all == 0 ? "Nothing was recorded in that time." : "%lld entries in that time.",
            (long long)all))
        error = ERR_NOMEM;
    if (error != 0) {
        jdoc_free(stats);
        jdoc_free(counts);
        return error;
    }
    int failed = jdoc_set(run->result, "stats", stats);
    failed |= jdoc_set_string(stats, "period", period);
    if (from_ms > -RECORD_FOREVER) {
        timestamp_date(from_ms, z, from);
        failed |= jdoc_set_string(stats, "from", from);
    }
    timestamp_date(now, z, to);
    failed |= jdoc_set_string(stats, "to", to);
    failed |= jdoc_set_int(stats, "total", all);
    failed |= jdoc_set(stats, "counts", counts);
    return failed != 0 ? ERR_NOMEM : 0;
}

/* --- export_data --- */

int profile_tool_export_data(struct tools_run *run)
{
    const struct tools_context *context = run->context;
    size_t max = (size_t)context->conf->tool_result_max;
    bool complete = false;
    jdoc *document = NULL;
    int error = max > MESSAGE_BYTES ?
        export_user(context->store, context->uid, context->now_ms, max - MESSAGE_BYTES, &document) :
        ERR_LIMIT;
    if (error == ERR_LIMIT)
        return run_fail(run, "result_too_large",
            "The setting tool.result is too small for an export.");
    if (error != 0)
        return error;
    jdoc_get_bool(document, "complete", &complete);
    if (!run_succeed(run,
            complete ?
                "This is everything that is stored." :
                "This is a part of what is stored: counts says what there is, included what is here; "
                "of each kind the newest.")) {
        jdoc_free(document);
        return ERR_NOMEM;
    }
    return jdoc_set(run->result, "export", document);
}
