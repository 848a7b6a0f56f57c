/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_REMOTE_DYNAMIC_H
#define TURNPIKE_TOOLS_REMOTE_DYNAMIC_H

#include "base/arena.h"
#include "base/err.h"
#include "tools/kit/run.h"
#include "tools/remote/declared.h"
#include "tools/remote/mcp_servers.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * dynamic -- tools that no build made: those that the operator declared in JSON files, read before
 * the fork, and those of MCP servers, which the housekeeper writes into a file of run_dir when they
 * change (workers/housekeeper/mcp_desk.h). They are rows of struct tools_spec like all others,
 * behind those of the registry: declared ones first, then each server's, in the order of the
 * configuration and of their names.
 */
struct dynamic_tool {
    struct tools_spec spec; /* .dynamic points back here */
    jdoc *check;            /* what can be checked of the arguments; made at the first call */
    const struct declared *declared; /* or NULL */
    const struct mcp_server *server; /* or NULL */
    const char *remote_name;         /* of the tool on the server */
    const char *schema;              /* of the arguments, as the server or the file has it */
    bool has_headers;                /* it names x-mcp-header */
    enum mcp_era era;                /* of the server, as the housekeeper found it */
};

/*
 * dynamic_load -- reads the declared tools and the list of servers. Before the fork; again: the new
 * ones take the place of the old ones only when all is right.
 *   taken  says which names are those of the build's own tools; also asked by dynamic_enter
 *   why    file, field, what would be right
 * Returns 0, ERR_CONFIG, ERR_NOMEM.
 */
typedef bool dynamic_taken(const char *name);
MUST_CHECK int dynamic_load(const struct conf *conf, dynamic_taken *taken, char *why,
    size_t why_size);
void dynamic_unload(void);
const struct mcp_servers *dynamic_servers(void);

/*
 * dynamic_enter, dynamic_leave -- a request of this process begins and ends; many may be under way.
 * The beginning reads the servers' tools again when the housekeeper has written them anew; the
 * other tasks run meanwhile, with the older ones. A row that the request has found lives until it
 * leaves, also when a later request has replaced the rows: replaced rows are freed when all
 * requests that began before have left. Outside of a request rows live until the next
 * dynamic_enter.
 *   ticket  what dynamic_enter returned
 */
unsigned dynamic_enter(const struct conf *conf);
void dynamic_leave(unsigned ticket);
/* Replaced sets of rows that requests still hold; for tests and measurements. */
size_t dynamic_replaced(void);

size_t dynamic_declared_count(void);
size_t dynamic_count(void);
const struct tools_spec *dynamic_at(size_t index);
/* Changes whenever the servers' rows do; for what is made of them. */
unsigned dynamic_generation(void);

/* The schemas of arguments and results, borrowed. Returns 0 or ERR_NOMEM. */
MUST_CHECK int dynamic_schemas(const struct tools_spec *spec, const jdoc **arguments,
    const jdoc **result);

#define DYNAMIC_TOOLS_MAX 1000 /* of all servers together */

#endif
