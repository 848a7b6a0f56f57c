/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/road.h"

#include "base/err.h"
#include "base/log.h"
#include "base/task.h"
#include "tools/kit/gazetteer.h"
#include "tools/kit/land.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define ROAD_FACTOR 1.25  /* of the great circle */
#define WAY_FACTOR 1.12   /* of the way around water */
#define AROUND_FACTOR 3.0 /* a guess of it, while crossings are compared */
#define WATER_STEPS 4000
#define GLANCE_STEPS 60
#define CROSSINGS_MAX 512
#define NODES_MAX (2 + 2 * CROSSINGS_MAX)
#define SNAP_METRES 5000.0
#define END_SNAP_METRES 8000.0
#define WATER_METRES 25000.0    /* of the straight line, from which the way over land is sought */
#define FERRY_COST 40000.0      /* a ferry's waiting, as metres of road */
#define FERRY_GAIN 0.65         /* a ferry is taken when it makes the way that much shorter */
#define DETOUR_METRES 600000.0  /* beyond twice the distance, how far a way may lead around */
#define EARTH_METRES 6371008.8  /* its radius */
#define FAR_METRES 3000000.0    /* from which a way over land is not compared with ferries */
#define TOGETHER_METRES 10000.0 /* on one island that the mask does not have */
#define TOWN_SHARE 0.2          /* of the radius of a town that no road leaves: the town itself */
#define ISLET_BASE 1000000
#define ROADLESS_BASE 1500000
#define CLOSED_BASE 1750000
#define CLOSED_MAX 16
#define NOWHERE_BASE 2000000

struct node {
    double lat, lon;
    double x, y, z; /* the same on a globe of radius 1: a search asks for many distances */
    int land;
};

static struct {
    unsigned generation; /* of the land file these were made for */
    bool ready;
    int islets[128], roadless[64], closed[CLOSED_MAX]; /* the landmass each of them is on */
    struct node ends[2 * CROSSINGS_MAX];
    size_t count; /* crossings */
    /* Does water lie between two of the ends (enum road_water; the smaller index first)? Found out
     * when it is first asked: three quarters of a search's time would go there. */
    unsigned char water[2 * CROSSINGS_MAX][2 * CROSSINGS_MAX];
} road_table;
enum road_water { ROAD_WATER_ASK, ROAD_WATER_NONE, ROAD_WATER_LIES };

static struct node road_node(double lat, double lon)
{
    const double rad = 3.14159265358979323846 / 180;
    return (struct node){.lat = lat,
        .lon = lon,
        .x = cos(lat * rad) * cos(lon * rad),
        .y = cos(lat * rad) * sin(lon * rad),
        .z = sin(lat * rad)};
}

/* As gazetteer_distance, by the chord. */
static double road_metres(const struct node *a, const struct node *b)
{
    double x = a->x - b->x, y = a->y - b->y, z = a->z - b->z;
    return 2 * EARTH_METRES * asin(fmin(1, sqrt(x * x + y * y + z * z) / 2));
}

/* --- landmasses --- */

/* A town that no road leaves is an island of its own, which a car ferry may reach. The islands
 * around it are others; but a shore off the outline may have been taken for one of them. */
static bool road_is_closed(const struct crossing_closed *c, double lat, double lon)
{
    bool inside = false;
    for (size_t i = 0, k = c->count - 1; i < c->count; k = i++) {
        const double *a = c->corners[i], *b = c->corners[k];
        if ((a[0] > lat) != (b[0] > lat) &&
            lon < (b[1] - a[1]) * (lat - a[0]) / (b[0] - a[0]) + a[1])
            inside = !inside;
    }
    return inside;
}

static int road_island(int land, bool on_outline, double lat, double lon)
{
    for (size_t i = 0; i < crossing_closed_count && i < CLOSED_MAX; i++)
        if (land == road_table.closed[i] && road_is_closed(&crossing_closed[i], lat, lon))
            return CLOSED_BASE + (int)i;
    size_t max = sizeof road_table.roadless / sizeof *road_table.roadless;
    for (size_t i = 0; i < crossing_roadless_count && i < max; i++) {
        const struct crossing_roadless *r = &crossing_roadless[i];
        bool own = land == road_table.roadless[i];
        double reach = (own ? 1 : on_outline ? 0 : TOWN_SHARE) * r->radius_km * 1000;
        if (!r->whole && reach > 0 &&
            gazetteer_distance(lat, lon, r->latitude, r->longitude) <= reach)
            return ROADLESS_BASE + (int)i;
    }
    return land;
}

static int road_land(double lat, double lon, double snap, int nowhere)
{
    int land = land_at(lat, lon, 0);
    bool on_outline = land != LAND_NONE;
    size_t max = sizeof road_table.islets / sizeof *road_table.islets;
    for (size_t i = 0; i < crossing_islet_count && i < max; i++) {
        const struct crossing_islet *islet = &crossing_islets[i];
        if ((!on_outline || islet->merged) &&
            gazetteer_distance(lat, lon, islet->latitude, islet->longitude) <=
                islet->radius_km * 1000)
            return road_table.islets[i];
    }
    if (land == LAND_NONE)
        land = land_at(lat, lon, snap);
    return land == LAND_NONE ? NOWHERE_BASE + nowhere : road_island(land, on_outline, lat, lon);
}

/* The continent of a closed land: that of the middle of its corners. */
static int road_closed_land(const struct crossing_closed *c)
{
    double lat = 0, lon = 0;
    for (size_t i = 0; i < c->count; i++) {
        lat += c->corners[i][0] / (double)c->count;
        lon += c->corners[i][1] / (double)c->count;
    }
    return land_at(lat, lon, SNAP_METRES);
}

static void road_prepare(void)
{
    if (road_table.ready && road_table.generation == land_generation())
        return;
    size_t max = sizeof road_table.islets / sizeof *road_table.islets;
    for (size_t i = 0; i < crossing_islet_count && i < max; i++) {
        const struct crossing_islet *islet = &crossing_islets[i];
        int land = islet->merged ? LAND_NONE : land_at(islet->latitude, islet->longitude, 0);
        road_table.islets[i] = land == LAND_NONE ? ISLET_BASE + (int)i : land;
    }
    max = sizeof road_table.roadless / sizeof *road_table.roadless;
    for (size_t i = 0; i < crossing_roadless_count && i < max; i++)
        road_table.roadless[i] =
            land_at(crossing_roadless[i].latitude, crossing_roadless[i].longitude, SNAP_METRES);
    for (size_t i = 0; i < crossing_closed_count && i < CLOSED_MAX; i++)
        road_table.closed[i] = road_closed_land(&crossing_closed[i]);
    road_table.count = crossing_count < CROSSINGS_MAX ? crossing_count : CROSSINGS_MAX;
    for (size_t i = 0; i < road_table.count; i++) {
        const struct crossing *c = &crossing_all[i];
        int from = road_land(c->from_latitude, c->from_longitude, END_SNAP_METRES, 2 + 2 * (int)i);
        int to = road_land(c->to_latitude, c->to_longitude, END_SNAP_METRES, 3 + 2 * (int)i);
        road_table.ends[2 * i] = road_node(c->from_latitude, c->from_longitude);
        road_table.ends[2 * i].land = from;
        road_table.ends[2 * i + 1] = road_node(c->to_latitude, c->to_longitude);
        road_table.ends[2 * i + 1].land = to;
    }
    if (road_table.ready) /* else it is zero, and takes no memory yet */
        memset(road_table.water, ROAD_WATER_ASK, sizeof road_table.water);
    road_table.generation = land_generation();
    road_table.ready = true;
}

void road_open(const struct conf *conf)
{
    if (land_open(conf->land_file, conf->gazetteer_file) == ERR_INVALID)
        log_limited(LOG_LEVEL_ERROR, "the land mask is damaged: build-aux/make-gazetteer makes it");
    if (land_known())
        road_prepare();
}

/* --- one stretch on wheels --- */

/* By road over one landmass, around the water; < 0: no way was found. */
static double road_leg(const struct node *a, const struct node *b)
{
    double straight = road_metres(a, b);
    if (land_water(a->lat, a->lon, b->lat, b->lon, WATER_STEPS, WATER_METRES) <= WATER_METRES)
        return ROAD_FACTOR * straight;
    double way = land_way(a->lat, a->lon, b->lat, b->lon);
    return way < 0 ? way : fmax(WAY_FACTOR * way, ROAD_FACTOR * straight);
}

/* --- the search over crossings --- */

struct search {
    struct node nodes[NODES_MAX]; /* 0 from, 1 to, then both ends of the crossings that may help */
    const struct crossing *crossings[CROSSINGS_MAX];
    size_t ends[NODES_MAX]; /* index in road_table.ends, of all but from and to */
    size_t count;
    double cost[NODES_MAX], direct; /* direct: on one landmass, < 0 = not */
    int before[NODES_MAX];
    bool done[NODES_MAX], ferries;
};

static bool road_search_link(const struct search *s, size_t a, size_t b)
{
    return a >= 2 && b >= 2 && (a ^ 1) == b && (s->ferries || !s->crossings[(a - 2) / 2]->ferry);
}

/* Cost of the edge a to b; < 0: there is none. */
static double road_search_edge(const struct search *s, size_t a, size_t b)
{
    const struct node *x = &s->nodes[a], *y = &s->nodes[b];
    if (road_search_link(s, a, b))
        return road_metres(x, y) + (s->crossings[(a - 2) / 2]->ferry ? FERRY_COST : 0);
    if (a < 2 && b < 2)
        return s->direct;
    return x->land == y->land ? ROAD_FACTOR * road_metres(x, y) : -1;
}

static bool road_search_wet(const struct search *s, size_t a, size_t b)
{
    const struct node *x = &s->nodes[a], *y = &s->nodes[b];
    size_t i = a < b ? s->ends[a] : s->ends[b], k = a < b ? s->ends[b] : s->ends[a];
    unsigned char *known = a >= 2 && b >= 2 ? &road_table.water[i][k] : NULL;
    if (known && *known != ROAD_WATER_ASK)
        return *known == ROAD_WATER_LIES;
    bool wet =
        land_water(x->lat, x->lon, y->lat, y->lon, GLANCE_STEPS, WATER_METRES) > WATER_METRES;
    if (known)
        *known = wet ? ROAD_WATER_LIES : ROAD_WATER_NONE;
    return wet;
}

/* What is to be added to an edge on one landmass because water lies across it: the way around is
 * longer, and measured only when it is taken. */
static double road_search_water(const struct search *s, size_t a, size_t b)
{
    if (road_search_link(s, a, b) || (a < 2 && b < 2) || !road_search_wet(s, a, b))
        return 0;
    return (AROUND_FACTOR - ROAD_FACTOR) * road_metres(&s->nodes[a], &s->nodes[b]);
}

static bool road_search_run(struct search *s, bool ferries)
{
    s->ferries = ferries;
    for (size_t i = 0; i < s->count; i++) {
        s->cost[i] = i == 0 ? 0 : DBL_MAX;
        s->done[i] = false;
        s->before[i] = -1;
    }
    for (;;) {
        size_t best = s->count;
        for (size_t i = 0; i < s->count; i++)
            if (!s->done[i] && s->cost[i] < DBL_MAX &&
                (best == s->count || s->cost[i] < s->cost[best]))
                best = i;
        if (best == s->count || best == 1)
            return best == 1;
        s->done[best] = true;
        for (size_t i = 0; i < s->count; i++) {
            double edge = s->done[i] ? -1 : road_search_edge(s, best, i);
            if (edge >= 0 && s->cost[best] + edge < s->cost[i])
                edge += road_search_water(s, best, i);
            if (edge >= 0 && s->cost[best] + edge < s->cost[i]) {
                s->cost[i] = s->cost[best] + edge;
                s->before[i] = (int)best;
            }
        }
    }
}

static bool road_is_train(const struct crossing *c)
{
    for (const char *const *name = crossing_trains; *name; name++)
        if (!strcmp(*name, c->name))
            return true;
    return false;
}

/* A ferry, or a train that takes vehicles; a bridge is nothing to tell of. */
static void road_add_crossing(struct road *out, const struct crossing *c, bool back, double metres)
{
    const struct road_ferry one = {.name = c->name,
        .from = back ? c->to : c->from,
        .to = back ? c->from : c->to,
        .metres = metres};
    if (c->ferry && out->ferry_count < ROAD_FERRIES_MAX)
        out->ferries[out->ferry_count++] = one;
    else if (!c->ferry && road_is_train(c) && out->train_count < ROAD_TRAINS_MAX)
        out->trains[out->train_count++] = one;
}

/* The way found, its stretches measured in full; false when one of them is none. */
static bool road_search_take(const struct search *s, struct road *out)
{
    int path[NODES_MAX], count = 0;
    out->metres = 0;
    out->ferry_count = out->train_count = 0;
    for (int node = 1; node >= 0 && count < NODES_MAX; node = s->before[node])
        path[count++] = node;
    for (int i = count - 1; i > 0; i--) {
        size_t a = (size_t)path[i], b = (size_t)path[i - 1];
        double straight = road_metres(&s->nodes[a], &s->nodes[b]);
        if (road_search_link(s, a, b)) {
            const struct crossing *c = s->crossings[(a - 2) / 2];
            road_add_crossing(out, c, a & 1, straight);
            if (c->ferry)
                continue;
        }
        double leg = road_search_link(s, a, b) ? straight :
            a < 2 && b < 2                     ? s->direct :
                                                 road_leg(&s->nodes[a], &s->nodes[b]);
        if (leg < 0)
            return false;
        out->metres += leg;
    }
    out->kind = out->ferry_count > 0 ? ROAD_FERRY : ROAD_DRIVE;
    return true;
}

/* The crossings that lie between, with room for a way around. */
static void road_search_fill(struct search *s, const struct node *from, const struct node *to)
{
    double reach = 2 * road_metres(from, to) + DETOUR_METRES;
    s->nodes[0] = *from;
    s->nodes[1] = *to;
    s->count = 2;
    for (size_t i = 0; i < road_table.count; i++) {
        const struct node *a = &road_table.ends[2 * i], *b = &road_table.ends[2 * i + 1];
        if (road_metres(from, a) + road_metres(a, to) > reach ||
            road_metres(from, b) + road_metres(b, to) > reach)
            continue;
        s->crossings[(s->count - 2) / 2] = &crossing_all[i];
        s->ends[s->count] = 2 * i;
        s->nodes[s->count++] = *a;
        s->ends[s->count] = 2 * i + 1;
        s->nodes[s->count++] = *b;
    }
}

/* Does any chain of crossings lead from one landmass to another? */
static bool road_reaches(int from, int to, bool ferries)
{
    int lands[NODES_MAX] = {from};
    size_t count = 1;
    for (size_t at = 0; at < count && lands[at] != to; at++)
        for (size_t i = 0; i < road_table.count; i++) {
            int a = road_table.ends[2 * i].land, b = road_table.ends[2 * i + 1].land;
            int next = a == lands[at] ? b : b == lands[at] ? a : LAND_NONE;
            bool known = next == LAND_NONE || (crossing_all[i].ferry && !ferries);
            for (size_t k = 0; !known && k < count; k++)
                known = lands[k] == next;
            if (!known && count < NODES_MAX)
                lands[count++] = next;
        }
    for (size_t k = 0; k < count; k++)
        if (lands[k] == to)
            return true;
    return false;
}

static void road_search(const struct node *from, const struct node *to, double direct, bool ferries,
    struct road *out)
{
    static struct search s; /* 90 KiB, which no stack of a task should hold; nothing waits here */
    struct road by_land = *out;
    s.direct = direct;
    road_search_fill(&s, from, to);
    bool dry = road_reaches(from->land, to->land, false) && road_search_run(&s, false) &&
        road_search_take(&s, &by_land);
    bool found = ferries && road_reaches(from->land, to->land, true) && road_search_run(&s, true);
    double cost = found ? s.cost[1] : 0;
    found = found && road_search_take(&s, out);
    if (dry && (!found || cost > FERRY_GAIN * by_land.metres))
        *out = by_land;
    else if (found)
        out->by_land_metres = dry ? by_land.metres : 0;
    else
        out->kind = ROAD_NONE;
    if (out->kind == ROAD_NONE)
        out->metres = 0;
}

/* --- towns that no road leaves --- */

/* Between all towns of a land without roads: its name, or NULL. */
static const char *road_wild(const struct node *from, const struct node *to)
{
    size_t max = sizeof road_table.roadless / sizeof *road_table.roadless;
    for (size_t i = 0; i < crossing_roadless_count && i < max; i++) {
        const struct crossing_roadless *r = &crossing_roadless[i];
        if (r->whole && from->land == road_table.roadless[i] && to->land == from->land &&
            road_metres(from, to) > r->radius_km * 1000)
            return r->name;
    }
    return NULL;
}

/* The end that no road leaves, or NULL. */
static const char *road_leaves(const struct node *from, const struct node *to)
{
    const struct node *ends[] = {from, to};
    for (size_t i = 0; i < 2; i++)
        if (ends[i]->land >= CLOSED_BASE && ends[i]->land < NOWHERE_BASE)
            return crossing_closed[ends[i]->land - CLOSED_BASE].name;
        else if (ends[i]->land >= ROADLESS_BASE && ends[i]->land < CLOSED_BASE)
            return crossing_roadless[ends[i]->land - ROADLESS_BASE].name;
    return NULL;
}

/* --- --- */

static void road_drive(struct road *out, double metres)
{
    out->kind = ROAD_DRIVE;
    out->metres = metres;
}

void road_between(double lat1, double lon1, double lat2, double lon2, bool ferries,
    struct road *out)
{
    struct node from = road_node(lat1, lon1), to = road_node(lat2, lon2);
    *out = (struct road){.air_metres = road_metres(&from, &to), .checked = land_known()};
    if (!out->checked) {
        road_drive(out, ROAD_FACTOR * out->air_metres);
        out->seconds = out->metres * ROAD_SECONDS_PER_METRE;
        return;
    }
    road_prepare();
    from.land = road_land(lat1, lon1, SNAP_METRES, 0);
    to.land = road_land(lat2, lon2, SNAP_METRES, 1);
    if (from.land != to.land && from.land >= NOWHERE_BASE && to.land >= NOWHERE_BASE &&
        out->air_metres <= TOGETHER_METRES)
        to.land = from.land;
    out->kind = ROAD_NONE;
    out->roadless = road_wild(&from, &to);
    double direct = !out->roadless && from.land == to.land ? road_leg(&from, &to) : -1;
    if (direct >= 0 &&
        (out->air_metres > FAR_METRES ||
            land_water(lat1, lon1, lat2, lon2, WATER_STEPS, WATER_METRES) <= WATER_METRES))
        road_drive(out, direct);
    else if (!out->roadless)
        road_search(&from, &to, direct, ferries, out);
    if (out->kind == ROAD_NONE && !out->roadless)
        out->roadless = road_leaves(&from, &to);
    if (out->kind != ROAD_NONE)
        out->seconds = out->metres * ROAD_SECONDS_PER_METRE;
}

void road_pause(void)
{
    if (task_self())
        task_yield(NULL);
}

bool road_over_water(double lat1, double lon1, double lat2, double lon2)
{
    struct road road;
    if (!land_known())
        return false;
    road_prepare();
    if (road_land(lat1, lon1, SNAP_METRES, 0) == road_land(lat2, lon2, SNAP_METRES, 1))
        return false;
    road_between(lat1, lon1, lat2, lon2, false, &road);
    return road.kind == ROAD_NONE;
}
