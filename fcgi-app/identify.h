/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_IDENTIFY_H
#define TURNPIKE_FCGI_APP_IDENTIFY_H

#include "base/err.h"
#include "fcgi-app/exchange.h"
#include "fcgi-app/routes.h"

/*
 * identify -- who asks: our own processes, a bearer token, an API key, a ticket, a token in the
 * cookie of the site's own log-in, or a developer. Fills x->who. A token whose key is not known yet
 * waits for the housekeeper's look at the issuer's keys, IDENTIFY_WAIT_MS at most; one api worker
 * always stays free of such waits. Api and turn workers.
 * Returns 0; ERR_AUTH, ERR_FORBIDDEN, ERR_BUSY (the issuer's keys cannot be had now) or ERR_INVALID
 * with the problem set; ERR_NOMEM; what a ticket's look-up failed with.
 */
#define IDENTIFY_WAIT_MS 3000
MUST_CHECK int identify(struct exchange *x, enum routes_user by);

#endif
