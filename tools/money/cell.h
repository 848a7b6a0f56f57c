/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_MONEY_CELL_H
#define TURNPIKE_TOOLS_MONEY_CELL_H

#include "base/err.h"
#include "tools/kit/civil.h"

#include <stdbool.h>
#include <stdint.h>

/* cell -- what a text of a bank's file says: a day, a sum of money, a direction. Pure. */

/* --- days --- */
enum cell_order { CELL_ORDER_UNKNOWN, CELL_YEAR_FIRST, CELL_DAY_FIRST, CELL_MONTH_FIRST };
struct cell_day {
    bool settled; /* its form leaves one reading only: a is the month, b the day */
    int a, b, year;
};
/* 2026-11-02, 20261102, 2/11/26, 2.11.2026, 2 Nov 2026, Nov 2, 2026; a time behind it does not
 * count. Names of months in four languages. Returns 0 or ERR_INVALID. */
MUST_CHECK int cell_day_read(const char *text, struct cell_day *out);
/* The day by that order. Returns 0 or ERR_INVALID: there is no such day. */
MUST_CHECK int cell_day_solve(const struct cell_day *day, enum cell_order order, struct civil *out);

/* --- sums --- */
/* What a sum proves about the sign before its decimals. */
enum cell_proof { CELL_NOTHING, CELL_POINT, CELL_COMMA, CELL_EITHER };
struct cell_sum {
    bool negative;    /* -12, 12-, (12) */
    int way;          /* DR: -1, CR: 1, else 0 */
    char currency[4]; /* as currency_named says it; "" */
    int64_t whole;
    char fraction[8]; /* digits without zeros at the end */
};
/* decimal: '.', ',' or 0, then a sum that could be either is ERR_INVALID. proof: may be NULL.
 * Returns 0, ERR_INVALID, or ERR_LIMIT (more than 15 digits). */
MUST_CHECK int cell_sum_read(const char *text, char decimal, struct cell_sum *out,
    enum cell_proof *proof);
/* In units of the currency. Returns 0, ERR_INVALID (more decimals than it has) or ERR_LIMIT. */
MUST_CHECK int cell_sum_minor(const struct cell_sum *sum, const char *currency, int64_t *minor);

/* "DR", "Soll", "débit": -1, spent; "CR", "Haben": 1; else 0. */
MUST_CHECK int cell_way(const char *text);
/* Is it the code of money (not a sign)? */
bool cell_is_currency(const char *text);

#endif
