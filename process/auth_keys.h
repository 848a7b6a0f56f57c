/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_PROCESS_AUTH_KEYS_H
#define TURNPIKE_PROCESS_AUTH_KEYS_H

#include "process/auth.h"
#include "process/jwks.h"
#include "process/revoked.h"

/* auth_keys -- what auth reads at the start: keys, and texts of refusals. For auth's files only. */
#define AUTH_FILE_KID_MAX 64

/* What is wrong with the claim jwt.user_claim: texts that name it, made at start. */
#define AUTH_REFUSAL_TABLE(X) \
    X(AUTH_NO_CLAIM, "the token has no claim %.80s, which names the user") \
    X(AUTH_NO_STRING, "the token's claim %.80s must be a string (RFC 7519, section 4.1.2)") \
    X(AUTH_UNREADABLE, "the token's claim %.80s is empty or holds U+FFFD, so it names no user") \
    X(AUTH_TOO_LONG, "the token's claim %.80s is longer than 1024 bytes") \
    X(AUTH_UNVERIFIED, "the token's claim %.80s is not verified: email_verified is not true")
enum auth_refusal {
#define AUTH_ENUM_(name, text) name,
    AUTH_REFUSAL_TABLE(AUTH_ENUM_)
#undef AUTH_ENUM_
        AUTH_REFUSALS
};
_Static_assert(IDENT_NAME_MAX == 1024, "the number in AUTH_TOO_LONG");

struct auth {
    const struct conf *conf;
    unsigned algorithms;      /* bits 1 << JWS_...; 0 = no JWT is accepted */
    struct jwks files;        /* of jwt.keys_dir */
    struct jwks_watch issuer; /* of jwt.jwks_url */
    struct revoked_watch revoked;
    struct apikey *keys; /* by digest */
    size_t key_count;
    struct file_seen keys_seen;
    struct keyuse *uses;               /* NULL = nobody asks when keys were used */
    int64_t keys_look_ms;              /* monotonic: the next look at api_keys.file */
    char refusals[AUTH_REFUSALS][192]; /* of a claim that names no user */
};

/* Reads what has changed of api_keys.file and of what is revoked, at most four times a second. A
 * file with an error takes nothing away; the log tells it. */
void auth_keys_look(struct auth *a);
/* The same at once, for a key that is not known: a stat of the file when nothing has changed. */
void auth_keys_look_now(struct auth *a);
/* The line of a key by its digest, or by the start of that. NULL: there is none. */
const struct apikey *auth_keys_find(const struct auth *a, const char hash[IDENT_SHA256_SIZE]);
const struct apikey *auth_keys_find_id(const struct auth *a, uint64_t id);

#endif
