/* SPDX-License-Identifier: BSD-2-Clause */
/* medication, first part: finding one, and what the housekeeper says when a dose is due. */
#include "tools/person/medication.h"

#include "base/buf.h"
#include "base/ident.h"
#include "base/utf8.h"
#include "tools/engine/registry.h"
#include "tools/kit/civil.h"
#include "tools/kit/record_match.h"
#include "tools/kit/timestamp.h"
#include "tools/person/medication_schedule.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define NAME_SHOWN 120
#define LOOKED_AT 100

/* --- finding --- */

static const struct record_match_query by_name = {.family = MEDICATION_FAMILY,
    .name_key = "name",
    .date_key = "start_date",
    .argument = "medication",
    .id_argument = "medication_id",
    .noun = "medication",
    .list_tool = "get_medications"};

/* A letter that differs may be another medicine: prednisone, prednisolone. Returns 0; ERR_INVALID:
 * asked, and the record is gone. */
static int medication_check_name(struct tools_run *run, const char *said, jdoc **record)
{
    const char *name = jdoc_text_or(*record, "name", "");

    if (record_match_named(name, said))
        return 0;
    int error = run_ask_back(run, "/medication", "the name as it is noted",
        "%.100s is not noted. Is %.100s meant?", said, name);
    jdoc_free(*record);
    *record = NULL;
    return error ? error : ERR_INVALID;
}

int medication_choose(struct tools_run *run, jdoc **record, const char **seen)
{
    int error = record_match_choose(run, &by_name, record, seen);

    return error || jdoc_has(run->args, "medication_id") ?
        error :
        medication_check_name(run, jdoc_text_or(run->args, "medication", ""), record);
}

int64_t medication_day(int64_t ms, const struct zone *z)
{
    char day[TIMESTAMP_SIZE];
    struct civil c;

    timestamp_date(ms, z, day);
    return civil_parse(day, &c) == 0 ? c.year * 10000 + c.month * 100 + c.day : 0;
}

int medication_each(struct tools_run *run, int64_t day, record_each_fn *fn, void *arg)
{
    return record_tagged(run,
        &(struct records_page){.family = MEDICATION_FAMILY,
            .tag = "until",
            .from = day,
            .to = RECORD_FOREVER,
            .max = LOOKED_AT},
        fn, arg, NULL);
}

int64_t medication_time(const struct tools_run *run, const jdoc *record)
{
    const char *id = jdoc_text_or(record, "id", "");

    return ident_is_uuid(id) ? ident_uuid7_ms(id) : run->context->now_ms;
}

const char *medication_dose_text(struct arena *arena, const jdoc *record)
{
    struct buf b = {0};
    double amount;
    const char *dosage = jdoc_text_or(record, "dosage", ""), *text;

    if (dosage[0] != '\0') {
        buf_puts(&b, dosage);
    } else if (jdoc_get_double(record, "dose_amount", &amount) == 0) {
        buf_put_double(&b, amount);
        buf_printf(&b, " %s", jdoc_text_or(record, "dose_unit", ""));
    }
    text = buf_error(&b) ? NULL : arena_strdup(arena, buf_text(&b));
    buf_free(&b);
    return text;
}

/* --- what a reminder says --- */

static int medication_next(const jdoc *record, int64_t after_ms, int64_t *due_ms)
{
    struct medication_schedule s;
    bool remind = true;

    jdoc_get_bool(record, "remind", &remind);
    if (!remind || !medication_schedule_read(record, &s))
        return ERR_NOT_FOUND;
    return medication_schedule_next(&s, after_ms, due_ms);
}

/* "Metformin: 500 mg, with food (08:00). 6 left, refill soon." */
static void medication_put_message(struct buf *b, const jdoc *record, const char *dose,
    const char *at)
{
    static const char *const food[][2] = {{"with_food", "with food"},
        {"before_food", "before food"}, {"after_food", "after food"},
        {"empty_stomach", "on an empty stomach"}};
    const char *eaten = jdoc_text_or(record, "food", ""), *more = "";
    double stock, units = jdoc_double_or(record, "units_per_dose", 1);

    buf_printf(b, "%.*s", NAME_SHOWN, jdoc_text_or(record, "name", "Medication"));
    for (size_t i = 0; i < sizeof food / sizeof *food; i++)
        if (strcmp(eaten, food[i][0]) == 0)
            more = food[i][1];
    if (dose[0] != '\0' || more[0] != '\0')
        buf_printf(b, ": %s%s%s", dose, dose[0] != '\0' && more[0] != '\0' ? ", " : "", more);
    buf_printf(b, " (%.5s)", strlen(at) > 16 ? at + 11 : at);
    if (jdoc_get_double(record, "stock", &stock) == 0 && stock < 7 * units) {
        buf_puts(b, ". ");
        buf_put_double(b, stock);
        buf_puts(b, " left");
    }
}

static jdoc *medication_tell(const jdoc *record, int64_t due_ms)
{
    struct arena *arena = arena_new();
    struct medication_schedule s;
    struct buf message = {0};
    char at[TIMESTAMP_SIZE] = "";
    jdoc *said = jdoc_new_object();
    const char *dose = arena ? medication_dose_text(arena, record) : NULL;
    bool failed = !said || !dose;

    if (medication_schedule_read(record, &s))
        timestamp_format(due_ms, s.zone, at);
    if (!failed)
        medication_put_message(&message, record, dose, at);
    failed = failed || buf_error(&message) || jdoc_set_string(said, "event_type", "medication") ||
        jdoc_set_string(said, "title", jdoc_text_or(record, "name", "")) ||
        jdoc_set_string(said, "message", buf_text(&message)) ||
        jdoc_set_string(said, "start_date", at) ||
        jdoc_set_string(said, "timezone", jdoc_text_or(record, "timezone", ""));
    buf_free(&message);
    arena_free(arena);
    if (!failed)
        return said;
    jdoc_free(said);
    return NULL;
}

const struct module_alarm medication_alarm = {.family = MEDICATION_FAMILY,
    .next = medication_next,
    .tell = medication_tell};

static const struct module_alarm medication_alarms[] = {
    {.family = MEDICATION_FAMILY, .next = medication_next, .tell = medication_tell},
    {.family = NULL},
};
const struct module medication_module = {.alarms = medication_alarms};
