/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/offline/offline.h"

#include "base/jdoc.h"
#include "tools/kit/civil.h"

#include <stdio.h>
#include <string.h>

#define LINES_MAX 12

static const char signature[] =
    "\n\n(Offline mode: no language model is connected. I understand a set "
    "of plain requests and work with your own data.)";

/* "2026-12-01T15:00:00+10:00" as "Tuesday 1 December, 15:00"; as it is when it is no date. */
static void offline_put_date(const char *text, struct buf *out)
{
    struct civil c;

    if (civil_parse(text, &c)) {
        buf_puts(out, text);
        return;
    }
    buf_printf(out, "%s %d %s",
        civil_weekday_name(civil_weekday(civil_days(c.year, c.month, c.day))), c.day,
        civil_month_name(c.month));
    if (c.has_time)
        buf_printf(out, ", %02d:%02d", c.hour, c.minute);
}

static void offline_put_number(struct buf *out, const jdoc *object, const char *key,
    const char *format)
{
    double value;
    if (!jdoc_get_double(object, key, &value))
        buf_printf(out, !strcmp(format, "0") ? "%.0f" : "%.2f", value);
}

static void offline_put_hours(struct buf *out, double hours)
{
    int minutes = (int)(hours * 60 + 0.5);

    if (minutes >= 60)
        buf_printf(out, "%d h", minutes / 60);
    if (minutes % 60 || minutes < 60)
        buf_printf(out, "%s%d min", minutes >= 60 ? " " : "", minutes % 60);
}

static void offline_put_notes(const jdoc *doc, struct buf *out)
{
    const jdoc *notes = jdoc_get(doc, "notes");

    for (size_t i = 0; jdoc_type(notes) == JDOC_ARRAY && i < jdoc_length(notes) && i < 4; i++) {
        const char *note = jdoc_string(jdoc_at(notes, i), NULL);
        if (note)
            buf_printf(out, "\n- %s", note);
    }
}

static void offline_say_trip(const jdoc *doc, struct buf *out)
{
    const jdoc *trip = jdoc_get(doc, "trip"), *cost = jdoc_get(trip, "cost_estimate");
    double hours;
    int64_t days;
    bool estimate = false;

    (void)jdoc_get_bool(trip, "estimate", &estimate);
    buf_puts(out, "\n- Distance: ");
    offline_put_number(out, trip, "distance_km", "0");
    buf_puts(out, " km (");
    offline_put_number(out, trip, "distance_miles", "0");
    buf_puts(out, estimate ? " miles), an estimate" : " miles)");
    if (!jdoc_get_double(trip, "drive_hours", &hours)) {
        buf_puts(out, "\n- Driving: ");
        offline_put_hours(out, hours);
        if (!jdoc_get_int(trip, "driving_days", &days) && days > 1)
            buf_printf(out, ", best spread over %lld days", (long long)days);
    }
    if (jdoc_has(cost, "fuel_cost")) {
        buf_puts(out, "\n- Fuel: about ");
        offline_put_number(out, cost, "fuel_cost", "2");
        buf_printf(out, " %s (estimate)", jdoc_text_or(cost, "currency", ""));
    }
    offline_put_notes(doc, out);
}

static void offline_say_events(const jdoc *doc, struct buf *out)
{
    const jdoc *events = jdoc_get(doc, "events");
    size_t count = jdoc_length(events);

    for (size_t i = 0; i < count && i < LINES_MAX; i++) {
        const jdoc *e = jdoc_at(events, i);
        buf_printf(out, "\n- %s: ", jdoc_text_or(e, "title", "(no title)"));
        offline_put_date(jdoc_text_or(e, "start_date", ""), out);
        if (*jdoc_text_or(e, "location_name", ""))
            buf_printf(out, ", %s", jdoc_text_or(e, "location_name", ""));
    }
    if (count > LINES_MAX)
        buf_printf(out, "\n- and %zu more", count - LINES_MAX);
}

static void offline_say_spending(const jdoc *doc, struct buf *out)
{
    const jdoc *summary = jdoc_get(doc, "summary"), *list = jdoc_get(summary, "categories");
    const char *currency = jdoc_text_or(summary, "currency", "");

    for (size_t i = 0; i < jdoc_length(list) && i < LINES_MAX; i++) {
        const jdoc *row = jdoc_at(list, i);
        buf_printf(out, "\n- %s: ", jdoc_text_or(row, "category", ""));
        offline_put_number(out, row, "total", "2");
        buf_printf(out, " %s", currency);
    }
    if (jdoc_has(summary, "daily_average")) {
        buf_puts(out, "\n- a day on average: ");
        offline_put_number(out, summary, "daily_average", "2");
        buf_printf(out, " %s", currency);
    }
}

static void offline_say_budget(const jdoc *doc, struct buf *out)
{
    const jdoc *budget = jdoc_get(doc, "budget"), *list = jdoc_get(budget, "categories");

    for (size_t i = 0; jdoc_type(list) == JDOC_ARRAY && i < jdoc_length(list) && i < LINES_MAX;
         i++) {
        const jdoc *row = jdoc_at(list, i);
        buf_printf(out, "\n- %s: ", jdoc_text_or(row, "category", ""));
        offline_put_number(out, row, "spent", "2");
        if (jdoc_has(row, "limit")) {
            buf_puts(out, " of ");
            offline_put_number(out, row, "limit", "2");
        }
        buf_printf(out, " (%s)", jdoc_text_or(row, "status", ""));
    }
}

static void offline_say_expense(const jdoc *doc, struct buf *out)
{
    const jdoc *status = jdoc_get(doc, "budget_status");

    if (!status)
        return;
    buf_printf(out, "\n- %s budget: ", jdoc_text_or(status, "category", ""));
    offline_put_number(out, status, "spent", "2");
    buf_puts(out, " of ");
    offline_put_number(out, status, "limit", "2");
    buf_puts(out, " used");
}

static void offline_say_estimate(const jdoc *entity, struct buf *out)
{
    bool estimate = false;

    if (!jdoc_get_bool(entity, "estimate", &estimate) && estimate)
        buf_puts(out, "\n- This is an estimate, not a route on the map.");
}

static void offline_say_distance(const jdoc *doc, struct buf *out)
{
    offline_say_estimate(jdoc_get(doc, "route"), out);
    offline_put_notes(doc, out);
}

static void offline_say_travel_time(const jdoc *doc, struct buf *out)
{
    const jdoc *t = jdoc_get(doc, "travel_time");
    int64_t nights;

    offline_say_estimate(t, out);
    if (*jdoc_text_or(t, "arrival", "")) {
        buf_puts(out, "\n- Arrival: ");
        offline_put_date(jdoc_text_or(t, "arrival", ""), out);
    }
    if (!jdoc_get_int(t, "overnight_stops", &nights) && nights > 0)
        buf_printf(out, "\n- Overnight stops: %lld", (long long)nights);
    offline_put_notes(doc, out);
}

static void offline_say_notes(const jdoc *doc, struct buf *out)
{
    const char *note = jdoc_text_or(doc, "note", "");

    if (*note)
        buf_printf(out, "\n- %s", note);
    offline_put_notes(doc, out);
}

static void offline_say_changed(const jdoc *doc, struct buf *out)
{
    const jdoc *e = jdoc_get(doc, "event");

    buf_printf(out, "\n- %s: ", jdoc_text_or(e, "title", "(no title)"));
    offline_put_date(jdoc_text_or(e, "start_date", ""), out);
    offline_say_notes(doc, out);
}

static const struct {
    const char *tool;
    void (*say)(const jdoc *doc, struct buf *out);
} details[] = {
    {"plan_trip", offline_say_trip},
    {"get_calendar_events", offline_say_events},
    {"get_spending_summary", offline_say_spending},
    {"analyze_budget", offline_say_budget},
    {"create_expense", offline_say_expense},
    {"estimate_travel_time", offline_say_travel_time},
    {"calculate_distance", offline_say_distance},
    {"create_calendar_event", offline_say_notes},
    {"update_calendar_event", offline_say_changed},
};

/* What the user decided needs no error's words. */
static bool offline_say_unapproved(const jdoc *doc, struct buf *out)
{
    const char *code = jdoc_text_or(jdoc_get(doc, "error"), "code", "");

    if (!strcmp(code, "denied"))
        buf_puts(out, "All right, I have not done it.");
    else if (!strcmp(code, "approval_expired") || !strcmp(code, "cancelled"))
        buf_puts(out, "I have not done it: there was no approval.");
    else
        return false;
    return true;
}

static void offline_say_result(const struct offline_result *r, struct buf *out)
{
    const struct chat_message *m = r->message;
    bool success = false;
    jdoc *doc = NULL;

    if (jdoc_parse(m->text, m->len, &doc, NULL, 0) || jdoc_type(doc) != JDOC_OBJECT) {
        buf_printf(out, "The result of %s could not be read.", r->name);
        jdoc_free(doc);
        return;
    }
    (void)jdoc_get_bool(doc, "success", &success);
    if (!success && offline_say_unapproved(doc, out)) {
        jdoc_free(doc);
        return;
    }
    if (!success)
        buf_puts(out, "That did not work: ");
    offline_clean(jdoc_text_or(doc, "message", success ? "Done." : "the tool gave no reason."),
        out);
    bool own = false;
    for (size_t i = 0; success && i < sizeof details / sizeof *details; i++)
        if (!strcmp(details[i].tool, r->name)) {
            details[i].say(doc, out);
            own = true;
        }
    if (success && !own)
        offline_tell_lists(doc, OFFLINE_ENGLISH, out);
    jdoc_free(doc);
}

void offline_say(const struct offline_result *results, size_t count, struct buf *text)
{
    for (size_t i = 0; i < count; i++) {
        struct buf one = {0};
        offline_say_result(&results[i], &one);
        if (!strstr(buf_text(text), buf_text(&one))) /* two calls can fail for one reason */
            buf_printf(text, "%s%s", i ? "\n\n" : "", buf_text(&one));
        buf_free(&one);
    }
    buf_puts(text, signature);
}

void offline_say_plain(const struct offline_ask *ask, struct buf *text)
{
    static const char can[] =
        "\n"
        "- \"Plan a trip from Sydney to Brisbane\"\n"
        "- \"How far is it from Perth to Broome?\", \"How long is the drive from Cairns to "
        "Darwin?\"\n"
        "- \"Add dentist tomorrow at 3pm to my calendar\", \"What is on my calendar this week?\", "
        "\"Move dentist to Friday at 10am\", \"Delete dentist from my calendar\"\n"
        "- \"Remind me to call the garage tomorrow at 9am\"\n"
        "- \"Set a timer for 10 minutes\"\n"
        "- \"I spent 45.50 on fuel\", \"How much did I spend this month?\"\n"
        "- \"Set my groceries budget to 400 a month\", \"How is my budget?\"\n"
        "- \"What time is it?\", \"What time is it in London?\"";

    if (*ask->question) {
        buf_puts(text, ask->question);
        buf_puts(text, signature);
        return;
    }
    switch (ask->kind) {
    case OFFLINE_GREETING:
        buf_puts(text,
            "Hello! I am PAM, your travel assistant. I can plan trips, keep your calendar "
            "and watch your spending. Ask \"help\" to see how to put it.");
        buf_puts(text, signature);
        break;
    case OFFLINE_THANKS:
        buf_puts(text, "You are welcome. Safe travels!");
        break;
    case OFFLINE_HELP:
        buf_puts(text,
            "These are the things that I can do in offline mode, in plain words like "
            "these:");
        buf_puts(text, can);
        buf_puts(text, signature);
        break;
    default:
        if (ask->foreign)
            buf_puts(text, "In offline mode I understand English only. ");
        buf_puts(text,
            "I am in offline mode, without a language model, and I did not recognise that "
            "request. I have done nothing, as I would rather not guess. I understand plain requests "
            "like \"I spent 45.50 on fuel\" or \"How far is it from Perth to Broome?\"; say "
            "\"help\" for more.");
        break;
    }
}
