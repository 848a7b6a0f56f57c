/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/usage.h"

#include "base/err.h"
#include "base/money.h"
#include "store/args.h"
#include "store/keys.h"
#include "store/pushes.h"
#include "store/scripts.h"

#include <stdio.h>
#include <string.h>

static const char *const usage_scopes[] =
    {[USAGE_USER] = "user", [USAGE_KEY] = "key", [USAGE_SITE] = "site"};

const char *usage_scope_word(enum usage_scope scope)
{
    return usage_scopes[scope];
}

static enum usage_scope usage_scope_of(const struct link_reply *r)
{
    const char *word = link_reply_text(r, NULL);

    return !strcmp(word, usage_scopes[USAGE_KEY]) ? USAGE_KEY : USAGE_USER;
}

void usage_spent_add(struct usage_spent *to, const struct usage_spent *more)
{
    to->tokens = money_add(to->tokens, more->tokens);
    to->micros = money_add(to->micros, more->micros);
    to->assumed = money_add(to->assumed, more->assumed);
    to->unpriced = money_add(to->unpriced, more->unpriced);
}

/* ---- what scripts are told and say ---- */

/* The order of LIMITS in lib_usage.lua: that of the table, without connections. */
static void usage_write_limits(const struct limits *limits, char out[USAGE_TEXT_SIZE])
{
    size_t at = 0;

    out[0] = '\0';
    for (size_t i = 0; i < LIMITS_CONNECTIONS && at < USAGE_TEXT_SIZE; i++)
        at += (size_t)snprintf(out + at, USAGE_TEXT_SIZE - at, "%s%lld", i ? " " : "",
            (long long)limits->of[i]);
}

static bool usage_is_bounded(const struct limits *limits)
{
    return limits->of[LIMITS_TOKENS_DAY] || limits->of[LIMITS_TOKENS_MONTH] ||
        limits->of[LIMITS_MONEY_DAY] || limits->of[LIMITS_MONEY_MONTH];
}

void usage_account_init(struct usage_account *a, const struct store *s, const char *cls,
    const char *key)
{
    struct limits limits;

    memset(a, 0, sizeof *a);
    snprintf(a->key, sizeof a->key, "%s", key);
    limits_of_user(s->conf, cls, &limits);
    usage_site_apply(s, cls, &limits);
    usage_write_limits(&limits, a->user_limits);
    a->bounded = usage_is_bounded(&limits);
    limits_of_key(s->conf, &limits);
    a->bounded = a->bounded || (*key && usage_is_bounded(&limits));
    usage_write_limits(&limits, a->key_limits);
}

void usage_put_account(struct args *args, const struct usage_account *a)
{
    args_text(args, a ? a->key : "");
    args_text(args, a ? a->user_limits : "");
    args_text(args, a ? a->key_limits : "");
}

void usage_put_spent(struct args *args, const struct usage_account *a, char *spent_text)
{
    static const struct usage_spent none;
    const struct usage_spent *s = a ? &a->spent : &none;

    snprintf(spent_text, USAGE_TEXT_SIZE, "%lld %lld %lld %lld", (long long)s->tokens,
        (long long)s->micros, (long long)s->assumed, (long long)s->unpriced);
    args_text(args, spent_text);
}

void usage_expect(struct store *s, const char *uid, const struct usage_account *a)
{
    if (a && a->bounded && memcmp(&a->spent, &a->told, sizeof a->spent) != 0)
        pushes_expect(s, uid);
}

void usage_read_over(const struct link_reply *r, size_t from, struct usage_over *out)
{
    size_t len;
    const char *word = link_reply_text(link_reply_at(r, from + 1), &len);

    memset(out, 0, sizeof *out);
    out->name = limits_find(word, len);
    if (out->name == LIMITS_COUNT)
        return;
    out->set = true;
    out->scope = usage_scope_of(link_reply_at(r, from));
    out->limit = link_reply_int(link_reply_at(r, from + 2));
    out->used = link_reply_int(link_reply_at(r, from + 3));
    out->left_ms = link_reply_int(link_reply_at(r, from + 4));
}

/* ---- calls ---- */

int usage_rate(struct store *s, const char *uid, const struct usage_account *a,
    struct usage_rate *rate)
{
    struct link_reply *r = NULL;
    struct args args;
    int64_t count;
    int error;

    memset(rate, 0, sizeof *rate);
    args_init(&args);
    usage_put_account(&args, a);
    error = args_call(&args, s, &script_usage_rate, uid, &r);
    if (error)
        return error;
    count = link_reply_int(link_reply_at(r, 0));
    rate->left_ms = link_reply_int(link_reply_at(r, 1));
    rate->limit = link_reply_int(link_reply_at(r, 2));
    rate->scope = usage_scope_of(link_reply_at(r, 3));
    rate->left = count < rate->limit ? rate->limit - count : 0;
    link_reply_free(r);
    return rate->limit && count > rate->limit ? ERR_RATE : 0;
}

int usage_look(struct store *s, const char *uid, struct usage_account *a)
{
    struct link_reply *r = NULL;
    struct args args;
    int error;

    args_init(&args);
    usage_put_account(&args, a);
    error = args_call(&args, s, &script_usage_look, uid, &r);
    if (!error)
        usage_read_over(r, 0, &a->over);
    link_reply_free(r);
    return error;
}
