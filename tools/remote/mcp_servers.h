/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_REMOTE_MCP_SERVERS_H
#define TURNPIKE_TOOLS_REMOTE_MCP_SERVERS_H

#include "base/breaker.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/jdoc.h"
#include "tools/kit/run.h"
#include "tools/remote/mcp_peer.h"
#include "tools/remote/oauth.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * mcp_servers -- the file that the setting mcp.file names: which MCP servers there are, and what
 * the operator says of their tools. Read before the fork, by `turnpiked --check` and by the command
 * `turnpike mcp`. docs/tools.md tells the form.
 */
#define MCP_SERVERS_MAX 32
#define MCP_SERVER_NAME_MAX 20

struct mcp_server {
    char name[MCP_SERVER_NAME_MAX + 1]; /* [a-z][a-z0-9-]*: tools are called NAME__TOOL */
    const char *url;                    /* in the document */
    char *header;                       /* "Authorization: Bearer ...", or NULL */
    struct oauth_client *oauth;         /* its tokens instead, or NULL */
    bool public_only;                   /* the URL names no private address itself */
    int64_t timeout_ms;
    bool asks;          /* "elicitation": it may ask the user in the middle of a call */
    int64_t ask_ms;     /* how long one with a session waits for the user */
    int64_t result_max; /* bytes of a result that the model gets */
    enum mcp_era era;
    enum tools_effect effect; /* of tools that `tools` does not name */
    enum tools_approval approval;
    bool vouched;             /* "outside": false: what goes there needs no approval for it */
    bool trust_annotations;   /* readOnlyHint makes a tool one that reads and needs no approval */
    const jdoc *allow, *deny; /* lists of names, or NULL */
    const jdoc *tools;        /* {NAME: {effect, approval, timeout_ms, keywords}}, or NULL */
    struct breaker *breaker;  /* shared by all processes of a generation */
};
struct mcp_servers {
    jdoc *document;
    struct mcp_server *list;
    size_t count;
    struct breaker *breakers; /* shared memory, count of them */
};
/*
 * mcp_servers_load -- an empty mcp.file is no server. why: file, field and what would be right.
 *   secrets  read the credential files, too; without, header stays NULL
 * Returns 0, ERR_CONFIG, ERR_NOMEM.
 */
MUST_CHECK int mcp_servers_load(struct mcp_servers *out, const struct conf *conf, bool secrets,
    char *why, size_t why_size);
void mcp_servers_free(struct mcp_servers *servers);
const struct mcp_server *mcp_servers_find(const struct mcp_servers *servers, const char *name);

/* What the operator says of one tool. */
struct mcp_policy {
    bool allowed;
    enum tools_effect effect;
    enum tools_approval approval;
    int64_t timeout_ms;
    const char *keywords;
};
void mcp_servers_policy(const struct mcp_server *server, const jdoc *definition,
    struct mcp_policy *out);

#endif
