/* SPDX-License-Identifier: BSD-2-Clause */
/* medication, second part: the arguments of a medication, checked against each other. */
#include "tools/kit/civil.h"
#include "tools/kit/record.h"
#include "tools/kit/timestamp.h"
#include "tools/person/medication.h"
#include "tools/person/medication_schedule.h"

#include <stdio.h>
#include <string.h>

#define DAY_HOURS 24
#define HOUR_MINUTES 60

static int medication_ask(struct tools_run *run, const char *path, const char *expected,
    const char *question)
{
    int error = run_ask_back(run, path, expected, "%s", question);
    return error ? error : ERR_INVALID;
}

/* --- the schedule --- */

/* Arguments that cannot both be right. */
static int medication_check(struct tools_run *run)
{
    const jdoc *args = run->args;
    size_t times = jdoc_length(jdoc_get(args, "times"));
    int64_t hours = jdoc_int_or(args, "every_hours", 0),
            daily = jdoc_int_or(args, "times_per_day", 0);
    bool as_needed = jdoc_is_true(args, "as_needed");

    if ((times > 0) + (hours > 0) + as_needed > 1)
        return medication_ask(run, "/times", "one of times, every_hours and as_needed",
            "Set times, every so many hours, or only when needed: which of them is right?");
    if (daily > 0 && hours > 0 && daily * hours > DAY_HOURS)
        return medication_ask(run, "/times_per_day", "a number that fits every_hours",
            "So many doses at that distance take more than 24 hours. Which of the two is right?");
    if (daily > 0 && times > 0 && (int64_t)times != daily)
        return medication_ask(run, "/times", "as many times as times_per_day says",
            "The number of times is not the number of doses a day. Which is right?");
    if (daily > 0 && times == 0 && hours == 0 && !as_needed)
        return medication_ask(run, "/times", "times of day, as [\"08:00\", \"20:00\"]",
            "At which times of the day?");
    if (jdoc_length(jdoc_get(args, "weekdays")) > 0 && jdoc_int_or(args, "every_days", 1) > 1)
        return medication_ask(run, "/weekdays", "weekdays or every_days",
            "On weekdays or every so many days: which is right?");
    return 0;
}

/* Appends a time of day as "08:00"; one that is there already is asked about. */
static int medication_push_time(struct tools_run *run, jdoc *list, int minutes)
{
    char text[16];

    snprintf(text, sizeof text, "%02d:%02d", minutes / HOUR_MINUTES % DAY_HOURS,
        minutes % HOUR_MINUTES);
    for (size_t i = 0; i < jdoc_length(list); i++)
        if (strcmp(jdoc_string(jdoc_at(list, i), NULL), text) == 0)
            return medication_ask(run, "/times", "each time once, in 24 hours: 08:00 and 20:00",
                "The same time is there twice. Is one of them in the evening?");
    return jdoc_push(list, jdoc_new_string(text, strlen(text)));
}

/* In order of the day. */
static int medication_put_times(struct tools_run *run, jdoc *record, const int *minutes,
    size_t count)
{
    jdoc *list = jdoc_new_array();
    int error = list ? 0 : ERR_NOMEM;

    for (int m = 0; !error && m < DAY_HOURS * HOUR_MINUTES; m++)
        for (size_t i = 0; !error && i < count; i++)
            if (minutes[i] == m)
                error = medication_push_time(run, list, m);
    if (!error)
        return jdoc_set(record, "times", list);
    jdoc_free(list);
    return error;
}

static int medication_set_times(struct tools_run *run, jdoc *record)
{
    const jdoc *said = jdoc_get(run->args, "times");
    int minutes[MEDICATION_TIMES_MAX];
    size_t count = jdoc_length(said);

    for (size_t i = 0; i < count && i < MEDICATION_TIMES_MAX; i++) {
        const char *text = jdoc_string(jdoc_at(said, i), NULL);
        if (!text || medication_schedule_time(text, &minutes[i]) != 0) {
            int error = run_fail_at(run, "/times", "times of day, as 08:00 and 20:00",
                "\"%.40s\" is no time of day", text ? text : "");
            return error ? error : ERR_INVALID;
        }
    }
    return medication_put_times(run, record, minutes, count);
}

/* first_dose: a time of today, or a moment. */
static int medication_first_dose(struct tools_run *run, const struct zone *z, int64_t *ms)
{
    const char *text = jdoc_string(jdoc_get(run->args, "first_dose"), NULL);
    struct timestamp when;
    int minutes;

    if (!text)
        return medication_ask(run, "/first_dose", "the time of the first dose, as 06:00",
            "When is the first dose? The others are counted from it.");
    if (medication_schedule_time(text, &minutes) != 0) {
        int error = timestamp_argument(run, "first_dose", z, &when);
        *ms = when.ms;
        return error;
    }
    char moment[TIMESTAMP_SIZE + 16], day[TIMESTAMP_SIZE];
    timestamp_date(run->context->now_ms, z, day);
    snprintf(moment, sizeof moment, "%s", day);
    snprintf(moment + strlen(moment), sizeof moment - strlen(moment), "T%02d:%02d",
        minutes / HOUR_MINUTES % DAY_HOURS, minutes % HOUR_MINUTES);
    if (timestamp_parse(moment, z, &when) != 0)
        return ERR_INTERNAL;
    *ms = when.ms;
    return 0;
}

/* Hours that divide the day become times of day, which follow the clocks. */
static int medication_set_hours(struct tools_run *run, jdoc *record, const struct zone *z,
    int64_t *since_ms)
{
    int64_t hours = jdoc_int_or(run->args, "every_hours", 0), first;
    int minutes[DAY_HOURS];
    struct zone_offset offset;
    int error = medication_first_dose(run, z, &first);

    if (error)
        return error;
    *since_ms = first;
    if (hours > DAY_HOURS || DAY_HOURS % hours != 0) {
        error = jdoc_set_int(record, "every_hours", hours);
        return error ? error : jdoc_set_int(record, "anchor_ms", first);
    }
    zone_at(z, first / 1000, &offset);
    int at = (int)((first / 1000 + offset.seconds) / 60 % (DAY_HOURS * HOUR_MINUTES));
    size_t count = (size_t)(DAY_HOURS / hours);
    for (size_t i = 0; i < count; i++)
        minutes[i] = (at + (int)i * (int)hours * HOUR_MINUTES) % (DAY_HOURS * HOUR_MINUTES);
    return medication_put_times(run, record, minutes, count);
}

static int medication_set_days(struct tools_run *run, jdoc *record)
{
    const jdoc *weekdays = jdoc_get(run->args, "weekdays");
    int64_t days;
    int error = 0;

    if (weekdays) {
        jdoc_remove(record, "every_days");
        jdoc_remove(record, "weekdays");
        if (jdoc_length(weekdays) > 0)
            error = jdoc_set(record, "weekdays", jdoc_dup(weekdays));
    }
    if (!error && jdoc_get_int(run->args, "every_days", &days) == 0) {
        jdoc_remove(record, "weekdays");
        error = jdoc_set_int(record, "every_days", days);
    }
    return error;
}

static int medication_set_kind(struct tools_run *run, jdoc *record, const struct zone *z,
    int64_t *since_ms)
{
    static const char *const kinds[] = {"times", "every_hours", "anchor_ms", "as_needed"};
    bool times = jdoc_length(jdoc_get(run->args, "times")) > 0;
    bool hours = jdoc_has(run->args, "every_hours"), needed = jdoc_is_true(run->args, "as_needed");

    for (size_t i = 0; (times || hours || needed) && i < sizeof kinds / sizeof *kinds; i++)
        jdoc_remove(record, kinds[i]);
    if (times)
        return medication_set_times(run, record);
    if (hours)
        return medication_set_hours(run, record, z, since_ms);
    return needed ? jdoc_set_bool(record, "as_needed", true) : 0;
}

int medication_arguments_schedule(struct tools_run *run, jdoc *record, const struct zone *z)
{
    static const char *const keys[] = {"times", "every_hours", "as_needed", "weekdays",
        "every_days", "times_per_day", "use_my_zone"};
    int64_t since_ms = run->context->now_ms;
    char text[MEDICATION_SCHEDULE_TEXT];
    bool any = false;

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        any |= jdoc_has(run->args, keys[i]);
    if (!any)
        return ERR_NOT_FOUND;
    int error = medication_check(run);
    if (!error)
        error = medication_set_kind(run, record, z, &since_ms);
    if (!error)
        error = medication_set_days(run, record);
    if (error)
        return error;
    if (!jdoc_get(record, "times") && !jdoc_get(record, "every_hours") &&
        !jdoc_is_true(record, "as_needed"))
        return medication_ask(run, "/times", "times of day, as [\"08:00\"]",
            "At which times of the day?");
    int64_t hours = jdoc_int_or(record, "every_hours", 0);
    if (hours > 0 && 24 % hours != 0 &&
        (jdoc_length(jdoc_get(record, "weekdays")) > 0 || jdoc_int_or(record, "every_days", 1) > 1))
        return medication_ask(run, "/every_hours", "times of day, or hours without days",
            "Doses every so many hours fall on other times each day. At which times on those days?");
    medication_schedule_text(record, text);
    int failed = jdoc_set_string(record, "frequency", text);
    failed |= jdoc_set_int(record, "since_ms", since_ms);
    /* Other days alone do not move the doses to the zone where the user is now. */
    if (!jdoc_get(record, "timezone") || jdoc_has(run->args, "times") ||
        jdoc_has(run->args, "every_hours") || jdoc_has(run->args, "use_my_zone"))
        failed |= jdoc_set_string(record, "timezone", zone_name(z));
    return failed ? ERR_NOMEM : 0;
}

/* --- the rest --- */

static int medication_set_day(struct tools_run *run, jdoc *record, const char *key,
    const struct zone *z, int64_t *ms)
{
    struct timestamp when;
    char text[TIMESTAMP_SIZE];
    int error = timestamp_argument(run, key, z, &when);

    if (error)
        return error == ERR_NOT_FOUND ? 0 : error;
    timestamp_date(when.ms, z, text);
    *ms = when.ms;
    return jdoc_set_string(record, key, text);
}

/* start_date, end_date, or how many days from the first one. */
static int medication_set_period(struct tools_run *run, jdoc *record, const struct zone *z)
{
    struct timestamp when;
    char text[TIMESTAMP_SIZE];
    int64_t start = run->context->now_ms, end = INT64_MAX, days, refill;
    int error = medication_set_day(run, record, "start_date", z, &start);

    if (!error && timestamp_parse(jdoc_text_or(record, "start_date", ""), z, &when) == 0)
        start = when.ms;
    if (!error)
        error = medication_set_day(run, record, "end_date", z, &end);
    if (!error)
        error = medication_set_day(run, record, "refill_date", z, &refill);
    if (!error && jdoc_get_int(run->args, "days", &days) == 0) {
        if (end != INT64_MAX && timestamp_days(start, end, z) != (int)days)
            return medication_ask(run, "/days", "days or end_date",
                "The last day and the number of days do not fit. Which is right?");
        end = timestamp_day(start, (int)days - 1, z);
        timestamp_date(end, z, text);
        error = jdoc_set_string(record, "end_date", text);
    }
    if (error || end == INT64_MAX || timestamp_days(start, end, z) >= 1)
        return error;
    error = run_fail_at(run, "/end_date", "a day that is not before start_date",
        "The last day is before the first one.");
    return error ? error : ERR_INVALID;
}

int medication_arguments_rest(struct tools_run *run, jdoc *record, const struct zone *z)
{
    static const char *const copied[] = {"dosage", "dose_amount", "dose_unit", "form", "food",
        "instructions", "prescriber", "pharmacy", "refills_left", "stock", "units_per_dose",
        "refill_warn_days", "max_per_day", "min_hours_between", "remind", NULL};
    double amount;
    int error = medication_set_period(run, record, z);

    if (!error)
        error = record_copy(record, run->args, copied);
    if (!error && jdoc_get_double(run->args, "dose_amount", &amount) == 0 &&
        !jdoc_get(record, "dose_unit"))
        return medication_ask(run, "/dose_unit", "a unit, as mg, ml or tablet",
            "An amount of what: mg, ml, tablets?");
    return error ? error : record_stamp(run, record);
}
