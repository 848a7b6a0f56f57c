/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_NEEDS_H
#define TURNPIKE_FCGI_APP_NEEDS_H

#include "base/err.h"
#include "fcgi-app/exchange.h"
#include "fcgi-app/routes.h"

/*
 * needs -- which scope (process/scopes.h) a route needs of the credential: that of its row in
 * needs.c; else, by its method, SCOPE_READ or SCOPE_WRITE. So a new route is closed to keys that
 * are not made for it before anybody thinks of it. Api and turn workers.
 *
 * needs_of -- the scopes of which one is enough; 0: the route asks nobody who he is.
 */
unsigned needs_of(const struct routes_row *row);
/* Has x->who one of these scopes? Returns 0; ERR_FORBIDDEN with the problem set. */
MUST_CHECK int needs_check(struct exchange *x, unsigned scopes);

#endif
