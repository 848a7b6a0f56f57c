#include "process/auth_keys.h"

#include "base/err.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define AUTH_PEM_MAX 16384
#define AUTH_KEYS_FILE_MAX (4 * 1024 * 1024)

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
static char *auth_keys_auth_read_file(int dir, const char *name, size_t max, char *why,
    size_t why_size)
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
    while (text && len < (size_t)st.st_size) {
        ssize_t got = read(fd, text + len, (size_t)st.st_size - len);
        if (got <= 0)
            break;
        len += (size_t)got;
    }
    close(fd);
    if (!text)
        snprintf(why, why_size, "%s: out of memory", name);
    return text;
}

bool auth_kid_safe(const char *kid, size_t len)
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

static int auth_keys_auth_load_pem(struct auth *a, int dir, const char *name, char *why,
    size_t why_size)
{
    size_t len = strlen(name);
    if (len <= 4 || strcmp(name + len - 4, ".pem") != 0 || !auth_kid_safe(name, len - 4))
        return 0;
    if (a->pem_count == AUTH_PEMS) {
        snprintf(why, why_size, "jwt.keys_dir: more than %d keys", AUTH_PEMS);
        return ERR_CONFIG;
    }
    char *text = auth_keys_auth_read_file(dir, name, AUTH_PEM_MAX, why, why_size);
    if (!text)
        return ERR_CONFIG;
    if (!strstr(text, "-----BEGIN PUBLIC KEY-----")) {
        snprintf(why, why_size, "jwt.keys_dir: %s holds no PEM public key", name);
        explicit_bzero(text, strlen(text));
        free(text);
        return ERR_CONFIG;
    }
    struct auth_pem *pem = &a->pems[a->pem_count++];
    snprintf(pem->kid, sizeof pem->kid, "%.*s", (int)(len - 4), name);
    pem->text = text;
    return 0;
}

static int auth_keys_auth_load_pems(struct auth *a, char *why, size_t why_size)
{
    DIR *dir = opendir(a->conf->jwt_keys_dir);
    if (!dir) {
        snprintf(why, why_size, "jwt.keys_dir %s: %s", a->conf->jwt_keys_dir, strerror(errno));
        return ERR_CONFIG;
    }
    int error = 0;
    for (struct dirent *entry; error == 0 && (entry = readdir(dir));)
        error = auth_keys_auth_load_pem(a, dirfd(dir), entry->d_name, why, why_size);
    closedir(dir);
    if (error == 0 && a->pem_count == 0) {
        snprintf(why, why_size, "jwt.keys_dir %s holds no KID.pem", a->conf->jwt_keys_dir);
        error = ERR_CONFIG;
    }
    return error;
}

static int auth_keys_auth_init_jwt(struct auth *a, char *why, size_t why_size)
{
    const char *name = a->conf->jwt_algorithm;
    a->algorithm = JWT_ALG_NONE;
    if (*name == '\0')
        return 0;
    for (size_t i = 0; i < sizeof auth_algorithms / sizeof auth_algorithms[0]; i++) {
        if (strcmp(auth_algorithms[i].name, name) != 0)
            continue;
        a->algorithm = auth_algorithms[i].algorithm;
        if (!auth_algorithms[i].symmetric)
            return auth_keys_auth_load_pems(a, why, why_size);
        if (strlen(a->conf->jwt_secret) >= 32)
            return 0;
        snprintf(why, why_size, "jwt.secret: HS256 needs 32 bytes at least");
        return ERR_CONFIG;
    }
    snprintf(why, why_size, "jwt.algorithm: %s is none of HS256, RS256, ES256", name);
    return ERR_CONFIG;
}

static bool auth_keys_auth_is_sha256(const char *s)
{
    return strlen(s) == IDENT_SHA256_SIZE - 1 && strspn(s, "0123456789abcdef") == strlen(s);
}

/* "SHA256HEX USER ROLE [NAME]", blank, or a comment. */
static int auth_keys_auth_parse_key_line(struct auth_api_key *key, char *line, bool *found)
{
    char *rest = NULL;
    char *hash = strtok_r(line, " \t\r", &rest);
    *found = hash && *hash != '#';
    if (!*found)
        return 0;
    char *user = strtok_r(NULL, " \t\r", &rest);
    char *role = strtok_r(NULL, " \t\r", &rest);
    if (!auth_keys_auth_is_sha256(hash) || !user ||
        ident_user_named(user, strlen(user), key->user) < 0)
        return ERR_CONFIG;
    if (!role || (strcmp(role, "user") != 0 && strcmp(role, "admin") != 0))
        return ERR_CONFIG;
    snprintf(key->hash, sizeof key->hash, "%s", hash);
    snprintf(key->role, sizeof key->role, "%s", role);
    return 0;
}

static int auth_keys_auth_load_api_keys(struct auth *a, char *why, size_t why_size)
{
    if (*a->conf->api_keys_file == '\0')
        return 0;
    char *text = auth_keys_auth_read_file(AT_FDCWD, a->conf->api_keys_file, AUTH_KEYS_FILE_MAX, why,
        why_size);
    if (!text)
        return ERR_CONFIG;
    size_t lines = 1;
    for (const char *c = text; *c != '\0'; c++)
        lines += *c == '\n';
    a->keys = calloc(lines, sizeof *a->keys);
    int error = !a->keys ? ERR_NOMEM : 0;
    char *rest = text;
    unsigned number = 0;
    for (char *line; error == 0 && (line = strsep(&rest, "\n"));) {
        bool found = false;
        number++;
        error = auth_keys_auth_parse_key_line(&a->keys[a->key_count], line, &found);
        if (error < 0)
            snprintf(why, why_size, "%s:%u: not `SHA256HEX USER ROLE [NAME]`",
                a->conf->api_keys_file, number);
        else if (found)
            a->key_count++;
    }
    free(text);
    return error;
}

static void auth_keys_auth_init_refusals(struct auth *a)
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
    auth_keys_auth_init_refusals(a);
    int error = auth_keys_auth_init_jwt(a, why, why_size);
    if (error == 0)
        error = auth_keys_auth_load_api_keys(a, why, why_size);
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
    for (size_t i = 0; i < a->pem_count; i++)
        free(a->pems[i].text);
    free(a->keys);
    free(a);
}
