/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/offline/offline_follow.h"

#include "agent/offline/offline_phrase.h"
#include "agent/offline/offline_speech.h"
#include "base/err.h"
#include "base/ident.h"
#include "tools/engine/tools.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define OFFLINE_FOLLOW_WITHIN_MS (10 * 60 * 1000) /* later, "tomorrow" may be another day */

/* What went before the message. */
struct offline_before {
    const char *said;                /* by the user */
    const struct chat_message *told; /* our answer */
    const char *tool;                /* called last; "" = none */
    jdoc *args, *result;             /* of that call; NULL = none, or it did not succeed */
    size_t writes;                   /* calls of that turn that write, also those that failed */
};

/* ---- the conversation ---- */

static void offline_follow_call(const struct context *c, size_t from, size_t to,
    struct offline_before *b)
{
    for (size_t i = from; i < to; i++)
        for (size_t k = 0; k < c->items[i].call_count; k++) {
            const struct chat_call *call = &c->items[i].calls[k];
            const struct tools_spec *spec = tools_find(call->name);
            b->writes += spec && spec->effect != TOOLS_READ;
            for (size_t r = i + 1; r < to; r++) {
                const struct chat_message *m = &c->items[r];
                jdoc *args = NULL, *result = NULL;
                if (m->role != CHAT_TOOL || strcmp(m->call_id, call->id) != 0)
                    continue;
                if (jdoc_parse(m->text, m->len, &result, NULL, 0) ||
                    !jdoc_is_true(result, "success") ||
                    jdoc_parse(call->args, call->args_len, &args, NULL, 0)) {
                    jdoc_free(result);
                    continue;
                }
                jdoc_free(b->args);
                jdoc_free(b->result);
                b->args = args;
                b->result = result;
                b->tool = call->name;
            }
        }
}

/* False when nothing was said just now. */
static bool offline_follow_read(const struct context *c, size_t user, struct offline_before *b)
{
    size_t from = user;

    *b = (struct offline_before){.tool = ""};
    if (user == SIZE_MAX || user < 2 || c->items[user - 1].role != CHAT_ASSISTANT)
        return false;
    b->told = &c->items[user - 1];
    int64_t age = c->frame->now_ms - ident_uuid7_ms(b->told->id);
    if (b->told->call_count || age < -1000 || age > OFFLINE_FOLLOW_WITHIN_MS)
        return false;
    while (from > 0 && c->items[from - 1].role != CHAT_USER)
        from--;
    if (!from)
        return false;
    b->said = c->items[from - 1].text;
    offline_follow_call(c, from, user, b);
    return true;
}

static void offline_follow_free(struct offline_before *b)
{
    jdoc_free(b->args);
    jdoc_free(b->result);
}

/* ---- answers to a question of ours ---- */

static struct offline_talk offline_again; /* 4 KiB, which no stack of a task should hold */

static bool offline_follow_answer(const struct offline_before *b, const char *text, bool yes,
    const struct offline_world *world, struct offline_talk *talk)
{
    struct buf both = {0};
    struct offline_world then = *world; /* "tomorrow" is that of the question */
    int64_t asked = b->told->id ? ident_uuid7_ms(b->told->id) : 0;
    bool ours;

    if (asked > 0)
        then.now_ms = asked;
    offline_talk_read(b->said, &then, &offline_again);
    ours = offline_again.outcome == OFFLINE_QUESTION &&
        !strncmp(b->told->text, offline_again.question, strlen(offline_again.question));
    if (ours && yes && offline_again.confirm && offline_again.step.call_count) {
        offline_talk_fini(talk);
        *talk = offline_again;
        talk->outcome = OFFLINE_CALLS;
        return true;
    }
    bool awaits = ours && offline_again.awaits && !yes;
    offline_talk_fini(&offline_again);
    if (!awaits)
        return false;
    buf_printf(&both, "%s %s", b->said, text);
    offline_talk_read(buf_text(&both), &then, &offline_again);
    buf_free(&both);
    if (offline_again.outcome == OFFLINE_CALLS && offline_again.step.call_count == 1) {
        offline_talk_fini(talk);
        *talk = offline_again;
        return true;
    }
    offline_talk_fini(&offline_again);
    return false;
}

/* ---- the last record ---- */

static void offline_follow_put(struct offline_talk *talk, const char *tool, const jdoc *args)
{
    offline_talk_fini(talk);
    memset(&talk->step, 0, sizeof talk->step);
    talk->step.calls[0].name = tools_find(tool)->name;
    jdoc_write(args, &talk->step.calls[0].args);
    talk->step.call_count = 1;
    talk->outcome = OFFLINE_CALLS;
}

/* A call on one member of the result's entity, as {"event_id": ID}. */
static bool offline_follow_on(struct offline_talk *talk, const struct offline_before *b,
    const char *tool, const char *entity, const char *key, const char *more)
{
    const jdoc *record = jdoc_get(b->result, entity), *id = jdoc_get(record, "id");
    struct buf json = {0};
    jdoc *args = NULL;

    if (!tools_find(tool) || !id)
        return false;
    buf_printf(&json, "{\"%s\":", key);
    jdoc_write(id, &json);
    buf_printf(&json, "%s%s}", *more ? "," : "", more);
    int error = jdoc_parse(buf_text(&json), json.len, &args, NULL, 0);
    buf_free(&json);
    if (!error)
        offline_follow_put(talk, tool, args);
    jdoc_free(args);
    return !error;
}

static bool offline_follow_delete(struct offline_talk *talk, const struct offline_before *b)
{
    static const struct {
        const char *made, *tool, *entity, *key, *more;
    } rows[] = {
        {"create_calendar_event", "delete_calendar_event", "event", "event_id", ""},
        {"set_timer_or_alarm", "set_timer_or_alarm", "timer", "timer_id", "\"action\":\"cancel\""},
        {"add_fuel_entry", "delete_fuel_entry", "entry", "entry_id", "\"confirm\":true"},
        {"create_maintenance_record", "delete_maintenance_record", "record", "record_id",
            "\"confirm\":true"},
        {"create_expense", "delete_record", "expense", "id", "\"kind\":\"expense\""},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!strcmp(b->tool, rows[i].made))
            return offline_follow_on(talk, b, rows[i].tool, rows[i].entity, rows[i].key,
                rows[i].more);
    return false;
}

static bool offline_follow_undo(struct offline_talk *talk, const struct offline_before *b)
{
    jdoc *none;
    const struct tools_spec *spec = tools_find(b->tool);

    if (!spec || spec->effect == TOOLS_READ)
        return false;
    if (!tools_find("undo_change"))
        return offline_follow_delete(talk, b);
    if (!(none = jdoc_new_object()))
        return false;
    offline_follow_put(talk, "undo_change", none);
    jdoc_free(none);
    return true;
}

/* Another amount, or another time, of what was written last. */
static bool offline_follow_change(struct offline_talk *talk, const struct offline_before *b,
    const struct offline_speech *s, const struct offline_world *world)
{
    struct offline_moment m;
    char problem[OFFLINE_PROBLEM_SIZE], more[80], when[OFFLINE_MOMENT_SIZE];
    double amount = 0;
    size_t numbers = 0;

    for (size_t i = 0; i < s->tokens.count; i++) {
        const struct offline_token *k = &s->tokens.list[i];
        if (k->kind == OFFLINE_NUMBER) {
            if (*k->currency &&
                offline_fill_foreign(world, k->currency,
                    jdoc_text_or(b->args, "currency", world->currency)))
                return false; /* other money is no correction of a number */
            amount = k->value;
            numbers++;
        } else if (k->kind != OFFLINE_WORD && k->kind != OFFLINE_PUNCT && !s->when.dates &&
            !s->when.times)
            return false;
    }
    if (numbers == 1 && !s->when.dates && !s->when.times && amount > 0) {
        if (!strcmp(b->tool, "create_expense")) {
            snprintf(more, sizeof more, "\"kind\":\"expense\",\"changes\":{\"amount\":%.10g}",
                amount);
            return offline_follow_on(talk, b, "change_record", "expense", "id", more);
        }
        if (strcmp(b->tool, "update_budget") != 0 || jdoc_set_double(b->args, "amount", amount))
            return false;
        offline_follow_put(talk, b->tool, b->args);
        return true;
    }
    if (numbers || strcmp(b->tool, "create_calendar_event") != 0 || s->when.dates > 1 ||
        s->when.times > 1 || (!s->when.dates && !s->when.times))
        return false;
    if (!offline_when_work_out(&s->when, world->now_ms, world->zone,
            s->when.dates ? OFFLINE_AHEAD : OFFLINE_ANY, &m, problem)) {
        talk->outcome = OFFLINE_QUESTION;
        snprintf(talk->question, sizeof talk->question, "%s",
            offline_phrase_problem(problem, talk->language));
        return true;
    }
    const char *old = jdoc_text_or(b->args, "start_date", "");
    m.has_date = true;
    offline_moment_write(&m, when);
    if (!s->when.dates && strlen(old) >= 10) /* the day stays */
        memcpy(when, old, 10);
    else if (!m.has_time && strlen(old) >= 16) /* the time of day stays */
        snprintf(when + 10, sizeof when - 10, "%.6s", old + 10);
    snprintf(more, sizeof more, "\"start_date\":\"%s\"", when);
    return offline_follow_on(talk, b, "update_calendar_event", "event", "event_id", more);
}

/* ---- the last question of the user's ---- */

/* The words of a message that say what is asked, without those that say about what. */
static void offline_follow_lead(const char *said, enum offline_language language, bool verbs,
    char *out, size_t size)
{
    static struct offline_speech s;
    size_t len = 0;
    bool whole;

    offline_speech_read(&s, said, language, false);
    *out = 0;
    for (size_t i = 0; i < s.tokens.count && len + 2 * OFFLINE_WORD_SIZE < size; i++) {
        const struct offline_token *k = &s.tokens.list[i];
        const char *category = offline_category(k->low, &whole);
        if (k->kind != OFFLINE_WORD || k->mark != OFFLINE_MARK_KNOWN || !category || *category)
            continue;
        if (verbs && !offline_tokens_is(&s.tokens, i, "spent|bought|log|add|remind|saved"))
            continue;
        if (len)
            out[len++] = ' ';
        len += offline_copy(out + len, size - len, said + k->from, k->to - k->from);
    }
}

/* "and last month?", "what about Perth?", "and 12 for coffee". */
static bool offline_follow_more(struct offline_talk *talk, const struct offline_before *b,
    const char *text, const struct offline_world *world)
{
    const struct tools_spec *spec = tools_find(b->tool);
    char lead[300];
    struct buf both = {0};
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value, *args = NULL;
    bool reads = spec && spec->effect == TOOLS_READ;

    if (!spec || !b->args)
        return false;
    offline_follow_lead(b->said, talk->language, !reads, lead, sizeof lead);
    if (!*lead)
        return false;
    buf_printf(&both, "%s %s", lead, text);
    offline_talk_read(buf_text(&both), world, &offline_again);
    buf_free(&both);
    if (offline_again.outcome != OFFLINE_CALLS || offline_again.step.call_count != 1 ||
        strcmp(offline_again.step.calls[0].name, b->tool) != 0 ||
        jdoc_parse(buf_text(&offline_again.step.calls[0].args),
            offline_again.step.calls[0].args.len, &args, NULL, 0)) {
        offline_talk_fini(&offline_again);
        return false;
    }
    offline_talk_fini(&offline_again);
    if (reads) { /* what is not said anew stays */
        while (jdoc_next(args, &it, &key, &value))
            err_ignore(jdoc_set(b->args, key, jdoc_dup(value))); /* the schema is checked again */
        offline_follow_put(talk, b->tool, b->args);
    } else {
        offline_follow_put(talk, b->tool, args);
    }
    jdoc_free(args);
    return true;
}

/* "and the day after?" of the calendar. */
static bool offline_follow_day_after(struct offline_talk *talk, const struct offline_before *b)
{
    int y, m, d;
    char text[OFFLINE_MOMENT_SIZE];
    const char *start = jdoc_text_or(b->args, "start_date", "");

    if (strcmp(b->tool, "get_calendar_events") != 0 ||
        sscanf(start, "%4d-%2d-%2d", &y, &m, &d) != 3 ||
        strcmp(start, jdoc_text_or(b->args, "end_date", start)) != 0)
        return false;
    struct offline_moment at = {.has_date = true,
        .days = 1,
        .at = {.year = y, .month = m, .day = d}};
    daytime_add_days(&at.at, 1);
    offline_moment_write(&at, text);
    if (jdoc_set_string(b->args, "start_date", text) || jdoc_set_string(b->args, "end_date", text))
        return false;
    offline_follow_put(talk, b->tool, b->args);
    return true;
}

/* ---- which of them it is ---- */

static const char *offline_follow_strip(const char *text, const char *const *leads)
{
    for (; *leads; leads++)
        if (!strncasecmp(text, *leads, strlen(*leads)))
            return text + strlen(*leads) + strspn(text + strlen(*leads), " ,");
    return NULL;
}

static bool offline_follow_is(const char *text, const char *const *whole)
{
    size_t len = strcspn(text, ".!?");

    while (len && text[len - 1] == ' ')
        len--;
    for (; *whole; whole++)
        if (strlen(*whole) == len && !strncasecmp(text, *whole, len))
            return true;
    return false;
}

/* Several things were done: none of them is "that". */
static bool offline_follow_which(struct offline_talk *talk)
{
    talk->outcome = OFFLINE_QUESTION;
    snprintf(talk->question, sizeof talk->question, "%s",
        offline_phrase_problem(OFFLINE_PHRASE_WHICH, talk->language));
    return true;
}

static bool offline_follow_any(const struct offline_before *b, const char *text,
    const struct offline_world *world, struct offline_talk *talk)
{
    static const char *const yes[] = {"yes", "yes please", "yeah", "yep", "sure", "ok", "okay",
        "do it", "ja", "ja bitte", "gerne", "s\xc3\xad", "si", "claro", "oui", "d'accord", NULL},
                             *const drop[] = {"delete that", "delete it", "remove that",
                                 "remove it", "cancel that", "cancel it", "l\xc3\xb6sch das",
                                 "l\xc3\xb6sche das", "l\xc3\xb6sch es", "b\xc3\xb3rralo",
                                 "borra eso", "elimina eso", "supprime-le",
                                 "supprime \xc3\xa7"
                                 "a",
                                 "efface-le", NULL},
                             *const undo[] = {"undo", "undo that", "undo it", "take that back",
                                 "mach das r\xc3\xbc"
                                 "ckg\xc3\xa4ngig",
                                 "r\xc3\xbc"
                                 "ckg\xc3\xa4ngig",
                                 "deshazlo", "deshacer",
                                 "annule \xc3\xa7"
                                 "a",
                                 "annule-le", NULL},
                             *const change[] = {"make it ", "make that ", "change it to ",
                                 "change that to ", "no, ", "no ", "actually ", "sorry, ",
                                 "i meant ", "nein, ", "doch ", "mach ", "\xc3\xa4ndere es auf ",
                                 "mejor ", "c\xc3\xa1mbialo a ", "ponlo a ", "non, ",
                                 "plut\xc3\xb4t ", "mets ", "change en ", NULL},
                             *const more[] = {"and what about ", "what about ", "how about ",
                                 "and ", "und was ist mit ", "und ", "y qu\xc3\xa9 hay de ", "y ",
                                 "et pour ", "et ", NULL},
                             *const day[] = {"and the day after", "the day after",
                                 "and the next day", "und am tag danach", "und der tag danach",
                                 "y el d\xc3\xad"
                                 "a siguiente",
                                 "et le jour suivant", "et le lendemain", NULL};
    static struct offline_speech s;
    const char *rest;

    text += strspn(text, " \xc2\xbf");
    if (offline_follow_answer(b, text, offline_follow_is(text, yes), world, talk))
        return true;
    if (!*b->tool)
        return false;
    if (b->writes > 1 &&
        (offline_follow_is(text, drop) || offline_follow_strip(text, change) ||
            offline_follow_is(text, day)))
        return offline_follow_which(talk);
    if (offline_follow_is(text, undo))
        return offline_follow_undo(talk, b);
    if (offline_follow_is(text, drop))
        return offline_follow_delete(talk, b);
    if (offline_follow_is(text, day))
        return offline_follow_day_after(talk, b);
    if ((rest = offline_follow_strip(text, change))) {
        offline_speech_read(&s, rest, talk->language, world->decimal_comma);
        for (size_t i = 0; i < s.tokens.count; i++)
            if (s.tokens.list[i].kind == OFFLINE_WORD &&
                s.tokens.list[i].mark != OFFLINE_MARK_LIGHT)
                return false;
        return offline_follow_change(talk, b, &s, world);
    }
    rest = offline_follow_strip(text, more);
    return rest && offline_follow_more(talk, b, rest, world);
}

bool offline_follow(const struct context *context, size_t user, const char *text,
    const struct offline_world *world, struct offline_talk *talk)
{
    struct offline_before before;
    bool found = false;

    if (strlen(text) > 200 || !offline_follow_read(context, user, &before))
        return false;
    talk->language =
        offline_speech_language(text, offline_speech_language(before.said, world->language));
    found = offline_follow_any(&before, text, world, talk);
    offline_follow_free(&before);
    return found;
}
