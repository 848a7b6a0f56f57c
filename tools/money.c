/* Tools of the family money. Records: "expense" by day, "budget" by category. */
#include "tools/amount.h"
#include "tools/keep.h"
#include "tools/moment.h"
#include "tools/registry.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/ident.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define EXPENSE "expense"
#define BUDGET "budget"
#define CATEGORIES_MAX 32
#define OTHERS_MAX 16
#define FOREVER (INT64_C(1) << 52)
#define NEAR_PERCENT 80.0

static const char *const own_fields[] = { "category", "description", "location", NULL };

/* The currency of the call: the argument, else the user's. */
static const char *currency_of(const struct tools_run *run)
{
    const char *c = jdoc_string(jdoc_get(run->args, "currency"), NULL);
    if (c == NULL)
        c = run->context->currency;
    if (c == NULL || strlen(c) != 3)
        c = run->context->conf->default_currency;
    return strlen(c) == 3 ? c : "AUD";
}

static int set_money(jdoc *object, int64_t minor, const char *currency)
{
    int failed = jdoc_set_double(object, "amount", amount_to_number(minor, currency));
    failed |= jdoc_set_int(object, "amount_minor", minor);
    return failed | jdoc_set_string(object, "currency", currency);
}

/* Returns 0, ERR_INVALID (run->result says why) or a fault. */
static int read_amount(struct tools_run *run, const char *currency, int64_t *minor)
{
    double value = 0;
    char expected[64];
    jdoc_get_double(run->args, "amount", &value);
    if (amount_from_number(value, currency, minor) == 0 && *minor > 0)
        return 0;
    snprintf(expected, sizeof expected, "an amount above 0 with at most %d decimals",
        amount_decimals(currency));
    int result = tools_fail_at(run, "/amount", expected, "amount is not possible in %s", currency);
    return result != 0 ? result : ERR_INVALID;
}

/* --- sums --- */

struct sum {
    char name[32];
    int64_t minor, count;
};

/* Expenses of a period, by category in one currency; other currencies beside it, never mixed. */
struct tally {
    const char *currency;
    const jdoc *only; /* categories, an array or NULL */
    const char *only_one;
    struct sum categories[CATEGORIES_MAX], others[OTHERS_MAX];
    size_t category_count, other_count;
    int64_t minor, count;
};

static struct sum *sum_of(struct sum *sums, size_t *count, size_t max, const char *name)
{
    for (size_t i = 0; i < *count; i++)
        if (strcmp(sums[i].name, name) == 0)
            return &sums[i];
    if (*count == max)
        return NULL;
    struct sum *s = &sums[(*count)++];
    snprintf(s->name, sizeof s->name, "%s", name);
    return s;
}

static bool is_asked_for(const struct tally *t, const char *category)
{
    if (t->only_one != NULL && strcmp(t->only_one, category) != 0)
        return false;
    for (size_t i = 0; i < jdoc_length(t->only); i++)
        if (strcmp(jdoc_string(jdoc_at(t->only, i), NULL), category) == 0)
            return true;
    return t->only == NULL;
}

static int tally_expense(void *arg, const jdoc *expense)
{
    struct tally *t = arg;
    int64_t minor = 0;
    const char *currency = jdoc_text_or(expense, "currency", "");
    const char *category = jdoc_text_or(expense, "category", "other");
    jdoc_get_int(expense, "amount_minor", &minor);
    if (!is_asked_for(t, category))
        return 0;
    bool own = strcmp(currency, t->currency) == 0;
    struct sum *s = own ? sum_of(t->categories, &t->category_count, CATEGORIES_MAX, category)
                        : sum_of(t->others, &t->other_count, OTHERS_MAX, currency);
    if (s == NULL)
        return ERR_INTERNAL;
    s->minor += minor;
    s->count++;
    if (own) {
        t->minor += minor;
        t->count++;
    }
    return 0;
}

/* The period named in the arguments, from its start to now. */
struct period {
    const char *name;
    int64_t from_ms, to_ms; /* to: the end of today */
    int days;
    const struct zone *zone;
};

static int read_period(struct tools_run *run, const char *name, struct period *p)
{
    int64_t now = run->context->now_ms;
    int result = moment_zone(run, &p->zone);
    if (result != 0)
        return result;
    p->name = name;
    p->from_ms = moment_period_start(p->name, now, p->zone);
    p->to_ms = moment_day(now, 1, p->zone) - 1;
    p->days = moment_days(p->from_ms, now, p->zone);
    return 0;
}

static int set_period(jdoc *object, const struct period *p, const char *currency)
{
    char from[MOMENT_SIZE], to[MOMENT_SIZE];
    moment_date(p->from_ms, p->zone, from);
    moment_date(p->to_ms, p->zone, to);
    int failed = jdoc_set_string(object, "period", p->name);
    failed |= jdoc_set_string(object, "from", from);
    failed |= jdoc_set_string(object, "to", to);
    failed |= jdoc_set_int(object, "days", p->days);
    return failed | jdoc_set_string(object, "currency", currency);
}

static int set_others(jdoc *object, const struct tally *t)
{
    jdoc *list = jdoc_new_array();
    int failed = list == NULL;
    for (size_t i = 0; failed == 0 && i < t->other_count; i++) {
        const struct sum *s = &t->others[i];
        jdoc *item = jdoc_new_object();
        failed |= item == NULL || jdoc_set_string(item, "currency", s->name) != 0
            || jdoc_set_double(item, "total", amount_to_number(s->minor, s->name)) != 0
            || jdoc_set_int(item, "count", s->count) != 0;
        failed |= jdoc_push(list, item);
    }
    if (failed != 0) {
        jdoc_free(list);
        return ERR_NOMEM;
    }
    if (t->other_count > 0)
        return jdoc_set(object, "other_currencies", list);
    jdoc_free(list);
    return 0;
}

/* --- limits --- */

struct limit {
    char category[32], period[16];
    int64_t minor;
};

struct limits {
    const struct tally *tally; /* whose currency and categories count */
    struct limit all[CATEGORIES_MAX];
    size_t count;
};

static int take_limit(void *arg, const jdoc *budget)
{
    struct limits *l = arg;
    const char *category = jdoc_text_or(budget, "category", "");
    if (strcmp(jdoc_text_or(budget, "currency", ""), l->tally->currency) != 0
        || !is_asked_for(l->tally, category) || l->count == CATEGORIES_MAX)
        return 0;
    struct limit *one = &l->all[l->count++];
    snprintf(one->category, sizeof one->category, "%s", category);
    snprintf(one->period, sizeof one->period, "%s", jdoc_text_or(budget, "period", "monthly"));
    jdoc_get_int(budget, "amount_minor", &one->minor);
    return 0;
}

static double days_of(const char *period)
{
    static const struct { const char *name; double days; } table[] = {
        { "week", 7 }, { "weekly", 7 }, { "month", 365.2425 / 12 }, { "monthly", 365.2425 / 12 },
        { "quarter", 365.2425 / 4 }, { "year", 365.2425 }, { "yearly", 365.2425 },
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].name, period) == 0)
            return table[i].days;
    return 365.2425 / 12;
}

static const char *status_word(int64_t spent, int64_t limit)
{
    if (limit < 0)
        return "no_limit";
    if (spent > limit)
        return "over";
    return (double)spent * 100 >= (double)limit * NEAR_PERCENT ? "near" : "under";
}

/* One line of the comparison. limit: NULL = none set. prorated_minor: in the period asked for. */
static jdoc *new_status(const char *category, int64_t spent, const struct limit *limit,
    int64_t prorated_minor, const char *currency)
{
    jdoc *status = jdoc_new_object();
    if (status == NULL)
        return NULL;
    int failed = jdoc_set_string(status, "category", category);
    failed |= jdoc_set_double(status, "spent", amount_to_number(spent, currency));
    failed |= jdoc_set_string(status, "status",
        status_word(spent, limit != NULL ? prorated_minor : -1));
    if (limit != NULL) {
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

static int64_t prorate(const struct limit *limit, const char *period)
{
    double factor = days_of(period) / days_of(limit->period);
    int64_t minor = (int64_t)llround((double)limit->minor * factor);
    return minor > 0 ? minor : 1;
}

/* --- create_expense --- */

static jdoc *new_expense(struct tools_run *run, int64_t minor, const char *currency, int64_t ms,
    const struct zone *z)
{
    char id[IDENT_UUID_SIZE], now[CLOCK_RFC3339_SIZE], date[MOMENT_SIZE];
    jdoc *expense = jdoc_new_object();
    if (expense == NULL)
        return NULL;
    ident_uuid7(id);
    clock_rfc3339(run->context->now_ms, now);
    moment_date(ms, z, date);
    int failed = jdoc_set_string(expense, "id", id);
    failed |= set_money(expense, minor, currency);
    failed |= keep_copy(expense, run->args, own_fields);
    failed |= jdoc_set_string(expense, "date", date);
    failed |= jdoc_set_string(expense, "timezone", zone_name(z));
    failed |= jdoc_set_int(expense, "time_ms", ms);
    failed |= jdoc_set_string(expense, "created_at", now);
    if (failed == 0)
        return expense;
    jdoc_free(expense);
    return NULL;
}

/* How the category's limit stands with this expense counted; *status NULL when there is none. */
static int budget_after(struct tools_run *run, const jdoc *expense, const char *currency,
    jdoc **status)
{
    struct tally t = { .currency = currency, .only_one = jdoc_text_or(expense, "category", "") };
    struct limits l = { .tally = &t };
    struct period p;
    jdoc *budget = NULL;
    int64_t ms = 0, minor = 0;
    *status = NULL;
    int result = keep_get(run, BUDGET, t.only_one, &budget, NULL);
    if (result == 0)
        result = take_limit(&l, budget);
    jdoc_free(budget);
    if (result != 0 || l.count == 0)
        return result == ERR_NOT_FOUND ? 0 : result;
    const char *name = strcmp(l.all[0].period, "weekly") == 0 ? "week"
        : strcmp(l.all[0].period, "yearly") == 0 ? "year" : "month";
    result = read_period(run, name, &p);
    if (result == 0)
        result = keep_each(run, EXPENSE, p.from_ms, p.to_ms, tally_expense, &t);
    if (result != 0)
        return result;
    jdoc_get_int(expense, "time_ms", &ms);
    jdoc_get_int(expense, "amount_minor", &minor);
    if (ms >= p.from_ms && ms <= p.to_ms)
        t.minor += minor;
    *status = new_status(t.only_one, t.minor, &l.all[0], l.all[0].minor, currency);
    return *status != NULL ? 0 : ERR_NOMEM;
}

static int commit_expense(struct tools_run *run, jdoc *expense, const char *currency)
{
    char amount[AMOUNT_TEXT_SIZE];
    int64_t minor = 0, ms = 0;
    jdoc *status = NULL;
    int result = budget_after(run, expense, currency, &status);
    if (result != 0) {
        jdoc_free(expense);
        return result;
    }
    jdoc_get_int(expense, "amount_minor", &minor);
    jdoc_get_int(expense, "time_ms", &ms);
    amount_text(minor, currency, amount);
    if (tools_succeed(run, "Logged %s for %s on %s.", amount,
            jdoc_text_or(expense, "category", ""), jdoc_text_or(expense, "date", "")) == NULL) {
        jdoc_free(expense);
        jdoc_free(status);
        return ERR_NOMEM;
    }
    result = jdoc_set(run->result, "expense", expense);
    if (status != NULL)
        result |= jdoc_set(run->result, "budget_status", status);
    if (result != 0)
        return ERR_NOMEM;
    struct keep_item item = { .family = EXPENSE, .id = jdoc_text_or(expense, "id", ""),
        .document = expense, .time_ms = ms };
    return keep_commit(run, &item, 1, false);
}

int money_tool_create_expense(struct tools_run *run)
{
    const struct zone *z;
    struct moment when;
    int64_t minor;
    const char *currency = currency_of(run);
    int result = moment_zone(run, &z);
    if (result == 0)
        result = read_amount(run, currency, &minor);
    if (result == 0) {
        result = moment_argument(run, "date", z, &when);
        if (result == ERR_NOT_FOUND) {
            when.ms = run->context->now_ms;
            result = 0;
        }
    }
    if (result != 0)
        return result == ERR_INVALID ? 0 : result;
    jdoc *expense = new_expense(run, minor, currency, when.ms, z);
    return expense != NULL ? commit_expense(run, expense, currency) : ERR_NOMEM;
}

/* --- get_spending_summary --- */

static int compare_sums(const void *a, const void *b)
{
    const struct sum *x = a, *y = b;
    return (x->minor < y->minor) - (x->minor > y->minor);
}

static void sort_sums(struct sum *sums, size_t count)
{
    for (size_t i = 1; i < count; i++)
        for (size_t k = i; k > 0 && compare_sums(&sums[k - 1], &sums[k]) > 0; k--) {
            struct sum swap = sums[k];
            sums[k] = sums[k - 1];
            sums[k - 1] = swap;
        }
}

static int set_categories(jdoc *summary, const struct tally *t)
{
    jdoc *list = jdoc_new_array();
    int failed = list == NULL;
    for (size_t i = 0; failed == 0 && i < t->category_count; i++) {
        const struct sum *s = &t->categories[i];
        jdoc *item = jdoc_new_object();
        double share = t->minor > 0 ? (double)s->minor * 100 / (double)t->minor : 0;
        failed |= item == NULL || jdoc_set_string(item, "category", s->name) != 0
            || jdoc_set_double(item, "total", amount_to_number(s->minor, t->currency)) != 0
            || jdoc_set_int(item, "total_minor", s->minor) != 0
            || jdoc_set_int(item, "count", s->count) != 0
            || jdoc_set_double(item, "share", round(share * 10) / 10) != 0;
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
    struct tally t = { .currency = currency_of(run),
        .only_one = jdoc_string(jdoc_get(run->args, "category"), NULL) };
    struct period p;
    char total[AMOUNT_TEXT_SIZE];
    int result = read_period(run, jdoc_text_or(run->args, "period", "month"), &p);
    if (result == 0)
        result = keep_each(run, EXPENSE, p.from_ms, p.to_ms, tally_expense, &t);
    if (result != 0)
        return result;
    sort_sums(t.categories, t.category_count);
    amount_text(t.minor, t.currency, total);
    if (tools_succeed(run, "%s spent%s%s this %s so far, in %lld expense%s.", total,
            t.only_one != NULL ? " on " : "", t.only_one != NULL ? t.only_one : "", p.name,
            (long long)t.count, t.count == 1 ? "" : "s") == NULL)
        return ERR_NOMEM;
    jdoc *summary = jdoc_new_object();
    if (summary == NULL || jdoc_set(run->result, "summary", summary) != 0)
        return ERR_NOMEM;
    int64_t daily = (int64_t)llround((double)t.minor / p.days);
    int failed = set_period(summary, &p, t.currency);
    failed |= jdoc_set_double(summary, "total", amount_to_number(t.minor, t.currency));
    failed |= jdoc_set_int(summary, "total_minor", t.minor);
    failed |= jdoc_set_int(summary, "count", t.count);
    failed |= jdoc_set_double(summary, "daily_average", amount_to_number(daily, t.currency));
    failed |= set_categories(summary, &t);
    failed |= set_others(summary, &t);
    return failed != 0 ? ERR_NOMEM : 0;
}

/* --- update_budget --- */

static jdoc *new_budget(struct tools_run *run, int64_t minor, const char *currency,
    const jdoc *previous)
{
    char now[CLOCK_RFC3339_SIZE];
    const char *category = jdoc_text_or(run->args, "category", "");
    jdoc *budget = jdoc_new_object();
    if (budget == NULL)
        return NULL;
    clock_rfc3339(run->context->now_ms, now);
    int failed = jdoc_set_string(budget, "id", category);
    failed |= jdoc_set_string(budget, "category", category);
    failed |= set_money(budget, minor, currency);
    failed |= jdoc_set_string(budget, "period", jdoc_text_or(run->args, "period", "monthly"));
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
    const char *currency = currency_of(run), *category = jdoc_text_or(run->args, "category", "");
    int result = read_amount(run, currency, &minor);
    if (result != 0)
        return result == ERR_INVALID ? 0 : result;
    result = keep_get(run, BUDGET, category, &previous, NULL);
    if (result != 0 && result != ERR_NOT_FOUND)
        return result;
    jdoc *budget = new_budget(run, minor, currency, previous);
    amount_text(minor, currency, amount);
    jdoc *answer = tools_succeed(run, "The %s budget for %s is %s.",
        jdoc_text_or(run->args, "period", "monthly"), category, amount);
    if (budget == NULL || answer == NULL) {
        jdoc_free(budget);
        jdoc_free(previous);
        return ERR_NOMEM;
    }
    result = jdoc_set(answer, "budget", budget);
    if (previous != NULL)
        result |= jdoc_set(answer, "previous", previous);
    if (result != 0)
        return ERR_NOMEM;
    struct keep_item item = { .family = BUDGET, .id = category, .document = budget,
        .time_ms = run->context->now_ms };
    return keep_commit(run, &item, 1, false);
}

/* --- analyze_budget --- */

struct analysis {
    int64_t limit, spent, unlimited;
    jdoc *categories;
};

static const struct limit *limit_of(const struct limits *l, const char *category)
{
    for (size_t i = 0; i < l->count; i++)
        if (strcmp(l->all[i].category, category) == 0)
            return &l->all[i];
    return NULL;
}

static int analyse(struct analysis *a, struct tally *t, const struct limits *l, const char *period)
{
    int result = 0;
    for (size_t i = 0; i < l->count; i++) /* a limit without an expense is a line as well */
        if (sum_of(t->categories, &t->category_count, CATEGORIES_MAX, l->all[i].category) == NULL)
            return ERR_INTERNAL;
    sort_sums(t->categories, t->category_count);
    for (size_t i = 0; result == 0 && i < t->category_count; i++) {
        const struct sum *s = &t->categories[i];
        const struct limit *limit = limit_of(l, s->name);
        int64_t prorated = limit != NULL ? prorate(limit, period) : 0;
        if (limit != NULL) {
            a->limit += prorated;
            a->spent += s->minor;
        } else {
            a->unlimited += s->minor;
        }
        result = jdoc_push(a->categories, new_status(s->name, s->minor, limit, prorated,
            t->currency));
    }
    return result;
}

static int set_analysis(jdoc *object, struct analysis *a, const struct tally *t, bool any_limit)
{
    int failed = jdoc_set_double(object, "limit", amount_to_number(a->limit, t->currency));
    failed |= jdoc_set_double(object, "spent", amount_to_number(a->spent, t->currency));
    if (any_limit)
        failed |= jdoc_set_double(object, "remaining",
            amount_to_number(a->limit - a->spent, t->currency));
    failed |= jdoc_set_double(object, "unlimited_spent",
        amount_to_number(a->unlimited, t->currency));
    failed |= jdoc_set_string(object, "status", status_word(a->spent, any_limit ? a->limit : -1));
    failed |= jdoc_set(object, "categories", a->categories);
    a->categories = NULL;
    return failed | set_others(object, t);
}

int money_tool_analyze_budget(struct tools_run *run)
{
    struct tally t = { .currency = currency_of(run), .only = jdoc_get(run->args, "categories") };
    struct limits l = { .tally = &t };
    struct analysis a = { .categories = jdoc_new_array() };
    struct period p;
    char spent[AMOUNT_TEXT_SIZE], limit[AMOUNT_TEXT_SIZE];
    int result = a.categories != NULL ? 0 : ERR_NOMEM;
    if (result == 0)
        result = read_period(run, jdoc_text_or(run->args, "period", "month"), &p);
    if (result == 0)
        result = keep_each(run, EXPENSE, p.from_ms, p.to_ms, tally_expense, &t);
    if (result == 0)
        result = keep_each(run, BUDGET, 0, FOREVER, take_limit, &l);
    if (result == 0)
        result = analyse(&a, &t, &l, p.name);
    if (result != 0)
        goto out;
    amount_text(a.spent, t.currency, spent);
    amount_text(a.limit, t.currency, limit);
    jdoc *answer = l.count == 0 ? tools_succeed(run, "No spending limits are set.")
        : tools_succeed(run, "%s of %s spent this %s so far%s.", spent, limit, p.name,
            a.spent > a.limit ? ": over the limit" : "");
    jdoc *budget = jdoc_new_object();
    result = answer == NULL || budget == NULL ? ERR_NOMEM : 0;
    if (result != 0)
        jdoc_free(budget);
    else
        result = jdoc_set(answer, "budget", budget);
    if (result == 0)
        result = set_period(budget, &p, t.currency) | set_analysis(budget, &a, &t, l.count > 0)
            ? ERR_NOMEM : 0;
out:
    jdoc_free(a.categories);
    return result;
}
