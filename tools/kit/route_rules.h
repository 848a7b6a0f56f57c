/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_ROUTE_RULES_H
#define TURNPIKE_TOOLS_KIT_ROUTE_RULES_H

#include "base/err.h"
#include "tools/kit/run.h"
#include "tools/kit/vehicle.h"

/*
 * route_rules -- what a way has to respect beside its places: what the call's `avoid` says, and the
 * size of the user's vehicle. And what a traveller must know at a border. Used by handlers.
 */
struct route_rules {
    bool tolls, ferries, unpaved, highways; /* to be avoided */
    struct vehicle_size size;
    bool sized; /* the size is known, in part at least */
};

/* Reads them. Returns 0; ERR_INVALID (the failure is set: no such vehicle); a fault. */
MUST_CHECK int route_rules_read(struct tools_run *run, struct route_rules *out);

/* As members of a trip, `avoid` and `vehicle_size`, when there is anything. Returns 0 or
 * ERR_NOMEM. */
MUST_CHECK int route_rules_write(const struct route_rules *rules, jdoc *trip);
/* What these members say; absent ones are nothing. */
void route_rules_of_trip(const jdoc *trip, struct route_rules *out);

/* "height 3.20 m, weight 4.50 t"; in the arena; NULL on no memory. */
const char *route_rules_size_text(struct tools_run *run, const struct vehicle_size *size);
/* Is nothing of it left to the routing service's guess? */
bool route_rules_size_is_whole(const struct vehicle_size *size);

/*
 * What was done about the vehicle's size, a sentence in the arena; NULL: it has none that is known,
 * or no memory. used: the routing service was told.
 */
const char *route_rules_size_note(struct tools_run *run, const struct route_rules *rules,
    bool used);

/* Could travellers not cross the border between the two by car (crossings.txt)? */
bool route_rules_closed(const char *one, const char *other);
/* Does the country drive on the left? */
bool route_rules_left(const char *country_code);

#endif
