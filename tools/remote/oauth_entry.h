/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_REMOTE_OAUTH_ENTRY_H
#define TURNPIKE_TOOLS_REMOTE_OAUTH_ENTRY_H

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/jdoc.h"
#include "tools/remote/oauth.h"
#include "tools/remote/oauth_wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * oauth_entry -- what Redis keeps of one server's sign-in (store/mcp_logins.h): a JSON object whose
 * member "sealed" holds the account with its tokens and endpoints, encrypted and bound to the
 * server's name and URL, the issuer and the client. The other members are for `turnpike mcp list`,
 * which needs no key; nothing is decided by them but whether a login is needed. Any process.
 */
struct oauth_entry {
    jdoc *account;                /* oauth_token.h; NULL = none */
    bool needs_login;             /* its tokens are of no use any more */
    char why[240];                /* for the operator; "" = nothing is wrong */
    char wanted[OAUTH_SCOPE_MAX]; /* what a call was refused for want of; "" = nothing */
};
void oauth_entry_fini(struct oauth_entry *entry); /* wipes */
/*
 * oauth_entry_read -- key of conf: mcp.token_key, mcp.token_key_previous.
 *   text  "" = there is none
 * Returns 0; ERR_NOT_FOUND (none, or one of another URL, issuer, client or grant than the settings
 * have now); ERR_AUTH (it cannot be decrypted); ERR_NOMEM. *out is the caller's to end in any case.
 */
MUST_CHECK int oauth_entry_read(struct oauth_entry *out, const struct conf *conf,
    const struct oauth_client *client, const char *text, size_t len);
/* Appends the text. Returns 0, ERR_CONFIG (no mcp.token_key), ERR_LIMIT, ERR_NOMEM. */
MUST_CHECK int oauth_entry_write(const struct oauth_entry *entry, const struct conf *conf,
    const struct oauth_client *client, struct buf *out);

/* Will the access token be taken for some time yet? */
bool oauth_entry_is_fresh(const struct oauth_entry *entry, int64_t now_ms);

/* One line for the operator about an entry's text, in ASCII: "signed in until ...". */
void oauth_entry_say(const struct oauth_client *client, const char *text, size_t len,
    int64_t now_ms, struct buf *out);

#endif
