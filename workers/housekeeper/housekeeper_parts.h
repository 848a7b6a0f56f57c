/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_HOUSEKEEPER_HOUSEKEEPER_PARTS_H
#define TURNPIKE_WORKERS_HOUSEKEEPER_HOUSEKEEPER_PARTS_H

#include "base/err.h"
#include "base/reactor.h"
#include "process/worker.h"
#include "store/hints.h"
#include "store/notice.h"
#include "store/stats.h"
#include "store/store.h"
#include "store/turns.h"
#include "wire/redis/listen.h"
#include "workers/housekeeper/blame_desk.h"
#include "workers/housekeeper/feeds_desk.h"
#include "workers/housekeeper/handover.h"
#include "workers/housekeeper/jwks_desk.h"
#include "workers/housekeeper/keyuse_desk.h"
#include "workers/housekeeper/mcp_desk.h"
#include "workers/housekeeper/push_desk.h"
#include "workers/housekeeper/rates_desk.h"
#include "workers/housekeeper/reminders.h"
#include "workers/housekeeper/revoked_desk.h"
#include "workers/housekeeper/selftest_desk.h"
#include "workers/housekeeper/trip_desk.h"
#include "workers/housekeeper/webhooks.h"

/*
 * housekeeper_parts -- what the files of the housekeeper share with each other.
 *
 * The housekeeper looks after turns that nobody runs: those of dead workers become pending,
 * pending ones are handed to the turn pool. What it knows is a list of jobs; the truth stands in
 * Redis. It also holds the desks of reminders, webhooks, web pushes, MCP servers,
 * issuers' keys, revoked credentials, uses of API keys and shared trips.
 *
 *   housekeeper  the process: what it hears, its pass, its end
 *   job_look     finds turns that nobody runs: by their hints, and when they are named on tp:wake
 *   jobs         the list of them; each goes to a worker as soon as one is free
 */
#define HOUSEKEEPER_JOBS_MAX 4608  /* every turn of a machine at once, and some */
#define HOUSEKEEPER_WOKEN_MAX 64   /* turns named on tp:wake between two steps */
#define HOUSEKEEPER_LINE_SIZE 8192 /* of lines read at once */

enum job_kind { JOB_NONE, JOB_DEAD, JOB_RUN };
struct housekeeper;

struct job {
    enum job_kind kind;
    struct housekeeper *keeper;
    char uid[IDENT_USER_MAX + 1], turn[IDENT_UUID_SIZE];
    int pid;                  /* JOB_DEAD: of the worker */
    enum turns_loss_kind how; /* JOB_DEAD: TURNS_DEAD or TURNS_SPARED */
    uint64_t order;           /* of its arrival */
    int64_t due_ms;
    unsigned tries;
    bool busy;    /* JOB_DEAD: a task has it */
    bool suspect; /* JOB_RUN: for a quarantine worker */
    /* its worker is gone: viewers see a halt, so it does not wait as long as others */
    bool abandoned;
    struct handover *handover; /* in progress */
};

struct housekeeper {
    struct worker *worker;
    struct reactor *reactor;
    struct store *store;
    /* the tasks of JOB_DEAD share it: what a worker leaves goes out together */
    struct store *deaths;
    struct listen *listen;
    struct listen_ear ear; /* of tp:wake */
    struct reminders_desk *desk;
    struct webhooks_desk *webhooks;
    struct push_desk *pushes;
    struct feeds_desk *feeds;
    struct mcp_desk *mcp;
    struct revoked_desk revoked;
    struct keyuse_desk keyuse;
    struct jwks_desk *jwks;
    struct rates_desk *rates;
    struct selftest_desk *selftest;
    struct blame_desk blame;
    struct trip_desk trips;
    struct stats_flush stats;
    int64_t stats_ms; /* when the sums are sent next */
    struct reactor_source supervisor;
    char line[HOUSEKEEPER_LINE_SIZE];
    size_t line_len;
    struct job jobs[HOUSEKEEPER_JOBS_MAX];
    size_t jobs_used;  /* no job at or above it */
    uint64_t arrivals; /* of jobs */
    struct turns_hint woken[HOUSEKEEPER_WOKEN_MAX];
    size_t woken_count;
    size_t handovers, apart;     /* open: all; to quarantine workers */
    unsigned long long refusals; /* of the turn pool to others, so far */
    int64_t refused_ms;          /* monotonic: when somebody else was seen refused */
    int64_t look_ms, memory_ms;
    int64_t spread_ms;        /* the next look for hints from before there was a cluster */
    int64_t gone_ms;          /* the next look for deleted sessions whose time is over */
    int64_t patient_until_ms; /* nothing counts as expired before: Redis was away */
    unsigned link_generation;
    bool orphaned;
};

/* ---- jobs ---- */

/* Returns the job, also when there was one already; NULL when there is no place for it. */
struct job *jobs_add(struct housekeeper *k, enum job_kind kind, const char *uid, const char *turn,
    int pid);

/* The turn of a worker that is gone is for any other one now. Returns what turns_abandon
 * returned. */
MUST_CHECK int jobs_give_up(struct housekeeper *k, struct store *store, const char *uid,
    const char *turn, const struct turns_loss *loss);

/* Runs what is due at now_ms; returns the earlier one of next_ms and when the next job is. */
int64_t jobs_step(struct housekeeper *k, int64_t now_ms, int64_t next_ms);

/* Notes when the turn pool refused others than us: they are let in first. */
void jobs_notice_refusals(struct housekeeper *k, int64_t now_ms);

/* Starts on turns of dead workers that are due, each in a task. */
void jobs_bury_due(struct housekeeper *k, int64_t now_ms);

/* Whether a dead worker's turn is in the list. */
bool jobs_has_dead(const struct housekeeper *k);

/* Gives up all of them. */
void jobs_fini(struct housekeeper *k);

/* ---- job_look ---- */

/* Looks at the hints that are due. */
void job_look(struct housekeeper *k, int64_t now_ms);

/* A turn that a notice names: looked at in the next step, whenever its hint is due. */
void job_look_note(struct housekeeper *k, const struct notice *n);

/* Looks at the turns so named. */
void job_look_woken(struct housekeeper *k, int64_t now_ms);

#endif
