/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_STORE_TURNS_H
#define TURNPIKE_STORE_TURNS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/ident.h"
#include "store/keys.h"
#include "store/logentry.h"
#include "store/store.h"
#include "store/usage.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * turns -- the life of a turn in Redis: start, lease, checkpoints, stop, end. Each function that
 * changes a turn does so by one script in store/lua, so the change is whole or not at all
 * (turns_abandon of a turn whose log was lost: by a second script, that of turns_fail). Hints
 * (store/hints.h) are not part of it, as they are in another slot: turns_begin, turns_claim and
 * both ways to renew write the turn's hint in front of the script. turns_hint_remove,
 * turns_describe, turns_reply and turns_log_read are plain commands.
 *
 * Turn states: answered (only recorded: it answers approvals, and nobody has begun it), queued,
 * pending (its session's next, waits for a worker), running, done, cancelled, interrupted (ended
 * with open approvals), failed.
 */
#define TURNS_CURSOR_SIZE 48 /* "EPOCH-N" */

enum turns_on_busy { TURNS_ENQUEUE, TURNS_INTERRUPT, TURNS_REJECT };
/*
 * A client message id that came before: it names that turn (TURNS_SAME); this message from now on,
 * whatever came (TURNS_ANEW); that turn, unless it failed or was stopped (TURNS_AGAIN).
 */
enum turns_naming { TURNS_SAME, TURNS_ANEW, TURNS_AGAIN };

struct turns_request {
    const char *uid, *session, *turn; /* turn: a new UUID v7 */
    const char *client_message_id;    /* NULL = none: not idempotent */
    const char *body_hash;            /* SHA-256 of what makes the request the same */
    /* new AG-UI messages as JSON; those whose id the session's tail has already are skipped */
    const char *const *messages;
    size_t message_count;
    /*
     * The last message may be a user's that came before: the conversation goes back to it, with its
     * new text if it has one, and what came after it is kept as a branch. False: it is skipped.
     */
    bool rewinds;
    enum turns_naming naming; /* what a client message id that came before means */
    const char *first_event;  /* RUN_STARTED as JSON */
    const char *input;   /* the turn's input as JSON (agent/input.h), for any worker that runs it */
    const char *title;   /* used when the session has none; may be NULL */
    const char *webhook; /* URL that is told of its end (store/webhooks.h); may be NULL */
    enum turns_on_busy on_busy;
    bool may_run; /* false: a reserved worker: answer, queue, never run */
    /* it is recorded already: it is accepted in any case, as pending when it cannot run now */
    bool may_pend;
    /* when it cannot run now and its user has no turn running or waiting: accepted as pending */
    bool may_wait;
    bool others_wait; /* the waiting turns would take all free seats: this one goes behind them */
    struct usage_account *account; /* whose it is, and what that may use; NULL = anything */
    bool counts;                   /* this message is still to be counted for its minute */
    bool only_known;      /* answer TURNS_DUPLICATE and TURNS_MISMATCH, else TURNS_REFUSED */
    size_t history_limit; /* messages returned */
};

enum turns_outcome {
    TURNS_STARTED, /* this worker owns the turn: run it */
    TURNS_QUEUED,  /* accepted, runs later */
    /* accepted, nothing ran in the session but may_run was false: housekeeper hands it over */
    TURNS_PENDING,
    TURNS_DUPLICATE, /* the earlier turn with this client message id */
    TURNS_MISMATCH,  /* the same client message id with another body */
    TURNS_BUSY,      /* reject was asked for and a turn runs */
    TURNS_QUEUE_FULL,
    /* turn.user of the user's turns run and turn.queue wait for that: nothing was written */
    TURNS_USER_FULL,
    /* a limit of the user or of the API key is used up, as account->over says: nothing was
     * written */
    TURNS_LIMIT,
    TURNS_REFUSED, /* session free, but it can neither run nor wait: nothing was written */
    TURNS_GONE     /* the chat of a trip that its owner has not opened: nothing was written */
};

/* What a worker needs to run a turn; texts live in the arena given. */
struct turns_start {
    enum turns_outcome outcome;
    char turn[IDENT_UUID_SIZE];
    char uid[IDENT_USER_MAX + 1], session[IDENT_SESSION_MAX + 1];
    char state[16]; /* of the turn, as stored */
    /* where its stream begins: a viewer's cursor before RUN_STARTED ("" while queued: then the
     * log's present end) */
    char cursor[TURNS_CURSOR_SIZE];
    int64_t epoch;
    int64_t next_n; /* N of the next event of this epoch (2 after RUN_STARTED) */
    unsigned attempt;
    unsigned position;  /* in the queue, from 1 */
    bool waits_for_own; /* pending until one of the user's own turns ends, not for a worker */
    bool stopped;       /* a stop came before the start: end it as cancelled */
    int64_t created_ms, started_ms; /* Redis time */
    const char *input;
    const char **history; /* messages as JSON, oldest first, the new ones included */
    size_t *history_len;
    size_t history_count;
    const char **memories; /* of the user, records of the family "memory", the newest first */
    size_t memory_count;
    bool rewound;        /* messages that viewers have seen have left */
    const char *context; /* of the user (GET|PUT /context), a JSON object */
    const char **steps;  /* checkpoints of earlier attempts */
    size_t step_count;
    /* How the conversation begins, {"text":...} with further members; "" = there is no summary. */
    const char *summary;
    size_t summary_behind; /* the last messages of the conversation, which it does not cover */
    bool summary_later;    /* none is to be made now: that has failed a moment ago */
    /* What an earlier attempt's worker wrote of its model's answer with its last entries
     * (eventlog_mark); "" = nothing. */
    const char *upstream;
    int64_t user_max; /* TURNS_USER_FULL: how many of its user's may run at once */
    bool looked;      /* its limits were looked at when it began: nothing is used up */
    /* Its worker's: what it has used goes along with every checkpoint and with its end, and what is
     * used up comes back. NULL = nothing is counted. */
    struct usage_account *account;
};

MUST_CHECK int turns_begin(struct store *s, const struct turns_request *request,
    struct arena *arena, struct turns_start *out);
/*
 * turns_claim -- a pending turn, handed over by a housekeeper. One whose worker is gone has
 * attempt > 1 (or released before), its steps, and in the log a CUSTOM event turnpike.resumed as
 * the new epoch's first entry; cursor is still the one before its very first entry.
 * Returns 0 (outcome TURNS_STARTED), ERR_NOT_FOUND, ERR_CONFLICT (runs elsewhere or is ended),
 * ERR_RATE (turn.user of the user's turns run: when one ends, tp:wake names this one).
 */
MUST_CHECK int turns_claim(struct store *s, const char *uid, const char *turn, size_t history_limit,
    struct arena *arena, struct turns_start *out);

/* Did a message of this client message id come before, whatever it said? known: out. */
MUST_CHECK int turns_is_known(struct store *s, const char *uid, const char *client_message_id,
    bool *known);

/* Renews the lease. stop: out, whether a stop is asked for. Returns 0, ERR_FENCED, ERR_STORE*. */
MUST_CHECK int turns_renew(struct store *s, const struct turns_start *turn, bool *stop);
/* The same in the pipeline: fn gets 0, ERR_FENCED or ERR_CANCELLED (stop asked). */
struct turns_renewal { /* its owner's; stays where it is until the reply, or turns_renew_forget */
    void (*fn)(void *arg, int result);
    void *arg;
};
MUST_CHECK int turns_renew_send(struct store *s, const struct turns_start *turn,
    struct turns_renewal *renewal);
/* Its fn is not called any more. */
void turns_renew_forget(struct store *s, const struct turns_renewal *renewal);
/* Appends a checkpoint (JSON). Returns 0, ERR_FENCED, ERR_STORE*. */
MUST_CHECK int turns_checkpoint(struct store *s, const struct turns_start *turn, const char *json,
    size_t len);
/*
 * turns_checkpoint_summary -- the same, and with it a summary of how the conversation begins: both
 * or none. What the user goes back behind loses its summaries (turns_begin). The latest 8 are kept.
 *   behind   the last messages of the conversation, as it stood at the turn's start, that it does
 *            not cover; at least 1
 *   text     the summary; NULL: it was made in vain
 *   wait_ms  in vain: for how long turns of the session are told so (summary_later)
 */
struct turns_summary {
    size_t behind;
    const char *text;
    int64_t wait_ms;
};
MUST_CHECK int turns_checkpoint_summary(struct store *s, const struct turns_start *turn,
    const char *json, size_t len, const struct turns_summary *summary);

struct turns_end {
    const char *state;           /* done, cancelled, interrupted, failed */
    const char *const *messages; /* to append to the conversation, JSON */
    size_t message_count;
    const char *const *events; /* "RUN FLAGS JSON" entries, the last one final */
    const size_t *event_len;
    size_t event_count;
    int64_t first_n;             /* N of events[0] */
    const char *usage;           /* JSON array or NULL */
    const char *error_code;      /* or NULL */
    int http_status;             /* of the JSON reply */
    const char *reply;           /* JSON body that a JSON client of this turn gets */
    const char *context_updates; /* JSON object or NULL */
    bool take_next;              /* start the session's next queued turn for this worker */
    bool untrusted;              /* others wrote some of the conversation: kept with the session */
    size_t history_limit;
};
/*
 * turns_finish -- ends the turn. next: outcome TURNS_STARTED when the next queued turn has been
 * started for this worker (take_next), else outcome is TURNS_DUPLICATE (nothing to run).
 * Returns 0 (also when a lost reply made it run twice), ERR_FENCED, ERR_STORE*; ERR_BEHIND: nothing
 * was done, as the log lacks entries in front of first_n (eventlog_doubt and a flush put them
 * there).
 */
MUST_CHECK int turns_finish(struct store *s, const struct turns_start *turn,
    const struct turns_end *end, struct arena *arena, struct turns_start *next);
/*
 * turns_fail -- by the housekeeper, for a turn whose worker died: new epoch, final event
 * RUN_ERROR(code, message), session released, next turn pending. Harmless when ended already.
 * only_if_expired: only when its lease has run out. Returns 0; ERR_CONFLICT (lives); ERR_NOT_FOUND;
 * ERR_NOMEM; ERR_STORE*, after which nobody knows whether it ended.
 */
MUST_CHECK int turns_fail(struct store *s, const char *uid, const char *turn, bool only_if_expired,
    const char *code, const char *message);

/*
 * turns_abandon -- a running turn that its worker will not finish becomes claimable: told by the
 * supervisor, its lease ran out, or given back by its own worker. Until it is claimed its epoch
 * stays, so a worker that was only slow may still renew, write and finish it. When turn.attempts
 * are used up it ends with RUN_ERROR turn_attempts.
 *   next     out: the turn to hand over now (itself, or the session's next), or ""
 *   suspect  out, or NULL: that one is for a quarantine worker, as a worker died or hung in it, now
 *   or in an earlier attempt
 * Returns 0; ERR_CONFLICT (lives or has ended); ERR_NOT_FOUND; ERR_NOMEM; ERR_STORE*, after which
 * it may have been given up. A turn whose log was lost ends with RUN_ERROR log_lost: the result is
 * that of turns_fail, and next is "".
 *
 * TURNS_DEAD: its worker died while it executed this turn. TURNS_SPARED: its worker died, but did
 * something else at that moment. TURNS_STUCK, TURNS_BESIDE: the lease ran out, and its worker, of
 * this machine, lives but hangs: in this turn, or in something else. A turn given back, spared or
 * beside loses no attempt; spared or beside more often than TURNS_SPARED_MAX times it does, so that
 * one which ends its workers' loops has an end.
 */
#define TURNS_SPARED_MAX 8
enum turns_loss_kind {
    TURNS_DEAD,
    TURNS_EXPIRED,
    TURNS_RELEASED,
    TURNS_SPARED,
    TURNS_STUCK,
    TURNS_BESIDE
};
struct turns_loss {
    enum turns_loss_kind how;
    const char *owner; /* DEAD, SPARED: how the owner begins, "MACHINE/turn/PID/"; NULL = any */
    int64_t epoch;     /* TURNS_RELEASED: by the worker of this epoch */
};
MUST_CHECK int turns_abandon(struct store *s, const char *uid, const char *turn,
    const struct turns_loss *loss, char next[IDENT_UUID_SIZE], bool *suspect);
/* What this turn has written into the log so far, from its first entry on. fn returns 0 or what
 * ends the reading. Returns that, or an ERR_STORE* error. */
typedef int turns_entry_fn(void *arg, const struct logentry *e);
MUST_CHECK int turns_log_read(struct store *s, const struct turns_start *turn, turns_entry_fn *fn,
    void *arg);

struct turns_target { /* exactly one of the texts is not NULL */
    const char *turn, *session, *client_message_id;
    /* only when the turn has not begun: then its messages do not join the conversation either */
    bool take_back;
};
/* Stop. state: out, state before; with take_back TURNS_TAKEN_BACK when it will not run. Returns 0;
 * ERR_NOT_FOUND (for client_message_id never: it is remembered). */
#define TURNS_TAKEN_BACK "taken_back"
MUST_CHECK int turns_stop(struct store *s, const char *uid, const struct turns_target *target,
    char turn_out[IDENT_UUID_SIZE], char state[16]);

/* A turn as a JSON object for GET /turns/{id}. Returns 0, ERR_NOT_FOUND. */
struct buf;
MUST_CHECK int turns_describe(struct store *s, const char *uid, const char *turn, struct buf *json);
/* The session that a turn belongs to. Returns 0, ERR_NOT_FOUND. */
MUST_CHECK int turns_session(struct store *s, const char *uid, const char *turn,
    char session[IDENT_SESSION_MAX + 1]);
/* reply and status as stored at the end. ERR_NOT_YET while it has not ended. */
MUST_CHECK int turns_reply(struct store *s, const char *uid, const char *turn, struct buf *json,
    int *http_status);

/* What is stored of a turn, for forms of it that others than this file know. Texts are in the
 * arena. */
struct turns_record {
    char session[IDENT_SESSION_MAX + 1];
    const char *state, *first_event, *first; /* first: the cursor in front of its events */
    const char *error_code, *reply;          /* "" until it has ended */
    size_t reply_len;
    int64_t created_ms, started_ms, ended_ms; /* 0 = not yet */
    int http_status;
    int64_t epoch; /* under which it ran last */
};
/* Returns 0, ERR_NOT_FOUND, ERR_NOMEM, ERR_STORE*. */
MUST_CHECK int turns_read(struct store *s, const char *uid, const char *turn, struct arena *arena,
    struct turns_record *out);
/*
 * turns_forget -- drops the record of a turn that has ended; its conversation stays. Returns 0,
 * ERR_NOT_FOUND, ERR_CONFLICT (it has not ended), ERR_STORE*.
 */
MUST_CHECK int turns_forget(struct store *s, const char *uid, const char *turn);

/* Housekeeper: hints that are due at until_ms (real time; 0 = now by Redis' clock), oldest
 * first. */
struct turns_hint {
    char uid[IDENT_USER_MAX + 1], turn[IDENT_UUID_SIZE];
    int64_t due_ms;
    char part[KEYS_MAX]; /* where it was found; "" = nowhere: somebody has named it */
};
MUST_CHECK int turns_hints(struct store *s, int64_t until_ms, struct turns_hint *out, size_t max,
    size_t *count);
MUST_CHECK int turns_hint_remove(struct store *s, const char *uid, const char *turn);
/*
 * State of a hinted turn: "running" with lease left, "pending", ...: decides what to do. A pending
 * one that waits for a place is "held" while turn.user of its user's turns run, else "waiting"; one
 * in whose execution a worker died is "suspect". The
 * hint of a running one with lease left, of a queued, held or waiting one is moved to when another
 * look may be worth it: such ones must not be in front of those that nobody looks after.
 */
MUST_CHECK int turns_state(struct store *s, const char *uid, const char *turn, char state[16],
    int64_t *lease_left_ms);

/* What a turn that is over has used by now: a JSON array. Nothing when it is not known any more. */
MUST_CHECK int turns_note_usage(struct store *s, const char *uid, const char *turn,
    const char *usage, const struct usage_account *account);

#endif
