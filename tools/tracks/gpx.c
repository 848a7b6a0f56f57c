/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/tracks/gpx.h"

#include "base/err.h"
#include "base/utf8.h"
#include "tools/kit/civil.h"
#include "tools/kit/gazetteer.h"
#include "tools/tracks/xml_scan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_SIZE 40
#define HEIGHT_MAX 20000.0

enum gpx_kind { GPX_NONE, GPX_TRACK_POINT, GPX_ROUTE_POINT, GPX_WAYPOINT };

struct gpx_reader {
    struct xml_scan xml;
    struct gpx *out;
    char *why;
    enum gpx_kind kind; /* of the point that is open */
    double latitude, longitude;
    char height[NUMBER_SIZE], time[NUMBER_SIZE];
    struct gpx_waypoint waypoint;
    char name[120]; /* of a track, a route or the file */
    bool begun, has_last;
    double last_latitude, last_longitude;
    double heights[3]; /* the last ones of the segment, for smoothing */
    size_t height_count;
    double smooth;
    size_t line_step, line_seen;
};

static int gpx_fail(struct gpx_reader *r, int error, const char *why)
{
    snprintf(r->why, GPX_WHY_SIZE, "%s", why);
    return error;
}

/* --- what a track adds up to --- */

static void gpx_climb(struct gpx_reader *r, double smooth, bool first)
{
    double step = first ? 0 : smooth - r->smooth;
    if (step > 0)
        r->out->ascent += step;
    else
        r->out->descent -= step;
    r->smooth = smooth;
}

/* A height, in order; what it adds is known with the one behind it. */
static void gpx_height(struct gpx_reader *r, double height)
{
    struct gpx *g = r->out;
    g->lowest = g->has_heights ? fmin(g->lowest, height) : height;
    g->highest = g->has_heights ? fmax(g->highest, height) : height;
    g->has_heights = true;
    r->heights[0] = r->heights[1];
    r->heights[1] = r->heights[2];
    r->heights[2] = height;
    r->height_count++;
    if (r->height_count == 1)
        gpx_climb(r, height, true);
    else if (r->height_count > 2)
        gpx_climb(r, 0.3 * r->heights[0] + 0.4 * r->heights[1] + 0.3 * r->heights[2], false);
}

static void gpx_end_segment(struct gpx_reader *r)
{
    if (r->height_count > 1)
        gpx_climb(r, r->heights[2], false);
    r->height_count = 0;
    r->has_last = false;
}

/* Every line_step-th point; when the line is full, every second one of it goes. */
static void gpx_line(struct gpx_reader *r)
{
    struct gpx *g = r->out;
    if (g->line_count == GPX_LINE_MAX - 1) { /* the last place is for the end */
        for (size_t i = 0; 2 * i < g->line_count; i++)
            memcpy(g->line[i], g->line[2 * i], sizeof g->line[i]);
        g->line_count = (g->line_count + 1) / 2;
        r->line_step *= 2;
    }
    if (r->line_seen++ % r->line_step == 0) {
        g->line[g->line_count][0] = r->latitude;
        g->line[g->line_count++][1] = r->longitude;
    }
}

static void gpx_bounds(struct gpx_reader *r)
{
    struct gpx *g = r->out;
    bool first = g->points == 0 && g->count == 0;
    g->south = first ? r->latitude : fmin(g->south, r->latitude);
    g->north = first ? r->latitude : fmax(g->north, r->latitude);
    g->west = first ? r->longitude : fmin(g->west, r->longitude);
    g->east = first ? r->longitude : fmax(g->east, r->longitude);
}

static void gpx_add_time(struct gpx *g, const char *text)
{
    struct civil at;
    if (civil_parse(text, &at) != 0)
        return;
    int64_t ms = (civil_seconds(&at) - (at.has_offset ? at.offset : 0)) * 1000;
    g->first_ms = g->has_times && g->first_ms < ms ? g->first_ms : ms;
    g->last_ms = g->has_times && g->last_ms > ms ? g->last_ms : ms;
    g->has_times = true;
}

static int gpx_number(const char *text, double *out)
{
    char *end;
    *out = strtod(text, &end);
    while (*end == ' ')
        end++;
    return end != text && *end == '\0' && isfinite(*out) ? 0 : ERR_INVALID;
}

static int gpx_add_point(struct gpx_reader *r)
{
    struct gpx *g = r->out;
    double height = 0;
    if (g->points >= GPX_POINTS_MAX)
        return gpx_fail(r, ERR_LIMIT, "it has more than 500,000 points");
    if (r->height[0] != '\0' && (gpx_number(r->height, &height) != 0 || fabs(height) > HEIGHT_MAX))
        return gpx_fail(r, ERR_INVALID, "a height (ele) is no number of metres");
    double metres = r->has_last ?
        gazetteer_distance(r->last_latitude, r->last_longitude, r->latitude, r->longitude) :
        0;
    gpx_bounds(r);
    g->points++;
    if (r->kind == GPX_ROUTE_POINT)
        g->route_metres += metres;
    else
        g->metres += metres;
    if (r->kind == GPX_TRACK_POINT && r->height[0] != '\0')
        gpx_height(r, height);
    if (r->time[0] != '\0')
        gpx_add_time(g, r->time);
    gpx_line(r);
    r->last_latitude = r->latitude;
    r->last_longitude = r->longitude;
    r->has_last = true;
    return 0;
}

static void gpx_add_waypoint(struct gpx_reader *r)
{
    struct gpx *g = r->out;
    gpx_bounds(r);
    g->waypoints++;
    r->waypoint.latitude = r->latitude;
    r->waypoint.longitude = r->longitude;
    if (g->count < GPX_WAYPOINTS_MAX)
        g->all[g->count++] = r->waypoint;
}

/* --- elements --- */

static enum gpx_kind gpx_kind_of(const char *name)
{
    return !strcmp(name, "trkpt") ? GPX_TRACK_POINT :
        !strcmp(name, "rtept")    ? GPX_ROUTE_POINT :
        !strcmp(name, "wpt")      ? GPX_WAYPOINT :
                                    GPX_NONE;
}

static int gpx_open_point(struct gpx_reader *r, enum gpx_kind kind)
{
    char latitude[NUMBER_SIZE], longitude[NUMBER_SIZE];
    if (r->kind != GPX_NONE)
        return gpx_fail(r, ERR_INVALID, "a point is inside another");
    if (!xml_scan_attribute(&r->xml, "lat", latitude, sizeof latitude) ||
        !xml_scan_attribute(&r->xml, "lon", longitude, sizeof longitude) ||
        gpx_number(latitude, &r->latitude) != 0 || gpx_number(longitude, &r->longitude) != 0 ||
        fabs(r->latitude) > 90 || fabs(r->longitude) > 180)
        return gpx_fail(r, ERR_INVALID,
            "a point has no latitude (-90 to 90) and longitude (-180 to 180)");
    r->kind = kind;
    r->height[0] = r->time[0] = '\0';
    memset(&r->waypoint, 0, sizeof r->waypoint);
    return 0;
}

static int gpx_begin(struct gpx_reader *r)
{
    const char *name = r->xml.name;
    if (!r->begun) {
        if (strcmp(name, "gpx") != 0)
            return gpx_fail(r, ERR_INVALID, "it is XML, but no GPX file");
        if (!xml_scan_attribute(&r->xml, "version", r->out->version, sizeof r->out->version))
            r->out->version[0] = '\0';
        r->begun = true;
        return 0;
    }
    if (gpx_kind_of(name) != GPX_NONE)
        return gpx_open_point(r, gpx_kind_of(name));
    if (!strcmp(name, "trk"))
        r->out->tracks++;
    else if (!strcmp(name, "rte"))
        r->out->routes++;
    if (!strcmp(name, "trk") || !strcmp(name, "trkseg") || !strcmp(name, "rte"))
        gpx_end_segment(r);
    return 0;
}

static int gpx_end(struct gpx_reader *r)
{
    const char *name = r->xml.name;
    enum gpx_kind kind = gpx_kind_of(name);
    if (kind != GPX_NONE && kind == r->kind) {
        int error = 0;
        if (kind == GPX_WAYPOINT)
            gpx_add_waypoint(r);
        else
            error = gpx_add_point(r);
        r->kind = GPX_NONE;
        return error;
    }
    if (!strcmp(name, "trkseg") || !strcmp(name, "trk") || !strcmp(name, "rte"))
        gpx_end_segment(r);
    return 0;
}

static void gpx_text(struct gpx_reader *r)
{
    struct xml_scan *x = &r->xml;
    if (x->depth < 2)
        return;
    const char *in = x->open[x->depth - 1], *of = x->open[x->depth - 2];
    if (gpx_kind_of(of) != GPX_NONE && gpx_kind_of(of) == r->kind) {
        if (!strcmp(in, "ele"))
            xml_scan_append(x, r->height, sizeof r->height);
        else if (!strcmp(in, "time"))
            xml_scan_append(x, r->time, sizeof r->time);
        else if (!strcmp(in, "name") && r->kind == GPX_WAYPOINT)
            xml_scan_append(x, r->waypoint.name, sizeof r->waypoint.name);
        else if (!strcmp(in, "desc") && r->kind == GPX_WAYPOINT)
            xml_scan_append(x, r->waypoint.description, sizeof r->waypoint.description);
    } else if (!strcmp(in, "name") && r->out->tracks + r->out->routes <= 1 &&
        (!strcmp(of, "trk") || !strcmp(of, "rte") || !strcmp(of, "metadata") ||
            !strcmp(of, "gpx"))) {
        if (strcmp(of, "trk") == 0 || strcmp(of, "rte") == 0) /* better than that of the file */
            r->out->name[0] = '\0';
        xml_scan_append(x, r->out->name, sizeof r->out->name);
    }
}

int gpx_read(const char *text, size_t len, struct gpx *out, char why[GPX_WHY_SIZE])
{
    struct gpx_reader r = {.out = out, .why = why, .line_step = 1};
    memset(out, 0, sizeof *out);
    why[0] = '\0';
    if (len > GPX_BYTES_MAX)
        return gpx_fail(&r, ERR_LIMIT, "it is larger than 8 MB");
    if (!utf8_valid(text, len))
        return gpx_fail(&r, ERR_INVALID, "its text is not UTF-8");
    xml_scan_begin(&r.xml, text, len);
    for (;;) {
        if (xml_scan_next(&r.xml) != 0)
            return gpx_fail(&r, ERR_INVALID, r.xml.why);
        if (r.xml.piece == XML_DONE)
            break;
        int error = 0;
        if (r.xml.piece == XML_BEGIN)
            error = gpx_begin(&r);
        else if (r.xml.piece == XML_END)
            error = gpx_end(&r);
        else
            gpx_text(&r);
        if (error != 0)
            return error;
    }
    if (!r.begun)
        return gpx_fail(&r, ERR_INVALID, "it is no GPX file");
    if (out->points + out->waypoints == 0)
        return gpx_fail(&r, ERR_INVALID, "it has no track, no route and no waypoint");
    if (out->points > 0 && out->line_count < GPX_LINE_MAX) {
        out->line[out->line_count][0] = r.last_latitude;
        out->line[out->line_count++][1] = r.last_longitude;
    }
    return 0;
}
