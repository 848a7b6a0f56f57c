#include "fcgi-app/auth.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/jdoc.h"
#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jwt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define AUTH_TOKEN_MAX 8192
#define AUTH_API_KEY_PREFIX "tpk_"
#define AUTH_API_KEY_MIN 20
#define AUTH_PEM_MAX 16384
#define AUTH_KEYS_FILE_MAX (4 * 1024 * 1024)
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
#define AUTH_REFUSAL_TABLE(X)                                                                      \
    X(AUTH_NO_CLAIM, "the token has no claim %.80s, which names the user")                         \
    X(AUTH_NO_STRING, "the token's claim %.80s must be a string (RFC 7519, section 4.1.2)")        \
    X(AUTH_UNREADABLE, "the token's claim %.80s is empty or holds U+FFFD, so it names no user")    \
    X(AUTH_TOO_LONG, "the token's claim %.80s is longer than 1024 bytes")                          \
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

static const struct {
    const char *name;
    jwt_alg_t algorithm;
    bool symmetric;
} auth_algorithms[] = {
    {"HS256", JWT_ALG_HS256, true},
    {"RS256", JWT_ALG_RS256, false},
    {"ES256", JWT_ALG_ES256, false},
};

/* A whole small file, NUL-terminated; the caller frees. NULL with why set. */
static char *auth_read_file(int dir, const char *name, size_t max, char *why, size_t why_size)
{
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (size_t)st.st_size > max) {
        snprintf(why, why_size, "%s: %s", name,
            fd < 0 ? strerror(errno) : "no regular file, or too large");
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    char *text = calloc(1, (size_t)st.st_size + 1);
    size_t len = 0;
    while (text != NULL && len < (size_t)st.st_size) {
        ssize_t got = read(fd, text + len, (size_t)st.st_size - len);
        if (got <= 0)
            break;
        len += (size_t)got;
    }
    close(fd);
    if (text == NULL)
        snprintf(why, why_size, "%s: out of memory", name);
    return text;
}

static bool auth_kid_safe(const char *kid, size_t len)
{
    if (len == 0 || len > AUTH_KID_MAX || kid[0] == '.')
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = kid[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                c == '-' || c == '_' || c == '.'))
            return false;
    }
    return true;
}

static int auth_load_pem(struct auth *a, int dir, const char *name, char *why, size_t why_size)
{
    size_t len = strlen(name);
    if (len <= 4 || strcmp(name + len - 4, ".pem") != 0 || !auth_kid_safe(name, len - 4))
        return 0;
    if (a->pem_count == AUTH_PEMS) {
        snprintf(why, why_size, "jwt.keys_dir: more than %d keys", AUTH_PEMS);
        return ERR_CONFIG;
    }
    char *text = auth_read_file(dir, name, AUTH_PEM_MAX, why, why_size);
    if (text == NULL)
        return ERR_CONFIG;
    if (strstr(text, "-----BEGIN PUBLIC KEY-----") == NULL) {
        snprintf(why, why_size, "jwt.keys_dir: %s holds no PEM public key", name);
        explicit_bzero(text, strlen(text));
        free(text);
        return ERR_CONFIG;
    }
    struct auth_pem *pem = &a->pems[a->pem_count++];
    snprintf(pem->kid, sizeof(pem->kid), "%.*s", (int)(len - 4), name);
    pem->text = text;
    return 0;
}

static int auth_load_pems(struct auth *a, char *why, size_t why_size)
{
    DIR *dir = opendir(a->conf->jwt_keys_dir);
    if (dir == NULL) {
        snprintf(why, why_size, "jwt.keys_dir %s: %s", a->conf->jwt_keys_dir, strerror(errno));
        return ERR_CONFIG;
    }
    int result = 0;
    for (struct dirent *entry; result == 0 && (entry = readdir(dir)) != NULL;)
        result = auth_load_pem(a, dirfd(dir), entry->d_name, why, why_size);
    closedir(dir);
    if (result == 0 && a->pem_count == 0) {
        snprintf(why, why_size, "jwt.keys_dir %s holds no KID.pem", a->conf->jwt_keys_dir);
        result = ERR_CONFIG;
    }
    return result;
}

static int auth_init_jwt(struct auth *a, char *why, size_t why_size)
{
    const char *name = a->conf->jwt_algorithm;
    a->algorithm = JWT_ALG_NONE;
    if (*name == '\0')
        return 0;
    for (size_t i = 0; i < sizeof(auth_algorithms) / sizeof(auth_algorithms[0]); i++) {
        if (strcmp(auth_algorithms[i].name, name) != 0)
            continue;
        a->algorithm = auth_algorithms[i].algorithm;
        if (!auth_algorithms[i].symmetric)
            return auth_load_pems(a, why, why_size);
        if (strlen(a->conf->jwt_secret) >= 32)
            return 0;
        snprintf(why, why_size, "jwt.secret: HS256 needs 32 bytes at least");
        return ERR_CONFIG;
    }
    snprintf(why, why_size, "jwt.algorithm: %s is none of HS256, RS256, ES256", name);
    return ERR_CONFIG;
}

static bool auth_is_sha256(const char *s)
{
    return strlen(s) == IDENT_SHA256_SIZE - 1 && strspn(s, "0123456789abcdef") == strlen(s);
}

/* "SHA256HEX USER ROLE [NAME]", blank, or a comment. */
static int auth_parse_key_line(struct auth_api_key *key, char *line, bool *found)
{
    char *rest = NULL;
    char *hash = strtok_r(line, " \t\r", &rest);
    *found = hash != NULL && *hash != '#';
    if (!*found)
        return 0;
    char *user = strtok_r(NULL, " \t\r", &rest);
    char *role = strtok_r(NULL, " \t\r", &rest);
    if (!auth_is_sha256(hash) || user == NULL ||
        ident_user_named(user, strlen(user), key->user) < 0)
        return ERR_CONFIG;
    if (role == NULL || (strcmp(role, "user") != 0 && strcmp(role, "admin") != 0))
        return ERR_CONFIG;
    snprintf(key->hash, sizeof(key->hash), "%s", hash);
    snprintf(key->role, sizeof(key->role), "%s", role);
    return 0;
}

static int auth_load_api_keys(struct auth *a, char *why, size_t why_size)
{
    if (*a->conf->api_keys_file == '\0')
        return 0;
    char *text = auth_read_file(AT_FDCWD, a->conf->api_keys_file, AUTH_KEYS_FILE_MAX, why,
        why_size);
    if (text == NULL)
        return ERR_CONFIG;
    size_t lines = 1;
    for (const char *c = text; *c != '\0'; c++)
        lines += *c == '\n';
    a->keys = calloc(lines, sizeof(*a->keys));
    int result = a->keys == NULL ? ERR_NOMEM : 0;
    char *rest = text;
    unsigned number = 0;
    for (char *line; result == 0 && (line = strsep(&rest, "\n")) != NULL;) {
        bool found = false;
        number++;
        result = auth_parse_key_line(&a->keys[a->key_count], line, &found);
        if (result < 0)
            snprintf(why, why_size, "%s:%u: not `SHA256HEX USER ROLE [NAME]`",
                a->conf->api_keys_file, number);
        else if (found)
            a->key_count++;
    }
    free(text);
    return result;
}

static void auth_init_refusals(struct auth *a)
{
#define AUTH_TEXT_(name, text)                                                                     \
    snprintf(a->refusals[name], sizeof a->refusals[name], text, a->conf->jwt_user_claim);
    AUTH_REFUSAL_TABLE(AUTH_TEXT_)
#undef AUTH_TEXT_
}

int auth_new(struct auth **out, const struct conf *conf, char *why, size_t why_size)
{
    struct auth *a = calloc(1, sizeof(*a));
    if (a == NULL) {
        snprintf(why, why_size, "out of memory");
        return ERR_NOMEM;
    }
    a->conf = conf;
    auth_init_refusals(a);
    int result = auth_init_jwt(a, why, why_size);
    if (result == 0)
        result = auth_load_api_keys(a, why, why_size);
    if (result < 0) {
        auth_free(a);
        return result;
    }
    *out = a;
    return 0;
}

void auth_free(struct auth *a)
{
    if (a == NULL)
        return;
    for (size_t i = 0; i < a->pem_count; i++)
        free(a->pems[i].text);
    free(a->keys);
    free(a);
}

/* Decodes one base64url segment (RFC 7515: no padding, no other characters). */
static int auth_base64url(struct arena *arena, const char *s, size_t len, char **out,
    size_t *out_len)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    char *bytes = arena_alloc(arena, len / 4 * 3 + 4);
    if (bytes == NULL)
        return ERR_NOMEM;
    if (len % 4 == 1)
        return ERR_INVALID;
    size_t n = 0;
    uint32_t bits = 0;
    for (size_t i = 0; i < len; i++) {
        const char *digit = s[i] == '\0' ? NULL : strchr(digits, s[i]);
        if (digit == NULL)
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
    if (why != NULL)
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
    int result = jdoc_get_string(header, "kid", &kid, &len);
    if (result == ERR_NOT_FOUND)
        return a->pem_count == 1 ? a->pems[0].text : NULL;
    if (result < 0 || !auth_kid_safe(kid, len))
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
    if (pem == NULL)
        return auth_refuse(why, "the token's key is not known");
    if (auth_signature_ok(a, token, pem))
        return 0;
    return auth_refuse(why, "the token's signature is not valid");
}

/* A NumericDate in milliseconds. 0; ERR_NOT_FOUND; ERR_INVALID. */
static int auth_date(const jdoc *claims, const char *name, int64_t *ms)
{
    double seconds;
    int result = jdoc_get_double(claims, name, &seconds);
    if (result < 0)
        return result;
    if (!(seconds >= 0 && seconds < 1e12))
        return ERR_INVALID;
    *ms = (int64_t)(seconds * 1000.0);
    return 0;
}

static int auth_check_times(const struct auth *a, const jdoc *claims, int64_t *expires,
    const char **why)
{
    int64_t now = clock_real_ms(), not_before = 0;
    int result = auth_date(claims, "exp", expires);
    if (result < 0)
        return auth_refuse(why, "the token has no valid exp");
    if (*expires + a->conf->jwt_leeway_ms <= now)
        return auth_refuse(why, "the token has expired");
    result = auth_date(claims, "nbf", &not_before);
    if (result != 0 && result != ERR_NOT_FOUND)
        return auth_refuse(why, "the token's nbf is not valid");
    if (result == 0 && not_before - a->conf->jwt_leeway_ms > now)
        return auth_refuse(why, "the token is not valid yet");
    return 0;
}

static bool auth_audience_ok(const jdoc *claims, const char *wanted)
{
    const jdoc *aud = jdoc_get(claims, "aud");
    if (jdoc_type(aud) != JDOC_ARRAY) {
        const char *text = jdoc_string(aud, NULL);
        return text != NULL && strcmp(text, wanted) == 0;
    }
    for (size_t i = 0; i < jdoc_length(aud); i++) {
        const char *text = jdoc_string(jdoc_at(aud, i), NULL);
        if (text != NULL && strcmp(text, wanted) == 0)
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
    int result = jdoc_get_string(claims, claim, &name, &len);
    if (result < 0)
        return auth_refuse(
            why, a->refusals[result == ERR_NOT_FOUND ? AUTH_NO_CLAIM : AUTH_NO_STRING]);
    if (strcmp(claim, "email") == 0 && jdoc_has(claims, "email_verified") &&
        (jdoc_get_bool(claims, "email_verified", &verified) < 0 || !verified))
        return auth_refuse(why, a->refusals[AUTH_UNVERIFIED]);
    result = ident_user_of(name, len, user);
    if (result < 0)
        return auth_refuse(
            why, a->refusals[result == ERR_LIMIT ? AUTH_TOO_LONG : AUTH_UNREADABLE]);
    return 0;
}

static int auth_check_claims(const struct auth *a, const jdoc *claims, struct auth_identity *out,
    const char **why)
{
    int64_t expires = 0;
    int result = auth_check_times(a, claims, &expires, why);
    if (result < 0)
        return result;
    if (*a->conf->jwt_audience != '\0' && !auth_audience_ok(claims, a->conf->jwt_audience))
        return auth_refuse(why, "the token is for another audience");
    if (*a->conf->jwt_issuer != '\0' &&
        strcmp(jdoc_text_or(claims, "iss", ""), a->conf->jwt_issuer) != 0)
        return auth_refuse(why, "the token is from another issuer");
    result = auth_check_user(a, claims, out->user, why);
    if (result < 0)
        return result;
    out->kind = AUTH_JWT;
    bool admin = strcmp(jdoc_text_or(claims, "role", ""), "admin") == 0;
    snprintf(out->role, sizeof(out->role), "%s", admin ? "admin" : "user");
    out->expires_ms = expires;
    return 0;
}

static int auth_jwt(const struct auth *a, struct arena *arena, const char *token, size_t len,
    struct auth_identity *out, const char **why)
{
    if (a->algorithm == JWT_ALG_NONE)
        return auth_refuse(why, "tokens are not accepted here");
    const char *dot = memchr(token, '.', len);
    const char *second = dot == NULL ? NULL : strchr(dot + 1, '.');
    if (second == NULL || strchr(second + 1, '.') != NULL || second[1] == '\0')
        return auth_refuse(why, "the token is not a signed JWT");
    jdoc *header = NULL, *claims = NULL;
    if (auth_segment(arena, token, (size_t)(dot - token), &header) < 0 ||
        auth_segment(arena, dot + 1, (size_t)(second - dot - 1), &claims) < 0)
        return auth_refuse(why, "the token is not a signed JWT");
    int result = auth_check_signature(a, token, header, why);
    return result < 0 ? result : auth_check_claims(a, claims, out, why);
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
        snprintf(out->user, sizeof(out->user), "%s", a->keys[i].user);
        snprintf(out->role, sizeof(out->role), "%s", a->keys[i].role);
        return 0;
    }
    return auth_refuse(why, "the API key is not known");
}

int auth_token(const struct auth *a, const char *token, size_t len, struct auth_identity *out,
    const char **why)
{
    memset(out, 0, sizeof(*out));
    if (len == 0 || len > AUTH_TOKEN_MAX || memchr(token, '\0', len) != NULL)
        return auth_refuse(why, "the token is empty or too long");
    if (len >= 4 && memcmp(token, AUTH_API_KEY_PREFIX, 4) == 0)
        return auth_api_key(a, token, len, out, why);
    struct arena *arena = arena_new();
    char *copy = arena == NULL ? NULL : arena_memdup(arena, token, len);
    int result = copy == NULL ? auth_refuse(why, "out of memory")
                              : auth_jwt(a, arena, copy, len, out, why);
    if (result < 0)
        memset(out, 0, sizeof(*out));
    arena_free(arena);
    return result;
}

int auth_development(const struct auth *a, const char *user, struct auth_identity *out)
{
    memset(out, 0, sizeof(*out));
    if (user == NULL || *user == '\0')
        user = "dev";
    if (!a->conf->development || ident_user_named(user, strlen(user), out->user) < 0)
        return ERR_AUTH;
    out->kind = AUTH_DEVELOPMENT;
    snprintf(out->role, sizeof(out->role), "user");
    return 0;
}

int auth_ticket(const struct auth *a, const char *value, size_t len, const char *origin,
    struct auth_identity *out)
{
    (void)a;
    char text[IDENT_USER_MAX + 32 + 512];
    memset(out, 0, sizeof(*out));
    if (len >= sizeof(text) || memchr(value, '\0', len) != NULL)
        return ERR_AUTH;
    memcpy(text, value, len);
    text[len] = '\0';
    char *rest = text;
    const char *user = strsep(&rest, " ");
    const char *role = strsep(&rest, " ");
    const char *bound = strsep(&rest, " ");
    if (bound == NULL)
        bound = "";
    if (role == NULL || !ident_is_user(user, strlen(user)) ||
        (strcmp(role, "user") != 0 && strcmp(role, "admin") != 0))
        return ERR_AUTH;
    /* A ticket made without an origin (by a server, for its browser) is bound to the user only. */
    if (*bound != '\0' && strcmp(bound, "-") != 0 &&
        (origin == NULL || strcmp(bound, origin) != 0))
        return ERR_AUTH;
    out->kind = AUTH_TICKET;
    out->expires_ms = rest != NULL ? strtoll(rest, NULL, 10) : 0;
    snprintf(out->user, sizeof(out->user), "%s", user);
    snprintf(out->role, sizeof(out->role), "%s", role);
    return 0;
}
