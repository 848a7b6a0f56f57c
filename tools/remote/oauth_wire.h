/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_REMOTE_OAUTH_WIRE_H
#define TURNPIKE_TOOLS_REMOTE_OAUTH_WIRE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/jdoc.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * oauth_wire -- the texts of OAuth 2.1 as MCP uses it: what a server's 401 says (RFC 6750, RFC
 * 9728), where metadata may be (RFC 8414, OpenID Connect Discovery), what of it is believed, forms,
 * PKCE (RFC 7636). Pure but for random bytes. Any process.
 */
#define OAUTH_URL_MAX 1024
#define OAUTH_SCOPE_MAX 512

/* ---- the challenge ---- */

struct oauth_challenge {
    char metadata[OAUTH_URL_MAX]; /* resource_metadata; "" = not said */
    char scope[OAUTH_SCOPE_MAX];  /* "" = not said */
    bool insufficient;            /* error="insufficient_scope" */
};
/* Of a header WWW-Authenticate; of its Bearer challenge alone. A value that does not fit is not
 * said. */
void oauth_challenge_read(const char *header, struct oauth_challenge *out);

/* ---- where metadata is ---- */

#define OAUTH_PLACES_MAX 4
struct oauth_places {
    char url[OAUTH_PLACES_MAX][OAUTH_URL_MAX];
    size_t count;
};
/* RFC 9728 section 3: at the path of the server, then at its root. named: by the challenge, it is
 * the only one then; "" = not. Returns 0 or ERR_INVALID. */
MUST_CHECK int oauth_places_resource(const char *resource, const char *named,
    struct oauth_places *out);
/* RFC 8414 section 3.1, OpenID Connect with the path in and behind. ERR_INVALID: no issuer. */
MUST_CHECK int oauth_places_issuer(const char *issuer, struct oauth_places *out);

/* Whether metadata of `resource` is that of the server at `url`: the same origin, and its path is
 * the URL's or leads to it. */
bool oauth_resource_covers(const char *resource, const char *url);

/* ---- metadata of an authorization server ---- */

/* Does the list under `key` hold the word? absent: when there is no list. */
bool oauth_lists(const jdoc *metadata, const char *key, const char *word, bool absent);

/*
 * oauth_metadata_check -- is the document the metadata of this issuer, with endpoints that may be
 * used and, when a person signs in, PKCE with S256?
 *   code  for the authorization code
 *   why   out, on ERR_INVALID: what is wrong
 */
MUST_CHECK int oauth_metadata_check(const jdoc *metadata, const char *issuer, bool code, char *why,
    size_t why_size);

/* What servers of 2025-03-26 without metadata have: /authorize, /token, /register at the origin. */
MUST_CHECK int oauth_metadata_make(const char *origin, jdoc **out);

/* ---- scopes ---- */

/* Appends the words of `more` that scope has not. Returns 0 or ERR_LIMIT. */
MUST_CHECK int oauth_scope_add(char scope[OAUTH_SCOPE_MAX], const char *more);
/* Has `scope` all words of `wanted`? */
bool oauth_scope_has(const char *scope, const char *wanted);
/* The words of a list of texts with blanks between; what does not fit is left out. */
void oauth_scope_join(const jdoc *list, char out[OAUTH_SCOPE_MAX]);

/* ---- requests ---- */

/* "&NAME=VALUE", percent-encoded; nothing for a value that is NULL or "". */
void oauth_put(struct buf *form, const char *name, const char *value);
/* The value of a name in a query, decoded. Returns 0, ERR_NOT_FOUND, ERR_INVALID: malformed, too
 * long, or there twice. */
MUST_CHECK int oauth_query(const char *query, const char *name, char *out, size_t size);

#define OAUTH_PKCE_SIZE 72
struct oauth_pkce {
    char verifier[OAUTH_PKCE_SIZE], challenge[OAUTH_PKCE_SIZE];
};
/* A new verifier with its challenge by S256. */
MUST_CHECK int oauth_pkce_make(struct oauth_pkce *out);

#endif
