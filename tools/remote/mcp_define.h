/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_REMOTE_MCP_DEFINE_H
#define TURNPIKE_TOOLS_REMOTE_MCP_DEFINE_H

#include "base/err.h"
#include "base/ident.h"
#include "base/jdoc.h"

#include <stdbool.h>
#include <stddef.h>

/* mcp_define -- what a server says of one tool (an element of tools/list), judged. */
#define MCP_DEFINE_NAME_SIZE 65 /* [A-Za-z0-9_-]{1,64}: what every model vendor takes */
#define MCP_DEFINE_MAX 32768    /* bytes of one definition */
/* Hashes in Redis: SERVER -> what it last listed; SERVER/TOOL -> the hash that the operator
 * accepted. */

/*
 * The name for the model: SERVER__TOOL. Other characters become '_'; a name that was changed or is
 * too long ends in '_' and 8 digits of the hash of the whole one, so that two never meet.
 */
void mcp_define_name(const char *server, const char *tool, char out[MCP_DEFINE_NAME_SIZE]);
/*
 * The pin: SHA-256 of the canonical JSON of name, description, inputSchema and annotations: all
 * that the model reads or the operator decides by. Returns 0 or ERR_NOMEM.
 */
MUST_CHECK int mcp_define_hash(const jdoc *definition, char out[IDENT_SHA256_SIZE]);
/* Can it be used at all? why: what is wrong with it. */
bool mcp_define_usable(const jdoc *definition, char *why, size_t why_size);
/* name, description, inputSchema and annotations alone; the caller frees it. NULL on no memory. */
jdoc *mcp_define_trim(const jdoc *definition);

#endif
