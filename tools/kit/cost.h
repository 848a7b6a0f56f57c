/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_COST_H
#define TURNPIKE_TOOLS_KIT_COST_H

#include "base/err.h"
#include "store/records.h"
#include "tools/kit/amount.h"
#include "tools/kit/run.h"

/*
 * cost -- money in arguments and records: the field KEY as a number for people, KEY_minor as the
 * integer that counts, `currency` beside them; and sums that never mix currencies.
 */

/* The argument `currency`, else the user's. */
const char *cost_currency(const struct tools_run *run);
/* Returns 0; ERR_NOT_FOUND (no such argument); ERR_INVALID (the failure is set); a fault. */
MUST_CHECK int cost_argument(struct tools_run *run, const char *key, const char *currency,
    int64_t *minor);
/* KEY and KEY_minor. Returns 0 or ERR_NOMEM. */
MUST_CHECK int cost_set(jdoc *object, const char *key, int64_t minor, const char *currency);

#define COST_CURRENCIES_MAX 16
struct cost_sums {
    struct cost_sum {
        char currency[4];
        int64_t minor, count;
    } all[COST_CURRENCIES_MAX];
    size_t count;
};
void cost_add(struct cost_sums *sums, int64_t minor, const char *currency);
/* KEY_minor and currency of a record, if it has them. */
void cost_add_record(struct cost_sums *sums, const jdoc *record, const char *key);
/* The stored sums "s PREFIX CURRENCY" and "c PREFIX CURRENCY" (store/lua/lib_index.lua). */
void cost_add_numbers(struct cost_sums *sums, const struct records_numbers *numbers,
    const char *prefix);
/* One of the stored sums; 0 when it is not there. */
int64_t cost_number(const struct records_numbers *numbers, const char *field);
/* [{currency, total, total_minor, count}]. Returns 0 or ERR_NOMEM. */
MUST_CHECK int cost_set_sums(jdoc *object, const char *key, const struct cost_sums *sums);
/* "1,200.00 AUD and 30.00 USD"; "nothing" when there is none. */
#define COST_TEXT_SIZE 200
void cost_sums_text(const struct cost_sums *sums, char out[COST_TEXT_SIZE]);

#endif
