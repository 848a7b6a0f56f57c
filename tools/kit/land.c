/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/land.h"

#include "base/err.h"
#include "tools/kit/gazetteer.h"
#include "tools/kit/mapped.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifndef GAZETTEER_PATH
#define GAZETTEER_PATH "/usr/share/turnpike/gazetteer.tsv"
#endif

#define NAME "landmass.bin"
#define MAGIC "TPLAND1\n"
#define UNIT 100000.0 /* of coordinates in the file */
#define COLUMNS 3600
#define ROWS 1800
#define CHUNK_MAX 48
#define METRES_PER_DEGREE 111195.0
#define METRES_PER_RADIAN 6371008.8
#define RADIAN (3.14159265358979323846 / 180)
#define SMALL_DEGREES 0.12  /* from south to north */
#define SMALL_METRES 2000.0 /* by which a larger landmass may be farther and yet be the one */
#define STEP_METRES 4000.0

struct polygon {
    int32_t west, south, east, north, first, count;
};
struct chunk {
    int32_t west, south, east, north, first, count;
};
struct vertex {
    int32_t longitude, latitude;
};

static struct {
    struct mapped mapped;
    const struct polygon *polygons;
    const struct chunk *chunks;
    const struct vertex *vertices;
    const unsigned char *cells;
    int polygon_count, chunk_count, vertex_count;
    char path[600]; /* as asked for */
} land;
static unsigned generation;

/* --- the file --- */

void land_close(void)
{
    mapped_close(&land.mapped);
    memset(&land, 0, sizeof land);
}

bool land_known(void)
{
    return land.mapped.data != NULL;
}

unsigned land_generation(void)
{
    return generation;
}

static bool land_box_good(int32_t west, int32_t south, int32_t east, int32_t north)
{
    return west >= -540 * UNIT && east <= 540 * UNIT && west <= east && south >= -90 * UNIT &&
        north <= 90 * UNIT && south <= north;
}

static bool land_tables_good(void)
{
    for (int i = 0; i < land.polygon_count; i++) {
        const struct polygon *p = &land.polygons[i];
        if (!land_box_good(p->west, p->south, p->east, p->north) || p->first < 0 || p->count < 1 ||
            p->count > land.chunk_count || p->first > land.chunk_count - p->count)
            return false;
    }
    for (int i = 0; i < land.chunk_count; i++) {
        const struct chunk *c = &land.chunks[i];
        if (!land_box_good(c->west, c->south, c->east, c->north) || c->first < 0 || c->count < 1 ||
            c->count > CHUNK_MAX || c->first >= land.vertex_count - c->count)
            return false;
    }
    return true;
}

/* The tables within the mapped file. Returns 0 or ERR_INVALID. */
static int land_read(void)
{
    const uint32_t *head = (const uint32_t *)((const char *)land.mapped.data + 8);
    size_t words;
    if (memcmp(land.mapped.data, MAGIC, 8) != 0 || head[3] != COLUMNS || head[4] != ROWS ||
        head[5] != CHUNK_MAX)
        return ERR_INVALID;
    for (int i = 0; i < 3; i++)
        if (head[i] == 0 || head[i] > 10 * 1000 * 1000)
            return ERR_INVALID;
    words = (size_t)head[0] * 6 + (size_t)head[1] * 6 + (size_t)head[2] * 2;
    if (land.mapped.size != 32 + words * 4 + COLUMNS * ROWS / 8)
        return ERR_INVALID;
    land.polygon_count = (int)head[0];
    land.chunk_count = (int)head[1];
    land.vertex_count = (int)head[2];
    land.polygons = (const struct polygon *)((const char *)land.mapped.data + 32);
    land.chunks = (const struct chunk *)(land.polygons + land.polygon_count);
    land.vertices = (const struct vertex *)(land.chunks + land.chunk_count);
    land.cells = (const unsigned char *)(land.vertices + land.vertex_count);
    return land_tables_good() ? 0 : ERR_INVALID;
}

void land_rest(void)
{
    mapped_rest(&land.mapped);
}

/* A file of ours at `path` takes the place of what is open; on failure that stays. An empty one is
 * none: a package that was built without the mask. */
static int land_map(const char *path)
{
    struct mapped new;
    int error = mapped_open(&new, path, 65, 1 << 28);
    if (error != 0)
        return error;
    struct mapped old = land.mapped;
    land.mapped = new;
    error = land_read();
    if (error == 0) {
        mapped_close(&old);
        generation++;
        return 0;
    }
    land.mapped = old;
    mapped_close(&new);
    if (old.data)
        err_ignore(land_read()); /* it was good before */
    return error;
}

/* NAME in the folder of `file`. */
static bool land_beside(const char *file, char *out, size_t size)
{
    const char *slash = strrchr(file, '/');
    int dir = slash ? (int)(slash - file + 1) : 0;
    return (size_t)snprintf(out, size, "%.*s%s", dir, file, NAME) < size;
}

int land_open(const char *path, const char *gazetteer)
{
    char file[600], program[512];
    bool standard = path[0] == '\0' && gazetteer[0] == '\0';
    if (path[0] != '\0')
        snprintf(file, sizeof file, "%s", path);
    else if (!land_beside(standard ? GAZETTEER_PATH : gazetteer, file, sizeof file))
        return ERR_NOT_CONFIGURED;
    if (land.mapped.data && strcmp(land.path, file) == 0)
        return mapped_replaced(&land.mapped) ? land_map(land.mapped.path) : 0;
    land_close();
    int error = land_map(file);
    ssize_t n = error == ERR_NOT_CONFIGURED && standard ?
        readlink("/proc/self/exe", program, sizeof program - 1) :
        -1;
    if (n > 0) {
        char beside[600];
        program[n] = '\0';
        if (land_beside(program, beside, sizeof beside))
            error = land_map(beside);
    }
    if (error == 0)
        snprintf(land.path, sizeof land.path, "%s", file);
    return error;
}

/* --- points and polygons --- */

/* A longitude as the polygon has it: outlines over the 180th degree run on. */
static double land_unit(const struct polygon *p, double lon)
{
    double middle = (p->west + (double)p->east) / 2, turn = 360 * UNIT, x = lon * UNIT;
    return x < middle - turn / 2 ? x + turn : x > middle + turn / 2 ? x - turn : x;
}

static bool land_in_polygon(const struct polygon *p, double lat, double lon)
{
    double x = land_unit(p, lon), y = lat * UNIT;
    bool inside = false;
    if (x < p->west || x > p->east || y < p->south || y > p->north)
        return false;
    for (int i = p->first; i < p->first + p->count; i++) {
        const struct chunk *c = &land.chunks[i];
        if (y < c->south || y > c->north || x > c->east)
            continue;
        const struct vertex *v = &land.vertices[c->first], *end = v + c->count;
        for (; v < end; v++)
            if ((v[0].latitude > y) != (v[1].latitude > y) &&
                x < (v[1].longitude - (double)v[0].longitude) * (y - v[0].latitude) /
                            (v[1].latitude - (double)v[0].latitude) +
                        v[0].longitude)
                inside = !inside;
    }
    return inside;
}

/* Squared distance from (0,0) to the segment a-b. */
static double land_segment(double ax, double ay, double bx, double by)
{
    double dx = bx - ax, dy = by - ay, len = dx * dx + dy * dy;
    double t = len > 0 ? -(ax * dx + ay * dy) / len : 0;
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    return (ax + t * dx) * (ax + t * dx) + (ay + t * dy) * (ay + t * dy);
}

/* Metres to the outline, when less than `metres`; else `metres`. */
static double land_outline(const struct polygon *p, double lat, double lon, double metres)
{
    double squeeze = fmax(cos(lat * RADIAN), 0.02), reach = metres / METRES_PER_DEGREE * UNIT;
    double x = land_unit(p, lon), y = lat * UNIT, wide = reach / squeeze, best = reach * reach;
    if (x < p->west - wide || x > p->east + wide || y < p->south - reach || y > p->north + reach)
        return metres;
    for (int i = p->first; i < p->first + p->count; i++) {
        const struct chunk *c = &land.chunks[i];
        if (x < c->west - wide || x > c->east + wide || y < c->south - reach ||
            y > c->north + reach)
            continue;
        const struct vertex *v = &land.vertices[c->first], *end = v + c->count;
        for (; v < end; v++)
            best = fmin(best,
                land_segment((v[0].longitude - x) * squeeze, v[0].latitude - y,
                    (v[1].longitude - x) * squeeze, v[1].latitude - y));
    }
    return sqrt(best) / UNIT * METRES_PER_DEGREE;
}

/* A rock or islet, which is hardly what a town off the outline stands on. */
static bool land_small(const struct polygon *p)
{
    return (p->north - (double)p->south) < SMALL_DEGREES * UNIT;
}

/* Two continents of one outline, cut where a crossing is (Suez) or no road (Darien). */
static bool land_in_area(const double (*area)[2], size_t count, double lat, double lon)
{
    bool inside = false;
    for (size_t i = 0, k = count - 1; i < count; k = i++)
        if ((area[i][0] > lat) != (area[k][0] > lat) &&
            lon < (area[k][1] - area[i][1]) * (lat - area[i][0]) / (area[k][0] - area[i][0]) +
                    area[i][1])
            inside = !inside;
    return inside;
}

static int land_continent(int polygon, double lat, double lon)
{
    static const double africa[][2] = {{35.97, -10}, {35.97, -1.5}, {37.7, 1}, {37.7, 11.6},
        {33.6, 14}, {33.4, 30}, {31.9, 32.31}, {30.6, 32.31}, {29.95, 32.57}, {29.2, 32.75},
        {27.7, 33.9}, {24, 36.6}, {20, 38.6}, {15, 41.7}, {12.6, 43.33}, {12.1, 44.5}, {12.6, 52},
        {-36, 52}, {-36, -20}, {30, -20}};
    static const double south[][2] = {{12.9, -77.3}, {8.67, -77.36}, {7.21, -77.89}, {6.9, -79.5},
        {6.9, -83}, {-57, -83}, {-57, -30}, {12.9, -30}};
    const struct polygon *p = &land.polygons[polygon];
    if (p->east - (double)p->west < 100 * UNIT)
        return polygon;
    if (land_in_area(africa, sizeof africa / sizeof *africa, lat, lon))
        return land.polygon_count;
    if (land_in_area(south, sizeof south / sizeof *south, lat, lon))
        return land.polygon_count + 1;
    return polygon;
}

int land_at(double latitude, double longitude, double metres)
{
    double best = metres;
    int found = LAND_NONE;
    if (!land.mapped.data)
        return LAND_NONE;
    for (int i = 0; i < land.polygon_count; i++)
        if (land_in_polygon(&land.polygons[i], latitude, longitude))
            return land_continent(i, latitude, longitude);
    for (int i = 0; metres > 0 && i < land.polygon_count; i++) {
        double more = land_small(&land.polygons[i]) ? SMALL_METRES : 0;
        double distance = best > more ?
            more + land_outline(&land.polygons[i], latitude, longitude, best - more) :
            best;
        if (distance < best) {
            best = distance;
            found = i;
        }
    }
    return found >= 0 ? land_continent(found, latitude, longitude) : LAND_NONE;
}

/* --- cells --- */

static bool land_cell(int row, int column)
{
    if (row < 0 || row >= ROWS)
        return false;
    column = ((column % COLUMNS) + COLUMNS) % COLUMNS;
    int at = row * COLUMNS + column;
    return land.cells[at >> 3] >> (at & 7) & 1;
}

bool land_near(double latitude, double longitude)
{
    return land.mapped.data &&
        land_cell((int)floor((90 - latitude) * 10), (int)floor((longitude + 180) * 10));
}

static void land_vector(double lat, double lon, double out[3])
{
    out[0] = cos(lat * RADIAN) * cos(lon * RADIAN);
    out[1] = cos(lat * RADIAN) * sin(lon * RADIAN);
    out[2] = sin(lat * RADIAN);
}

double land_water(double lat1, double lon1, double lat2, double lon2, int steps_max, double enough)
{
    double at[3], end[3], before[3], metres = gazetteer_distance(lat1, lon1, lat2, lon2);
    double run = 0, longest = 0;
    int steps = (int)fmin(ceil(metres / STEP_METRES), steps_max);
    if (!land.mapped.data || steps < 1)
        return 0;
    /* Equal steps on a circle: each point is 2 cos(step) times the last, less the one before. */
    double angle = metres / METRES_PER_RADIAN, step = angle / steps, turn = 2 * cos(step);
    land_vector(lat1, lon1, at);
    land_vector(lat2, lon2, end);
    for (int k = 0; k < 3; k++)
        before[k] = sin(angle) > 1e-9 ?
            (sin(angle + step) * at[k] - sin(step) * end[k]) / sin(angle) :
            at[k];
    for (int i = 0; i <= steps && longest <= enough; i++) {
        double lat = atan2(at[2], sqrt(at[0] * at[0] + at[1] * at[1])) / RADIAN;
        run = land_near(lat, atan2(at[1], at[0]) / RADIAN) ? 0 : run + metres / steps;
        longest = fmax(longest, run);
        for (int k = 0; k < 3; k++) {
            double next = turn * at[k] - before[k];
            before[k] = at[k];
            at[k] = next;
        }
    }
    return longest;
}
