/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_PLACE_H
#define TURNPIKE_TOOLS_KIT_PLACE_H

#include "base/err.h"
#include "tools/kit/gazetteer.h"
#include "tools/kit/place_choose.h"
#include "tools/kit/run.h"

/*
 * place -- places of a tool's arguments: texts (the gazetteer, then the geocoder of geocode.url for
 * what it does not know or cannot decide), latitude and longitude, or where the user is. Every tool
 * that takes a place by name finds it here. A name that means places far apart, of which neither
 * the other places of the request nor the user's country and location decide, is asked back (code
 * "ambiguous"), never guessed.
 */
struct place {
    char name[264]; /* in full: "Sydney, New South Wales, Australia"; "" = none (place_try) */
    double latitude, longitude;
    char zone[48], country_code[3];
    const char *note; /* how it was read, or NULL */
    struct gazetteer_place place;
};
/* Returns as a handler does: 0, ERR_PENDING or a fault. */
typedef int place_done_fn(struct tools_run *run, const struct place *spot, void *arg);

/*
 * place_start -- key: the argument that names the place; `latitude` and `longitude` are read beside
 * it, and without any of them the user's own location counts. What a handler returns.
 */
MUST_CHECK int place_start(struct tools_run *run, const char *key, place_done_fn *done, void *arg);

/*
 * place_start_all -- several places, chosen together: the near go with the near. count: 1 to
 * PLACE_STOPS_MAX. path: JSON pointer of the argument, for failures; copied, as text is not. What a
 * handler returns; done gets count spots in the same order, in the run's arena.
 */
struct place_wish {
    const char *text;
    char path[40];
};
typedef int place_all_fn(struct tools_run *run, const struct place *spots, size_t count, void *arg);
MUST_CHECK int place_start_all(struct tools_run *run, const struct place_wish *wishes, size_t count,
    place_all_fn *done, void *arg);

/* Without network and without a failure: is the text one clear place? */
bool place_try(struct tools_run *run, const char *text, struct place *out);
/* {name, latitude, longitude, timezone?, note?}; NULL on no memory. */
jdoc *place_json(const struct place *spot);

#endif
