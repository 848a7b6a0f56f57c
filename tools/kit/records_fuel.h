/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_RECORDS_FUEL_H
#define TURNPIKE_TOOLS_KIT_RECORDS_FUEL_H

#include "base/err.h"
#include "store/records.h"

/* Fuel: metres and millilitres from a full tank to the next. */
struct records_use {
    int64_t metres, millilitres;
}; /* metres 0: not known */
/* Those that end at full tanks, by id; at most 1,000. */
MUST_CHECK int records_fuel_uses(struct store *s, const char *uid, const char *const *ids,
    size_t count, struct arena *arena, struct records_use *out);
/* An entry, written or not. */
struct records_fill {
    const char *vehicle, *id;
    int64_t metres, millilitres; /* the reading, and what it filled */
};
/* The one that the entry would end. */
MUST_CHECK int records_fuel_before(struct store *s, const char *uid,
    const struct records_fill *fill, struct arena *arena, struct records_use *out);
/* A period. */
struct records_fuel_query {
    const char *vehicle;      /* NULL = all */
    int64_t from_ms, to_ms;   /* of first and last reading */
    const char *const *spans; /* what is summed: days and months, or "all" */
    size_t count;             /* of spans, at most 400 */
};
struct records_fuel {
    int64_t distance;            /* metres */
    double best, worst;          /* l/100 km; 0 = nothing measured */
    struct records_numbers sums; /* fills, filled, "filled CUR", "s CUR", "c CUR", metres, used */
};
MUST_CHECK int records_fuel_stats(struct store *s, const char *uid,
    const struct records_fuel_query *query, struct arena *arena, struct records_fuel *out);

#endif
