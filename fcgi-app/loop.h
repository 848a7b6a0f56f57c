/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_LOOP_H
#define TURNPIKE_FCGI_APP_LOOP_H

#include "base/err.h"
#include "fcgi-app/routes.h"

/*
 * loop -- the life of an api worker, which answers one request at a time: wait, accept, answer,
 * look after itself, leave when told. Workers wait with EPOLLEXCLUSIVE on the shared socket.
 * Signals arrive only in that wait; while a request is answered they stay blocked and are read from
 * a signalfd that the reactor watches, so that no system call of a handler is interrupted.
 */
struct loop;

/* Opens reactor, store, gateway and keys; marks nothing ready. */
MUST_CHECK int loop_new(struct loop **out, struct worker *w);
struct app *loop_app(struct loop *l);
/* Marks the slot ready and serves until TERM. Returns the exit status. */
MUST_CHECK int loop_run(struct loop *l);
void loop_free(struct loop *l);

#endif
