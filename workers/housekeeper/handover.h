/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_HOUSEKEEPER_HANDOVER_H
#define TURNPIKE_WORKERS_HOUSEKEEPER_HANDOVER_H

#include "base/err.h"
#include "base/reactor.h"

/*
 * handover -- gives a pending turn to this machine's turn pool: one FastCGI request
 * POST /internal/run, without waiting. Process: housekeeper.
 */
struct handover;
/* status: of the reply; 0 = none came (refused, cut, late). retry_ms: Retry-After, -1 = none.
 * The handover is gone afterwards. */
typedef void handover_fn(void *arg, int status, int retry_ms);
struct handover_order {
    const char *socket_path; /* the turn pool's, see struct worker */
    const char *uid, *turn;
};
/*
 * order is not kept.
 * Returns 0; ERR_FULL (its backlog is), ERR_NET (nobody listens), ERR_NOMEM: fn is not called.
 */
MUST_CHECK int handover_start(struct handover **out, struct reactor *reactor,
    const struct handover_order *order, handover_fn *fn, void *arg);
/* fn is not called. */
void handover_cancel(struct handover *h);

#endif
