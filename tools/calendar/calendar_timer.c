/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * set_timer_or_alarm. Records: family "timer", by due time:
 *   {id, type, label, state: set|fired|cancelled, due_ms, due_at, timezone, created_at, ...}
 * Before the record is written, the housekeepers get a hint (store/reminders.h). Who fires a timer
 * (workers/housekeeper/reminders.c) makes its state "fired", or of an alarm that repeats its time
 * the next one, and writes into the inbox in one script. Such an alarm has {repeat, first}: the
 * rule and the local time that it counts from.
 */
#include "tools/calendar/calendar_timer.h"
#include "tools/calendar/calendar_event.h"
#include "tools/calendar/calendar_series.h"
#include "tools/engine/registry.h"
#include "tools/kit/civil.h"
#include "tools/kit/record.h"
#include "tools/kit/timestamp.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/ident.h"
#include "store/reminders.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FAMILY CALENDAR_TIMERS
#define LONGEST_S (366.0 * 86400)
#define LISTED 50
#define ACTIVE_MAX 100 /* timers of one user that wait at once */

/* --- texts for durations and times of day --- */

static double calendar_timer_unit_seconds(const char *word, size_t len)
{
    static const struct {
        const char *word;
        double seconds;
    } units[] = {
        {"s", 1},
        {"sec", 1},
        {"secs", 1},
        {"second", 1},
        {"seconds", 1},
        {"m", 60},
        {"min", 60},
        {"mins", 60},
        {"minute", 60},
        {"minutes", 60},
        {"h", 3600},
        {"hr", 3600},
        {"hrs", 3600},
        {"hour", 3600},
        {"hours", 3600},
        {"d", 86400},
        {"day", 86400},
        {"days", 86400},
        {"week", 604800},
        {"weeks", 604800},
    };
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strlen(units[i].word) == len && strncasecmp(units[i].word, word, len) == 0)
            return units[i].seconds;
    return -1;
}

static double calendar_timer_number_word(const char *word, size_t len)
{
    static const struct {
        const char *word;
        double number;
    } words[] = {{"a", 1}, {"an", 1}, {"one", 1}, {"two", 2}, {"three", 3}, {"four", 4},
        {"five", 5}, {"ten", 10}, {"fifteen", 15}, {"twenty", 20}, {"thirty", 30}, {"half", 0.5}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i].word) == len && strncasecmp(words[i].word, word, len) == 0)
            return words[i].number;
    return -1;
}

/* "1h 30m", "90 minutes", "an hour and 15 min", "half an hour", "PT1H30M". Below 0: none of these.
 */
static double calendar_timer_read_duration(const char *s)
{
    double total = 0, number = -1;
    bool any = false;
    if (strncasecmp(s, "PT", 2) == 0)
        s += 2;
    while (*s != '\0') {
        char *end;
        if (isspace((unsigned char)*s) || *s == ',') {
            s++;
        } else if (isdigit((unsigned char)*s)) {
            if (number >= 0)
                return -1;
            number = strtod(s, &end);
            s = end;
        } else {
            size_t len = 0;
            while (isalpha((unsigned char)s[len]))
                len++;
            double unit = calendar_timer_unit_seconds(s, len),
                   word = calendar_timer_number_word(s, len);
            if (len == 3 && strncasecmp(s, "and", 3) == 0)
                unit = 0;
            else if (unit >= 0 && number >= 0)
                any = true;
            else if (word >= 0 && (number < 0 || number == 0.5)) /* "half an hour" */
                number = number < 0 ? word : number;
            else
                return -1;
            if (unit > 0) {
                total += number * unit;
                number = -1;
            }
            s += len;
        }
        if (total > LONGEST_S)
            return total;
    }
    return any && number < 0 ? total : -1;
}

/* "07:30", "7:30 pm", "7am". Returns whether. */
static bool calendar_timer_read_clock(const char *s, int *hour, int *minute)
{
    char *end;
    while (isspace((unsigned char)*s))
        s++;
    if (!isdigit((unsigned char)*s))
        return false;
    long h = strtol(s, &end, 10), m = 0;
    bool colon = *end == ':' || *end == '.';
    if (colon) {
        if (!isdigit((unsigned char)end[1]) || !isdigit((unsigned char)end[2]))
            return false;
        m = strtol(end + 1, &end, 10);
    }
    while (isspace((unsigned char)*end))
        end++;
    bool am = strcasecmp(end, "am") == 0 || strcasecmp(end, "a.m.") == 0;
    bool pm = strcasecmp(end, "pm") == 0 || strcasecmp(end, "p.m.") == 0;
    if ((!am && !pm && (*end != '\0' || !colon)) || m > 59 || ((am || pm) && (h < 1 || h > 12)) ||
        h > 23)
        return false;
    *hour = (int)((am || pm) ? h % 12 + (pm ? 12 : 0) : h);
    *minute = (int)m;
    return true;
}

/* The next time the user's clock shows it. Returns 0 or ERR_INVALID. */
static int calendar_timer_next_clock(int64_t now_ms, int hour, int minute, const struct zone *z,
    struct timestamp *out)
{
    char date[TIMESTAMP_SIZE], text[TIMESTAMP_SIZE + 16];
    for (int day = 0; day < 3; day++) {
        timestamp_date(timestamp_day(now_ms, day, z), z, date);
        snprintf(text, sizeof text, "%.10sT%02d:%02d", date, hour, minute);
        if (timestamp_parse(text, z, out) != 0)
            return ERR_INVALID;
        if (out->ms > now_ms)
            return 0;
    }
    return ERR_INVALID;
}

/* --- create --- */

/* When it is due. Returns 0; ERR_INVALID (run->result says why) or a fault. */
static int calendar_timer_refuse(struct tools_run *run, const char *path, const char *expected,
    const char *text)
{
    int error = run_fail_at(run, path, expected, "%s", text);
    return error != 0 ? error : ERR_INVALID;
}

static int calendar_timer_read_timer(struct tools_run *run, int64_t *due_ms)
{
    double seconds = -1;
    const char *text = jdoc_string(jdoc_get(run->args, "duration"), NULL);
    bool given = jdoc_get_double(run->args, "duration_seconds", &seconds) == 0;
    if (!given && !text)
        return calendar_timer_refuse(run, "/duration", "duration or duration_seconds",
            "for a timer its duration is needed");
    if (text && text[strspn(text, "0123456789., ")] == '\0')
        return calendar_timer_refuse(run, "/duration", "\"10 minutes\", \"90 seconds\"",
            "that is no duration for a timer: it has no unit");
    double said = text ? calendar_timer_read_duration(text) : -1;
    if (given && text && said != seconds)
        return calendar_timer_refuse(run, "/duration_seconds", "duration or duration_seconds",
            "duration and duration_seconds are not the same");
    if (!given)
        seconds = said;
    if (!(seconds >= 1) || seconds > LONGEST_S)
        return calendar_timer_refuse(run, given ? "/duration_seconds" : "/duration",
            "\"10 minutes\", \"1h 30m\", \"90 seconds\"; 1 second to 366 days",
            "that is no duration for a timer");
    *due_ms = run->context->now_ms + (int64_t)llround(seconds * 1000);
    return 0;
}

static int calendar_timer_read_alarm(struct tools_run *run, const struct zone *z,
    struct timestamp *m)
{
    int hour, minute;
    int64_t now = run->context->now_ms;
    const char *text = jdoc_string(jdoc_get(run->args, "alarm_time"), NULL);
    static const char expected[] = "\"07:30\", \"7 am\" or a date and time as 2026-12-01T07:30";
    if (!text)
        return calendar_timer_refuse(run, "/alarm_time", expected,
            "for an alarm its time is needed");
    if (jdoc_has(run->args, "duration") || jdoc_has(run->args, "duration_seconds"))
        return calendar_timer_refuse(run, "/alarm_time", "alarm_time, or a duration alone",
            "an alarm has a time and no duration");
    int error = calendar_timer_read_clock(text, &hour, &minute) ?
        calendar_timer_next_clock(now, hour, minute, z, m) :
        timestamp_parse(text, z, m);
    if (error != 0 || (!m->has_time && strlen(text) <= 10 && strchr(text, '-')))
        return calendar_timer_refuse(run, "/alarm_time", expected, "that is no time for an alarm");
    if (m->ms <= now)
        return calendar_timer_refuse(run, "/alarm_time", "a time in the future",
            "that time is past");
    if (m->ms - now > (int64_t)(LONGEST_S * 1000))
        return calendar_timer_refuse(run, "/alarm_time", "a time within 366 days",
            "that is too far ahead");
    return 0;
}

static jdoc *calendar_timer_new_timer(struct tools_run *run, const char *type,
    const struct timestamp *m, const struct zone *z)
{
    char id[IDENT_UUID_SIZE], due[TIMESTAMP_SIZE];
    jdoc *timer = jdoc_new_object();
    if (!timer)
        return NULL;
    ident_uuid7(id);
    timestamp_format(m->ms, z, due);
    int failed = jdoc_set_string(timer, "id", id);
    failed |= jdoc_set_string(timer, "type", type);
    failed |= jdoc_set_string(timer, "label", jdoc_text_or(run->args, "label", type));
    failed |= jdoc_set_string(timer, "state", "set");
    failed |= jdoc_set_int(timer, "due_ms", m->ms);
    failed |= jdoc_set_string(timer, "due_at", due);
    failed |= jdoc_set_string(timer, "timezone", zone_name(z));
    failed |= jdoc_set_string(timer, "note", timestamp_note(run, m, z));
    failed |= jdoc_set_string(timer, "repeat", jdoc_string(jdoc_get(run->args, "repeat"), NULL));
    failed |= record_stamp(run, timer);
    if (failed == 0)
        return timer;
    jdoc_free(timer);
    return NULL;
}

static int calendar_timer_write_hint(struct tools_run *run, const char *id, int64_t due_ms)
{
    struct reminders_hint hint;
    reminders_timer_hint(&hint, run->context->uid, id, due_ms);
    return reminders_plan(run->context->store, &hint, 1);
}

int calendar_timer_plan(const struct tools_context *context, const jdoc *timer)
{
    struct reminders_hint hint;
    if (strcmp(jdoc_text_or(timer, "state", ""), "set") != 0)
        return 0;
    reminders_timer_hint(&hint, context->uid, jdoc_text_or(timer, "id", ""),
        jdoc_int_or(timer, "due_ms", 0));
    return reminders_plan(context->store, &hint, 1);
}

/* `timer` (a copy, unless NULL) and `timers` into the result. */
static int calendar_timer_set_result(struct tools_run *run, const jdoc *timer, jdoc *timers)
{
    jdoc *list = timers ? timers : jdoc_new_array();
    int failed = !list;
    if (failed == 0 && !timers)
        failed |= jdoc_push(list, jdoc_dup(timer));
    if (failed != 0) {
        jdoc_free(list);
        return ERR_NOMEM;
    }
    failed |= jdoc_set(run->result, "timers", list);
    if (timer)
        failed |= jdoc_set(run->result, "timer", jdoc_dup(timer));
    return failed != 0 ? ERR_NOMEM : 0;
}

static int calendar_timer_commit_timer(struct tools_run *run, const jdoc *timer, const char *seen)
{
    int64_t due = jdoc_int_or(timer, "due_ms", 0);
    struct record_item item = {.family = FAMILY,
        .id = jdoc_text_or(timer, "id", ""),
        .document = timer,
        .time_ms = due,
        .seen = seen};
    return record_commit(run, &item, 1, seen != NULL);
}

/* --- alarms that repeat --- */

/* The first time of the rule after `after_ms`. Returns 0 or ERR_NOT_FOUND. */
static int calendar_timer_next_time(const jdoc *timer, int64_t after_ms, const struct zone *z,
    int64_t *due_ms)
{
    struct recurrence *r;
    struct civil first = {0};
    struct zone_offset offset;
    int64_t local_s, utc_s;
    int error = civil_parse(jdoc_text_or(timer, "first", ""), &first);
    zone_at(z, after_ms / 1000, &offset);
    if (error == 0) /* an hour or so early: the clocks may change meanwhile */
        error = recurrence_open(&r, jdoc_text_or(timer, "repeat", ""), civil_seconds(&first), z,
            after_ms / 1000 + offset.seconds - 3 * 3600, INT64_MAX);
    if (error != 0)
        return error;
    error = ERR_NOT_FOUND;
    while (error != 0 && recurrence_next(r, &local_s)) {
        zone_to_utc(z, local_s, &utc_s);
        *due_ms = utc_s * 1000;
        error = *due_ms > after_ms ? 0 : ERR_NOT_FOUND;
    }
    recurrence_close(r);
    return error;
}

int calendar_timer_fired(jdoc *timer, int64_t now_ms, int64_t *next_ms)
{
    const struct zone *z;
    char text[TIMESTAMP_SIZE];
    *next_ms = 0;
    if (!calendar_series_is(timer) || zone_get(jdoc_text_or(timer, "timezone", ""), &z) != 0 ||
        calendar_timer_next_time(timer, now_ms, z, next_ms) != 0) {
        *next_ms = 0;
        clock_rfc3339(now_ms, text);
        return jdoc_set_string(timer, "state", "fired") != 0 ||
                jdoc_set_string(timer, "updated_at", text) != 0 ?
            ERR_NOMEM :
            0;
    }
    int failed = jdoc_set_int(timer, "due_ms", *next_ms);
    timestamp_format(*next_ms, z, text);
    failed |= jdoc_set_string(timer, "due_at", text);
    jdoc_remove(timer, "note");
    clock_rfc3339(now_ms, text);
    failed |= jdoc_set_string(timer, "updated_at", text);
    return failed != 0 ? ERR_NOMEM : 0;
}

/* The rule of a new alarm: its first time is the rule's. Returns 0, ERR_INVALID (said) or a
 * fault. */
static int calendar_timer_settle(struct tools_run *run, jdoc *timer, struct timestamp *m,
    const struct zone *z)
{
    char rule[RECURRENCE_SIZE], why[RECURRENCE_WHY_SIZE], key[CALENDAR_SERIES_KEY_SIZE];
    char due[TIMESTAMP_SIZE];
    struct zone_offset offset;
    int64_t first_s, last_s, utc_s;
    if (!calendar_series_is(timer))
        return 0;
    if (strcmp(jdoc_text_or(timer, "type", ""), "alarm") != 0)
        return calendar_timer_refuse(run, "/repeat", "an alarm, with alarm_time",
            "a timer does not repeat");
    zone_at(z, m->ms / 1000, &offset);
    const struct recurrence_from from = {.start_s = m->ms / 1000 + offset.seconds, .zone = z};
    int error =
        recurrence_check(jdoc_text_or(timer, "repeat", ""), &from, rule, &first_s, &last_s, why);
    if (error == ERR_INVALID)
        return calendar_timer_refuse(run, "/repeat",
            "daily, weekdays, weekly, ... or a rule as "
            "FREQ=WEEKLY;BYDAY=MO,WE",
            why);
    if (error != 0)
        return error;
    zone_to_utc(z, first_s, &utc_s);
    m->ms = utc_s * 1000;
    calendar_series_key(first_s, false, key);
    timestamp_format(m->ms, z, due);
    int failed = jdoc_set_string(timer, "repeat", rule);
    failed |= jdoc_set_string(timer, "first", key);
    failed |= jdoc_set_int(timer, "due_ms", m->ms);
    failed |= jdoc_set_string(timer, "due_at", due);
    return failed != 0 ? ERR_NOMEM : 0;
}

static int calendar_timer_create(struct tools_run *run)
{
    const struct zone *z;
    struct timestamp m = {.has_time = true};
    char when[TIMESTAMP_TEXT_SIZE];
    int64_t waiting = 0;
    const char *type = jdoc_string(jdoc_get(run->args, "type"), NULL);
    if (!type)
        type = jdoc_has(run->args, "alarm_time") ? "alarm" : "timer";
    int error = timestamp_zone(run, &z);
    if (error == 0)
        error = strcmp(type, "alarm") == 0 ? calendar_timer_read_alarm(run, z, &m) :
                                             calendar_timer_read_timer(run, &m.ms);
    if (error == 0)
        error = records_count(run->context->store, run->context->uid, FAMILY, run->context->now_ms,
            RECORD_FOREVER, &waiting);
    if (error != 0)
        return error == ERR_INVALID ? 0 : error;
    if (waiting >= ACTIVE_MAX)
        return run_fail(run, "limit_reached",
            "There are %d timers and alarms already; cancel some.", ACTIVE_MAX);
    jdoc *timer = calendar_timer_new_timer(run, type, &m, z);
    error = timer ? calendar_timer_settle(run, timer, &m, z) : ERR_NOMEM;
    if (error != 0) {
        jdoc_free(timer);
        return error == ERR_INVALID ? 0 : error;
    }
    timestamp_text(m.ms, z, true, when);
    if (!run_succeed(run, "The %s \"%s\" is set for %s%s.", type, jdoc_text_or(timer, "label", ""),
            when, calendar_series_is(timer) ? ", and again by its rule" : "")) {
        jdoc_free(timer);
        return ERR_NOMEM;
    }
    error = calendar_timer_set_result(run, timer, NULL);
    if (error == 0)
        error = calendar_timer_write_hint(run, jdoc_text_or(timer, "id", ""), m.ms);
    if (error == 0)
        error = calendar_timer_commit_timer(run, timer, NULL);
    jdoc_free(timer);
    return error;
}

/* --- list and cancel --- */

struct search {
    jdoc *found;
    const char *label; /* NULL = all */
};

static bool calendar_timer_is_set(const jdoc *timer)
{
    return strcmp(jdoc_text_or(timer, "state", ""), "set") == 0;
}

static int calendar_timer_take_set(void *arg, const jdoc *timer)
{
    struct search *s = arg;
    if (!calendar_timer_is_set(timer) ||
        (s->label && strcasecmp(s->label, jdoc_text_or(timer, "label", "")) != 0))
        return 0;
    if (jdoc_length(s->found) == LISTED)
        return ERR_LIMIT;
    return jdoc_push(s->found, jdoc_dup(timer));
}

/* Those that wait, a day back: one that is due this moment may not have been fired yet. */
static int calendar_timer_find_set(struct tools_run *run, const char *label, jdoc **found)
{
    struct search s = {.found = jdoc_new_array(), .label = label};
    int error = s.found ? record_each(run, FAMILY, run->context->now_ms - 86400000, RECORD_FOREVER,
                              calendar_timer_take_set, &s) :
                          ERR_NOMEM;
    *found = s.found;
    if (error == 0)
        return 0;
    jdoc_free(s.found);
    *found = NULL;
    return error;
}

static int calendar_timer_list(struct tools_run *run)
{
    jdoc *found;
    int error = calendar_timer_find_set(run, NULL, &found);
    if (error != 0)
        return error;
    size_t count = jdoc_length(found);
    if (!run_succeed(run, "%zu timer%s or alarm%s set.", count, count == 1 ? "" : "s",
            count == 1 ? " is" : "s are")) {
        jdoc_free(found);
        return ERR_NOMEM;
    }
    return calendar_timer_set_result(run, NULL, found);
}

/* Which one: by id, by label, or the only one. Returns 0, ERR_INVALID (said) or a fault. */
static int calendar_timer_pick(struct tools_run *run, const char **id)
{
    jdoc *found;
    *id = jdoc_string(jdoc_get(run->args, "timer_id"), NULL);
    if (*id)
        return 0;
    int error =
        calendar_timer_find_set(run, jdoc_string(jdoc_get(run->args, "label"), NULL), &found);
    if (error != 0)
        return error;
    size_t count = jdoc_length(found);
    *id = count == 1 ? arena_strdup(run->arena, jdoc_text_or(jdoc_at(found, 0), "id", "")) : NULL;
    jdoc_free(found);
    if (count == 1)
        return *id ? 0 : ERR_NOMEM;
    if (count == 0)
        error = run_fail(run, "not_found", "There is no such timer or alarm.");
    else
        error = calendar_timer_refuse(run, "/timer_id", "the id of one of them; list shows them",
            "several timers and alarms could be meant");
    return error != 0 ? error : ERR_INVALID;
}

static int calendar_timer_cancel_once(struct tools_run *run, void *arg)
{
    const char *seen = NULL, *id = arg;
    jdoc *timer = NULL;
    int error = record_get(run, FAMILY, id, &timer, &seen);
    if (error != 0)
        return error;
    if (!calendar_timer_is_set(timer)) {
        error = run_fail(run, "conflict", "It has %s already.",
            strcmp(jdoc_text_or(timer, "state", ""), "fired") == 0 ? "gone off" : "been cancelled");
        jdoc_free(timer);
        return error;
    }
    error = jdoc_set_string(timer, "state", "cancelled");
    if (error == 0)
        error = record_stamp(run, timer);
    if (error == 0 && !run_succeed(run, "\"%s\" is cancelled.", jdoc_text_or(timer, "label", "")))
        error = ERR_NOMEM;
    if (error == 0)
        error = calendar_timer_set_result(run, timer, NULL);
    if (error == 0)
        error = calendar_timer_commit_timer(run, timer, seen);
    jdoc_free(timer);
    return error;
}

static int calendar_timer_cancel(struct tools_run *run)
{
    struct reminders_hint hint;
    const char *id = "";
    int error = calendar_timer_pick(run, &id);
    if (error == 0)
        error = record_retry(run, calendar_timer_cancel_once, (void *)id);
    if (error == ERR_NOT_FOUND)
        return run_fail(run, "not_found", "There is no such timer or alarm.");
    if (error == ERR_INVALID)
        return 0;
    if (error == 0 && id) {
        reminders_timer_hint(&hint, run->context->uid, id, 0);
        err_ignore(reminders_drop(run->context->store, hint.member)); /* a hint proves nothing */
    }
    return error;
}

int calendar_tool_set_timer_or_alarm(struct tools_run *run)
{
    const char *action = jdoc_text_or(run->args, "action", "");
    if (strcmp(action, "list") == 0)
        return calendar_timer_list(run);
    return strcmp(action, "cancel") == 0 ? calendar_timer_cancel(run) : calendar_timer_create(run);
}
