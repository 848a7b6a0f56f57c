/* SPDX-License-Identifier: BSD-2-Clause */
/* manage_finances: the old name of three tools, mapped on them. */
#include "tools/engine/registry.h"
#include "tools/kit/cost.h"
#include "tools/money/money.h"

#include "base/err.h"
#include "tools/kit/amount.h"
#include "tools/kit/record.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define WINDOW_DAYS 90
#define DAYS_ENOUGH 14 /* of expenses, for an average that means something */

static const char *money_event_type_of(const char *recommendation)
{
    if (strcmp(recommendation, "fuel_optimization") == 0)
        return "gas";
    if (strcmp(recommendation, "camping_alternative") == 0)
        return "campground";
    return strcmp(recommendation, "route_optimization") == 0 ? "route" : "other";
}

/* What was saved: said outright, or the difference to the original amount. 0 = nothing. */
static double money_saved_by(const jdoc *args)
{
    double saved = 0, original, amount;
    bool recommended = jdoc_is_true(args, "pam_recommended");
    if (!recommended)
        return 0;
    if (jdoc_get_double(args, "savings_amount", &saved) == 0)
        return saved;
    if (jdoc_get_double(args, "original_amount", &original) == 0 &&
        jdoc_get_double(args, "amount", &amount) == 0 && original > amount)
        return round((original - amount) * 1000) / 1000;
    return 0;
}

static int money_manage_log_expense(struct tools_run *run)
{
    const struct zone *z;
    const char *currency = cost_currency(run);
    int64_t minor = 0;
    double saved = money_saved_by(run->args);
    if (!jdoc_has(run->args, "amount") || !jdoc_has(run->args, "category"))
        return run_fail_at(run, jdoc_has(run->args, "amount") ? "/category" : "/amount",
            "amount and category", "to log an expense, amount and category are needed");
    if (saved <= 0)
        return money_log_expense(run, NULL, "log_expense");
    if (amount_from_number(saved, currency, &minor) != 0)
        return run_fail_at(run, "/savings_amount", "an amount with the decimals of the currency",
            "savings_amount is not possible in %s", currency);
    int error = timestamp_zone(run, &z);
    if (error != 0)
        return error;
    jdoc *saving = money_new_saving(run, minor, currency, jdoc_text_or(run->args, "category", ""),
        money_event_type_of(jdoc_text_or(run->args, "recommendation_type", "")), z);
    if (!saving)
        return ERR_NOMEM;
    struct record_item item = {.family = MONEY_SAVING,
        .id = jdoc_text_or(saving, "id", ""),
        .document = saving,
        .time_ms = run->context->now_ms};
    error = money_log_expense(run, &item, "log_expense");
    jdoc_free(saving);
    return error;
}

/* --- suggest_budget: the own average since the first expense of 90 days, rounded up to 5 --- */

static int money_push_suggestion(jdoc *list, const struct money_sum *s, int days,
    const char *currency)
{
    jdoc *line = jdoc_new_object();
    if (!line)
        return ERR_NOMEM;
    double month = amount_to_number(s->minor, currency) / days * (365.2425 / 12);
    int failed = jdoc_set_string(line, "category", s->name);
    failed |= jdoc_set_double(line, "monthly_average", round(month * 100) / 100);
    failed |= jdoc_set_double(line, "suggested_limit", ceil(month / 5) * 5);
    return jdoc_push_made(list, line, failed);
}

static int money_note_first(void *arg, const jdoc *expense)
{
    return jdoc_get_int(expense, "time_ms", arg) == 0 ? ERR_LIMIT : 0;
}

/* The days from the first expense of the window to today: a new user's are few. */
static int money_days_of_expenses(struct tools_run *run, const struct money_period *p, int *days)
{
    int64_t first = p->to_ms;
    int error = record_each(run, MONEY_EXPENSE, p->from_ms, p->to_ms, money_note_first, &first);
    *days = timestamp_days(first, run->context->now_ms, p->zone);
    *days = *days > WINDOW_DAYS ? WINDOW_DAYS : *days;
    return error;
}

static jdoc *money_answer_suggestions(struct tools_run *run, size_t count, int days)
{
    if (count > 0 && days >= DAYS_ENOUGH)
        return run_succeed(run,
            "Suggested monthly limits from the average of the last %d days (estimates).", days);
    if (count > 0)
        return run_succeed(run,
            "The expenses cover only %d day%s. A monthly limit needs %d days of them to be "
            "suggested.",
            days, days == 1 ? "" : "s", DAYS_ENOUGH);
    return run_succeed(run, "There are no expenses of the last 90 days to suggest a budget from.");
}

static int money_suggest(struct tools_run *run)
{
    int days = 0;
    struct money_tally t = {.currency = cost_currency(run),
        .only_one = jdoc_string(jdoc_get(run->args, "category"), NULL)};
    struct money_period p = {.name = "range", .days = WINDOW_DAYS};
    int error = timestamp_zone(run, &p.zone);
    if (error != 0)
        return error;
    p.from_ms = timestamp_day(run->context->now_ms, 1 - WINDOW_DAYS, p.zone);
    p.to_ms = timestamp_day(run->context->now_ms, 1, p.zone) - 1;
    error = money_tally(run, MONEY_EXPENSE, &p, &t);
    if (error == 0 && t.category_count > 0)
        error = money_days_of_expenses(run, &p, &days);
    if (error != 0)
        return error;
    money_sort(t.categories, t.category_count);
    jdoc *list = jdoc_new_array();
    error = !list ? ERR_NOMEM : 0;
    for (size_t i = 0; error == 0 && days >= DAYS_ENOUGH && i < t.category_count; i++)
        error = money_push_suggestion(list, &t.categories[i], days, t.currency);
    jdoc *answer = error == 0 ? money_answer_suggestions(run, t.category_count, days) : NULL;
    if (answer)
        return jdoc_set(answer, "suggestions", list);
    jdoc_free(list);
    return error != 0 ? error : ERR_NOMEM;
}

int money_tool_manage_finances(struct tools_run *run)
{
    static const struct {
        const char *action;
        int (*handle)(struct tools_run *run);
    } actions[] = {
        {"log_expense", money_manage_log_expense},
        {"fetch_summary", money_tool_get_spending_summary},
        {"suggest_budget", money_suggest},
    };
    const char *action = jdoc_text_or(run->args, "action", "");
    bool success = false;
    size_t i = 0;
    while (i < sizeof actions / sizeof *actions && strcmp(action, actions[i].action) != 0)
        i++;
    if (i == sizeof actions / sizeof *actions)
        return ERR_INTERNAL;
    int error = actions[i].handle(run);
    jdoc_get_bool(run->result, "success", &success);
    if (error != 0 || !success || jdoc_has(run->result, "finances"))
        return error;
    jdoc *finances = jdoc_new_object();
    if (!finances || jdoc_set(run->result, "finances", finances) != 0)
        return ERR_NOMEM;
    return jdoc_set_string(finances, "action", action);
}
