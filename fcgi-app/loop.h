#ifndef TURNPIKE_FCGI_APP_LOOP_H
#define TURNPIKE_FCGI_APP_LOOP_H

#include "fcgi-app/routes.h"

/*
 * loop -- the life of an api or turn worker: wait, accept, answer, run what is left to run, look
 * after itself, leave when told. Workers wait with EPOLLEXCLUSIVE on the shared socket. Signals
 * arrive only in that wait; while a turn runs they stay blocked and are read from a signalfd that
 * its reactor watches, so that no system call of a turn is interrupted.
 */
struct loop;

/*
 * Supervisor, once, before the first fork: reads keys and tables that workers then share, so that
 * a configuration that cannot work is seen before anything is replaced. Calls auth_new (and frees
 * it again). why: out on error. Returns 0 or an ERR_*.
 */
int loop_global_init(const struct conf *conf, char *why, size_t why_size);

/* Opens reactor, store, gateway and keys; marks nothing ready. owner pool name from `pool`. */
int loop_new(struct loop **out, struct worker *w, enum routes_pool pool);
/* For the turn worker: env is filled in afterwards and set with this. */
struct app *loop_app(struct loop *l);
/* Marks the slot ready and serves until TERM. Returns the exit status. */
int loop_run(struct loop *l);
void loop_free(struct loop *l);

#endif
