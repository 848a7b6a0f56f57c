/* SPDX-License-Identifier: BSD-2-Clause */
/* Tools of the family calendar: new events, and lists of them. calendar_change.c changes them. */
#include "tools/calendar/calendar_event.h"
#include "tools/calendar/calendar_feed.h"
#include "tools/calendar/calendar_reminders.h"
#include "tools/calendar/calendar_rings.h"
#include "tools/calendar/calendar_series.h"
#include "tools/engine/registry.h"
#include "tools/kit/record.h"
#include "tools/kit/timestamp.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/ident.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>

#define DAY_MS 86400000LL
#define LONG_LOOK 1000 /* events of more than a day that began within CALENDAR_LONGEST_MS */
#define LISTED_MAX 100

static jdoc *calendar_new_event(struct tools_run *run, const struct calendar_span *s,
    const struct zone *z)
{
    char id[IDENT_UUID_SIZE];
    jdoc *event = jdoc_new_object();
    if (!event)
        return NULL;
    ident_uuid7(id);
    int failed = jdoc_set_string(event, "id", id);
    failed |= record_copy(event, run->args, calendar_event_fields);
    failed |= calendar_event_set_times(event, s, z);
    failed |= calendar_event_set_reminders(event, jdoc_get(run->args, "reminder_minutes"));
    failed |= calendar_reminders_settle(event);
    failed |= jdoc_set_string(event, "repeat", jdoc_string(jdoc_get(run->args, "repeat"), NULL));
    failed |= record_stamp(run, event);
    if (failed == 0)
        return event;
    jdoc_free(event);
    return NULL;
}

/* Makes a series of it when it repeats: *index_ms becomes its end. Returns 0, ERR_INVALID
 * (run->result says why) or a fault. */
static int calendar_settle_new(struct tools_run *run, jdoc *event, const struct zone *z,
    int64_t *index_ms)
{
    char why[RECURRENCE_WHY_SIZE] = "";
    int64_t count = 0;
    int error = calendar_series_settle(event, z, index_ms, why);
    if (error == ERR_INVALID) {
        error = run_fail_at(run, "/repeat",
            "daily, weekdays, weekly, ... or a rule as FREQ=MONTHLY;BYDAY=-1FR", "%s", why);
        return error != 0 ? error : ERR_INVALID;
    }
    if (error == 0)
        error = records_count(run->context->store, run->context->uid, CALENDAR_SERIES,
            run->context->now_ms, RECORD_FOREVER, &count);
    if (error == 0 && count >= CALENDAR_SERIES_MAX) {
        error = run_fail(run, "limit_reached", "There are %d repeating events already.",
            CALENDAR_SERIES_MAX);
        return error != 0 ? error : ERR_INVALID;
    }
    return error;
}

/* Answers and writes; the event is taken. */
static int calendar_keep_new(struct tools_run *run, jdoc *event, const struct timestamp *start,
    const struct zone *z)
{
    char when[TIMESTAMP_TEXT_SIZE];
    bool repeats = calendar_series_is(event);
    struct calendar_span s;
    struct record_item item = {.family = repeats ? CALENDAR_SERIES : CALENDAR_EVENTS,
        .id = jdoc_text_or(event, "id", ""),
        .document = event,
        .time_ms = start->ms};
    int error = repeats ? calendar_settle_new(run, event, z, &item.time_ms) : 0;
    if (error != 0) {
        jdoc_free(event);
        return error == ERR_INVALID ? 0 : error;
    }
    calendar_event_span(event, &s);
    timestamp_text(s.start.ms, z, !s.all_day, when);
    const char *text = arena_printf(run->arena, "\"%s\" is in the calendar: %s%s%s.",
        jdoc_text_or(event, "title", ""), repeats ? "first on " : "", when,
        repeats ? ", and again by its rule" : "");
    error = calendar_rings_answer(run, text, event,
        s.start.ms == start->ms ? timestamp_note(run, start, z) : NULL, z);
    if (error == 0)
        error = calendar_reminders_plan(run->context, event);
    return error == 0 ? record_commit(run, &item, 1, false) : error;
}

int calendar_tool_create_calendar_event(struct tools_run *run)
{
    const struct zone *z;
    struct calendar_span s = {.end_ms = -1};
    int error = timestamp_zone(run, &z);
    if (error == 0)
        error = timestamp_argument(run, "start_date", z, &s.start);
    if (error == 0) {
        jdoc_get_bool(run->args, "all_day", &s.all_day);
        s.all_day |= !s.start.has_time;
        if (s.all_day)
            s.start = (struct timestamp){.ms = timestamp_day(s.start.ms, 0, z)};
        error = calendar_event_read_end(run, z, &s);
    }
    if (error != 0)
        return error == ERR_INVALID ? 0 : error;
    jdoc *event = calendar_new_event(run, &s, z);
    return event ? calendar_keep_new(run, event, &s.start, z) : ERR_NOMEM;
}

/* --- listing --- */

struct entry {
    int64_t ms;
    jdoc *event;
};

/* The first `limit` by their start, of both families. */
struct listing {
    struct entry entries[LISTED_MAX];
    size_t count, limit;
    const char *type;
    int64_t from_ms;               /* where the look at the starts begins */
    int64_t still_on_ms, until_ms; /* the period without its end; INT64_MIN = all the past */
    bool more;
    const jdoc *series; /* the one that is being counted out */
    const struct tools_context *context;
};

/*
 * A copy for the answer. An event of the type `reminder` that was stored before the type alone made
 * it ring is planned now. It rings from the first time on that somebody sees it.
 */
static int calendar_copy_settled(const struct listing *l, const jdoc *event, jdoc **out)
{
    *out = jdoc_dup(event);
    if (!*out)
        return ERR_NOMEM;
    calendar_event_strip(*out);
    if (jdoc_has(event, "subscription_id") || !calendar_reminders_unsettled(event))
        return 0;
    int error = calendar_reminders_settle(*out);
    if (error != 0) {
        jdoc_free(*out);
        *out = NULL;
        return error;
    }
    /* A store that takes no writes at the moment can still be read. */
    if (calendar_reminders_plan(l->context, *out) != 0)
        log_limited(LOG_LEVEL_WARN, "a reminder of before cannot be planned");
    return 0;
}

static bool calendar_has_room(const struct listing *l, int64_t ms)
{
    return l->count < l->limit || ms < l->entries[l->count - 1].ms;
}

/* Takes the event in at its place; the last one gives way. */
static int calendar_take_in(struct listing *l, int64_t ms, jdoc *event)
{
    if (!event)
        return ERR_NOMEM;
    if (l->count == l->limit) {
        jdoc_free(l->entries[--l->count].event);
        l->more = true;
    }
    size_t at = l->count;
    while (at > 0 && l->entries[at - 1].ms > ms)
        at--;
    memmove(&l->entries[at + 1], &l->entries[at], (l->count - at) * sizeof *l->entries);
    l->entries[at] = (struct entry){.ms = ms, .event = event};
    l->count++;
    return 0;
}

static int calendar_list_event(void *arg, const jdoc *event)
{
    struct listing *l = arg;
    struct calendar_span s;
    calendar_event_span(event, &s);
    if ((l->type && strcmp(jdoc_text_or(event, "event_type", ""), l->type) != 0) ||
        !calendar_event_overlaps(&s, l->still_on_ms, l->until_ms))
        return 0;
    if (calendar_has_room(l, s.start.ms)) {
        jdoc *copy;
        int error = calendar_copy_settled(l, event, &copy);
        return error == 0 ? calendar_take_in(l, s.start.ms, copy) : error;
    }
    l->more = true;
    return ERR_LIMIT;
}

static int calendar_list_occurrence(void *arg, const struct calendar_series_start *start)
{
    struct listing *l = arg;
    const struct calendar_span s = {.start.ms = start->ms,
        .end_ms = calendar_series_end(l->series, start->ms)};
    if (!calendar_event_overlaps(&s, l->still_on_ms, l->until_ms))
        return 0;
    if (calendar_has_room(l, start->ms))
        return calendar_take_in(l, start->ms, calendar_series_occurrence(l->series, start));
    l->more = true;
    return ERR_LIMIT;
}

static int calendar_list_series(void *arg, const jdoc *series)
{
    struct listing *l = arg;
    struct calendar_span s;
    calendar_event_span(series, &s);
    if (l->type && strcmp(jdoc_text_or(series, "event_type", ""), l->type) != 0)
        return 0;
    int64_t length = s.end_ms > s.start.ms ? s.end_ms - s.start.ms : 0;
    int64_t from = l->still_on_ms == INT64_MIN ? l->from_ms :
                                                 l->still_on_ms - length - CALENDAR_SERIES_SLACK_MS;
    int64_t begin = calendar_series_begin(series);
    from = from > begin ? from : begin;
    int64_t to = l->until_ms - 1, end = from + CALENDAR_SERIES_AHEAD_MS;
    if (to > end && l->until_ms >= RECORD_FOREVER)
        to = l->still_on_ms > end - CALENDAR_SERIES_AHEAD_MS ?
            l->still_on_ms + CALENDAR_SERIES_AHEAD_MS :
            end;
    jdoc *copy;
    int error = calendar_copy_settled(l, series, &copy);
    l->series = copy;
    if (error == 0)
        error = calendar_series_each(copy, from, to, calendar_list_occurrence, l);
    jdoc_free(copy);
    return error == ERR_INVALID ? 0 : error;
}

/* The period asked for. Returns 0, ERR_INVALID (run->result says why) or a fault. */
static int calendar_read_period(struct tools_run *run, const struct zone *z, struct listing *l)
{
    struct timestamp from, to;
    bool past = jdoc_is_true(run->args, "include_past");
    l->from_ms = 0;
    l->until_ms = RECORD_FOREVER;
    l->still_on_ms = INT64_MIN;
    int error = timestamp_argument(run, "start_date", z, &from);
    if (error == ERR_INVALID)
        return error;
    if (error == 0)
        l->still_on_ms = from.ms;
    else if (!past)
        l->still_on_ms = run->context->now_ms;
    if (l->still_on_ms != INT64_MIN)
        l->from_ms = l->still_on_ms - DAY_MS; /* longer ones: calendar_list_long */
    error = timestamp_argument(run, "end_date", z, &to);
    if (error == ERR_INVALID)
        return error;
    if (error == 0) {
        l->until_ms = to.has_time ? to.ms : timestamp_day(to.ms, 1, z);
        if (l->until_ms < l->still_on_ms + !to.has_time)
            return calendar_event_refuse_order(run);
        if (l->until_ms == l->still_on_ms) /* what is on at that moment */
            l->until_ms++;
    }
    return 0;
}

/* Hands the entries over to an array; NULL on no memory. */
static jdoc *calendar_take_out(struct listing *l)
{
    jdoc *events = jdoc_new_array();
    for (size_t i = 0; i < l->count; i++) {
        if (!events) {
            jdoc_free(l->entries[i].event);
        } else if (jdoc_push(events, l->entries[i].event) != 0) {
            jdoc_free(events);
            events = NULL;
        }
    }
    l->count = 0;
    return events;
}

static int calendar_answer_list(struct tools_run *run, struct listing *l, int error)
{
    size_t count = l->count;
    jdoc *events = calendar_take_out(l);
    if (error == 0 && !events)
        error = ERR_NOMEM;
    if (error == 0 &&
        !run_succeed(run, "%zu event%s in that period%s.", count, count == 1 ? "" : "s",
            l->more ? ", and more" : ""))
        error = ERR_NOMEM;
    if (error != 0) {
        jdoc_free(events);
        return error;
    }
    int failed = jdoc_set(run->result, "events", events);
    failed |= jdoc_set_int(run->result, "count", (int64_t)count);
    failed |= jdoc_set_bool(run->result, "more", l->more);
    return failed != 0 ? ERR_NOMEM : 0;
}

/* Those of more than a day that began before the others are looked for, and are still on. */
static int calendar_list_long(struct tools_run *run, struct listing *l)
{
    if (l->still_on_ms == INT64_MIN)
        return 0;
    const struct records_page page = {.family = CALENDAR_EVENTS,
        .tag = "long",
        .from = l->still_on_ms - CALENDAR_LONGEST_MS,
        .to = l->from_ms - 1,
        .max = LONG_LOOK};
    return record_tagged(run, &page, calendar_list_event, l, NULL);
}

/* An event of a subscribed calendar. */
static int calendar_list_subscribed(void *arg, const jdoc *event)
{
    return calendar_series_is(event) ? calendar_list_series(arg, event) :
                                       calendar_list_event(arg, event);
}

int calendar_tool_get_calendar_events(struct tools_run *run)
{
    const struct zone *z;
    struct listing l = {.type = jdoc_string(jdoc_get(run->args, "event_type"), NULL),
        .context = run->context};
    int64_t limit = LISTED_MAX;
    int error = timestamp_zone(run, &z);
    if (error == 0)
        error = calendar_read_period(run, z, &l);
    if (error != 0)
        return error == ERR_INVALID ? 0 : error;
    jdoc_get_int(run->args, "limit", &limit);
    l.limit = limit < LISTED_MAX ? (size_t)limit : LISTED_MAX;
    error = calendar_list_long(run, &l);
    if (error == 0)
        error =
            record_each(run, CALENDAR_EVENTS, l.from_ms, l.until_ms - 1, calendar_list_event, &l);
    if (error == 0)
        error = record_each(run, CALENDAR_SERIES,
            l.still_on_ms == INT64_MIN ? -RECORD_FOREVER : l.still_on_ms, RECORD_FOREVER,
            calendar_list_series, &l);
    if (error == 0)
        error =
            calendar_feed_each(run, l.still_on_ms == INT64_MIN ? -RECORD_FOREVER : l.still_on_ms,
                l.until_ms, calendar_list_subscribed, &l);
    return calendar_answer_list(run, &l, error);
}
