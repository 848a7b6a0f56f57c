/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_REMOTE_OAUTH_SEAL_H
#define TURNPIKE_TOOLS_REMOTE_OAUTH_SEAL_H

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>

/*
 * oauth_seal -- encrypts what Redis keeps of a sign-in: AES-256-GCM under a key that HKDF-SHA-256
 * derives from the setting mcp.token_key, with a salt of its own for each text. Redis, its files
 * and its backups hold no token that can be used. Any process.
 *   bound  what the text belongs to: opening it as another's fails
 */
#define OAUTH_SEAL_MAX ((size_t)64 << 10)
/* Appends the sealed text in base64url. Returns 0, ERR_CONFIG (no key), ERR_LIMIT, ERR_NOMEM. */
MUST_CHECK int oauth_seal(const char *key, const char *bound, const char *text, size_t len,
    struct buf *out);
/* The caller wipes `out`. Returns 0; ERR_AUTH: sealed by another key, for something else, or
 * changed; ERR_CONFIG; ERR_NOMEM. */
MUST_CHECK int oauth_unseal(const char *key, const char *bound, const char *sealed,
    struct buf *out);

#endif
