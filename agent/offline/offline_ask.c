/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/offline/offline.h"

#include "agent/offline/offline_reading.h"
#include "base/err.h"
#include "tools/kit/gazetteer.h"
#include "tools/kit/place_choose.h"
#include "tools/kit/zone.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define OFFLINE_TIMER_MAX_S (366 * 86400.0)

static const struct {
    const char *example;
    bool writes;
} offline_kinds[OFFLINE_KIND_COUNT] = {
    [OFFLINE_TIME] = {"What time is it in London?", false},
    [OFFLINE_PLAN_TRIP] = {"Plan a trip from Sydney to Brisbane", true},
    [OFFLINE_DISTANCE] = {"How far is it from Sydney to Brisbane?", false},
    [OFFLINE_TRAVEL_TIME] = {"How long is the drive from Sydney to Brisbane?", false},
    [OFFLINE_ADD_EVENT] = {"Add dentist tomorrow at 3pm to my calendar", true},
    [OFFLINE_REMIND] = {"Remind me to call the garage tomorrow at 9am", true},
    [OFFLINE_LIST_EVENTS] = {"What is on my calendar this week?", false},
    [OFFLINE_MOVE_EVENT] = {"Move dentist to Friday at 10am", true},
    [OFFLINE_DELETE_EVENT] = {"Delete dentist from my calendar", true},
    [OFFLINE_SET_TIMER] = {"Set a timer for 10 minutes", true},
    [OFFLINE_ADD_EXPENSE] = {"I spent 45.50 on fuel", true},
    [OFFLINE_SPENDING] = {"How much did I spend on fuel this month?", false},
    [OFFLINE_SET_BUDGET] = {"Set my fuel budget to 300 a month", true},
    [OFFLINE_BUDGET] = {"How is my budget?", false},
};

/* ---- questions ---- */

void offline_ask_user(struct offline_reading *r, bool awaits, const char *format, ...)
{
    char *q = r->ask->question;
    size_t size = sizeof r->ask->question;
    enum offline_kind kind = r->ask->kind;
    va_list list;
    int n;

    va_start(list, format);
    n = vsnprintf(q, size, format, list);
    va_end(list);
    r->ask->awaits = awaits;
    if (n > 0 && (size_t)n < size && offline_kinds[kind].example)
        snprintf(q + n, size - (size_t)n, "%s For example: \"%s\".",
            offline_kinds[kind].writes ? " I have written nothing." : "",
            offline_kinds[kind].example);
}

/* What the message has beyond the pattern that came furthest. */
static void offline_ask_rest(struct offline_reading *r, const struct offline_tokens *all)
{
    const struct offline_tokens *t = &r->tokens;
    size_t reached = r->match.reached, split;
    char understood[OFFLINE_TEXT_MAX], rest[OFFLINE_TEXT_MAX];

    while (reached > 0 && offline_tokens_is(t, reached - 1, "and|or|,|&|plus|then"))
        reached--;
    split = reached ? t->list[reached - 1].to : 0;
    if (reached < t->count && t->list[reached].kind != OFFLINE_QUOTE)
        split = t->list[reached].from;
    split += strspn(all->text + split, " ");
    offline_copy(rest, sizeof rest, all->text + split, strlen(all->text + split));
    while (split && strchr(" ,", all->text[split - 1]))
        split--;
    offline_copy(understood, sizeof understood, all->text, split);
    if (!rest[strspn(rest, " .!?,\"")]) {
        offline_ask_user(r, true, "I understood \"%s\", but something is missing.", understood);
        return;
    }
    offline_ask_user(r, false,
        "I understood \"%s\", but not \"%s\". Please say it in one plain "
        "sentence.%s",
        understood, rest,
        offline_kinds[r->ask->kind].writes ?
            " Numbers and the like that belong to a title can stand in quotation marks." :
            "");
}

/* ---- parts ---- */

bool offline_has(const struct offline_reading *r, enum offline_slot slot)
{
    return r->match.parts[slot].count > 0;
}

void offline_get(const struct offline_reading *r, enum offline_slot slot, char *out, size_t size)
{
    const struct offline_part *part = &r->match.parts[slot];
    offline_tokens_text(&r->tokens, part->at, part->count, out, size);
}

/* Without the article, with a capital. */
static void offline_get_title(struct offline_reading *r, enum offline_slot slot)
{
    struct offline_part *part = &r->match.parts[slot];

    while (
        part->count > 1 && offline_tokens_is(&r->tokens, part->at, "a|an|my|the|our|new|another")) {
        part->at++;
        part->count--;
    }
    offline_get(r, slot, r->ask->title, sizeof r->ask->title);
    r->ask->title[0] = (char)toupper((unsigned char)r->ask->title[0]);
}

bool offline_vague(const char *text)
{
    static const char *const words[] = {"it", "this", "that", "these", "those", "them", "him",
        "her", "something", "anything", "everything", "stuff", "things", "calendar", "my calendar",
        "diary", "agenda", "schedule", "event", "appointment", "meeting", "reminder"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcasecmp(text, words[i]))
            return true;
    return false;
}

/* A token of the title, from its `from`th on, that is one of the words; SIZE_MAX = none. */
static size_t offline_title_has(const struct offline_reading *r, enum offline_slot slot,
    size_t from, const char *words)
{
    const struct offline_part *part = &r->match.parts[slot];

    for (size_t i = from; i < part->count; i++)
        if (offline_tokens_is(&r->tokens, part->at + i, words))
            return i;
    return SIZE_MAX;
}

/* "Call mum on my birthday": a day that is not in the calendar's words. */
static bool offline_may_date(const struct offline_reading *r, enum offline_slot slot)
{
    size_t at = offline_title_has(r, slot, 0, "on|in|at|for|by");

    return at != SIZE_MAX &&
        offline_title_has(r, slot, at,
            "day|days|birthday|eve|anniversary|"
            "easter|xmas|christmas|holiday|holidays|payday|arrival|departure|checkout|checkin|sunrise|"
            "sunset|dawn|dusk|spring|summer|autumn|winter|ramadan|diwali|thanksgiving|hanukkah|"
            "halloween") != SIZE_MAX;
}

/* One event is moved or deleted, by its own name. */
static bool offline_is_one(struct offline_reading *r, enum offline_slot slot)
{
    if (offline_title_has(r, slot, 0,
            "all|both|any|and|or|&|old|older|other|others|rest|remaining|"
            "duplicate|oldest|latest|previous|entire|whole|everything") == SIZE_MAX)
        return true;
    offline_ask_user(r, false,
        "In offline mode I change one event at a time. Which one is it, by its title?");
    return false;
}

bool offline_work_out(struct offline_reading *r, enum offline_tense tense)
{
    char problem[OFFLINE_PROBLEM_SIZE];

    if (offline_when_work_out(&r->when, r->world->now_ms, r->world->zone, tense, &r->ask->when,
            problem))
        return true;
    offline_ask_user(r, true, "%s", problem);
    return false;
}

bool offline_no_when(struct offline_reading *r)
{
    if (!r->when.dates && !r->when.times && !r->when.part)
        return true;
    offline_ask_user(r, false, "I did not understand the date or time in that.");
    return false;
}

/* ---- events and timers ---- */

static void offline_read_event(struct offline_reading *r)
{
    bool remind = r->ask->kind == OFFLINE_REMIND;
    enum offline_slot slot = offline_has(r, OFFLINE_EVENT) ? OFFLINE_EVENT : OFFLINE_TITLE;

    offline_get_title(r, slot);
    if (offline_vague(r->ask->title)) {
        offline_ask_user(r, false, "What is it? Please name it.");
        return;
    }
    if (remind && r->when.with_for) {
        offline_ask_user(r, false,
            "Is the date a part of \"%s\", or is it when I shall remind you?", r->ask->title);
        return;
    }
    if (!offline_work_out(r, OFFLINE_AHEAD))
        return;
    if (!r->when.dates && offline_may_date(r, slot))
        offline_ask_user(r, false, "On which day is \"%s\"? Please name the date.", r->ask->title);
    else if (!r->ask->when.has_date)
        offline_ask_user(r, true, remind ? "When shall I remind you?" : "When is it?");
    else if (remind && !r->ask->when.has_time)
        offline_ask_user(r, true, "At what time shall I remind you?");
}

/* A time alone is one of the event's own day, which is not known yet. */
static void offline_read_move(struct offline_reading *r)
{
    offline_get_title(r, OFFLINE_TITLE);
    if (!offline_is_one(r, OFFLINE_TITLE))
        return;
    if (r->when.date == OFFLINE_DATE_MINUTES || (r->rule->mark == OFFLINE_FOR && !r->when.with_for))
        offline_ask_user(r, false, "To which day and time shall I move it?");
    else
        (void)offline_work_out(r, r->when.dates ? OFFLINE_AHEAD : OFFLINE_ANY);
}

static void offline_read_delete(struct offline_reading *r)
{
    enum offline_slot slot = offline_has(r, OFFLINE_EVENT) ? OFFLINE_EVENT : OFFLINE_TITLE;

    offline_get_title(r, slot);
    if (!offline_is_one(r, slot))
        return;
    if (r->when.times || r->when.part || r->when.date == OFFLINE_DATE_MINUTES)
        offline_ask_user(r, false, "I did not understand the time in that.");
    else if (offline_work_out(r, OFFLINE_ANY) && r->ask->when.days > 1)
        offline_ask_user(r, false, "Of which day is it?");
}

static void offline_read_list(struct offline_reading *r)
{
    r->ask->reminders = r->rule->mark == OFFLINE_REMINDERS;
    if (r->when.times || r->when.part || r->when.date == OFFLINE_DATE_MINUTES)
        offline_ask_user(r, false,
            "In offline mode I can list whole days and weeks of your calendar.");
    else
        (void)offline_work_out(r, OFFLINE_ANY);
}

static void offline_read_timer(struct offline_reading *r)
{
    if (!offline_no_when(r))
        return;
    if (!offline_has(r, OFFLINE_LENGTH)) {
        offline_ask_user(r, true, "For how long?");
        return;
    }
    r->ask->seconds = r->tokens.list[r->match.parts[OFFLINE_LENGTH].at].value;
    if (r->ask->seconds < 1 || r->ask->seconds > OFFLINE_TIMER_MAX_S)
        offline_ask_user(r, false, "A timer can take from 1 second to 366 days.");
    else if (offline_has(r, OFFLINE_TITLE))
        offline_get_title(r, OFFLINE_TITLE);
}

/* ---- places ---- */

static void offline_read_travel(struct offline_reading *r)
{
    struct offline_ask *ask = r->ask;

    offline_get(r, OFFLINE_FROM, ask->from, sizeof ask->from);
    offline_get(r, OFFLINE_TO, ask->to, sizeof ask->to);
    if (!*ask->to)
        offline_ask_user(r, true, "Where to, and from where?");
    else if (!*ask->from && !*r->world->place)
        offline_ask_user(r, true, "Where do you start from?");
    else if (!*ask->from)
        snprintf(ask->from, sizeof ask->from, "%s", r->world->place);
    if (*ask->question)
        return;
    if (ask->kind == OFFLINE_DISTANCE) {
        (void)offline_no_when(r);
    } else if (ask->kind == OFFLINE_PLAN_TRIP && r->when.date == OFFLINE_DATE_DAYS &&
        r->when.value > 2) {
        offline_ask_user(r, false,
            "Does the trip begin in %d days, or take so many? Please name the "
            "day of departure.",
            r->when.value);
    } else if (ask->kind == OFFLINE_PLAN_TRIP && (r->when.times || r->when.part)) {
        offline_ask_user(r, false,
            "A trip's plan has a day, and I did not understand the time in that.");
    } else {
        (void)offline_work_out(r, OFFLINE_AHEAD);
    }
}

int offline_zone_of(const struct offline_world *world, const char *place, char *out, size_t size)
{
    struct gazetteer_bias bias = {0};
    struct gazetteer_candidates found;
    const struct gazetteer_candidates *const list[] = {&found};
    size_t chosen = 0;
    int unclear = -1;

    if (strchr(place, '/') && daytime_zone_valid(place)) {
        snprintf(out, size, "%.63s", place);
        return 0;
    }
    (void)zone_country(world->zone, bias.country_code);
    if (gazetteer_candidates(place, &bias, &found))
        return ERR_NOT_FOUND;
    place_choose(list, 1, &chosen, &unclear);
    if (unclear >= 0)
        return ERR_CONFLICT;
    if (!daytime_zone_valid(found.all[chosen].place.zone))
        return ERR_NOT_FOUND;
    snprintf(out, size, "%s", found.all[chosen].place.zone);
    return 0;
}

static void offline_read_time(struct offline_reading *r)
{
    char place[OFFLINE_TEXT_MAX];

    if (r->when.times || r->when.part || r->when.dates > 1 ||
        (r->when.dates && (r->when.date != OFFLINE_DATE_DAYS || r->when.value != 0))) {
        offline_ask_user(r, false, "I can tell what time and day it is now, and of no other day.");
        return;
    }
    if (!offline_has(r, OFFLINE_TO))
        return;
    offline_get(r, OFFLINE_TO, place, sizeof place);
    int error = offline_zone_of(r->world, place, r->ask->zone, sizeof r->ask->zone);
    if (error == ERR_CONFLICT)
        offline_ask_user(r, false, "There is more than one \"%s\". Please name its country too.",
            place);
    else if (error)
        offline_ask_user(r, false, "I do not know the time zone of \"%s\".", place);
}

/* ---- the message ---- */

static void offline_read_kind(struct offline_reading *r)
{
    switch (r->ask->kind) {
    case OFFLINE_TIME:
        offline_read_time(r);
        break;
    case OFFLINE_PLAN_TRIP:
    case OFFLINE_DISTANCE:
    case OFFLINE_TRAVEL_TIME:
        offline_read_travel(r);
        break;
    case OFFLINE_ADD_EVENT:
    case OFFLINE_REMIND:
        offline_read_event(r);
        break;
    case OFFLINE_MOVE_EVENT:
        offline_read_move(r);
        break;
    case OFFLINE_DELETE_EVENT:
        offline_read_delete(r);
        break;
    case OFFLINE_LIST_EVENTS:
        offline_read_list(r);
        break;
    case OFFLINE_SET_TIMER:
        offline_read_timer(r);
        break;
    case OFFLINE_ADD_EXPENSE:
        offline_read_expense(r);
        break;
    case OFFLINE_SPENDING:
    case OFFLINE_BUDGET:
        offline_read_spending(r);
        break;
    case OFFLINE_SET_BUDGET:
        offline_read_budget(r);
        break;
    default:
        break;
    }
}

/* How many tokens at the beginning say nothing of the request: "hi", "can you", "good morning". */
static size_t offline_strip_lead(struct offline_reading *r, bool *greeted, bool *thanked)
{
    const struct offline_tokens *t = &r->tokens;

    if (offline_tokens_is(t, 0, "hi|hello|hey|hiya|howdy|g'day")) {
        *greeted = true;
        return 1;
    }
    if (offline_tokens_is(t, 0, "good") && t->count < 4 &&
        offline_tokens_is(t, 1, "morning|afternoon|evening|day")) {
        *greeted = true;
        return 2;
    }
    if (offline_tokens_is(t, 0, "can|could|would|will") && offline_tokens_is(t, 1, "you")) {
        r->polite = true;
        return 2;
    }
    *thanked |= offline_tokens_is(t, 0, "thanks");
    return offline_tokens_is(t, 0, "please|pam|ok|okay|well|,|!|thanks");
}

/* The politeness around a request. */
static void offline_strip(struct offline_reading *r, bool *greeted, bool *thanked)
{
    static const char tail[] = "please|pls|pam|thanks|thx|mate|ta|cheers|,|!|.";
    struct offline_tokens *t = &r->tokens;
    size_t n;

    while ((n = offline_strip_lead(r, greeted, thanked)))
        offline_tokens_cut(t, 0, n, false);
    while (t->count && offline_tokens_is(t, t->count - 1, tail))
        t->count--;
    if (t->count >= 2 && offline_tokens_is(t, t->count - 1, "you") &&
        offline_tokens_is(t, t->count - 2, "thank")) {
        *thanked = true;
        t->count -= 2;
    }
}

/* The first pattern that takes the whole message; else the one that comes furthest. */
static bool offline_find_rule(struct offline_reading *r)
{
    const struct offline_rule *best = NULL;
    struct offline_match furthest = {0};

    for (size_t i = 0; i < offline_rule_count; i++) {
        if (offline_match(&r->tokens, offline_rules[i].pattern, &r->match)) {
            r->rule = &offline_rules[i];
            return true;
        }
        if (r->match.headed && (!best || r->match.reached > furthest.reached)) {
            best = &offline_rules[i];
            furthest = r->match;
        }
    }
    r->rule = best;
    r->match = furthest;
    return false;
}

static void offline_understand_rest(struct offline_reading *r, const struct offline_tokens *all)
{
    offline_when_take(&r->tokens, &r->when);
    bool whole = offline_find_rule(r);

    if (!r->rule) {
        r->ask->foreign = offline_foreign(&r->tokens) >= 2;
        return;
    }
    r->ask->kind = r->rule->kind;
    if (all->overflow)
        offline_ask_user(r, false, "That is longer than I can follow in offline mode.");
    else if (!whole)
        offline_ask_rest(r, all);
    else if (r->tokens.question && !r->polite && offline_kinds[r->ask->kind].writes)
        offline_ask_user(r, false,
            "Is that a question, or shall I write it down? Please say it without "
            "the question mark if I shall.");
    else
        offline_read_kind(r);
}

void offline_understand(const char *text, const struct offline_world *world,
    struct offline_ask *out)
{
    /* 9 KiB, which no stack of a task should hold; nothing waits here. */
    static struct offline_reading r;
    static struct offline_tokens all;
    bool greeted = false, thanked = false;

    memset(out, 0, sizeof *out);
    memset(&r, 0, sizeof r);
    r.world = world;
    r.ask = out;
    offline_tokens_read(&r.tokens, text, world->decimal_comma);
    all = r.tokens;
    offline_strip(&r, &greeted, &thanked);
    if (!r.tokens.count ||
        (r.tokens.count < 4 && offline_tokens_is(&r.tokens, 0, "there|cheers|thx")))
        out->kind = thanked || offline_tokens_is(&r.tokens, 0, "cheers|thx") ? OFFLINE_THANKS :
            greeted                                                          ? OFFLINE_GREETING :
                                                                               OFFLINE_UNKNOWN;
    else if (thanked && r.tokens.count <= 2 && offline_tokens_is(&r.tokens, 0, "a|so|very"))
        out->kind = OFFLINE_THANKS;
    else
        offline_understand_rest(&r, &all);
}
