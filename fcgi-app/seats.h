/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_SEATS_H
#define TURNPIKE_FCGI_APP_SEATS_H

#include "base/err.h"
#include "fcgi-app/exchange.h"

/*
 * seats -- the life of a turn worker: one loop that accepts requests, each of which takes a seat
 * and is a task (base/task.h) to the end of the turns behind it. A pass of the loop reads what is
 * ready, lets the tasks that were woken go on, and sends what all of them have for Redis at once.
 *
 * The shared socket is listened to while a seat is free and no other worker of the pool has fewer
 * turns by more than two. So the turns spread over the processes. A request of a user who is
 * refused again and again waits before it gets a seat. A worker that drains accepts nothing, and
 * leaves with its last task. A quarantine worker is the same with one seat and a socket of its own.
 */
struct seats;

/* Opens what its requests share. Logs why it fails. Returns 0 or an ERR_*. */
MUST_CHECK int seats_new(struct seats **out, struct worker *w);
/* Marks the slot ready and serves until TERM. Returns the exit status. */
MUST_CHECK int seats_run(struct seats *s);
void seats_free(struct seats *s);

#endif
