/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_VEHICLE_H
#define TURNPIKE_TOOLS_KIT_VEHICLE_H

#include "base/err.h"
#include "tools/kit/run.h"

/*
 * vehicle -- the user's vehicles as other families need them. Records: family "vehicle" by id;
 * which one is primary stands in family "vehicle_primary", id "me": {"vehicle_id"}.
 */
#define VEHICLE_FAMILY "vehicle"
#define VEHICLE_PRIMARY "vehicle_primary"

/*
 * vehicle_choose -- the vehicle named by the argument `vehicle_id`, else the primary one. vehicle:
 * the caller's; text: what was read (arena), may be NULL. Returns 0; ERR_NOT_FOUND (none named and
 * none primary); ERR_INVALID (no such vehicle, the failure is set); a fault.
 */
MUST_CHECK int vehicle_choose(struct tools_run *run, jdoc **vehicle, const char **text);
/*
 * vehicle_size -- what of the vehicle decides where it may drive; 0 = not known. Of that of
 * `vehicle_id`, else the primary one. Returns 0; ERR_NOT_FOUND (no vehicle, or nothing is known);
 * ERR_INVALID (no such vehicle, the failure is set); a fault.
 */
struct vehicle_size {
    double height_m, width_m, length_m, weight_t, axle_t; /* metres and metric tons, when loaded */
    bool propane;                                         /* gas bottles on board */
};
MUST_CHECK int vehicle_size(struct tools_run *run, struct vehicle_size *out);
/* A year from 1900 to the next one. Returns 0; ERR_INVALID (the failure is set); a fault. */
MUST_CHECK int vehicle_check_year(struct tools_run *run, const char *key, int64_t year);

#endif
