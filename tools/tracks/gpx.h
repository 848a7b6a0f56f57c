/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_TRACKS_GPX_H
#define TURNPIKE_TOOLS_TRACKS_GPX_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * gpx -- files of the GPS exchange format, 1.0 and 1.1, read by ourselves: tracks, routes and
 * waypoints. No process, no memory but the caller's: arithmetic over the text.
 *
 * Hostile files: a document type is refused, so there are no entities but the five of XML and
 * character references; depth, points and texts are bounded; whatever is no number is refused.
 */
#define GPX_BYTES_MAX (8 * 1024 * 1024)
#define GPX_POINTS_MAX 500000
#define GPX_WAYPOINTS_MAX 200
#define GPX_LINE_MAX 200 /* points of the line that a map shows */
#define GPX_WHY_SIZE 160

struct gpx_waypoint {
    char name[120], description[240];
    double latitude, longitude;
};
struct gpx {
    char version[4], name[120];
    size_t tracks, routes, waypoints, points;   /* how many the file has */
    struct gpx_waypoint all[GPX_WAYPOINTS_MAX]; /* the first of the waypoints */
    size_t count;
    double metres, route_metres; /* along the tracks; along the routes */
    /* Metres up and down along the tracks, the noise of the heights smoothed. */
    bool has_heights;
    double ascent, descent, lowest, highest;
    bool has_times;
    int64_t first_ms, last_ms;
    double south, west, north, east;
    double line[GPX_LINE_MAX][2]; /* latitude, longitude: some of the points, the ends among them */
    size_t line_count;
};

/* why: out, for people, after ERR_INVALID and ERR_LIMIT. Returns 0; ERR_INVALID (no GPX, or
 * damaged); ERR_LIMIT (too large). */
MUST_CHECK int gpx_read(const char *text, size_t len, struct gpx *out, char why[GPX_WHY_SIZE]);

#endif
