/* Tools of the family calendar: new events, and lists of them. calendar_change.c changes them. */
#include "tools/calendar/calendar_event.h"
#include "tools/calendar/calendar_reminders.h"
#include "tools/calendar/calendar_rings.h"
#include "tools/calendar/calendar_series.h"
#include "tools/engine/registry.h"
#include "tools/kit/keep.h"
#include "tools/kit/moment.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/ident.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>

#define DAY_MS 86400000LL
#define LONG_LOOK 1000 /* events of more than a day that began within CALENDAR_LONGEST_MS */
#define LISTED_MAX 100

static jdoc *new_event(struct tools_run *run, const struct calendar_span *s, const struct zone *z)
{
    char id[IDENT_UUID_SIZE];
    jdoc *event = jdoc_new_object();
    if (event == NULL)
        return NULL;
    ident_uuid7(id);
    int failed = jdoc_set_string(event, "id", id);
    failed |= keep_copy(event, run->args, calendar_event_fields);
    failed |= calendar_event_set_times(event, s, z);
    failed |= calendar_event_set_reminders(event, jdoc_get(run->args, "reminder_minutes"));
    failed |= calendar_reminders_settle(event);
    failed |= jdoc_set_string(event, "repeat", jdoc_string(jdoc_get(run->args, "repeat"), NULL));
    failed |= keep_stamp(run, event);
    if (failed == 0)
        return event;
    jdoc_free(event);
    return NULL;
}

/* Makes a series of it when it repeats: *index_ms becomes its end. Returns 0, ERR_INVALID
 * (run->result says why) or a fault. */
static int settle_new(struct tools_run *run, jdoc *event, const struct zone *z, int64_t *index_ms)
{
    char why[RECURRENCE_WHY_SIZE] = "";
    int64_t count = 0;
    int result = calendar_series_settle(event, z, index_ms, why);
    if (result == ERR_INVALID) {
        result = run_fail_at(run, "/repeat",
            "daily, weekdays, weekly, ... or a rule as FREQ=MONTHLY;BYDAY=-1FR", "%s", why);
        return result != 0 ? result : ERR_INVALID;
    }
    if (result == 0)
        result = records_count(run->context->store, run->context->uid, CALENDAR_SERIES,
            run->context->now_ms, KEEP_FOREVER, run->arena, &count);
    if (result == 0 && count >= CALENDAR_SERIES_MAX) {
        result = run_fail(run, "limit_reached", "There are %d repeating events already.",
            CALENDAR_SERIES_MAX);
        return result != 0 ? result : ERR_INVALID;
    }
    return result;
}

/* Answers and writes; the event is taken. */
static int keep_new(struct tools_run *run, jdoc *event, const struct moment *start,
    const struct zone *z)
{
    char when[MOMENT_TEXT_SIZE];
    bool repeats = calendar_series_is(event);
    struct calendar_span s;
    struct keep_item item = { .family = repeats ? CALENDAR_SERIES : CALENDAR_EVENTS,
        .id = jdoc_text_or(event, "id", ""), .document = event, .time_ms = start->ms };
    int result = repeats ? settle_new(run, event, z, &item.time_ms) : 0;
    if (result != 0) {
        jdoc_free(event);
        return result == ERR_INVALID ? 0 : result;
    }
    calendar_event_span(event, &s);
    moment_text(s.start.ms, z, !s.all_day, when);
    const char *text = arena_printf(run->arena, "\"%s\" is in the calendar: %s%s%s.",
        jdoc_text_or(event, "title", ""), repeats ? "first on " : "", when,
        repeats ? ", and again by its rule" : "");
    result = calendar_rings_answer(run, text, event,
        s.start.ms == start->ms ? moment_note(run, start, z) : NULL, z);
    if (result == 0)
        result = calendar_reminders_plan(run->context, event);
    return result == 0 ? keep_commit(run, &item, 1, false) : result;
}

int calendar_tool_create_calendar_event(struct tools_run *run)
{
    const struct zone *z;
    struct calendar_span s = { .end_ms = -1 };
    int result = moment_zone(run, &z);
    if (result == 0)
        result = moment_argument(run, "start_date", z, &s.start);
    if (result == 0) {
        jdoc_get_bool(run->args, "all_day", &s.all_day);
        s.all_day |= !s.start.has_time;
        if (s.all_day)
            s.start = (struct moment){ .ms = moment_day(s.start.ms, 0, z) };
        result = calendar_event_read_end(run, z, &s);
    }
    if (result != 0)
        return result == ERR_INVALID ? 0 : result;
    jdoc *event = new_event(run, &s, z);
    return event != NULL ? keep_new(run, event, &s.start, z) : ERR_NOMEM;
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
    int64_t from_ms;     /* where the look at the starts begins */
    int64_t still_on_ms, until_ms; /* the period without its end; INT64_MIN = all the past */
    bool more;
    const jdoc *series;  /* the one that is being counted out */
    const struct tools_context *context;
};

/*
 * A copy for the answer. An event of the type `reminder` that was stored before the type alone made
 * it ring is planned now, so that it rings from the first time that somebody sees it on.
 */
static int copy_settled(const struct listing *l, const jdoc *event, jdoc **out)
{
    *out = jdoc_dup(event);
    if (*out == NULL)
        return ERR_NOMEM;
    if (!calendar_reminders_unsettled(event))
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

static bool has_room(const struct listing *l, int64_t ms)
{
    return l->count < l->limit || ms < l->entries[l->count - 1].ms;
}

/* Takes the event in at its place; the last one gives way. */
static int take_in(struct listing *l, int64_t ms, jdoc *event)
{
    if (event == NULL)
        return ERR_NOMEM;
    if (l->count == l->limit) {
        jdoc_free(l->entries[--l->count].event);
        l->more = true;
    }
    size_t at = l->count;
    while (at > 0 && l->entries[at - 1].ms > ms)
        at--;
    memmove(&l->entries[at + 1], &l->entries[at], (l->count - at) * sizeof *l->entries);
    l->entries[at] = (struct entry){ .ms = ms, .event = event };
    l->count++;
    return 0;
}

static int list_event(void *arg, const jdoc *event)
{
    struct listing *l = arg;
    struct calendar_span s;
    calendar_event_span(event, &s);
    if ((l->type != NULL && strcmp(jdoc_text_or(event, "event_type", ""), l->type) != 0)
        || !calendar_event_overlaps(&s, l->still_on_ms, l->until_ms))
        return 0;
    if (has_room(l, s.start.ms)) {
        jdoc *copy;
        int error = copy_settled(l, event, &copy);
        return error == 0 ? take_in(l, s.start.ms, copy) : error;
    }
    l->more = true;
    return ERR_LIMIT;
}

static int list_occurrence(void *arg, const struct calendar_series_start *start)
{
    struct listing *l = arg;
    const struct calendar_span s = { .start.ms = start->ms,
        .end_ms = calendar_series_end(l->series, start->ms) };
    if (!calendar_event_overlaps(&s, l->still_on_ms, l->until_ms))
        return 0;
    if (has_room(l, start->ms))
        return take_in(l, start->ms, calendar_series_occurrence(l->series, start));
    l->more = true;
    return ERR_LIMIT;
}

static int list_series(void *arg, const jdoc *series)
{
    struct listing *l = arg;
    struct calendar_span s;
    calendar_event_span(series, &s);
    if (l->type != NULL && strcmp(jdoc_text_or(series, "event_type", ""), l->type) != 0)
        return 0;
    int64_t length = s.end_ms > s.start.ms ? s.end_ms - s.start.ms : 0;
    int64_t from = l->still_on_ms == INT64_MIN ? l->from_ms
        : l->still_on_ms - length - CALENDAR_SERIES_SLACK_MS;
    from = from > s.start.ms ? from : s.start.ms;
    int64_t to = l->until_ms - 1, end = from + CALENDAR_SERIES_AHEAD_MS;
    if (to > end && l->until_ms >= KEEP_FOREVER)
        to = l->still_on_ms > end - CALENDAR_SERIES_AHEAD_MS
            ? l->still_on_ms + CALENDAR_SERIES_AHEAD_MS : end;
    jdoc *copy;
    int result = copy_settled(l, series, &copy);
    l->series = copy;
    if (result == 0)
        result = calendar_series_each(copy, from, to, list_occurrence, l);
    jdoc_free(copy);
    return result == ERR_INVALID ? 0 : result;
}

/* The period asked for. Returns 0, ERR_INVALID (run->result says why) or a fault. */
static int read_period(struct tools_run *run, const struct zone *z, struct listing *l)
{
    struct moment from, to;
    bool past = jdoc_is_true(run->args, "include_past");
    l->from_ms = 0;
    l->until_ms = KEEP_FOREVER;
    l->still_on_ms = INT64_MIN;
    int result = moment_argument(run, "start_date", z, &from);
    if (result == ERR_INVALID)
        return result;
    if (result == 0)
        l->still_on_ms = from.ms;
    else if (!past)
        l->still_on_ms = run->context->now_ms;
    if (l->still_on_ms != INT64_MIN)
        l->from_ms = l->still_on_ms - DAY_MS; /* longer ones: list_long */
    result = moment_argument(run, "end_date", z, &to);
    if (result == ERR_INVALID)
        return result;
    if (result == 0) {
        l->until_ms = to.has_time ? to.ms : moment_day(to.ms, 1, z);
        if (l->until_ms < l->still_on_ms + !to.has_time)
            return calendar_event_refuse_order(run);
        if (l->until_ms == l->still_on_ms) /* what is on at that moment */
            l->until_ms++;
    }
    return 0;
}

/* Hands the entries over to an array; NULL on no memory. */
static jdoc *take_out(struct listing *l)
{
    jdoc *events = jdoc_new_array();
    for (size_t i = 0; i < l->count; i++) {
        if (events == NULL) {
            jdoc_free(l->entries[i].event);
        } else if (jdoc_push(events, l->entries[i].event) != 0) {
            jdoc_free(events);
            events = NULL;
        }
    }
    l->count = 0;
    return events;
}

static int answer_list(struct tools_run *run, struct listing *l, int result)
{
    size_t count = l->count;
    jdoc *events = take_out(l);
    if (result == 0 && events == NULL)
        result = ERR_NOMEM;
    if (result == 0 && run_succeed(run, "%zu event%s in that period%s.", count,
            count == 1 ? "" : "s", l->more ? ", and more" : "") == NULL)
        result = ERR_NOMEM;
    if (result != 0) {
        jdoc_free(events);
        return result;
    }
    int failed = jdoc_set(run->result, "events", events);
    failed |= jdoc_set_int(run->result, "count", (int64_t)count);
    failed |= jdoc_set_bool(run->result, "more", l->more);
    return failed != 0 ? ERR_NOMEM : 0;
}

/* Those of more than a day that began before the others are looked for, and are still on. */
static int list_long(struct tools_run *run, struct listing *l)
{
    if (l->still_on_ms == INT64_MIN)
        return 0;
    const struct records_page page = { .family = CALENDAR_EVENTS, .tag = "long",
        .from = l->still_on_ms - CALENDAR_LONGEST_MS, .to = l->from_ms - 1, .max = LONG_LOOK };
    return keep_tagged(run, &page, list_event, l, NULL);
}

int calendar_tool_get_calendar_events(struct tools_run *run)
{
    const struct zone *z;
    struct listing l = { .type = jdoc_string(jdoc_get(run->args, "event_type"), NULL),
        .context = run->context };
    int64_t limit = LISTED_MAX;
    int result = moment_zone(run, &z);
    if (result == 0)
        result = read_period(run, z, &l);
    if (result != 0)
        return result == ERR_INVALID ? 0 : result;
    jdoc_get_int(run->args, "limit", &limit);
    l.limit = limit < LISTED_MAX ? (size_t)limit : LISTED_MAX;
    result = list_long(run, &l);
    if (result == 0)
        result = keep_each(run, CALENDAR_EVENTS, l.from_ms, l.until_ms - 1, list_event, &l);
    if (result == 0)
        result = keep_each(run, CALENDAR_SERIES,
            l.still_on_ms == INT64_MIN ? -KEEP_FOREVER : l.still_on_ms, KEEP_FOREVER, list_series,
            &l);
    return answer_list(run, &l, result);
}
