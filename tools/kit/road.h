/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_ROAD_H
#define TURNPIKE_TOOLS_KIT_ROAD_H

#include "base/err.h"
#include "tools/kit/crossing.h"
#include "tools/kit/run.h"

/*
 * road -- the estimate of a way between two places when no routing service answers: great circle
 * times a road factor, but over land and known crossings only. The sea is no road: another landmass
 * is reached by a fixed link, or by a car ferry that is named and not counted as driving, or not at
 * all.
 */
#define ROAD_FERRIES_MAX 6
#define ROAD_TRAINS_MAX 2
#define ROAD_SECONDS_PER_METRE (3600 / (55 * 1609.344)) /* 55 mph */

enum road_kind {
    ROAD_DRIVE, /* all the way on wheels */
    ROAD_FERRY, /* with at least one car ferry */
    ROAD_NONE,  /* no road and no car ferry: a flight, or a ship */
};

struct road {
    enum road_kind kind;
    double metres, seconds; /* at the wheel; 0 for ROAD_NONE */
    double air_metres;      /* the great circle */
    struct road_ferry {
        const char *name, *from, *to; /* in the order of travel; constants */
        double metres;                /* straight over the water */
    } ferries[ROAD_FERRIES_MAX];
    size_t ferry_count;
    struct road_ferry trains[ROAD_TRAINS_MAX]; /* that take vehicles; counted as driven */
    size_t train_count;
    double by_land_metres; /* ROAD_FERRY: the way that takes no ferry; 0 = there is none */
    const char *roadless;  /* ROAD_NONE: the place that no road leaves; NULL = the sea is between */
    bool checked;          /* false: no land mask is there, so nothing is known of the sea */
};

/* Opens the land mask beside the gazetteer, as the settings say: before the fork, and on reload. */
void road_open(const struct conf *conf);

/* road_between -- coordinates in degrees; ferries false: none is taken. At most some 10 ms. */
void road_between(double lat1, double lon1, double lat2, double lon2, bool ferries,
    struct road *out);

/* Between two estimates of one call: the other tasks of the process run, when the call is in
 * one. */
void road_pause(void);

/* Is the sea between two places that are near each other, with no fixed link over it? */
bool road_over_water(double lat1, double lon1, double lat2, double lon2);

/* The failure "no_route" of ROAD_NONE. Returns 0 or ERR_NOMEM. */
MUST_CHECK int road_refuse(struct tools_run *run, const struct road *road, const char *from,
    const char *to);
/* The ferries onto a list of crossings. Returns 0 or ERR_NOMEM. */
MUST_CHECK int road_push_ferries(const struct road *road, jdoc *list);
/* "Spirit of Tasmania, Geelong to Devonport (370 km by sea)", in the arena; NULL on no memory. */
const char *road_ferries_text(struct tools_run *run, const struct road *road);
/* "Sylt car train, Niebull to Westerland (Sylt)"; "" = none; NULL on no memory. */
const char *road_trains_text(struct tools_run *run, const struct road *road);
/* What a method of estimates says; depends on checked. */
const char *road_method(const struct road *road);

#endif
