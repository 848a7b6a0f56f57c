/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_PROCESS_AUTH_H
#define TURNPIKE_PROCESS_AUTH_H

#include "base/conf.h"
#include "base/err.h"
#include "base/ident.h"
#include "process/apikey.h"
#include "process/auth_mark.h"
#include "process/keyuse.h"
#include "process/limits.h"
#include "process/scopes.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * auth -- the identity behind a credential. Computation over keys that are read at the start (a
 * reload starts workers that read them anew); those of jwt.jwks_url (process/jwks.h), the lines of
 * api_keys.file and what was revoked (process/revoked.h) are read when they change, within a
 * second. Used by api, turn and stream workers.
 */
#define AUTH_KEY_SIZE APIKEY_ID_SIZE
enum auth_kind {
    AUTH_NONE,
    AUTH_JWT,
    AUTH_API_KEY,
    AUTH_TICKET,
    AUTH_DEVELOPMENT,
    AUTH_INTERNAL,
    AUTH_PAGE /* the page's own cookie: store/tickets.h */
};
/* Why a credential that was good is good no more. */
enum auth_end { AUTH_LIVES, AUTH_EXPIRED, AUTH_REVOKED };
struct auth_identity {
    enum auth_kind kind;
    char user[IDENT_USER_MAX + 1];
    char role[32];                    /* "user" or "admin" */
    char class[APIKEY_CLASS_MAX + 1]; /* of limits.classes_file; "" = none */
    char key[AUTH_KEY_SIZE];          /* the API key's id; "" = it came by none */
    unsigned scopes;                  /* what it may be used for: process/scopes.h */
    long long expires_ms;  /* real time, jwt.leeway included; 0 = never: when it passes a socket is
                             closed (4001) */
    struct auth_mark mark; /* of the credential, also of the one that a ticket stands for */
    enum auth_end ended;   /* set on ERR_AUTH too, when it is known */
};
/* Class and key as one word that goes from process to process, "CLASS/KEY". _read takes none, too. */
#define AUTH_ACCOUNT_SIZE (LIMITS_CLASS_MAX + AUTH_KEY_SIZE + 1)
void auth_account_write(const struct auth_identity *who, char out[AUTH_ACCOUNT_SIZE]);
void auth_account_read(const char *account, struct auth_identity *who);
struct auth;
MUST_CHECK int auth_new(struct auth **out, const struct conf *conf, char *why, size_t why_size);
void auth_free(struct auth *a);
/* The uses of API keys are noted here from now on. Borrowed, for as long as `a` lives. */
void auth_note_uses(struct auth *a, struct keyuse *uses);
/*
 * auth_token -- a JWT or an API key (told apart by form). Algorithms fixed by configuration;
 * signature, exp (required), nbf, aud, iss checked. The claim jwt.user_claim ("sub") names the
 * user: a string of any form (ident_user_of), but no email that email_verified says is not.
 *   why  out on error: short reason for the log and problem detail; never the token
 * Returns 0; ERR_AUTH; ERR_NOT_YET: its issuer may have published its key meanwhile, so that the
 * housekeeper is to be asked (NOTICE_KEYS in store/notice.h) and the token tried again; ERR_REMOTE:
 * the issuer's keys cannot be had now.
 */
MUST_CHECK int auth_token(struct auth *a, const char *token, size_t len, struct auth_identity *out,
    const char **why);
/* Development mode: user as named (name or id), or "dev" when NULL or "". ERR_AUTH outside that
 * mode. */
MUST_CHECK int auth_development(const struct auth *a, const char *user, struct auth_identity *out);
/* Parses the text of a ticket's key: "UID ROLE ORIGIN EXPIRES MARK SCOPES CLASS" (of the credential
 * that asked for it; real ms, 0 = never; auth_mark.h; the bits as a number; "-" = none). ERR_AUTH
 * also when that credential has ended meanwhile. Of an API key it has no more than the key's line
 * says now. */
MUST_CHECK int auth_ticket(struct auth *a, const char *value, size_t len, const char *origin,
    struct auth_identity *out);
/*
 * auth_ended -- whether the credential behind this mark has ended before its time: revoked, or an
 * API key whose line is gone or has expired. Cheap: an open connection asks once a second. It notes
 * the use of an API key that lives (process/keyuse.h), also through what was made of it.
 *   user  whose it is
 */
enum auth_end auth_ended(struct auth *a, const char *user, const struct auth_mark *mark);
/* The scopes that the credential behind this mark has now, SCOPE_ADMIN only with its role: an open
 * connection ends when they become fewer. All, where they cannot change. */
unsigned auth_rights(const struct auth *a, const struct auth_mark *mark);

/*
 * auth_bearer -- the credential in a value of the header Authorization (RFC 6750 section 2.1),
 * borrowed from it, perhaps "". Any process. Returns NULL when the scheme is not Bearer.
 */
const char *auth_bearer(const char *authorization);

#endif
