/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_SUPERVISOR_METRICS_DESK_H
#define TURNPIKE_WORKERS_SUPERVISOR_METRICS_DESK_H

#include "base/conf.h"
#include "base/err.h"
#include "base/reactor.h"
#include "workers/supervisor/metrics.h"

#include <stddef.h>

/*
 * metrics_desk -- gives the metrics away: to scrapers that ask `metrics.listen`, and into
 * `metrics.file`. The supervisor does it, so it works when all workers are stuck. Whoever asks can
 * take little from it: METRICS_DESK_CLIENTS connections of METRICS_DESK_TIME_MS each (when all are
 * taken, a new one ends the oldest), a request of METRICS_DESK_HEAD bytes; the text is made at most
 * once in METRICS_DESK_FRESH_MS for each form.
 *
 * An address that is taken does not stop the start: it is said once, and tried again every
 * METRICS_DESK_AGAIN_MS. Process: supervisor.
 */
#define METRICS_DESK_CLIENTS 8
#define METRICS_DESK_TIME_MS 5000
#define METRICS_DESK_HEAD 8192
#define METRICS_DESK_FRESH_MS 250
#define METRICS_DESK_AGAIN_MS 10000
#define METRICS_DESK_FILE_MS 15000

struct metrics_desk;
/* view: fills in what is to be written. */
typedef void metrics_desk_view_fn(void *arg, struct status_view *view);
MUST_CHECK int metrics_desk_new(struct metrics_desk **out, struct reactor *reactor,
    metrics_desk_view_fn *view, void *arg);
/* Removes the file, whose values would stand still. NULL allowed. */
void metrics_desk_free(struct metrics_desk *d);
/*
 * In each pass: listens where the settings say, which a reload may change, and writes the file when
 * its time has come. conf: of the generation that serves. Returns when to come back, monotonic.
 */
int64_t metrics_desk_step(struct metrics_desk *d, const struct conf *conf, int64_t now_ms);

#endif
