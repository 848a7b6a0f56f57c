/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/limited.h"

#include "agent/budget.h"
#include "base/clock.h"
#include "base/log.h"

#include <string.h>

#define MINUTE_S 60
#define DAY_S 86400
#define MONTH_S (31 * DAY_S)

struct usage_account *limited_account(struct exchange *x)
{
    if (!x->account && (x->account = arena_alloc(x->arena, sizeof *x->account)))
        usage_account_init(x->account, x->app->store, x->who.class, x->who.key);
    return x->account;
}

/* A site whose users may send as much as they like asks nothing at the door. */
static bool limited_counts(const struct exchange *x)
{
    struct limits limits;

    limits_of_user(x->app->conf, x->who.class, &limits);
    if (limits.of[LIMITS_MESSAGES])
        return true;
    return *x->who.key && x->app->conf->limit_key_messages;
}

int limited_door(struct exchange *x)
{
    struct usage_account *a = limited_counts(x) ? limited_account(x) : NULL;
    struct usage_rate rate;
    int error;

    if (!a)
        return limited_counts(x) ? ERR_NOMEM : 0;
    error = usage_rate(x->app->store, x->who.user, a, &rate);
    if (error && error != ERR_RATE)
        return error;
    x->met = (struct exchange_limit){.counted = true,
        .policy = limits_word(LIMITS_MESSAGES),
        .name = LIMITS_MESSAGES,
        .limit = rate.limit,
        .left = rate.left,
        .left_ms = rate.left_ms};
    if (!error)
        return 0;
    problem_set(&x->problem, PROBLEM_RATE, "%lld messages a minute are allowed to this %s.",
        (long long)rate.limit, rate.scope == USAGE_KEY ? "API key" : "user");
    x->problem.has_limit = true;
    x->problem.limit = rate.limit;
    x->problem.retry_after_ms = rate.left_ms > 0 ? rate.left_ms : 1000;
    return ERR_RATE;
}

bool limited_has_counted(const struct exchange *x)
{
    return x->met.counted;
}

bool limited_by_site(struct exchange *x)
{
    struct usage_over over;

    usage_site_ask(x->app->store);
    usage_site_over(x->app->store, &over);
    if (!over.set)
        return false;
    log_limited(LOG_LEVEL_WARN, "the site's limit %s is used up: messages are refused",
        limits_word(over.name));
    return limited_problem(x, &over) == ERR_RATE;
}

/* ---- what is told ---- */

static bool limited_is_money(enum limits_name name)
{
    return name == LIMITS_MONEY_DAY || name == LIMITS_MONEY_MONTH;
}

/* {"scope":...}: members of the problem that programs read. Sums of money are not told. */
static void limited_members(struct exchange *x, const struct usage_over *over)
{
    char again[CLOCK_RFC3339_SIZE];
    struct buf b = {0};

    clock_rfc3339(clock_real_ms() + over->left_ms, again);
    buf_printf(&b, ",\"scope\":\"%s\",\"limit_name\":\"%s\"", usage_scope_word(over->scope),
        limits_word(over->name));
    if (!limited_is_money(over->name))
        buf_printf(&b, ",\"used\":%lld", (long long)over->used);
    buf_json_member(&b, "resets_at", again);
    if (!buf_error(&b))
        x->problem.members = arena_memdup(x->arena, buf_text(&b), b.len);
    buf_free(&b);
}

static void limited_set_problem(struct exchange *x, const struct usage_over *over)
{
    const char *of = over->scope == USAGE_KEY ? "this API key" :
        over->scope == USAGE_SITE             ? "this site" :
                                                "this user";
    struct buf words = {0};

    switch (over->name) {
    case LIMITS_MESSAGES:
        problem_set(&x->problem, PROBLEM_RATE, "%lld messages a minute are allowed to %s.",
            (long long)over->limit, of);
        return;
    case LIMITS_TURNS:
        problem_set(&x->problem, PROBLEM_KEY_TURNS,
            "%lld turns of %s run at once, as many as it may have. Nothing was accepted.",
            (long long)over->used, of);
        return;
    case LIMITS_BYTES:
        problem_set(&x->problem, PROBLEM_STORAGE,
            "The data of %s take about %lld bytes; %lld are allowed. Delete some: nothing was "
            "accepted.",
            of, (long long)over->used, (long long)over->limit);
        return;
    default:
        budget_say(over, clock_real_ms(), "en", false, &words);
        problem_set(&x->problem, over->scope == USAGE_SITE ? PROBLEM_SITE_BUDGET : PROBLEM_BUDGET,
            "%s", buf_text(&words));
        buf_free(&words);
    }
}

int limited_problem(struct exchange *x, const struct usage_over *over)
{
    limited_set_problem(x, over);
    limited_members(x, over);
    x->problem.has_limit = !limited_is_money(over->name);
    x->problem.limit = over->limit;
    x->problem.retry_after_ms = over->name == LIMITS_BYTES ? 0 :
        over->left_ms > 0                                  ? over->left_ms :
                                                             1000;
    x->met.policy = limits_word(over->name);
    x->met.name = over->name;
    x->met.limit = over->limit;
    x->met.left = 0;
    x->met.left_ms = over->left_ms;
    return ERR_RATE;
}

static int limited_window_s(enum limits_name name)
{
    switch (name) {
    case LIMITS_MESSAGES:
        return MINUTE_S;
    case LIMITS_TOKENS_DAY:
    case LIMITS_MONEY_DAY:
        return DAY_S;
    case LIMITS_TOKENS_MONTH:
    case LIMITS_MONEY_MONTH:
        return MONTH_S;
    default:
        return 0;
    }
}

static void limited_put_openai(const struct exchange_limit *met, struct buf *out)
{
    const char *what = met->name == LIMITS_MESSAGES ? "requests" : "tokens";

    buf_printf(out, "x-ratelimit-limit-%s: %lld\r\nx-ratelimit-remaining-%s: %lld\r\n", what,
        (long long)met->limit, what, (long long)met->left);
    buf_printf(out, "x-ratelimit-reset-%s: %llds\r\n", what,
        (long long)(met->left_ms + 999) / 1000);
}

void limited_put_headers(const struct exchange *x, struct buf *out)
{
    const struct exchange_limit *met = &x->met;
    const int window = limited_window_s(met->name);

    if (!met->limit || !window || limited_is_money(met->name))
        return;
    if (exchange_is_facade(x))
        limited_put_openai(met, out);
    buf_printf(out, "RateLimit-Policy: \"%s\";q=%lld%s;w=%d\r\n", met->policy,
        (long long)met->limit, met->name == LIMITS_MESSAGES ? "" : ";qu=\"tokens\"", window);
    buf_printf(out, "RateLimit: \"%s\";r=%lld;t=%lld\r\n", met->policy, (long long)met->left,
        (long long)(met->left_ms + 999) / 1000);
}
