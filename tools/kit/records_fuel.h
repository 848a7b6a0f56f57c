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
/* The one that an entry, written or not, would end: own is what it filled. */
MUST_CHECK int records_fuel_before(struct store *s, const char *uid, const char *vehicle,
    const char *id, int64_t metres, int64_t own_millilitres, struct arena *arena,
    struct records_use *out);
/* A period: spans for what is summed (days and months, or "all"), times for first and last
 * reading. */
struct records_fuel {
    int64_t distance;            /* metres */
    double best, worst;          /* l/100 km; 0 = nothing measured */
    struct records_numbers sums; /* fills, filled, "filled CUR", "s CUR", "c CUR", metres, used */
};
MUST_CHECK int records_fuel_stats(struct store *s, const char *uid, const char *vehicle,
    int64_t from_ms, int64_t to_ms, const char *const *spans, size_t count, struct arena *arena,
    struct records_fuel *out); /* vehicle NULL = all */

#endif
