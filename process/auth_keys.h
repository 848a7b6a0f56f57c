#ifndef TURNPIKE_PROCESS_AUTH_KEYS_H
#define TURNPIKE_PROCESS_AUTH_KEYS_H

#include "process/auth.h"

#include <jwt.h>

/* auth_keys -- what auth reads at the start: keys, and texts of refusals. For auth's files only. */
#define AUTH_PEMS 32
#define AUTH_KID_MAX 64

struct auth_pem {
    char kid[AUTH_KID_MAX + 1];
    char *text; /* parsed at each use: a parsed key costs each worker more than its text */
};
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
    jwt_alg_t algorithm; /* JWT_ALG_NONE = no JWT is accepted */
    struct auth_pem pems[AUTH_PEMS];
    size_t pem_count;
    struct auth_api_key *keys;
    size_t key_count;
    char refusals[AUTH_REFUSALS][192]; /* of a claim that names no user */
};

/* Can it be the name of a key: 1 to AUTH_KID_MAX of A-Z a-z 0-9 - _ ., no dot first? */
bool auth_kid_safe(const char *kid, size_t len);

#endif
