#include "agent/offline.h"

#include "base/err.h"
#include "base/jdoc.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* ---- calls ---- */

static struct buf *add_call(struct offline_step *step, const char *name)
{
    step->calls[step->call_count].name = name;
    struct buf *args = &step->calls[step->call_count++].args;
    buf_putc(args, '{');
    return args;
}

static void put(struct buf *args, const char *key, const char *value)
{
    if (args->len > 1)
        buf_putc(args, ',');
    buf_printf(args, "\"%s\":", key);
    buf_json_string(args, value, strlen(value));
}

static void put_amount(struct buf *args, double amount)
{
    if (args->len > 1)
        buf_putc(args, ',');
    buf_printf(args, "\"amount\":%.2f", amount);
}

static void put_when(struct buf *args, const char *key, const struct offline_when *when)
{
    char text[20];

    if (!when->has_date)
        return;
    offline_when_write(when, text);
    put(args, key, text);
}

static void call_travel(struct offline_step *step, const struct offline_ask *ask, const char *name,
    const char *when_key)
{
    struct buf *args = add_call(step, name);

    put(args, "origin", ask->from);
    put(args, "destination", ask->to);
    if (when_key)
        put_when(args, when_key, &ask->when);
    buf_putc(args, '}');
}

static void call_list(struct offline_step *step, const struct offline_ask *ask, bool all)
{
    struct buf *args = add_call(step, "get_calendar_events");
    struct offline_when when = ask->when;

    when.has_time = false;
    if (!all && when.has_date) {
        put_when(args, "start_date", &when);
        if (when.span_week)
            daytime_add_days(&when.date, 6);
        put_when(args, "end_date", &when);
    }
    buf_putc(args, '}');
}

static void call_event(struct offline_step *step, const struct offline_ask *ask)
{
    struct buf *args = add_call(step, "create_calendar_event");

    put(args, "title", ask->title);
    put_when(args, "start_date", &ask->when);
    if (ask->reminder)
        put(args, "event_type", "reminder");
    buf_putc(args, '}');
}

static void call_expense(struct offline_step *step, const struct offline_ask *ask)
{
    struct buf *args = add_call(step, "create_expense");
    struct offline_when day = ask->when;

    put_amount(args, ask->amount);
    put(args, "category", ask->category);
    if (*ask->title)
        put(args, "description", ask->title);
    day.has_time = false;
    put_when(args, "date", &day);
    buf_putc(args, '}');
}

static void call_money(struct offline_step *step, const struct offline_ask *ask)
{
    struct buf *args;

    if (ask->kind == OFFLINE_SET_BUDGET) {
        args = add_call(step, "update_budget");
        put(args, "category", ask->category);
        put_amount(args, ask->amount);
        put(args, "period", ask->period);
    } else {
        args = add_call(step, ask->kind == OFFLINE_BUDGET ? "analyze_budget" : "get_spending_summary");
        put(args, "period", ask->period);
        if (ask->kind == OFFLINE_SPENDING && *ask->category)
            put(args, "category", ask->category);
    }
    buf_putc(args, '}');
}

static void call_timer(struct offline_step *step, const struct offline_ask *ask)
{
    struct buf *args = add_call(step, "set_timer_or_alarm");

    put(args, "action", "create");
    put(args, "type", "timer");
    put(args, "duration", ask->title);
    buf_putc(args, '}');
}

/* The first step. False: nothing is to be called, only something to be said. */
static bool first_calls(struct offline_step *step, const struct offline_ask *ask)
{
    if (ask->missing)
        return false;
    switch (ask->kind) {
    case OFFLINE_PLAN_TRIP:
        call_travel(step, ask, "plan_trip", "start_date");
        call_travel(step, ask, "estimate_travel_time", NULL);
        return true;
    case OFFLINE_DISTANCE: call_travel(step, ask, "calculate_distance", NULL); return true;
    case OFFLINE_TRAVEL_TIME:
        call_travel(step, ask, "estimate_travel_time", "departure_time");
        return true;
    case OFFLINE_ADD_EVENT: call_event(step, ask); return true;
    case OFFLINE_SET_TIMER: call_timer(step, ask); return true;
    case OFFLINE_LIST_EVENTS: call_list(step, ask, false); return true;
    case OFFLINE_MOVE_EVENT:
    case OFFLINE_DELETE_EVENT: call_list(step, ask, true); return true;
    case OFFLINE_ADD_EXPENSE: call_expense(step, ask); return true;
    case OFFLINE_SPENDING:
    case OFFLINE_SET_BUDGET:
    case OFFLINE_BUDGET: call_money(step, ask); return true;
    case OFFLINE_TIME: buf_putc(add_call(step, "get_current_time"), '}'); return true;
    default: return false;
    }
}

/* ---- the event that was meant ---- */

static bool contains(const char *text, const char *needle)
{
    size_t n = strlen(needle);

    for (; *text; text++) {
        size_t i = 0;
        while (i < n && tolower((unsigned char)text[i]) == tolower((unsigned char)needle[i]))
            i++;
        if (i == n)
            return true;
    }
    return false;
}

/* Finds it in the list by its title; says what is wrong when it is none or several. */
static const jdoc *meant_event(const jdoc *list, const struct offline_ask *ask, struct buf *text)
{
    const jdoc *found = NULL;
    size_t matches = 0;

    for (size_t i = 0; i < jdoc_length(list); i++) {
        const char *title = jdoc_text_or(jdoc_at(list, i), "title", "");
        if (!*title || (!contains(title, ask->title) && !contains(ask->title, title)))
            continue;
        found = jdoc_at(list, i);
        matches++;
    }
    if (matches == 1)
        return found;
    if (!matches)
        buf_printf(text, "I found no coming event like \"%s\" in your calendar.", ask->title);
    else
        buf_printf(text, "%zu coming events are like \"%s\". Please name it more exactly.", matches,
            ask->title);
    return NULL;
}

static void call_on_event(struct offline_step *step, const struct offline_ask *ask, const jdoc *event)
{
    bool move = ask->kind == OFFLINE_MOVE_EVENT;
    struct buf *args = add_call(step, move ? "update_calendar_event" : "delete_calendar_event");

    put(args, "event_id", jdoc_text_or(event, "id", ""));
    if (move)
        put_when(args, "start_date", &ask->when);
    buf_putc(args, '}');
}

/* Moving and deleting take two steps: the list, then the call on the event found in it. */
static bool second_calls(struct offline_step *step, const struct offline_ask *ask,
    const struct offline_result *results, size_t count)
{
    jdoc *doc = NULL;
    const jdoc *event;
    bool success = false;

    if ((ask->kind != OFFLINE_MOVE_EVENT && ask->kind != OFFLINE_DELETE_EVENT) || count != 1
        || strcmp(results[0].name, "get_calendar_events"))
        return false;
    if (jdoc_parse(results[0].message->text, results[0].message->len, &doc, NULL, 0))
        return false;
    (void)jdoc_get_bool(doc, "success", &success);
    if (success && (event = meant_event(jdoc_get(doc, "events"), ask, &step->text))) {
        if (ask->kind == OFFLINE_DELETE_EVENT)
            buf_printf(&step->text, "Deleting \"%s\" needs your approval.",
                jdoc_text_or(event, "title", ""));
        call_on_event(step, ask, event);
    }
    jdoc_free(doc);
    return success;
}

/* ---- deciding ---- */

#define RESULTS_MAX 16

static const char *call_name(const struct context *c, size_t from, const char *id)
{
    for (size_t i = from; i < c->count; i++)
        for (size_t k = 0; k < c->items[i].call_count; k++)
            if (!strcmp(c->items[i].calls[k].id, id))
                return c->items[i].calls[k].name;
    return "";
}

static size_t collect(const struct context *c, size_t from, struct offline_result *results)
{
    size_t count = 0;

    for (size_t i = from; i < c->count && count < RESULTS_MAX; i++)
        if (c->items[i].role == CHAT_TOOL)
            results[count++] = (struct offline_result){
                call_name(c, from, c->items[i].call_id), &c->items[i]};
    return count;
}

int offline_decide(const struct context *context, bool no_tools, struct offline_step *out)
{
    struct offline_result results[RESULTS_MAX];
    struct offline_ask ask;
    struct daytime now;
    size_t user = context->late_at, count;

    memset(out, 0, sizeof *out);
    (void)daytime_local(context->frame->now_ms, context->frame->zone, &now);
    offline_understand(user == SIZE_MAX ? "" : context->items[user].text, &now, &ask);
    count = user == SIZE_MAX ? 0 : collect(context, user, results);
    if (!count) {
        if (no_tools || !first_calls(out, &ask))
            offline_say_plain(&ask, &out->text);
    } else if (no_tools || !second_calls(out, &ask, results, count)) {
        size_t skip = count > 1 && (ask.kind == OFFLINE_MOVE_EVENT || ask.kind == OFFLINE_DELETE_EVENT);
        offline_say(&ask, results + skip, count - skip, &out->text);
    }
    if (buf_error(&out->text)) {
        offline_step_fini(out);
        return ERR_NOMEM;
    }
    return 0;
}

void offline_step_fini(struct offline_step *step)
{
    buf_free(&step->text);
    for (size_t i = 0; i < OFFLINE_CALLS_MAX; i++)
        buf_free(&step->calls[i].args);
}
