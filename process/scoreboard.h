/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_PROCESS_SCOREBOARD_H
#define TURNPIKE_PROCESS_SCOREBOARD_H

#include "base/breaker.h"
#include "base/err.h"
#include "base/ident.h"
#include "process/blame.h"
#include "process/keyuse.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * scoreboard -- shared memory (MAP_SHARED, made before the first fork). It has a slot for each
 * worker process and a seat for each piece of work (a request or a turn); the worker writes both,
 * the supervisor reads them. It also has the machine's count of running turns, and the breakers.
 * All are C11 atomics, except the list of free seats, which only its worker reads. A sequence
 * number guards each text (odd while it is written).
 *
 * A slot owns a range of seats, fixed before the fork (scoreboard_slot_reset). Its worker takes a
 * seat when it begins a piece of work and gives it back at the end. At every entry into that work
 * it says which seat executes (scoreboard_enter).
 */
enum scoreboard_pool {
    SCOREBOARD_API,
    SCOREBOARD_TURN,
    SCOREBOARD_STREAM,
    SCOREBOARD_QUARANTINE,
    SCOREBOARD_TOOL,
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
#define SCOREBOARD_TOOL_SIZE 48
/* One piece of work. Its worker alone writes it while it is taken; after that worker's death the
 * supervisor does. */
struct scoreboard_seat {
    atomic_int slot; /* index of its process' slot; without meaning while no range holds it */
    atomic_bool taken;
    int next_free;    /* index of the next free seat of the range, -1 = none; its worker only */
    atomic_int stage; /* enum stage */
    atomic_llong stage_since_ms;   /* monotonic */
    atomic_llong turn_started_ms;  /* monotonic; 0 = no turn */
    atomic_llong turn_deadline_ms; /* monotonic; 0 = no turn */
    atomic_llong epoch;
    atomic_uint trail[16]; /* ring of stages: stage<<24 | milliseconds since the turn's start */
    atomic_uint trail_next;
    struct scoreboard_text text;
    atomic_ullong
        tool[SCOREBOARD_TOOL_SIZE / 8]; /* name of the last one, while that says something */
    atomic_ullong token; /* change number << 1 | holds one of turn_limit; scoreboard.c only */
    struct scoreboard_work work;
    atomic_ullong work_owner;    /* whose work it is, scoreboard_owner; 0 = none, or nobody's yet */
    atomic_llong work_since_ms;  /* monotonic */
    atomic_ullong tool_owner;    /* of the call for which a tool process is asked; 0 = none */
    atomic_int voice;            /* enum voice_place, process/voice_queue.h */
    atomic_llong voice_since_ms; /* monotonic: since when it could have run */
};
#define SCOREBOARD_ERROR_SIZE 256
struct scoreboard_slot {
    /* supervisor */
    atomic_int pid;  /* 0 = no process */
    atomic_int pool; /* enum scoreboard_pool */
    atomic_uint generation;
    atomic_int state;        /* enum slots_state, process/slots.h */
    atomic_llong since_ms;   /* of the state, monotonic */
    atomic_llong started_ms; /* when it was forked, monotonic */
    atomic_uint deaths;
    atomic_int seats_first, seats_count; /* its range of board->seats; count 0 = none */
    /* worker */
    atomic_bool ready;
    atomic_int executing;  /* seat whose work executes right now; -1 = the worker's own loop */
    atomic_int seats_busy; /* taken */
    int seats_free;        /* first free seat, -1 = none; the worker only */
    atomic_ullong requests, turns, errors;
    atomic_llong memory_bytes;       /* private, measured between requests */
    atomic_llong connections;        /* stream workers */
    atomic_ullong messages, dropped; /* stream workers: out, dropped for slow viewers */
    atomic_ullong long_owner;        /* api worker: whose long request it serves; 0 = none */
    atomic_ullong passes_slow; /* turn workers: passes of the loop beyond 20 ms (fcgi-app/lag.h) */
    atomic_llong slowest_us;   /* the longest of them */
    atomic_llong beat_ms; /* worker_beat: when its loop last came round; 0 = it gives no beat */
    char last_error[SCOREBOARD_ERROR_SIZE]; /* log_last_error_use; read when it has died */
};
struct scoreboard {
    size_t slot_count;
    atomic_int running_turns, turn_limit; /* running_turns: for readers; admission decides */
    atomic_ullong admission;              /* count, last change and whose: scoreboard.c only */
    atomic_ullong refused_full, refused_stale, accepted;
    atomic_ullong refused_handovers; /* of refused_full: what the housekeeper asked for */
    atomic_bool draining;
    atomic_bool handed_over; /* another turnpiked of this machine is the service: an upgrade */
    /* Monotonic: when a worker of the pool last saw that no connection waits to be accepted. */
    atomic_llong empty_ms[SCOREBOARD_POOLS]; /* at first: when the supervisor began */
    struct breaker breakers[BREAKER_COUNT];
    atomic_int turns_waiting; /* housekeeper: turns that wait for a worker of this machine */
    struct blame blame;
    struct keyuse keyuse;
    size_t seat_count;
    struct scoreboard_seat *seats; /* at the same address in every process */
    struct scoreboard_slot slots[];
};
/* Seats that say what a process would die in, one within the other: a stream worker's frame and
 * the event that it sends meanwhile; the housekeeper's work at hand and answers that it awaits. */
#define SCOREBOARD_STREAM_SEATS 2
#define SCOREBOARD_HOUSEKEEPER_SEATS 2
/* Supervisor. seats: at most SCOREBOARD_SEATS_MAX. Returns 0; ERR_INVALID; ERR_NOMEM. */
#define SCOREBOARD_SEATS_MAX 0xffff
MUST_CHECK int scoreboard_new(struct scoreboard **out, size_t slots, size_t seats);
void scoreboard_free(struct scoreboard *b);
/*
 * Turn worker: takes one of turn_limit for this seat by compare-and-swap; false when full. The
 * count and its owner change in one step, so that a death at any moment leaves neither a lost nor
 * a doubled one. A second take by the holder, and a give by a seat that holds none, change nothing.
 */
bool scoreboard_turn_take(struct scoreboard *b, struct scoreboard_seat *seat);
void scoreboard_turn_give(struct scoreboard *b, struct scoreboard_seat *seat);
/* Supervisor, for a seat of a reaped worker: gives back what it held; true when it held one. */
bool scoreboard_turn_recover(struct scoreboard *b, struct scoreboard_seat *seat);
/*
 * Api worker: a place for a long request, so that those never hold the whole pool. _give releases
 * it, or scoreboard_slot_reset after a death. Two workers that ask at the same moment may both hear
 * no.
 *   owner  a number that stands for the user; not 0
 *   most   places there are
 * Returns 0 (also when it holds one), ERR_RATE (the owner has one elsewhere), ERR_FULL.
 */
MUST_CHECK int scoreboard_long_take(struct scoreboard *b, struct scoreboard_slot *slot,
    unsigned long long owner, int most);
void scoreboard_long_give(struct scoreboard_slot *slot);
/*
 * Supervisor, before fork: zeroes everything that a worker writes, and gives the slot the seats
 * first to first + count - 1, all free. No other slot may own one of them.
 */
void scoreboard_slot_reset(struct scoreboard *b, struct scoreboard_slot *slot, size_t first,
    size_t count);

/* --- seats: process/scoreboard_seat.c --- */

/* The worker: a free seat of its slot's range, blank; NULL when all are taken. O(1), no call. */
struct scoreboard_seat *scoreboard_seat_take(struct scoreboard *b, struct scoreboard_slot *slot);
/* The worker: its turn token goes back too. The seat must not execute any more. */
void scoreboard_seat_give(struct scoreboard *b, struct scoreboard_slot *slot,
    struct scoreboard_seat *seat);
/* The worker, or the supervisor after its death: nothing is worked on here. The token stays. */
void scoreboard_seat_clear(struct scoreboard_seat *seat);
/* Any process: the slot's seat number `i` from 0, taken or not; NULL behind the last one. */
struct scoreboard_seat *scoreboard_seat_at(const struct scoreboard *b,
    const struct scoreboard_slot *slot, size_t i);
/* Any process: the taken seat whose work executes; NULL when the worker's loop does. */
struct scoreboard_seat *scoreboard_executing(const struct scoreboard *b,
    const struct scoreboard_slot *slot);
/*
 * The worker, at every entry into a seat's work and, with NULL, whenever that work waits or has
 * ended: should the process die now, this work is what it died in. One store.
 */
static inline void scoreboard_enter(const struct scoreboard *b, struct scoreboard_slot *slot,
    const struct scoreboard_seat *seat)
{
    atomic_store_explicit(&slot->executing, seat ? (int)(seat - b->seats) : -1,
        memory_order_release);
}
void scoreboard_stage_set(struct scoreboard_seat *seat, int stage);
/* The worker: this tool begins, cut to SCOREBOARD_TOOL_SIZE - 1. The next step of the model clears
 * it. */
void scoreboard_tool_set(struct scoreboard_seat *seat, const char *name);
/* Any process: "" when no tool has run since the model's last step. */
void scoreboard_tool_get(const struct scoreboard_seat *seat, char out[SCOREBOARD_TOOL_SIZE]);
/*
 * Any process: " user U session S turn T, tool NAME: stages TRAIL", what the seat's work is and how
 * far it has come, for the log; " no turn, stage STAGE" without one. Returns out.
 */
#define SCOREBOARD_DOING_SIZE 1024
const char *scoreboard_doing(const struct scoreboard_seat *seat, char out[SCOREBOARD_DOING_SIZE]);
/* Before the start script, so that a death at any later moment names the turn. NULLs clear. */
void scoreboard_turn_set(struct scoreboard_seat *seat, const char *uid, const char *session,
    const char *turn);
/* False when there is none, or while it is being written. */
bool scoreboard_turn_get(const struct scoreboard_seat *seat, char *uid, char *session, char *turn);
/*
 * The worker's present work in this seat, for the supervisor should the worker die in it. The
 * worker sets it before it looks at the first byte of a user. NULL clears. _get is false when there
 * is none, or while the worker writes it.
 */
void scoreboard_work_set(struct scoreboard_seat *seat, const struct blame_work *work);
/* The same without whose work it is and since when, for thousands a second. */
void scoreboard_work_say(struct scoreboard_seat *seat, const struct blame_work *work);
bool scoreboard_work_get(const struct scoreboard_seat *seat, struct blame_work *out);
/*
 * Turn worker: says that it asks a tool process for this user. A user has one call there at a time,
 * on the whole machine. False: the user has another call there, and nothing is said. Of two workers
 * that ask at the same moment both may hear false.
 *   owner  scoreboard_owner
 */
bool scoreboard_tool_ask(const struct scoreboard *b, struct scoreboard_seat *seat,
    unsigned long long owner);
/* The call has ended for its worker. (Its process may still work on it, and then counts.) */
void scoreboard_tool_asked(struct scoreboard_seat *seat);
/* A number that stands for the user; never 0. */
unsigned long long scoreboard_owner(const char *uid);
/* Any process: "idle", "model-wait": the seat's stage now. */
const char *scoreboard_stage_name(const struct scoreboard_seat *seat);
/* Any process: "request+0 starting+3 model-wait+5": the stages since the turn's start,
 * milliseconds. */
#define SCOREBOARD_TRAIL_SIZE 512
void scoreboard_trail(const struct scoreboard_seat *seat, char out[SCOREBOARD_TRAIL_SIZE]);

#endif
