#include "process/auth_keys.h"

#include "base/err.h"
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AUTH_PEM_MAX 16384
#define AUTH_KEYS_FILE_MAX (4 * 1024 * 1024)
/* With a set of keys the issuer says by the key's type what it signs with. */
#define AUTH_ALL_PUBLIC (((1u << JWS_ALGORITHM_COUNT) - 1) & ~(1u << JWS_HS256))

/* Can it be the name of a key's file: A-Z a-z 0-9 - _ ., no dot first? */
static bool auth_keys_kid_is_safe(const char *kid, size_t len)
{
    static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";

    return len > 0 && len <= AUTH_FILE_KID_MAX && kid[0] != '.' && strspn(kid, good) >= len;
}

static int auth_keys_load_pem(struct auth *a, int dir, const char *name, char *why, size_t why_size)
{
    size_t len = strlen(name), text_len;
    char kid[AUTH_FILE_KID_MAX + 1], *text = NULL;
    int error;

    if (len <= 4 || strcmp(name + len - 4, ".pem") != 0 || !auth_keys_kid_is_safe(name, len - 4))
        return 0;
    snprintf(kid, sizeof kid, "%.*s", (int)(len - 4), name);
    error = file_read(dir, name, AUTH_PEM_MAX, &text, &text_len);
    if (error) {
        snprintf(why, why_size, "jwt.keys_dir: %s: %s", name, file_why(error));
        return ERR_CONFIG;
    }
    error = jwks_add(&a->files, kid, text, a->algorithms);
    if (error == ERR_LIMIT)
        snprintf(why, why_size, "jwt.keys_dir: more than %d keys", JWKS_KEYS_MAX);
    else if (error == ERR_INVALID)
        snprintf(why, why_size, "jwt.keys_dir: %s holds no PEM public key for jwt.algorithm %.60s",
            name, *a->conf->jwt_algorithm ? a->conf->jwt_algorithm : "(any)");
    explicit_bzero(text, text_len); /* somebody may have put a private one there */
    free(text);
    return error ? ERR_CONFIG : 0;
}

static int auth_keys_load_pems(struct auth *a, char *why, size_t why_size)
{
    DIR *dir = opendir(a->conf->jwt_keys_dir);
    int error = 0;

    if (!dir) {
        snprintf(why, why_size, "jwt.keys_dir %s: %s", a->conf->jwt_keys_dir, strerror(errno));
        return ERR_CONFIG;
    }
    for (struct dirent *entry; error == 0 && (entry = readdir(dir));)
        error = auth_keys_load_pem(a, dirfd(dir), entry->d_name, why, why_size);
    closedir(dir);
    if (error == 0 && a->files.count == 0) {
        snprintf(why, why_size, "jwt.keys_dir %s holds no KID.pem", a->conf->jwt_keys_dir);
        error = ERR_CONFIG;
    }
    return error;
}

/* The words of jwt.algorithm. */
static int auth_keys_read_algorithms(struct auth *a, char *why, size_t why_size)
{
    const char *at = a->conf->jwt_algorithm;
    char word[16];
    enum jws_algorithm algorithm;

    if (!*at && *a->conf->jwt_jwks_url)
        a->algorithms = AUTH_ALL_PUBLIC;
    while (*(at += strspn(at, " ,\t"))) {
        size_t len = strcspn(at, " ,\t");
        snprintf(word, sizeof word, "%.*s", (int)(len < sizeof word ? len : sizeof word - 1), at);
        if (jws_algorithm_find(word, &algorithm)) {
            snprintf(why, why_size, "jwt.algorithm: %s is not known", word);
            return ERR_CONFIG;
        }
        a->algorithms |= 1u << algorithm;
        at += len;
    }
    return 0;
}

static int auth_keys_init_jwt(struct auth *a, char *why, size_t why_size)
{
    int error = auth_keys_read_algorithms(a, why, why_size);

    a->issuer.conf = a->conf;
    if (error == 0 && a->algorithms & 1u << JWS_HS256 && strlen(a->conf->jwt_secret) < 32) {
        snprintf(why, why_size, "jwt.secret: HS256 needs 32 bytes at least");
        return ERR_CONFIG;
    }
    if (error == 0 && a->algorithms & AUTH_ALL_PUBLIC && *a->conf->jwt_keys_dir)
        error = auth_keys_load_pems(a, why, why_size);
    if (error == 0)
        jwks_watch_look_now(&a->issuer);
    return error;
}

static bool auth_keys_is_sha256(const char *s)
{
    return strlen(s) == IDENT_SHA256_SIZE - 1 && strspn(s, "0123456789abcdef") == strlen(s);
}

/* "SHA256HEX USER ROLE [NAME]", blank, or a comment. */
static int auth_keys_parse_key_line(struct auth_api_key *key, char *line, bool *found)
{
    char *rest = NULL;
    char *hash = strtok_r(line, " \t\r", &rest);
    *found = hash && *hash != '#';
    if (!*found)
        return 0;
    char *user = strtok_r(NULL, " \t\r", &rest);
    char *role = strtok_r(NULL, " \t\r", &rest);
    if (!auth_keys_is_sha256(hash) || !user || ident_user_named(user, strlen(user), key->user) < 0)
        return ERR_CONFIG;
    if (!role || (strcmp(role, "user") != 0 && strcmp(role, "admin") != 0))
        return ERR_CONFIG;
    snprintf(key->hash, sizeof key->hash, "%s", hash);
    snprintf(key->role, sizeof key->role, "%s", role);
    return 0;
}

static int auth_keys_load_api_keys(struct auth *a, char *why, size_t why_size)
{
    if (*a->conf->api_keys_file == '\0')
        return 0;
    char *text = NULL;
    size_t text_len = 0;
    int error = file_read(AT_FDCWD, a->conf->api_keys_file, AUTH_KEYS_FILE_MAX, &text, &text_len);
    if (error) {
        snprintf(why, why_size, "%s: %s", a->conf->api_keys_file, file_why(error));
        return ERR_CONFIG;
    }
    size_t lines = 1;
    for (const char *c = text; *c != '\0'; c++)
        lines += *c == '\n';
    a->keys = calloc(lines, sizeof *a->keys);
    error = !a->keys ? ERR_NOMEM : 0;
    char *rest = text;
    unsigned number = 0;
    for (char *line; error == 0 && (line = strsep(&rest, "\n"));) {
        bool found = false;
        number++;
        error = auth_keys_parse_key_line(&a->keys[a->key_count], line, &found);
        if (error < 0)
            snprintf(why, why_size, "%s:%u: not `SHA256HEX USER ROLE [NAME]`",
                a->conf->api_keys_file, number);
        else if (found)
            a->key_count++;
    }
    free(text);
    return error;
}

static void auth_keys_init_refusals(struct auth *a)
{
#define AUTH_TEXT_(name, text) \
    snprintf(a->refusals[name], sizeof a->refusals[name], text, a->conf->jwt_user_claim);
    AUTH_REFUSAL_TABLE(AUTH_TEXT_)
#undef AUTH_TEXT_
}

int auth_new(struct auth **out, const struct conf *conf, char *why, size_t why_size)
{
    struct auth *a = calloc(1, sizeof *a);
    if (!a) {
        snprintf(why, why_size, "out of memory");
        return ERR_NOMEM;
    }
    a->conf = conf;
    auth_keys_init_refusals(a);
    int error = auth_keys_init_jwt(a, why, why_size);
    if (error == 0)
        error = auth_keys_load_api_keys(a, why, why_size);
    if (error < 0) {
        auth_free(a);
        return error;
    }
    *out = a;
    return 0;
}

void auth_free(struct auth *a)
{
    if (!a)
        return;
    jwks_free(&a->files);
    jwks_watch_fini(&a->issuer);
    free(a->keys);
    free(a);
}
