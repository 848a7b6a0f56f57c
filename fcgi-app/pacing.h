/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_PACING_H
#define TURNPIKE_FCGI_APP_PACING_H

#include "base/err.h"
#include "fcgi-app/exchange.h"
#include "fcgi-app/routes.h"

/*
 * pacing -- a user who is refused again and again costs the others nothing: the rest of a flood is
 * refused without a look at Redis (process/pace.h), and in turn workers it waits before it gets a
 * seat. Requests of the housekeeper are never paced. Api and turn workers.
 *
 * Messages are one thing that a user asks for; of the other requests each rate is one. Each API key
 * counts apart, and a full session counts for nothing.
 */

/* Once the user and the route are known. Returns 0, or ERR_RATE with the problem set: that of the
 * user's last refusal. */
MUST_CHECK int pacing_check(struct exchange *x, const struct routes_row *row);
/* The reply is whole: counts it when it is a refusal of that kind. */
void pacing_answered(const struct exchange *x);
/*
 * Turn worker, before anything of the request was looked at: milliseconds for which it had better
 * wait, or 0. Known by its credential alone, once this worker has found that good and refused it:
 * so a wrong guess delays nobody else. A request for speech does not wait.
 */
int64_t pacing_wait(const struct request_source *source);

#endif
