/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_MONEY_MONEY_H
#define TURNPIKE_TOOLS_MONEY_MONEY_H

#include "base/err.h"
#include "tools/kit/run.h"
#include "tools/kit/timestamp.h"
#include "tools/money/records_sums.h"

/*
 * money -- what the files of the family money share: sums of a period, limits, statuses. Sums come
 * from those that the store keeps beside the records (records_sums), so their cost does not grow
 * with the number of expenses. An expense counts on its own local day. Currencies are never mixed.
 */
#define MONEY_EXPENSE "expense"
#define MONEY_BUDGET "budget"
#define MONEY_SAVING "saving"
#define MONEY_CATEGORIES_MAX 32
#define MONEY_OTHERS_MAX 16

/* amount, amount_minor, currency. Returns 0 or not. */
MUST_CHECK int money_set(jdoc *object, int64_t minor, const char *currency);
/* The argument `amount`, above 0. Returns 0, ERR_INVALID (run->result says why) or a fault. */
MUST_CHECK int money_amount(struct tools_run *run, const char *currency, int64_t *minor);

struct money_sum {
    char name[32];
    int64_t minor, count;
};

/* Expenses of a period, by category in one currency; other currencies beside it, never mixed. */
struct money_tally {
    const char *currency;
    const jdoc *only; /* categories, an array or NULL */
    const char *only_one;
    struct money_sum categories[MONEY_CATEGORIES_MAX], others[MONEY_OTHERS_MAX];
    size_t category_count, other_count;
    int64_t minor, count; /* in `currency`, with what was converted into it */
    struct money_sum converted[MONEY_OTHERS_MAX]; /* of that, by the money that was paid */
    size_t converted_count;
};
/* The sum named so, made when it is not there; NULL when there is no room. */
struct money_sum *money_sum_of(struct money_sum *sums, size_t *count, size_t max, const char *name);
bool money_is_asked_for(const struct money_tally *t, const char *category);
/* Largest first. */
void money_sort(struct money_sum *sums, size_t count);

struct money_period {
    const char *name;
    int64_t from_ms, to_ms; /* to: the end of its last day */
    int days;
    const struct zone *zone;
};
/* The present week, month, quarter or year, from its start to the end of today. */
MUST_CHECK int money_period(struct tools_run *run, const char *name, struct money_period *p);
/* period, from, to, days, currency */
MUST_CHECK int money_set_period(jdoc *object, const struct money_period *p, const char *currency);
/* Fills the sums of t from the family's records of those days; at most 10 years. */
MUST_CHECK int money_tally(struct tools_run *run, const char *family, const struct money_period *p,
    struct money_tally *t);
MUST_CHECK int money_set_others(jdoc *object, const struct money_tally *t);
/* What of the sum was paid in other money: `converted`, and ", of which 45.00 AUD are converted
 * from USD" ("" when nothing is). */
MUST_CHECK int money_set_converted(jdoc *object, const struct money_tally *t);
#define MONEY_CONTAINED_SIZE 160
void money_converted_text(const struct money_tally *t, char out[MONEY_CONTAINED_SIZE]);

struct money_limit {
    char category[32], period[16];
    int64_t minor;
};
struct money_limits {
    const struct money_tally *tally; /* whose currency and categories count */
    struct money_limit all[MONEY_CATEGORIES_MAX];
    size_t count;
};
/* For one budget record (a record_each_fn), and for all of them. */
MUST_CHECK int money_take_limit(void *arg, const jdoc *budget);
MUST_CHECK int money_limits(struct tools_run *run, struct money_limits *l);
const struct money_limit *money_limit_of(const struct money_limits *l, const char *category);
/* The limit's share in a period of another length, at least 1. */
int64_t money_prorate(const struct money_limit *limit, const char *period);

/* under, near (80 %), over; no_limit when limit is below 0 */
const char *money_status_word(int64_t spent, int64_t limit);
/* One line of a comparison. limit: NULL = none set. prorated_minor: in the period asked for. */
jdoc *money_new_status(const char *category, int64_t spent, const struct money_limit *limit,
    int64_t prorated_minor, const char *currency);

/* One entry, {category, spent...}, per category of t that has expenses or a limit. Returns 0 or a
 * fault. */
MUST_CHECK int money_compare(struct money_tally *t, const struct money_limits *l,
    const char *period, jdoc *list);

/*
 * money_alert -- what the commit of an expense takes along so that the user is told when the
 * category has reached 80 % of its limit, or passed it: once per category, period and threshold,
 * unless the setting budget_alerts is off (*alert NULL). p: the limit's present period. Returns 0
 * or a fault.
 */
struct records_alert;
MUST_CHECK int money_alert(struct tools_run *run, const struct money_limit *limit,
    const char *currency, const struct money_period *p, const struct records_alert **alert);

struct record_item;
/* create_expense by the arguments of the run; saving: a record written with it, or NULL; action:
 * goes into the result as finances.action, or NULL. */
MUST_CHECK int money_log_expense(struct tools_run *run, const struct record_item *saving,
    const char *action);
/* A record of the family "saving". NULL on no memory. */
jdoc *money_new_saving(struct tools_run *run, int64_t minor, const char *currency,
    const char *category, const char *event_type, const struct zone *z);

/* The category a text speaks of: one of the 22, "other" when nothing is known. confidence: 0 to 1;
 * words: out, which of its words said so ("" = none). */
#define MONEY_WORDS_SIZE 160
const char *money_category_of(const char *text, double *confidence, char words[MONEY_WORDS_SIZE]);

#endif
