/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_SUPERVISOR_SUPERVISOR_PARTS_H
#define TURNPIKE_WORKERS_SUPERVISOR_SUPERVISOR_PARTS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/reactor.h"
#include "workers/supervisor/control.h"
#include "workers/supervisor/metrics_desk.h"
#include "workers/supervisor/sockets.h"
#include "workers/supervisor/supervisor.h"
#include "workers/supervisor/upgrade.h"
#include "workers/supervisor/watchdog.h"

/*
 * supervisor_parts -- what the files of supervisor share with each other:
 *
 *   supervisor        the process: signals, commands, the loop
 *   supervisor_phase  start, drain: what begins each and what ends it
 *   supervisor_reload reload: the same, and how it ended, for whoever asked
 *   supervisor_upgrade
 *                     upgrade: from the old process to the new one, seen from both
 */

#define RELOAD_ASKERS_MAX 16

enum supervisor_phase { PHASE_STARTING, PHASE_RUNNING, PHASE_RELOADING, PHASE_DRAINING };

/*
 * Every request for a reload has a number. Requests that come while one is under way are served by
 * the next one together.
 */
struct supervisor_reloads {
    unsigned asked, begun, ended; /* the last number of each kind */
    bool failed;                  /* the last one that ended */
    int64_t ended_ms;             /* when; real time */
    struct buf reasons;           /* of its failure, a line each */
    /* Who asked, for the audit log, until it is over; of more at once the rest is written then. */
    struct {
        unsigned number;
        uid_t uid;
    } askers[RELOAD_ASKERS_MAX];
    size_t asker_count;
};

/* An upgrade, seen from the old process or from the new one. */
struct supervisor_upgrade {
    struct upgrade_given given; /* the new one: what it was given */
    struct reactor_source source;
    struct upgrade_process other; /* its fd: while one waits for the other; else -1 */
    struct buf said;              /* by the other one */
    /* the old one: */
    uid_t asker;
    unsigned tries;
    bool failed;      /* the new one is told to leave; its fd: until it has */
    int64_t until_ms; /* it serves; or has left */
    /* the new one: */
    bool told, yours; /* that it serves; that it is the service */
};

#define SUPERVISOR_STATUS_SIZE 320

struct supervisor {
    const struct supervisor_options *options;
    struct reactor *reactor;
    struct sockets sockets;
    struct crew crew;
    struct control *control;
    struct watchdog *watchdog;
    struct metrics_desk *metrics;
    struct reactor_source signals, notify, quarantine;
    int signal_fd, notify_fd;
    enum supervisor_phase phase;
    struct crew_generation *next; /* of a reload in progress */
    bool prepared_next;           /* what workers share is that of settings that do not serve yet */
    int64_t started_ms, phase_until_ms;
    struct supervisor_reloads reloads;
    struct supervisor_upgrade upgrade;
    bool guest;  /* another turnpiked is the service: not yet this one, or not any more */
    bool failed; /* its exit status will say so */
    bool ready_told;
    unsigned terms; /* TERMs received */
    int64_t status_ms;
    char status[SUPERVISOR_STATUS_SIZE];
};

/* The one line of text for systemd and the log; it also tells that the last reload failed. Returns
 * out. */
const char *supervisor_status(const struct supervisor *s, char out[SUPERVISOR_STATUS_SIZE]);
/* Tells systemd that everything serves. */
void supervisor_tell_ready(struct supervisor *s);

/* In the audit log: what somebody made the service do. */
void supervisor_audit(struct supervisor *s, uid_t uid, const char *act, const char *outcome);

/* Sets what the log's settings say. */
void supervisor_apply_settings(const struct conf *conf);

/* A generation with the settings as they are now. why: reasons of an error are appended, a line
 * each. Returns 0 or an ERR_*. */
MUST_CHECK int supervisor_generation(struct supervisor *s, struct crew_generation **out,
    struct buf *why);

/* Until when its workers may take to get ready, monotonic milliseconds. */
int64_t supervisor_patience(const struct crew_generation *g);

/* Whether the phase is over: goes on to the next one then. now_ms: monotonic. */
void supervisor_start_step(struct supervisor *s, int64_t now_ms);
void supervisor_reload_step(struct supervisor *s, int64_t now_ms);
void supervisor_drain_step(struct supervisor *s);

/* Asks for a reload, which begins at once, or when the start or reload under way is over. asker:
 * for the audit log, which tells how it ended; NULL = a signal. Returns the number of the request;
 * 0 = refused. */
unsigned supervisor_reload(struct supervisor *s, const uid_t *asker);
/* None of those that were asked for will end any more: a drain. */
void supervisor_reload_forget(struct supervisor *s);
/* Begins the reload that was asked for meanwhile, if one was. */
void supervisor_reload_again(struct supervisor *s);
/* Appends how the request ended, or how far it is: see `turnpike reload`. */
void supervisor_reload_outcome(const struct supervisor *s, unsigned number, struct buf *reply);
/* Appends what a reload would change: lines `NAME<tab>what runs<tab>what would run`. Returns 0, or
 * an error with the reasons appended to why. */
MUST_CHECK int supervisor_reload_changes(const struct supervisor *s, struct buf *reply,
    struct buf *why);

/* Control socket, metrics, watchdog: what the service alone has. Returns 0 or an ERR_*. */
MUST_CHECK int supervisor_listen(struct supervisor *s);

/* Starts the installed program beside this one. reply: "upgrade PID", or "error: ..." */
void supervisor_upgrade_begin(struct supervisor *s, uid_t asker, struct buf *reply);
/* Appends how the upgrade to this process ended, or how far it is: see `turnpike upgrade`. */
void supervisor_upgrade_outcome(const struct supervisor *s, unsigned pid, struct buf *reply);
/* The new one has had its time. */
void supervisor_upgrade_step(struct supervisor *s, int64_t now_ms);
/* A drain begins: none is given the service any more. A new one that was given it owns it. */
void supervisor_upgrade_drain(struct supervisor *s);
/* Of a turnpiked that is started by another one; an ordinary start is 0 everywhere. Before the
 * sockets are opened, once there is a reactor, and in each pass of PHASE_STARTING. */
MUST_CHECK int supervisor_guest_init(struct supervisor *s);
MUST_CHECK int supervisor_guest_watch(struct supervisor *s);
void supervisor_guest_step(struct supervisor *s, int64_t now_ms);
/* Tells the old one, lines, why this one does not serve. */
void supervisor_guest_explain(struct supervisor *s, const char *reasons);

/* Begins the drain; told again, drains faster. */
void supervisor_drain(struct supervisor *s);

#endif
