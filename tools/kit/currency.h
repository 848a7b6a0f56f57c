/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_CURRENCY_H
#define TURNPIKE_TOOLS_KIT_CURRENCY_H

#include "base/err.h"

#include <stdbool.h>

/* currency -- what people call a currency, and which codes are money (ISO 4217). Pure. */

struct currency_row;
/* The money of this code (tools/kit/currency_table.h), NULL when nobody pays with it. */
const struct currency_row *currency_row_of(const char *code);
/*
 * currency_check -- is it the code of money that people pay with? Withdrawn codes, metals, units of
 * account and codes for tests are not.
 *   why  out, on ERR_INVALID: a clause for the user, with the code to take instead where there is
 *        one
 */
#define CURRENCY_WHY_SIZE 120
MUST_CHECK int currency_check(const char *code, char why[CURRENCY_WHY_SIZE]);
/* The money that most people of a country (ISO 3166 code) pay with; NULL: not known. */
const char *currency_of_country(const char *country);

/*
 * currency_named -- a sign ("$", "€", "A$"), a code ("AUD", "usd") or a name ("dollars", "quid").
 * out: the ISO 4217 code, or "$", "kr", "¥" where several currencies share the name.
 */
bool currency_named(const char *text, char out[4]);
/* Whether the name that was said (currency_named's) can mean the user's own currency. */
bool currency_is(const char *said, const char *own);
/* The currency that a shared name ("$", "kr", "¥") means in a country (ISO 3166 code); NULL: the
 * name is not shared, or not in use there. */
const char *currency_there(const char *said, const char *country);

#endif
