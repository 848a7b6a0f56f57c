#ifndef TURNPIKE_PROCESS_AUTH_KEYS_H
#define TURNPIKE_PROCESS_AUTH_KEYS_H

#include "process/auth.h"
#include "process/jwks.h"

/* auth_keys -- what auth reads at the start: keys, and texts of refusals. For auth's files only. */
#define AUTH_FILE_KID_MAX 64

struct auth_api_key {
    char hash[IDENT_SHA256_SIZE];
    char user[IDENT_USER_MAX + 1];
    char role[32];
};
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
    struct auth_api_key *keys;
    size_t key_count;
    char refusals[AUTH_REFUSALS][192]; /* of a claim that names no user */
};

#endif
