/* SPDX-License-Identifier: BSD-2-Clause */
/* What the sums of the family money tell: against limits, at the month's end, where to save. */
#include "tools/engine/registry.h"
#include "tools/kit/cost.h"
#include "tools/money/money.h"

#include "base/err.h"
#include "tools/kit/amount.h"
#include "tools/kit/civil.h"
#include "tools/kit/record.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- compare_vs_budget --- */

static size_t money_count_over(const jdoc *list)
{
    size_t over = 0;
    for (size_t i = 0; i < jdoc_length(list); i++)
        over += strcmp(jdoc_text_or(jdoc_at(list, i), "status", ""), "over") == 0;
    return over;
}

int money_tool_compare_vs_budget(struct tools_run *run)
{
    struct money_tally t = {.currency = cost_currency(run),
        .only_one = jdoc_string(jdoc_get(run->args, "category"), NULL)};
    struct money_limits l = {.tally = &t};
    struct money_period p;
    int error = money_period(run, jdoc_text_or(run->args, "period", "month"), &p);
    if (error == 0)
        error = money_tally(run, MONEY_EXPENSE, &p, &t);
    if (error == 0)
        error = money_limits(run, &l);
    if (error != 0)
        return error;
    jdoc *list = jdoc_new_array(), *comparison = jdoc_new_object();
    error = !list || !comparison ? ERR_NOMEM : money_compare(&t, &l, p.name, list);
    size_t over = money_count_over(list);
    if (error == 0) {
        error = money_set_period(comparison, &p, t.currency) != 0 ? ERR_NOMEM : 0;
        error |= jdoc_set_int(comparison, "over", (int64_t)over);
        error |= jdoc_set(comparison, "categories", list);
        error |= money_set_others(comparison, &t);
        list = NULL;
    }
    jdoc *answer = error != 0 ?
        NULL :
        l.count == 0 ?
        run_succeed(run, "No spending limits are set here; update_budget sets one.") :
        run_succeed(run, "%zu of %zu limits of this %s %s exceeded.", over, l.count, p.name,
            over == 1 ? "is" : "are");
    if (answer)
        return jdoc_set(answer, "comparison", comparison);
    jdoc_free(list);
    jdoc_free(comparison);
    return error < 0 ? error : ERR_NOMEM;
}

/* --- predict_end_of_month --- */

struct month {
    int gone, length; /* days, today counted as gone */
};

static int64_t money_project(int64_t spent, const struct month *m)
{
    return (int64_t)llround((double)spent * m->length / m->gone);
}

static int money_push_prediction(jdoc *list, const struct money_sum *s,
    const struct money_limit *limit, const struct month *m, const char *currency)
{
    jdoc *line = jdoc_new_object();
    if (!line)
        return ERR_NOMEM;
    int64_t projected = money_project(s->minor, m);
    int64_t limit_minor = limit ? money_prorate(limit, "month") : -1;
    int failed = jdoc_set_string(line, "category", s->name);
    failed |= jdoc_set_double(line, "spent", amount_to_number(s->minor, currency));
    failed |= jdoc_set_double(line, "projected", amount_to_number(projected, currency));
    if (limit)
        failed |= jdoc_set_double(line, "limit", amount_to_number(limit_minor, currency));
    failed |= jdoc_set_string(line, "status", money_status_word(projected, limit_minor));
    return jdoc_push_made(list, line, failed);
}

static int money_fill_prediction(jdoc *object, struct money_tally *t, const struct money_limits *l,
    const struct money_period *p, const struct month *m)
{
    jdoc *list = jdoc_new_array();
    int failed = !list;
    money_sort(t->categories, t->category_count);
    for (size_t i = 0; failed == 0 && i < t->category_count; i++)
        failed |= money_push_prediction(list, &t->categories[i],
            money_limit_of(l, t->categories[i].name), m, t->currency);
    if (failed != 0) {
        jdoc_free(list);
        return ERR_NOMEM;
    }
    int64_t daily = (int64_t)llround((double)t->minor / m->gone);
    failed |= jdoc_set(object, "categories", list);
    failed |= money_set_period(object, p, t->currency);
    failed |= jdoc_set_int(object, "days_in_month", m->length);
    failed |= jdoc_set_double(object, "spent", amount_to_number(t->minor, t->currency));
    failed |= jdoc_set_double(object, "daily_average", amount_to_number(daily, t->currency));
    failed |= jdoc_set_double(object, "projected",
        amount_to_number(money_project(t->minor, m), t->currency));
    failed |= jdoc_set_bool(object, "estimate", true);
    failed |= jdoc_set_string(object, "method",
        "linear projection: the average of the days so far, today included, times the days of the "
        "month");
    return failed | money_set_others(object, t);
}

int money_tool_predict_end_of_month(struct tools_run *run)
{
    struct money_tally t = {.currency = cost_currency(run),
        .only_one = jdoc_string(jdoc_get(run->args, "category"), NULL)};
    struct money_limits l = {.tally = &t};
    struct money_period p;
    struct civil today = {0};
    char text[AMOUNT_TEXT_SIZE], date[TIMESTAMP_SIZE];
    int error = money_period(run, "month", &p);
    if (error == 0)
        error = money_tally(run, MONEY_EXPENSE, &p, &t);
    if (error == 0)
        error = money_limits(run, &l);
    if (error != 0)
        return error;
    timestamp_date(run->context->now_ms, p.zone, date);
    if (civil_parse(date, &today) != 0)
        return ERR_INTERNAL;
    struct month m = {.gone = p.days, .length = civil_month_days(today.year, today.month)};
    amount_text(money_project(t.minor, &m), t.currency, text);
    jdoc *answer = run_succeed(run,
        "If it goes on like the %d day%s so far, the month ends at about "
        "%s%s%s (a linear projection).",
        m.gone, m.gone == 1 ? "" : "s", text, t.only_one ? " for " : "",
        t.only_one ? t.only_one : "");
    jdoc *prediction = jdoc_new_object();
    if (!answer || !prediction || jdoc_set(answer, "prediction", prediction) != 0) {
        if (!answer)
            jdoc_free(prediction);
        return ERR_NOMEM;
    }
    return money_fill_prediction(prediction, &t, &l, &p, &m) != 0 ? ERR_NOMEM : 0;
}

/* --- find_savings_opportunities --- */

#define WINDOW_DAYS 30

/* What a habit would save: share of the category's own last 30 days. The share is arithmetic on the
 * habit named, not a promise. */
static const struct habit {
    const char *category, *tip;
    double share;
} habits[] = {
    {"restaurant", "Cook one in three of the meals that were eaten out.", 1.0 / 3},
    {"food", "Buy one in four of these at a supermarket and prepare them in the RV.", 0.25},
    {"campground", "Spend one paid night in four at a free or low-cost site.", 0.25},
    {"rv_park", "Spend one paid night in four at a free or low-cost site.", 0.25},
    {"gas", "Drive one in ten of these kilometres less, by staying longer in one place.", 0.10},
    {"diesel", "Drive one in ten of these kilometres less, by staying longer in one place.", 0.10},
    {"entertainment", "Swap one paid outing in four for a free one.", 0.25},
    {"shopping", "Leave out one purchase in five.", 0.20},
    {"tolls", "Take the toll-free way on every second journey.", 0.50},
    {"parking", "Use free parking every second time.", 0.50},
    {"internet", "Compare plans before the next renewal and drop one paid add-on in five.", 0.20},
    {"phone", "Compare plans before the next renewal and drop one paid add-on in five.", 0.20},
};

struct finding {
    const char *category, *rule, *tip;
    int64_t minor;
};

static void money_keep_larger(struct finding *f, const char *rule, const char *tip, int64_t minor)
{
    if (minor > f->minor) {
        f->rule = rule;
        f->tip = tip;
        f->minor = minor;
    }
}

static struct finding money_examine(const struct money_sum *now, const struct money_tally *earlier,
    const struct money_limits *l)
{
    struct finding f = {.category = now->name};
    const struct money_limit *limit = money_limit_of(l, now->name);
    for (size_t i = 0; i < sizeof habits / sizeof *habits; i++)
        if (strcmp(habits[i].category, now->name) == 0)
            money_keep_larger(&f, "habit", habits[i].tip,
                (int64_t)llround((double)now->minor * habits[i].share));
    for (size_t i = 0; i < earlier->category_count; i++)
        if (strcmp(earlier->categories[i].name, now->name) == 0)
            money_keep_larger(&f, "increase",
                "This went up against the 30 days before: go back to that level.",
                now->minor - earlier->categories[i].minor);
    if (limit)
        money_keep_larger(&f, "over_limit", "This is above its limit: stay within it.",
            now->minor - money_prorate(limit, "month"));
    return f;
}

static int money_push_finding(jdoc *list, const struct finding *f, int64_t spent,
    const char *currency)
{
    jdoc *line = jdoc_new_object();
    if (!line)
        return ERR_NOMEM;
    int failed = jdoc_set_string(line, "category", f->category);
    failed |= jdoc_set_double(line, "spent_30_days", amount_to_number(spent, currency));
    failed |= jdoc_set_double(line, "monthly_saving", amount_to_number(f->minor, currency));
    failed |= jdoc_set_string(line, "rule", f->rule);
    failed |= jdoc_set_string(line, "tip", f->tip);
    return jdoc_push_made(list, line, failed);
}

static int money_find_all(struct money_tally *now, const struct money_tally *earlier,
    const struct money_limits *l, int64_t least, jdoc *list, int64_t *total)
{
    struct finding found[MONEY_CATEGORIES_MAX];
    size_t order[MONEY_CATEGORIES_MAX], count = 0;
    int error = 0;
    for (size_t i = 0; i < now->category_count; i++) {
        found[i] = money_examine(&now->categories[i], earlier, l);
        if (found[i].minor < least || found[i].minor <= 0)
            continue;
        size_t k = count++;
        for (; k > 0 && found[order[k - 1]].minor < found[i].minor; k--)
            order[k] = order[k - 1];
        order[k] = i;
    }
    for (size_t k = 0; error == 0 && k < count; k++) {
        *total += found[order[k]].minor;
        error = money_push_finding(list, &found[order[k]], now->categories[order[k]].minor,
            now->currency);
    }
    return error;
}

static int money_tally_days(struct tools_run *run, int from, int to, struct money_tally *t)
{
    struct money_period p = {.name = "30 days", .days = WINDOW_DAYS};
    int error = timestamp_zone(run, &p.zone);
    if (error != 0)
        return error;
    p.from_ms = timestamp_day(run->context->now_ms, from, p.zone);
    p.to_ms = timestamp_day(run->context->now_ms, to + 1, p.zone) - 1;
    return money_tally(run, MONEY_EXPENSE, &p, t);
}

static int money_answer_savings(struct tools_run *run, const struct money_tally *now, int64_t total,
    jdoc *list)
{
    char text[AMOUNT_TEXT_SIZE];
    double target;
    size_t count = jdoc_length(list);
    amount_text(total, now->currency, text);
    jdoc *answer = now->count == 0 ?
        run_succeed(run, "There are no expenses of the last 30 days to look at.") :
        count == 0 ? run_succeed(run, "No rule finds a saving in the last 30 days.") :
                     run_succeed(run,
                         "%zu place%s to save, together up to about %s a month (an estimate "
                         "from your own last 30 days).",
                         count, count == 1 ? "" : "s", text);
    if (!answer) {
        jdoc_free(list);
        return ERR_NOMEM;
    }
    int failed = jdoc_set(answer, "opportunities", list);
    failed |=
        jdoc_set_double(answer, "total_monthly_saving", amount_to_number(total, now->currency));
    failed |= jdoc_set_string(answer, "currency", now->currency);
    failed |= jdoc_set_bool(answer, "estimate", true);
    failed |= jdoc_set_string(answer, "method",
        "rules over the user's own expenses of the last 30 days: a habit's share of its category, "
        "the "
        "increase against the 30 days before, or what is above a limit; the largest of these");
    if (jdoc_get_double(run->args, "target_amount", &target) == 0)
        failed |= jdoc_set_bool(answer, "target_reached",
            amount_to_number(total, now->currency) >= target);
    return failed != 0 ? ERR_NOMEM : 0;
}

int money_tool_find_savings_opportunities(struct tools_run *run)
{
    struct money_tally now = {.currency = cost_currency(run)};
    struct money_tally *earlier = arena_alloc(run->arena, sizeof *earlier);
    struct money_limits l = {.tally = &now};
    int64_t least = 0, total = 0;
    if (!earlier)
        return ERR_NOMEM;
    *earlier = (struct money_tally){.currency = now.currency};
    double least_value = jdoc_double_or(run->args, "min_savings", 10);
    if (amount_from_number(round(least_value), now.currency, &least) != 0)
        return ERR_INTERNAL;
    int error = money_tally_days(run, 1 - WINDOW_DAYS, 0, &now);
    if (error == 0)
        error = money_tally_days(run, 1 - 2 * WINDOW_DAYS, -WINDOW_DAYS, earlier);
    if (error == 0)
        error = money_limits(run, &l);
    if (error != 0)
        return error;
    jdoc *list = jdoc_new_array();
    error = list ? money_find_all(&now, earlier, &l, least, list, &total) : ERR_NOMEM;
    if (error == 0)
        return money_answer_savings(run, &now, total, list);
    jdoc_free(list);
    return error;
}
