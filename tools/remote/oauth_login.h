/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_REMOTE_OAUTH_LOGIN_H
#define TURNPIKE_TOOLS_REMOTE_OAUTH_LOGIN_H

#include "base/err.h"
#include "base/jdoc.h"
#include "base/reactor.h"
#include "tools/remote/oauth.h"
#include "wire/http/http.h"

#include <stddef.h>
#include <stdint.h>

/*
 * oauth_login -- a person signs Turnpike in to an MCP server: the authorization code with PKCE (RFC
 * 7636) over a redirect to a port of this machine's loopback (RFC 8252). Used by `turnpike mcp
 * login`, which waits here.
 */
struct oauth_login_what {
    const struct oauth_client *client;
    struct http_client *http;
    struct reactor *reactor;
    const char *scope; /* besides what the server says; "" = nothing */
    int input;         /* where the redirect's address may be pasted; -1 = nowhere */
    int64_t until_ms;  /* monotonic */
    /* The address for the browser, once the port listens. */
    void (*show)(void *arg, const char *url, const char *redirect);
    void *arg;
};
/*
 * account  out on 0: oauth_token.h; the caller ends it by oauth_account_free
 * why      out on error: for the operator, plain ASCII but for what servers say; no secret
 * Returns 0; ERR_DEADLINE; ERR_AUTH (the person or the server said no, or the redirect is not the
 * answer to our request); ERR_CANCELLED (a signal); ERR_NET; ERR_PROTOCOL; ERR_CONFIG; ERR_NOMEM.
 */
MUST_CHECK int oauth_login(const struct oauth_login_what *what, jdoc **account, char *why,
    size_t why_size);

#endif
