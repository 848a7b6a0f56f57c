/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_SUPERVISOR_CREW_H
#define TURNPIKE_WORKERS_SUPERVISOR_CREW_H

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "process/scoreboard.h"
#include "process/slots.h"
#include "process/worker.h"
#include "workers/supervisor/crew_seats.h"
#include "workers/supervisor/sockets.h"
#include "workers/supervisor/starved.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * crew -- the supervisor's worker processes: forks, reaps, signals and recycles them as the table
 * in slots.h says. Knows nothing of requests. Process: supervisor.
 */
typedef int crew_main_fn(struct worker *w);

/* One configuration and the workers that run with it. A reload makes the next one. */
struct crew_generation {
    unsigned number;
    struct conf conf;
    size_t want[SCOREBOARD_POOLS], total;
    size_t slots; /* slots that name it; freed with the last one unless it is crew.current */
    struct crew_generation *next;
};

#define CREW_END_SIZE 384
struct crew_slot {
    enum slots_state state;
    enum scoreboard_pool pool;
    unsigned position;               /* within its pool, from 0 */
    size_t seats_first, seats_count; /* its range; the same for each process here */
    pid_t pid;
    int lines_fd;            /* housekeeper: our end of its socket; else -1 */
    int64_t since_ms;        /* of the state */
    int64_t ready_ms;        /* 0 = not yet */
    bool late;               /* killed, as it did not get ready in time */
    char end[CREW_END_SIZE]; /* how its last process died before it served; "" = none did */
    bool silent;             /* its beat was late at the last look too */
    struct starved starved;  /* while its beat is not fresh */
    int64_t deadline_ms;     /* what it means depends on the state; 0 = none */
    unsigned failures;       /* early deaths in a row */
    int replaces;            /* slot that goes when this one serves; -1 = none */
    struct crew_generation *generation;
};

struct crew {
    struct scoreboard *board;
    const struct sockets *sockets;
    crew_main_fn *const *mains; /* by pool */
    int notify_fd;
    pid_t self;
    struct crew_slot *slots;
    struct crew_seats seats;
    size_t capacity, used; /* used: no slot at or above it was ever taken */
    size_t alive;          /* processes */
    struct crew_generation *generations;
    struct crew_generation *current; /* the one that serves; set by the supervisor */
    unsigned last_generation;
    struct buf lines; /* for the housekeeper, while none listens */
    unsigned long long deaths[SCOREBOARD_POOLS], killed, recycled;
    int64_t scan_ms;          /* of the last look */
    int64_t lenient_until_ms; /* the supervisor itself was late: no beat is judged before */
};

/*
 *   sockets, mains  borrowed for the crew's life
 *   notify_fd       eventfd that workers write when ready; borrowed
 * Returns 0 or ERR_NOMEM.
 */
MUST_CHECK int crew_init(struct crew *c, const struct sockets *sockets, crew_main_fn *const *mains,
    int notify_fd);
/* Every process must have been reaped. */
void crew_fini(struct crew *c);

/*
 * crew_generation_add -- the next generation, its conf not initialised yet (the caller does, then
 * calls crew_start). Returns NULL without memory.
 */
struct crew_generation *crew_generation_add(struct crew *c);
/* For one that was never started: conf is finished when conf_ready. */
void crew_generation_drop(struct crew *c, struct crew_generation *g, bool conf_ready);
/* Spawns everything its conf asks for. Returns 0; ERR_FULL: more than there are slots or seats, and
 * nothing was spawned. */
MUST_CHECK int crew_start(struct crew *c, struct crew_generation *g);
/* All its workers are ready. */
bool crew_is_complete(const struct crew *c, const struct crew_generation *g);
/* How many of its workers serve. */
size_t crew_ready(const struct crew *c, const struct crew_generation *g);
/* One of its workers dies again and again before it has served: waiting is of no use. */
bool crew_is_hopeless(const struct crew *c, const struct crew_generation *g);
/* Why its workers do not serve: a line for each pool, with what they said last. */
void crew_explain(const struct crew *c, const struct crew_generation *g, struct buf *out);
/* Every pool has a worker that serves. */
bool crew_serves(const struct crew *c);

/* Which slots an event is for. The last: tool processes and the housekeeper, which the others
 * need. */
enum crew_whom { CREW_ALL, CREW_BUT_LAST, CREW_THIS_GENERATION, CREW_OTHER_GENERATIONS };
void crew_tell(struct crew *c, enum slots_event event, enum crew_whom whom,
    const struct crew_generation *g);
/* A signal to every process. */
void crew_signal(struct crew *c, int number);
/* Processes that are left / left except the last. */
size_t crew_alive(const struct crew *c, bool with_last);

/*
 * crew_quarantine_look -- forks a quarantine worker when a turn waits at their socket that no
 * process of the current generation is free for. Whenever a connection comes there; the scan and
 * the reaper ask too. Does nothing in a drain, nor after an upgrade.
 */
void crew_quarantine_look(struct crew *c);

/* After SIGCHLD. */
void crew_reap(struct crew *c);
/* Readiness, deadlines, limits. Returns the monotonic time of the next look that is needed. */
int64_t crew_scan(struct crew *c, int64_t now_ms);

#endif
