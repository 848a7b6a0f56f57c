/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_SUPERVISOR_CREW_SEATS_H
#define TURNPIKE_WORKERS_SUPERVISOR_CREW_SEATS_H

#include "base/conf.h"
#include "base/err.h"
#include "process/scoreboard.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * crew_seats -- how many worker processes a configuration asks for and how many seats each of them
 * has, and which seats of the scoreboard are whose. Process: supervisor.
 *
 * A machine runs turn.seats turns at once. turn.reserved more seats answer duplicates, queue and
 * refuse: all of them are divided over turn.workers processes, and the count of running turns
 * (scoreboard_turn_take) keeps the reserved ones free.
 */

/* Processors, 1 to 256. */
size_t crew_cores(void);
/* conf: checked. Processes of the turn pool: 2 to 256. */
size_t crew_turn_processes(const struct conf *conf);
/* Tool processes: tool.processes, or half the cores and at least 2. */
size_t crew_tool_processes(const struct conf *conf);
/* conf: checked. Seats of the pool's process `position`, from 0. Those of a stream worker say what
 * it would die in (workers/stream/stream_guard.h). */
size_t crew_seats_of(const struct conf *conf, enum scoreboard_pool pool, size_t position);
/* Says in the log when turn.workers looks like a number of turns. */
void crew_seats_advise(const struct conf *conf);

/* Which seats belong to some slot. */
struct crew_seats {
    bool *taken;
    size_t count;
};
/* Returns 0 or ERR_NOMEM. */
MUST_CHECK int crew_seats_init(struct crew_seats *s, size_t count);
void crew_seats_fini(struct crew_seats *s);
/* The first of `count` free seats in a row, now taken; -1: there are none. Of 0 seats: 0. */
MUST_CHECK int crew_seats_take(struct crew_seats *s, size_t count);
void crew_seats_give(struct crew_seats *s, size_t first, size_t count);

#endif
