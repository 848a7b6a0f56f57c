/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_CURRENCY_H
#define TURNPIKE_TOOLS_KIT_CURRENCY_H

#include <stdbool.h>

/* currency -- what people call a currency. Pure. */

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
