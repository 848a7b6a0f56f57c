/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_TICKET_H
#define TURNPIKE_FCGI_APP_TICKET_H

#include "base/err.h"
#include "fcgi-app/exchange.h"

/*
 * ticket -- the stream of a session for a browser's EventSource, which can send a credential in its
 * URL only and comes back with the same URL. `?ticket=` is used up by the first request; from then
 * on it opens this one session's stream for this user and origin again, for stream.ticket or until
 * the credential ends that asked for it. Nothing else takes it any more. Used by api workers.
 *
 * ticket_identify -- sets x->who by the ticket of the query, for the session x->params[0].
 *   why  out on ERR_AUTH: static text
 * Returns 0; ERR_AUTH; ERR_STORE*; ERR_NOMEM.
 */
MUST_CHECK int ticket_identify(struct exchange *x, const char **why);

#endif
