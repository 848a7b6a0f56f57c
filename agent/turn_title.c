/* SPDX-License-Identifier: BSD-2-Clause */
/* The title of a chat, asked of the model behind the turn's end: nobody waits for it, and nothing
 * depends on it. */
#include "agent/turn_parts.h"

#include "agent/events.h"
#include "agent/title.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "store/keys.h"
#include "store/sessions.h"

#include <stdlib.h>
#include <string.h>

#define OUTPUT_TOKENS 1000 /* thoughts included */
#define ANSWER_BYTES 16384

struct turn_title {
    struct arena *arena;
    struct turns_start start; /* whose it is */
    struct turn used;         /* what the turn has used; nothing else of it is set */
    const char *question;
};

/* The making of one. */
struct turn_title_call {
    struct conf conf;
    struct turn_env env;
    struct wait wait;
    struct model model;
    struct answer answer;
    struct arena *arena;
    struct buf text, usage;
};

void turn_title_free(struct turn_title *title)
{
    if (title)
        arena_free(title->arena); /* it lives in there */
}

static bool turn_title_is_wanted(const struct turn *t)
{
    const struct conf *conf = t->env->conf;

    return conf->titles && !t->input.trip && !t->calls.ask_count && !t->pending_count &&
        (*conf->title_model || strcmp(conf->providers, "offline") != 0) &&
        !keys_is_unlisted(t->start->session) && title_is_wanted(&t->chat);
}

struct turn_title *turn_title_of(const struct turn *t)
{
    struct buf question = {0};
    struct arena *arena = turn_title_is_wanted(t) ? arena_new() : NULL;
    struct turn_title *title = arena ? arena_alloc(arena, sizeof *title) : NULL;

    if (!title || title_question(&t->chat, &question)) {
        if (arena)
            arena_free(arena);
        buf_free(&question);
        return NULL;
    }
    memset(title, 0, sizeof *title);
    title->arena = arena;
    memcpy(title->start.uid, t->start->uid, sizeof title->start.uid);
    memcpy(title->start.session, t->start->session, sizeof title->start.session);
    memcpy(title->start.turn, t->start->turn, sizeof title->start.turn);
    memcpy(title->used.usages, t->usages, sizeof t->usages);
    title->used.usage_count = t->usage_count;
    title->used.account = t->account;
    title->question = arena_strdup(arena, buf_text(&question));
    buf_free(&question);
    if (title->question)
        return title;
    turn_title_free(title);
    return NULL;
}

/* title.model names another model: "PROVIDER:MODEL". */
static int turn_title_conf(struct turn_title_call *c)
{
    static const struct {
        const char *name;
        size_t field;
    } models[] = {{"anthropic", offsetof(struct conf, anthropic_model)},
        {"openai", offsetof(struct conf, openai_model)},
        {"responses", offsetof(struct conf, responses_model)}};
    const char *named = c->conf.title_model, *colon = strchr(named, ':');

    c->conf.responses_background = false; /* nobody would go on with it */
    for (size_t i = 0; colon && i < sizeof models / sizeof *models; i++) {
        const char *name = models[i].name;
        if (strlen(name) != (size_t)(colon - named) || strncmp(name, named, strlen(name)) != 0)
            continue;
        c->conf.providers = arena_strdup(c->arena, name);
        *(char **)((char *)&c->conf + models[i].field) = arena_strdup(c->arena, colon + 1);
    }
    return c->conf.providers ? 0 : ERR_NOMEM;
}

static int turn_title_begin(struct turn_title_call *c, struct turn_env *env,
    const struct turn_title *title)
{
    c->conf = *env->conf;
    c->env = *env;
    c->env.conf = &c->conf;
    c->env.on_under_way = NULL;
    if (!(c->arena = arena_new()) || turn_title_conf(c))
        return ERR_NOMEM;
    wait_begin_behind(&c->wait, &c->env, &title->start, clock_mono_ms() + c->conf.title_ms);
    return 0;
}

/* Into c->text. */
static int turn_title_ask(struct turn_title_call *c, struct turn_title *title)
{
    const struct input input = {.run_id = "",
        .text = "",
        .message_id = "",
        .zone = "",
        .locale = ""};
    const struct context_frame frame = {.conf = &c->conf,
        .input = &input,
        .zone = "UTC",
        .currency = c->conf.default_currency,
        .now_ms = clock_real_ms(),
        .late = "",
        .instructions = title_instructions};
    struct model_result result = {0};
    struct chat chat, nothing;
    struct arena *scratch = arena_new();
    int error = scratch ? 0 : ERR_NOMEM;

    chat_init(&chat, c->arena);
    chat_init(&nothing, c->arena);
    c->answer.quiet = true;
    c->answer.arena = c->arena;
    c->answer.chat = &nothing;
    c->answer.bytes_left = ANSWER_BYTES;
    answer_init(&c->answer);
    answer_reset(&c->answer);
    if (!error)
        error = chat_add(&chat,
            &(struct chat_message){.role = CHAT_USER,
                .id = "question",
                .text = title->question,
                .len = strlen(title->question)});
    const struct model_ask ask = {.frame = &frame,
        .chat = &chat,
        .arena = scratch,
        .max_tokens = OUTPUT_TOKENS};
    if (!error)
        error = model_call(&c->model, &c->wait, &ask, &c->answer, &result);
    title->used.env = &c->env;
    turn_usage_add(&title->used, &result);
    if (scratch)
        arena_free(scratch);
    if (!error && (!result.provider || result.provider->start)) /* it has no words of its own */
        error = ERR_NOT_CONFIGURED;
    return error ? error : title_read(buf_text(&c->answer.text), c->answer.text.len, &c->text);
}

static int turn_title_write(struct turn_title_call *c, const struct turn_title *title)
{
    const struct turns_start *start = &title->start;
    const struct sessions_change change = {.title = buf_text(&c->text), .by_model = true};

    return sessions_change(c->env.store, start->uid, start->session, &change, NULL);
}

static void turn_title_count(struct turn_title_call *c, struct turn_title *title)
{
    if (!title->used.usage_count)
        return;
    turn_usage_write(&title->used, &c->usage);
    if (!buf_error(&c->usage))
        err_ignore(turns_note_usage(c->env.store, title->start.uid, title->start.turn,
            buf_text(&c->usage), &title->used.account));
    usage_site_add(c->env.store, &title->used.account);
}

void turn_title_make(struct turn_env *env, struct turn_title *title)
{
    struct turn_title_call *c;
    bool given = true;
    int error =
        sessions_has_users_title(env->store, title->start.uid, title->start.session, &given);

    if (error || given || !(c = calloc(1, sizeof *c))) {
        turn_title_free(title);
        return;
    }
    error = turn_title_begin(c, env, title);
    if (!error) {
        error = turn_title_ask(c, title);
        wait_end(&c->wait);
        turn_title_count(c, title);
    }
    if (!error)
        error = turn_title_write(c, title);
    if (error && error != ERR_CONFLICT && error != ERR_NOT_FOUND)
        log_info("turn %s: no title for its chat: %s", title->start.turn, err_text(error));
    model_fini(&c->model);
    answer_fini(&c->answer);
    buf_free(&c->text);
    buf_free(&c->usage);
    if (c->arena)
        arena_free(c->arena);
    free(c);
    turn_title_free(title);
}
