/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * update_calendar_event and delete_calendar_event. Of an event that repeats one occurrence can be
 * meant, it and those after it, or all: `scope`. A changed occurrence becomes an event of its own;
 * from one on, the series is split in two.
 */
#include "tools/calendar/calendar_event.h"
#include "tools/calendar/calendar_feed.h"
#include "tools/calendar/calendar_reminders.h"
#include "tools/calendar/calendar_rings.h"
#include "tools/calendar/calendar_series.h"
#include "tools/engine/registry.h"
#include "tools/kit/about.h"
#include "tools/kit/preview.h"
#include "tools/kit/record.h"
#include "tools/kit/timestamp.h"

#include "base/err.h"
#include "base/ident.h"
#include "tools/kit/civil.h"

#include <stdio.h>
#include <string.h>

#define TRIES 5 /* when others change the same event at the same time */
#define WRITES (CALENDAR_SERIES_CHANGED_MAX + 3)
_Static_assert(WRITES <= RECORDS_WRITES_MAX, "committed at once");

enum scope { SCOPE_ALL, SCOPE_THIS, SCOPE_FOLLOWING };

/* One try. */
struct change {
    const struct zone *user_zone, *zone; /* zone: that of the new times */
    const char *id, *seen;
    jdoc *event;  /* as it was; a series when `repeats` */
    jdoc *target; /* what is to be changed: the event, an occurrence, the rest */
    jdoc *series; /* what the series becomes when that is not the target; or NULL */
    bool repeats;
    enum scope scope;
    struct calendar_series_start at; /* the occurrence */
    struct calendar_span span;
    struct record_item items[WRITES];
    size_t count;
    jdoc *owned[WRITES];
    size_t owned_count;
};

static int calendar_change_no_such_event(struct tools_run *run)
{
    int error = calendar_feed_refuse(run, jdoc_text_or(run->args, "event_id", ""));

    if (error != ERR_NOT_FOUND)
        return error;
    return run_fail(run, "not_found",
        "There is no such event in the calendar. get_calendar_events lists those there are.");
}

static int calendar_change_refuse(struct tools_run *run, const char *path, const char *expected,
    const char *text)
{
    int error = run_fail_at(run, path, expected, "%s", text);
    return error != 0 ? error : ERR_INVALID;
}

static jdoc *calendar_change_own(struct change *c, jdoc *document)
{
    if (document)
        c->owned[c->owned_count++] = document;
    return document;
}

static void calendar_change_put(struct change *c, const char *family, const char *id,
    const jdoc *document, int64_t time_ms, const char *seen)
{
    c->items[c->count++] = (struct record_item){.family = family,
        .id = id,
        .document = document,
        .time_ms = time_ms,
        .seen = seen};
}

static void calendar_change_put_series(struct change *c, const char *id, const jdoc *series,
    int64_t end_ms, const char *seen)
{
    calendar_change_put(c, CALENDAR_SERIES, id, series, end_ms, seen);
}

/* --- which one is meant --- */

static int calendar_change_load(struct tools_run *run, struct change *c)
{
    int error = record_get(run, CALENDAR_EVENTS, c->id, &c->event, &c->seen);
    c->repeats = false;
    if (error == ERR_NOT_FOUND) {
        error = record_get(run, CALENDAR_SERIES, c->id, &c->event, &c->seen);
        c->repeats = error == 0;
    }
    if (error != 0)
        return error;
    calendar_change_own(c, c->event);
    c->zone = calendar_event_zone(c->event, c->user_zone);
    return 0;
}

struct find_day {
    int64_t day;
    struct calendar_series_start found;
    bool any;
};

static int calendar_change_find_day(void *arg, const struct calendar_series_start *start)
{
    struct find_day *f = arg;
    if (start->local_s / 86400 != f->day)
        return 0;
    f->found = *start;
    f->any = true;
    return ERR_LIMIT;
}

/* The occurrence named: by its start, or by its day alone. Returns 0 or ERR_NOT_FOUND. */
static int calendar_change_find_occurrence(const struct change *c, const char *text,
    struct calendar_series_start *out)
{
    struct civil civil;
    int64_t utc_s;
    if (civil_parse(text, &civil) != 0)
        return ERR_NOT_FOUND;
    struct find_day f = {.day = civil_seconds(&civil) / 86400};
    out->local_s = civil_seconds(&civil);
    zone_to_utc(c->zone, out->local_s, &utc_s);
    out->ms = utc_s * 1000;
    if (civil.has_time)
        return calendar_series_has(c->event, out->local_s) ? 0 : ERR_NOT_FOUND;
    int error = calendar_series_each(c->event, out->ms, out->ms + 2 * INT64_C(86400000),
        calendar_change_find_day, &f);
    *out = f.found;
    return error == 0 && f.any ? 0 : ERR_NOT_FOUND;
}

/* `occurrence` and `scope` of the arguments. Returns 0, ERR_INVALID (said) or a fault. */
static int calendar_change_read_scope(struct tools_run *run, struct change *c)
{
    const char *scope = jdoc_string(jdoc_get(run->args, "scope"), NULL);
    const char *occurrence = jdoc_string(jdoc_get(run->args, "occurrence"), NULL);
    c->scope = SCOPE_ALL;
    if (!c->repeats) {
        if (occurrence && !jdoc_has(c->event, "occurrence"))
            return calendar_change_refuse(run, "/occurrence", "no occurrence",
                "this event does not repeat");
        return 0;
    }
    if (occurrence && (!scope || strcmp(scope, "this") == 0))
        c->scope = SCOPE_THIS;
    else if (scope && strcmp(scope, "following") == 0)
        c->scope = SCOPE_FOLLOWING;
    if (!occurrence && scope && strcmp(scope, "all") != 0)
        return calendar_change_refuse(run, "/occurrence",
            "the occurrence's start, as get_calendar_events tells it",
            "which occurrence is meant?");
    if (!occurrence)
        return 0;
    if (calendar_change_find_occurrence(c, occurrence, &c->at) != 0)
        return calendar_change_refuse(run, "/occurrence",
            "the occurrence's start, as get_calendar_events tells it",
            "the event has no such occurrence, or it was changed by itself and has its own id");
    if (c->scope == SCOPE_FOLLOWING && c->at.local_s <= calendar_event_local(c->event))
        c->scope = SCOPE_ALL;
    return 0;
}

/* --- the change itself --- */

/* What the target's times become. Returns 0, ERR_INVALID (run->result says why) or a fault. */
static int calendar_change_times(struct tools_run *run, struct change *c)
{
    const struct zone *z = c->zone;
    struct calendar_span old, *s = &c->span;
    calendar_event_span(c->target, &old);
    *s = old;
    int error = timestamp_argument(run, "start_date", z, &s->start);
    if (error != 0 && error != ERR_NOT_FOUND)
        return error;
    if (error == 0)
        s->all_day = !s->start.has_time;
    jdoc_get_bool(run->args, "all_day", &s->all_day);
    if (s->all_day)
        s->start = (struct timestamp){.ms = timestamp_day(s->start.ms, 0, z)};
    if (s->all_day && old.all_day && old.end_ms >= 0)
        s->end_ms = timestamp_day(s->start.ms, timestamp_days(old.start.ms, old.end_ms - 1, z), z);
    else if (s->all_day)
        s->end_ms = old.end_ms >= 0 && error != 0 ? timestamp_day(old.end_ms - 1, 1, z) : -1;
    else if (old.all_day)
        s->end_ms = -1;
    else if (old.end_ms >= 0)
        s->end_ms = s->start.ms + (old.end_ms - old.start.ms);
    return calendar_event_read_end(run, z, s);
}

static bool calendar_change_has_times(const jdoc *args)
{
    return jdoc_has(args, "start_date") || jdoc_has(args, "end_date") || jdoc_has(args, "all_day");
}

/* Changes the target. Returns as calendar_change_times. */
static int calendar_change_target(struct tools_run *run, struct change *c)
{
    bool times = calendar_change_has_times(run->args);
    /* An event stays in its zone unless its times are set anew. */
    if ((jdoc_has(run->args, "start_date") || jdoc_has(run->args, "end_date")) && !c->repeats)
        c->zone = c->user_zone;
    calendar_event_span(c->target, &c->span);
    int error = times ? calendar_change_times(run, c) : 0;
    if (error != 0)
        return error;
    int failed = record_copy(c->target, run->args, calendar_event_fields);
    if (times)
        failed |= calendar_event_set_times(c->target, &c->span, c->zone);
    if (jdoc_has(run->args, "reminder_minutes"))
        failed |= calendar_event_set_reminders(c->target, jdoc_get(run->args, "reminder_minutes"));
    failed |= calendar_reminders_settle(c->target);
    failed |= record_stamp(run, c->target);
    return failed != 0 ? ERR_NOMEM : 0;
}

/* The rule of a series that was changed. Returns 0, ERR_INVALID (said) or a fault. */
static int calendar_change_settle(struct tools_run *run, jdoc *series, const struct zone *z,
    int64_t *end_ms)
{
    char why[RECURRENCE_WHY_SIZE] = "";
    int error = calendar_series_settle(series, z, end_ms, why);
    if (error != ERR_INVALID)
        return error;
    return calendar_change_refuse(run, "/repeat",
        "daily, weekdays, weekly, ..., a rule as FREQ=MONTHLY;BYDAY=-1FR, or none", why);
}

/* `repeat` of the arguments into the target: a rule, or none. */
static int calendar_change_rule(struct tools_run *run, struct change *c)
{
    const char *rule = jdoc_string(jdoc_get(run->args, "repeat"), NULL);
    if (!rule)
        return 0;
    if (strcmp(rule, "none") != 0)
        return jdoc_set_string(c->target, "repeat", rule);
    jdoc_remove(c->target, "repeat");
    jdoc_remove(c->target, "excluded");
    jdoc_remove(c->target, "added");
    jdoc_remove(c->target, "changed");
    jdoc_remove(c->target, "last_occurrence");
    return 0;
}

/* The target starts at this local time, and lasts as long as before. */
static int calendar_change_move_start(struct change *c, int64_t local_s)
{
    int64_t utc_s, length = c->span.end_ms - c->span.start.ms;
    zone_to_utc(c->zone, local_s, &utc_s);
    if (c->span.end_ms >= 0)
        c->span.end_ms = utc_s * 1000 + length;
    c->span.start.ms = utc_s * 1000;
    return calendar_event_set_times(c->target, &c->span, c->zone);
}

/* A whole event or series. The occurrence named, if any, is the one that start_date speaks of. */
static int calendar_change_all(struct tools_run *run, struct change *c)
{
    int64_t end_ms = 0, before = calendar_event_local(c->event);
    c->target = calendar_change_own(c, jdoc_dup(c->event));
    int error = c->target ? calendar_change_target(run, c) : ERR_NOMEM;
    if (error == 0 && c->repeats && c->at.ms != 0 && jdoc_has(run->args, "start_date")) {
        int64_t moved = calendar_event_local(c->target) - c->at.local_s;
        error = calendar_change_move_start(c, before + moved);
    }
    if (error == 0)
        error = calendar_change_rule(run, c);
    bool repeats = calendar_series_is(c->target);
    if (error == 0 && repeats && c->repeats)
        error = calendar_series_shift(c->target, calendar_event_local(c->target) - before);
    if (error == 0 && repeats)
        error = calendar_change_settle(run, c->target, c->zone, &end_ms);
    if (error != 0)
        return error;
    if (repeats != c->repeats)
        calendar_change_put(c, c->repeats ? CALENDAR_SERIES : CALENDAR_EVENTS, c->id, NULL, 0,
            c->seen);
    if (repeats)
        calendar_change_put_series(c, c->id, c->target, end_ms, c->repeats ? c->seen : NULL);
    else
        calendar_change_put(c, CALENDAR_EVENTS, c->id, c->target, c->span.start.ms,
            c->repeats ? NULL : c->seen);
    return 0;
}

static int calendar_change_full(struct tools_run *run)
{
    int error = run_fail(run, "limit_reached", "No more occurrences of this event can be %s.",
        "changed or left out one by one");
    return error != 0 ? error : ERR_INVALID;
}

/* The occurrence becomes an event of its own. */
static int calendar_change_this(struct tools_run *run, struct change *c)
{
    char id[IDENT_UUID_SIZE], key[CALENDAR_SERIES_KEY_SIZE];
    int64_t end_ms;
    struct calendar_span s;
    if (jdoc_has(run->args, "repeat"))
        return calendar_change_refuse(run, "/repeat", "scope all or following",
            "one occurrence has no rule");
    ident_uuid7(id);
    calendar_event_span(c->event, &s);
    calendar_series_key(c->at.local_s, s.all_day, key);
    jdoc *series = c->series = calendar_change_own(c, jdoc_dup(c->event));
    c->target = calendar_change_own(c, calendar_series_occurrence(c->event, &c->at));
    if (!series || !c->target)
        return ERR_NOMEM;
    jdoc_remove(c->target, "repeat");
    int error = calendar_series_set_changed(series, key, id);
    if (error == ERR_FULL)
        return calendar_change_full(run);
    if (error == 0 &&
        (jdoc_set_string(c->target, "series_id", c->id) != 0 ||
            jdoc_set_string(c->target, "id", id) != 0))
        error = ERR_NOMEM;
    if (error == 0)
        error = calendar_change_target(run, c);
    if (error == 0)
        error =
            calendar_change_settle(run, series, calendar_event_zone(series, c->user_zone), &end_ms);
    if (error != 0)
        return error;
    calendar_change_put_series(c, c->id, series, end_ms, c->seen);
    calendar_change_put(c, CALENDAR_EVENTS, jdoc_text_or(c->target, "id", ""), c->target,
        c->span.start.ms, NULL);
    return 0;
}

/* --- splitting --- */

/* `series` (a copy of the event) ends before the occurrence; rest: the rule of what follows.
 * Returns 0, ERR_INVALID (said) or a fault. */
static int calendar_change_cut_off(struct tools_run *run, struct change *c, jdoc *series,
    char rest[RECURRENCE_SIZE])
{
    char rule[RECURRENCE_SIZE];
    struct calendar_span s;
    calendar_event_span(series, &s);
    const struct recurrence_from from = {calendar_event_local(series), s.all_day, c->zone};
    int error =
        recurrence_split(jdoc_text_or(series, "repeat", ""), &from, c->at.local_s, rule, rest);
    if (error == ERR_INVALID)
        return calendar_change_refuse(run, "/scope", "this or all",
            "its rule cannot be split: change this occurrence, or all of them");
    if (error == 0)
        error = jdoc_set_string(series, "repeat", rule);
    if (error == 0 && rest && *rest == '\0') /* only dates beside the rule follow */
        snprintf(rest, RECURRENCE_SIZE, "%s", CALENDAR_SERIES_ONCE);
    return error == 0 ? calendar_series_keep(series, c->at.local_s, false) : error;
}

/* The occurrences of the rest that are events of their own: they go with it, or away. */
static int calendar_change_move_changed(struct tools_run *run, struct change *c, const jdoc *rest,
    const char *to)
{
    const jdoc *changed = jdoc_get(rest, "changed");
    int error = 0;
    for (size_t i = 0; error == 0 && i < jdoc_length(changed); i++) {
        const char *seen, *id = jdoc_text_or(jdoc_at(changed, i), "id", "");
        struct calendar_span s;
        jdoc *event;
        error = record_get(run, CALENDAR_EVENTS, id, &event, &seen);
        if (error == ERR_NOT_FOUND) {
            error = 0;
            continue;
        }
        if (error != 0)
            return error;
        calendar_change_own(c, event);
        calendar_event_span(event, &s);
        if (to)
            error = jdoc_set_string(event, "series_id", to);
        const char *own_id = arena_strdup(run->arena, id);
        if (!own_id)
            return ERR_NOMEM;
        calendar_change_put(c, CALENDAR_EVENTS, own_id, to ? event : NULL, s.start.ms, seen);
    }
    return error;
}

/* The rest as a series of its own, not yet changed. */
static jdoc *calendar_change_new_rest(struct change *c, const char *rule, char id[IDENT_UUID_SIZE])
{
    jdoc *rest = calendar_change_own(c, jdoc_dup(c->event));
    struct calendar_span s;
    calendar_event_span(c->event, &s);
    s.end_ms = calendar_series_end(c->event, c->at.ms);
    s.start.ms = c->at.ms;
    ident_uuid7(id);
    if (!rest)
        return NULL;
    jdoc_remove(rest, "file_name"); /* it names the series that a client has, and no other */
    /* Its uid is its own; that it has one says that its words came by a file. */
    if ((jdoc_get(rest, "uid") && jdoc_set_string(rest, "uid", id) != 0) ||
        jdoc_set_string(rest, "id", id) != 0 || jdoc_set_string(rest, "repeat", rule) != 0 ||
        calendar_event_set_times(rest, &s, c->zone) != 0 ||
        calendar_series_keep(rest, c->at.local_s, true) != 0)
        return NULL;
    return rest;
}

/* A date beside the rule is the first of the rest: the rule goes on from its own next start, as it
 * counts from there. moved_s: how far the rest was moved. */
static int calendar_change_keep_phase(struct change *c, int64_t moved_s)
{
    struct recurrence *r;
    int64_t next_s = c->at.local_s;
    int error = recurrence_open(&r, jdoc_text_or(c->event, "repeat", ""),
        calendar_event_local(c->event), c->zone, c->at.local_s, INT64_MAX);
    if (error != 0)
        return error;
    bool any = recurrence_next(r, &next_s);
    recurrence_close(r);
    return !any || next_s == c->at.local_s ? 0 : calendar_change_move_start(c, next_s + moved_s);
}

static int calendar_change_following(struct tools_run *run, struct change *c)
{
    char rest_rule[RECURRENCE_SIZE], id[IDENT_UUID_SIZE];
    int64_t old_end, end_ms = 0;
    const struct zone *z = c->zone;
    jdoc *series = c->series = calendar_change_own(c, jdoc_dup(c->event));
    int error = series ? calendar_change_cut_off(run, c, series, rest_rule) : ERR_NOMEM;
    if (error == 0)
        error = calendar_change_settle(run, series, z, &old_end);
    if (error != 0)
        return error;
    c->target = calendar_change_new_rest(c, rest_rule, id);
    if (!c->target)
        return ERR_NOMEM;
    calendar_change_put_series(c, c->id, series, old_end, c->seen);
    error = calendar_change_move_changed(run, c, c->target, id);
    if (error == 0)
        error = calendar_change_target(run, c);
    if (error == 0)
        error = calendar_change_rule(run, c);
    bool repeats = calendar_series_is(c->target);
    int64_t moved = calendar_event_local(c->target) - c->at.local_s;
    if (error == 0 && repeats)
        error = calendar_series_shift(c->target, moved);
    if (error == 0 && repeats && !jdoc_has(run->args, "repeat"))
        error = calendar_change_keep_phase(c, moved);
    if (error == 0 && repeats)
        error = calendar_change_settle(run, c->target, z, &end_ms);
    if (error != 0)
        return error;
    calendar_change_put(c, repeats ? CALENDAR_SERIES : CALENDAR_EVENTS,
        jdoc_text_or(c->target, "id", ""), c->target, repeats ? end_ms : c->span.start.ms, NULL);
    return 0;
}

/* --- one try, and the tools --- */

static void calendar_change_drop_owned(struct change *c)
{
    while (c->owned_count > 0)
        jdoc_free(c->owned[--c->owned_count]);
}

typedef int make_fn(struct tools_run *run, struct change *c);

/* Loads, lets `make` prepare the writes, and commits. Returns as record_commit, or ERR_INVALID
 * (said). */
static int calendar_change_attempt(struct tools_run *run, struct change *c, make_fn *make)
{
    c->count = 0;
    c->target = c->series = NULL;
    c->at = (struct calendar_series_start){0};
    int error = calendar_change_load(run, c);
    if (error == 0)
        error = calendar_change_read_scope(run, c);
    if (error == 0)
        error = make(run, c);
    if (error == 0 && c->target)
        error = calendar_reminders_plan(run->context, c->target);
    if (error == 0 && c->series)
        error = calendar_reminders_plan(run->context, c->series);
    if (error == 0)
        error = record_commit(run, c->items, c->count, false);
    if (error == 0)
        calendar_reminders_tidy(run->context, c->event, c->series ? c->series : c->target);
    calendar_change_drop_owned(c);
    return error;
}

static int calendar_change_run_change(struct tools_run *run, make_fn *make)
{
    struct change *c = arena_array(run->arena, 1, sizeof *c);
    if (!c)
        return ERR_NOMEM;
    memset(c, 0, sizeof *c);
    c->id = jdoc_text_or(run->args, "event_id", "");
    int error = timestamp_zone(run, &c->user_zone);
    if (error != 0)
        return error;
    error = ERR_CONFLICT;
    for (int i = 0; error == ERR_CONFLICT && i < TRIES; i++)
        error = calendar_change_attempt(run, c, make);
    if (error == ERR_NOT_FOUND)
        return calendar_change_no_such_event(run);
    if (error == ERR_CONFLICT)
        return run_fail(run, "conflict", "The event is being changed by others. Try again.");
    return error == ERR_INVALID ? 0 : error;
}

static int calendar_change_make_update(struct tools_run *run, struct change *c)
{
    int error = c->scope == SCOPE_THIS ? calendar_change_this(run, c) :
        c->scope == SCOPE_FOLLOWING    ? calendar_change_following(run, c) :
                                         calendar_change_all(run, c);
    if (error != 0)
        return error;
    const char *text =
        arena_printf(run->arena, "\"%s\" is changed%s.", jdoc_text_or(c->target, "title", ""),
            c->scope == SCOPE_THIS          ? " on that day" :
                c->scope == SCOPE_FOLLOWING ? " from that day on" :
                                              "");
    return calendar_rings_answer(run, text, jdoc_dup(c->target),
        timestamp_note(run, &c->span.start, c->zone), c->user_zone);
}

int calendar_tool_update_calendar_event(struct tools_run *run)
{
    size_t given =
        jdoc_length(run->args) - jdoc_has(run->args, "occurrence") - jdoc_has(run->args, "scope");
    if (given < 2)
        return run_fail_at(run, "", "event_id and at least one field to change",
            "There is nothing to change: name at least one field beside event_id.");
    return calendar_change_run_change(run, calendar_change_make_update);
}

/* Leaves the occurrence out, or all from it on. */
static int calendar_change_shorten(struct tools_run *run, struct change *c)
{
    char key[CALENDAR_SERIES_KEY_SIZE];
    int64_t end_ms;
    struct calendar_span s;
    jdoc *series = calendar_change_own(c, jdoc_dup(c->event)),
         *later = calendar_change_own(c, jdoc_dup(c->event));
    int error = series && later ? 0 : ERR_NOMEM;
    calendar_event_span(c->event, &s);
    calendar_series_key(c->at.local_s, s.all_day, key);
    c->target = series;
    if (error == 0 && c->scope == SCOPE_FOLLOWING) {
        error = calendar_change_cut_off(run, c, series, NULL);
        if (error == 0)
            error = calendar_series_keep(later, c->at.local_s, true);
        if (error == 0)
            error = calendar_change_move_changed(run, c, later, NULL);
    } else if (error == 0) {
        error = calendar_series_exclude(series, key);
    }
    if (error == ERR_FULL)
        return calendar_change_full(run);
    if (error == 0)
        error = record_stamp(run, series);
    if (error == 0)
        error = calendar_change_settle(run, series, c->zone, &end_ms);
    if (error == 0)
        calendar_change_put_series(c, c->id, series, end_ms, c->seen);
    return error;
}

static int calendar_change_make_delete(struct tools_run *run, struct change *c)
{
    int error = 0;
    if (c->scope == SCOPE_ALL) {
        calendar_change_put(c, c->repeats ? CALENDAR_SERIES : CALENDAR_EVENTS, c->id, NULL, 0,
            c->seen);
        error = calendar_change_move_changed(run, c, c->event, NULL);
    } else {
        error = calendar_change_shorten(run, c);
    }
    jdoc *copy = error == 0 ? jdoc_dup(c->target ? c->target : c->event) : NULL;
    if (error == 0 &&
        (!copy ||
            !run_succeed(run, "\"%s\" is removed from the calendar%s.",
                jdoc_text_or(c->event, "title", ""),
                c->scope == SCOPE_THIS          ? " on that day" :
                    c->scope == SCOPE_FOLLOWING ? " from that day on" :
                                                  "")))
        error = ERR_NOMEM;
    if (error != 0) {
        jdoc_free(copy);
        return error;
    }
    return calendar_event_answer(run, copy, NULL);
}

int calendar_tool_delete_calendar_event(struct tools_run *run)
{
    return calendar_change_run_change(run, calendar_change_make_delete);
}

static int calendar_change_say_deletion(struct tools_run *run, const struct change *c)
{
    static const char *const parts[][2] = {[SCOPE_THIS] = {"", ", and none of its other days"},
        [SCOPE_FOLLOWING] = {"", ", and every later one"},
        [SCOPE_ALL] = {", which repeats, every time of it, the first", ""}};
    char when[TIMESTAMP_TEXT_SIZE];
    struct calendar_span s;
    const char *title =
        preview_text(run->arena, jdoc_text_or(c->event, "title", ""), PREVIEW_TITLE);
    calendar_event_span(c->event, &s);
    timestamp_text(c->scope == SCOPE_ALL ? s.start.ms : c->at.ms,
        s.all_day ? c->zone : c->user_zone, !s.all_day, when);
    return !title ?
        ERR_NOMEM :
        preview_say(run, "delete the event %s%s on %s%s", title,
            c->repeats ? parts[c->scope][0] : "", when, c->repeats ? parts[c->scope][1] : "");
}

/* The same as data; what the user does not see in the title and the time goes away with it. */
static int calendar_change_show_deletion(struct tools_run *run, const struct change *c)
{
    static const char *const fields[] = {"description", "location_name", NULL};
    static const char *const scopes[] =
        {[SCOPE_THIS] = "this", [SCOPE_FOLLOWING] = "following", [SCOPE_ALL] = "all"};
    struct calendar_span s;
    int error = about_title(run, "event", c->event, "title");

    calendar_event_span(c->event, &s);
    int64_t start_ms = c->scope == SCOPE_ALL ? s.start.ms : c->at.ms;
    struct about_when when = {.start_ms = start_ms,
        .end_ms = s.end_ms < 0 ? -1 : start_ms + (s.end_ms - s.start.ms),
        .has_time = !s.all_day};
    if (error == 0)
        error = about_when(run, &when, s.all_day ? c->zone : c->user_zone);
    if (error == 0)
        error = about_lost(run, c->event, fields);
    return error != 0 ? error : about_deletion(run, c->repeats ? scopes[c->scope] : NULL);
}

int calendar_preview_delete_calendar_event(struct tools_run *run)
{
    struct change *c = arena_array(run->arena, 1, sizeof *c);
    if (!c)
        return ERR_NOMEM;
    memset(c, 0, sizeof *c);
    c->id = jdoc_text_or(run->args, "event_id", "");
    int error = timestamp_zone(run, &c->user_zone);
    if (error == 0)
        error = calendar_change_load(run, c);
    if (error == 0)
        error = calendar_change_read_scope(run, c);
    if (error == 0)
        error = calendar_change_say_deletion(run, c);
    if (error == 0)
        error = calendar_change_show_deletion(run, c);
    calendar_change_drop_owned(c);
    if (error == ERR_NOT_FOUND)
        return calendar_change_no_such_event(run);
    return error == ERR_INVALID ? 0 : error;
}
