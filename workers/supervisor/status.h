/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_SUPERVISOR_STATUS_H
#define TURNPIKE_WORKERS_SUPERVISOR_STATUS_H

#include "base/buf.h"
#include "workers/supervisor/crew.h"

#include <stdint.h>

/*
 * status -- what `turnpike status` shows, read from the scoreboard and the kernel alone; no worker
 * is asked. Limits stand beside values. Process: supervisor.
 */
struct status_view {
    const struct crew *crew;
    const struct sockets *sockets;
    const char *phase;  /* "starting", "running", "reloading", "draining" */
    int64_t started_ms; /* of the supervisor, monotonic */
};
void status_text(const struct status_view *view, struct buf *out);
void status_json(const struct status_view *view, struct buf *out);
/* One line for systemd: "running, 3/64 turns, 70 workers, generation 1". */
void status_line(const struct status_view *view, char *out, size_t size);

#endif
