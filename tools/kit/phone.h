/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_PHONE_H
#define TURNPIKE_TOOLS_KIT_PHONE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * phone -- telephone numbers as people write them. What was typed is kept; the form for calls from
 * abroad (E.164: "+61400123456") is worked out beside it when the country is known. Pure
 * computation.
 */
#define PHONE_E164_SIZE 20
#define PHONE_TYPED_MAX 40 /* bytes */

/*
 * phone_read
 *   typed    digits, blanks and ( ) - . / ; a + only in front; "ext 12" or "x12" behind
 *   country  ISO 3166 code for a number without +, or ""
 *   e164     out; "" when it is a short number (000, 131114), or the country is not known
 * Returns 0; ERR_INVALID: no number that can be called (fewer than 3 digits, more than 15, letters,
 * a + without a calling code).
 */
MUST_CHECK int phone_read(const char *typed, const char *country, char e164[PHONE_E164_SIZE]);

/* Are they the same number? By the last nine digits of both. */
bool phone_same(const char *a, const char *b);

#endif
