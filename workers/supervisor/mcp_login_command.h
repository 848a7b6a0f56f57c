/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_SUPERVISOR_MCP_LOGIN_COMMAND_H
#define TURNPIKE_WORKERS_SUPERVISOR_MCP_LOGIN_COMMAND_H

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "store/store.h"
#include "tools/remote/mcp_servers.h"

/*
 * mcp_login_command -- `turnpike mcp login SERVER [--no-browser]` signs Turnpike in to a server
 * that needs OAuth, `turnpike mcp logout SERVER` gives the tokens back and forgets them. No token
 * is printed. Return the exit status.
 */
struct mcp_login_where {
    const struct conf *conf;
    const struct mcp_servers *servers;
    struct store *store;
    struct reactor *reactor;
};
MUST_CHECK int mcp_login_command(const struct mcp_login_where *where, int argc, char **argv);
MUST_CHECK int mcp_logout_command(const struct mcp_login_where *where, int argc, char **argv);

/* Appends what `turnpike mcp list` says of a server's sign-in; nothing for one without OAuth.
 * Returns 0 or an error of the store. */
MUST_CHECK int mcp_login_say(struct store *store, const struct mcp_server *server, struct buf *out);

#endif
