/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_REMOTE_MCP_ASK_H
#define TURNPIKE_TOOLS_REMOTE_MCP_ASK_H

#include "base/err.h"
#include "tools/kit/run.h"
#include "tools/remote/mcp_servers.h"

#include <stddef.h>

/*
 * mcp_ask -- questions to the user in the middle of a call of an MCP server's tool (2026-07-28,
 * basic/patterns/mrtr). The server answers `input_required` and forgets the call. Its questions are
 * put one after the other; what is known so far is the state of the question (struct
 * tools_question), so that any worker may send the call again with the answers. Used by turn
 * workers.
 */

/* What goes along with a call that is sent again: {"asked", "key", "requests", "responses",
 * "requestState"?}. NULL = it is sent for the first time. */

/*
 * mcp_ask_go_on -- after run->reply. state: out, the caller's to free. Returns 0: all is answered,
 * the call is to be sent; 1: run->parked has the next question, or run->result a failure;
 * ERR_NOMEM.
 */
MUST_CHECK int mcp_ask_go_on(struct tools_run *run, const struct mcp_server *server, jdoc **state);

/* Adds inputResponses, and requestState as it came, to the params of tools/call. */
MUST_CHECK int mcp_ask_params(const jdoc *state, jdoc *params);

/*
 * mcp_ask_required -- the server's result is input_required. state: in and out, NULL at first.
 * bearer: as in struct mcp_answer.
 * Returns as mcp_ask_go_on: 0 = it asks nobody, the call is to be sent again at once.
 */
MUST_CHECK int mcp_ask_required(struct tools_run *run, const struct mcp_server *server,
    const jdoc *result, const char *bearer, jdoc **state);

/* A form as a question of the server's, for the user. why: for the server and the log. Returns 0,
 * ERR_INVALID, ERR_LIMIT, ERR_NOMEM. asked: counted up. */
MUST_CHECK int mcp_ask_question(struct tools_run *run, const jdoc *params, int64_t *asked,
    struct tools_question **out, char *why, size_t why_size);

#endif
