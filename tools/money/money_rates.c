/* SPDX-License-Identifier: BSD-2-Clause */
/* Money of other countries: convert_currency, and what an expense in it is in the user's own. */
#include "tools/engine/registry.h"
#include "tools/kit/cost.h"
#include "tools/kit/currency.h"
#include "tools/kit/currency_table.h"
#include "tools/kit/rates.h"
#include "tools/kit/zone.h"
#include "tools/money/money.h"

#include "base/err.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define RATE_OLD_DAYS 5 /* longer than any row of bank holidays but Easter's and Christmas' */

/* ---- of an expense ---- */

/* minor in `from` to minor in `to`. Returns 0 or ERR_LIMIT (too much, or nothing is left). */
static int money_rates_apply(int64_t minor, const char *from, const char *to, double rate,
    int64_t *out)
{
    double scaled = amount_to_number(minor, from) * rate * pow(10, amount_decimals(to));
    if (!isfinite(scaled) || fabs(scaled) > 9e15)
        return ERR_LIMIT;
    *out = (int64_t)llround(scaled);
    return 0;
}

int money_convert_expense(struct tools_run *run, jdoc *expense, const char **note)
{
    const char *from = jdoc_text_or(expense, "currency", ""), *to = run->context->currency;
    struct rate rate;
    int64_t minor = 0, converted;
    char text[AMOUNT_TEXT_SIZE];
    *note = "";
    if (!to || !currency_row_of(to) || strcmp(from, to) == 0)
        return 0;
    jdoc_get_int(expense, "amount_minor", &minor);
    int error = rates_find(run, from, to, jdoc_text_or(expense, "date", ""), &rate);
    if (error == 0)
        error = money_rates_apply(minor, from, to, rate.rate, &converted);
    if (error == ERR_NOT_CONFIGURED || error == ERR_NOT_FOUND || error == ERR_LIMIT) {
        *note = arena_printf(run->arena, " It is not converted into %s: %s.", to,
            error == ERR_NOT_CONFIGURED ? "there are no exchange rates here" :
                                          "no exchange rate of that day is known");
        return *note ? 0 : ERR_NOMEM;
    }
    if (error != 0)
        return error;
    amount_text(converted, to, text);
    *note = arena_printf(run->arena, " That is about %s at the rate of %s (%s).", text, rate.date,
        rate.source);
    int failed = !*note;
    failed |= cost_set(expense, "converted", converted, to);
    failed |= jdoc_set_string(expense, "converted_currency", to);
    failed |= jdoc_set_double(expense, "rate", rate.rate);
    failed |= jdoc_set_string(expense, "rate_date", rate.date);
    failed |= jdoc_set_string(expense, "rate_source", rate.source);
    return failed ? ERR_NOMEM : 0;
}

/* ---- convert_currency ---- */

/* A code or a name into a code. Returns 0; ERR_INVALID (the failure is set); ERR_NOMEM. */
static int money_rates_code(struct tools_run *run, const char *key, char code[4])
{
    char path[16], country[3], why[CURRENCY_WHY_SIZE];
    const char *own = run->context->currency;
    const char *said = jdoc_text_or(run->args, key, own);
    snprintf(path, sizeof path, "/%s", key);
    if (currency_check(said, why) == 0) {
        snprintf(code, 4, "%s", said);
        return 0;
    }
    if (currency_named(said, code)) {
        if (currency_row_of(code))
            return 0;
        const char *there =
            zone_country(run->context->zone, country) ? currency_there(code, country) : NULL;
        if (currency_is(code, own) && (!there || strcmp(there, own) == 0)) {
            snprintf(code, 4, "%s", own);
            return 0;
        }
        int error = run_ask_back(run, path, "a code of ISO 4217, as AUD",
            "\"%s\" is the money of several countries. Which one is meant?", said);
        return error != 0 ? error : ERR_INVALID;
    }
    int error = run_fail_at(run, path, "a code of ISO 4217, as AUD", "%s", why);
    return error != 0 ? error : ERR_INVALID;
}

static int money_rates_none(struct tools_run *run, int error, const char *from, const char *to)
{
    if (error == ERR_NOT_CONFIGURED)
        return run_fail(run, "provider_unavailable",
            "The exchange rates have not been fetched yet. Try again in a minute.");
    if (error == ERR_NOT_FOUND)
        return run_fail(run, "not_found",
            "There is no exchange rate of %s and %s for that day in what the provider gives.", from,
            to);
    if (error == ERR_LIMIT || error == ERR_INVALID)
        return run_fail_at(run, error == ERR_LIMIT ? "/amount" : "/date",
            error == ERR_LIMIT ? "a smaller amount" : "a real day", "that cannot be converted");
    return error;
}

struct money_exchange {
    char from[4], to[4];
    int64_t minor, converted;
    struct rate rate;
};

static int money_rates_answer(struct tools_run *run, const struct money_exchange *x)
{
    char before[AMOUNT_TEXT_SIZE], after[AMOUNT_TEXT_SIZE], old[64] = "";
    bool dated = jdoc_has(run->args, "date");
    amount_text(x->minor, x->from, before);
    amount_text(x->converted, x->to, after);
    if (!dated && x->rate.days > RATE_OLD_DAYS)
        snprintf(old, sizeof old, ", the newest there is, %d days old", x->rate.days);
    jdoc *answer = run_succeed(run, "%s = %s at the rate of %s%s (%s).", before, after,
        x->rate.date, old, x->rate.source);
    jdoc *c = jdoc_new_object();
    if (!answer || !c || jdoc_set(answer, "conversion", c) != 0) {
        if (!answer)
            jdoc_free(c);
        return ERR_NOMEM;
    }
    int failed = cost_set(c, "amount", x->minor, x->from);
    failed |= jdoc_set_string(c, "from", x->from);
    failed |= cost_set(c, "result", x->converted, x->to);
    failed |= jdoc_set_string(c, "to", x->to);
    failed |= jdoc_set_double(c, "rate", x->rate.rate);
    failed |= jdoc_set_string(c, "rate_date", x->rate.date);
    failed |= jdoc_set_string(c, "source", x->rate.source);
    failed |= jdoc_set_int(c, "rate_age_days", x->rate.days);
    return failed ? ERR_NOMEM : 0;
}

int money_tool_convert_currency(struct tools_run *run)
{
    struct money_exchange x = {.minor = 0};
    double value = 0;
    int error = money_rates_code(run, "from", x.from);
    if (error == 0)
        error = money_rates_code(run, "to", x.to);
    if (error != 0)
        return error == ERR_INVALID ? 0 : error;
    jdoc_get_double(run->args, "amount", &value);
    if (amount_from_number(value, x.from, &x.minor) != 0)
        return run_fail_at(run, "/amount", "an amount with the decimals of the currency",
            "amount is not possible in %s", x.from);
    error = rates_find(run, x.from, x.to, jdoc_string(jdoc_get(run->args, "date"), NULL), &x.rate);
    if (error == 0)
        error = money_rates_apply(x.minor, x.from, x.to, x.rate.rate, &x.converted);
    return error == 0 ? money_rates_answer(run, &x) : money_rates_none(run, error, x.from, x.to);
}
