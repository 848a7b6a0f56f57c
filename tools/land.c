#include "tools/land.h"

#include "base/err.h"
#include "tools/gazetteer.h"

#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
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
#define RADIAN (3.14159265358979323846 / 180)
#define SMALL_DEGREES 0.12 /* from south to north */
#define SMALL_METRES 2000.0 /* by which a larger landmass may be farther and yet be the one */
#define STEP_METRES 4000.0

struct polygon { int32_t west, south, east, north, first, count; };
struct chunk { int32_t west, south, east, north, first, count; };
struct vertex { int32_t longitude, latitude; };

static struct {
    void *data;
    size_t size;
    const struct polygon *polygons;
    const struct chunk *chunks;
    const struct vertex *vertices;
    const unsigned char *cells;
    int polygon_count, chunk_count, vertex_count;
    char path[600];
} land;
static unsigned generation;

/* --- the file --- */

void land_close(void)
{
    if (land.data)
        munmap(land.data, land.size);
    memset(&land, 0, sizeof land);
}

bool land_known(void)
{
    return land.data != NULL;
}

unsigned land_generation(void)
{
    return generation;
}

static bool land_box_good(int32_t west, int32_t south, int32_t east, int32_t north)
{
    return west >= -540 * UNIT && east <= 540 * UNIT && west <= east && south >= -90 * UNIT
        && north <= 90 * UNIT && south <= north;
}

static bool land_tables_good(void)
{
    for (int i = 0; i < land.polygon_count; i++) {
        const struct polygon *p = &land.polygons[i];
        if (!land_box_good(p->west, p->south, p->east, p->north) || p->first < 0 || p->count < 1
            || p->count > land.chunk_count || p->first > land.chunk_count - p->count)
            return false;
    }
    for (int i = 0; i < land.chunk_count; i++) {
        const struct chunk *c = &land.chunks[i];
        if (!land_box_good(c->west, c->south, c->east, c->north) || c->first < 0 || c->count < 1
            || c->count > CHUNK_MAX || c->first >= land.vertex_count - c->count)
            return false;
    }
    return true;
}

/* The tables within the mapped file. Returns 0 or ERR_INVALID. */
static int land_read(void)
{
    const uint32_t *head = (const uint32_t *)((const char *)land.data + 8);
    size_t words;
    if (memcmp(land.data, MAGIC, 8) != 0 || head[3] != COLUMNS || head[4] != ROWS
        || head[5] != CHUNK_MAX)
        return ERR_INVALID;
    for (int i = 0; i < 3; i++)
        if (head[i] == 0 || head[i] > 10 * 1000 * 1000)
            return ERR_INVALID;
    words = (size_t)head[0] * 6 + (size_t)head[1] * 6 + (size_t)head[2] * 2;
    if (land.size != 32 + words * 4 + COLUMNS * ROWS / 8)
        return ERR_INVALID;
    land.polygon_count = (int)head[0];
    land.chunk_count = (int)head[1];
    land.vertex_count = (int)head[2];
    land.polygons = (const struct polygon *)((const char *)land.data + 32);
    land.chunks = (const struct chunk *)(land.polygons + land.polygon_count);
    land.vertices = (const struct vertex *)(land.chunks + land.chunk_count);
    land.cells = (const unsigned char *)(land.vertices + land.vertex_count);
    return land_tables_good() ? 0 : ERR_INVALID;
}

static int land_map(const char *path)
{
    struct stat st;
    int error = ERR_INVALID, fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return ERR_NOT_CONFIGURED;
    bool regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    if (regular && st.st_size == 0) { /* a package that was built without the mask */
        close(fd);
        return ERR_NOT_CONFIGURED;
    }
    if (regular && st.st_size > 64 && st.st_size < 1 << 28) {
        void *data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
        if (data != MAP_FAILED) {
            land.data = data;
            land.size = (size_t)st.st_size;
            error = land_read();
        }
    }
    close(fd);
    if (error != 0)
        land_close();
    else
        generation++;
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
    if (land.data && strcmp(land.path, file) == 0)
        return 0;
    land_close();
    int error = land_map(file);
    ssize_t n = error == ERR_NOT_CONFIGURED && standard
        ? readlink("/proc/self/exe", program, sizeof program - 1) : -1;
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
            if ((v[0].latitude > y) != (v[1].latitude > y)
                && x < (v[1].longitude - (double)v[0].longitude) * (y - v[0].latitude)
                        / (v[1].latitude - (double)v[0].latitude) + v[0].longitude)
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
        if (x < c->west - wide || x > c->east + wide || y < c->south - reach
            || y > c->north + reach)
            continue;
        const struct vertex *v = &land.vertices[c->first], *end = v + c->count;
        for (; v < end; v++)
            best = fmin(best, land_segment((v[0].longitude - x) * squeeze, v[0].latitude - y,
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
        if ((area[i][0] > lat) != (area[k][0] > lat)
            && lon < (area[k][1] - area[i][1]) * (lat - area[i][0]) / (area[k][0] - area[i][0])
                    + area[i][1])
            inside = !inside;
    return inside;
}

static int land_continent(int polygon, double lat, double lon)
{
    static const double africa[][2] = { { 35.97, -10 }, { 35.97, -1.5 }, { 37.7, 1 }, { 37.7, 11.6 },
        { 33.6, 14 }, { 33.4, 30 }, { 31.9, 32.31 }, { 30.6, 32.31 }, { 29.95, 32.57 },
        { 29.2, 32.75 }, { 27.7, 33.9 }, { 24, 36.6 }, { 20, 38.6 }, { 15, 41.7 }, { 12.6, 43.33 },
        { 12.1, 44.5 }, { 12.6, 52 }, { -36, 52 }, { -36, -20 }, { 30, -20 } };
    static const double south[][2] = { { 12.9, -77.3 }, { 8.67, -77.36 }, { 7.21, -77.89 },
        { 6.9, -79.5 }, { 6.9, -83 }, { -57, -83 }, { -57, -30 }, { 12.9, -30 } };
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
    if (!land.data)
        return LAND_NONE;
    for (int i = 0; i < land.polygon_count; i++)
        if (land_in_polygon(&land.polygons[i], latitude, longitude))
            return land_continent(i, latitude, longitude);
    for (int i = 0; metres > 0 && i < land.polygon_count; i++) {
        double more = land_small(&land.polygons[i]) ? SMALL_METRES : 0;
        double distance = best > more ? more + land_outline(&land.polygons[i], latitude, longitude,
            best - more) : best;
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
    return land.data
        && land_cell((int)floor((90 - latitude) * 10), (int)floor((longitude + 180) * 10));
}

/* A point of the great circle: part 0 to 1. */
static void land_between(const double a[3], const double b[3], double part, double *lat,
    double *lon)
{
    double angle = acos(fmax(-1, fmin(1, a[0] * b[0] + a[1] * b[1] + a[2] * b[2])));
    double s = sin(angle), u = s > 1e-9 ? sin((1 - part) * angle) / s : 1 - part;
    double v = s > 1e-9 ? sin(part * angle) / s : part;
    double x = u * a[0] + v * b[0], y = u * a[1] + v * b[1], z = u * a[2] + v * b[2];
    *lat = atan2(z, sqrt(x * x + y * y)) / RADIAN;
    *lon = atan2(y, x) / RADIAN;
}

static void land_vector(double lat, double lon, double out[3])
{
    out[0] = cos(lat * RADIAN) * cos(lon * RADIAN);
    out[1] = cos(lat * RADIAN) * sin(lon * RADIAN);
    out[2] = sin(lat * RADIAN);
}

double land_water(double lat1, double lon1, double lat2, double lon2, int steps_max)
{
    double a[3], b[3], metres = gazetteer_distance(lat1, lon1, lat2, lon2), run = 0, longest = 0;
    int steps = (int)fmin(ceil(metres / STEP_METRES), steps_max);
    if (!land.data || steps < 1)
        return 0;
    land_vector(lat1, lon1, a);
    land_vector(lat2, lon2, b);
    for (int i = 0; i <= steps; i++) {
        double lat, lon;
        land_between(a, b, (double)i / steps, &lat, &lon);
        run = land_near(lat, lon) ? 0 : run + metres / steps;
        longest = fmax(longest, run);
    }
    return longest;
}
