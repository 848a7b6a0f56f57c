/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_PROCESS_WORKER_H
#define TURNPIKE_PROCESS_WORKER_H

#include "base/conf.h"
#include "base/err.h"
#include "process/scoreboard.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * worker -- everything that a worker process of any kind gets from the supervisor after the fork,
 * and the entry point of each kind. Before the entry point runs, worker_enter has reset signal
 * dispositions, blocked TERM, QUIT, USR1, HUP and INT, and set PR_SET_PDEATHSIG. It has checked the
 * parent, closed foreign descriptors, and set the process title and log name. An entry point
 * returns the exit status.
 *
 * Signals to a worker (it sees them only inside its wait):
 *   TERM  drain: finish the present work, take nothing new, exit 0 when done
 *   QUIT  end the running turns at their next step (drain time over)
 *   USR1  log_reopen
 */
struct worker {
    const struct conf *conf;
    struct scoreboard *board;
    struct scoreboard_slot *slot;
    unsigned slot_index, generation;
    int listen_fd;     /* its pool's socket, O_NONBLOCK | CLOEXEC; -1 for the housekeeper */
    int supervisor_fd; /* stream socket to the supervisor: housekeeper gets lines on it; else -1 */
    const char *turn_socket;       /* path of the turn pool's FastCGI socket */
    const char *quarantine_socket; /* the same of the quarantine workers */
    const char *tool_socket;       /* the same of the tool processes; NULL = there are none */
    sigset_t wait_mask; /* mask for reactor_step / epoll_pwait: lets TERM, QUIT, USR1 in */
    volatile sig_atomic_t drain, abort_turn,
        reopen;           /* set by the handlers worker_signals installs */
    int notify_fd;        /* eventfd of the supervisor; -1 = none: see worker_ready */
    unsigned key_waits;   /* its requests that wait for the keys of a token's issuer */
    unsigned uncounted;   /* dear requests that Redis could not count, since ... */
    int64_t uncounted_ms; /* ... this (monotonic) */
};
/*
 * A quarantine worker: a turn worker of one seat, to which the housekeeper hands a turn in whose
 * execution a worker died. The supervisor forks it when such a turn waits; it leaves by itself when
 * none has come for turn.quarantine_idle.
 */
static inline bool worker_is_quarantine(const struct worker *w)
{
    return atomic_load_explicit(&w->slot->pool, memory_order_relaxed) == SCOREBOARD_QUARANTINE;
}
/*
 * Header of each reply to an internal request (TP_INTERNAL): the slot of the worker that answers,
 * decimal, so that its peer knows where a kept connection leads.
 */
#define WORKER_SLOT_HEADER "Turnpike-Worker"
/*
 * Tells the supervisor that this worker serves now: sets slot->ready and wakes the supervisor. Then
 * the code that was needed only to start is given back (process/footprint.h).
 */
void worker_ready(struct worker *w);
/*
 * The worker says that it is not stuck. Stream workers and the housekeeper call it at least every
 * second; api and turn workers each time their idle wait comes round, at most WORKER_IDLE_MS apart.
 * These two also call it before each change of stage or turn deadline by which the supervisor
 * judges them (crew_watch.c).
 */
#define WORKER_IDLE_MS 5000
void worker_beat(struct worker *w);
/* Installs the handlers that only set the three flags of the one struct worker. No SA_RESTART. */
void worker_signals(struct worker *w);
/* Private memory (Private_Clean + Private_Dirty of smaps_rollup), bytes; -1 when unknown. */
long long worker_memory(void);
/*
 * Must the worker leave now because of its requests, age or memory? Usually the supervisor sees a
 * worker at its limit, forks the replacement and sends TERM when that serves. This is the bound for
 * when it cannot: twice the limit. The jitter is made from slot and generation.
 */
bool worker_is_due(const struct worker *w);

/*
 * The same limits, times `times`: the one that is exceeded ("requests 2012", "age", "memory"), or
 * NULL. Process: worker and supervisor.
 */
#define WORKER_REASON_SIZE 64
const char *worker_over_limit(const struct conf *conf, const struct scoreboard_slot *slot,
    unsigned slot_index, unsigned generation, unsigned times, char reason[WORKER_REASON_SIZE]);

/*
 * worker_enter -- the first thing in a new child, the one place that undoes what it inherited:
 * dies with its parent (checked), default signal dispositions, worker signals blocked, every
 * descriptor closed but 0 to 2, the log's and `keep`; title, log name.
 *   parent  the supervisor's pid; a child that finds another one ends
 */
void worker_enter(struct worker *w, pid_t parent, const int *keep, size_t keep_count);
/* Makes the arguments' memory usable for titles. Process: supervisor, first thing in main. */
void worker_title_init(int argc, char **argv);
void worker_title_set(const char *title);

MUST_CHECK int api_worker_main(struct worker *w);
MUST_CHECK int turn_worker_main(struct worker *w);
MUST_CHECK int stream_worker_main(struct worker *w);
MUST_CHECK int tool_process_main(struct worker *w);
MUST_CHECK int housekeeper_main(struct worker *w);

#endif
