/* SPDX-License-Identifier: BSD-2-Clause */
/* Tools of the family money. Records: "expense" by day, "budget" by category. */
#include "tools/money/money.h"
#include "tools/engine/registry.h"
#include "tools/kit/amount.h"
#include "tools/kit/converted.h"
#include "tools/kit/cost.h"
#include "tools/kit/plausible.h"
#include "tools/kit/record.h"
#include "tools/kit/timestamp.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/ident.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const own_fields[] = {"category", "description", "location", NULL};

/* --- create_expense --- */

static jdoc *money_new_expense(struct tools_run *run, int64_t minor, const char *currency,
    int64_t ms, const struct zone *z)
{
    char id[IDENT_UUID_SIZE], now[CLOCK_RFC3339_SIZE], date[TIMESTAMP_SIZE];
    jdoc *expense = jdoc_new_object();
    if (!expense)
        return NULL;
    ident_uuid7(id);
    clock_rfc3339(run->context->now_ms, now);
    timestamp_date(ms, z, date);
    int failed = jdoc_set_string(expense, "id", id);
    failed |= money_set(expense, minor, currency);
    failed |= record_copy(expense, run->args, own_fields);
    failed |= jdoc_set_string(expense, "date", date);
    failed |= jdoc_set_string(expense, "timezone", zone_name(z));
    failed |= jdoc_set_int(expense, "time_ms", ms);
    failed |= jdoc_set_string(expense, "created_at", now);
    if (failed == 0)
        return expense;
    jdoc_free(expense);
    return NULL;
}

/* How the category's limit stands with this expense counted; *status NULL when there is none.
 * alert: goes with the expense, or NULL. */
static int money_budget_after(struct tools_run *run, const jdoc *expense, const char *currency,
    jdoc **status, const struct records_alert **alert)
{
    struct money_tally t = {.currency = currency,
        .only_one = jdoc_text_or(expense, "category", "")};
    struct money_limits l = {.tally = &t};
    struct money_period p;
    jdoc *budget = NULL;
    int64_t ms = 0, minor = 0;
    const char *amount = "amount_minor";
    *status = NULL;
    *alert = NULL;
    int error = record_get(run, MONEY_BUDGET, t.only_one, &budget, NULL);
    const char *own = jdoc_text_or(expense, "converted_currency", currency);
    if (error == 0 && strcmp(jdoc_text_or(budget, "currency", ""), own) == 0 && own != currency) {
        t.currency = currency = own; /* compared in the budget's money */
        amount = "converted_minor";
    }
    if (error == 0)
        error = money_take_limit(&l, budget);
    jdoc_free(budget);
    if (error != 0 || l.count == 0)
        return error == ERR_NOT_FOUND ? 0 : error;
    const char *name = strcmp(l.all[0].period, "weekly") == 0 ? "week" :
        strcmp(l.all[0].period, "yearly") == 0                ? "year" :
                                                                "month";
    error = money_period(run, name, &p);
    if (error == 0)
        error = money_tally(run, MONEY_EXPENSE, &p, &t);
    if (error == 0)
        error = money_alert(run, &l.all[0], currency, &p, alert);
    if (error != 0)
        return error;
    jdoc_get_int(expense, "time_ms", &ms);
    jdoc_get_int(expense, amount, &minor);
    if (ms >= p.from_ms && ms <= p.to_ms)
        t.minor += minor;
    *status = money_new_status(t.only_one, t.minor, &l.all[0], l.all[0].minor, currency);
    return *status ? 0 : ERR_NOMEM;
}

static int money_set_action(jdoc *result, const char *action)
{
    jdoc *finances = action ? jdoc_new_object() : NULL;
    if (!action)
        return 0;
    if (!finances || jdoc_set(result, "finances", finances) != 0)
        return ERR_NOMEM;
    return jdoc_set_string(finances, "action", action);
}

/* The expense, and a saving beside it when there is one, in one script. Takes the expense. */
static int money_commit_expense(struct tools_run *run, jdoc *expense, const char *currency,
    const struct record_item *saving, const char *action)
{
    char amount[AMOUNT_TEXT_SIZE];
    int64_t minor = 0, ms = 0;
    jdoc *status = NULL;
    const struct records_alert *alert;
    const char *note = "";
    int error = converted_put(run, expense, &note);
    if (error == 0)
        error = money_budget_after(run, expense, currency, &status, &alert);
    if (error != 0) {
        jdoc_free(expense);
        return error;
    }
    jdoc_get_int(expense, "amount_minor", &minor);
    jdoc_get_int(expense, "time_ms", &ms);
    amount_text(minor, currency, amount);
    if (!run_succeed(run, "Logged %s for %s on %s.%s", amount,
            jdoc_text_or(expense, "category", ""), jdoc_text_or(expense, "date", ""), note)) {
        jdoc_free(expense);
        jdoc_free(status);
        return ERR_NOMEM;
    }
    error = jdoc_set(run->result, "expense", expense);
    error |= money_set_action(run->result, action);
    if (status)
        error |= jdoc_set(run->result, "budget_status", status);
    if (error != 0)
        return ERR_NOMEM;
    struct record_item items[2] = {{.family = MONEY_EXPENSE,
        .id = jdoc_text_or(expense, "id", ""),
        .document = expense,
        .time_ms = ms}};
    if (!saving)
        return record_commit_alert(run, items, 1, false, alert);
    items[1] = *saving;
    jdoc *copy = jdoc_dup(saving->document);
    if (!copy || jdoc_set(run->result, "saving", copy) != 0)
        return ERR_NOMEM;
    return record_commit_alert(run, items, 2, false, alert);
}

/* A sum that people rarely spend is asked about, unless the user has confirmed it. */
static int money_ask_amount(struct tools_run *run, int64_t minor, const char *currency)
{
    char amount[AMOUNT_TEXT_SIZE];
    const char *category = jdoc_string(jdoc_get(run->args, "category"), NULL);
    if (jdoc_is_true(run->args, "confirmed") ||
        plausible_expense(minor, currency, category) == PLAUSIBLE)
        return 0;
    amount_text(minor, currency, amount);
    int error = run_ask_back(run, "/amount", "the right amount, or confirmed: true",
        "%s for %s is unusual, so nothing is logged. Is the amount right?", amount,
        category ? category : "this");
    return error != 0 ? error : ERR_INVALID;
}

/* The argument `date`, now without one. A day to come is refused: nothing is spent yet. */
static int money_expense_date(struct tools_run *run, const struct zone *z, struct timestamp *when)
{
    int64_t now = run->context->now_ms;
    int error = timestamp_argument(run, "date", z, when);
    if (error == ERR_NOT_FOUND) {
        when->ms = now;
        return 0;
    }
    if (error != 0 || when->ms < timestamp_day(now, 1, z))
        return error;
    error = run_fail_at(run, "/date", "today or an earlier day",
        "The date lies in the future, and an expense is money that is spent. Log it when it is "
        "paid; until then create_calendar_event can remind of it.");
    return error != 0 ? error : ERR_INVALID;
}

int money_log_expense(struct tools_run *run, const struct record_item *saving, const char *action)
{
    const struct zone *z;
    struct timestamp when;
    int64_t minor;
    const char *currency = cost_currency(run);
    int error = timestamp_zone(run, &z);
    if (error == 0)
        error = money_amount(run, currency, &minor);
    if (error == 0)
        error = money_expense_date(run, z, &when);
    if (error == 0)
        error = money_ask_amount(run, minor, currency);
    if (error != 0)
        return error == ERR_INVALID ? 0 : error;
    jdoc *expense = money_new_expense(run, minor, currency, when.ms, z);
    return expense ? money_commit_expense(run, expense, currency, saving, action) : ERR_NOMEM;
}

int money_tool_create_expense(struct tools_run *run)
{
    return money_log_expense(run, NULL, NULL);
}

/* --- get_spending_summary --- */

static int money_set_categories(jdoc *summary, const struct money_tally *t)
{
    jdoc *list = jdoc_new_array();
    int failed = !list;
    for (size_t i = 0; failed == 0 && i < t->category_count; i++) {
        const struct money_sum *s = &t->categories[i];
        jdoc *item = jdoc_new_object();
        double share = t->minor > 0 ? (double)s->minor * 100 / (double)t->minor : 0;
        failed |= !item || jdoc_set_string(item, "category", s->name) != 0 ||
            jdoc_set_double(item, "total", amount_to_number(s->minor, t->currency)) != 0 ||
            jdoc_set_int(item, "total_minor", s->minor) != 0 ||
            jdoc_set_int(item, "count", s->count) != 0 ||
            jdoc_set_double(item, "share", round(share * 10) / 10) != 0;
        failed |= jdoc_push(list, item);
    }
    if (failed != 0) {
        jdoc_free(list);
        return ERR_NOMEM;
    }
    return jdoc_set(summary, "categories", list);
}

int money_tool_get_spending_summary(struct tools_run *run)
{
    struct money_tally t = {.currency = cost_currency(run),
        .only_one = jdoc_string(jdoc_get(run->args, "category"), NULL)};
    struct money_period p;
    char total[AMOUNT_TEXT_SIZE], contained[MONEY_CONTAINED_SIZE];
    int error = money_period(run, jdoc_text_or(run->args, "period", "month"), &p);
    if (error == 0)
        error = money_tally(run, MONEY_EXPENSE, &p, &t);
    if (error != 0)
        return error;
    money_sort(t.categories, t.category_count);
    amount_text(t.minor, t.currency, total);
    money_converted_text(&t, contained);
    if (!run_succeed(run, "%s spent%s%s this %s so far, in %lld expense%s%s.", total,
            t.only_one ? " on " : "", t.only_one ? t.only_one : "", p.name, (long long)t.count,
            t.count == 1 ? "" : "s", contained))
        return ERR_NOMEM;
    jdoc *summary = jdoc_new_object();
    if (!summary || jdoc_set(run->result, "summary", summary) != 0)
        return ERR_NOMEM;
    int64_t daily = (int64_t)llround((double)t.minor / p.days);
    int failed = money_set_period(summary, &p, t.currency);
    failed |= jdoc_set_double(summary, "total", amount_to_number(t.minor, t.currency));
    failed |= jdoc_set_int(summary, "total_minor", t.minor);
    failed |= jdoc_set_int(summary, "count", t.count);
    failed |= jdoc_set_double(summary, "daily_average", amount_to_number(daily, t.currency));
    failed |= money_set_categories(summary, &t);
    failed |= money_set_others(summary, &t);
    failed |= money_set_converted(summary, &t);
    return failed != 0 ? ERR_NOMEM : 0;
}

/* --- update_budget --- */

/* What is not said stays: a weekly budget that is lowered is a weekly one. */
static const char *money_budget_period(struct tools_run *run, const jdoc *previous)
{
    return jdoc_text_or(run->args, "period", jdoc_text_or(previous, "period", "monthly"));
}

static jdoc *money_new_budget(struct tools_run *run, int64_t minor, const char *currency,
    const jdoc *previous)
{
    char now[CLOCK_RFC3339_SIZE];
    const char *category = jdoc_text_or(run->args, "category", "");
    jdoc *budget = jdoc_new_object();
    if (!budget)
        return NULL;
    clock_rfc3339(run->context->now_ms, now);
    int failed = jdoc_set_string(budget, "id", category);
    failed |= jdoc_set_string(budget, "category", category);
    failed |= money_set(budget, minor, currency);
    failed |= jdoc_set_string(budget, "period", money_budget_period(run, previous));
    failed |= jdoc_set_string(budget, "created_at", jdoc_text_or(previous, "created_at", now));
    failed |= jdoc_set_string(budget, "updated_at", now);
    if (failed == 0)
        return budget;
    jdoc_free(budget);
    return NULL;
}

int money_tool_update_budget(struct tools_run *run)
{
    int64_t minor;
    char amount[AMOUNT_TEXT_SIZE];
    jdoc *previous = NULL;
    const char *currency = cost_currency(run), *category = jdoc_text_or(run->args, "category", "");
    int error = money_amount(run, currency, &minor);
    if (error != 0)
        return error == ERR_INVALID ? 0 : error;
    error = record_get(run, MONEY_BUDGET, category, &previous, NULL);
    if (error != 0 && error != ERR_NOT_FOUND)
        return error;
    jdoc *budget = money_new_budget(run, minor, currency, previous);
    amount_text(minor, currency, amount);
    jdoc *answer = run_succeed(run, "The %s budget for %s is %s.",
        money_budget_period(run, previous), category, amount);
    if (!budget || !answer) {
        jdoc_free(budget);
        jdoc_free(previous);
        return ERR_NOMEM;
    }
    error = jdoc_set(answer, "budget", budget);
    if (previous)
        error |= jdoc_set(answer, "previous", previous);
    if (error != 0)
        return ERR_NOMEM;
    struct record_item item = {.family = MONEY_BUDGET,
        .id = category,
        .document = budget,
        .time_ms = run->context->now_ms};
    return record_commit(run, &item, 1, false);
}

/* --- analyze_budget --- */

struct analysis {
    int64_t limit, spent, unlimited;
    jdoc *categories;
};

static int money_analyse(struct analysis *a, struct money_tally *t, const struct money_limits *l,
    const char *period)
{
    for (size_t i = 0; i < t->category_count; i++)
        if (money_limit_of(l, t->categories[i].name))
            a->spent += t->categories[i].minor;
        else
            a->unlimited += t->categories[i].minor;
    for (size_t i = 0; i < l->count; i++)
        a->limit += money_prorate(&l->all[i], period);
    return money_compare(t, l, period, a->categories);
}

static int money_set_analysis(jdoc *object, struct analysis *a, const struct money_tally *t,
    bool any_limit)
{
    int failed = jdoc_set_double(object, "limit", amount_to_number(a->limit, t->currency));
    failed |= jdoc_set_double(object, "spent", amount_to_number(a->spent, t->currency));
    if (any_limit)
        failed |= jdoc_set_double(object, "remaining",
            amount_to_number(a->limit - a->spent, t->currency));
    failed |=
        jdoc_set_double(object, "unlimited_spent", amount_to_number(a->unlimited, t->currency));
    failed |=
        jdoc_set_string(object, "status", money_status_word(a->spent, any_limit ? a->limit : -1));
    failed |= jdoc_set(object, "categories", a->categories);
    a->categories = NULL;
    return failed | money_set_others(object, t);
}

int money_tool_analyze_budget(struct tools_run *run)
{
    struct money_tally t = {.currency = cost_currency(run),
        .only = jdoc_get(run->args, "categories")};
    struct money_limits l = {.tally = &t};
    struct analysis a = {.categories = jdoc_new_array()};
    struct money_period p;
    char spent[AMOUNT_TEXT_SIZE], limit[AMOUNT_TEXT_SIZE];
    int error = a.categories ? 0 : ERR_NOMEM;
    if (error == 0)
        error = money_period(run, jdoc_text_or(run->args, "period", "month"), &p);
    if (error == 0)
        error = money_tally(run, MONEY_EXPENSE, &p, &t);
    if (error == 0)
        error = money_limits(run, &l);
    if (error == 0)
        error = money_analyse(&a, &t, &l, p.name);
    if (error != 0)
        goto out;
    amount_text(a.spent, t.currency, spent);
    amount_text(a.limit, t.currency, limit);
    jdoc *answer = l.count == 0 ? run_succeed(run, "No spending limits are set.") :
                                  run_succeed(run, "%s of %s spent this %s so far%s.", spent, limit,
                                      p.name, a.spent > a.limit ? ": over the limit" : "");
    jdoc *budget = jdoc_new_object();
    error = !answer || !budget ? ERR_NOMEM : 0;
    if (error != 0)
        jdoc_free(budget);
    else
        error = jdoc_set(answer, "budget", budget);
    if (error == 0)
        error = money_set_period(budget, &p, t.currency) |
                money_set_analysis(budget, &a, &t, l.count > 0) ?
            ERR_NOMEM :
            0;
out:
    jdoc_free(a.categories);
    return error;
}
