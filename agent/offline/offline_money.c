/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/offline/offline_reading.h"

#include "tools/kit/amount.h"
#include "tools/kit/currency.h"
#include "tools/kit/zone.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define OFFLINE_AMOUNT_MAX 1000000 /* create_expense's limit */
#define OFFLINE_BUDGET_MAX 100000  /* update_budget's */

/* A "$" that was said where it is another currency than the user's own; NULL = it was not. */
static const char *offline_money_there(const struct offline_reading *r,
    const struct offline_token *k)
{
    char country[3];
    const char *there =
        zone_country(r->world->zone, country) ? currency_there(k->currency, country) : NULL;

    return there && strcmp(there, r->world->currency) != 0 ? there : NULL;
}

/* The amount in the user's own money; the currency's decimals count. */
static bool offline_read_amount(struct offline_reading *r, double most)
{
    const struct offline_token *k = &r->tokens.list[r->match.parts[OFFLINE_AMOUNT].at];
    int64_t minor;

    if (!offline_has(r, OFFLINE_AMOUNT)) {
        offline_ask_user(r, true, "How much was it, and what for?");
        return false;
    }
    if (*k->currency && !currency_is(k->currency, r->world->currency)) {
        offline_ask_user(r, false,
            "You said %s, and your money is kept in %s. How much was it in %s?", k->currency,
            r->world->currency, r->world->currency);
        return false;
    }
    const char *there = offline_money_there(r, k);
    if (there) {
        offline_ask_user(r, false,
            "Where you are that can be %s, and your money is kept in %s. How much was it in %s?",
            there, r->world->currency, r->world->currency);
        return false;
    }
    if (k->value >= most || amount_from_number(k->value, r->world->currency, &minor) ||
        minor <= 0 || fabs(k->value * 100 - nearbyint(k->value * 100)) > 1e-6) {
        offline_ask_user(r, false, "I cannot take %.10g as an amount of %s.", k->value,
            r->world->currency);
        return false;
    }
    r->ask->amount = k->value;
    return true;
}

static bool offline_read_category(struct offline_reading *r, const char *text, bool other)
{
    bool whole;
    const char *category = offline_category(text, &whole), *meant;

    if (!category) {
        offline_ask_user(r, false,
            "\"%s\" can be counted under more than one heading. Which one is it?", text);
        return false;
    }
    if (*category && !whole && !other) {
        offline_ask_user(r, false, "I keep \"%s\" only as a whole, and understood more in \"%s\".",
            category, text);
        return false;
    }
    if (!*category && (meant = offline_category_meant(text))) {
        offline_ask_user(r, false,
            "Do you mean \"%s\" in \"%s\"? Please write it so, or name it "
            "otherwise.",
            meant, text);
        return false;
    }
    if (!*category && !other) {
        offline_ask_user(r, false, "I do not know \"%s\" as a kind of spending.", text);
        return false;
    }
    snprintf(r->ask->category, sizeof r->ask->category, "%s", *category ? category : "other");
    return true;
}

/* Goods of which it is doubtful that the money was spent on them, and is gone. */
static bool offline_money_unspent(const struct offline_reading *r, enum offline_slot slot)
{
    static const char words[] =
        "free|voucher|vouchers|coupon|coupons|quote|quotes|quoted|estimate|"
        "estimated|future|planned|cancelled|canceled|refundable|refunded|refund|reimbursed|unpaid|"
        "unspent|owed|lent|loaned|sold|split|shared|stolen|discount|discounted|discounts";
    const struct offline_part *part = &r->match.parts[slot];

    for (size_t i = 0; i < part->count; i++)
        if (offline_tokens_is(&r->tokens, part->at + i, words))
            return true;
    return false;
}

void offline_read_expense(struct offline_reading *r)
{
    enum offline_slot slot = offline_has(r, OFFLINE_GOODS) ? OFFLINE_GOODS : OFFLINE_WHAT;
    const struct offline_token *k = &r->tokens.list[r->match.parts[OFFLINE_AMOUNT].at];

    if (!offline_read_amount(r, OFFLINE_AMOUNT_MAX))
        return;
    offline_get(r, slot, r->ask->title, sizeof r->ask->title);
    if (!*r->ask->title || offline_vague(r->ask->title)) {
        offline_ask_user(r, !*r->ask->title, "What was it for?");
        return;
    }
    if (!offline_read_category(r, r->ask->title, true))
        return;
    if ((!*k->currency &&
            (r->rule->mark == OFFLINE_MONEY ||
                (r->rule->mark == OFFLINE_CATEGORY && !strcmp(r->ask->category, "other")))) ||
        offline_money_unspent(r, slot)) {
        offline_ask_user(r, false, "Is %.10g an amount of money that you spent?", k->value);
        return;
    }
    if (r->when.times || r->when.part || r->when.with_for || r->when.date == OFFLINE_DATE_MINUTES) {
        offline_ask_user(r, false,
            "I can keep the day of an expense, and I did not understand the time "
            "in that.");
        return;
    }
    (void)offline_work_out(r, OFFLINE_BEHIND);
}

static void offline_read_period(struct offline_reading *r)
{
    const struct offline_part *part = &r->match.parts[OFFLINE_PERIOD];
    size_t last = part->count ? part->at + part->count - 1 : SIZE_MAX;
    const char *period = "monthly";

    if (last == SIZE_MAX)
        return; /* as it was */
    if (offline_tokens_is(&r->tokens, last, "week|weekly"))
        period = "weekly";
    else if (offline_tokens_is(&r->tokens, last, "year|yearly|annually"))
        period = "yearly";
    snprintf(r->ask->period, sizeof r->ask->period, "%s", period);
}

void offline_read_budget(struct offline_reading *r)
{
    char what[OFFLINE_TEXT_MAX];

    offline_get(r, OFFLINE_WHAT, what, sizeof what);
    if (offline_no_when(r) && offline_read_amount(r, OFFLINE_BUDGET_MAX) &&
        offline_read_category(r, what, false))
        offline_read_period(r);
}

/* Reports know the present week, month, quarter and year. */
static bool offline_read_span(struct offline_reading *r)
{
    static const struct {
        char unit;
        const char *period;
    } periods[] = {{'w', "week"}, {'m', "month"}, {'q', "quarter"}, {'y', "year"}};
    const struct offline_tokens *t = &r->tokens;
    char unit = 'm';

    if (r->when.times || r->when.part || r->when.dates > 1 ||
        (r->when.dates &&
            (r->when.date != OFFLINE_DATE_SPAN || r->when.which != OFFLINE_THIS ||
                r->when.unit == 'e'))) {
        offline_ask_user(r, false,
            "In offline mode I can tell of this week, this month, this quarter or "
            "this year, and of no other time.");
        return false;
    }
    if (r->when.dates)
        unit = r->when.unit;
    else if (t->count && offline_tokens_is(t, t->count - 1, "week|weekly|quarter|year|yearly"))
        unit = *t->list[t->count - 1].low;
    for (size_t i = 0; i < sizeof periods / sizeof *periods; i++)
        if (periods[i].unit == unit)
            snprintf(r->ask->period, sizeof r->ask->period, "%s", periods[i].period);
    return true;
}

void offline_read_spending(struct offline_reading *r)
{
    char what[OFFLINE_TEXT_MAX];

    if (!offline_read_span(r) || r->ask->kind == OFFLINE_BUDGET || !offline_has(r, OFFLINE_WHAT))
        return;
    offline_get(r, OFFLINE_WHAT, what, sizeof what);
    (void)offline_read_category(r, what, false);
}
