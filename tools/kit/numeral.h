/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_NUMERAL_H
#define TURNPIKE_TOOLS_KIT_NUMERAL_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* numeral -- numbers as people write them. Pure. */

/*
 * numeral_read -- "45", "45.50", ".5", "1,000", "1,200.50", "1.000,50", without sign.
 *   decimal_comma  what the user's locale writes: decides over "1,50" alone
 * Returns 0; ERR_INVALID (no number); ERR_CONFLICT (it can be read in two ways: "1.000").
 */
MUST_CHECK int numeral_read(const char *text, size_t len, bool decimal_comma, double *value);

/*
 * numeral_words -- "forty five", "a hundred and twenty", "two thousand" at the start of a list of
 * small-letter words. Returns how many words make it up, 0 when the first begins no number.
 */
size_t numeral_words(const char *const *words, size_t count, double *value);

/* Whether people of this locale ("de-AT") write a comma before the decimals. */
bool numeral_decimal_comma(const char *locale);

#endif
