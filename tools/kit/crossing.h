/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_CROSSING_H
#define TURNPIKE_TOOLS_KIT_CROSSING_H

#include <stdbool.h>
#include <stddef.h>

/*
 * crossing -- how vehicles get from one landmass to another: bridges, tunnels and causeways, and
 * the car ferries that travellers use; and where no road goes. The tables are made of crossings.txt
 * by build-aux/make-crossings. They are no timetables: a line may be suspended or seasonal, so
 * results tell users to check. Adding one is adding a line there.
 */
struct crossing {
    bool ferry;            /* else a fixed link: driven over, or a train that takes vehicles */
    const char *name;      /* as users know it */
    const char *from, *to; /* ports, or the two banks */
    double from_latitude, from_longitude, to_latitude, to_longitude; /* within some kilometres */
};
extern const struct crossing crossing_all[];
extern const size_t crossing_count;
/* The fixed links (by name) that are trains which take vehicles: nobody drives, and a place is
 * booked. Ends with NULL. */
extern const char *const crossing_trains[];

/* Islands that the land mask may lack. merged: or has as one with the coast or the lake around, so
 * the circle counts before the mask; nothing of the coast is in it. */
struct crossing_islet {
    const char *name;
    double latitude, longitude, radius_km;
    bool merged;
};
extern const struct crossing_islet crossing_islets[];
extern const size_t crossing_islet_count;

/*
 * Towns that no road leaves, though they are on a large landmass: radius of their own roads. A car
 * ferry of crossing_all may reach them. whole: so it is between all towns of that landmass, and no
 * ferry helps.
 */
struct crossing_roadless {
    const char *name;
    double latitude, longitude, radius_km;
    bool whole;
};
extern const struct crossing_roadless crossing_roadless[];
extern const size_t crossing_roadless_count;

/* A land that no traveller enters or leaves over land, though it is on a large landmass: what is
 * inside the corners is an island, which ferries may reach. */
#define CROSSING_CORNERS_MAX 20
struct crossing_closed {
    const char *name;
    double corners[CROSSING_CORNERS_MAX][2]; /* latitude, longitude */
    size_t count;
};
extern const struct crossing_closed crossing_closed[];
extern const size_t crossing_closed_count;

/* Two countries whose common border travellers could not cross by car; each pair once. */
struct crossing_border {
    const char *a, *b;
};
extern const struct crossing_border crossing_borders[];
extern const size_t crossing_border_count;

#endif
