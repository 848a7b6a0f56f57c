/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_PLAUSIBLE_H
#define TURNPIKE_TOOLS_KIT_PLAUSIBLE_H

#include <stdint.h>

/*
 * plausible -- whether people spend such a sum on such a thing. The bounds are in euros of rough
 * worth (currency_table.h), so that 1,500,000 IDR is a usual sum and 900,000 USD is none. Pure.
 *   everyday categories (food, fuel, camping, tolls ...)   asked about above 2,000 euros
 *   all others (repair, insurance, shopping ...)           asked about above 20,000 euros
 *   any                                                    refused from 500,000 euros
 */
enum plausible { PLAUSIBLE, PLAUSIBLE_ASK, PLAUSIBLE_NOT };
/* category: one of the 22, NULL = none. */
enum plausible plausible_expense(int64_t minor, const char *currency, const char *category);
/* The largest sum that is taken, in whole units of the currency. */
double plausible_most(const char *currency);
/* The price of a litre of fuel: 0.05 to 6 euros is none to ask about. */
enum plausible plausible_fuel_price(double per_litre, const char *currency);

#endif
