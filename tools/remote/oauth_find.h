/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_REMOTE_OAUTH_FIND_H
#define TURNPIKE_TOOLS_REMOTE_OAUTH_FIND_H

#include "base/err.h"
#include "base/jdoc.h"
#include "tools/remote/oauth.h"
#include "tools/remote/oauth_wire.h"
#include "wire/http/http.h"

#include <stdbool.h>

/*
 * oauth_find -- which authorization server an MCP server belongs to, and what that one offers: the
 * protected resource's metadata (RFC 9728), then the authorization server's (RFC 8414, OpenID
 * Connect). A server without either is one of 2025-03-26, whose endpoints are at its origin. Any
 * process with a loop.
 */
struct oauth_found { /* borrowed during done */
    int error;       /* 0; ERR_NET, ERR_DEADLINE: later perhaps; ERR_PROTOCOL, ERR_FORBIDDEN: no */
    const char *why;
    const jdoc *metadata;                   /* of the authorization server, checked */
    char issuer[OAUTH_URL_MAX];             /* what RFC 9207 compares */
    char resource[OAUTH_URL_MAX];           /* what tokens are asked for (RFC 8707) */
    char scopes_supported[OAUTH_SCOPE_MAX]; /* of the resource; "" = not said */
};
struct oauth_find;
typedef void oauth_found_fn(void *arg, const struct oauth_found *found);
/* challenge: of the 401, copied. Returns 0 (done comes from within reactor_step) or what hindered
 * it. */
MUST_CHECK int oauth_find_start(struct oauth_find **out, const struct oauth_client *client,
    const struct oauth_challenge *challenge, struct http_client *http, oauth_found_fn *done,
    void *arg);
void oauth_find_cancel(struct oauth_find *find); /* NULL allowed */

/* The scope to ask for: that of the settings, else of the challenge, else scopes_supported, and
 * offline_access where a person signs in and the server knows it. */
void oauth_find_scope(const struct oauth_client *client, const struct oauth_challenge *challenge,
    const struct oauth_found *found, char out[OAUTH_SCOPE_MAX]);

#endif
