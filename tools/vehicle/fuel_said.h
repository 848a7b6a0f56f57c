/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_VEHICLE_FUEL_SAID_H
#define TURNPIKE_TOOLS_VEHICLE_FUEL_SAID_H

#include "base/err.h"
#include "tools/kit/run.h"

/*
 * fuel_said -- the units of a fill-up as it was said: arguments `volume_unit` and `odometer_unit`,
 * else the user's own. An entry has litres, kilometres and the price of a litre; what was said in
 * other units is kept beside them as `said`.
 */
struct fuel_said {
    const char *volume_unit, *odometer_unit; /* "l", "gal_us", "gal_uk"; "km", "mi" */
    double litres, km;                       /* in one of these units */
};
void fuel_said_read(const struct tools_run *run, struct fuel_said *out);
/* Odometer of the arguments in km, and `said`, into the entry. Returns 0 or ERR_NOMEM. */
MUST_CHECK int fuel_said_set(const struct tools_run *run, const struct fuel_said *said,
    jdoc *entry);

#endif
