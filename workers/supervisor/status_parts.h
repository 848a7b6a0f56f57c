/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_SUPERVISOR_STATUS_PARTS_H
#define TURNPIKE_WORKERS_SUPERVISOR_STATUS_PARTS_H

#include "workers/supervisor/status.h"

#include <stddef.h>

/*
 * status_parts -- what status.c (text and JSON) and metrics.c (OpenMetrics) share. Process:
 * supervisor.
 */
#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "0.1.0"
#endif

/* All processes of a pool. */
struct pool_sum {
    size_t workers, ready, busy, starting, leaving, backoff;
    size_t seats, seats_busy;
    unsigned long long requests, turns, errors, messages, dropped;
    long long connections, memory;
    unsigned long long slow;
    long long slowest_ms;
    int waiting, backlog; /* of the socket; -1 unknown */
};
void status_sum_pools(const struct status_view *view, struct pool_sum sums[SCOREBOARD_POOLS]);
/* Processes that the configuration asks for. */
size_t status_pool_wanted(const struct status_view *view, int pool);
/* Of the generation that serves; 0 = none does. */
unsigned status_current_number(const struct status_view *view);

#endif
