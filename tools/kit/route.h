/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_ROUTE_H
#define TURNPIKE_TOOLS_KIT_ROUTE_H

#include "base/err.h"
#include "tools/kit/place.h"
#include "tools/kit/road.h"
#include "tools/kit/route_rules.h"
#include "tools/kit/run.h"

#include "base/buf.h"

/*
 * route -- the way from `origin` over `waypoints` to `destination` of a tool's arguments: places by
 * place.h, distances by the routing service (Valhalla's form, else OSRM's) when one is
 * configured, else the estimates of road.h, which say that they are. The size of the user's vehicle
 * and the argument `avoid` go to the service as far as its form has them; what it has not is
 * noted. Where no road is, the failure "no_route". Used by handlers.
 */
#define ROUTE_STOPS_MAX PLACE_STOPS_MAX
#define ROUTE_NOTES_MAX 128 /* of each leg and stop some, and what must not be lost behind them */

struct route;
/* Makes the result from the finished route. Returns 0 or a fault of ours. */
typedef int route_done_fn(struct tools_run *run, struct route *route);
/* Changes places and rules that were read, before they are used. Returns 0 or a fault. */
typedef int route_prepare_fn(struct tools_run *run, struct route *route);

struct route { /* in the run's arena */
    struct place stops[ROUTE_STOPS_MAX];
    size_t stop_count;
    struct road roads[ROUTE_STOPS_MAX]; /* of leg i, when it is an estimate */
    size_t ferry_legs;                  /* estimates: how many need a ferry, which is not counted */
    size_t service_ferries;             /* named by the routing service, and counted */
    struct route_rules rules;
    double metres[ROUTE_STOPS_MAX], seconds[ROUTE_STOPS_MAX]; /* of leg i, from stop i to i + 1 */
    double total_metres, total_seconds;
    bool estimate;
    const char *method;
    const char *notes[ROUTE_NOTES_MAX];
    size_t note_count;
    /* of a request under way */
    struct tools_run *run;
    route_prepare_fn *prepare;
    route_done_fn *done;
    struct http_transfer *transfer;
    struct buf body;
    struct tools_step step;
    int result; /* of its answer */
};

/*
 * route_start -- what a handler returns: 0 when done (done was called, or run->result says what is
 * wrong with a place), ERR_PENDING while the routing service is asked, or a fault.
 */
MUST_CHECK int route_start(struct tools_run *run, route_done_fn *done);
/* The same; prepare: NULL = nothing. */
MUST_CHECK int route_start_prepared(struct tools_run *run, route_prepare_fn *prepare,
    route_done_fn *done);

void route_note(struct route *r, const char *text); /* NULL: nothing */
double route_km(double metres);                     /* one decimal */
double route_miles(double metres);                  /* one decimal */
double route_hours(double seconds);                 /* two decimals */

/* For results; NULL on no memory. */
jdoc *route_place(const struct route *r, size_t stop);
jdoc *route_between(const struct route *r); /* the stops without origin and destination */
jdoc *route_legs(const struct route *r);
/* distance_km, distance_miles, drive_hours, estimate, method, and crossings when there are ferries.
 * Returns 0 or ERR_NOMEM. */
MUST_CHECK int route_set_totals(const struct route *r, jdoc *object);
/* The notes as `notes`, when there are any. */
MUST_CHECK int route_set_notes(const struct route *r, jdoc *result);

#endif
