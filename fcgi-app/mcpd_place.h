/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_MCPD_PLACE_H
#define TURNPIKE_FCGI_APP_MCPD_PLACE_H

#include "base/buf.h"
#include "base/err.h"
#include "store/approvals.h"

/*
 * mcpd_place -- the id of an event in a stream that waits for an approval: all that any worker
 * needs to go on behind it. ID.COUNT.HEX, HEX being the JSON of the call's own id. Pure.
 */
#define MCPD_ID_MAX 200 /* bytes of a request's id as JSON */

struct mcpd_place {
    char id[APPROVALS_ID_SIZE];
    unsigned count; /* of events before; 0: the question may not have come */
    char call[MCPD_ID_MAX + 1];
};
void mcpd_place_put(struct buf *b, const struct mcpd_place *place);
/* As a client sends it back: anything. Returns 0 or ERR_INVALID. */
MUST_CHECK int mcpd_place_read(const char *text, struct mcpd_place *out);

#endif
