/* SPDX-License-Identifier: BSD-2-Clause */
/* Sums, periods and limits of the family money. */
#include "tools/money/money.h"

#include "base/err.h"
#include "tools/kit/amount.h"
#include "tools/kit/period.h"
#include "tools/kit/plausible.h"
#include "tools/kit/record.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define NEAR_PERCENT 80.0

int money_set(jdoc *object, int64_t minor, const char *currency)
{
    int failed = jdoc_set_double(object, "amount", amount_to_number(minor, currency));
    failed |= jdoc_set_int(object, "amount_minor", minor);
    return failed | jdoc_set_string(object, "currency", currency);
}

int money_amount(struct tools_run *run, const char *currency, int64_t *minor)
{
    double value = 0;
    char expected[96];
    double most = plausible_most(currency);
    jdoc_get_double(run->args, "amount", &value);
    if (amount_from_number(value, currency, minor) == 0 && *minor > 0 && value < most)
        return 0;
    snprintf(expected, sizeof expected, "an amount above 0 and below %.0f with at most %d decimals",
        most, amount_decimals(currency));
    int error = run_fail_at(run, "/amount", expected, "amount is not possible in %s", currency);
    return error != 0 ? error : ERR_INVALID;
}

/* --- sums --- */

struct money_sum *money_sum_of(struct money_sum *sums, size_t *count, size_t max, const char *name)
{
    for (size_t i = 0; i < *count; i++)
        if (strcmp(sums[i].name, name) == 0)
            return &sums[i];
    if (*count == max)
        return NULL;
    struct money_sum *s = &sums[(*count)++];
    snprintf(s->name, sizeof s->name, "%s", name);
    return s;
}

bool money_is_asked_for(const struct money_tally *t, const char *category)
{
    if (t->only_one && strcmp(t->only_one, category) != 0)
        return false;
    for (size_t i = 0; i < jdoc_length(t->only); i++)
        if (strcmp(jdoc_string(jdoc_at(t->only, i), NULL), category) == 0)
            return true;
    return !t->only;
}

/* What was converted into the tally's money is told; what was paid in it is in the tally already,
 * so it leaves the other money that it was converted into. */
static int money_tally_converted(struct money_tally *t, const struct records_sum *sum, bool own)
{
    struct money_sum *s = own ?
        money_sum_of(t->converted, &t->converted_count, MONEY_OTHERS_MAX, sum->paid) :
        strcmp(sum->paid, t->currency) == 0 ?
        money_sum_of(t->others, &t->other_count, MONEY_OTHERS_MAX, sum->currency) :
        NULL;
    if (!s)
        return own ? ERR_LIMIT : 0;
    s->minor += own ? sum->minor : -sum->minor;
    s->count += own ? sum->count : -sum->count;
    return 0;
}

/* Adds a sum of the store to those of the tally. */
static int money_tally_sum(struct money_tally *t, const struct records_sum *sum)
{
    bool own = strcmp(sum->currency, t->currency) == 0;
    if (!money_is_asked_for(t, sum->category) || (sum->kind == RECORDS_SUM_ELSEWHERE && !own))
        return 0;
    if (sum->kind == RECORDS_SUM_CONVERTED)
        return money_tally_converted(t, sum, own);
    struct money_sum *s = own ?
        money_sum_of(t->categories, &t->category_count, MONEY_CATEGORIES_MAX, sum->category) :
        money_sum_of(t->others, &t->other_count, MONEY_OTHERS_MAX, sum->currency);
    if (!s)
        return ERR_LIMIT;
    s->minor += sum->minor;
    s->count += sum->count;
    if (own) {
        t->minor += sum->minor;
        t->count += sum->count;
    }
    return 0;
}

int money_tally(struct tools_run *run, const char *family, const struct money_period *p,
    struct money_tally *t)
{
    const char **spans;
    size_t count;
    struct records_sums sums = {0};
    int error = period_list(run, p->from_ms, p->to_ms, p->zone, &spans, &count);
    if (error == 0 && count > 0)
        error = records_sums(run->context->store, run->context->uid, family,
            &(struct records_texts){spans, count}, run->arena, &sums);
    for (size_t i = 0; error == 0 && i < sums.count; i++)
        error = money_tally_sum(t, &sums.all[i]);
    return error;
}

int money_period(struct tools_run *run, const char *name, struct money_period *p)
{
    int64_t now = run->context->now_ms;
    int error = timestamp_zone(run, &p->zone);
    if (error != 0)
        return error;
    p->name = name;
    p->from_ms = timestamp_period_now(run, p->name, p->zone);
    p->to_ms = timestamp_day(now, 1, p->zone) - 1;
    p->days = timestamp_days(p->from_ms, now, p->zone);
    return 0;
}

int money_set_period(jdoc *object, const struct money_period *p, const char *currency)
{
    char from[TIMESTAMP_SIZE], to[TIMESTAMP_SIZE];
    timestamp_date(p->from_ms, p->zone, from);
    timestamp_date(p->to_ms, p->zone, to);
    int failed = jdoc_set_string(object, "period", p->name);
    failed |= jdoc_set_string(object, "from", from);
    failed |= jdoc_set_string(object, "to", to);
    failed |= jdoc_set_int(object, "days", p->days);
    return failed | jdoc_set_string(object, "currency", currency);
}

int money_set_others(jdoc *object, const struct money_tally *t)
{
    jdoc *list = jdoc_new_array();
    int failed = !list;
    for (size_t i = 0; failed == 0 && i < t->other_count; i++) {
        const struct money_sum *s = &t->others[i];
        if (s->count == 0)
            continue;
        jdoc *item = jdoc_new_object();
        failed |= !item || jdoc_set_string(item, "currency", s->name) != 0 ||
            jdoc_set_double(item, "total", amount_to_number(s->minor, s->name)) != 0 ||
            jdoc_set_int(item, "count", s->count) != 0;
        failed |= jdoc_push(list, item);
    }
    if (failed != 0) {
        jdoc_free(list);
        return ERR_NOMEM;
    }
    if (jdoc_length(list) > 0)
        return jdoc_set(object, "other_currencies", list);
    jdoc_free(list);
    return 0;
}

int money_set_converted(jdoc *object, const struct money_tally *t)
{
    jdoc *list = t->converted_count > 0 ? jdoc_new_array() : NULL;
    int failed = t->converted_count > 0 && !list;
    for (size_t i = 0; failed == 0 && i < t->converted_count; i++) {
        const struct money_sum *s = &t->converted[i];
        jdoc *item = jdoc_new_object();
        failed |= !item || jdoc_set_string(item, "paid_in", s->name) != 0 ||
            jdoc_set_double(item, "total", amount_to_number(s->minor, t->currency)) != 0 ||
            jdoc_set_int(item, "count", s->count) != 0;
        failed |= jdoc_push(list, item);
    }
    if (failed == 0 && list)
        return jdoc_set(object, "converted", list);
    jdoc_free(list);
    return failed ? ERR_NOMEM : 0;
}

void money_converted_text(const struct money_tally *t, char out[MONEY_CONTAINED_SIZE])
{
    int64_t minor = 0;
    char amount[AMOUNT_TEXT_SIZE];
    out[0] = '\0';
    for (size_t i = 0; i < t->converted_count; i++)
        minor += t->converted[i].minor;
    if (minor == 0)
        return;
    amount_text(minor, t->currency, amount);
    snprintf(out, MONEY_CONTAINED_SIZE, ", of which %s are converted from %s%s", amount,
        t->converted[0].name, t->converted_count > 1 ? " and other money" : "");
}

/* --- limits --- */

int money_take_limit(void *arg, const jdoc *budget)
{
    struct money_limits *l = arg;
    const char *category = jdoc_text_or(budget, "category", "");
    if (strcmp(jdoc_text_or(budget, "currency", ""), l->tally->currency) != 0 ||
        !money_is_asked_for(l->tally, category) || l->count == MONEY_CATEGORIES_MAX)
        return 0;
    struct money_limit *one = &l->all[l->count++];
    snprintf(one->category, sizeof one->category, "%s", category);
    snprintf(one->period, sizeof one->period, "%s", jdoc_text_or(budget, "period", "monthly"));
    jdoc_get_int(budget, "amount_minor", &one->minor);
    return 0;
}

static double money_days_of(const char *period)
{
    static const struct {
        const char *name;
        double days;
    } table[] = {
        {"week", 7},
        {"weekly", 7},
        {"month", 365.2425 / 12},
        {"monthly", 365.2425 / 12},
        {"quarter", 365.2425 / 4},
        {"year", 365.2425},
        {"yearly", 365.2425},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].name, period) == 0)
            return table[i].days;
    return 365.2425 / 12;
}

const char *money_status_word(int64_t spent, int64_t limit)
{
    if (limit < 0)
        return "no_limit";
    if (spent > limit)
        return "over";
    return (double)spent * 100 >= (double)limit * NEAR_PERCENT ? "near" : "under";
}

jdoc *money_new_status(const char *category, int64_t spent, const struct money_limit *limit,
    int64_t prorated_minor, const char *currency)
{
    jdoc *status = jdoc_new_object();
    if (!status)
        return NULL;
    int failed = jdoc_set_string(status, "category", category);
    failed |= jdoc_set_double(status, "spent", amount_to_number(spent, currency));
    failed |=
        jdoc_set_string(status, "status", money_status_word(spent, limit ? prorated_minor : -1));
    if (limit) {
        double percent = (double)spent * 100 / (double)prorated_minor;
        failed |= jdoc_set_double(status, "limit", amount_to_number(prorated_minor, currency));
        failed |= jdoc_set_string(status, "limit_period", limit->period);
        failed |= jdoc_set_bool(status, "limit_prorated", prorated_minor != limit->minor);
        failed |= jdoc_set_double(status, "remaining",
            amount_to_number(prorated_minor - spent, currency));
        failed |= jdoc_set_double(status, "percent", round(percent * 10) / 10);
    }
    if (failed == 0)
        return status;
    jdoc_free(status);
    return NULL;
}

int64_t money_prorate(const struct money_limit *limit, const char *period)
{
    double factor = money_days_of(period) / money_days_of(limit->period);
    int64_t minor = (int64_t)llround((double)limit->minor * factor);
    return minor > 0 ? minor : 1;
}

static int money_compare_sums(const void *a, const void *b)
{
    const struct money_sum *x = a, *y = b;
    return (x->minor < y->minor) - (x->minor > y->minor);
}

void money_sort(struct money_sum *sums, size_t count)
{
    for (size_t i = 1; i < count; i++)
        for (size_t k = i; k > 0 && money_compare_sums(&sums[k - 1], &sums[k]) > 0; k--) {
            struct money_sum swap = sums[k];
            sums[k] = sums[k - 1];
            sums[k - 1] = swap;
        }
}

const struct money_limit *money_limit_of(const struct money_limits *l, const char *category)
{
    for (size_t i = 0; i < l->count; i++)
        if (strcmp(l->all[i].category, category) == 0)
            return &l->all[i];
    return NULL;
}

int money_limits(struct tools_run *run, struct money_limits *l)
{
    return record_each(run, MONEY_BUDGET, 0, RECORD_FOREVER, money_take_limit, l);
}

int money_compare(struct money_tally *t, const struct money_limits *l, const char *period,
    jdoc *list)
{
    int error = 0;
    for (size_t i = 0; i < l->count; i++) /* a limit without an expense is a line as well */
        if (!money_sum_of(t->categories, &t->category_count, MONEY_CATEGORIES_MAX,
                l->all[i].category))
            return ERR_INTERNAL;
    money_sort(t->categories, t->category_count);
    for (size_t i = 0; error == 0 && i < t->category_count; i++) {
        const struct money_sum *s = &t->categories[i];
        const struct money_limit *limit = money_limit_of(l, s->name);
        error = jdoc_push(list,
            money_new_status(s->name, s->minor, limit, limit ? money_prorate(limit, period) : 0,
                t->currency));
    }
    return error;
}
