/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_PLACE_GEOCODE_H
#define TURNPIKE_TOOLS_KIT_PLACE_GEOCODE_H

#include "base/err.h"
#include "tools/kit/gazetteer.h"
#include "tools/kit/run.h"

/*
 * place_geocode -- places of a name from the geocoder of geocode.url (Nominatim /search or Photon
 * /api). Used by turn and api workers. A worker remembers the last 64 answers for a day, and Redis
 * keeps those of the site for geocode.keep (store/geocodes.h), so that a public geocoder is not
 * asked the same twice. What failed is remembered nowhere. The site asks at most once in
 * geocode.interval: a task waits for its turn, a few of them long at most.
 *
 * place_geocode_known -- an answer that is remembered; false: none. count 0: nothing has that name.
 * The scores weigh the user's country and location as those of the gazetteer do.
 */
bool place_geocode_known(struct tools_run *run, const char *text, const struct gazetteer_bias *bias,
    struct gazetteer_candidates *out);

/*
 * place_geocode -- asks. Once the answer is remembered done is called, from within reactor_step.
 * Returns as a handler does, or ERR_BUSY: the site's turn to ask did not come in time.
 */
typedef int place_geocode_fn(struct tools_run *run, void *arg);
MUST_CHECK int place_geocode(struct tools_run *run, const char *text, place_geocode_fn *done,
    void *arg);

#endif
