/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_SUPERVISOR_SUPERVISOR_H
#define TURNPIKE_WORKERS_SUPERVISOR_SUPERVISOR_H

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "workers/supervisor/crew.h"

/*
 * supervisor -- the first process: sockets, workers, signals, reload, drain, control. It runs no
 * request and makes no curl or Redis handle.
 *
 * Signals: HUP = reload (new generation first; a configuration with an error changes nothing),
 * TERM or INT = drain, again = faster (running turns end at their next step), a third time = KILL;
 * QUIT = drain and the second step at once; USR1 = open the log file again, in all processes.
 */
struct supervisor_options {
    crew_main_fn *mains[SCOREBOARD_POOLS];
    /*
     * Makes a checked configuration, at start and at each reload.
     *   why  the reasons of an error are appended, a line each
     * Returns 0, or an error and nothing left in conf.
     */
    int (*configure)(void *arg, struct conf *conf, struct buf *why);
    /* What workers share: before the first fork and again before each new generation. */
    int (*prepare)(void *arg, const struct conf *conf, struct buf *why);
    void *arg;
    /* For an upgrade: the path of this program, "" when it is not known, and its arguments. */
    const char *program;
    char *const *argv;
};
/* Returns the exit status: 0 after a drain, 1 when it could not start. */
MUST_CHECK int supervisor_run(const struct supervisor_options *options);

#endif
