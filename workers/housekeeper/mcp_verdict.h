/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_HOUSEKEEPER_MCP_VERDICT_H
#define TURNPIKE_WORKERS_HOUSEKEEPER_MCP_VERDICT_H

#include "base/conf.h"
#include "base/err.h"
#include "base/ident.h"
#include "base/jdoc.h"

#include <stdint.h>

/*
 * mcp_verdict -- which definitions of one MCP server's tools can be read without harm
 * (tools/remote/mcp_trial.h), and the memory of it: the same definitions are tried once, as a bad
 * one costs the housekeeper seconds. What was found bad is tried again after MCP_VERDICT_KEEP_MS,
 * since it may have been the machine that was slow. Used by the housekeeper.
 */
#define MCP_VERDICT_KEEP_MS 3600000
struct mcp_verdict { /* zeroed = nothing is known */
    char digest[IDENT_SHA256_SIZE];
    jdoc *safe;       /* of the definitions with that digest */
    int64_t until_ms; /* monotonic; 0 = for ever */
};

/*
 * mcp_verdict_take -- appends copies of those that can be read to `out`.
 *   server  its name, for the log, which tells of each one that is left out
 * Returns 0, or a fault: nothing is known, and nothing remembered.
 */
MUST_CHECK int mcp_verdict_take(struct mcp_verdict *v, const struct conf *conf, const char *server,
    const jdoc *tools, jdoc *out);
void mcp_verdict_free(struct mcp_verdict *v);

#endif
