/* SPDX-License-Identifier: BSD-2-Clause */
/* medication, third part: adding, changing, stopping and deleting one. */
#include "base/clock.h"
#include "base/ident.h"
#include "tools/engine/registry.h"
#include "tools/kit/about.h"
#include "tools/kit/alarm.h"
#include "tools/kit/preview.h"
#include "tools/kit/record.h"
#include "tools/kit/record_match.h"
#include "tools/kit/timestamp.h"
#include "tools/person/medication.h"
#include "tools/person/medication_schedule.h"

#include <stdio.h>
#include <string.h>

/* --- the answer --- */

/* The sentence about the next reminder, and rings_at. */
static int medication_set_rings(struct tools_run *run, const jdoc *record, const char *text)
{
    struct medication_schedule s;
    char when[TIMESTAMP_TEXT_SIZE], at[TIMESTAMP_SIZE];
    int64_t due;
    const char *more = " It has no set times: nothing will ring.";
    jdoc *rings = jdoc_new_array();
    int error = rings ? 0 : ERR_NOMEM;

    if (!error && medication_alarm.next(record, run->context->now_ms - 1, &due) == 0 &&
        medication_schedule_read(record, &s)) {
        timestamp_text(due, s.zone, true, when);
        timestamp_format(due, s.zone, at);
        more = arena_printf(run->arena, " The next reminder rings on %s.", when);
        error = jdoc_push(rings, jdoc_new_string(at, strlen(at)));
    } else if (medication_schedule_read(record, &s)) {
        more = " Nothing will ring.";
    }
    if (!error && (!more || !text || !run_succeed(run, "%s%s", text, more)))
        error = ERR_NOMEM;
    if (!error)
        return jdoc_set(run->result, "rings_at", rings);
    jdoc_free(rings);
    return error;
}

/* Answers, plans, writes. record: the caller's; old: what was there, or NULL. */
static int medication_write(struct tools_run *run, const jdoc *record, const jdoc *old,
    const char *seen, const char *text)
{
    struct record_item item = {.family = MEDICATION_FAMILY,
        .id = jdoc_text_or(record, "id", ""),
        .document = record,
        .time_ms = medication_time(run, record),
        .seen = seen};
    int error = medication_set_rings(run, record, text);

    if (!error)
        error = jdoc_set(run->result, "medication", jdoc_dup(record));
    if (!error)
        error = alarm_plan(run->context, &medication_alarm, record);
    if (!error)
        error = record_commit(run, &item, 1, seen != NULL);
    if (!error && old)
        alarm_tidy(run->context, &medication_alarm, old, record);
    return error;
}

/* "Metformin (500 mg), at 08:00 and 20:00 every day". NULL: no memory. */
static const char *medication_described(struct tools_run *run, const jdoc *record)
{
    const char *dose = medication_dose_text(run->arena, record);
    const char *frequency = jdoc_text_or(record, "frequency", "");

    if (!dose)
        return NULL;
    return arena_printf(run->arena, "%s%s%s%s%s%s", jdoc_text_or(record, "name", ""),
        dose[0] ? " (" : "", dose, dose[0] ? ")" : "", frequency[0] ? ", " : "", frequency);
}

/* --- add_medication --- */

struct medication_same {
    const char *name;
    jdoc *found;
    size_t active;
};

static int medication_look_same(void *arg, const jdoc *record)
{
    struct medication_same *s = arg;
    const char *name = jdoc_text_or(record, "name", "");

    s->active++;
    if (s->found ||
        (record_match_score(name, s->name) < RECORD_MATCH_SURE &&
            record_match_score(s->name, name) < RECORD_MATCH_SURE))
        return 0;
    s->found = jdoc_dup(record);
    return s->found ? 0 : ERR_NOMEM;
}

/* Two of one name may be one that was meant to change: that is asked about. */
static int medication_check_new(struct tools_run *run, const struct zone *z)
{
    struct medication_same s = {.name = jdoc_text_or(run->args, "name", "")};
    int error =
        medication_each(run, medication_day(run->context->now_ms, z), medication_look_same, &s);

    if (!error && s.active >= MEDICATION_ACTIVE_MAX) {
        error = run_fail(run, "limit_reached", "%d medications are noted already; stop some.",
            MEDICATION_ACTIVE_MAX);
        error = error ? error : ERR_INVALID;
    } else if (!error && s.found && !jdoc_is_true(run->args, "another")) {
        const char *known = medication_described(run, s.found);
        error = !known ?
            ERR_NOMEM :
            run_ask_back(run, "/name",
                "update_medication to change it, or another=true to add a second one",
                "%.300s is noted already. Change that one, or add another one beside it?", known);
        error = error ? error : ERR_INVALID;
    }
    jdoc_free(s.found);
    return error;
}

/* Without a schedule it is only noted, when the user wants no reminders. */
static int medication_new_schedule(struct tools_run *run, jdoc *record, const struct zone *z)
{
    bool remind = true;
    int error = medication_arguments_schedule(run, record, z);

    if (error != ERR_NOT_FOUND)
        return error;
    jdoc_get_bool(run->args, "remind", &remind);
    if (!remind)
        return jdoc_set_string(record, "timezone", zone_name(z));
    error = run_ask_back(run, "/times",
        "times, every_hours or as_needed; or remind=false to note it without times",
        "When is it taken: at which times of the day, or only when needed?");
    return error ? error : ERR_INVALID;
}

static int medication_make(struct tools_run *run, jdoc *record, const struct zone *z)
{
    char id[IDENT_UUID_SIZE], day[TIMESTAMP_SIZE];

    ident_uuid7(id);
    timestamp_date(run->context->now_ms, z, day);
    int failed = jdoc_set_string(record, "id", id);
    failed |= jdoc_set_string(record, "name", jdoc_text_or(run->args, "name", ""));
    failed |= jdoc_set_bool(record, "active", true);
    failed |= jdoc_set_string(record, "start_date", day);
    int error = failed ? ERR_NOMEM : medication_new_schedule(run, record, z);
    return error ? error : medication_arguments_rest(run, record, z);
}

int medication_tool_add_medication(struct tools_run *run)
{
    const struct zone *z;
    jdoc *record = NULL;
    int error = timestamp_zone(run, &z);

    if (!error)
        error = medication_check_new(run, z);
    if (!error)
        error = (record = jdoc_new_object()) ? medication_make(run, record, z) : ERR_NOMEM;
    if (!error) {
        const char *text = medication_described(run, record);
        error = medication_write(run, record, NULL, NULL,
            text ? arena_printf(run->arena, "Noted: %s.", text) : NULL);
    }
    jdoc_free(record);
    return error == ERR_INVALID ? 0 : error;
}

/* --- update_medication --- */

static int medication_change(struct tools_run *run, jdoc *record)
{
    const struct zone *z;
    const char *name = jdoc_string(jdoc_get(run->args, "new_name"), NULL);
    int error = timestamp_zone(run, &z);

    if (!error && name)
        error = jdoc_set_string(record, "name", name);
    if (!error)
        error = medication_arguments_schedule(run, record, z);
    if (error == ERR_NOT_FOUND)
        error = 0;
    if (!error && jdoc_is_true(run->args, "resume")) {
        jdoc_remove(record, "end_date");
        error = jdoc_set_bool(record, "active", true);
        if (!error)
            error = jdoc_set_int(record, "since_ms", run->context->now_ms);
    }
    return error ? error : medication_arguments_rest(run, record, z);
}

static int medication_update_once(struct tools_run *run, void *arg)
{
    jdoc *record, *old = NULL;
    const char *seen = NULL;
    int error = medication_choose(run, &record, &seen);

    (void)arg;
    if (!error)
        error = (old = jdoc_dup(record)) ? medication_change(run, record) : ERR_NOMEM;
    if (!error) {
        const char *text = medication_described(run, record);
        error = medication_write(run, record, old, seen,
            text ? arena_printf(run->arena, "Changed: %s.", text) : NULL);
    }
    jdoc_free(old);
    jdoc_free(record);
    return error;
}

int medication_tool_update_medication(struct tools_run *run)
{
    size_t named = jdoc_has(run->args, "medication") + jdoc_has(run->args, "medication_id");

    if (jdoc_length(run->args) <= named)
        return run_fail_at(run, "", "at least one field to change",
            "There is nothing to change: name at least one new value.");
    return record_retry(run, medication_update_once, NULL);
}

/* --- stop_medication --- */

static int medication_stop_at(struct tools_run *run, jdoc *record, char last[TIMESTAMP_SIZE])
{
    const struct zone *z;
    struct timestamp when = {.ms = run->context->now_ms};
    int error = timestamp_zone(run, &z);

    if (!error)
        error = timestamp_argument(run, "last_day", z, &when);
    if (error && error != ERR_NOT_FOUND)
        return error;
    bool now = error == ERR_NOT_FOUND || timestamp_days(when.ms, run->context->now_ms, z) > 1;
    timestamp_date(when.ms, z, last);
    int failed = jdoc_set_string(record, "end_date", last);
    if (now)
        failed |= jdoc_set_bool(record, "active", false);
    return failed ? ERR_NOMEM : record_stamp(run, record);
}

static int medication_stop_once(struct tools_run *run, void *arg)
{
    jdoc *record, *old = NULL;
    const char *seen = NULL;
    char last[TIMESTAMP_SIZE];
    int error = medication_choose(run, &record, &seen);

    (void)arg;
    if (!error)
        error = (old = jdoc_dup(record)) ? medication_stop_at(run, record, last) : ERR_NOMEM;
    if (!error)
        error = medication_write(run, record, old, seen,
            arena_printf(run->arena, "%s is stopped; its last day is %s.",
                jdoc_text_or(record, "name", ""), last));
    jdoc_free(old);
    jdoc_free(record);
    return error;
}

int medication_tool_stop_medication(struct tools_run *run)
{
    return record_retry(run, medication_stop_once, NULL);
}

/* --- delete_medication --- */

static int medication_delete_once(struct tools_run *run, void *arg)
{
    jdoc *record, *old = NULL;
    const char *seen = NULL;
    int error = medication_choose(run, &record, &seen);

    (void)arg;
    if (error)
        return error;
    old = jdoc_dup(record);
    run_succeed(run, "%s is deleted. What was noted as taken stays in the dose log.",
        jdoc_text_or(record, "name", ""));
    error = record_remove(run, MEDICATION_FAMILY, seen, "medication", record);
    if (!error && old)
        alarm_tidy(run->context, &medication_alarm, old, NULL);
    jdoc_free(old);
    return error;
}

int medication_tool_delete_medication(struct tools_run *run)
{
    int error = record_confirmed(run);

    if (error)
        return error == ERR_INVALID ? 0 : error;
    return record_retry(run, medication_delete_once, NULL);
}

int medication_preview_delete_medication(struct tools_run *run)
{
    static const char *const fields[] = {"dosage", "frequency", "start_date", "end_date",
        "prescriber", NULL};
    jdoc *record = NULL;
    int error = record_confirmed(run);

    if (!error)
        error = medication_choose(run, &record, NULL);
    if (!error) {
        const char *text = medication_described(run, record);
        const char *shown = text ? preview_text(run->arena, text, PREVIEW_BODY) : NULL;
        error = shown ? preview_say(run, "delete the medication %s", shown) : ERR_NOMEM;
    }
    if (!error)
        error = about_title(run, "medication", record, "name");
    if (!error)
        error = about_lost(run, record, fields);
    jdoc_free(record);
    return error == ERR_INVALID ? 0 : error;
}
