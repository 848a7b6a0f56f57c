#ifndef TURNPIKE_WORKERS_CREW_SEATS_H
#define TURNPIKE_WORKERS_CREW_SEATS_H

#include "base/conf.h"
#include "workers/scoreboard.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * crew_seats -- how many worker processes a configuration asks for and how many seats each of them
 * has, and which seats of the scoreboard are whose. Process: supervisor.
 *
 * A machine runs turn.seats turns at once. turn.reserved more seats answer duplicates, queue and
 * refuse. While a turn worker runs one turn at a time, each seat is a process of its own and the
 * last turn.reserved of them never run a turn; else the seats are divided over turn.workers
 * processes and the count of running turns (scoreboard_turn_take) keeps the reserved ones free.
 */
#define SEATS_PER_WORKER_IS_ONE false

/* Processors, 1 to 256. */
size_t crew_cores(void);
/*
 * All three: one_each: a turn worker has one seat. conf: checked.
 *   crew_turn_processes  1 to 4160
 *   crew_seats_of        seats of the pool's process `position`, from 0; 0 = the pool uses none
 *   crew_is_reserved     whether that process never runs a turn
 */
size_t crew_turn_processes(const struct conf *conf, bool one_each);
size_t crew_seats_of(
    const struct conf *conf, bool one_each, enum scoreboard_pool pool, size_t position);
bool crew_is_reserved(
    const struct conf *conf, bool one_each, enum scoreboard_pool pool, size_t position);
/* Says in the log when turn.workers looks like a number of turns. */
void crew_seats_advise(const struct conf *conf);

/* Which seats belong to some slot. */
struct crew_seats {
    bool *taken;
    size_t count;
};
/* Returns 0 or ERR_NOMEM. */
int crew_seats_init(struct crew_seats *s, size_t count);
void crew_seats_fini(struct crew_seats *s);
/* The first of `count` free seats in a row, now taken; -1: there are none. Of 0 seats: 0. */
int crew_seats_take(struct crew_seats *s, size_t count);
void crew_seats_give(struct crew_seats *s, size_t first, size_t count);

#endif
