/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_VEHICLE_USE_H
#define TURNPIKE_TOOLS_KIT_VEHICLE_USE_H

#include "base/err.h"
#include "tools/kit/run.h"

/*
 * vehicle_use -- how much fuel the user's vehicle takes: what the call says (vehicle_use_read),
 * else what the fuel log measured from full tank to full tank. Without that, what is stored with
 * the vehicle, else an assumed motorhome. A measurement of fewer than three fill-ups or 300 km
 * stands behind the stored value. The vehicle: argument `vehicle_id`, else the primary one.
 */
enum vehicle_use_source {
    VEHICLE_USE_SAID,
    VEHICLE_USE_MEASURED,
    VEHICLE_USE_STORED,
    VEHICLE_USE_ASSUMED
};
struct vehicle_use {
    double litres; /* per 100 km */
    enum vehicle_use_source source;
    char text
        [160]; /* the user's unit first: "11.8 L/100 km (20.0 miles per US gallon), stored with Bessie" */
};
/*
 * vehicle_use_read -- litres per 100 km as the call says them: arguments `l_per_100km`, `km_per_l`,
 * `mpg` (US gallons), `mpg_imperial`. Returns 0; ERR_NOT_FOUND: it says none; ERR_INVALID: two of
 * them contradict each other, the failure is set; a fault.
 */
MUST_CHECK int vehicle_use_read(struct tools_run *run, double *litres);
/* Returns 0; ERR_INVALID (the arguments contradict each other, the failure is set); a fault. */
MUST_CHECK int vehicle_use(struct tools_run *run, struct vehicle_use *out);
double vehicle_use_mpg(const struct vehicle_use *use); /* miles per US gallon */
/* consumption_l_per_100km and consumption_source. Returns 0 or ERR_NOMEM. */
MUST_CHECK int vehicle_use_set(const struct vehicle_use *use, jdoc *object);

#endif
