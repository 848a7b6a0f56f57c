/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_REMOTE_OAUTH_TOKEN_H
#define TURNPIKE_TOOLS_REMOTE_OAUTH_TOKEN_H

#include "base/buf.h"
#include "base/err.h"
#include "base/jdoc.h"
#include "tools/remote/oauth.h"
#include "tools/remote/oauth_ask.h"

/*
 * oauth_token -- requests to the token endpoint and the revocation endpoint: how the client proves
 * itself there, and what the answer means. Any process with a loop.
 *
 * An account is what is known for it: a jdoc object with issuer, resource, token_endpoint,
 * client_id and, where there are such, revocation_endpoint, client_secret (of a registration),
 * method, scope, access_token, refresh_token, expires_ms (real time; absent = not said). Its writer
 * wipes it with oauth_account_free.
 */
/* For a client that was found or registered. registered: the answer of a registration, or NULL. */
MUST_CHECK int oauth_account_new(jdoc **out, const struct oauth_client *client,
    const jdoc *metadata, const jdoc *registered);
void oauth_account_free(jdoc *account); /* NULL allowed */

struct oauth_issued { /* borrowed during done */
    /* 0 = the account holds the new tokens; ERR_AUTH = refused, `code` says why; ERR_NET,
     * ERR_DEADLINE = perhaps later; ERR_PROTOCOL; others as in oauth_answer */
    int error;
    const char *code; /* "invalid_grant", ...; "" = none; plain ASCII */
    const char *why;
};
struct oauth_token;
typedef void oauth_issued_fn(void *arg, const struct oauth_issued *issued);
struct oauth_token_what {
    const struct oauth_client *client;
    jdoc *account; /* stays until done */
    struct http_client *http;
    oauth_issued_fn *done;
    void *arg;
};
/*
 * oauth_token_start -- sends `form` (grant_type and what belongs to it) with resource and the
 * client's proof. form is taken, also on error. Returns 0 (done comes from within reactor_step) or
 * what hindered it.
 */
MUST_CHECK int oauth_token_start(struct oauth_token **out, const struct oauth_token_what *what,
    struct buf *form);
/* A token given back at the revocation endpoint (RFC 7009). ERR_NOT_FOUND: there is none. */
MUST_CHECK int oauth_token_revoke(struct oauth_token **out, const struct oauth_token_what *what,
    const char *token);
void oauth_token_cancel(struct oauth_token *token); /* NULL allowed */

/* A text of others as it may be shown: RFC 6749 section 5.2 has few characters for it. */
void oauth_token_copy(char *out, size_t size, const char *text);

#endif
