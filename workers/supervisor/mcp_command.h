/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_SUPERVISOR_MCP_COMMAND_H
#define TURNPIKE_WORKERS_SUPERVISOR_MCP_COMMAND_H

#include "base/conf.h"
#include "base/err.h"

/*
 * mcp_command -- `turnpike mcp list`, `mcp accept SERVER[/TOOL] [HASH]`, `mcp forget SERVER/TOOL`,
 * `mcp refresh`, `mcp login SERVER`, `mcp logout SERVER`: the operator looks at the tools of MCP
 * servers, accepts their definitions and signs in to them. Speaks to Redis itself. Returns the exit
 * status.
 */
MUST_CHECK int mcp_command(const struct conf *conf, int argc, char **argv);

#endif
