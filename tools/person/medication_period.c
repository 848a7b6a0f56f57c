/* SPDX-License-Identifier: BSD-2-Clause */
/* medication, fifth part: how a period went, dose by dose. */
#include "tools/engine/registry.h"
#include "tools/kit/record.h"
#include "tools/kit/timestamp.h"
#include "tools/person/medication.h"
#include "tools/person/medication_schedule.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DAYS_MAX 92
#define SHOWN_MAX 400
#define COUNTED_MAX 1500        /* doses of schedules: bounded, as each costs some microseconds */
#define DUE_MS INT64_C(7200000) /* so long after its time a dose is only due */

struct medication_period {
    struct tools_run *run;
    const struct zone *zone;
    int64_t from_ms, until_ms, now_ms;
    const char *only; /* a medication's id; NULL = all */
    jdoc *noted;      /* by id */
    jdoc *list;
    int64_t taken, skipped, not_noted, due, upcoming;
    size_t counted;
    bool more;
};

static int medication_period_note(void *arg, const jdoc *dose)
{
    struct medication_period *p = arg;

    if (p->only && strcmp(jdoc_text_or(dose, "medication_id", ""), p->only) != 0)
        return 0;
    bool taken = strcmp(jdoc_text_or(dose, "status", ""), "taken") == 0;
    p->taken += taken;
    p->skipped += !taken;
    if (jdoc_length(p->list) >= SHOWN_MAX) {
        p->more = true;
        return 0;
    }
    int error = jdoc_set_bool(p->noted, jdoc_text_or(dose, "id", ""), true);
    return error ? error : jdoc_push(p->list, jdoc_dup(dose));
}

/* A dose of the schedule that nobody has noted. */
static int medication_period_open(struct medication_period *p, const jdoc *record, int64_t due_ms)
{
    char due[TIMESTAMP_SIZE], id[96];
    const char *status = due_ms > p->now_ms ? "upcoming" :
        due_ms > p->now_ms - DUE_MS         ? "due" :
                                              "not_noted";

    if (p->counted++ == COUNTED_MAX) {
        p->more = true;
        return ERR_LIMIT;
    }
    snprintf(id, sizeof id, "%.64s-%" PRId64, jdoc_text_or(record, "id", ""), due_ms);
    if (jdoc_has(p->noted, id))
        return 0;
    p->upcoming += *status == 'u';
    p->due += *status == 'd';
    p->not_noted += *status == 'n';
    if (jdoc_length(p->list) >= SHOWN_MAX) {
        p->more = true;
        return 0;
    }
    timestamp_format(due_ms, p->zone, due);
    jdoc *dose = jdoc_new_object();
    int failed = !dose || jdoc_set_string(dose, "medication_id", jdoc_text_or(record, "id", "")) ||
        jdoc_set_string(dose, "name", jdoc_text_or(record, "name", "")) ||
        jdoc_set_string(dose, "status", status) || jdoc_set_string(dose, "due_at", due) ||
        jdoc_set_int(dose, "due_ms", due_ms);
    return jdoc_push_made(p->list, dose, failed);
}

static int medication_period_look(void *arg, const jdoc *record)
{
    struct medication_period *p = arg;
    struct medication_schedule s;
    int64_t due = p->from_ms - 1;
    int error = 0;

    if ((p->only && strcmp(jdoc_text_or(record, "id", ""), p->only) != 0) ||
        !medication_schedule_read(record, &s))
        return 0;
    while (!error && medication_schedule_next(&s, due, &due) == 0 && due < p->until_ms)
        error = medication_period_open(p, record, due);
    return error;
}

/* --- the tool --- */

static int medication_period_start(struct medication_period *p)
{
    struct timestamp from = {.ms = p->run->context->now_ms}, to;
    int error = timestamp_zone(p->run, &p->zone);

    p->now_ms = p->run->context->now_ms;
    if (!error)
        error = timestamp_argument(p->run, "from", p->zone, &from);
    if (error && error != ERR_NOT_FOUND)
        return error;
    to = from;
    if (error && !jdoc_has(p->run->args, "to"))
        to.ms = p->now_ms;
    error = timestamp_argument(p->run, "to", p->zone, &to);
    if (error && error != ERR_NOT_FOUND)
        return error;
    p->from_ms = timestamp_day(from.ms, 0, p->zone);
    p->until_ms = timestamp_day(to.ms, 1, p->zone);
    int days = timestamp_days(from.ms, to.ms, p->zone);
    if (days >= 1 && days <= DAYS_MAX)
        return 0;
    error = run_fail_at(p->run, "/to", "a day that is not before `from`, at most 92 days",
        "The period has to be 1 to %d days long.", DAYS_MAX);
    return error ? error : ERR_INVALID;
}

static int medication_period_read(struct medication_period *p)
{
    jdoc *record = NULL;
    int error = 0;

    if (jdoc_has(p->run->args, "medication") || jdoc_has(p->run->args, "medication_id")) {
        error = medication_choose(p->run, &record, NULL);
        if (!error)
            p->only = arena_strdup(p->run->arena, jdoc_text_or(record, "id", ""));
        jdoc_free(record);
        if (!error && !p->only)
            error = ERR_NOMEM;
    }
    if (!error)
        error = record_each(p->run, MEDICATION_DOSES, p->from_ms, p->until_ms - 1,
            medication_period_note, p);
    return error ?
        error :
        medication_each(p->run, medication_day(p->from_ms, p->zone), medication_period_look, p);
}

static int medication_period_answer(struct medication_period *p)
{
    int64_t past = p->taken + p->skipped + p->not_noted;

    if (!run_succeed(p->run,
            "%" PRId64 " taken, %" PRId64 " skipped, %" PRId64 " not noted, %" PRId64
            " due now, %" PRId64 " still to come.%s",
            p->taken, p->skipped, p->not_noted, p->due, p->upcoming,
            p->not_noted > 0 ? " Not noted does not mean not taken." : ""))
        return ERR_NOMEM;
    jdoc *list = p->list;
    p->list = NULL;
    int failed = jdoc_set(p->run->result, "doses", list);
    failed |= jdoc_set_int(p->run->result, "taken", p->taken);
    failed |= jdoc_set_int(p->run->result, "skipped", p->skipped);
    failed |= jdoc_set_int(p->run->result, "not_noted", p->not_noted);
    failed |= jdoc_set_int(p->run->result, "due", p->due);
    failed |= jdoc_set_int(p->run->result, "upcoming", p->upcoming);
    failed |= jdoc_set_bool(p->run->result, "more", p->more);
    if (past > 0)
        failed |= jdoc_set_int(p->run->result, "taken_percent", p->taken * 100 / past);
    return failed ? ERR_NOMEM : 0;
}

int medication_tool_get_dose_log(struct tools_run *run)
{
    struct medication_period p = {.run = run, .noted = jdoc_new_object(), .list = jdoc_new_array()};
    int error = p.noted && p.list ? medication_period_start(&p) : ERR_NOMEM;

    if (!error)
        error = medication_period_read(&p);
    if (!error)
        error = medication_period_answer(&p);
    jdoc_free(p.noted);
    jdoc_free(p.list);
    return error == ERR_INVALID ? 0 : error;
}
