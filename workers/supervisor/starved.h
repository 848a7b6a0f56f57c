/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_SUPERVISOR_STARVED_H
#define TURNPIKE_WORKERS_SUPERVISOR_STARVED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * starved -- tells a worker that is late because it gets no processor from one that is stuck. To
 * kill the first would only make an overloaded machine's work more. Process: supervisor.
 *
 * By /proc/PID/stat (proc(5)): a late process that can run, or waits for a disk, is starved until
 * it has used STARVED_CPU_MS since starved_look: what computes for that long without a beat is
 * caught in a loop. One that sleeps or is stopped, though its time has come, is stuck.
 */
#define STARVED_CPU_MS 5000

/* Of one worker, while it gives no beat. Zeroed = not looked at yet. */
struct starved {
    bool looked;
    int64_t cpu_ms; /* used at the first look */
};
/* The first time: what it has used so far. To be called well before it is late. */
void starved_look(struct starved *s, pid_t pid);
/* False when it is stuck, also when nothing can be read of it. */
bool starved_is(struct starved *s, pid_t pid);

#endif
