/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_LAG_H
#define TURNPIKE_FCGI_APP_LAG_H

#include "process/measure.h"
#include "process/worker.h"

#include <stdint.h>

/*
 * lag -- passes of a turn worker's loop that took longer than LAG_US. While one lasts all other
 * turns of the worker stand still, so the worker's slot counts it. The log names it, in at most 10
 * lines in 10 s.
 */
#define LAG_US 20000
struct lag {
    struct worker *worker;
    bool named;              /* in this pass */
    struct measure_row *row; /* MEASURE_LOOP_LAG; NULL until the first pass */
};
/* A task ran for so long without waiting: struct tasks_settings' on_slow. arg: the struct lag. */
void lag_on_slow(void *arg, int mark, int64_t us);
/* At the end of each pass: what it took, without the time that the loop slept. */
void lag_on_pass(struct lag *l, int64_t us);

#endif
