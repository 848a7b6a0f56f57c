#ifndef TURNPIKE_WORKERS_SCOREBOARD_H
#define TURNPIKE_WORKERS_SCOREBOARD_H

#include "base/breaker.h"
#include "base/ident.h"
#include "workers/blame.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * scoreboard -- shared memory (MAP_SHARED, made before the first fork): one slot per worker
 * process, written by its worker, read by the supervisor; the machine's count of running turns;
 * the breakers. All C11 atomics. Texts are guarded by a sequence number (odd while written).
 */
enum scoreboard_pool {
    SCOREBOARD_API,
    SCOREBOARD_TURN,
    SCOREBOARD_STREAM,
    SCOREBOARD_HOUSEKEEPER,
    SCOREBOARD_POOLS
};
const char *scoreboard_pool_name(enum scoreboard_pool pool);

struct scoreboard_text {
    atomic_uint sequence;
    char uid[IDENT_USER_MAX + 1], session[IDENT_SESSION_MAX + 1], turn[IDENT_UUID_SIZE];
};
struct scoreboard_work {
    atomic_uint sequence;
    struct blame_work now;
};
struct scoreboard_slot {
    /* supervisor */
    atomic_int pid;  /* 0 = no process */
    atomic_int pool; /* enum scoreboard_pool */
    atomic_uint generation;
    atomic_int state;      /* enum slots_state, workers/slots.h */
    atomic_llong since_ms; /* of the state, monotonic */
    atomic_uint deaths;
    /* worker */
    atomic_bool ready;
    atomic_int stage;              /* enum turn_stage */
    atomic_llong stage_since_ms;   /* monotonic */
    atomic_llong turn_deadline_ms; /* monotonic; 0 = no turn */
    atomic_ullong requests, turns, errors;
    atomic_llong memory_bytes; /* private, measured between requests */
    atomic_llong epoch;
    atomic_llong connections;        /* stream workers */
    atomic_ullong messages, dropped; /* stream workers: out, dropped for slow viewers */
    atomic_uint trail[16]; /* ring of stages: stage<<24 | milliseconds since the turn's start */
    atomic_uint trail_next;
    struct scoreboard_text text;
    atomic_ullong token;     /* change number << 1 | holds one of turn_limit; scoreboard.c only */
    atomic_llong started_ms; /* supervisor: when it was forked, monotonic */
    atomic_llong turn_started_ms; /* monotonic; 0 = no turn */
    atomic_ullong long_owner; /* api worker: whose long request it serves; 0 = none */
    struct scoreboard_work work;
    atomic_ullong work_owner;   /* whose work it is, scoreboard_owner; 0 = none, or nobody's yet */
    atomic_llong work_since_ms; /* monotonic */
    atomic_llong beat_ms; /* worker_beat: when its loop last came round; 0 = it gives no beat */
};
struct scoreboard {
    size_t slot_count;
    atomic_int running_turns, turn_limit; /* running_turns: for readers; admission decides */
    atomic_ullong admission;              /* count, last change and whose: scoreboard.c only */
    atomic_ullong refused_full, refused_stale, accepted;
    atomic_ullong refused_handovers; /* of refused_full: what the housekeeper asked for */
    atomic_bool draining;
    atomic_int pace_ms; /* least time between two appends of a turn's text, see pressure.h */
    /* Monotonic: when a worker of the pool last saw that no connection waits to be accepted. */
    atomic_llong empty_ms[SCOREBOARD_POOLS];
    struct breaker breakers[BREAKER_COUNT];
    atomic_int turns_waiting; /* housekeeper: turns that wait for a worker of this machine */
    struct blame blame;
    struct scoreboard_slot slots[];
};
/* Supervisor. Returns 0 or ERR_NOMEM. */
int scoreboard_new(struct scoreboard **out, size_t slots);
void scoreboard_free(struct scoreboard *b);
/* Worker, after fork: the slot for which scoreboard_turn_take and _give act (worker_enter does it).
 */
void scoreboard_attach(struct scoreboard_slot *slot);
/*
 * Turn worker: takes one of turn_limit by compare-and-swap; false when full. The count and whose
 * it is change in one step, so that a death at any moment leaves neither a lost nor a doubled one.
 * A second take by the holder, and a give by who holds none, change nothing.
 */
bool scoreboard_turn_take(struct scoreboard *b);
void scoreboard_turn_give(struct scoreboard *b);
/* Supervisor, for a reaped worker: gives back what it held; true when it held one. */
bool scoreboard_turn_recover(struct scoreboard *b, struct scoreboard_slot *slot);
/*
 * Api worker: a place for a long request, so that those never hold the whole pool. Released by
 * _give, or by scoreboard_slot_reset after a death. Two that come at the same moment may both be
 * refused.
 *   owner  a number that stands for the user; not 0
 *   most   places there are
 * Returns 0 (also when it holds one), ERR_RATE (the owner has one elsewhere), ERR_FULL.
 */
int scoreboard_long_take(
    struct scoreboard *b, struct scoreboard_slot *slot, unsigned long long owner, int most);
void scoreboard_long_give(struct scoreboard_slot *slot);
/* Supervisor, before fork: everything a worker writes is zero again. */
void scoreboard_slot_reset(struct scoreboard *b, struct scoreboard_slot *slot);
void scoreboard_stage_set(struct scoreboard_slot *slot, int stage);
/* Before the start script, so that a death at any later moment names the turn. NULLs clear. */
void scoreboard_turn_set(
    struct scoreboard_slot *slot, const char *uid, const char *session, const char *turn);
/* False when there is none, or while it is being written. */
bool scoreboard_turn_get(const struct scoreboard_slot *slot, char *uid, char *session, char *turn);
/*
 * What the worker works on, for the supervisor should it die in that: set before the first byte of
 * a user's is looked at. NULL clears; _get is false when there is none, or while it is written.
 */
void scoreboard_work_set(struct scoreboard_slot *slot, const struct blame_work *work);
bool scoreboard_work_get(const struct scoreboard_slot *slot, struct blame_work *out);
/* A number that stands for the user; never 0. */
unsigned long long scoreboard_owner(const char *uid);
/* Any process: "request+0 starting+3 model-wait+5": the stages since the turn's start,
 * milliseconds. */
#define SCOREBOARD_TRAIL_SIZE 512
void scoreboard_trail(const struct scoreboard_slot *slot, char out[SCOREBOARD_TRAIL_SIZE]);

#endif
