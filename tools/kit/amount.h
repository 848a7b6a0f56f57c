/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_AMOUNT_H
#define TURNPIKE_TOOLS_KIT_AMOUNT_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* amount -- money as integers of a currency's smallest unit (ISO 4217). */

/* Decimals of a currency by ISO 4217, 0 to 4; 2 for what is none. */
MUST_CHECK int amount_decimals(const char *currency);
/* Returns 0, or ERR_INVALID when the value has more decimals than the currency. */
MUST_CHECK int amount_from_number(double value, const char *currency, int64_t *minor);
double amount_to_number(int64_t minor, const char *currency);
/* "1,234.50 AUD" */
#define AMOUNT_TEXT_SIZE 48
void amount_text(int64_t minor, const char *currency, char out[AMOUNT_TEXT_SIZE]);

#endif
