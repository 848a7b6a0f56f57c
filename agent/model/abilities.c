/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/model/abilities.h"

#include <stdlib.h>
#include <string.h>

#define BUDGET_MIN 1024        /* Anthropic's least */
#define ALLOWANCE_DEFAULT 8192 /* of a model that thinks as much as it likes */
#define FIELD_OLD "max_tokens"
#define FIELD_NEW "max_completion_tokens"

/* The three dialects; a provider speaks one of them. */
enum abilities_dialect { ABILITIES_ANTHROPIC, ABILITIES_CHAT, ABILITIES_RESPONSES };

/* The providers with a server, and their settings. */
#define ABILITIES_PROVIDERS(X) \
    X(anthropic, ABILITIES_ANTHROPIC) \
    X(openai, ABILITIES_CHAT) \
    X(responses, ABILITIES_RESPONSES)

struct abilities_settings {
    const char *name;
    enum abilities_dialect dialect;
    const char *url, *model, *temperature, *images, *documents, *thinking;
    int64_t context_tokens, output_tokens;
};

static bool abilities_settings_of(const struct conf *c, const char *provider,
    struct abilities_settings *out)
{
#define ABILITIES_ROW_(p, d) \
    {#p, d, c->p##_url, c->p##_model, c->p##_temperature, c->p##_images, c->p##_documents, \
        c->p##_thinking, c->p##_context_tokens, c->p##_output_tokens},
    const struct abilities_settings all[] = {ABILITIES_PROVIDERS(ABILITIES_ROW_)};
#undef ABILITIES_ROW_

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (strcmp(all[i].name, provider))
            continue;
        *out = all[i];
        return true;
    }
    return false;
}

/* Chat Completions has no form for it. */
static const char *abilities_deferred(const struct conf *c, enum abilities_dialect dialect)
{
    return dialect == ABILITIES_ANTHROPIC ? c->anthropic_deferred_tools :
        dialect == ABILITIES_RESPONSES    ? c->responses_deferred_tools :
                                            "off";
}

/* "on", "off"; anything else: as the table says. */
static bool abilities_switch(const char *setting, bool otherwise)
{
    return !strcmp(setting, "on") || (otherwise && strcmp(setting, "off"));
}

/* ---- thinking ---- */

static enum family_thinking abilities_form(const struct conf *c, const struct abilities_settings *s,
    const struct family *f, const struct family_server *server)
{
    static const struct {
        const char *setting;
        enum family_thinking form;
    } forms[] = {
        {"none", FAMILY_THINKING_NONE},
        {"reasoning_effort", FAMILY_THINKING_EFFORT},
        {"reasoning", FAMILY_THINKING_REASONING},
        {"thinking", FAMILY_THINKING_TYPE},
        {"chat_template", FAMILY_THINKING_TEMPLATE},
    };

    if (s->dialect == ABILITIES_ANTHROPIC)
        return f->thinking == FAMILY_THINKING_BUDGET || f->thinking == FAMILY_THINKING_ADAPTIVE ?
            f->thinking :
            FAMILY_THINKING_TYPE; /* DeepSeek, Kimi and others behind this dialect */
    if (s->dialect == ABILITIES_RESPONSES)
        return FAMILY_THINKING_EFFORT;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (!strcmp(c->openai_thinking_form, forms[i].setting))
            return forms[i].form;
    if (server && server->thinking != FAMILY_THINKING_NONE)
        return server->thinking;
    if (f->thinking == FAMILY_THINKING_BUDGET || f->thinking == FAMILY_THINKING_ADAPTIVE ||
        f->thinking == FAMILY_THINKING_NONE)
        return FAMILY_THINKING_EFFORT; /* what most compatible servers know */
    return f->thinking;
}

/* Off, in the family's word; where it has none, the least that there is. Nothing needs to be said
 * to a model that does not think by itself. */
static void abilities_off(const struct family *f, struct abilities_thinking *t)
{
    if (*f->stem && !(f->flags & FAMILY_THINKS)) {
        t->form = FAMILY_THINKING_NONE;
        return;
    }
    t->word = *f->off ? f->off : NULL;
    if (t->form == FAMILY_THINKING_REASONING || t->form == FAMILY_THINKING_EFFORT)
        t->word = *f->off || !*f->efforts ? "none" : NULL;
    if (t->form == FAMILY_THINKING_TYPE)
        t->word = "disabled";
    if (t->form == FAMILY_THINKING_TEMPLATE || t->word)
        return;
    t->word = family_effort(f, "minimal");
    t->on = t->word;
    if (!t->on)
        t->form = FAMILY_THINKING_NONE;
}

/* An effort or a number of tokens, as the form wants it. */
static void abilities_on(const struct family *f, const char *effort, int64_t budget,
    struct abilities_thinking *t)
{
    const char *word = NULL;

    t->on = true;
    if (!budget && effort)
        budget = family_budget_of(effort);
    if (!effort && budget)
        effort = family_effort_of(budget);
    if (effort)
        word = *f->efforts ? family_effort(f, effort) : effort;
    switch (t->form) {
    case FAMILY_THINKING_BUDGET:
        t->budget = budget ? budget : ALLOWANCE_DEFAULT;
        t->interleaved = f->flags & FAMILY_INTERLEAVES;
        break;
    case FAMILY_THINKING_EFFORT:
        t->word = word ? word : family_effort(f, "medium");
        if (!t->word)
            t->word = "medium";
        break;
    case FAMILY_THINKING_TYPE:
        t->word = *f->efforts ? word : NULL;
        t->budget = budget ? budget : ALLOWANCE_DEFAULT; /* in Anthropic's dialect alone */
        break;
    default:
        t->word = word;
    }
    t->allowance = budget ? budget : ALLOWANCE_DEFAULT;
}

static void abilities_set_thinking(const char *setting, const struct family *f,
    struct abilities_thinking *t)
{
    char *end;
    int64_t budget = strtoll(setting, &end, 10);

    t->allowance = f->flags & FAMILY_THINKS ? ALLOWANCE_DEFAULT : 0;
    if (!strcmp(setting, "off"))
        abilities_off(f, t);
    else if (!strcmp(setting, "on"))
        abilities_on(f, NULL, 0, t);
    else if (family_is_effort(setting))
        abilities_on(f, family_effort_of(family_budget_of(setting)), 0, t);
    else if (*setting && !*end && budget >= BUDGET_MIN)
        abilities_on(f, NULL, budget, t);
    else
        t->form = FAMILY_THINKING_NONE; /* auto: nothing is said */
    if (!t->on && t->form != FAMILY_THINKING_NONE)
        t->allowance = 0;
}

/*
 * OpenAI's own rule: function tools of Chat Completions only beside the effort "none". A server
 * that is not known may pass a request on to it. Some of these take tools all the same, so a model
 * that knows no "none" is denied them at OpenAI's servers alone.
 */
static void abilities_apply_tools_rule(const struct family *f, const struct family_server *server,
    struct abilities_thinking *t)
{
    if (f->flags & FAMILY_NO_CHAT_TOOLS) {
        t->no_tools = server;
        return;
    }
    if (!(f->flags & FAMILY_TOOLS_WANT_NONE) ||
        (t->form == FAMILY_THINKING_NONE && !(f->flags & FAMILY_THINKS)))
        return;
    *t = (struct abilities_thinking){.form = FAMILY_THINKING_EFFORT, .word = "none"};
}

/* ---- the rest ---- */

static const char *abilities_field(const struct conf *c, const struct abilities_settings *s,
    const struct family *f, const struct family_server *server)
{
    const char *set = c->openai_max_tokens_field;
    bool newer =
        f->flags & FAMILY_NEWER_FIELD || (server && server->flags & FAMILY_SERVER_NEWER_FIELD);

    if (s->dialect == ABILITIES_RESPONSES)
        return "max_output_tokens";
    if (s->dialect == ABILITIES_ANTHROPIC)
        return FIELD_OLD;
    if (!strcmp(set, "none"))
        return NULL;
    if (strcmp(set, "auto"))
        return set;
    return newer ? FIELD_NEW : FIELD_OLD;
}

static void abilities_read(const struct conf *c, const struct abilities_settings *s, bool tools,
    struct abilities *a)
{
    const struct family *f = a->family;
    const struct family_server *server = family_server_of(s->url);
    bool files =
        s->dialect != ABILITIES_CHAT || (server && server->flags & FAMILY_SERVER_DOCUMENTS);

    a->anthropic = s->dialect == ABILITIES_ANTHROPIC;
    a->window = s->context_tokens ? s->context_tokens : f->window;
    a->output = s->output_tokens ? s->output_tokens : f->output;
    a->images = abilities_switch(s->images, f->flags & FAMILY_IMAGES);
    a->documents = abilities_switch(s->documents, files && f->flags & FAMILY_DOCUMENTS);
    a->stream_options = s->dialect == ABILITIES_CHAT && c->openai_stream_options;
    a->output_field = abilities_field(c, s, f, server);
    a->deferred = abilities_switch(abilities_deferred(c, s->dialect),
        f->flags & FAMILY_DEFERS && server && server->flags & FAMILY_SERVER_DEFERS);
    if (f->tools_max && f->tools_max < a->tools_max)
        a->tools_max = f->tools_max;
    a->thinking.form = abilities_form(c, s, f, server);
    abilities_set_thinking(s->thinking, f, &a->thinking);
    if (s->dialect == ABILITIES_CHAT && tools && (!server || server->flags & FAMILY_SERVER_OPENAI))
        abilities_apply_tools_rule(f, server, &a->thinking);
    /* The provider's own setting is obeyed; no Claude takes one while it thinks. */
    a->temperature = *s->temperature || f->flags & FAMILY_TEMPERATURE;
    if (s->dialect == ABILITIES_ANTHROPIC && a->thinking.on)
        a->temperature = false;
}

void abilities_of(const struct conf *conf, const char *provider, bool tools, struct abilities *out)
{
    struct abilities_settings s;

    *out = (struct abilities){.family = family_of(""),
        .context = conf->model_context_tokens,
        .answer = conf->model_output_tokens,
        .tools_max = (size_t)conf->model_tools_max};
    if (!abilities_settings_of(conf, provider, &s))
        return;
    out->family = family_of(s.model);
    abilities_read(conf, &s, tools, out);
    out->answer = abilities_output(out, conf->model_output_tokens, 0);
    if (!out->window)
        return;
    out->room = out->window - out->answer;
    if (out->room < out->window / 2)
        out->room = out->window / 2;
    if (out->room < out->context)
        out->context = out->room;
}

int64_t abilities_output(const struct abilities *a, int64_t answer, int64_t most)
{
    int64_t output = answer + a->thinking.allowance;

    if (a->output && output > a->output)
        output = a->output;
    if (a->window && output > a->window / 2)
        output = a->window / 2;
    if (most > 0 && output > most)
        output = most;
    return output > 0 ? output : 1;
}

int64_t abilities_budget(const struct abilities *a, int64_t output)
{
    int64_t budget = a->thinking.budget;

    if (budget > output - output / 8 - 1) /* some of it stays for the answer */
        budget = output - output / 8 - 1;
    return budget >= BUDGET_MIN ? budget : 0;
}
