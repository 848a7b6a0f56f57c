/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_ROUTE_VALHALLA_H
#define TURNPIKE_TOOLS_KIT_ROUTE_VALHALLA_H

#include "base/err.h"
#include "tools/kit/route.h"
#include "tools/kit/route_rules.h"

/*
 * route_valhalla -- questions to and answers of a routing service in Valhalla's form
 * (valhalla.url). A vehicle of known size goes by its "truck" costing, which respects heights,
 * widths, weights and the transport of gas; others by "auto". Used by handlers.
 */

/* {"lat":,"lon":} and the costing with its options. Returns 0 or ERR_NOMEM. */
MUST_CHECK int route_valhalla_push_place(jdoc *list, double latitude, double longitude);
MUST_CHECK int route_valhalla_set_costing(jdoc *question, const struct route_rules *rules);

/* The question for /route: its text in the arena; NULL on no memory. */
const char *route_valhalla_question(struct tools_run *run, const struct route *r);

/*
 * The answer of /route: metres and seconds of the legs, and notes on ferries (by name) and tolls.
 * Returns 0, ERR_NOT_FOUND (there is no way) or ERR_PROTOCOL.
 */
MUST_CHECK int route_valhalla_read(struct tools_run *run, const jdoc *answer, struct route *r);

#endif
