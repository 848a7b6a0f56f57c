/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_PROCESS_SLOTS_H
#define TURNPIKE_PROCESS_SLOTS_H

/*
 * slots -- the life of a worker slot as a complete table: state x event -> next state and one tiny
 * action. Pure. The supervisor acts on it (workers/supervisor/crew_step.c). Stream workers read the
 * states from the scoreboard, so the table is in process/.
 *
 * "Wanted" states are those whose worker is replaced in place when it dies; the other ones have
 * been told to go and their slot becomes empty.
 */
#define SLOTS_STATE_TABLE(X) \
    X(SLOTS_EMPTY, "empty")             /* no process, none wanted */ \
    X(SLOTS_BACKOFF, "backoff")         /* no process, the next one is forked later */ \
    X(SLOTS_STARTING, "starting")       /* forked, not ready yet */ \
    X(SLOTS_READY, "ready")             /* serves */ \
    X(SLOTS_REPLACING, "replacing")     /* serves until its replacement does */ \
    X(SLOTS_ABORTING, "aborting")       /* stuck: ABRT sent; wanted */ \
    X(SLOTS_KILLING, "killing")         /* KILL sent; wanted */ \
    X(SLOTS_RETIRING, "retiring")       /* TERM sent: finishes what runs */ \
    X(SLOTS_TERMINATING, "terminating") /* QUIT and TERM sent: ends what runs */ \
    X(SLOTS_DYING, "dying")             /* KILL sent */

#define SLOTS_EVENT_TABLE(X) \
    X(SLOTS_ON_SPAWN, "spawn") /* the supervisor wants a worker here */ \
    X(SLOTS_ON_FORK_FAILED, "fork-failed") \
    X(SLOTS_ON_READY, "ready")               /* the worker said so */ \
    X(SLOTS_ON_LATE, "late")                 /* worker_ready passed in STARTING */ \
    X(SLOTS_ON_DUE, "due")                   /* recycling: its turn has come */ \
    X(SLOTS_ON_REPLACED, "replaced")         /* its replacement serves */ \
    X(SLOTS_ON_EXIT_CLEAN, "exit-clean")     /* reaped, status 0 */ \
    X(SLOTS_ON_EXIT_CRASH, "exit-crash")     /* reaped, signal or another status */ \
    X(SLOTS_ON_EXIT_AT_WORK, "exit-at-work") /* the same, while it worked for somebody */ \
    X(SLOTS_ON_EXIT_IDLE, "exit-idle")       /* reaped, status 0; forked again when asked for */ \
    X(SLOTS_ON_STUCK, "stuck")               /* its loop does not come round */ \
    X(SLOTS_ON_GRACE_OVER, "grace-over")     /* kill_grace passed since the last signal */ \
    X(SLOTS_ON_RETIRE, "retire")             /* drain, older generation */ \
    X(SLOTS_ON_DRAIN_OVER, "drain-over")     /* drain time passed in RETIRING */ \
    X(SLOTS_ON_HURRY, "hurry")               /* a second TERM to the supervisor */ \
    X(SLOTS_ON_BACKOFF_OVER, "backoff-over")

#define SLOTS_ACTION_TABLE(X) \
    X(SLOTS_FAULT, "fault")     /* cannot happen: said in the log, nothing is done */ \
    X(SLOTS_IGNORE, "ignore")   /* happens and needs nothing */ \
    X(SLOTS_FORK, "fork")       /* fork the worker, set the ready deadline */ \
    X(SLOTS_SERVE, "serve")     /* note readiness; a replaced worker may go */ \
    X(SLOTS_REPLACE, "replace") /* spawn the replacement in another slot */ \
    X(SLOTS_TERM, "term")       /* TERM, set the drain deadline */ \
    X(SLOTS_ABORT, "abort")     /* QUIT and TERM, or ABRT; the trail in the log, set the grace */ \
    X(SLOTS_KILL, "kill")       /* KILL with the trail in the log, set the grace */ \
    X(SLOTS_AGAIN, "again")     /* settle the death, set the delay of the next fork */ \
    X(SLOTS_RESPAWN, "respawn") /* settle the death, fork the next one at once */ \
    X(SLOTS_FREE, "free")       /* settle the death, forget the slot */ \
    X(SLOTS_CANCEL, "cancel")   /* forget the slot; no process was there */

#define SLOTS_ENUM_(name, text) name,
enum slots_state { SLOTS_STATE_TABLE(SLOTS_ENUM_) SLOTS_STATES };
enum slots_event { SLOTS_EVENT_TABLE(SLOTS_ENUM_) SLOTS_EVENTS };
enum slots_action { SLOTS_ACTION_UNSET, SLOTS_ACTION_TABLE(SLOTS_ENUM_) SLOTS_ACTIONS };
#undef SLOTS_ENUM_

struct slots_cell {
    enum slots_state next;
    enum slots_action action;
};
/* The cell; every state and event has one. */
struct slots_cell slots_step(enum slots_state state, enum slots_event event);

const char *slots_state_name(enum slots_state state);
const char *slots_event_name(enum slots_event event);
const char *slots_action_name(enum slots_action action);

#endif
