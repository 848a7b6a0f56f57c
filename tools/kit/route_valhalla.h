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
 * The question for /sources_to_targets, of all `count` places to all of them, and its answer:
 * metres and seconds from each to each, row after row. The text is in the arena; NULL on no memory.
 * The answer: 0; ERR_NOT_FOUND: no way between the places `from` and `to`; ERR_PROTOCOL.
 */
const char *route_valhalla_table_question(struct tools_run *run, const struct place *places,
    size_t count, const struct route_rules *rules);
struct route_table {
    size_t count;             /* of places; in */
    double *metres, *seconds; /* count x count; in: room */
    size_t from, to;          /* of ERR_NOT_FOUND */
};
MUST_CHECK int route_valhalla_read_table(const jdoc *answer, struct route_table *out);

/*
 * The answer of /route: metres and seconds of the legs, and notes on ferries (by name) and tolls.
 * Returns 0, ERR_NOT_FOUND (there is no way) or ERR_PROTOCOL.
 */
MUST_CHECK int route_valhalla_read(struct tools_run *run, const jdoc *answer, struct route *r);

#endif
