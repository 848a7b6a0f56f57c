/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/converted.h"

#include "tools/kit/amount.h"
#include "tools/kit/cost.h"
#include "tools/kit/currency.h"
#include "tools/kit/currency_table.h"
#include "tools/kit/rates.h"

#include <math.h>
#include <string.h>

static const char *const converted_members[] = {"converted", "converted_minor",
    "converted_currency", "rate", "rate_date", "rate_source"};

int converted_sum(int64_t minor, const char *from, const char *to, double rate, int64_t *out)
{
    double scaled = amount_to_number(minor, from) * rate * pow(10, amount_decimals(to));
    if (!isfinite(scaled) || fabs(scaled) > 9e15)
        return ERR_LIMIT;
    *out = (int64_t)llround(scaled);
    return 0;
}

int converted_put(struct tools_run *run, jdoc *expense, const char **note)
{
    const char *from = jdoc_text_or(expense, "currency", ""), *to = run->context->currency;
    struct rate rate;
    int64_t minor = 0, converted;
    char text[AMOUNT_TEXT_SIZE];
    *note = "";
    for (size_t i = 0; i < sizeof converted_members / sizeof *converted_members; i++)
        jdoc_remove(expense, converted_members[i]);
    if (!to || !currency_row_of(to) || strcmp(from, to) == 0)
        return 0;
    jdoc_get_int(expense, "amount_minor", &minor);
    int error = rates_find(run, from, to, jdoc_text_or(expense, "date", ""), &rate);
    if (error == 0)
        error = converted_sum(minor, from, to, rate.rate, &converted);
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
