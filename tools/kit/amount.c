/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/amount.h"

#include "base/err.h"
#include "tools/kit/currency.h"
#include "tools/kit/currency_table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

int amount_decimals(const char *currency)
{
    const struct currency_row *row = currency_row_of(currency);
    return row ? row->digits : 2;
}

static double amount_unit(const char *currency)
{
    static const double units[] = {1, 10, 100, 1000, 10000};
    return units[amount_decimals(currency)];
}

int amount_from_number(double value, const char *currency, int64_t *minor)
{
    double scaled = value * amount_unit(currency);
    if (!isfinite(scaled) || fabs(scaled) > 9e15 || fabs(scaled - nearbyint(scaled)) > 1e-4)
        return ERR_INVALID;
    *minor = (int64_t)llround(scaled);
    return 0;
}

double amount_to_number(int64_t minor, const char *currency)
{
    return (double)minor / amount_unit(currency);
}

void amount_text(int64_t minor, const char *currency, char out[AMOUNT_TEXT_SIZE])
{
    char plain[40];
    size_t at = 0;
    int decimals = amount_decimals(currency);
    snprintf(plain, sizeof plain, "%.*f", decimals, amount_to_number(minor, currency));
    size_t len = strlen(plain);
    size_t whole = len - (decimals > 0 ? (size_t)decimals + 1 : 0);
    for (size_t i = 0; i < len && at < AMOUNT_TEXT_SIZE - 6; i++) {
        out[at++] = plain[i];
        size_t left = whole - i - 1;
        if (i + 1 < whole && left % 3 == 0 && plain[i] != '-')
            out[at++] = ',';
    }
    snprintf(out + at, AMOUNT_TEXT_SIZE - at, " %.3s", currency);
}
