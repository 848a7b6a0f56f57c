/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_PROCESS_COOKIE_H
#define TURNPIKE_PROCESS_COOKIE_H

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"

#include <stddef.h>

/*
 * cookie -- the credential in a cookie: that of the site's own log-in (the setting auth.cookie), or
 * of the page's (page.session). process/origin.h says from which pages it counts. Pure. Api, turn
 * and stream workers.
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

/*
 * The page's own sign-in (the setting page.session): a random token, of which Redis knows the
 * SHA-256 (store/tickets.h). The name keeps other hosts of the domain, and pages without TLS, from
 * setting it. A browser takes such a name over https alone, so a service on this machine without
 * TLS (loopback) uses the other one.
 */
#define COOKIE_PAGE "__Host-turnpike-page"
#define COOKIE_PAGE_LOCAL "turnpike-page"
/* The name for requests to this Host (NULL: unknown); "" when the setting is off. */
const char *cookie_page_name(const struct conf *conf, const char *host);
/* Appends the header Set-Cookie. token: "" = the browser is to forget it. */
void cookie_page_set(const struct conf *conf, const char *host, const char *token,
    struct buf *head);

#endif
