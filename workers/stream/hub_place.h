/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_STREAM_HUB_PLACE_H
#define TURNPIKE_WORKERS_STREAM_HUB_PLACE_H

#include "base/err.h"
#include "store/logentry.h"
#include "wire/redis/link.h"

/*
 * hub_place -- where a session's log stands, as store/lua/view_locate.lua tells it. Stream workers.
 */
struct hub_place {
    struct logentry_id top, oldest, first; /* first: the log's end before the running turn */
    bool has_log, has_first, trimmed, running, exists;
    bool known;              /* the log has an entry of the cursor that was asked with */
    const char *run, *state; /* borrowed; "" = none */
};
#define HUB_PLACE_MESSAGES 9 /* index of the first message in the reply */

/* p borrows from the reply. Returns 0 or ERR_INTERNAL: no such reply. */
MUST_CHECK int hub_place_read(const struct link_reply *reply, struct hub_place *p);

#endif
