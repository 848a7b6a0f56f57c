#ifndef TURNPIKE_PROCESS_ORIGIN_H
#define TURNPIKE_PROCESS_ORIGIN_H

#include "base/buf.h"
#include "base/conf.h"

#include <stdbool.h>

/*
 * origin -- which pages of browsers may use the API, and what their browsers are told (CORS). Pure.
 * Used by api, turn and stream workers. Credentials are sent by the page itself (a bearer token, an
 * API key, a ticket), never by the browser: there are no cookies, so no reply allows credentials.
 */

/* Exact match against `origins`; an absent origin (no browser) is allowed. Development mode also
 * allows loopback origins. */
bool origin_allowed(const struct conf *conf, const char *origin);
/*
 * origin_may_open -- whether a page of this origin may get a ticket and open a socket: it is allowed,
 * or it is the site's own (its host and port are those of the Host header). A credential is needed
 * all the same. Not in development mode, where none is needed. host: NULL = unknown.
 */
bool origin_may_open(const struct conf *conf, const char *origin, const char *host);
/*
 * origin_foreign -- does the request come from a page that is not allowed? Told by Origin, and,
 * where a browser sends none, by Sec-Fetch-Site. Either may be NULL.
 */
bool origin_foreign(const struct conf *conf, const char *origin, const char *fetch_site);
/*
 * origin_host_answered -- whether requests for this Host are answered. Development mode, in which
 * nobody needs a credential, answers loopback names, the host of listen_hint and development.hosts
 * only: any other name is one that a page's owner has pointed at this machine. NULL: no browser.
 */
bool origin_host_answered(const struct conf *conf, const char *host);

/* Is it named in replies: allowed, and a text that can stand in a header? NULL: no. */
bool origin_is_told(const struct conf *conf, const char *origin);
/* Appends the header lines of a reply: Vary, and for an allowed origin what its page may read. */
void origin_reply(const struct conf *conf, const char *origin, struct buf *head);
/* Appends those of the answer to OPTIONS: what the path takes ("GET, HEAD"), and for an allowed
 * origin what its page may send. origin_reply's come beside them. */
void origin_preflight(const struct conf *conf, const char *origin, const char *methods,
    struct buf *head);

#endif
