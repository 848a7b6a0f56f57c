/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/period.h"

#include "base/err.h"
#include "tools/kit/civil.h"
#include "tools/kit/timestamp.h"

int period_list(struct tools_run *run, int64_t from_ms, int64_t to_ms, const struct zone *zone,
    const char ***spans, size_t *count)
{
    char from[TIMESTAMP_SIZE], to[TIMESTAMP_SIZE];
    struct civil a, b;
    *count = 0;
    *spans = arena_array(run->arena, PERIOD_MAX, sizeof **spans);
    if (!*spans)
        return ERR_NOMEM;
    timestamp_date(from_ms, zone, from);
    timestamp_date(to_ms, zone, to);
    if (civil_parse(from, &a) != 0 || civil_parse(to, &b) != 0)
        return 0;
    int64_t last = civil_days(b.year, b.month, b.day);
    for (int64_t day = civil_days(a.year, a.month, a.day); day <= last && *count < PERIOD_MAX;
         ++*count) {
        civil_from_seconds(day * 86400, &a);
        int length = civil_month_days(a.year, a.month);
        bool whole = a.day == 1 && day + length - 1 <= last;
        (*spans)[*count] = arena_printf(run->arena, whole ? "%04d-%02d" : "%04d-%02d-%02d", a.year,
            a.month, a.day);
        if (!(*spans)[*count])
            return ERR_NOMEM;
        day += whole ? length : 1;
    }
    return 0;
}
