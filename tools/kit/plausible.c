/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/plausible.h"

#include "tools/kit/amount.h"
#include "tools/kit/currency.h"
#include "tools/kit/currency_table.h"

#include <stddef.h>
#include <string.h>

#define PLAUSIBLE_DAILY 2000.0
#define PLAUSIBLE_RARE 20000.0
#define PLAUSIBLE_MOST 500000.0
#define PLAUSIBLE_LITRE_LEAST 0.05
#define PLAUSIBLE_LITRE_MOST 6.0

static double plausible_per_euro(const char *currency)
{
    const struct currency_row *row = currency_row_of(currency);
    return row ? row->per_euro : 1;
}

double plausible_most(const char *currency)
{
    return PLAUSIBLE_MOST * plausible_per_euro(currency);
}

enum plausible plausible_expense(int64_t minor, const char *currency, const char *category)
{
    static const char *const rare[] = {"maintenance", "repair", "insurance", "registration",
        "shopping", "medical", "other"};
    double euros = amount_to_number(minor, currency) / plausible_per_euro(currency);
    double bound = PLAUSIBLE_DAILY;
    for (size_t i = 0; i < sizeof rare / sizeof *rare; i++)
        if (!category || strcmp(category, rare[i]) == 0)
            bound = PLAUSIBLE_RARE;
    if (euros >= PLAUSIBLE_MOST)
        return PLAUSIBLE_NOT;
    return euros > bound ? PLAUSIBLE_ASK : PLAUSIBLE;
}

enum plausible plausible_fuel_price(double per_litre, const char *currency)
{
    double euros = per_litre / plausible_per_euro(currency);
    return euros < PLAUSIBLE_LITRE_LEAST || euros > PLAUSIBLE_LITRE_MOST ? PLAUSIBLE_ASK :
                                                                           PLAUSIBLE;
}
