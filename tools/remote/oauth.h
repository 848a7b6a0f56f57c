/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_REMOTE_OAUTH_H
#define TURNPIKE_TOOLS_REMOTE_OAUTH_H

#include "base/err.h"
#include "base/jdoc.h"
#include "tools/remote/entry_file.h"

#include <stdbool.h>

/*
 * oauth -- what the member "auth" of a server in mcp.file says: as which client Turnpike asks for
 * tokens, and how. docs/tools.md has the form. Read before the fork and by `turnpike mcp`.
 */
enum oauth_grant { OAUTH_CODE, OAUTH_CREDENTIALS, OAUTH_ENTERPRISE, OAUTH_GRANTS };
enum oauth_method {
    OAUTH_AUTO, /* as the authorization server's metadata says */
    OAUTH_BASIC,
    OAUTH_POST,
    OAUTH_JWT,
    OAUTH_NONE,
    OAUTH_METHODS
};
struct oauth_client {
    const char *server; /* its name in mcp.file; borrowed, as all texts that are no secret */
    const char *url;    /* of the MCP server: the resource */
    bool public_only;   /* authorization servers have public addresses and https */
    enum oauth_grant grant;
    enum oauth_method method;
    const char *client_id;    /* "" = none was registered beforehand */
    const char *metadata_url; /* of the Client ID Metadata Document; "" = none */
    const char *scope;        /* "" = as the server says */
    const char *issuer;       /* the only one; "" = the one that the server names */
    const char *algorithm, *key_id;
    const char *idp_token_url, *idp_client_id, *idp_issuer; /* OAUTH_ENTERPRISE */
    int64_t redirect_port;                                  /* 0 = any that is free */
    bool registers;                                         /* may register itself (RFC 7591) */
    char *secret;                                           /* NULL = none, or not read */
    char *private_key;                                      /* PEM; the same */
    char *id_token_path; /* OAUTH_ENTERPRISE: read anew for each request */
};

/* "authorization_code", ...; NULL behind the last. */
extern const char *const oauth_grant_names[OAUTH_GRANTS + 1];
/* "auto", "client_secret_basic", ... */
extern const char *const oauth_method_names[OAUTH_METHODS + 1];

/*
 * oauth_client_read -- all that is wrong is told, a line each.
 *   auth     the member, or NULL: *out stays NULL
 *   secrets  read the files, too
 * Returns 0, ERR_CONFIG, ERR_NOMEM; the caller frees *out after any of them.
 */
MUST_CHECK int oauth_client_read(const struct entry_file *f, const jdoc *auth, bool secrets,
    struct oauth_client **out);
void oauth_client_free(struct oauth_client *client); /* NULL allowed; wipes the secrets */

#endif
