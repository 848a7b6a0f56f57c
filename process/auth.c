#include "process/auth.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/jdoc.h"
#include "process/auth_keys.h"

#include <jwt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define AUTH_TOKEN_MAX 8192
#define AUTH_API_KEY_PREFIX "tpk_"
#define AUTH_API_KEY_MIN 20

/* Decodes one base64url segment (RFC 7515: no padding, no other characters). */
static int auth_base64url(struct arena *arena, const char *s, size_t len, char **out,
    size_t *out_len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    char *bytes = arena_alloc(arena, len / 4 * 3 + 4);
    if (!bytes)
        return ERR_NOMEM;
    if (len % 4 == 1)
        return ERR_INVALID;
    size_t n = 0;
    uint32_t bits = 0;
    for (size_t i = 0; i < len; i++) {
        const char *digit = s[i] == '\0' ? NULL : strchr(digits, s[i]);
        if (!digit)
            return ERR_INVALID;
        bits = bits << 6 | (uint32_t)(digit - digits);
        if (i % 4 != 0)
            bytes[n++] = (char)(bits >> (6 - 2 * (i % 4)));
    }
    *out = bytes;
    *out_len = n;
    return 0;
}

static void auth_free_json(void *doc)
{
    jdoc_free(doc);
}

static int auth_segment(struct arena *arena, const char *s, size_t len, jdoc **out)
{
    char *text = NULL;
    size_t text_len = 0;
    if (auth_base64url(arena, s, len, &text, &text_len) < 0 ||
        jdoc_parse(text, text_len, out, NULL, 0) < 0)
        return ERR_AUTH;
    if (arena_on_free(arena, auth_free_json, *out) < 0)
        return ERR_AUTH;
    return jdoc_type(*out) == JDOC_OBJECT ? 0 : ERR_AUTH;
}

static int auth_refuse(const char **why, const char *text)
{
    if (why)
        *why = text;
    return ERR_AUTH;
}

static bool auth_signature_ok(const struct auth *a, const char *token, const char *key)
{
    jwt_t *jwt = NULL;
    if (*key == '\0' || jwt_decode(&jwt, token, (const unsigned char *)key, (int)strlen(key)) != 0)
        return false;
    bool ok = jwt_get_alg(jwt) == a->algorithm;
    jwt_free(jwt);
    return ok;
}

/* The public key that the token's header names; without a name the only one there is. */
static const char *auth_pem_for(const struct auth *a, const jdoc *header)
{
    const char *kid = NULL;
    size_t len = 0;
    int error = jdoc_get_string(header, "kid", &kid, &len);
    if (error == ERR_NOT_FOUND)
        return a->pem_count == 1 ? a->pems[0].text : NULL;
    if (error < 0 || !auth_kid_safe(kid, len))
        return NULL;
    for (size_t i = 0; i < a->pem_count; i++) {
        if (strcmp(a->pems[i].kid, kid) == 0)
            return a->pems[i].text;
    }
    return NULL;
}

static int auth_check_signature(const struct auth *a, const char *token, const jdoc *header,
    const char **why)
{
    if (strcmp(jdoc_text_or(header, "alg", ""), a->conf->jwt_algorithm) != 0)
        return auth_refuse(why, "the token's algorithm is not the configured one");
    if (jdoc_has(header, "crit"))
        return auth_refuse(why, "the token has critical extensions");
    if (a->algorithm == JWT_ALG_HS256) {
        if (auth_signature_ok(a, token, a->conf->jwt_secret) ||
            (strlen(a->conf->jwt_secret_previous) >= 32 &&
                auth_signature_ok(a, token, a->conf->jwt_secret_previous)))
            return 0;
        return auth_refuse(why, "the token's signature is not valid");
    }
    const char *pem = auth_pem_for(a, header);
    if (!pem)
        return auth_refuse(why, "the token's key is not known");
    if (auth_signature_ok(a, token, pem))
        return 0;
    return auth_refuse(why, "the token's signature is not valid");
}

/* A NumericDate in milliseconds. 0; ERR_NOT_FOUND; ERR_INVALID. */
static int auth_date(const jdoc *claims, const char *name, int64_t *ms)
{
    double seconds;
    int error = jdoc_get_double(claims, name, &seconds);
    if (error < 0)
        return error;
    if (!(seconds >= 0 && seconds < 1e12))
        return ERR_INVALID;
    *ms = (int64_t)(seconds * 1000.0);
    return 0;
}

static int auth_check_times(const struct auth *a, const jdoc *claims, int64_t *expires,
    const char **why)
{
    int64_t now = clock_real_ms(), not_before = 0;
    int error = auth_date(claims, "exp", expires);
    if (error < 0)
        return auth_refuse(why, "the token has no valid exp");
    if (*expires + a->conf->jwt_leeway_ms <= now)
        return auth_refuse(why, "the token has expired");
    error = auth_date(claims, "nbf", &not_before);
    if (error != 0 && error != ERR_NOT_FOUND)
        return auth_refuse(why, "the token's nbf is not valid");
    if (error == 0 && not_before - a->conf->jwt_leeway_ms > now)
        return auth_refuse(why, "the token is not valid yet");
    return 0;
}

static bool auth_audience_ok(const jdoc *claims, const char *wanted)
{
    const jdoc *aud = jdoc_get(claims, "aud");
    if (jdoc_type(aud) != JDOC_ARRAY) {
        const char *text = jdoc_string(aud, NULL);
        return text && strcmp(text, wanted) == 0;
    }
    for (size_t i = 0; i < jdoc_length(aud); i++) {
        const char *text = jdoc_string(jdoc_at(aud, i), NULL);
        if (text && strcmp(text, wanted) == 0)
            return true;
    }
    return false;
}

/* The user that the token names: the text of one claim, RFC 7519 StringOrURI of any form. */
static int auth_check_user(const struct auth *a, const jdoc *claims, char user[IDENT_USER_MAX + 1],
    const char **why)
{
    const char *claim = a->conf->jwt_user_claim, *name = NULL;
    size_t len = 0;
    bool verified = false;
    int error = jdoc_get_string(claims, claim, &name, &len);
    if (error < 0)
        return auth_refuse(why,
            a->refusals[error == ERR_NOT_FOUND ? AUTH_NO_CLAIM : AUTH_NO_STRING]);
    if (strcmp(claim, "email") == 0 && jdoc_has(claims, "email_verified") &&
        (jdoc_get_bool(claims, "email_verified", &verified) < 0 || !verified))
        return auth_refuse(why, a->refusals[AUTH_UNVERIFIED]);
    error = ident_user_of(name, len, user);
    if (error < 0)
        return auth_refuse(why, a->refusals[error == ERR_LIMIT ? AUTH_TOO_LONG : AUTH_UNREADABLE]);
    return 0;
}

static int auth_check_claims(const struct auth *a, const jdoc *claims, struct auth_identity *out,
    const char **why)
{
    int64_t expires = 0;
    int error = auth_check_times(a, claims, &expires, why);
    if (error < 0)
        return error;
    if (*a->conf->jwt_audience != '\0' && !auth_audience_ok(claims, a->conf->jwt_audience))
        return auth_refuse(why, "the token is for another audience");
    if (*a->conf->jwt_issuer != '\0' &&
        strcmp(jdoc_text_or(claims, "iss", ""), a->conf->jwt_issuer) != 0)
        return auth_refuse(why, "the token is from another issuer");
    error = auth_check_user(a, claims, out->user, why);
    if (error < 0)
        return error;
    out->kind = AUTH_JWT;
    bool admin = strcmp(jdoc_text_or(claims, "role", ""), "admin") == 0;
    snprintf(out->role, sizeof out->role, "%s", admin ? "admin" : "user");
    out->expires_ms =
        expires + a->conf->jwt_leeway_ms; /* a socket lives as long as a request passes */
    return 0;
}

static int auth_jwt(const struct auth *a, struct arena *arena, const char *token, size_t len,
    struct auth_identity *out, const char **why)
{
    if (a->algorithm == JWT_ALG_NONE)
        return auth_refuse(why, "tokens are not accepted here");
    const char *dot = memchr(token, '.', len);
    const char *second = !dot ? NULL : strchr(dot + 1, '.');
    if (!second || strchr(second + 1, '.') || second[1] == '\0')
        return auth_refuse(why, "the token is not a signed JWT");
    jdoc *header = NULL, *claims = NULL;
    if (auth_segment(arena, token, (size_t)(dot - token), &header) < 0 ||
        auth_segment(arena, dot + 1, (size_t)(second - dot - 1), &claims) < 0)
        return auth_refuse(why, "the token is not a signed JWT");
    int error = auth_check_signature(a, token, header, why);
    return error < 0 ? error : auth_check_claims(a, claims, out, why);
}

static int auth_api_key(const struct auth *a, const char *token, size_t len,
    struct auth_identity *out, const char **why)
{
    char hash[IDENT_SHA256_SIZE];
    ident_sha256_hex(token, len, hash);
    for (size_t i = 0; len >= AUTH_API_KEY_MIN && i < a->key_count; i++) {
        if (!ident_equal_secret(hash, a->keys[i].hash))
            continue;
        out->kind = AUTH_API_KEY;
        snprintf(out->user, sizeof out->user, "%s", a->keys[i].user);
        snprintf(out->role, sizeof out->role, "%s", a->keys[i].role);
        return 0;
    }
    return auth_refuse(why, "the API key is not known");
}

int auth_token(const struct auth *a, const char *token, size_t len, struct auth_identity *out,
    const char **why)
{
    memset(out, 0, sizeof *out);
    if (len == 0 || len > AUTH_TOKEN_MAX || memchr(token, '\0', len))
        return auth_refuse(why, "the token is empty or too long");
    if (len >= 4 && memcmp(token, AUTH_API_KEY_PREFIX, 4) == 0)
        return auth_api_key(a, token, len, out, why);
    struct arena *arena = arena_new();
    char *copy = !arena ? NULL : arena_memdup(arena, token, len);
    int error = !copy ? auth_refuse(why, "out of memory") : auth_jwt(a, arena, copy, len, out, why);
    if (error < 0)
        memset(out, 0, sizeof *out);
    arena_free(arena);
    return error;
}

int auth_development(const struct auth *a, const char *user, struct auth_identity *out)
{
    memset(out, 0, sizeof *out);
    if (!user || *user == '\0')
        user = "dev";
    if (!a->conf->development || ident_user_named(user, strlen(user), out->user) < 0)
        return ERR_AUTH;
    out->kind = AUTH_DEVELOPMENT;
    snprintf(out->role, sizeof out->role, "user");
    return 0;
}

int auth_ticket(const struct auth *a, const char *value, size_t len, const char *origin,
    struct auth_identity *out)
{
    (void)a;
    char text[IDENT_USER_MAX + 32 + 512];
    memset(out, 0, sizeof *out);
    if (len >= sizeof text || memchr(value, '\0', len))
        return ERR_AUTH;
    memcpy(text, value, len);
    text[len] = '\0';
    char *rest = text;
    const char *user = strsep(&rest, " ");
    const char *role = strsep(&rest, " ");
    const char *bound = strsep(&rest, " ");
    if (!bound)
        bound = "";
    if (!role || !ident_is_user(user, strlen(user)) ||
        (strcmp(role, "user") != 0 && strcmp(role, "admin") != 0))
        return ERR_AUTH;
    /* A ticket made without an origin (by a server, for its browser) is bound to the user only. */
    if (*bound != '\0' && strcmp(bound, "-") != 0 && (!origin || strcmp(bound, origin) != 0))
        return ERR_AUTH;
    out->kind = AUTH_TICKET;
    out->expires_ms = rest ? strtoll(rest, NULL, 10) : 0;
    snprintf(out->user, sizeof out->user, "%s", user);
    snprintf(out->role, sizeof out->role, "%s", role);
    return 0;
}

const char *auth_bearer(const char *authorization)
{
    static const char scheme[] = "Bearer ";

    if (strncasecmp(authorization, scheme, sizeof scheme - 1) != 0)
        return NULL;
    return authorization + strspn(authorization + sizeof scheme - 1, " ") + sizeof scheme - 1;
}
