/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_VEHICLE_FUEL_USE_H
#define TURNPIKE_TOOLS_VEHICLE_FUEL_USE_H

#include "base/err.h"
#include "tools/kit/run.h"

#include <stdbool.h>

/*
 * fuel_use -- what follows from several fill-ups of one vehicle: from a full tank to the next full
 * tank, all that was filled in between and at its end was used on the way.
 */
#define FUEL_FAMILY "fuel"

/* distance_km and consumption_l_per_100km into an entry (not yet stored, or stored), when there is
 * a full tank before it. Returns 0 or a fault. */
MUST_CHECK int fuel_use_of(struct tools_run *run, jdoc *entry);

struct fuel_neighbours { /* odometers of the entries next in time, same vehicle */
    bool has_before, has_after;
    double before, after;
    char before_date[16], after_date[16];
};
MUST_CHECK int fuel_use_neighbours(struct tools_run *run, const jdoc *entry,
    struct fuel_neighbours *out);

#endif
