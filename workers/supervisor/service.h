/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_SUPERVISOR_SERVICE_H
#define TURNPIKE_WORKERS_SUPERVISOR_SERVICE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * service -- what systemd is told and what it passes; the only file that includes its header.
 * Process: supervisor. Without systemd all of it does nothing.
 */
void service_ready(const char *status);
/* RELOADING=1 with MONOTONIC_USEC, without which newer systemd waits for ever. */
void service_reloading(void);
void service_stopping(const char *status);
void service_status(const char *status);
/* While draining: "not dead yet for so long". */
void service_extend(int64_t milliseconds);
/* Interval in which service_watchdog must be called, already halved; 0 = none asked for. */
int64_t service_watchdog_ms(void);
void service_watchdog(void);
/* Another process is the service from here on; systemd has heard it when this returns, or does not
 * answer within a second. Returns 0, or ERR_IO: it cannot be told. */
MUST_CHECK int service_hand_over(pid_t pid);
/* This process says no more to systemd. */
void service_leave(void);
/* systemd has started this process as a service, and listens to no word of it (Type=simple). */
bool service_is_deaf(void);

/* Sockets passed: descriptor and name of each. Returns their number (at most max). */
struct service_socket {
    int fd;
    char name[64];
};
size_t service_sockets(struct service_socket *out, size_t max);

#endif
