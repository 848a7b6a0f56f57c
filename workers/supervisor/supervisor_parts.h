#ifndef TURNPIKE_WORKERS_SUPERVISOR_SUPERVISOR_PARTS_H
#define TURNPIKE_WORKERS_SUPERVISOR_SUPERVISOR_PARTS_H

#include "base/err.h"
#include "base/reactor.h"
#include "workers/supervisor/control.h"
#include "workers/supervisor/metrics_desk.h"
#include "workers/supervisor/sockets.h"
#include "workers/supervisor/supervisor.h"
#include "workers/supervisor/watchdog.h"

/*
 * supervisor_parts -- what the files of supervisor share with each other:
 *
 *   supervisor        the process: signals, commands, the loop
 *   supervisor_phase  start, reload, drain: what begins each and what ends it
 */

enum supervisor_phase { PHASE_STARTING, PHASE_RUNNING, PHASE_RELOADING, PHASE_DRAINING };

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
    int64_t started_ms, phase_until_ms;
    bool reload_again, ready_told;
    unsigned terms; /* TERMs received */
    int64_t status_ms;
    char status[128];
};

/* The one line of text for systemd and the log. Returns out. */
const char *supervisor_status(const struct supervisor *s, char out[128]);

/* Sets what the log's settings say. */
void supervisor_log_settings(const struct conf *conf);

/* A generation with the settings as they are now. why: out, on error. Returns 0 or an ERR_*. */
MUST_CHECK int supervisor_generation(struct supervisor *s, struct crew_generation **out,
    char why[CONF_WHY_SIZE]);

/* Until when its workers may take to get ready, monotonic milliseconds. */
int64_t supervisor_patience(const struct crew_generation *g);

/* Whether the phase is over: goes on to the next one then. now_ms: monotonic. */
void supervisor_start_step(struct supervisor *s, int64_t now_ms);
void supervisor_reload_step(struct supervisor *s, int64_t now_ms);
void supervisor_drain_step(struct supervisor *s);

/* Begins a reload: at once, or when the start or reload under way is over. */
void supervisor_reload(struct supervisor *s);

/* Begins the drain; told again, drains faster. */
void supervisor_drain(struct supervisor *s);

#endif
