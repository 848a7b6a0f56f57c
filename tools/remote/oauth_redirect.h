/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_REMOTE_OAUTH_REDIRECT_H
#define TURNPIKE_TOOLS_REMOTE_OAUTH_REDIRECT_H

#include "base/err.h"
#include "base/reactor.h"

#include <stdint.h>

/*
 * oauth_redirect -- waits for the redirect of a login: on a port of the loopback, and for its
 * address as a line of text, which an operator pastes whose browser is on another machine. Used by
 * `turnpike mcp login`.
 */
#define OAUTH_REDIRECT_PATH "/callback"
struct oauth_redirect;
/* port: 0 = any. input: -1 = none. Returns 0 or ERR_IO (the port is taken), ERR_NOMEM. */
MUST_CHECK int oauth_redirect_open(struct oauth_redirect **out, struct reactor *reactor, int port,
    int input);
MUST_CHECK int oauth_redirect_port(const struct oauth_redirect *redirect);
/*
 * Waits for a redirect that carries this state; others, of any page that the browser visits, are
 * answered and do not count.
 *   query  out on 0: what is behind '?', borrowed until the close
 * Returns 0, ERR_DEADLINE, ERR_CANCELLED (a signal), ERR_IO.
 */
MUST_CHECK int oauth_redirect_wait(struct oauth_redirect *redirect, const char *state,
    int64_t until_ms, const char **query);
void oauth_redirect_close(struct oauth_redirect *redirect); /* NULL allowed */

#endif
