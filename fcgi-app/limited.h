/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_LIMITED_H
#define TURNPIKE_FCGI_APP_LIMITED_H

#include "base/err.h"
#include "fcgi-app/exchange.h"
#include "store/usage.h"

#include <stdbool.h>

/*
 * limited -- the limits of who asks (docs/limits.md): messages a minute at the door, tokens and
 * money when a turn begins; what the client is told, in the headers RateLimit and RateLimit-Policy
 * (draft-ietf-httpapi-ratelimit-headers-10) or, by the facade, in OpenAI's. Api and turn workers.
 */

/* Whose request it is, in the exchange's arena. NULL = no memory. */
struct usage_account *limited_account(struct exchange *x);
/* Counts a message for its minute. Returns 0; ERR_RATE with the problem set; ERR_STORE*;
 * ERR_NOMEM. */
MUST_CHECK int limited_door(struct exchange *x);
/* Whether the door has counted the message. */
bool limited_has_counted(const struct exchange *x);
/* Asks what the site has used, as far as that is known here; sets the problem when it is too
 * much. */
bool limited_by_site(struct exchange *x);
/* The problem of a limit that is used up. Returns ERR_RATE. */
MUST_CHECK int limited_problem(struct exchange *x, const struct usage_over *over);
/* The header lines of the limit that the request has met, if it has. */
void limited_put_headers(const struct exchange *x, struct buf *out);

#endif
