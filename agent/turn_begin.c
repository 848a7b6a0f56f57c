/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/turn_parts.h"

#include "agent/memory.h"

#include "agent/resume.h"
#include "agent/shorten.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "store/chats.h"

#include <stdlib.h>
#include <string.h>

static void turn_begin_on_part(void *arg, bool args)
{
    turn_stage(arg, args ? STAGE_MODEL_ARGS : STAGE_MODEL_TEXT);
}

static void turn_begin_location(struct turn *t)
{
    const jdoc *place = jdoc_get(t->input.context, "user_location");
    const char *const keys[] = {"address", "city", "region"};

    if (!jdoc_get_double(place, "lat", &t->tools.latitude) &&
        !jdoc_get_double(place, "lng", &t->tools.longitude))
        t->tools.has_location = t->tools.latitude >= -90 && t->tools.latitude <= 90 &&
            t->tools.longitude >= -180 && t->tools.longitude <= 180;
    for (size_t i = 0; i < sizeof keys / sizeof *keys && !t->tools.location_text; i++)
        if (*jdoc_text_or(place, keys[i], ""))
            t->tools.location_text = jdoc_text_or(place, keys[i], "");
}

static int turn_begin_conversation(struct turn *t)
{
    const struct turns_start *s = t->start;
    size_t *places = arena_array(t->arena, s->history_count + 1, sizeof *places);
    int error = 0;

    chat_init(&t->chat, t->arena);
    t->chat.of_trip = t->input.trip != NULL;
    if (!(t->history_at = places))
        return ERR_NOMEM;
    for (size_t i = 0; i < s->history_count; i++) {
        places[t->chat.count] = i;
        error = chat_parse(&t->chat, s->history[i], s->history_len[i]);
        if (error == ERR_NOMEM)
            return error;
        if (error) /* one bad message must not cost the session */
            log_limited(LOG_LEVEL_WARN, "message %zu of the conversation is not valid", i);
    }
    t->first_new = t->chat.count;
    error = turn_summary_restore(t);
    for (size_t i = 0; i < s->step_count && !error; i++)
        error = turn_checkpoint_restore(t, s->steps[i]);
    t->checkpointed = t->chat.count;
    return error;
}

/* What the user has said last: of this message and the one before it. */
#define TURN_BEGIN_SAID 2
static void turn_begin_said(const struct chat *chat, struct buf *out)
{
    size_t from = chat->count, found = 0;

    while (from && found < TURN_BEGIN_SAID)
        found += chat->items[--from].role == CHAT_USER;
    for (; from < chat->count; from++)
        if (chat->items[from].role == CHAT_USER && !chat_words(&chat->items[from], out))
            buf_putc(out, '\n');
}

/* The situation, with what is remembered of the user; that came with the conversation. */
static int turn_begin_situation(struct turn *t)
{
    const struct turns_start *s = t->start;
    struct remembered_list list = {0};
    struct buf said = {0};
    const char *text = "";
    int error = 0;

    if (t->frame.memory && !t->input.trip) /* others read what comes of it */
        error = remembered_take(s->memories, s->memory_count, t->arena, &list);
    if (!error && list.count) {
        turn_begin_said(&t->chat, &said);
        error = memory_choose(&list, buf_text(&said), t->arena, &text);
        buf_free(&said);
    }
    return error ? error : context_frame_end(&t->frame, text, t->arena);
}

static bool turn_begin_left_open(const struct turn *t)
{
    for (size_t i = t->first_new; i-- > 0;) {
        const struct chat_message *m = &t->chat.items[i];
        for (size_t k = 0; k < m->call_count; k++)
            if (!chat_result(&t->chat, m->calls[k].id))
                return true;
        if (m->role == CHAT_ASSISTANT)
            return false;
    }
    return false;
}

/* An earlier turn ended with calls that waited for the user: now their fate is decided. */
static int turn_begin_answers(struct turn *t)
{
    struct approvals_taken *taken;
    int error;

    if (!turn_begin_left_open(t))
        return 0;
    while (
        (error = approvals_take(t->env->store, t->start, t->arena, &taken, &t->calls.answer_count)))
        if ((error = wait_retry(&t->wait, error)))
            return error;
    t->calls.answers = taken;
    return 0;
}

/* The memory of the turn, and the parts that know each other through it. */
static int turn_begin_parts(struct turn *t)
{
    const struct conf *conf = t->env->conf;

    t->arena = arena_new();
    t->scratch = arena_new();
    t->answer = calloc(1, sizeof *t->answer);
    if (!t->arena || !t->scratch || !t->answer)
        return ERR_NOMEM;
    t->answer->log = t->env->eventlog;
    t->answer->arena = t->arena;
    t->answer->chat = &t->chat;
    t->answer->frame = &t->frame;
    t->answer->bytes_left = (size_t)conf->turn_bytes;
    t->answer->on_part = turn_begin_on_part;
    t->answer->arg = t;
    answer_init(t->answer);
    t->calls = (struct calls){.wait = &t->wait,
        .frame = &t->frame,
        .tools = &t->tools,
        .arena = t->arena,
        .chat = &t->chat,
        .json = &t->json,
        .left = conf->turn_tool_calls};
    return 0;
}

/* "Use euros, and log 5 for coffee": the second call counts in what the first one has stored. */
static void turn_begin_on_wishes(void *arg, const struct tools_wishes *wishes)
{
    struct turn *t = arg;
    const char *zone = arena_strdup(t->arena, wishes->zone);
    const char *currency = arena_strdup(t->arena, wishes->currency);

    if (!zone || !currency)
        return; /* the next turn reads what is stored */
    t->tools.zone = zone;
    t->tools.currency = currency;
    t->tools.units = wishes->units;
    t->tools.memory_off = wishes->memory_off;
    t->frame.memory = !wishes->memory_off;
    const char *late = t->frame.late;
    /* The rest of this turn does not use what is remembered either. */
    if (wishes->memory_off && context_frame_end(&t->frame, "", t->arena))
        t->frame.late = late;
}

static void turn_begin_tools(struct turn *t)
{
    t->tools = (struct tools_context){.conf = t->env->conf,
        .store = t->env->store,
        .http = t->env->http,
        .reactor = t->env->reactor,
        .uid = t->actor,
        .session = turn_is_members(t) ? NULL : t->start->session,
        .epoch = t->start->epoch,
        .chat_trip = t->input.trip,
        .chat_session = t->input.trip ? t->start->session : NULL,
        .zone = t->frame.zone,
        .locale = t->frame.locale,
        .currency = t->frame.currency,
        .units = t->frame.units,
        .memory_off = !t->frame.memory,
        .now_ms = t->frame.now_ms,
        .role = t->input.trip ? "user" : t->input.role, /* all members read it */
        .on_wishes = turn_begin_on_wishes,
        .on_wishes_arg = t,
        .apart = t->env->apart,
        .earlier = shorten_earlier,
        .earlier_arg = &t->chat,
        .asks = !t->input.trip,
        .tells = !t->input.source || strcmp(t->input.source, "openai") != 0};
    if (!t->input.trip)
        turn_begin_location(t);
}

/* A member may have left, or have become a viewer, while the message waited. */
static int turn_begin_member(struct turn *t)
{
    enum trips_role role;
    int error;

    t->actor = t->input.trip ? t->input.actor : t->start->uid;
    if (t->input.trip && !ident_is_chat(t->start->session, strlen(t->start->session)))
        return ERR_INVALID;
    if (!turn_is_members(t))
        return 0;
    t->own.account = NULL; /* it is counted in the slot of the member */
    if (t->start->attempt >
        1) /* it has begun: what it has done stands, and is answered to its end */
        return 0;
    while ((error = chats_role(t->env->store, t->start->uid, t->start->session, t->actor, &role)))
        if ((error = wait_retry(&t->wait, error)))
            return error;
    return role >= TRIPS_EDITOR ? 0 : ERR_CANCELLED;
}

int turn_begin(struct turn *t)
{
    const struct conf *conf = t->env->conf;
    int error;

    t->torn = t->start->attempt > 1;
    if ((error = turn_begin_parts(t)) || (error = eventlog_begin(t->env->eventlog, t->start)))
        return error;
    if (conf->responses_background)
        eventlog_mark(t->env->eventlog, model_mark, &t->model);
    t->waiting = true;
    wait_begin(&t->wait, t->env, t->start, clock_mono_ms() + conf->turn_ms);
    if (t->given)
        t->input = *t->given;
    else if ((error = input_parse(t->start->input, t->arena, &t->input)))
        return error;
    if ((error = turn_begin_member(t)))
        return error;
    usage_account_init(&t->account, t->env->store, t->input.cls, t->input.key);
    if ((error = context_frame_begin(&t->frame, conf, &t->input,
             t->input.trip ? NULL : t->start->context, clock_real_ms(), t->arena)))
        return error;
    turn_begin_tools(t);
    turn_measure_named(t);
    if ((error = turn_begin_conversation(t)) || (error = turn_begin_situation(t)) ||
        (error = turn_begin_answers(t)))
        return error;
    t->begun = t->chat.count;
    if (t->torn) {
        t->calls.resumed = true;
        if ((error = turn_resume_begin(t)))
            return error;
    }
    /* Other viewers still show what came after the message to which the user went back. */
    return t->start->rewound && !t->upstream ?
        resume_snapshot(&t->wait, &t->chat, t->first_new, &t->json) :
        0;
}
