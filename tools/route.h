#ifndef TURNPIKE_TOOLS_ROUTE_H
#define TURNPIKE_TOOLS_ROUTE_H

#include "tools/gazetteer.h"
#include "tools/tools.h"

#include "base/buf.h"

/*
 * route -- the way from `origin` over `waypoints` to `destination` of a tool's arguments: places by
 * the gazetteer, distances by the routing service (OSRM form) when one is configured, else great
 * circles times a road factor, which says that it is an estimate. Used by handlers.
 */
#define ROUTE_STOPS_MAX 22 /* origin, 20 waypoints, destination */
#define ROUTE_NOTES_MAX 32

struct route;
/* Makes the result from the finished route. Returns 0 or a fault of ours. */
typedef int route_done_fn(struct tools_run *run, struct route *route);

struct route { /* in the run's arena */
    struct gazetteer_place stops[ROUTE_STOPS_MAX];
    const char *stop_notes[ROUTE_STOPS_MAX]; /* which of several places was taken, or NULL */
    size_t stop_count;
    double metres[ROUTE_STOPS_MAX], seconds[ROUTE_STOPS_MAX]; /* of leg i, from stop i to i + 1 */
    double total_metres, total_seconds;
    bool estimate;
    const char *method;
    const char *notes[ROUTE_NOTES_MAX];
    size_t note_count;
    /* of a request under way */
    struct tools_run *run;
    route_done_fn *done;
    struct http_transfer *transfer;
    struct buf body;
};

/*
 * route_start -- what a handler returns: 0 when done (done was called, or run->result says what is
 * wrong with a place), ERR_AGAIN while the routing service is asked, or a fault.
 */
int route_start(struct tools_run *run, route_done_fn *done);

void route_note(struct route *r, const char *text); /* NULL: nothing */
double route_km(double metres);    /* one decimal */
double route_miles(double metres); /* one decimal */
double route_hours(double seconds); /* two decimals */

/* For results; NULL on no memory. */
jdoc *route_place(const struct route *r, size_t stop);
jdoc *route_between(const struct route *r); /* the stops without origin and destination */
jdoc *route_legs(const struct route *r);
/* distance_km, distance_miles, drive_hours, estimate, method. Returns 0 or ERR_NOMEM. */
int route_set_totals(const struct route *r, jdoc *object);
/* The notes as `notes`, when there are any. */
int route_set_notes(const struct route *r, jdoc *result);

#endif
