/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_CURRENCY_TABLE_H
#define TURNPIKE_TOOLS_KIT_CURRENCY_TABLE_H

#include <stddef.h>

/* currency_table -- the money that people pay with, by ISO 4217; both tables in the order of codes.
 * Ask it by currency.h and plausible.h. Pure. */
struct currency_row {
    char code[4];
    int digits;      /* behind the point */
    double per_euro; /* a rough worth, to tell unlikely sums; nothing is converted by it */
};
extern const struct currency_row currency_table[];
extern const size_t currency_table_count;

/* Codes that are refused: `instead` is the money that took its place, "" = it never was money. */
struct currency_other {
    char code[4], instead[4];
};
extern const struct currency_other currency_others[];
extern const size_t currency_others_count;

#endif
