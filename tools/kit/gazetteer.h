/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_GAZETTEER_H
#define TURNPIKE_TOOLS_KIT_GAZETTEER_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * gazetteer -- place names to coordinates, offline, from the file of build-aux/make-gazetteer.
 * It is mapped read-only and shared by all workers; only what a look-up touches is read.
 *
 * The file: UTF-8 lines of tab-separated fields, sorted bytewise (LC_ALL=C):
 *   !!turnpike-gazetteer 2, source
 *   !KEY, country code, country name                     (keys of countries)
 *   KEY, kind, name, country code, region, region keys, latitude, longitude, population, zone
 * KEY is the name folded: ASCII lower case letters and digits, one blank between words. Kinds: p a
 * town by its name, a by another name, s a sight, park, island or area (population: its weight
 * beside towns), r a state, province or country (coordinates of its largest town, which stands in
 * `region`; population: of its towns). Region keys: folded, separated by "|" ("nsw|new south
 * wales"). A town of 5,000 people stands once more under the degree it is in: "=", latitude + 90,
 * longitude + 180, three digits each.
 */
struct gazetteer_place {
    char name[96], region[96], country[64], country_code[3], zone[48];
    bool region_itself; /* a state or country; it is where its largest town, `town`, is */
    char town[96];
    double latitude, longitude;
    int64_t population;
};

struct gazetteer_bias { /* where the user is; zeroed = unknown */
    char country_code[3];
    bool has_location;
    double latitude, longitude;
};

#define GAZETTEER_CANDIDATES 12
struct gazetteer_candidates { /* places of one name, the best first; no two within 0.2 degrees */
    struct gazetteer_candidate {
        struct gazetteer_place place;
        double score; /* ten times the people weigh 1; the user's country and nearness 1.5 each */
    } all[GAZETTEER_CANDIDATES];
    size_t count;
    bool coordinates; /* the text was latitude and longitude */
};

/*
 * gazetteer_open -- path "" = the installed file, else the one beside the running program. A second
 * call with the same path costs a stat(), and takes the file that has replaced the open one (by
 * rename). Returns 0, ERR_NOT_CONFIGURED (no file), ERR_INVALID (not ours; a file that was open at
 * this path stays so).
 */
MUST_CHECK int gazetteer_open(const char *path);
void gazetteer_close(void);

/*
 * gazetteer_candidates -- "Sydney", "Sydney, NSW", "Brisbane Australia", "Florida",
 * "-27.47,153.02".
 * Returns 0 (at least one); ERR_NOT_FOUND; ERR_INVALID (coordinates off the globe);
 * ERR_NOT_CONFIGURED (no file open, and these are no coordinates).
 */
MUST_CHECK int gazetteer_candidates(const char *text, const struct gazetteer_bias *bias,
    struct gazetteer_candidates *out);

/*
 * gazetteer_spelled_like -- the best known place of 15,000 people whose name is one letter away
 * from the text's: to be asked about, never to be taken. At most some 20 ms. Returns 0 or
 * ERR_NOT_FOUND.
 */
MUST_CHECK int gazetteer_spelled_like(const char *text, const struct gazetteer_bias *bias,
    struct gazetteer_place *out);

/* What the user's country (1.5) and location (at most 1.5, none from 3,000 km) add to a score. */
double gazetteer_bias_of(const struct gazetteer_bias *bias, const char *country_code,
    double latitude, double longitude);

/* For each of count points the largest town of 5,000 within `metres`; none: an empty name. */
struct gazetteer_point {
    double latitude, longitude;
};
MUST_CHECK int gazetteer_near(const struct gazetteer_point *points, size_t count, double metres,
    struct gazetteer_place *out);

/* Great circle, in metres, on a sphere of mean radius. */
double gazetteer_distance(double lat1, double lon1, double lat2, double lon2);

/* Folds a name into a key; false when nothing is left. */
bool gazetteer_fold(const char *text, char *out, size_t size);

#endif
