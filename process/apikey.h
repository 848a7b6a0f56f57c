/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_PROCESS_APIKEY_H
#define TURNPIKE_PROCESS_APIKEY_H

#include "base/buf.h"
#include "base/err.h"
#include "base/ident.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * apikey -- one line of api_keys.file, which knows a key by its SHA-256 only:
 *
 *   SHA256HEX USER ROLE [WORD=VALUE ...] [NAME]
 *
 *   expires=DATE   from then on it counts no more: 2027-01-31 (its first moment, UTC) or
 *                  2027-01-31T12:00:00Z (RFC 3339)
 *   created=DATE   when it was made; `turnpike revoke user` ends what is older
 *   scopes=A,B     what it may be used for (process/scopes.h); without: everything
 *   class=NAME     the class of users whose limits it has
 *
 * Words without "=" are its name, for people. A word that is not known is refused, and so is one
 * without "=" that looks known, so that a typing error gives no key more than it should have. Pure.
 * Every process and the `turnpike` command.
 */
#define APIKEY_PREFIX "tpk_"
#define APIKEY_MIN 20 /* bytes of a key */
#define APIKEY_ID_SIZE 17
#define APIKEY_CLASS_MAX 32
#define APIKEY_NAME_MAX 64

struct apikey {
    char hash[IDENT_SHA256_SIZE];
    char user[IDENT_USER_MAX + 1];
    char role[8]; /* "user" or "admin" */
    char class[APIKEY_CLASS_MAX + 1];
    char name[APIKEY_NAME_MAX + 1];
    unsigned scopes;                /* SCOPES_ALL: as without `scopes=` */
    bool has_scopes;                /* the line names them */
    int64_t expires_ms, created_ms; /* real time; 0 = it does not say */
};

/*
 * apikey_parse -- one line, without its end; it is changed.
 *   found  out: false for a blank line or a comment
 *   why    out on error: what is wrong, static text
 * Returns 0 or ERR_CONFIG.
 */
MUST_CHECK int apikey_parse(char *line, struct apikey *out, bool *found, const char **why);
/* Appends the line, with its end. */
void apikey_write(const struct apikey *key, struct buf *out);
/* A date of a line. Returns 0 or ERR_INVALID. */
MUST_CHECK int apikey_date(const char *text, int64_t *real_ms);
/* Whether it can be the name of a key: up to APIKEY_NAME_MAX bytes without "=" and controls, and no
 * word that looks like one of a line (`scopes:read`). */
bool apikey_is_name(const char *text);
/* Whether it can be the class of a key: a safe name of up to APIKEY_CLASS_MAX bytes. */
bool apikey_is_class(const char *text);
/* The first 64 bits of a key's digest: by this it is listed, revoked, and known to an open stream.
 */
uint64_t apikey_id(const char hash[IDENT_SHA256_SIZE]);

#endif
