/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_TRAVEL_TRAVEL_H
#define TURNPIKE_TOOLS_TRAVEL_TRAVEL_H

#include "base/err.h"
#include "tools/kit/run.h"

/* travel -- what the files of the family travel share. */

struct travel_hunt { /* what is looked for on the map */
    const char *key, *noun;
    const char *const *filters; /* Overpass; NULL: attractions by the argument `types` */
    bool camps, long_stay;
    const char *note;
};
extern const struct travel_hunt travel_hunt_camps, travel_hunt_fuel;
/* key: the argument that names the place; miles: the radius without `radius_miles`. As a handler.
 */
MUST_CHECK int travel_hunt(struct tools_run *run, const struct travel_hunt *what, const char *key,
    double miles);

/* An assumed pump price per litre, said with every figure made from it; 0 = none for the currency.
 */
double travel_assumed_price(const char *currency);
/* The result `cost` for a distance, by vehicle_use, gas_price and currency of the arguments; note:
 * a further assumption or NULL. As a handler. */
MUST_CHECK int travel_gas_cost(struct tools_run *run, double miles, const char *note);
/* The result of calculate_distance from a finished route. As a handler. */
struct route;
MUST_CHECK int travel_distance_done(struct tools_run *run, struct route *r);

#define TRAVEL_LITRES_PER_GALLON 3.785411784

#endif
