#ifndef TURNPIKE_PROCESS_COOKIE_H
#define TURNPIKE_PROCESS_COOKIE_H

#include "base/err.h"

#include <stddef.h>

/*
 * cookie -- the credential that the site's own log-in keeps in a cookie (the setting auth.cookie).
 * process/origin.h says from which pages it counts. Pure. Api, turn and stream workers.
 */

/*
 * cookie_find -- one cookie of the header Cookie (RFC 6265, section 4.2.1).
 *   header  the field's value; NULL = none
 *   name    the cookie's; case counts. "" = none is looked for
 *   value   out on 0, without quotes, borrowed from the header; *len bytes
 * Returns 0; ERR_NOT_FOUND; ERR_INVALID: it is there twice, so another site may have set one of
 * them.
 */
MUST_CHECK int cookie_find(const char *header, const char *name, const char **value, size_t *len);

#endif
