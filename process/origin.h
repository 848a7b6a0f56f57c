/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_PROCESS_ORIGIN_H
#define TURNPIKE_PROCESS_ORIGIN_H

#include "base/buf.h"
#include "base/conf.h"

#include <stdbool.h>

/*
 * origin -- which pages of browsers may use the API, and the headers for their browsers (CORS).
 * Pure. Used by api, turn and stream workers. The page itself sends its credential (a bearer token,
 * an API key, a ticket), not the browser, unless a cookie counts. With auth.cookie, a page that
 * `origins` names one by one may send that of the site's log-in; that of the page's own sign-in
 * (page.session) counts for the site's own pages alone.
 */

/* Exact match against `origins`; an absent origin (no browser) is allowed. Development mode also
 * allows loopback origins. */
bool origin_allowed(const struct conf *conf, const char *origin);
/*
 * origin_may_open -- whether a page of this origin may get a ticket and open a socket: it is
 * allowed, or it is the site's own (its host and port are those of the Host header). It needs a
 * credential all the same. In development mode, which asks for no credential, the site's own page
 * has no such right. host: NULL = unknown.
 */
bool origin_may_open(const struct conf *conf, const char *origin, const char *host);
/*
 * origin_foreign -- does the request come from a page that is not allowed? Origin tells, or, where
 * a browser sends none, Sec-Fetch-Site. Either may be NULL.
 */
bool origin_foreign(const struct conf *conf, const char *origin, const char *fetch_site);
/*
 * origin_takes_cookie -- whether the browser's cookie counts as the credential of a request. Any
 * page can make a browser send it. So what changes something must say by Origin that it comes from
 * the site's own page or from one named in `origins` ("*" names none), or, where a browser sends no
 * Origin, by Sec-Fetch-Site: same-origin. What only reads may come without either.
 */
struct origin_asker {
    const char *origin, *fetch_site, *host; /* header fields; NULL = absent */
    bool changes;                           /* no GET or HEAD; or the handshake of a socket */
};
bool origin_takes_cookie(const struct conf *conf, const struct origin_asker *by);
/*
 * origin_host_answered -- does the service answer requests for this Host? Development mode, in
 * which nobody needs a credential, answers loopback names, the host of listen_hint and
 * development.hosts only. Any other name may be one that a page's owner has pointed at this
 * machine. NULL: no browser.
 */
bool origin_host_answered(const struct conf *conf, const char *host);

/* Is it this machine's own name (localhost, 127.0.0.1, [::1]), perhaps with a port? */
bool origin_host_is_loopback(const char *host);

/* Is it named in replies: allowed, and a text that can stand in a header? NULL: no. */
bool origin_is_told(const struct conf *conf, const char *origin);
/* Appends the header lines of a reply: Vary, and for an allowed origin those its page may read, and
 * with auth.cookie the leave for a named one to send credentials. */
void origin_reply(const struct conf *conf, const char *origin, struct buf *head);
/* Appends the header lines of the answer to OPTIONS: the path's methods ("GET, HEAD"), and for an
 * allowed origin the headers its page may send. The caller adds origin_reply's too. */
void origin_preflight(const struct conf *conf, const char *origin, const char *methods,
    struct buf *head);
/* The same for a WebSocket's address: nginx keeps 1 KiB for the head of its replies (nginx/). */
void origin_preflight_socket(const struct conf *conf, const char *origin, struct buf *head);

#endif
