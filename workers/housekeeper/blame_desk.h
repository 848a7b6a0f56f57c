#ifndef TURNPIKE_WORKERS_HOUSEKEEPER_BLAME_DESK_H
#define TURNPIKE_WORKERS_HOUSEKEEPER_BLAME_DESK_H

#include "process/blame.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * blame_desk -- how machines tell each other what workers died in (process/blame.h): by the sorted
 * set tp:blamed and by tp:wake. This machine's own marks hold without it. Used by the housekeeper.
 */
struct blame_desk {
    struct store *store; /* borrowed */
    struct blame *blame; /* of the scoreboard */
    int64_t look_ms;     /* monotonic: when to read the set */
};
/* A mark of this machine, for the others. One that Redis does not take is logged and forgotten. */
void blame_desk_tell(struct blame_desk *d, const struct blame_mark *mark);
/* A message on tp:wake. Returns whether it was for this desk. */
bool blame_desk_wake(struct blame_desk *d, const char *bytes, size_t len);
/* Marks may have been missed: the next step reads the set. */
void blame_desk_look(struct blame_desk *d);
/* Reads the set when it is time to. now_ms: monotonic. */
void blame_desk_step(struct blame_desk *d, int64_t now_ms);

#endif
