/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/auth.h"

#include "base/arena.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/jdoc.h"
#include "base/log.h"
#include "process/auth_keys.h"
#include "process/jws.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define AUTH_TOKEN_MAX 8192
#define AUTH_SECRET_MIN 32

static void auth_free_json(void *doc)
{
    jdoc_free(doc);
}

static int auth_segment(struct arena *arena, const char *s, size_t len, jdoc **out)
{
    char *text = arena_alloc(arena, BASE64_MAX(len));
    long text_len = text ? base64_decode(s, len, BASE64_URL, text) : ERR_NOMEM;
    if (text_len < 0 || jdoc_parse(text, (size_t)text_len, out, NULL, 0) < 0)
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

static int auth_check_secret(const struct auth *a, const struct jws_signed *what, const char **why)
{
    const char *secrets[] = {a->conf->jwt_secret, a->conf->jwt_secret_previous};

    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
        if (strlen(secrets[i]) >= AUTH_SECRET_MIN && jws_verify(JWS_HS256, secrets[i], what) == 0)
            return 0;
    return auth_refuse(why, "the token's signature is not valid");
}

/* By the keys of one set that the token may mean. Returns 0, ERR_AUTH, ERR_NOT_FOUND, ERR_NOMEM. */
static int auth_check_by(const struct jwks *set, const char *kid, enum jws_algorithm algorithm,
    const struct jws_signed *what)
{
    const struct jwks_key *key;
    size_t at = 0;
    int error = ERR_NOT_FOUND;

    while (error != 0 && (key = jwks_find(set, kid, algorithm, &at)))
        error = jws_verify(algorithm, key->pem, what);
    return error;
}

static int auth_check_by_all(const struct auth *a, const char *kid, enum jws_algorithm algorithm,
    const struct jws_signed *what)
{
    int error = auth_check_by(&a->files, kid, algorithm, what), issuers;

    if (!error)
        return 0;
    issuers = auth_check_by(&a->issuer.set, kid, algorithm, what);
    return issuers == ERR_NOT_FOUND ? error : issuers;
}

/* No key is known for it: may there be one by now? */
static int auth_miss_key(const struct auth *a, const char **why)
{
    auth_refuse(why, "the token's key is not known");
    if (jwks_watch_may_ask(&a->issuer))
        return ERR_NOT_YET;
    return *a->conf->jwt_jwks_url && a->issuer.set.count == 0 ? ERR_REMOTE : ERR_AUTH;
}

static int auth_check_public(struct auth *a, const jdoc *header, enum jws_algorithm algorithm,
    const struct jws_signed *what, const char **why)
{
    const char *kid = NULL;
    int error;

    if (jdoc_get_string(header, "kid", &kid, NULL) == ERR_INVALID)
        return auth_refuse(why, "the token's kid is no string");
    jwks_watch_look(&a->issuer);
    error = auth_check_by_all(a, kid, algorithm, what);
    if (error == ERR_NOT_FOUND) {
        jwks_watch_look_now(&a->issuer);
        error = auth_check_by_all(a, kid, algorithm, what);
    }
    if (error == ERR_NOT_FOUND)
        return auth_miss_key(a, why);
    return error == 0 ? 0 : auth_refuse(why, "the token's signature is not valid");
}

static int auth_check_signature(struct auth *a, const jdoc *header, const struct jws_signed *what,
    const char **why)
{
    enum jws_algorithm algorithm;

    if (jws_algorithm_find(jdoc_text_or(header, "alg", ""), &algorithm) ||
        !(a->algorithms >> algorithm & 1))
        return auth_refuse(why, "the token's algorithm is not the configured one");
    if (jdoc_has(header, "crit"))
        return auth_refuse(why, "the token has critical extensions");
    if (jws_is_secret(algorithm))
        return auth_check_secret(a, what, why);
    return auth_check_public(a, header, algorithm, what, why);
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

/* By what it can be revoked: its id, and when it was issued. */
static void auth_mark_token(const jdoc *claims, struct auth_mark *mark)
{
    char hash[IDENT_SHA256_SIZE];
    const char *jti = NULL;
    size_t len = 0;

    *mark = (struct auth_mark){.kind = 'j'};
    if (jdoc_get_string(claims, "jti", &jti, &len) == 0) {
        ident_sha256_hex(jti, len, hash);
        mark->id = apikey_id(hash);
    }
    if (auth_date(claims, "iat", &mark->issued_ms) < 0)
        mark->issued_ms = 0;
}

/* What cannot be a class' name is told like an unknown one: the user's limits are those of all. */
static void auth_read_class(const struct auth *a, const jdoc *claims, struct auth_identity *out)
{
    const char *name = NULL;
    size_t len = 0;

    if (*a->conf->jwt_class_claim == '\0' ||
        jdoc_get_string(claims, a->conf->jwt_class_claim, &name, &len) < 0 || len == 0)
        return;
    if (limits_is_class(name, len) && strlen(name) == len)
        snprintf(out->class, sizeof out->class, "%s", name);
    else
        log_limited(LOG_LEVEL_WARN, "the claim %.60s of a token is no name of a class",
            a->conf->jwt_class_claim);
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
    out->scopes = SCOPES_ALL;
    auth_mark_token(claims, &out->mark);
    auth_read_class(a, claims, out);
    out->expires_ms =
        expires + a->conf->jwt_leeway_ms; /* a socket lives as long as a request passes */
    return 0;
}

static int auth_jwt(struct auth *a, struct arena *arena, const char *token, size_t len,
    struct auth_identity *out, const char **why)
{
    if (a->algorithms == 0)
        return auth_refuse(why, "tokens are not accepted here");
    const char *dot = memchr(token, '.', len);
    const char *second = !dot ? NULL : strchr(dot + 1, '.');
    if (!second || strchr(second + 1, '.') || second[1] == '\0')
        return auth_refuse(why, "the token is not a signed JWT");
    jdoc *header = NULL, *claims = NULL;
    struct jws_signed what = {.text = token, .text_len = (size_t)(second - token)};
    size_t len_left = strlen(second + 1);
    char *signature = arena_alloc(arena, BASE64_MAX(len_left));
    long signed_len =
        signature ? base64_decode(second + 1, len_left, BASE64_URL, signature) : ERR_NOMEM;
    if (signed_len < 0 || auth_segment(arena, token, (size_t)(dot - token), &header) < 0 ||
        auth_segment(arena, dot + 1, (size_t)(second - dot - 1), &claims) < 0)
        return auth_refuse(why, "the token is not a signed JWT");
    what.signature = signature;
    what.signature_len = (size_t)signed_len;
    /* A token that would be refused in any case makes nobody fetch keys. */
    int error = auth_check_claims(a, claims, out, why);
    return error < 0 ? error : auth_check_signature(a, header, &what, why);
}

static int auth_refuse_ended(struct auth_identity *out, enum auth_end ended, const char **why)
{
    memset(out, 0, sizeof *out);
    out->ended = ended;
    return auth_refuse(why,
        ended == AUTH_EXPIRED ? "the credential has expired" : "the credential has been revoked");
}

static bool auth_key_has_expired(const struct apikey *key)
{
    return key->expires_ms && key->expires_ms <= clock_real_ms();
}

/* By its mark, which a ticket has, too. */
static void auth_name_key(struct auth_identity *out)
{
    if (out->mark.kind == 'k')
        snprintf(out->key, sizeof out->key, "%016llx", (unsigned long long)out->mark.id);
}

/* The role's rights are a scope of their own. */
static bool auth_key_is_admin(const struct apikey *key)
{
    return key->scopes & SCOPE_ADMIN && strcmp(key->role, "admin") == 0;
}

static int auth_api_key(struct auth *a, const char *token, size_t len, struct auth_identity *out,
    const char **why)
{
    char hash[IDENT_SHA256_SIZE];
    const struct apikey *key;

    ident_sha256_hex(token, len, hash);
    key = len >= APIKEY_MIN ? auth_keys_find(a, hash) : NULL;
    if (!key && len >= APIKEY_MIN) { /* perhaps one that was made just now */
        auth_keys_look_now(a);
        key = auth_keys_find(a, hash);
    }
    if (!key)
        return auth_refuse(why, "the API key is not known");
    if (auth_key_has_expired(key))
        return auth_refuse_ended(out, AUTH_EXPIRED, why);
    out->kind = AUTH_API_KEY;
    snprintf(out->user, sizeof out->user, "%s", key->user);
    snprintf(out->role, sizeof out->role, "%s", auth_key_is_admin(key) ? "admin" : "user");
    snprintf(out->class, sizeof out->class, "%s", key->class);
    out->scopes = key->scopes;
    out->expires_ms = key->expires_ms;
    out->mark =
        (struct auth_mark){.kind = 'k', .id = apikey_id(hash), .issued_ms = key->created_ms};
    auth_name_key(out);
    return 0;
}

unsigned auth_rights(const struct auth *a, const struct auth_mark *mark)
{
    const struct apikey *key = mark->kind == 'k' ? auth_keys_find_id(a, mark->id) : NULL;

    if (!key)
        return SCOPES_ALL;
    return auth_key_is_admin(key) ? key->scopes : key->scopes & ~(unsigned)SCOPE_ADMIN;
}

/* What was made of a key has no more than the key's line says now. */
static void auth_limit_to_key(const struct auth *a, struct auth_identity *out)
{
    const struct apikey *key = out->mark.kind == 'k' ? auth_keys_find_id(a, out->mark.id) : NULL;

    if (!key)
        return;
    out->scopes &= key->scopes;
    if (!auth_key_is_admin(key))
        snprintf(out->role, sizeof out->role, "user");
    snprintf(out->class, sizeof out->class, "%s", key->class);
}

enum auth_end auth_ended(struct auth *a, const char *user, const struct auth_mark *mark)
{
    const struct apikey *key;

    if (!mark->kind)
        return AUTH_LIVES;
    auth_keys_look(a);
    if (revoked_has(&a->revoked, user, mark->id, mark->issued_ms))
        return AUTH_REVOKED;
    if (mark->kind != 'k')
        return AUTH_LIVES;
    key = auth_keys_find_id(a, mark->id);
    if (!key || strcmp(key->user, user) != 0)
        return AUTH_REVOKED;
    if (auth_key_has_expired(key))
        return AUTH_EXPIRED;
    keyuse_note(a->uses, mark->id, clock_real_ms());
    return AUTH_LIVES;
}

static int auth_check_ended(struct auth *a, struct auth_identity *out, const char **why)
{
    enum auth_end ended = auth_ended(a, out->user, &out->mark);

    return ended == AUTH_LIVES ? 0 : auth_refuse_ended(out, ended, why);
}

int auth_token(struct auth *a, const char *token, size_t len, struct auth_identity *out,
    const char **why)
{
    memset(out, 0, sizeof *out);
    if (len == 0 || len > AUTH_TOKEN_MAX || memchr(token, '\0', len))
        return auth_refuse(why, "the token is empty or too long");
    auth_keys_look(a);
    if (len >= 4 && memcmp(token, APIKEY_PREFIX, 4) == 0) {
        int known = auth_api_key(a, token, len, out, why);
        return known < 0 ? known : auth_check_ended(a, out, why);
    }
    struct arena *arena = arena_new();
    char *copy = !arena ? NULL : arena_memdup(arena, token, len);
    int error = !copy ? auth_refuse(why, "out of memory") : auth_jwt(a, arena, copy, len, out, why);
    if (error < 0)
        memset(out, 0, sizeof *out);
    arena_free(arena);
    return error < 0 ? error : auth_check_ended(a, out, why);
}

int auth_development(const struct auth *a, const char *user, struct auth_identity *out)
{
    memset(out, 0, sizeof *out);
    if (!user || *user == '\0')
        user = "dev";
    if (!a->conf->development || ident_user_named(user, strlen(user), out->user) < 0)
        return ERR_AUTH;
    out->kind = AUTH_DEVELOPMENT;
    out->scopes = SCOPES_ALL;
    snprintf(out->role, sizeof out->role, "user");
    return 0;
}

int auth_ticket(struct auth *a, const char *value, size_t len, const char *origin,
    struct auth_identity *out)
{
    char text[IDENT_USER_MAX + 32 + 512 + AUTH_MARK_SIZE + 16 + APIKEY_CLASS_MAX];
    memset(out, 0, sizeof *out);
    if (len >= sizeof text || memchr(value, '\0', len))
        return ERR_AUTH;
    memcpy(text, value, len);
    text[len] = '\0';
    char *rest = text;
    const char *user = strsep(&rest, " ");
    const char *role = strsep(&rest, " ");
    const char *bound = strsep(&rest, " ");
    const char *expires = strsep(&rest, " ");
    const char *mark = strsep(&rest, " ");
    const char *scopes = strsep(&rest, " ");
    if (!bound)
        bound = "";
    if (!role || !ident_is_user(user, strlen(user)) ||
        (strcmp(role, "user") != 0 && strcmp(role, "admin") != 0))
        return ERR_AUTH;
    /* A ticket made without an origin (by a server, for its browser) is bound to the user only. */
    if (*bound != '\0' && strcmp(bound, "-") != 0 && (!origin || strcmp(bound, origin) != 0))
        return ERR_AUTH;
    if (mark && !auth_mark_read(mark, &out->mark))
        return ERR_AUTH;
    out->ended = auth_ended(a, user, &out->mark);
    if (out->ended != AUTH_LIVES)
        return ERR_AUTH;
    out->kind = AUTH_TICKET;
    out->expires_ms = expires ? strtoll(expires, NULL, 10) : 0;
    /* One that was made before an upgrade names none. */
    out->scopes = scopes ? (unsigned)strtoul(scopes, NULL, 10) & SCOPES_ALL : SCOPES_ALL;
    if (rest && strcmp(rest, "-") != 0)
        snprintf(out->class, sizeof out->class, "%.32s", rest);
    auth_name_key(out);
    snprintf(out->user, sizeof out->user, "%s", user);
    snprintf(out->role, sizeof out->role, "%s", role);
    auth_limit_to_key(a, out);
    return 0;
}

void auth_account_write(const struct auth_identity *who, char out[AUTH_ACCOUNT_SIZE])
{
    snprintf(out, AUTH_ACCOUNT_SIZE, "%s/%s", who->class, who->key);
}

void auth_account_read(const char *account, struct auth_identity *who)
{
    size_t len = strcspn(account, "/");

    if (account[len] != '/' || len >= sizeof who->class ||
        strlen(account + len + 1) >= sizeof who->key)
        return;
    snprintf(who->class, sizeof who->class, "%.*s", (int)len, account);
    snprintf(who->key, sizeof who->key, "%s", account + len + 1);
}

const char *auth_bearer(const char *authorization)
{
    static const char scheme[] = "Bearer ";

    if (strncasecmp(authorization, scheme, sizeof scheme - 1) != 0)
        return NULL;
    return authorization + strspn(authorization + sizeof scheme - 1, " ") + sizeof scheme - 1;
}
