#ifndef TURNPIKE_TOOLS_GAZETTEER_H
#define TURNPIKE_TOOLS_GAZETTEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * gazetteer -- place names to coordinates, offline, from a file that build-aux/make-gazetteer makes.
 * The file is mapped read-only and shared by all workers; nothing is read but what a look-up
 * touches.
 *
 * The file: UTF-8 lines of tab-separated fields, sorted bytewise (LC_ALL=C):
 *   !!turnpike-gazetteer 1, source
 *   !KEY, country code, country name                     (keys of countries)
 *   KEY, p or a, name, country code, region, region keys, latitude, longitude, population, zone
 * KEY is the name folded: ASCII lower case letters and digits, one blank between words. p: the
 * name proper, a: another name. Region keys: folded, separated by "|" ("nsw|new south wales").
 */
struct gazetteer_place {
    char name[96], region[96], country[64], country_code[3], zone[48];
    double latitude, longitude;
    int64_t population;
};

struct gazetteer_bias { /* where the user is; zeroed = unknown */
    char country_code[3];
    bool has_location;
    double latitude, longitude;
};

#define GAZETTEER_OTHERS 3
struct gazetteer_match {
    struct gazetteer_place best;
    struct gazetteer_place others[GAZETTEER_OTHERS]; /* weighty places that it could have been */
    size_t other_count;
};

/*
 * gazetteer_open -- path "" = the installed file, else the one beside the running program. Once per
 * process is enough; a second call with the same path costs nothing. Returns 0, ERR_NOT_CONFIGURED
 * (no file), ERR_INVALID (not ours).
 */
int gazetteer_open(const char *path);
void gazetteer_close(void);

/*
 * gazetteer_find -- "Sydney", "Sydney, NSW", "Brisbane Australia", "-27.47,153.02". Returns 0;
 * ERR_NOT_FOUND; ERR_INVALID (coordinates off the globe); ERR_NOT_CONFIGURED (no file open, and
 * these are no coordinates).
 */
int gazetteer_find(const char *text, const struct gazetteer_bias *bias,
    struct gazetteer_match *out);

/*
 * gazetteer_region -- the largest place of a state, province or country ("Queensland"). Reads the
 * whole file, some 20 ms. Returns 0, ERR_NOT_FOUND or ERR_NOT_CONFIGURED.
 */
int gazetteer_region(const char *text, const struct gazetteer_bias *bias,
    struct gazetteer_place *out);
/* For each of count points the largest place within `metres`; none: an empty name. One reading. */
struct gazetteer_point { double latitude, longitude; };
int gazetteer_near(const struct gazetteer_point *points, size_t count, double metres,
    struct gazetteer_place *out);

/* Great circle, in metres, on a sphere of mean radius. */
double gazetteer_distance(double lat1, double lon1, double lat2, double lon2);

/* Folds a name into a key; false when nothing is left. */
bool gazetteer_fold(const char *text, char *out, size_t size);

#endif
