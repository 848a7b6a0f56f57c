/* SPDX-License-Identifier: BSD-2-Clause */
/* Slots of dates, times, periods and repetitions. */
#include "agent/offline/offline_fill.h"

#include "tools/kit/civil.h"

#include <stdio.h>
#include <string.h>

static bool offline_fill_said(const struct offline_fill *f)
{
    return f->speech->when.dates || f->speech->when.times || f->speech->when.part;
}

static bool offline_fill_work_out(struct offline_fill *f, const struct offline_when *when,
    enum offline_tense tense, struct offline_moment *out)
{
    char problem[OFFLINE_PROBLEM_SIZE];

    f->when_used = true;
    if (when->dates > 1) {
        snprintf(f->problem, sizeof f->problem, "Which of the dates do you mean?");
        return false;
    }
    if (offline_when_work_out(when, f->world->now_ms, f->world->zone, tense, out, problem))
        return true;
    snprintf(f->problem, sizeof f->problem, "%s", problem);
    return false;
}

static void offline_fill_put_moment(struct offline_fill *f, const char *name,
    const struct offline_moment *m)
{
    char text[OFFLINE_MOMENT_SIZE];

    offline_moment_write(m, text);
    offline_fill_put_text(f, name, text);
}

/* ---- points in time ---- */

static void offline_fill_day(struct offline_fill *f, const struct offline_slot_spec *slot,
    enum offline_tense tense, bool clock)
{
    struct offline_moment m;

    if (!offline_fill_said(f))
        return;
    if (!clock && (f->speech->when.times || f->speech->when.part))
        return; /* is left over: a question */
    if (!offline_fill_work_out(f, &f->speech->when, tense, &m) || !m.has_date)
        return;
    offline_fill_put_moment(f, slot->name, &m);
}

static size_t offline_fill_every(struct offline_fill *f)
{
    return offline_fill_find(f,
        "every|everyday|everyworkday|everyweekend|everyweek|everymonth|everyyear");
}

/* The events of one message: one for each time that was said. */
static void offline_fill_times(struct offline_fill *f, const struct offline_slot_spec *slot)
{
    struct offline_when when = f->speech->when;
    struct offline_moment m;
    bool reminder = !strcmp(jdoc_text_or(f->args, "event_type", ""), "reminder");

    if (!offline_fill_said(f))
        return;
    if (f->speech->when.times > f->speech->time_count ||
        (f->speech->time_count > 1 &&
            (f->speech->when.dates ?
                    f->speech->when.date != OFFLINE_DATE_WEEKDAY || !jdoc_has(f->args, "repeat") :
                    !reminder && !jdoc_has(f->args, "repeat")))) {
        snprintf(f->problem, sizeof f->problem, "Which of the times do you mean?");
        return;
    }
    for (size_t i = 0; i < (f->speech->time_count ? f->speech->time_count : 1); i++) {
        if (f->speech->time_count) {
            when.hour = f->speech->times[i].hour;
            when.minute = f->speech->times[i].minute;
            when.half = f->speech->times[i].half;
            when.bare_time = f->speech->times[i].bare_time;
            when.midnight = f->speech->times[i].midnight;
            when.times = 1;
        }
        if (!offline_fill_work_out(f, &when, OFFLINE_AHEAD, &m))
            return;
        if (!m.has_date || (reminder && !m.has_time)) {
            snprintf(f->missing, sizeof f->missing, "%s", m.has_date ? "time" : slot->name);
            snprintf(f->problem, sizeof f->problem,
                m.has_date ? "At what time shall I remind you?" : "On which day is it?");
            return;
        }
        if (!i) {
            offline_fill_put_moment(f, slot->name, &m);
        } else if ((f->more[f->more_count] = jdoc_new_object())) {
            char text[OFFLINE_MOMENT_SIZE];
            offline_moment_write(&m, text);
            f->vague |= jdoc_set_string(f->more[f->more_count++], slot->name, text) != 0;
        }
    }
}

/* "every day", "every Tuesday", "weekly on Friday", as a rule of RFC 5545 or a word. */
static void offline_fill_repeat(struct offline_fill *f, const struct offline_slot_spec *slot,
    bool words)
{
    static const char *const days[] = {"SU", "MO", "TU", "WE", "TH", "FR", "SA"};
    static const char *const rows[][3] = {{"everyday", "FREQ=DAILY", "daily"},
        {"everyworkday", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "weekdays"},
        {"everyweekend", "FREQ=WEEKLY;BYDAY=SA,SU", "weekends"},
        {"everyweek", "FREQ=WEEKLY", "weekly"}, {"everymonth", "FREQ=MONTHLY", NULL},
        {"everyyear", "FREQ=YEARLY", NULL}};
    const struct offline_when *when = &f->speech->when;
    size_t at = offline_fill_every(f);
    char text[40];

    if (at == SIZE_MAX)
        return;
    f->used[at] = true;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (offline_fill_is(f, at, rows[i][0])) {
            offline_fill_put_text(f, slot->name, words && rows[i][2] ? rows[i][2] : rows[i][1]);
            return;
        }
    bool day = when->date == OFFLINE_DATE_WEEKDAY && when->which == OFFLINE_BARE &&
        (at + 1 < f->speech->tokens.count ? f->speech->tokens.list[at + 1].gap :
                                            f->speech->tokens.gap_end);
    if (!day || when->dates != 1) {
        f->used[at] = false; /* "every" of something else: a question */
        return;
    }
    snprintf(text, sizeof text, "FREQ=WEEKLY;BYDAY=%s", days[when->value % 7]);
    offline_fill_put_text(f, slot->name, text);
}

static void offline_fill_time(struct offline_fill *f, const struct offline_slot_spec *slot)
{
    struct offline_moment m;
    char text[8];

    if (!offline_fill_said(f) || f->speech->when.times > 1 ||
        !offline_fill_work_out(f, &f->speech->when, OFFLINE_AHEAD, &m))
        return;
    if (!m.has_time) {
        snprintf(f->missing, sizeof f->missing, "time");
        snprintf(f->problem, sizeof f->problem, "At what time?");
    } else if (f->speech->when.dates && !jdoc_has(f->args, "repeat")) {
        offline_fill_put_moment(f, slot->name, &m);
    } else {
        snprintf(text, sizeof text, "%02d:%02d", m.at.hour % 24, m.at.minute % 60);
        offline_fill_put_text(f, slot->name, text);
    }
}

/* ---- stretches of time ---- */

static void offline_fill_span(struct offline_fill *f, const struct offline_slot_spec *slot)
{
    struct offline_when when = f->speech->when;
    struct offline_moment m;
    bool month = when.date == OFFLINE_DATE_SPAN && when.unit == 'm';

    if (!when.dates || when.times || when.part || when.date == OFFLINE_DATE_MINUTES)
        return;
    if (month) { /* from its first to its last day */
        when.unit = 'w';
    }
    if (!offline_fill_work_out(f, &when, OFFLINE_ANY, &m))
        return;
    if (month) {
        struct daytime first = m.at;
        err_ignore(daytime_local(f->world->now_ms, f->world->zone, &first)); /* read before */
        int shift = when.which == OFFLINE_NEXT ? 1 : when.which == OFFLINE_LAST ? -1 : 0;
        first.month += shift;
        first.year += first.month > 12 ? 1 : first.month < 1 ? -1 : 0;
        first.month = first.month > 12 ? 1 : first.month < 1 ? 12 : first.month;
        first.day = 1;
        m.at = first;
        m.days = civil_month_days(first.year, first.month);
    }
    if (!strcmp(slot->name, "nothing"))
        return;
    m.has_time = false;
    offline_fill_put_moment(f, slot->name, &m);
    daytime_add_days(&m.at, m.days - 1);
    if (offline_fill_property(f, "end_date"))
        offline_fill_put_moment(f, "end_date", &m);
}

/* The present week, month, quarter or year; `all` for statistics. */
static void offline_fill_period(struct offline_fill *f, const struct offline_slot_spec *slot,
    const char *const words[4])
{
    const struct offline_when *when = &f->speech->when;
    static const char units[] = "wmqy";
    const char *at = NULL;
    size_t every = offline_fill_find(f, "everyweek|everymonth|everyyear|week|month|quarter|year");

    if (when->dates == 1 && !when->times && !when->part && when->date == OFFLINE_DATE_SPAN &&
        when->which == OFFLINE_THIS && (at = strchr(units, when->unit)))
        f->when_used = true;
    else if (every != SIZE_MAX && !when->dates) {
        const char *low = f->speech->tokens.list[every].low;
        f->used[every] = true;
        at = strchr(units, low[!strncmp(low, "every", 5) ? 5 : 0]);
    }
    if (at && *at && words[at - units])
        offline_fill_put_text(f, slot->name, words[at - units]);
}

static void offline_fill_month(struct offline_fill *f, const struct offline_slot_spec *slot)
{
    struct daytime now;

    for (size_t i = 0; i < f->speech->tokens.count; i++)
        for (int m = 1; m <= 12; m++) {
            const char *low = f->speech->tokens.list[i].low, *name = civil_month_name(m);
            if (f->used[i] || f->speech->tokens.list[i].kind != OFFLINE_WORD ||
                strncasecmp(low, name, strlen(low) > 3 ? strlen(name) + 1 : 3) != 0 ||
                strlen(low) < 3 || (m == 5 && f->speech->language == OFFLINE_ENGLISH && i == 0))
                continue;
            char text[16];
            snprintf(text, sizeof text, "%s", name);
            text[0] = (char)(text[0] | 0x20);
            f->used[i] = true;
            offline_fill_put_text(f, slot->name, text);
            return;
        }
    if (f->speech->when.dates == 1 && f->speech->when.date == OFFLINE_DATE_SPAN &&
        f->speech->when.unit == 'm' && !f->speech->when.times &&
        !daytime_local(f->world->now_ms, f->world->zone, &now)) {
        int m = now.month + (f->speech->when.which == OFFLINE_NEXT);
        char text[16];
        if (f->speech->when.which == OFFLINE_LAST)
            return;
        snprintf(text, sizeof text, "%s", civil_month_name(m > 12 ? 1 : m));
        text[0] = (char)(text[0] | 0x20);
        f->when_used = true;
        if (strcmp(slot->name, "nothing") != 0)
            offline_fill_put_text(f, slot->name, text);
    }
}

/* A week from its Monday on, or from a day on, for meals and shopping. */
static void offline_fill_week(struct offline_fill *f, const struct offline_slot_spec *slot)
{
    const struct offline_when *when = &f->speech->when;
    struct offline_moment m;

    size_t week = offline_fill_find(f, "week|everyweek");
    if (week != SIZE_MAX)
        f->used[week] = true;
    if (!when->dates || when->times || when->part)
        return;
    if (when->date == OFFLINE_DATE_SPAN && when->unit == 'w' && when->which == OFFLINE_THIS) {
        f->when_used = true; /* as it is without */
        return;
    }
    if (!offline_fill_work_out(f, when, OFFLINE_ANY, &m))
        return;
    offline_fill_put_moment(f, slot->name, &m);
    if (offline_fill_property(f, "end_date") && m.days >= 1) {
        daytime_add_days(&m.at, m.days - 1);
        offline_fill_put_moment(f, "end_date", &m);
    } else if (offline_fill_property(f, "days")) {
        offline_fill_put(f, "days", jdoc_new_int(m.days));
    }
}

/* An event that is looked for: to when, or of which day. */
static void offline_fill_event(struct offline_fill *f, bool move)
{
    if (!offline_fill_said(f))
        return;
    if (!move && (f->speech->when.times || f->speech->when.part))
        return;
    (void)offline_fill_work_out(f, &f->speech->when,
        move && f->speech->when.dates ? OFFLINE_AHEAD : OFFLINE_ANY, &f->moved);
}

static void offline_fill_today(struct offline_fill *f)
{
    const struct offline_when *when = &f->speech->when;

    f->when_used |=
        when->dates == 1 && !when->times && when->date == OFFLINE_DATE_DAYS && !when->value;
}

bool offline_fill_when(struct offline_fill *f, const struct offline_slot_spec *slot)
{
    static const char *const present[] = {"week", "month", "quarter", "year"},
                             *const adverbs[] = {"weekly", "monthly", NULL, "yearly"},
                             *const reports[] = {"weekly", "monthly", "quarterly", "yearly"},
                             *const stats[] = {"week", "month", NULL, "year"};
    const char *type = slot->type;

    if (!strcmp(type, "past"))
        offline_fill_day(f, slot, OFFLINE_BEHIND, false);
    else if (!strcmp(type, "ahead"))
        offline_fill_day(f, slot, OFFLINE_AHEAD, false);
    else if (!strcmp(type, "depart"))
        offline_fill_day(f, slot, OFFLINE_AHEAD, true);
    else if (!strcmp(type, "day") && *f->intent->tool != '=')
        offline_fill_day(f, slot, OFFLINE_ANY, false);
    else if (!strcmp(type, "day") || !strcmp(type, "moved"))
        offline_fill_event(f, *type == 'm');
    else if (!strcmp(type, "times"))
        offline_fill_times(f, slot);
    else if (!strcmp(type, "repeat") || !strcmp(type, "alarmrepeat"))
        offline_fill_repeat(f, slot, *type == 'a');
    else if (!strcmp(type, "time"))
        offline_fill_time(f, slot);
    else if (!strcmp(type, "span"))
        offline_fill_span(f, slot);
    else if (!strcmp(type, "week"))
        offline_fill_week(f, slot);
    else if (!strcmp(type, "period"))
        offline_fill_period(f, slot, present);
    else if (!strcmp(type, "budgetperiod"))
        offline_fill_period(f, slot, adverbs);
    else if (!strcmp(type, "reportperiod"))
        offline_fill_period(f, slot, reports);
    else if (!strcmp(type, "statsperiod"))
        offline_fill_period(f, slot, stats);
    else if (!strcmp(type, "month"))
        offline_fill_month(f, slot);
    else if (!strcmp(type, "today"))
        offline_fill_today(f);
    else
        return false;
    return true;
}
