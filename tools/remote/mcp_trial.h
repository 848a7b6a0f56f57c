/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_REMOTE_MCP_TRIAL_H
#define TURNPIKE_TOOLS_REMOTE_MCP_TRIAL_H

#include "base/conf.h"
#include "base/err.h"
#include "base/jdoc.h"

#include <stdint.h>

/*
 * mcp_trial -- does in a child process (process/aside.h) what every worker will do with definitions
 * of tools that servers of others wrote: makes the model's form, the form of the check, compiles
 * patterns and matches a text. So a schema that ends its reader ends no worker. Process:
 * housekeeper, before it hands definitions to the workers. Waits, time_ms at most.
 *
 *   definitions  an array
 * Returns 0; ERR_REMOTE (the child died over them); ERR_DEADLINE (they compute for too long);
 * ERR_INVALID (they cannot be read, or take too much memory); ERR_LIMIT (the child says what it
 * should not); or ERR_NOMEM, ERR_IO: no child could be made, nothing is known.
 */
MUST_CHECK int mcp_trial(const struct conf *conf, const jdoc *definitions, int64_t time_ms);
/* What the child does, for the fuzzer. Returns 0 or ERR_NOMEM. */
MUST_CHECK int mcp_trial_use(const jdoc *definition);

#endif
