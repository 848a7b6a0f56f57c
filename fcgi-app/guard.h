/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_GUARD_H
#define TURNPIKE_FCGI_APP_GUARD_H

#include "base/err.h"
#include "fcgi-app/exchange.h"
#include "fcgi-app/routes.h"
#include "process/blame.h"

/*
 * guard -- keeps what one user sends from harming the others: says in the scoreboard what the
 * worker works on, and refuses what workers have died in (process/blame.h). Api and turn workers.
 */

/*
 * guard_request -- before anything of a request is looked at that its sender could have made up.
 * guard_user -- the same once its user and its route are known.
 * Both return 0, ERR_BUSY with the problem set, or ERR_NOMEM.
 */
MUST_CHECK int guard_request(struct exchange *x);
MUST_CHECK int guard_user(struct exchange *x, const struct routes_row *row);
/* What a turn is, for its worker's slot and for guard_refused. input: as stored with the turn. */
void guard_turn(const char *uid, const char *session, const char *input, struct blame_work *out);
/* Milliseconds for which this work is refused, with the problem set; 0 = it is not. */
int64_t guard_refused(struct exchange *x, const struct blame_work *work);
/* The worker works on this from now on; NULL = on nothing. */
void guard_work(struct app *app, const struct blame_work *work);
/*
 * A user's direct calls of tools may hold GUARD_SHARE of the api workers for long: those that began
 * first. Short ones are not bounded.
 *
 * guard_tool        before one is called: refused while others of this user have held their share
 *                   for more than GUARD_SLOW_MS
 * guard_tool_waits  while it waits for a service: refused when it has done so for GUARD_SLOW_MS and
 *                   is beyond the share
 * Both return 0, or ERR_RATE or ERR_FULL with the problem set.
 */
#define GUARD_SLOW_MS 1000
#define GUARD_SHARE(workers) (((workers) + 1) / 2)
MUST_CHECK int guard_tool(struct exchange *x);
MUST_CHECK int guard_tool_waits(struct exchange *x);
/* May this request hold its worker for a user's answer, and leave the user room for slow calls? */
bool guard_may_rest(const struct exchange *x);

#endif
