/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_SUPERVISOR_METRICS_H
#define TURNPIKE_WORKERS_SUPERVISOR_METRICS_H

#include "base/buf.h"
#include "workers/supervisor/status.h"

/*
 * metrics -- everything that is measured, as text: the state of the processes, from the scoreboard
 * and the kernel, and the counters and histograms of process/measure.h. What is not known is left
 * out. docs/measurements.md has each metric; a new one is a row of MEASURE_TABLE, or of
 * metrics_pool here. Process: supervisor.
 */
enum metrics_form {
    METRICS_OPEN, /* OpenMetrics 1.0 */
    METRICS_TEXT  /* Prometheus' older text format, 0.0.4 */
};
#define METRICS_OPEN_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define METRICS_TEXT_TYPE "text/plain; version=0.0.4; charset=utf-8"
void metrics_write(const struct status_view *view, enum metrics_form form, struct buf *out);

#endif
