/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_ZONE_H
#define TURNPIKE_TOOLS_KIT_ZONE_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * zone -- the system's time zones, read from its TZif files (RFC 9636) by ourselves: no setenv,
 * no process-wide state, any number of zones at once. Times after a file's last transition follow
 * its footer rule. Files are /usr/share/zoneinfo, or $TZDIR. A zone that was read stays in memory
 * (there are some 600 names); a zone database that is updated is seen by new processes.
 */
struct zone;

/* Returns 0; ERR_NOT_FOUND (no such zone); ERR_INVALID (a damaged file); ERR_NOMEM; ERR_IO. */
MUST_CHECK int zone_get(const char *name, const struct zone **out);
const char *zone_name(const struct zone *z);

struct zone_offset {
    int seconds; /* east of UTC */
    bool daylight;
    const char *abbreviation;
};
void zone_at(const struct zone *z, int64_t utc_s, struct zone_offset *out);

/* What a local time was, at a change of the clocks. */
enum zone_kind {
    ZONE_EXACT,
    ZONE_GAP,     /* it does not exist: moved forward by the length of the gap */
    ZONE_OVERLAP, /* it exists twice: the first one was taken */
};
/* local_s: seconds since the epoch as if the local time were UTC (civil_seconds). */
enum zone_kind zone_to_utc(const struct zone *z, int64_t local_s, int64_t *utc_s);

/* ISO 3166 code of a zone's country by zone.tab; false when it has none ("UTC"). */
bool zone_country(const char *name, char country[3]);

#endif
