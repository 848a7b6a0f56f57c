/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_PLACE_CHOOSE_H
#define TURNPIKE_TOOLS_KIT_PLACE_CHOOSE_H

#include "tools/kit/gazetteer.h"

/*
 * place_choose -- which of the places of one name is meant, for all places of a request together.
 * Weighed: people, the user's country and location (the candidates' scores), and nearness to the
 * place named before and after. No process, no memory: arithmetic.
 */
#define PLACE_STOPS_MAX 22 /* origin, 20 waypoints, destination */

/*
 * place_choose -- one candidate of each list, each list having at least one.
 *   chosen   out: index into lists[i]->all
 *   unclear  out: the first list whose choice is a guess: another candidate, at least 1,000 km
 *            away, makes nearly as good a whole; -1 = none
 */
void place_choose(const struct gazetteer_candidates *const *lists, size_t count, size_t *chosen,
    int *unclear);

/*
 * place_choices -- the places that a question should offer: the best candidates of a list, no two
 * of them within 500 km. Returns how many, at most max.
 */
size_t place_choices(const struct gazetteer_candidates *list, size_t *out, size_t max);

#endif
