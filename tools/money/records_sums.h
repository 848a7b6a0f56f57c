/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_MONEY_RECORDS_SUMS_H
#define TURNPIKE_TOOLS_MONEY_RECORDS_SUMS_H

#include "base/err.h"
#include "store/records.h"

/* Money (expense, saving): per day and per month, by currency and category. */
enum records_sum_kind {
    RECORDS_SUM_COUNTED,   /* each expense once: as it was converted, else as it was paid */
    RECORDS_SUM_ELSEWHERE, /* as it was paid, of those that are counted in other money */
    RECORDS_SUM_CONVERTED  /* a part of COUNTED: was paid in `paid` */
};
struct records_sum {
    enum records_sum_kind kind;
    const char *day, *currency, *category; /* day: that of the span */
    const char *paid;                      /* of CONVERTED, else "" */
    int64_t minor, count;
};
struct records_sums {
    struct records_sum *all;
    size_t count;
};
/* What the spans hold ("2026-11" a month, "2026-11-22" a day; at most 400), one entry per span,
 * currency and category. */
MUST_CHECK int records_sums(struct store *s, const char *uid, const char *family,
    const struct records_texts *spans, struct arena *arena, struct records_sums *out);

#endif
