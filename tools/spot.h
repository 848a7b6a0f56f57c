#ifndef TURNPIKE_TOOLS_SPOT_H
#define TURNPIKE_TOOLS_SPOT_H

#include "tools/gazetteer.h"
#include "tools/tools.h"

/*
 * spot -- one place of a tool's arguments: a text (gazetteer first, then the geocoder of
 * geocode.url, then regions by their largest town), or latitude and longitude, or where the user
 * is.
 */
struct spot {
    char name[264];
    double latitude, longitude;
    char zone[48], country_code[3];
    const char *note; /* how it was read, or NULL */
};
/* Returns as a handler does: 0, ERR_AGAIN or a fault. */
typedef int spot_done_fn(struct tools_run *run, const struct spot *spot, void *arg);

/*
 * spot_start -- key: the argument that names the place; `latitude` and `longitude` are read beside
 * it, and without any of them the user's own location counts. What a handler returns.
 */
int spot_start(struct tools_run *run, const char *key, spot_done_fn *done, void *arg);

/* Without network: gazetteer and regions. Returns 0, ERR_NOT_FOUND, ERR_INVALID,
 * ERR_NOT_CONFIGURED. */
int spot_find(struct tools_run *run, const char *text, struct spot *out);
/* Sets the failure for spot_find's result. Returns 0 or ERR_NOMEM. */
int spot_refuse(struct tools_run *run, const char *path, const char *text, int why);
/* {name, latitude, longitude, timezone?, note?}; NULL on no memory. */
jdoc *spot_json(const struct spot *spot);

#endif
