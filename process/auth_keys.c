/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/auth_keys.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AUTH_PEM_MAX 16384
#define AUTH_KEYS_FILE_MAX (4 * 1024 * 1024)
#define AUTH_LOOK_MS 250
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

/* ---- API keys ---- */

static int auth_keys_compare(const void *a, const void *b)
{
    const struct apikey *x = a, *y = b;

    return strcmp(x->hash, y->hash);
}

/* text: changed. Returns 0; ERR_CONFIG with why; ERR_NOMEM. */
static int auth_keys_parse(const struct conf *conf, char *text, struct apikey **keys, size_t *count,
    char why[CONF_WHY_SIZE])
{
    const char *wrong = "";
    size_t lines = 1, told = 0;
    unsigned number = 0;
    int error = 0;

    for (const char *c = text; *c; c++)
        lines += *c == '\n';
    *count = 0;
    *keys = calloc(lines, sizeof **keys);
    if (!*keys)
        return ERR_NOMEM;
    for (char *line; (line = strsep(&text, "\n"));) { /* what is wrong in each of them */
        bool found = false;

        number++;
        if (apikey_parse(line, &(*keys)[*count], &found, &wrong) == 0) {
            *count += found;
            continue;
        }
        error = ERR_CONFIG;
        if (told < CONF_WHY_SIZE)
            told += (size_t)snprintf(why + told, CONF_WHY_SIZE - told, "%s%.100s:%u: %s",
                told ? "\n" : "", conf->api_keys_file, number, wrong);
    }
    return error;
}

static int auth_keys_load_api_keys(struct auth *a, char why[CONF_WHY_SIZE])
{
    const struct conf *conf = a->conf;
    struct apikey *keys = NULL;
    char *text = NULL;
    size_t len = 0, count = 0;
    int error;

    if (!*conf->api_keys_file)
        return 0;
    file_has_changed(conf->api_keys_file, &a->keys_seen);
    error = file_read(AT_FDCWD, conf->api_keys_file, AUTH_KEYS_FILE_MAX, &text, &len);
    if (error) {
        snprintf(why, CONF_WHY_SIZE, "%s: %s", conf->api_keys_file, file_why(error));
        return ERR_CONFIG;
    }
    error = auth_keys_parse(conf, text, &keys, &count, why);
    free(text);
    if (error) {
        free(keys);
        return error;
    }
    qsort(keys, count, sizeof *keys, auth_keys_compare);
    free(a->keys);
    a->keys = keys;
    a->key_count = count;
    return 0;
}

void auth_keys_look_now(struct auth *a)
{
    a->keys_look_ms = 0;
    auth_keys_look(a);
}

void auth_keys_look(struct auth *a)
{
    char why[CONF_WHY_SIZE] = "";
    int64_t now = clock_mono_ms();

    revoked_watch_look(&a->revoked);
    if (!*a->conf->api_keys_file || now < a->keys_look_ms)
        return;
    a->keys_look_ms = now + AUTH_LOOK_MS;
    if (file_has_changed(a->conf->api_keys_file, &a->keys_seen) && auth_keys_load_api_keys(a, why))
        log_limited(LOG_LEVEL_ERROR, "the API keys stay as they were: %s", why);
}

const struct apikey *auth_keys_find(const struct auth *a, const char hash[IDENT_SHA256_SIZE])
{
    struct apikey wanted = {.scopes = 0};

    snprintf(wanted.hash, sizeof wanted.hash, "%s", hash);
    return a->key_count == 0 ?
        NULL :
        bsearch(&wanted, a->keys, a->key_count, sizeof *a->keys, auth_keys_compare);
}

const struct apikey *auth_keys_find_id(const struct auth *a, uint64_t id)
{
    size_t from = 0, to = a->key_count;

    while (from < to) {
        size_t at = from + (to - from) / 2;
        uint64_t found = apikey_id(a->keys[at].hash);

        if (found == id)
            return &a->keys[at];
        if (found < id)
            from = at + 1;
        else
            to = at;
    }
    return NULL;
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
    a->conf = a->revoked.conf = conf;
    auth_keys_init_refusals(a);
    revoked_watch_look(&a->revoked);
    char text[CONF_WHY_SIZE] = "";
    int error = auth_keys_init_jwt(a, why, why_size);
    if (error == 0 && (error = auth_keys_load_api_keys(a, text)) < 0)
        snprintf(why, why_size, "%s", text);
    if (error < 0) {
        auth_free(a);
        return error;
    }
    *out = a;
    return 0;
}

void auth_note_uses(struct auth *a, struct keyuse *uses)
{
    a->uses = uses;
}

void auth_free(struct auth *a)
{
    if (!a)
        return;
    jwks_free(&a->files);
    jwks_watch_fini(&a->issuer);
    revoked_watch_fini(&a->revoked);
    free(a->keys);
    free(a);
}
