/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/offline/offline.h"

#include "agent/offline/offline_talk.h"
#include "base/err.h"
#include "base/jdoc.h"
#include "tools/kit/civil.h"
#include "tools/kit/word_set.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* ---- calls ---- */

static struct buf *offline_add_call(struct offline_step *step, const char *name)
{
    step->calls[step->call_count].name = name;
    struct buf *args = &step->calls[step->call_count++].args;
    buf_putc(args, '{');
    return args;
}

static void offline_put(struct buf *args, const char *key, const char *value)
{
    if (args->len > 1)
        buf_putc(args, ',');
    buf_printf(args, "\"%s\":", key);
    buf_json_string(args, value, strlen(value));
}

static void offline_put_amount(struct buf *args, double amount)
{
    if (args->len > 1)
        buf_putc(args, ',');
    buf_printf(args, "\"amount\":%.2f", amount);
}

static void offline_put_when(struct buf *args, const char *key, const struct offline_moment *when)
{
    char text[OFFLINE_MOMENT_SIZE];

    if (!when->has_date)
        return;
    offline_moment_write(when, text);
    offline_put(args, key, text);
}

/* Tools take the site's currency; the user's own is named when it is another. */
static void offline_put_money(struct buf *args, const struct offline_ask *ask,
    const struct offline_world *world)
{
    offline_put_amount(args, ask->amount);
    if (strcmp(world->currency, world->site_currency))
        offline_put(args, "currency", world->currency);
}

static void offline_call_travel(struct offline_step *step, const struct offline_ask *ask,
    const char *name, const char *when_key)
{
    struct buf *args = offline_add_call(step, name);

    offline_put(args, "origin", ask->from);
    offline_put(args, "destination", ask->to);
    if (when_key)
        offline_put_when(args, when_key, &ask->when);
    buf_putc(args, '}');
}

static void offline_call_list(struct offline_step *step, const struct offline_ask *ask, bool all)
{
    struct buf *args = offline_add_call(step, "get_calendar_events");
    struct offline_moment when = ask->when;

    if (!all && when.has_date) {
        offline_put_when(args, "start_date", &when);
        daytime_add_days(&when.at, when.days - 1);
        offline_put_when(args, "end_date", &when);
    }
    if (ask->reminders)
        offline_put(args, "event_type", "reminder");
    buf_putc(args, '}');
}

static void offline_call_event(struct offline_step *step, const struct offline_ask *ask)
{
    struct buf *args = offline_add_call(step, "create_calendar_event");

    offline_put(args, "title", ask->title);
    offline_put_when(args, "start_date", &ask->when);
    if (ask->kind == OFFLINE_REMIND) {
        offline_put(args, "event_type", "reminder");
        buf_puts(args, ",\"reminder_minutes\":0"); /* it rings at its time */
    }
    buf_putc(args, '}');
}

static void offline_call_expense(struct offline_step *step, const struct offline_ask *ask,
    const struct offline_world *world)
{
    struct buf *args = offline_add_call(step, "create_expense");

    offline_put_money(args, ask, world);
    offline_put(args, "category", ask->category);
    offline_put(args, "description", ask->title);
    offline_put_when(args, "date", &ask->when);
    buf_putc(args, '}');
}

static void offline_call_money(struct offline_step *step, const struct offline_ask *ask,
    const struct offline_world *world)
{
    struct buf *args;

    if (ask->kind == OFFLINE_SET_BUDGET) {
        args = offline_add_call(step, "update_budget");
        offline_put(args, "category", ask->category);
        offline_put_money(args, ask, world);
        if (*ask->period)
            offline_put(args, "period", ask->period);
    } else {
        args = offline_add_call(step,
            ask->kind == OFFLINE_BUDGET ? "analyze_budget" : "get_spending_summary");
        offline_put(args, "period", ask->period);
        if (ask->kind == OFFLINE_SPENDING && *ask->category)
            offline_put(args, "category", ask->category);
    }
    buf_putc(args, '}');
}

static void offline_call_timer(struct offline_step *step, const struct offline_ask *ask)
{
    struct buf *args = offline_add_call(step, "set_timer_or_alarm");

    offline_put(args, "action", "create");
    offline_put(args, "type", "timer");
    buf_printf(args, ",\"duration_seconds\":%.10g", ask->seconds);
    if (*ask->title)
        offline_put(args, "label", ask->title);
    buf_putc(args, '}');
}

static void offline_call_time(struct offline_step *step, const struct offline_ask *ask)
{
    struct buf *args = offline_add_call(step, "get_current_time");

    if (*ask->zone)
        offline_put(args, "timezone", ask->zone);
    buf_putc(args, '}');
}

/* The first step. False: nothing is to be called, only something to be said. */
bool offline_first_calls(struct offline_step *step, const struct offline_ask *ask,
    const struct offline_world *world)
{
    if (*ask->question)
        return false;
    switch (ask->kind) {
    case OFFLINE_PLAN_TRIP:
        offline_call_travel(step, ask, "plan_trip", "start_date");
        offline_call_travel(step, ask, "estimate_travel_time", NULL);
        return true;
    case OFFLINE_DISTANCE:
        offline_call_travel(step, ask, "calculate_distance", NULL);
        return true;
    case OFFLINE_TRAVEL_TIME:
        offline_call_travel(step, ask, "estimate_travel_time", "departure_time");
        return true;
    case OFFLINE_ADD_EVENT:
    case OFFLINE_REMIND:
        offline_call_event(step, ask);
        return true;
    case OFFLINE_SET_TIMER:
        offline_call_timer(step, ask);
        return true;
    case OFFLINE_LIST_EVENTS:
        offline_call_list(step, ask, false);
        return true;
    case OFFLINE_MOVE_EVENT:
    case OFFLINE_DELETE_EVENT:
        offline_call_list(step, ask, true);
        return true;
    case OFFLINE_ADD_EXPENSE:
        offline_call_expense(step, ask, world);
        return true;
    case OFFLINE_SPENDING:
    case OFFLINE_SET_BUDGET:
    case OFFLINE_BUDGET:
        offline_call_money(step, ask, world);
        return true;
    case OFFLINE_TIME:
        offline_call_time(step, ask);
        return true;
    default:
        return false;
    }
}

bool offline_step_clause(const char *text, const struct offline_world *world,
    struct offline_step *out)
{
    static struct offline_ask ask; /* 2 KiB, which no stack of a task should hold */

    offline_understand(text, world, &ask);
    if (ask.kind == OFFLINE_MOVE_EVENT || ask.kind == OFFLINE_DELETE_EVENT ||
        out->call_count + 2 > OFFLINE_CALLS_MAX)
        return false;
    return offline_first_calls(out, &ask, world);
}

/* ---- the event that was meant ---- */

/* Whether each word that was said stands in the event's title, but for "appointment" and the like.
 */
static bool offline_names_event(struct arena *arena, const char *said, const char *title)
{
    static const char *const general[] = {"appointment", "meeting", "event", "reminder", "booking"};
    struct word_set ask, have, rest;

    if (word_set_init(&ask, arena, 40) || word_set_init(&have, arena, 40) ||
        word_set_init(&rest, arena, 40))
        return false;
    word_set_add(&ask, "", said);
    word_set_add(&have, "", title);
    for (size_t i = 0; i < ask.count; i++) {
        bool common = false;
        for (size_t k = 0; k < sizeof general / sizeof *general; k++)
            common |= !strcmp(ask.list[i], general[k]);
        if (!common)
            word_set_add(&rest, "", ask.list[i]);
    }
    return rest.count ? word_set_within(&rest, &have) : ask.count && word_set_within(&ask, &have);
}

/* Finds it in the list by its title, and by its day when one was named for deleting. */
static const jdoc *offline_meant_event(const jdoc *list, const struct offline_ask *ask,
    struct buf *text)
{
    const jdoc *found = NULL;
    struct arena *arena = arena_new();
    char day[OFFLINE_MOMENT_SIZE] = "";
    size_t matches = 0;

    if (ask->kind == OFFLINE_DELETE_EVENT && ask->when.has_date)
        offline_moment_write(&ask->when, day);
    for (size_t i = 0; arena && i < jdoc_length(list); i++) {
        const jdoc *event = jdoc_at(list, i);
        const char *start = jdoc_text_or(event, "start_date", "");
        if (!offline_names_event(arena, ask->title, jdoc_text_or(event, "title", "")) ||
            strncmp(start, day, strlen(day)))
            continue;
        found = event;
        matches++;
    }
    if (arena)
        arena_free(arena);
    if (matches == 1)
        return found;
    if (!matches)
        buf_printf(text, "I found no coming event like \"%s\" in your calendar.", ask->title);
    else
        buf_printf(text, "%zu coming events are like \"%s\". Please name it more exactly.", matches,
            ask->title);
    return NULL;
}

/* The new start: what was not said, the day or the time of day, stays as it was. */
static bool offline_moved_to(const struct offline_ask *ask, const jdoc *event,
    const struct offline_world *world, struct offline_moment *to, struct buf *text)
{
    struct civil old;
    struct daytime now;
    char start[OFFLINE_MOMENT_SIZE], present[OFFLINE_MOMENT_SIZE];

    *to = ask->when;
    if (strcmp(jdoc_text_or(event, "timezone", world->zone), world->zone) != 0 &&
        (!to->has_date || !to->has_time)) {
        buf_puts(text,
            "That event is in another time zone, and I have changed nothing. Please name the "
            "day and the time, such as \"Friday at 10am\".");
        return false;
    }
    if (civil_parse(jdoc_text_or(event, "start_date", ""), &old)) {
        buf_puts(text, "I could not read when that event is. I have changed nothing.");
        return false;
    }
    if (!to->has_date) {
        to->at.year = old.year;
        to->at.month = old.month;
        to->at.day = old.day;
        to->has_date = true;
    }
    if (!to->has_time && old.has_time) {
        to->at.hour = old.hour;
        to->at.minute = old.minute;
        to->has_time = true;
    }
    err_ignore(daytime_local(world->now_ms, world->zone, &now)); /* the frame's: read before */
    offline_moment_write(to, start);
    offline_moment_write(
        &(struct offline_moment){.has_date = true, .has_time = to->has_time, .at = now}, present);
    if (strcmp(start, present) >= 0)
        return true;
    buf_puts(text, "That time is over already. I have changed nothing. To when shall I move it?");
    return false;
}

static void offline_call_on_event(struct offline_step *step, const struct offline_ask *ask,
    const jdoc *event, const struct offline_world *world)
{
    bool move = ask->kind == OFFLINE_MOVE_EVENT;
    struct offline_moment to;
    struct buf *args;

    if (jdoc_has(event, "repeat") || jdoc_has(event, "occurrence")) {
        buf_printf(&step->text,
            "\"%s\" repeats. In offline mode I change single events only, and I have "
            "changed nothing.",
            jdoc_text_or(event, "title", ""));
        return;
    }
    if (move && !offline_moved_to(ask, event, world, &to, &step->text))
        return;
    if (!move)
        buf_printf(&step->text, "Deleting \"%s\" needs your approval.",
            jdoc_text_or(event, "title", ""));
    args = offline_add_call(step, move ? "update_calendar_event" : "delete_calendar_event");
    offline_put(args, "event_id", jdoc_text_or(event, "id", ""));
    if (move)
        offline_put_when(args, "start_date", &to);
    buf_putc(args, '}');
}

/* Moving and deleting take two steps: the list, then the call on the event found in it. */
bool offline_second_calls(struct offline_step *step, const struct offline_ask *ask,
    const struct offline_world *world, const struct offline_result *results, size_t count)
{
    jdoc *doc = NULL;
    const jdoc *event;
    bool success = false;

    if ((ask->kind != OFFLINE_MOVE_EVENT && ask->kind != OFFLINE_DELETE_EVENT) || count != 1 ||
        strcmp(results[0].name, "get_calendar_events"))
        return false;
    if (jdoc_parse(results[0].message->text, results[0].message->len, &doc, NULL, 0))
        return false;
    (void)jdoc_get_bool(doc, "success", &success);
    if (success && (event = offline_meant_event(jdoc_get(doc, "events"), ask, &step->text)))
        offline_call_on_event(step, ask, event, world);
    jdoc_free(doc);
    return success;
}

void offline_step_fini(struct offline_step *step)
{
    buf_free(&step->text);
    for (size_t i = 0; i < OFFLINE_CALLS_MAX; i++)
        buf_free(&step->calls[i].args);
}
