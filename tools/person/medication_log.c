/* SPDX-License-Identifier: BSD-2-Clause */
/* medication, fourth part: doses that were taken or skipped, and how a period went. */
#include "base/clock.h"
#include "base/ident.h"
#include "tools/engine/registry.h"
#include "tools/kit/record.h"
#include "tools/kit/timestamp.h"
#include "tools/person/medication.h"
#include "tools/person/medication_schedule.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define HOUR_MS INT64_C(3600000)
#define EARLY_MS (2 * HOUR_MS)  /* a dose may be taken so long before its time */
#define LATE_MS (12 * HOUR_MS)  /* and so long after it */
#define RECENT_MS (6 * HOUR_MS) /* "my pills": those due within this time */
#define TOGETHER_MAX 30         /* doses that one call notes */

static const char *medication_dose_id(struct tools_run *run, const jdoc *record, int64_t due_ms)
{
    return arena_printf(run->arena, "%s-%" PRId64, jdoc_text_or(record, "id", ""), due_ms);
}

/* --- log_dose --- */

struct medication_dose {
    jdoc *record;     /* the medication, changed: its stock */
    const char *seen; /* its text before */
    jdoc *document;   /* the dose */
    const char *id;
    int64_t time_ms;
};

struct medication_taking {
    struct tools_run *run;
    const struct zone *zone;
    int64_t at_ms;
    bool taken;
    struct medication_dose doses[TOGETHER_MAX];
    size_t count;
    double back; /* units that a wrong entry had counted */
    bool full;
};

static void medication_taking_free(struct medication_taking *t)
{
    for (size_t i = 0; i < t->count; i++) {
        jdoc_free(t->doses[i].record);
        jdoc_free(t->doses[i].document);
    }
}

/* The dose that is nearest to the time.
 * Returns 0; ERR_NOT_FOUND; ERR_CONFLICT: it is noted (known is set); a fault. */
static int medication_dose_meant(struct medication_taking *t, const jdoc *record, int64_t *due_ms,
    const char **known)
{
    struct medication_schedule s;
    int64_t before = 0, after = 0;
    bool has_before, has_after;

    if (!medication_schedule_read(record, &s))
        return ERR_NOT_FOUND;
    has_before =
        medication_schedule_before(&s, t->at_ms, &before) == 0 && t->at_ms - before <= LATE_MS;
    has_after = medication_schedule_next(&s, t->at_ms, &after) == 0 && after - t->at_ms <= EARLY_MS;
    if (!has_before && !has_after)
        return ERR_NOT_FOUND;
    /* The coming one only when it is clearly nearer; never another one because this is noted. */
    bool use_after = has_after && (!has_before || after - t->at_ms < (t->at_ms - before) / 2);
    *due_ms = use_after ? after : before;
    const char *id = medication_dose_id(t->run, record, *due_ms);
    int error = !id ? ERR_NOMEM :
                      records_get(t->run->context->store, t->run->context->uid, MEDICATION_DOSES,
                          id, t->run->arena, known);
    return error == ERR_NOT_FOUND ? 0 : error ? error : ERR_CONFLICT;
}

static int medication_dose_make(struct medication_taking *t, const jdoc *record, int64_t due_ms,
    struct medication_dose *dose)
{
    char at[TIMESTAMP_SIZE], due[TIMESTAMP_SIZE], id[IDENT_UUID_SIZE];
    double units = jdoc_double_or(record, "units_per_dose", 1);
    jdoc *d = jdoc_new_object();
    int failed = !d;

    ident_uuid7(id);
    dose->id =
        due_ms ? medication_dose_id(t->run, record, due_ms) : arena_strdup(t->run->arena, id);
    dose->time_ms = due_ms ? due_ms : t->at_ms;
    dose->document = d;
    timestamp_format(t->at_ms, t->zone, at);
    timestamp_format(due_ms, t->zone, due);
    jdoc_get_double(t->run->args, "units", &units);
    failed = failed || !dose->id || jdoc_set_string(d, "id", dose->id) ||
        jdoc_set_string(d, "medication_id", jdoc_text_or(record, "id", "")) ||
        jdoc_set_string(d, "name", jdoc_text_or(record, "name", "")) ||
        jdoc_set_string(d, "status", t->taken ? "taken" : "skipped") ||
        jdoc_set_string(d, "at", at) || jdoc_set_int(d, "at_ms", t->at_ms) ||
        jdoc_set_double(d, "units", units) ||
        jdoc_set_string(d, "note", jdoc_string(jdoc_get(t->run->args, "note"), NULL)) ||
        record_stamp(t->run, d);
    if (!failed && due_ms)
        failed = jdoc_set_string(d, "due_at", due) || jdoc_set_int(d, "due_ms", due_ms);
    return failed ? ERR_NOMEM : 0;
}

/* One dose of this medication (record is taken) among those that the call notes. */
static int medication_take(struct medication_taking *t, jdoc *record, const char *seen,
    int64_t due_ms)
{
    struct medication_dose *dose = &t->doses[t->count++];
    double stock;

    *dose = (struct medication_dose){.record = record, .seen = seen};
    int error = medication_dose_make(t, record, due_ms, dose);
    if (!error && jdoc_get_double(record, "stock", &stock) == 0) {
        stock += t->back - (t->taken ? jdoc_double_or(dose->document, "units", 1) : 0);
        error = jdoc_set_double(record, "stock", stock > 0 ? stock : 0);
    }
    return error;
}

/* --- which doses --- */

static int medication_ask_extra(struct medication_taking *t, const char *known)
{
    jdoc *before = NULL;
    int error = jdoc_parse(known, strlen(known), &before, NULL, 0);

    if (!error)
        error = run_ask_back(t->run, "/extra",
            "extra=true when it is another dose, taken_at when it was at another time; "
            "change=true when the entry is wrong",
            "The dose of %.5s is noted already as %s. Is this another one, or was that wrong?",
            strlen(jdoc_text_or(before, "due_at", "")) > 16 ?
                jdoc_text_or(before, "due_at", "") + 11 :
                "then",
            jdoc_text_or(before, "status", "taken"));
    jdoc_free(before);
    return error ? error : ERR_INVALID;
}

/* What the entry that is replaced had taken from the stock. */
static int medication_take_back(struct medication_taking *t, const char *known)
{
    jdoc *before = NULL;
    int error = jdoc_parse(known, strlen(known), &before, NULL, 0);

    if (!error && strcmp(jdoc_text_or(before, "status", ""), "taken") == 0)
        t->back = jdoc_double_or(before, "units", 0);
    jdoc_free(before);
    return error;
}

static int medication_take_named(struct medication_taking *t)
{
    const char *seen = NULL, *known = NULL;
    int64_t due = 0;
    jdoc *record;
    int error = medication_choose(t->run, &record, &seen);

    if (error)
        return error;
    if (!jdoc_is_true(t->run->args, "extra")) {
        error = medication_dose_meant(t, record, &due, &known);
        if (error == ERR_CONFLICT && jdoc_is_true(t->run->args, "change"))
            error = medication_take_back(t, known);
        else if (error == ERR_CONFLICT)
            error = medication_ask_extra(t, known);
        if (error == ERR_NOT_FOUND) /* none was due: it is one beside the schedule */
            error = due = 0;
    }
    if (!error)
        return medication_take(t, record, seen, due);
    jdoc_free(record);
    return error;
}

/* "I took my pills": what was due of late and is not noted. */
static int medication_take_due(void *arg, const jdoc *record)
{
    struct medication_taking *t = arg;
    const char *known = NULL, *seen;
    int64_t due;
    jdoc *own;

    int error = medication_dose_meant(t, record, &due, &known);
    if (error == ERR_NOT_FOUND || error == ERR_CONFLICT || (!error && t->at_ms - due > RECENT_MS))
        return 0;
    if (!error && t->count == TOGETHER_MAX) {
        t->full = true;
        return ERR_LIMIT;
    }
    if (!error)
        error = record_get(t->run, MEDICATION_FAMILY, jdoc_text_or(record, "id", ""), &own, &seen);
    return error ? error : medication_take(t, own, seen, due);
}

/* --- writing them --- */

static int medication_log_answer(struct medication_taking *t)
{
    struct buf names = {0}, left = {0};
    jdoc *list = jdoc_new_array();
    int error = list ? 0 : ERR_NOMEM;

    for (size_t i = 0; !error && i < t->count; i++) {
        const jdoc *record = t->doses[i].record;
        double stock;
        buf_printf(&names, "%s%s", i == 0 ? "" : ", ", jdoc_text_or(record, "name", ""));
        if (jdoc_get_double(record, "stock", &stock) == 0 &&
            stock < 7 * jdoc_double_or(record, "units_per_dose", 1)) {
            buf_printf(&left, " Of %s ", jdoc_text_or(record, "name", ""));
            buf_put_double(&left, stock);
            buf_puts(&left, " are left.");
        }
        error = jdoc_push(list, jdoc_dup(t->doses[i].document));
    }
    if (!error &&
        (buf_error(&names) || buf_error(&left) ||
            !run_succeed(t->run, "Noted as %s: %s.%s%s", t->taken ? "taken" : "skipped",
                buf_text(&names), buf_text(&left), t->full ? " There are more." : "")))
        error = ERR_NOMEM;
    buf_free(&names);
    buf_free(&left);
    if (!error)
        return jdoc_set(t->run->result, "doses", list);
    jdoc_free(list);
    return error;
}

static int medication_log_commit(struct medication_taking *t)
{
    struct record_item items[2 * TOGETHER_MAX];
    size_t n = 0;

    for (size_t i = 0; i < t->count; i++) {
        const struct medication_dose *d = &t->doses[i];
        items[n++] = (struct record_item){.family = MEDICATION_DOSES,
            .id = d->id,
            .document = d->document,
            .time_ms = d->time_ms};
        if (jdoc_get(d->record, "stock"))
            items[n++] = (struct record_item){.family = MEDICATION_FAMILY,
                .id = jdoc_text_or(d->record, "id", ""),
                .document = d->record,
                .time_ms = medication_time(t->run, d->record),
                .seen = d->seen};
    }
    return record_commit(t->run, items, n, false);
}

/* More than the user's own limit for one that is taken when needed: said, not refused. */
struct medication_limit {
    const char *id;
    int64_t taken, last_ms;
};

static int medication_limit_look(void *arg, const jdoc *dose)
{
    struct medication_limit *l = arg;
    int64_t at = jdoc_int_or(dose, "at_ms", 0);

    if (strcmp(jdoc_text_or(dose, "medication_id", ""), l->id) != 0 ||
        strcmp(jdoc_text_or(dose, "status", ""), "taken") != 0)
        return 0;
    l->taken++;
    l->last_ms = at > l->last_ms ? at : l->last_ms;
    return 0;
}

static int medication_check_limit(struct medication_taking *t)
{
    const jdoc *record = t->doses[0].record;
    struct medication_limit l = {.id = jdoc_text_or(record, "id", ""), .last_ms = -1};
    int64_t most = jdoc_int_or(record, "max_per_day", 0);
    double hours = jdoc_double_or(record, "min_hours_between", 0);

    if (t->count != 1 || !t->taken || (most == 0 && hours <= 0) ||
        jdoc_is_true(t->run->args, "extra"))
        return 0;
    int error = record_each(t->run, MEDICATION_DOSES, t->at_ms - 24 * HOUR_MS, t->at_ms,
        medication_limit_look, &l);
    bool many = most > 0 && l.taken >= most;
    bool soon = hours > 0 && l.last_ms >= 0 && (double)(t->at_ms - l.last_ms) < hours * HOUR_MS;
    if (error || (!many && !soon))
        return error;
    error = run_ask_back(t->run, "/extra", "extra=true when it was taken all the same",
        "By the limits that were noted for %.100s (%s) this is one too many%s. Was it taken?",
        jdoc_text_or(record, "name", ""), many ? "doses in 24 hours" : "hours between doses",
        soon && !many ? " so soon" : "");
    return error ? error : ERR_INVALID;
}

static int medication_log_start(struct medication_taking *t)
{
    struct timestamp when;
    int error = timestamp_zone(t->run, &t->zone);

    if (!error)
        error = timestamp_argument(t->run, "taken_at", t->zone, &when);
    if (!error && when.ms > t->run->context->now_ms + HOUR_MS) {
        error = run_fail_at(t->run, "/taken_at", "a time that is not in the future",
            "A dose that lies in the future cannot be noted.");
        return error ? error : ERR_INVALID;
    }
    t->at_ms = error ? t->run->context->now_ms : when.ms;
    return error == ERR_NOT_FOUND ? 0 : error;
}

static int medication_log_once(struct tools_run *run, void *arg)
{
    struct medication_taking *t = arg;
    bool named = jdoc_has(run->args, "medication") || jdoc_has(run->args, "medication_id");

    *t = (struct medication_taking){.run = run,
        .taken = strcmp(jdoc_text_or(run->args, "status", "taken"), "taken") == 0};
    int error = medication_log_start(t);
    if (!error)
        error = named ?
            medication_take_named(t) :
            medication_each(run, medication_day(t->at_ms, t->zone), medication_take_due, t);
    if (!error && t->count == 0) {
        error = run_fail_at(run, "/medication", "the name of a medication",
            "No dose was due in the last hours that is not noted. Which medication was taken?");
        error = error ? error : ERR_INVALID;
    }
    if (!error)
        error = medication_check_limit(t);
    if (!error)
        error = medication_log_answer(t);
    if (!error)
        error = medication_log_commit(t);
    medication_taking_free(t);
    return error;
}

int medication_tool_log_dose(struct tools_run *run)
{
    struct medication_taking *t = arena_alloc(run->arena, sizeof *t);

    return t ? record_retry(run, medication_log_once, t) : ERR_NOMEM;
}
