/* SPDX-License-Identifier: BSD-2-Clause */
/* What comes next in a conversation: calls, a question, or the answer from the results. */
#include "agent/offline/offline_doubt.h"
#include "agent/offline/offline_follow.h"
#include "agent/offline/offline_phrase.h"
#include "agent/offline/offline_speech.h"
#include "agent/offline/offline_talk.h"
#include "base/err.h"
#include "base/ident.h"

#include <string.h>

#define RESULTS_MAX 16
#define ANSWER_WITHIN_MS (10 * 60 * 1000) /* later, "tomorrow" may be another day */

static const char *offline_call_name(const struct context *c, size_t from, const char *id)
{
    for (size_t i = from; i < c->count; i++)
        for (size_t k = 0; k < c->items[i].call_count; k++)
            if (!strcmp(c->items[i].calls[k].id, id))
                return c->items[i].calls[k].name;
    return "";
}

static size_t offline_collect(const struct context *c, size_t from, struct offline_result *results)
{
    size_t count = 0;

    for (size_t i = from; i < c->count && count < RESULTS_MAX; i++)
        if (c->items[i].role == CHAT_TOOL)
            results[count++] =
                (struct offline_result){offline_call_name(c, from, c->items[i].call_id),
                    &c->items[i]};
    return count;
}

/* Where our answer to the message before stands, if it was given just now. */
static const struct chat_message *offline_just_said(const struct context *c, size_t user)
{
    const struct chat_message *answer = user >= 2 && user != SIZE_MAX ? &c->items[user - 1] : NULL;
    int64_t age;

    if (!answer || answer->role != CHAT_ASSISTANT || answer->call_count ||
        c->items[user - 2].role != CHAT_USER)
        return NULL;
    age = c->frame->now_ms - ident_uuid7_ms(answer->id); /* of an id that we made */
    return age >= -1000 && age < ANSWER_WITHIN_MS ? answer : NULL;
}

/* "5 pm" behind our question "At what time?" completes the message that was asked about. */
static void offline_step_understand(const struct context *c, size_t user, const char *text,
    const struct offline_world *world, struct offline_ask *ask)
{
    const struct chat_message *answer = offline_just_said(c, user);
    const char *before;
    struct offline_ask whole;
    struct buf both = {0};

    offline_understand(text, world, ask);
    if (ask->kind != OFFLINE_UNKNOWN || ask->foreign || !answer)
        return;
    before = c->items[user - 2].text;
    offline_understand(before, world, &whole);
    if (!whole.awaits || strncmp(answer->text, whole.question, strlen(whole.question)) != 0)
        return;
    buf_printf(&both, "%.*s %s", (int)strcspn(before, "\n"), before, text);
    if (!buf_error(&both))
        offline_understand(buf_text(&both), world, &whole);
    if (!buf_error(&both) && !*whole.question)
        *ask = whole;
    buf_free(&both);
}

/* The tool of a pattern: what the talk understands otherwise is not asked about again. */
static const char *offline_kind_tool(enum offline_kind kind)
{
    static const char *const tools[OFFLINE_KIND_COUNT] = {
        [OFFLINE_PLAN_TRIP] = "plan_trip",
        [OFFLINE_DISTANCE] = "calculate_distance",
        [OFFLINE_TRAVEL_TIME] = "estimate_travel_time",
        [OFFLINE_ADD_EVENT] = "create_calendar_event",
        [OFFLINE_REMIND] = "create_calendar_event",
        [OFFLINE_LIST_EVENTS] = "get_calendar_events",
        [OFFLINE_SET_TIMER] = "set_timer_or_alarm",
        [OFFLINE_ADD_EXPENSE] = "create_expense",
        [OFFLINE_SPENDING] = "get_spending_summary",
        [OFFLINE_SET_BUDGET] = "update_budget",
        [OFFLINE_BUDGET] = "analyze_budget",
        [OFFLINE_TIME] = "get_current_time",
    };

    return tools[kind] ? tools[kind] : "";
}

/* Whether what the talk made of the message counts, though a pattern has asked about it. */
static bool offline_talk_counts(const struct offline_talk *talk, const struct offline_ask *ask)
{
    if (ask->kind == OFFLINE_UNKNOWN)
        return talk->outcome != OFFLINE_NOTHING;
    if (!*ask->question || talk->outcome != OFFLINE_CALLS)
        return false;
    return talk->ranged || talk->language != OFFLINE_ENGLISH || talk->step.call_count > 1 ||
        strcmp(talk->step.calls[0].name, offline_kind_tool(ask->kind)) != 0;
}

/* Takes over what the talk has understood. Returns whether that is all that is to be done. */
static bool offline_take_talk(struct offline_talk *talk, struct offline_ask *ask,
    struct offline_step *out)
{
    if (!offline_talk_counts(talk, ask))
        return false;
    if (talk->outcome == OFFLINE_EVENT) {
        *ask = talk->ask;
        return false;
    }
    if (talk->outcome == OFFLINE_QUESTION) {
        buf_printf(&out->text, "%s%s", talk->question, offline_phrase_signature(talk->language));
        return true;
    }
    *out = talk->step;
    memset(&talk->step, 0, sizeof talk->step);
    return true;
}

/* Calls that the message speaks against are not made; the user is told why. */
static void offline_doubt_calls_of(const char *text, enum offline_language language,
    enum offline_kind kind, struct offline_step *out)
{
    bool deletes = kind == OFFLINE_MOVE_EVENT || kind == OFFLINE_DELETE_EVENT;
    enum offline_doubt doubt;

    if (!out->call_count ||
        (doubt = offline_doubt_find(text, language, out, deletes)) == OFFLINE_DOUBT_NONE)
        return;
    offline_step_fini(out);
    memset(out, 0, sizeof *out);
    buf_printf(&out->text, "%s%s", offline_doubt_text(doubt, language),
        offline_phrase_signature(language));
}

int offline_decide(const struct context *context, bool no_tools, struct offline_step *out)
{
    struct offline_result results[RESULTS_MAX];
    struct offline_scratch scratch;
    struct offline_world world;
    struct offline_ask ask;
    struct buf words = {0};
    size_t user = context->late_at, count;
    const char *text = user == SIZE_MAX ? "" : offline_words(&context->items[user], &words);
    bool files = user != SIZE_MAX && context->items[user].file_count;
    static struct offline_talk offline_last_talk; /* 4 KiB; nothing waits here */
    struct offline_talk *talk = &offline_last_talk;
    bool follows = false;

    memset(out, 0, sizeof *out);
    offline_world_read(context->frame, &scratch, &world);
    offline_step_understand(context, user, text, &world, &ask);
    count = user == SIZE_MAX ? 0 : offline_collect(context, user, results);
    memset(talk, 0, sizeof *talk);
    if (user != SIZE_MAX && !files && (ask.kind == OFFLINE_UNKNOWN || *ask.question))
        offline_talk_read(text, &world, talk);
    if (count && talk->outcome == OFFLINE_EVENT && ask.kind == OFFLINE_UNKNOWN)
        ask = talk->ask;
    if (!count && !files && !no_tools && (ask.kind == OFFLINE_UNKNOWN || *ask.question) &&
        talk->outcome != OFFLINE_CALLS &&
        (follows = offline_follow(context, user, text, &world, talk)))
        ask = (struct offline_ask){.kind = OFFLINE_UNKNOWN};
    const char *courtesy = !count && !files && !follows && talk->outcome != OFFLINE_CALLS &&
            ask.kind != OFFLINE_GREETING && ask.kind != OFFLINE_THANKS ?
        offline_courtesy(text, world.language) :
        NULL;
    if (courtesy) {
        buf_puts(&out->text, courtesy);
    } else if (!count && !files && !no_tools && offline_take_talk(talk, &ask, out)) {
        /* calls, or a question */
    } else if (!count && files && ask.kind == OFFLINE_UNKNOWN) {
        offline_take_files(&context->items[user], text, no_tools, out);
    } else if (!count) {
        enum offline_language language = user == SIZE_MAX || ask.kind != OFFLINE_UNKNOWN ?
            OFFLINE_ENGLISH :
            offline_speech_language(text, OFFLINE_ENGLISH);
        if (language != OFFLINE_ENGLISH)
            buf_puts(&out->text, offline_phrase_unknown(language));
        if (language == OFFLINE_ENGLISH && (no_tools || !offline_first_calls(out, &ask, &world)))
            offline_say_plain(&ask, &out->text);
    } else if (files && !no_tools && offline_next_files(results, count, text, out)) {
        /* what was looked at is taken in */
    } else if (no_tools || !offline_second_calls(out, &ask, &world, results, count)) {
        size_t skip = count > 1 &&
            (files || ask.kind == OFFLINE_MOVE_EVENT || ask.kind == OFFLINE_DELETE_EVENT);
        enum offline_language language =
            user == SIZE_MAX ? OFFLINE_ENGLISH : offline_speech_language(text, world.language);
        if (language == OFFLINE_ENGLISH)
            offline_say(results + skip, count - skip, &out->text);
        else
            offline_tell(results + skip, count - skip, language, &out->text);
    }
    if (!count && !follows)
        offline_doubt_calls_of(text, ask.kind == OFFLINE_UNKNOWN ? talk->language : OFFLINE_ENGLISH,
            ask.kind, out);
    offline_talk_fini(talk);
    offline_scratch_fini(&scratch);
    buf_free(&words);
    if (buf_error(&out->text)) {
        offline_step_fini(out);
        return ERR_NOMEM;
    }
    return 0;
}
