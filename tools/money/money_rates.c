/* SPDX-License-Identifier: BSD-2-Clause */
/* Money of other countries: convert_currency, and what an expense in it is in the user's own. */
#include "tools/engine/registry.h"
#include "tools/kit/converted.h"
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
        error = converted_sum(x.minor, x.from, x.to, x.rate.rate, &x.converted);
    return error == 0 ? money_rates_answer(run, &x) : money_rates_none(run, error, x.from, x.to);
}
