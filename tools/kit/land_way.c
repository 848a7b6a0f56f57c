/* SPDX-License-Identifier: BSD-2-Clause */
/* land_way: A* over the cells of land, coarser for longer ways, then corners cut straight. */
#include "tools/kit/land.h"

#include "tools/kit/gazetteer.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NODES_MAX 100000
#define OPEN_MAX 400000
#define CELL 0.1         /* degrees */
#define MARGIN_SHARE 0.8 /* of the distance, how far beside the straight line is looked */
#define MARGIN_MIN 4.0
#define SEEK_CELLS 3 /* around an end that is itself in a cell of water */
#define CUT_STEPS 120
#define WATER_CUT 12000.0 /* corners are cut over no more water than that */
#define RADIUS 6371008.8
#define RADIAN (3.14159265358979323846 / 180)

struct way {
    double north, west, step; /* degrees; rows go south */
    int rows, columns, start, goal;
    float *cost;
    unsigned char *closed;
    int32_t *before;
    struct row {
        double beside, across, below, cosine, sine;
    } * row; /* metres to the next cells */
    struct column {
        double cosine, sine;
    } * column;
    struct open {
        float rank;
        int32_t node;
    } * heap;
    size_t open;
};

static double land_way_lat(const struct way *w, int node)
{
    return w->north - (node / w->columns + 0.5) * w->step;
}

static double land_way_lon(const struct way *w, int node)
{
    double lon = w->west + (node % w->columns + 0.5) * w->step;
    return lon > 180 ? lon - 360 : lon < -180 ? lon + 360 : lon;
}

/* A coarse cell is land when a cell of its middle is. */
static bool land_way_open(const struct way *w, int node)
{
    double lat = land_way_lat(w, node), lon = land_way_lon(w, node);
    if (w->step <= CELL * 1.5)
        return land_near(lat, lon);
    double off = w->step / 4;
    return land_near(lat + off, lon - off) || land_near(lat + off, lon + off) ||
        land_near(lat - off, lon - off) || land_near(lat - off, lon + off);
}

static double land_way_metres(const struct way *w, int a, int b)
{
    return gazetteer_distance(land_way_lat(w, a), land_way_lon(w, a), land_way_lat(w, b),
        land_way_lon(w, b));
}

/* What the search asks of every cell, once for each row and column. */
static void land_way_measure(struct way *w)
{
    for (int r = 0; r < w->rows; r++) {
        double lat = land_way_lat(w, r * w->columns), next = lat - w->step;
        w->row[r] = (struct row){.cosine = cos(lat * RADIAN),
            .sine = sin(lat * RADIAN),
            .beside = gazetteer_distance(lat, 0, lat, w->step),
            .across = gazetteer_distance(lat, 0, next, w->step),
            .below = gazetteer_distance(lat, 0, next, 0)};
    }
    for (int c = 0; c < w->columns; c++)
        w->column[c] = (struct column){.cosine = cos(land_way_lon(w, c) * RADIAN),
            .sine = sin(land_way_lon(w, c) * RADIAN)};
}

static double land_way_step(const struct way *w, int row, int down, int right)
{
    const struct row *upper = &w->row[down < 0 ? row - 1 : row];
    return down == 0 ? upper->beside : right == 0 ? upper->below : upper->across;
}

/* Through the globe: never more than the way, as A* wants it. */
static double land_way_rest(const struct way *w, int row, int column)
{
    const struct row *a = &w->row[row], *b = &w->row[w->goal / w->columns];
    const struct column *x = &w->column[column], *y = &w->column[w->goal % w->columns];
    double dot =
        a->cosine * b->cosine * (x->cosine * y->cosine + x->sine * y->sine) + a->sine * b->sine;
    return RADIUS * sqrt(fmax(0, 2 - 2 * dot));
}

/* --- the heap --- */

static void land_way_push(struct way *w, int node, double rank)
{
    size_t i = w->open;
    if (w->open == OPEN_MAX)
        return;
    w->open++;
    for (; i > 0 && w->heap[(i - 1) / 2].rank > rank; i = (i - 1) / 2)
        w->heap[i] = w->heap[(i - 1) / 2];
    w->heap[i] = (struct open){(float)rank, node};
}

static int land_way_pop(struct way *w)
{
    int top = w->heap[0].node;
    struct open last = w->heap[--w->open];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < w->open; i = child) {
        if (child + 1 < w->open && w->heap[child + 1].rank < w->heap[child].rank)
            child++;
        if (last.rank <= w->heap[child].rank)
            break;
        w->heap[i] = w->heap[child];
    }
    w->heap[i] = last;
    return top;
}

/* --- the search --- */

static void land_way_visit(struct way *w, int node, int down, int right)
{
    int row = node / w->columns + down, column = node % w->columns + right;
    if (row < 0 || row >= w->rows || column < 0 || column >= w->columns)
        return;
    int next = row * w->columns + column;
    if (w->closed[next] || (next != w->goal && !land_way_open(w, next)))
        return;
    float cost = w->cost[node] + (float)land_way_step(w, row - down, down, right);
    if (w->cost[next] >= 0 && cost >= w->cost[next])
        return;
    w->cost[next] = cost;
    w->before[next] = node;
    land_way_push(w, next, cost + land_way_rest(w, row, column));
}

static bool land_way_search(struct way *w)
{
    w->cost[w->start] = 0;
    land_way_push(w, w->start, 0);
    while (w->open > 0) {
        int node = land_way_pop(w);
        if (node == w->goal)
            return true;
        bool again = w->closed[node];
        w->closed[node] = 1;
        for (int d = 0; !again && d < 9; d++)
            if (d != 4)
                land_way_visit(w, node, d / 3 - 1, d % 3 - 1);
    }
    return false;
}

/* Along the cells from the goal back, corners cut where little water lies between. */
static double land_way_length(const struct way *w)
{
    double sum = 0;
    int from = w->goal, last = w->goal;
    for (int node = w->before[w->goal]; node >= 0; node = w->before[node]) {
        if (land_water(land_way_lat(w, from), land_way_lon(w, from), land_way_lat(w, node),
                land_way_lon(w, node), CUT_STEPS, WATER_CUT) > WATER_CUT &&
            last != from) {
            sum += land_way_metres(w, from, last);
            from = last;
        }
        last = node;
    }
    return sum + land_way_metres(w, from, w->start);
}

static int land_way_node(const struct way *w, double lat, double lon)
{
    double east = lon - w->west;
    east += east < 0 ? 360 : 0;
    int row = (int)floor((w->north - lat) / w->step), column = (int)floor(east / w->step);
    int best = -1;
    double least = 1e9;
    for (int r = row - SEEK_CELLS; r <= row + SEEK_CELLS; r++)
        for (int c = column - SEEK_CELLS; c <= column + SEEK_CELLS; c++) {
            int node = r * w->columns + c;
            int far = (r - row) * (r - row) + (c - column) * (c - column);
            if (r >= 0 && r < w->rows && c >= 0 && c < w->columns && far < least &&
                land_way_open(w, node)) {
                best = node;
                least = far;
            }
        }
    return best;
}

static void land_way_frame(struct way *w, double lat1, double lon1, double lat2, double lon2)
{
    double turn = lon2 - lon1, km = gazetteer_distance(lat1, lon1, lat2, lon2) / 1000;
    turn += turn > 180 ? -360 : turn < -180 ? 360 : 0;
    double margin = fmax(MARGIN_MIN, MARGIN_SHARE * km / 111);
    double wide = fmin(margin / fmax(cos((lat1 + lat2) / 2 * 3.14159265358979323846 / 180), 0.2),
        (360 - fabs(turn)) / 2);
    double height = fmin(89, fmax(lat1, lat2) + margin) - fmax(-89, fmin(lat1, lat2) - margin);
    w->north = fmin(89, fmax(lat1, lat2) + margin);
    w->west = fmin(lon1, lon1 + turn) - wide;
    w->step = CELL;
    while (height / w->step * ((fabs(turn) + 2 * wide) / w->step) > NODES_MAX - 10000)
        w->step *= 1.2;
    w->rows = (int)ceil(height / w->step);
    w->columns = (int)ceil((fabs(turn) + 2 * wide) / w->step);
}

static bool land_way_take(struct way *w)
{
    size_t nodes = (size_t)w->rows * (size_t)w->columns;
    w->cost = malloc(nodes * sizeof *w->cost);
    w->closed = calloc(nodes, 1);
    w->before = malloc(nodes * sizeof *w->before);
    w->row = malloc((size_t)w->rows * sizeof *w->row);
    w->column = malloc((size_t)w->columns * sizeof *w->column);
    w->heap = malloc(OPEN_MAX * sizeof *w->heap);
    return w->cost && w->closed && w->before && w->row && w->column && w->heap;
}

static void land_way_free(struct way *w)
{
    free(w->cost);
    free(w->closed);
    free(w->before);
    free(w->row);
    free(w->column);
    free(w->heap);
}

double land_way(double lat1, double lon1, double lat2, double lon2)
{
    struct way w = {0};
    double metres = -1;
    land_way_frame(&w, lat1, lon1, lat2, lon2);
    size_t nodes = (size_t)w.rows * (size_t)w.columns;
    if (land_known() && nodes < NODES_MAX * 2 && land_way_take(&w)) {
        land_way_measure(&w);
        for (size_t i = 0; i < nodes; i++)
            w.cost[i] = -1;
        w.start = land_way_node(&w, lat1, lon1);
        w.goal = land_way_node(&w, lat2, lon2);
        if (w.start >= 0 && w.goal >= 0) {
            w.before[w.start] = -1;
            if (land_way_search(&w))
                metres = land_way_length(&w);
        }
    }
    land_way_free(&w);
    return metres;
}
