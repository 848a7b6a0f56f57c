/* SPDX-License-Identifier: BSD-2-Clause */
/* What a turn uses, what that costs, and the end of a turn that has used up a limit. */
#include "agent/turn_parts.h"

#include "agent/budget.h"
#include "agent/model/prices.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "process/measure.h"
#include "store/chats.h"

#include <string.h>

#define TOLD_MAX 16

/* Once a model, by each worker. */
static void turn_spend_tell(const struct conf *conf, const struct model_used *r)
{
    static char told[TOLD_MAX][sizeof r->model];
    static size_t count;

    for (size_t i = 0; i < count; i++)
        if (!strcmp(told[i], r->model))
            return;
    if (count == TOLD_MAX)
        return;
    memcpy(told[count++], r->model, sizeof *told);
    log_warn("model %s of %s has no price: limits of money take %s dollars a million tokens "
             "(model.unknown_price, model.prices_file)",
        r->model, r->provider->name, conf->unknown_price);
}

/* A token may name any class: one that the operator has not made is no label. */
static const char *turn_spend_class(const struct turn *t)
{
    const char *name = t->input.cls, *known;

    if (!name || !*name)
        return "default";
    for (size_t i = 0; (known = limits_class_at(i)); i++)
        if (!strcmp(name, known))
            return known;
    return "unknown";
}

void turn_spend(struct turn *t, const struct model_used *r)
{
    const struct conf *conf = t->env->conf;
    struct usage_spent more = {.tokens = r->usage.input + r->usage.output};

    if (prices_of(r->provider->name, r->model, &r->usage, &more.micros)) {
        turn_spend_tell(conf, r);
        more.micros = 0;
        more.unpriced = more.tokens;
        more.assumed = prices_flat(limits_unknown_price(conf), more.tokens);
    }
    /* As the settings name it, like all figures of models: a server may answer with any name. */
    measure_add(MEASURE_MODEL_MONEY,
        &(struct measure_labels){{r->provider->name, r->provider->model(conf)}}, more.micros);
    measure_add(MEASURE_CLASS_MONEY, &(struct measure_labels){{turn_spend_class(t)}}, more.micros);
    usage_spent_add(&t->account.spent, &more);
}

bool turn_is_members(const struct turn *t)
{
    return strcmp(t->actor, t->start->uid) != 0;
}

int turn_spend_members(struct turn *t)
{
    return turn_is_members(t) ? chats_spend(t->env->store, t->actor, t->start->turn, &t->account) :
                                0;
}

void turn_spend_told(struct turn *t)
{
    usage_site_add(t->env->store, &t->account);
    usage_site_flush(t->env->store);
    if (!t->account.over.set)
        usage_site_over(t->env->store, &t->account.over);
    if (t->account.over.set && t->account.over.name == LIMITS_MESSAGES)
        t->account.over.set = false; /* it has begun */
}

int turn_spend_look(struct turn *t)
{
    int error;

    if (t->start->looked && !turn_is_members(t))
        return 0;
    while ((error = usage_look(t->env->store, t->actor, &t->account)))
        if ((error = wait_retry(&t->wait, error)))
            return error;
    turn_spend_told(t);
    return 0;
}

int turn_spend_say(struct turn *t)
{
    const struct usage_over *over = &t->account.over;
    struct buf text = {0};
    int error;

    measure_count(MEASURE_LIMITS,
        over->scope == USAGE_SITE ? "site_budget_used_up" : "budget_used_up");
    log_info("turn %s of user %s ends: the limit %s of the %s is used up", t->start->turn,
        t->start->uid, limits_word(over->name), usage_scope_word(over->scope));
    budget_say(over, clock_real_ms(), t->input.locale, t->chat.count > t->first_new, &text);
    error = buf_error(&text);
    if (!error)
        error = turn_tell(t, buf_text(&text));
    t->stop_reason = "budget";
    buf_free(&text);
    return error;
}
