/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_BASE_URL_H
#define TURNPIKE_BASE_URL_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * url -- is a text an address that this program may be told to call? One opinion for webhooks, MCP
 * servers, declared tools, settings and pages, given when the address is taken, in words for its
 * writer. Stricter than what readers of URLs accept (RFC 3986, the WHATWG's): a form that two
 * of them read differently is refused. Whether an address is a public one, only the connection can
 * tell (http_request.public_only). Pure. Any process.
 */
struct url {
    bool https;       /* else http */
    const char *host; /* borrowed; without the brackets of IPv6 */
    size_t host_len;
    bool address; /* the host is an IP address */
    int port;     /* the scheme's when none is written */
};

#define URL_WHY_SIZE 160
/* Flags: what is refused otherwise. */
#define URL_LOGIN 1         /* user and password before the host */
#define URL_INTERNATIONAL 2 /* characters beyond ASCII, in UTF-8 */

/*
 * url_check -- scheme http or https; a host: an IPv4 address of four decimal numbers, an IPv6
 * address in brackets, or a name of labels of 1 to 63 of A-Z a-z 0-9 - _ without a dot at its end;
 * a port from 1 to 65535 if any; no blanks, control characters or backslashes.
 *   out  may be NULL
 *   why  out, on error: what is wrong, to be put behind the field's name: "has a port above 65535"
 * Returns 0 or ERR_INVALID.
 */
MUST_CHECK int url_check(const char *text, size_t len, unsigned flags, struct url *out,
    char why[URL_WHY_SIZE]);
/*
 * url_decode -- percent-encoding undone, strictly: two hex digits behind each '%', no NUL byte.
 *   plus  '+' means a blank, as in a query
 *   out   ends with a NUL; may be `text` itself, as the result is never longer
 *   size  of out, bytes
 * Returns the length, or ERR_INVALID (malformed, or too long for out).
 */
long url_decode(const char *text, size_t len, bool plus, char *out, size_t size);
/* Does the host name this machine or a network that is not public? False when only a lookup can
 * tell. */
bool url_names_private(const struct url *url);

#endif
