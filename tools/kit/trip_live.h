/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_TRIP_LIVE_H
#define TURNPIKE_TOOLS_KIT_TRIP_LIVE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/ident.h"
#include "base/jdoc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * trip_live -- a trip under way: where the traveller is, which stop is next, when it and the
 * destination will be reached. The estimate follows the trip's own legs: what is left of a leg in
 * the air, times how much longer its road is, at the leg's speed. Breaks and nights are not in it.
 * Nothing but the latest position is kept. Pure computation; tools and routes.
 */
#define TRIP_LIVE_STOPS_MAX 22
#define TRIP_LIVE_POINTS_MAX 100 /* of one message */
#define TRIP_LIVE_SHOWN_MS 10000 /* members see at most one position in this time */
#define TRIP_LIVE_HOURS_MAX 72
#define TRIP_LIVE_HOURS 12

struct trip_way {
    struct trip_stop {
        const char *name; /* borrowed from the trip */
        double latitude, longitude;
        double metres, seconds; /* of the road to the next stop */
        double air_metres;
    } stops[TRIP_LIVE_STOPS_MAX];
    size_t count;
};
/* Returns 0 or ERR_INVALID (fewer than two places). */
MUST_CHECK int trip_live_way(const jdoc *trip, struct trip_way *out);

struct trip_point {
    double latitude, longitude;
    int64_t at_ms; /* when it was taken */
};
struct trip_live {
    char traveller[IDENT_USER_MAX + 1];
    int64_t started_ms, ends_ms;
    int64_t threshold_ms; /* from which delay on the members are told */
    bool rough;           /* members see the position to some 10 km, times to 5 minutes */
    size_t next;          /* the stop that is next: 1 = the first behind the origin */
    bool placed, doubted;
    struct trip_point last;  /* the latest position */
    struct trip_point doubt; /* one too far from it, which the next may confirm */
    int64_t planned_ms;      /* arrival by the first estimate; 0 = none yet */
    int64_t next_ms, end_ms; /* arrival at the next stop, at the destination */
    int64_t told_ms;         /* the delay that members were told of last */
    int64_t shown_ms;        /* when members were shown a position last */
};
/* Returns 0; ERR_INVALID (damaged) or ERR_NOMEM. */
MUST_CHECK int trip_live_read(const char *json, struct trip_live *out);
void trip_live_write(const struct trip_live *live, struct buf *out);

struct trip_moved {
    size_t accepted, ignored; /* ignored: older than the latest, of the future, impossible */
    size_t reached;           /* stops behind which the traveller is now */
    bool arrived;             /* at the destination */
    bool delayed;             /* the members have to be told of end_ms */
};
/* Takes the points, in any order; points: sorted by it. */
void trip_live_move(const struct trip_way *way, struct trip_live *live, struct trip_point *points,
    size_t count, int64_t now_ms, struct trip_moved *out);
/* Minutes behind the first estimate; below 0: ahead of it. */
int64_t trip_live_delay(const struct trip_live *live);

/*
 * trip_live_show -- what a viewer is shown: {trip_id, traveller, started_at, ends_at, position?,
 * next_stop?, next_arrival?, destination, arrival?, delay_minutes?, precision, estimate}. whole: as
 * the traveller sees it. NULL on no memory.
 */
jdoc *trip_live_show(const struct trip_way *way, const struct trip_live *live, const char *trip,
    bool whole);

#endif
