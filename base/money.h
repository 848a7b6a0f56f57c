/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_BASE_MONEY_H
#define TURNPIKE_BASE_MONEY_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/*
 * money -- sums of US dollars in micro-dollars, as settings, files and commands write them. Pure.
 * Every sum stays from 0 to MONEY_MAX, which Redis' scripts, too, count without rounding.
 */
#define MONEY_DOLLAR INT64_C(1000000)
#define MONEY_MAX INT64_C(9000000000000000)
#define MONEY_TEXT_SIZE 32

/* "5", "0.25", "1500.5": at most six digits behind the point. Returns 0, or ERR_INVALID for another
 * form or a sum above MONEY_MAX. */
MUST_CHECK int money_parse(const char *text, size_t len, int64_t *micros);
/* "0.25": as many digits as it takes, at least two behind the point. Returns out. */
const char *money_text(int64_t micros, char out[MONEY_TEXT_SIZE]);
/* Both at least 0; stops at MONEY_MAX. */
int64_t money_add(int64_t a, int64_t b);

#endif
