/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_LAND_H
#define TURNPIKE_TOOLS_KIT_LAND_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * land -- what is land and what is sea, from a file that build-aux/make-gazetteer makes of Natural
 * Earth's 1:10m land (public domain). Mapped read-only and shared by all workers. Everything in it
 * is checked before it is used: a cut or wrong file is refused, never read past its end.
 *
 * The file, little-endian 32-bit words but for the first eight bytes "TPLAND1\n": counts of
 * polygons, chunks and vertices, columns, rows, edges in a chunk; the polygons (west, south, east,
 * north in 1e-5 degrees, first chunk, chunks); the chunks, runs of an outline (the same box, first
 * vertex, edges); the vertices (longitude, latitude); then a bit for each cell of a tenth of a
 * degree, from 90 N 180 W on, set when there is land in it, and it is in no great lake
 * (build-aux/lakes.txt). The outlines know no lakes: land_at has their islands on the land around.
 */

/*
 * land_open -- path "" = landmass.bin beside `gazetteer`, a gazetteer_open path. A second call for
 * the same costs a stat(), and takes the file that has replaced the open one (by rename). Returns
 * 0, ERR_NOT_CONFIGURED (no file), ERR_INVALID (not ours, or damaged; a file that was open at this
 * path stays so).
 */
MUST_CHECK int land_open(const char *path, const char *gazetteer);
void land_close(void);
void land_rest(void);  /* before the fork, when all of it has been looked at: mapped_rest */
bool land_known(void); /* a file is open */
unsigned land_generation(void); /* another number whenever another file has been opened */

/*
 * land_at -- the landmass at a place; equal numbers are one piece of land. Africa and Asia count as
 * two, and so do North and South America: Suez is a crossing, and no road passes the Darien gap. A
 * place that is off the outline goes to the nearest land within `metres`. LAND_NONE: open sea, or
 * an island that is too small for the file.
 */
#define LAND_NONE (-1)
MUST_CHECK int land_at(double latitude, double longitude, double metres);

/* Is there land in the tenth of a degree around? */
bool land_near(double latitude, double longitude);
/*
 * land_water -- the longest stretch of water on the great circle between two places, metres; looked
 * at every 4 km, at most at steps_max points. One longer than `enough` ends the search at once: it
 * is then what was seen of it so far.
 */
double land_water(double lat1, double lon1, double lat2, double lon2, int steps_max, double enough);

/*
 * land_way -- length of the shortest way over land between two places, metres; < 0: none was found
 * within reach. At most some 100 ms. Straits below some 10 km do not show.
 */
double land_way(double lat1, double lon1, double lat2, double lon2);

#endif
