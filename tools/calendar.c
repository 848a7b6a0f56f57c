/* Tools of the family calendar: events with zones. Records: family "event", by start. */
#include "tools/calendar_reminders.h"
#include "tools/keep.h"
#include "tools/moment.h"
#include "tools/registry.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/ident.h"

#include <stdio.h>
#include <string.h>

#define FAMILY "event"
#define DAY_MS 86400000LL
/* Running events are found by their start: none that began longer ago counts as running. */
#define LONGEST_MS (60 * DAY_MS)
#define TRIES 5 /* when others change the same event at the same time */

static const char *const plain_fields[] = { "title", "description", "event_type", "location_name",
    "color", NULL };

/* When an event is. end_ms below 0: it has no end. */
struct span {
    struct moment start;
    int64_t end_ms;
    bool all_day;
};

/* The last day of a whole-day event is shown as a date and ends at the next midnight. */
static int set_times(jdoc *event, const struct span *s, const struct zone *z)
{
    char start[MOMENT_SIZE], end[MOMENT_SIZE];
    int failed = 0;
    if (s->all_day) {
        moment_date(s->start.ms, z, start);
        moment_date(s->end_ms - 1, z, end);
    } else {
        moment_format(s->start.ms, z, start);
        moment_format(s->end_ms, z, end);
    }
    failed |= jdoc_set_string(event, "start_date", start);
    failed |= jdoc_set_bool(event, "all_day", s->all_day);
    failed |= jdoc_set_string(event, "timezone", zone_name(z));
    failed |= jdoc_set_int(event, "start_ms", s->start.ms);
    jdoc_remove(event, "end_date");
    jdoc_remove(event, "end_ms");
    if (s->end_ms >= 0) {
        failed |= jdoc_set_string(event, "end_date", end);
        failed |= jdoc_set_int(event, "end_ms", s->end_ms);
    }
    return failed != 0 ? ERR_NOMEM : 0;
}

static int refuse_order(struct tools_run *run)
{
    int result = tools_fail_at(run, "/end_date", "a time that is not before start_date",
        "end_date is before start_date");
    return result != 0 ? result : ERR_INVALID;
}

/*
 * end_date of the arguments into s, given its start. An event becomes a whole-day one when it was
 * asked for or when no time was named. Returns 0; ERR_INVALID (run->result says why); a fault.
 */
static int read_end(struct tools_run *run, const struct zone *z, struct span *s)
{
    struct moment end;
    int result = moment_argument(run, "end_date", z, &end);
    if (result != 0 && result != ERR_NOT_FOUND)
        return result;
    if (result == 0) {
        /* A date alone as the end of a timed event: to the end of that day. */
        s->end_ms = s->all_day || !end.has_time ? moment_day(end.ms, 1, z) : end.ms;
        if (s->end_ms < s->start.ms)
            return refuse_order(run);
    } else if (s->all_day && s->end_ms < 0) {
        s->end_ms = moment_day(s->start.ms, 1, z);
    }
    return 0;
}

static int set_reminders(jdoc *event, const jdoc *wanted)
{
    jdoc *list = NULL;
    if (jdoc_type(wanted) == JDOC_ARRAY) {
        list = jdoc_dup(wanted);
    } else {
        int64_t minutes;
        list = jdoc_new_array();
        if (list != NULL && jdoc_int(wanted, &minutes) == 0
            && jdoc_push(list, jdoc_new_int(minutes)) != 0) {
            jdoc_free(list);
            list = NULL;
        }
    }
    return list != NULL ? jdoc_set(event, "reminder_minutes", list) : ERR_NOMEM;
}

/* Puts the event (taken) and a note into the result. */
static int answer(struct tools_run *run, jdoc *event, const char *note)
{
    int result = run->result != NULL ? jdoc_set(run->result, "event", event) : ERR_NOMEM;
    if (run->result == NULL)
        jdoc_free(event);
    return result == 0 ? jdoc_set_string(run->result, "note", note) : result;
}

static jdoc *new_event(struct tools_run *run, const struct span *s, const struct zone *z)
{
    char id[IDENT_UUID_SIZE], now[CLOCK_RFC3339_SIZE];
    jdoc *event = jdoc_new_object();
    if (event == NULL)
        return NULL;
    ident_uuid7(id);
    clock_rfc3339(run->context->now_ms, now);
    int failed = jdoc_set_string(event, "id", id);
    failed |= keep_copy(event, run->args, plain_fields);
    failed |= set_times(event, s, z);
    failed |= set_reminders(event, jdoc_get(run->args, "reminder_minutes"));
    failed |= jdoc_set_string(event, "created_at", now);
    failed |= jdoc_set_string(event, "updated_at", now);
    if (failed == 0)
        return event;
    jdoc_free(event);
    return NULL;
}

int calendar_tool_create_calendar_event(struct tools_run *run)
{
    const struct zone *z;
    struct span s = { .end_ms = -1 };
    char when[MOMENT_TEXT_SIZE];
    int result = moment_zone(run, &z);
    if (result == 0)
        result = moment_argument(run, "start_date", z, &s.start);
    if (result == 0) {
        jdoc_get_bool(run->args, "all_day", &s.all_day);
        s.all_day |= !s.start.has_time;
        if (s.all_day)
            s.start = (struct moment){ .ms = moment_day(s.start.ms, 0, z) };
        result = read_end(run, z, &s);
    }
    if (result != 0)
        return result == ERR_INVALID ? 0 : result;
    jdoc *event = new_event(run, &s, z);
    if (event == NULL)
        return ERR_NOMEM;
    moment_text(s.start.ms, z, !s.all_day, when);
    tools_succeed(run, "\"%s\" is in the calendar: %s.", jdoc_text_or(event, "title", ""), when);
    result = answer(run, event, moment_note(run, &s.start, z));
    if (result == 0)
        result = calendar_reminders_plan(run, event);
    if (result != 0)
        return result;
    struct keep_item item = { .family = FAMILY, .id = jdoc_text_or(event, "id", ""),
        .document = event, .time_ms = s.start.ms };
    return keep_commit(run, &item, 1, false);
}

/* --- listing --- */

struct listing {
    jdoc *events;
    const char *type;
    int64_t still_on_ms; /* leave out what ended before; INT64_MIN = none */
    size_t limit;
    bool more;
};

static bool is_wanted(const struct listing *l, const jdoc *event)
{
    int64_t start = 0, end;
    if (l->type != NULL && strcmp(jdoc_text_or(event, "event_type", ""), l->type) != 0)
        return false;
    jdoc_get_int(event, "start_ms", &start);
    if (jdoc_get_int(event, "end_ms", &end) != 0)
        end = start;
    return end >= l->still_on_ms;
}

static int list_event(void *arg, const jdoc *event)
{
    struct listing *l = arg;
    if (!is_wanted(l, event))
        return 0;
    if (jdoc_length(l->events) == l->limit) {
        l->more = true;
        return ERR_LIMIT;
    }
    return jdoc_push(l->events, jdoc_dup(event));
}

/* The period asked for. Returns 0, ERR_INVALID (run->result says why) or a fault. */
static int read_period(struct tools_run *run, const struct zone *z, struct listing *l,
    int64_t *from_ms, int64_t *to_ms)
{
    struct moment from, to;
    bool past = false;
    jdoc_get_bool(run->args, "include_past", &past);
    *from_ms = 0;
    *to_ms = INT64_C(1) << 52;
    l->still_on_ms = INT64_MIN;
    int result = moment_argument(run, "start_date", z, &from);
    if (result == ERR_INVALID)
        return result;
    if (result == 0)
        l->still_on_ms = from.ms;
    else if (!past)
        l->still_on_ms = run->context->now_ms;
    if (l->still_on_ms != INT64_MIN)
        *from_ms = l->still_on_ms - LONGEST_MS;
    result = moment_argument(run, "end_date", z, &to);
    if (result == ERR_INVALID)
        return result;
    if (result == 0) {
        *to_ms = to.has_time ? to.ms : moment_day(to.ms, 1, z) - 1;
        if (*to_ms < l->still_on_ms)
            return refuse_order(run);
    }
    return 0;
}

int calendar_tool_get_calendar_events(struct tools_run *run)
{
    const struct zone *z;
    struct listing l = { .type = jdoc_string(jdoc_get(run->args, "event_type"), NULL) };
    int64_t from_ms, to_ms, limit = 100;
    int result = moment_zone(run, &z);
    if (result == 0)
        result = read_period(run, z, &l, &from_ms, &to_ms);
    if (result != 0)
        return result == ERR_INVALID ? 0 : result;
    jdoc_get_int(run->args, "limit", &limit);
    l.limit = (size_t)limit;
    l.events = jdoc_new_array();
    result = l.events != NULL ? keep_each(run, FAMILY, from_ms, to_ms, list_event, &l) : ERR_NOMEM;
    size_t count = jdoc_length(l.events);
    if (result != 0
        || tools_succeed(run, "%zu event%s in that period%s.", count, count == 1 ? "" : "s",
               l.more ? ", and more" : "") == NULL) {
        jdoc_free(l.events);
        return result != 0 ? result : ERR_NOMEM;
    }
    int failed = jdoc_set(run->result, "events", l.events);
    failed |= jdoc_set_int(run->result, "count", (int64_t)count);
    failed |= jdoc_set_bool(run->result, "more", l.more);
    return failed != 0 ? ERR_NOMEM : 0;
}

/* --- changing --- */

static int no_such_event(struct tools_run *run)
{
    return tools_fail(run, "not_found",
        "There is no such event in the calendar. get_calendar_events lists those there are.");
}

/* What the event's times become. Returns 0, ERR_INVALID (run->result says why) or a fault. */
static int change_times(struct tools_run *run, const jdoc *event, const struct zone *z,
    struct span *s)
{
    int64_t old_start = 0, old_end = -1;
    bool was_all_day = false;
    jdoc_get_int(event, "start_ms", &old_start);
    jdoc_get_int(event, "end_ms", &old_end);
    jdoc_get_bool(event, "all_day", &was_all_day);
    *s = (struct span){ .start = { .ms = old_start, .has_time = !was_all_day }, .end_ms = old_end,
        .all_day = was_all_day };
    int result = moment_argument(run, "start_date", z, &s->start);
    if (result != 0 && result != ERR_NOT_FOUND)
        return result;
    if (result == 0)
        s->all_day = !s->start.has_time;
    jdoc_get_bool(run->args, "all_day", &s->all_day);
    if (s->all_day)
        s->start = (struct moment){ .ms = moment_day(s->start.ms, 0, z) };
    if (s->all_day && was_all_day && old_end >= 0)
        s->end_ms = moment_day(s->start.ms, moment_days(old_start, old_end - 1, z), z);
    else if (s->all_day)
        s->end_ms = old_end >= 0 && result != 0 ? moment_day(old_end - 1, 1, z) : -1;
    else if (was_all_day)
        s->end_ms = -1;
    else if (old_end >= 0)
        s->end_ms = s->start.ms + (old_end - old_start);
    return read_end(run, z, s);
}

/* Makes the change on a copy. Returns as change_times. */
static int change_event(struct tools_run *run, jdoc *event, const struct zone *z, struct span *s)
{
    char now[CLOCK_RFC3339_SIZE];
    bool times = jdoc_has(run->args, "start_date") || jdoc_has(run->args, "end_date")
        || jdoc_has(run->args, "all_day");
    int result = times ? change_times(run, event, z, s) : 0;
    if (result != 0)
        return result;
    clock_rfc3339(run->context->now_ms, now);
    int failed = keep_copy(event, run->args, plain_fields);
    if (times)
        failed |= set_times(event, s, z);
    else
        jdoc_get_int(event, "start_ms", &s->start.ms);
    if (jdoc_has(run->args, "reminder_minutes"))
        failed |= set_reminders(event, jdoc_get(run->args, "reminder_minutes"));
    failed |= jdoc_set_string(event, "updated_at", now);
    return failed != 0 ? ERR_NOMEM : 0;
}

/* The event as it was, whose hints are of no use any more. */
static void tidy(struct tools_run *run, const char *seen, const jdoc *event)
{
    jdoc *old = NULL;
    if (jdoc_parse(seen, strlen(seen), &old, NULL, 0) == 0)
        calendar_reminders_tidy(run, old, event);
    jdoc_free(old);
}

static int update_once(struct tools_run *run, const char *id, const struct zone *user_zone)
{
    jdoc *event = NULL;
    const char *seen = NULL;
    const struct zone *z = user_zone;
    struct span s = { .end_ms = -1 };
    int result = keep_get(run, FAMILY, id, &event, &seen);
    if (result != 0)
        return result;
    /* An event stays in its zone unless its times are set anew. */
    if (!jdoc_has(run->args, "start_date") && !jdoc_has(run->args, "end_date")
        && zone_get(jdoc_text_or(event, "timezone", ""), &z) != 0)
        z = user_zone;
    result = change_event(run, event, z, &s);
    if (result != 0) {
        jdoc_free(event);
        return result;
    }
    tools_succeed(run, "\"%s\" is changed.", jdoc_text_or(event, "title", ""));
    result = answer(run, event, moment_note(run, &s.start, z));
    if (result == 0)
        result = calendar_reminders_plan(run, event);
    if (result != 0)
        return result;
    struct keep_item item = { .family = FAMILY, .id = id, .document = event,
        .time_ms = s.start.ms, .seen = seen };
    result = keep_commit(run, &item, 1, true);
    /* The result may be that of an earlier execution by now, and its event gone with ours. */
    if (result == 0)
        tidy(run, seen, jdoc_get(run->result, "event"));
    return result;
}

int calendar_tool_update_calendar_event(struct tools_run *run)
{
    const struct zone *z;
    const char *id = jdoc_text_or(run->args, "event_id", "");
    if (jdoc_length(run->args) < 2)
        return tools_fail_at(run, "", "event_id and at least one field to change",
            "There is nothing to change: name at least one field beside event_id.");
    int result = moment_zone(run, &z);
    if (result != 0)
        return result;
    result = ERR_CONFLICT;
    for (int i = 0; result == ERR_CONFLICT && i < TRIES; i++)
        result = update_once(run, id, z);
    if (result == ERR_NOT_FOUND)
        return no_such_event(run);
    if (result == ERR_CONFLICT)
        return tools_fail(run, "conflict", "The event is being changed by others. Try again.");
    return result == ERR_INVALID ? 0 : result;
}

int calendar_tool_delete_calendar_event(struct tools_run *run)
{
    jdoc *event = NULL;
    const char *id = jdoc_text_or(run->args, "event_id", "");
    int result = keep_get(run, FAMILY, id, &event, NULL);
    if (result == ERR_NOT_FOUND)
        return no_such_event(run);
    if (result != 0)
        return result;
    tools_succeed(run, "\"%s\" is removed from the calendar.", jdoc_text_or(event, "title", ""));
    result = answer(run, event, NULL);
    if (result != 0)
        return result;
    struct keep_item item = { .family = FAMILY, .id = id };
    result = keep_commit(run, &item, 1, true);
    if (result == 0)
        calendar_reminders_tidy(run, jdoc_get(run->result, "event"), NULL);
    return result == ERR_NOT_FOUND ? no_such_event(run) : result;
}
