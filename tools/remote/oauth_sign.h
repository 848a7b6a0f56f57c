/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_REMOTE_OAUTH_SIGN_H
#define TURNPIKE_TOOLS_REMOTE_OAUTH_SIGN_H

#include "base/buf.h"
#include "base/err.h"
#include "tools/remote/oauth.h"

#include <stddef.h>
#include <stdint.h>

/*
 * oauth_sign -- the assertion by which a client proves itself with a private key (RFC 7523,
 * private_key_jwt), by OpenSSL. Pure but for the id. Any process.
 */
/* May the client's key sign with its algorithm ("" = what fits the key)? Returns 0 or ERR_INVALID
 * with the reason. */
MUST_CHECK int oauth_sign_check(const struct oauth_client *client, char *why, size_t why_size);
/* Appends the assertion, of one minute. audience: the issuer. Returns 0, ERR_INVALID, ERR_NOMEM. */
MUST_CHECK int oauth_sign_assertion(const struct oauth_client *client, const char *client_id,
    const char *audience, int64_t now_ms, struct buf *out);

#endif
