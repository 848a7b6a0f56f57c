/* SPDX-License-Identifier: BSD-2-Clause */
/* test_auth -- which credentials are taken, and above all which are not. */
#include "base/clock.h"
#include "base/err.h"
#include "process/auth.h"
#include "process/cookie.h"
#include "process/origin.h"

#include <jwt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#define SECRET "0123456789abcdef0123456789abcdef"
#define OLD_SECRET "ffffffffffffffffffffffffffffffff"

struct keys { /* a key pair made for the test, its public half in dir/KID.pem */
    char dir[64], private_pem[4096];
};

static void set(struct conf *conf, const char *name, const char *value)
{
    char why[CONF_WHY_SIZE];
    assert_int_equal(conf_set(conf, name, value, why), 0);
}

static void conf_hs256(struct conf *conf)
{
    assert_int_equal(conf_init(conf), 0);
    set(conf, "jwt.algorithm", "HS256");
    set(conf, "jwt.secret", SECRET);
}

static struct auth *auth_of(const struct conf *conf)
{
    struct auth *a = NULL;
    char why[256] = "";
    int result = auth_new(&a, conf, why, sizeof why);
    if (result < 0)
        print_message("%s\n", why);
    assert_int_equal(result, 0);
    return a;
}

static char *sign(jwt_alg_t algorithm, const char *key, const char *kid, const char *claims)
{
    jwt_t *jwt = NULL;
    assert_int_equal(jwt_new(&jwt), 0);
    assert_int_equal(jwt_add_grants_json(jwt, claims), 0);
    if (kid)
        jwt_add_header(jwt, "kid", kid);
    assert_int_equal(jwt_set_alg(jwt, algorithm, (const unsigned char *)key,
                         !key ? 0 : (int)strlen(key)),
        0);
    char *token = jwt_encode_str(jwt);
    assert_non_null(token);
    jwt_free(jwt);
    return token;
}

static char *claims_at(long long exp, const char *more)
{
    static char text[512];
    snprintf(text, sizeof text, "{\"sub\":\"ada\",\"exp\":%lld%s}", exp, more);
    return text;
}

static long long now(void)
{
    return clock_real_ms() / 1000;
}

static int try_token(struct auth *a, const char *token, struct auth_identity *who)
{
    const char *why = NULL;
    int result = auth_token(a, token, strlen(token), who, &why);
    if (result < 0) {
        assert_non_null(why);
        assert_null(strstr(why, "eyJ"));
        assert_string_equal(who->user, "");
    }
    return result;
}

static int try_claims(struct auth *a, const char *claims, struct auth_identity *who)
{
    char *token = sign(JWT_ALG_HS256, SECRET, NULL, claims);
    int result = try_token(a, token, who);
    free(token);
    return result;
}

static void a_signed_token_names_its_user(void **state)
{
    (void)state;
    struct conf conf;
    struct auth_identity who;
    conf_hs256(&conf);
    struct auth *a = auth_of(&conf);
    long long exp = now() + 60;
    assert_int_equal(try_claims(a, claims_at(exp, ",\"role\":\"admin\""), &who), 0);
    assert_string_equal(who.user, "ada");
    assert_string_equal(who.role, "admin");
    assert_int_equal(who.kind, AUTH_JWT);
    /* A socket lives as long as a request with the token passes. */
    assert_true(who.expires_ms == exp * 1000 + conf.jwt_leeway_ms);
    assert_int_equal(try_claims(a, claims_at(exp, ",\"role\":\"root\""), &who), 0);
    assert_string_equal(who.role, "user");
    auth_free(a);
    conf_fini(&conf);
}

static void times_are_checked_with_leeway(void **state)
{
    (void)state;
    struct conf conf;
    struct auth_identity who;
    char more[64];
    conf_hs256(&conf);
    struct auth *a = auth_of(&conf);
    assert_int_equal(try_claims(a, "{\"sub\":\"ada\"}", &who), ERR_AUTH);
    assert_int_equal(try_claims(a, "{\"sub\":\"ada\",\"exp\":\"9999999999\"}", &who), ERR_AUTH);
    assert_int_equal(try_claims(a, claims_at(now() - 10, ""), &who), 0);
    assert_int_equal(try_claims(a, claims_at(now() - 31, ""), &who), ERR_AUTH);
    snprintf(more, sizeof more, ",\"nbf\":%lld", now() + 10);
    assert_int_equal(try_claims(a, claims_at(now() + 60, more), &who), 0);
    snprintf(more, sizeof more, ",\"nbf\":%lld", now() + 60);
    assert_int_equal(try_claims(a, claims_at(now() + 60, more), &who), ERR_AUTH);
    assert_int_equal(try_claims(a, claims_at(now() + 60, ",\"nbf\":\"x\""), &who), ERR_AUTH);
    auth_free(a);
    conf_fini(&conf);
}

static void audience_and_issuer_are_checked(void **state)
{
    (void)state;
    struct conf conf;
    struct auth_identity who;
    conf_hs256(&conf);
    set(&conf, "jwt.audience", "pam");
    set(&conf, "jwt.issuer", "https://id");
    struct auth *a = auth_of(&conf);
    static const struct {
        const char *more;
        int result;
    } cases[] = {
        {",\"aud\":\"pam\",\"iss\":\"https://id\"", 0},
        {",\"aud\":[\"x\",\"pam\"],\"iss\":\"https://id\"", 0},
        {",\"aud\":[\"x\"],\"iss\":\"https://id\"", ERR_AUTH},
        {",\"aud\":\"PAM\",\"iss\":\"https://id\"", ERR_AUTH},
        {",\"iss\":\"https://id\"", ERR_AUTH},
        {",\"aud\":\"pam\"", ERR_AUTH},
        {",\"aud\":\"pam\",\"iss\":\"https://id/\"", ERR_AUTH},
        {",\"aud\":\"pam\",\"iss\":[\"https://id\"]", ERR_AUTH},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(try_claims(a, claims_at(now() + 60, cases[i].more), &who),
            cases[i].result);
    auth_free(a);
    conf_fini(&conf);
}

static void no_user_can_leave_its_keys(void **state)
{
    (void)state;
    static const char *const subs[] = {"a b", "a}b", "{a", "a*", "a/b", "\\n", "community"};
    struct conf conf;
    struct auth_identity who;
    char claims[256];
    conf_hs256(&conf);
    struct auth *a = auth_of(&conf);
    for (size_t i = 0; i < sizeof subs / sizeof subs[0]; i++) {
        snprintf(claims, sizeof claims, "{\"sub\":\"%s\",\"exp\":%lld}", subs[i], now() + 60);
        assert_int_equal(try_claims(a, claims, &who), 0);
        assert_true(ident_is_user(who.user, strlen(who.user)));
        assert_null(strpbrk(who.user, "{} */\n"));
    }
    snprintf(claims, sizeof claims, "{\"sub\":7,\"exp\":%lld}", now() + 60);
    assert_int_equal(try_claims(a, claims, &who), ERR_AUTH);
    auth_free(a);
    conf_fini(&conf);
}

static void the_algorithm_is_never_taken_from_the_token(void **state)
{
    (void)state;
    struct conf conf;
    struct auth_identity who;
    conf_hs256(&conf);
    struct auth *a = auth_of(&conf);
    char *none = sign(JWT_ALG_NONE, NULL, NULL, claims_at(now() + 60, ""));
    assert_int_equal(try_token(a, none, &who), ERR_AUTH);
    char *other = sign(JWT_ALG_HS512, SECRET, NULL, claims_at(now() + 60, ""));
    assert_int_equal(try_token(a, other, &who), ERR_AUTH);
    free(none);
    free(other);
    auth_free(a);
    conf_fini(&conf);
}

static void a_changed_token_is_refused(void **state)
{
    (void)state;
    struct conf conf;
    struct auth_identity who;
    conf_hs256(&conf);
    struct auth *a = auth_of(&conf);
    char *token = sign(JWT_ALG_HS256, SECRET, NULL, claims_at(now() + 60, ""));
    size_t len = strlen(token);
    for (size_t i = 0; i + 1 < len; i++) { /* the very last character holds unused bits */
        char kept = token[i];
        token[i] = kept == 'A' ? 'B' : 'A';
        assert_int_equal(try_token(a, token, &who), ERR_AUTH);
        token[i] = kept;
    }
    for (size_t i = 0; i + 1 < len; i++) {
        const char *why = NULL;
        assert_int_equal(auth_token(a, token, i, &who, &why), ERR_AUTH);
    }
    assert_int_equal(try_token(a, token, &who), 0);
    assert_int_equal(try_token(a, "a.b.c", &who), ERR_AUTH);
    assert_int_equal(try_token(a, "..", &who), ERR_AUTH);
    free(token);
    auth_free(a);
    conf_fini(&conf);
}

static void the_previous_secret_still_counts(void **state)
{
    (void)state;
    struct conf conf;
    struct auth_identity who;
    conf_hs256(&conf);
    struct auth *a = auth_of(&conf);
    char *token = sign(JWT_ALG_HS256, OLD_SECRET, NULL, claims_at(now() + 60, ""));
    assert_int_equal(try_token(a, token, &who), ERR_AUTH);
    auth_free(a);
    set(&conf, "jwt.secret_previous", OLD_SECRET);
    a = auth_of(&conf);
    assert_int_equal(try_token(a, token, &who), 0);
    free(token);
    auth_free(a);
    conf_fini(&conf);
}

static void keys_make(struct keys *k, const char *kid, bool rsa)
{
    char path[128];
    if (k->dir[0] == '\0') {
        snprintf(k->dir, sizeof k->dir, "/tmp/tp-auth-XXXXXX");
        assert_non_null(mkdtemp(k->dir));
    }
    EVP_PKEY *key = rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
    assert_non_null(key);
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
    int n = BIO_read(bio, k->private_pem, sizeof k->private_pem - 1);
    assert_true(n > 0);
    k->private_pem[n] = '\0';
    BIO_free(bio);
    snprintf(path, sizeof path, "%s/%s.pem", k->dir, kid);
    FILE *file = fopen(path, "w");
    assert_int_equal(PEM_write_PUBKEY(file, key), 1);
    fclose(file);
    EVP_PKEY_free(key);
}

static void keys_remove(const struct keys *k, const char *kid)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s.pem", k->dir, kid);
    unlink(path);
}

static void public_keys(bool rsa)
{
    struct conf conf;
    struct auth_identity who;
    struct keys k = {0};
    jwt_alg_t algorithm = rsa ? JWT_ALG_RS256 : JWT_ALG_ES256;
    assert_int_equal(conf_init(&conf), 0);
    keys_make(&k, "one", rsa);
    set(&conf, "jwt.algorithm", rsa ? "RS256" : "ES256");
    set(&conf, "jwt.keys_dir", k.dir);
    struct auth *a = auth_of(&conf);
    char *named = sign(algorithm, k.private_pem, "one", claims_at(now() + 60, ""));
    char *bare = sign(algorithm, k.private_pem, NULL, claims_at(now() + 60, ""));
    char *wrong = sign(algorithm, k.private_pem, "two", claims_at(now() + 60, ""));
    char *path = sign(algorithm, k.private_pem, "../one", claims_at(now() + 60, ""));
    assert_int_equal(try_token(a, named, &who), 0);
    assert_int_equal(try_token(a, bare, &who), 0); /* there is only one key */
    assert_int_equal(try_token(a, wrong, &who), ERR_AUTH);
    assert_int_equal(try_token(a, path, &who), ERR_AUTH);
    auth_free(a);
    keys_make(&k, "two", rsa); /* rotation: a second key appears, then the first goes */
    a = auth_of(&conf);
    assert_int_equal(try_token(a, named, &who), 0);
    assert_int_equal(try_token(a, bare, &who), ERR_AUTH);
    assert_int_equal(try_token(a, wrong, &who), ERR_AUTH);
    auth_free(a);
    keys_remove(&k, "one");
    a = auth_of(&conf);
    assert_int_equal(try_token(a, named, &who), ERR_AUTH);
    auth_free(a);
    keys_remove(&k, "two");
    rmdir(k.dir);
    free(named);
    free(bare);
    free(wrong);
    free(path);
    conf_fini(&conf);
}

static void rsa_keys_are_found_by_id(void **state)
{
    (void)state;
    public_keys(true);
}

static void elliptic_keys_are_found_by_id(void **state)
{
    (void)state;
    public_keys(false);
}

static void a_public_key_is_no_shared_secret(void **state)
{
    (void)state;
    struct conf conf;
    struct auth_identity who;
    struct keys k = {0};
    char path[128], pem[4096];
    assert_int_equal(conf_init(&conf), 0);
    keys_make(&k, "one", true);
    set(&conf, "jwt.algorithm", "RS256");
    set(&conf, "jwt.keys_dir", k.dir);
    struct auth *a = auth_of(&conf);
    snprintf(path, sizeof path, "%s/one.pem", k.dir);
    FILE *file = fopen(path, "r");
    pem[fread(pem, 1, sizeof pem - 1, file)] = '\0';
    fclose(file);
    char *forged = sign(JWT_ALG_HS256, pem, "one", claims_at(now() + 60, ""));
    assert_int_equal(try_token(a, forged, &who), ERR_AUTH);
    free(forged);
    auth_free(a);
    keys_remove(&k, "one");
    rmdir(k.dir);
    conf_fini(&conf);
}

static void api_keys_are_known_by_their_hash(void **state)
{
    (void)state;
    static const char key[] = "tpk_0123456789abcdef0123456789";
    struct conf conf;
    struct auth_identity who;
    char path[] = "/tmp/tp-keys-XXXXXX", hash[IDENT_SHA256_SIZE], why[256];
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");
    ident_sha256_hex(key, strlen(key), hash);
    fprintf(file, "# machine consumers\n\n%s ada admin reporting job\r\n", hash);
    fclose(file);
    assert_int_equal(conf_init(&conf), 0);
    set(&conf, "api_keys.file", path);
    struct auth *a = auth_of(&conf);
    assert_int_equal(try_token(a, key, &who), 0);
    assert_string_equal(who.user, "ada");
    assert_string_equal(who.role, "admin");
    assert_int_equal(who.kind, AUTH_API_KEY);
    assert_int_equal(try_token(a, "tpk_0123456789abcdef012345678x", &who), ERR_AUTH);
    assert_int_equal(try_token(a, "tpk_", &who), ERR_AUTH);
    assert_int_equal(try_token(a, hash, &who), ERR_AUTH);
    auth_free(a);
    file = fopen(path, "a");
    fprintf(file, "%s ada\n", hash);
    fclose(file);
    assert_int_equal(auth_new(&a, &conf, why, sizeof why), ERR_CONFIG);
    assert_non_null(strstr(why, ":4:"));
    unlink(path);
    conf_fini(&conf);
}

static void a_configuration_that_cannot_check_is_refused(void **state)
{
    (void)state;
    struct conf conf;
    struct auth *a = NULL;
    char why[256];
    assert_int_equal(conf_init(&conf), 0);
    set(&conf, "jwt.algorithm", "HS256");
    set(&conf, "jwt.secret", "short");
    assert_int_equal(auth_new(&a, &conf, why, sizeof why), ERR_CONFIG);
    set(&conf, "jwt.algorithm", "RS256");
    set(&conf, "jwt.keys_dir", "/nonexistent");
    assert_int_equal(auth_new(&a, &conf, why, sizeof why), ERR_CONFIG);
    conf_fini(&conf);
}

static void development_names_users_only_in_development(void **state)
{
    (void)state;
    struct conf conf;
    struct auth_identity who;
    assert_int_equal(conf_init(&conf), 0);
    struct auth *a = auth_of(&conf);
    assert_int_equal(auth_development(a, NULL, &who), ERR_AUTH);
    conf.development = true;
    assert_int_equal(auth_development(a, NULL, &who), 0);
    assert_string_equal(who.user, "dev");
    assert_int_equal(auth_development(a, "ada", &who), 0);
    assert_string_equal(who.user, "ada");
    assert_int_equal(auth_development(a, "a}b", &who), 0);
    assert_string_equal(who.user, "::a_7db");
    assert_int_equal(auth_development(a, "\xff", &who), ERR_AUTH);
    assert_int_equal(try_token(a, "a.b.c", &who), ERR_AUTH); /* a bad token is no developer */
    auth_free(a);
    conf_fini(&conf);
}

static void the_cookie_is_found_among_others(void **state)
{
    static const struct {
        const char *header, *name, *value; /* NULL: none */
        int found;
    } rows[] = {
        {"tp=abc", "tp", "abc", 0},
        {"a=1; tp=a.b.c; b=2", "tp", "a.b.c", 0},
        {"a=1;tp=\"x\" ; b", "tp", "x", 0},
        {"tp=x=y", "tp", "x=y", 0},
        {"tp=", "tp", "", 0},
        {"xtp=1; tpx=2; TP=3; tp", "tp", NULL, ERR_NOT_FOUND},
        {"a=tp=1", "tp", NULL, ERR_NOT_FOUND},
        {"tp=1; tp=2", "tp", NULL, ERR_INVALID},
        {"tp=1; tp=1", "tp", NULL, ERR_INVALID},
        {"", "tp", NULL, ERR_NOT_FOUND},
        {NULL, "tp", NULL, ERR_NOT_FOUND},
        {"=1; tp=2", "", NULL, ERR_NOT_FOUND},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *value = NULL;
        size_t len = 0;
        assert_int_equal(cookie_find(rows[i].header, rows[i].name, &value, &len), rows[i].found);
        if (!rows[i].value)
            continue;
        assert_int_equal(len, strlen(rows[i].value));
        assert_memory_equal(value, rows[i].value, len);
    }
}

static void a_cookie_counts_for_our_own_pages(void **state)
{
    static const struct {
        const char *origin, *fetch_site;
        bool reads, changes; /* whether it counts */
    } rows[] = {
        {"https://own.example", NULL, true, true},
        {"http://own.example", NULL, true, true},
        {"http://own.example", "cross-site", false, false},
        {"https://app.example", "cross-site", true, true},
        {"https://evil.example", "same-origin", false, false},
        {"https://own.example.evil", NULL, false, false},
        {"null", NULL, false, false},
        {"*", NULL, false, false},
        {"http://localhost:8080", NULL, false, false},
        {NULL, "same-origin", true, true},
        {NULL, "same-site", false, false},
        {NULL, "cross-site", false, false},
        {NULL, "none", true, false},
        {NULL, NULL, true, false},
        {"", "", true, false},
    };
    struct conf conf;

    (void)state;
    assert_int_equal(conf_init(&conf), 0);
    set(&conf, "origins", "* null https://app.example");
    set(&conf, "auth.cookie", "tp");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct origin_asker by = {.origin = rows[i].origin,
            .fetch_site = rows[i].fetch_site,
            .host = "own.example"};
        assert_int_equal(origin_takes_cookie(&conf, &by), rows[i].reads);
        by.changes = true;
        assert_int_equal(origin_takes_cookie(&conf, &by), rows[i].changes);
    }
    /* A cookie of https alone: a page that came without TLS has no say. */
    set(&conf, "auth.cookie", "__Host-tp");
    struct origin_asker by = {.origin = "http://own.example", .host = "own.example"};
    assert_false(origin_takes_cookie(&conf, &by));
    by.origin = "https://own.example";
    assert_true(origin_takes_cookie(&conf, &by));
    by = (struct origin_asker){.origin = "http://localhost:8080", .host = "localhost:8080"};
    assert_true(origin_takes_cookie(&conf, &by));
    conf_fini(&conf);
}

static bool allows_credentials(const struct conf *conf, const char *origin)
{
    struct buf head = {0};
    origin_reply(conf, origin, &head);
    bool allows = strstr(buf_text(&head), "Access-Control-Allow-Credentials: true\r\n");
    buf_free(&head);
    return allows;
}

static void only_named_origins_may_send_credentials(void **state)
{
    struct conf conf;

    (void)state;
    assert_int_equal(conf_init(&conf), 0);
    set(&conf, "origins", "* null https://app.example");
    assert_false(allows_credentials(&conf, "https://app.example"));
    set(&conf, "auth.cookie", "tp");
    assert_true(allows_credentials(&conf, "https://app.example"));
    assert_false(allows_credentials(&conf, "https://another.example"));
    assert_false(allows_credentials(&conf, "null"));
    assert_false(allows_credentials(&conf, NULL));
    conf_fini(&conf);
}

static void origins_match_exactly(void **state)
{
    (void)state;
    struct conf conf;
    assert_int_equal(conf_init(&conf), 0);
    set(&conf, "origins", "https://a.example  https://b.example:8443");
    struct auth *a = auth_of(&conf);
    assert_true(origin_allowed(&conf, NULL));
    assert_true(origin_allowed(&conf, "https://a.example"));
    assert_true(origin_allowed(&conf, "https://b.example:8443"));
    assert_false(origin_allowed(&conf, "https://b.example"));
    assert_false(origin_allowed(&conf, "https://a.example.evil"));
    assert_false(origin_allowed(&conf, "http://a.example"));
    assert_false(origin_allowed(&conf, "https://a.exampl"));
    assert_false(origin_allowed(&conf, "null"));
    /* The site's own page, whatever `origins` says. */
    assert_true(origin_may_open(&conf, "https://own.example", "own.example"));
    assert_true(origin_may_open(&conf, "https://own.example", "OWN.example:443"));
    assert_true(origin_may_open(&conf, "http://own.example:8080", "own.example:8080"));
    assert_true(origin_may_open(&conf, "https://a.example", "own.example"));
    assert_true(origin_may_open(&conf, NULL, NULL));
    assert_false(origin_may_open(&conf, "https://own.example", NULL));
    assert_false(origin_may_open(&conf, "https://own.example", ""));
    assert_false(origin_may_open(&conf, "https://own.example.evil", "own.example"));
    assert_false(origin_may_open(&conf, "https://own.example:8443", "own.example"));
    assert_false(origin_may_open(&conf, "https://evil", "own.example"));
    assert_false(origin_may_open(&conf, "null", "null"));
    assert_false(origin_may_open(&conf, "file://own.example", "own.example"));
    assert_false(origin_allowed(&conf, "http://localhost:8080"));
    conf.development = true;
    assert_false(origin_may_open(&conf, "http://rebound.example", "rebound.example"));
    assert_true(origin_allowed(&conf, "http://localhost:8080"));
    assert_true(origin_allowed(&conf, "http://127.0.0.1"));
    assert_true(origin_allowed(&conf, "http://[::1]:80"));
    assert_false(origin_allowed(&conf, "http://localhost.evil"));
    assert_false(origin_allowed(&conf, "http://localhost:80@evil"));
    auth_free(a);
    conf_fini(&conf);
}

static void development_answers_its_own_names(void **state)
{
    (void)state;
    static const char *const good[] = {"localhost", "LOCALHOST:8080", "127.0.0.1", "127.0.0.1:1",
        "[::1]", "[::1]:8080", "127.0.0.2:8080", "box.lan", "box.lan:80", NULL};
    static const char *const bad[] = {"evil.example", "evil.example:8080", "localhost.evil.example",
        "localhost.", "127.0.0.1.evil.example", "127.0.0.1:80@evil", "localhost:", "localhost:x",
        "[::2]", "x", "box.lan.evil", "box", "127.0.0.2x", NULL};
    struct conf conf;
    assert_int_equal(conf_init(&conf), 0);
    set(&conf, "listen_hint", "127.0.0.2:8080");
    set(&conf, "development.hosts", "  box.lan");
    assert_true(origin_host_answered(&conf, "evil.example")); /* credentials are needed there */
    conf.development = true;
    assert_true(origin_host_answered(&conf, NULL));
    for (size_t i = 0; good[i]; i++)
        assert_true(origin_host_answered(&conf, good[i]));
    for (size_t i = 0; bad[i]; i++)
        assert_false(origin_host_answered(&conf, bad[i]));
    set(&conf, "listen_hint", "[::1]:8080");
    set(&conf, "development.hosts", "");
    assert_false(origin_host_answered(&conf, "127.0.0.2:8080"));
    assert_false(origin_host_answered(&conf, "box.lan"));
    set(&conf, "listen_hint", "");
    assert_false(origin_host_answered(&conf, ":80"));
    conf_fini(&conf);
}

static void foreign_pages_are_told_by_what_browsers_send(void **state)
{
    (void)state;
    struct conf conf;
    assert_int_equal(conf_init(&conf), 0);
    set(&conf, "origins", "https://a.example");
    assert_false(origin_foreign(&conf, NULL, NULL));
    assert_false(origin_foreign(&conf, "https://a.example", "cross-site"));
    assert_true(origin_foreign(&conf, "https://b.example", "same-origin"));
    assert_true(origin_foreign(&conf, "null", NULL));
    assert_false(origin_foreign(&conf, NULL, "same-origin"));
    assert_false(origin_foreign(&conf, NULL, "none"));
    assert_true(origin_foreign(&conf, NULL, "cross-site"));
    assert_true(origin_foreign(&conf, "", "same-site"));
    conf_fini(&conf);
}

static void only_named_origins_may_read(void **state)
{
    (void)state;
    static const struct {
        const char *origins, *origin;
        bool told;
    } cases[] = {
        {"https://a.example", "https://a.example", true},
        {"https://a.example", "https://b.example", false},
        {"https://a.example", "https://A.example", false},
        {"https://a.example", NULL, false},
        {"", "https://a.example", false},
        {"*", "https://a.example", true},
        {"*", "https://a.example\r\nX: y", false},
        {"*", "a b", false},
        {"null", "null", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct conf conf;
        struct buf head;
        char line[128];
        assert_int_equal(conf_init(&conf), 0);
        buf_init(&head, 0);
        set(&conf, "origins", cases[i].origins);
        origin_reply(&conf, cases[i].origin, &head);
        origin_preflight(&conf, cases[i].origin, "GET, HEAD", &head);
        snprintf(line, sizeof line, "Access-Control-Allow-Origin: %s\r\n",
            cases[i].origin ? cases[i].origin : "");
        assert_int_equal(strstr(buf_text(&head), line) != NULL, cases[i].told);
        assert_int_equal(strstr(buf_text(&head), "Access-Control") != NULL, cases[i].told);
        assert_non_null(strstr(buf_text(&head), "Vary: Origin\r\n"));
        assert_non_null(strstr(buf_text(&head), "Allow: GET, HEAD, OPTIONS\r\n"));
        assert_null(strstr(buf_text(&head), "Credentials"));
        buf_free(&head);
        conf_fini(&conf);
    }
}

/* RFC 7519: a subject is any string; what names nobody is refused by the claim's name. */
static void every_form_of_a_subject_is_a_user(void **state)
{
    (void)state;
    static const struct {
        const char *claim, *more, *user, *why;
    } cases[] = {
        {"sub", "\"sub\":\"auth0|5f7c\"", "::auth0_7c5f7c", NULL},
        {"sub", "\"sub\":\"ann+test@example.com\"", "::ann_2btest@example.com", NULL},
        {"sub", "\"sub\":\"J\\u00f6rg\"", "::J_c3_b6rg", NULL},
        {"sub", "\"sub\":\"community\"", "::community", NULL},
        {"sub", "\"sub\":\"a}b\"", "::a_7db", NULL},
        {"sub", "\"sub\":1139", NULL, "claim sub must be a string"},
        {"sub", "\"sub\":[\"ada\"]", NULL, "claim sub must be a string"},
        {"sub", "\"sub\":\"\"", NULL, "claim sub is empty"},
        {"sub", "\"sub\":\"a\\ufffd\"", NULL, "claim sub is empty or holds U+FFFD"},
        {"sub", "\"sub\":null", NULL, "no claim sub"},
        {"sub", "\"uid\":\"ada\"", NULL, "no claim sub"},
        {"email", "\"email\":\"ann@example.com\",\"sub\":\"1\"", "ann@example.com", NULL},
        {"email", "\"email\":\"ann@example.com\",\"email_verified\":true", "ann@example.com", NULL},
        {"email", "\"email\":\"ann@example.com\",\"email_verified\":false", NULL, "email_verified"},
        {"email", "\"email\":\"ann@example.com\",\"email_verified\":\"true\"", NULL,
            "email_verified"},
        {"email", "\"sub\":\"ada\"", NULL, "no claim email"},
        {"https://example.com/uid", "\"https://example.com/uid\":\"u/1\"", "::u_2f1", NULL},
        {"https://example.com/uid", "\"sub\":\"ada\"", NULL, "no claim https://example.com/uid"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct conf conf;
        struct auth_identity who;
        const char *why = "";
        char claims[256];
        conf_hs256(&conf);
        set(&conf, "jwt.user_claim", cases[i].claim);
        struct auth *a = auth_of(&conf);
        snprintf(claims, sizeof claims, "{%s,\"exp\":%lld}", cases[i].more, now() + 60);
        char *token = sign(JWT_ALG_HS256, SECRET, NULL, claims);
        int result = auth_token(a, token, strlen(token), &who, &why);
        assert_int_equal(result, cases[i].user ? 0 : ERR_AUTH);
        assert_string_equal(who.user, cases[i].user ? cases[i].user : "");
        if (cases[i].why && !strstr(why, cases[i].why))
            fail_msg("%s: %s", cases[i].more, why);
        free(token);
        auth_free(a);
        conf_fini(&conf);
    }
}

static void tickets_are_bound_to_user_and_origin(void **state)
{
    (void)state;
    struct conf conf;
    struct auth_identity who;
    assert_int_equal(conf_init(&conf), 0);
    struct auth *a = auth_of(&conf);
    static const struct {
        const char *value, *origin;
        int result;
        long long expires_ms;
    } cases[] = {
        {"ada user https://a 1790000000123", "https://a", 0, 1790000000123},
        {"ada user https://a 0", "https://a", 0, 0},
        {"ada user https://a 0", "https://a 0", ERR_AUTH, 0},
        {"ada user - 5", NULL, 0, 5},
        {"ada user https://a", "https://a", 0, 0},
        {"ada user https://a", "https://b", ERR_AUTH, 0},
        {"ada user https://a", NULL, ERR_AUTH, 0},
        {"ada user -", "https://b", 0, 0},
        {"ada user -", NULL, 0, 0},
        {"ada user ", NULL, 0, 0},
        {"ada user", NULL, 0, 0},
        {"ada", NULL, ERR_AUTH, 0},
        {"", NULL, ERR_AUTH, 0},
        {"a}b user -", NULL, ERR_AUTH, 0},
        {"ada root -", NULL, ERR_AUTH, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(auth_ticket(a, cases[i].value, strlen(cases[i].value), cases[i].origin,
                             &who),
            cases[i].result);
        assert_int_equal(who.expires_ms, cases[i].expires_ms);
    }
    auth_free(a);
    conf_fini(&conf);
}

static void the_scheme_is_bearer(void **state)
{
    static const struct {
        const char *header, *token;
    } rows[] = {
        {"Bearer abc", "abc"},
        {"bearer abc", "abc"},
        {"BEARER   a b", "a b"},
        {"Bearer ", ""},
        {"Bearer", NULL},
        {"Basic abc", NULL},
        {"Bearerabc", NULL},
        {" Bearer abc", NULL},
        {"", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *token = auth_bearer(rows[i].header);

        if (rows[i].token)
            assert_string_equal(token, rows[i].token);
        else
            assert_null(token);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_scheme_is_bearer),
        cmocka_unit_test(a_signed_token_names_its_user),
        cmocka_unit_test(times_are_checked_with_leeway),
        cmocka_unit_test(audience_and_issuer_are_checked),
        cmocka_unit_test(no_user_can_leave_its_keys),
        cmocka_unit_test(the_algorithm_is_never_taken_from_the_token),
        cmocka_unit_test(a_changed_token_is_refused),
        cmocka_unit_test(the_previous_secret_still_counts),
        cmocka_unit_test(rsa_keys_are_found_by_id),
        cmocka_unit_test(elliptic_keys_are_found_by_id),
        cmocka_unit_test(a_public_key_is_no_shared_secret),
        cmocka_unit_test(api_keys_are_known_by_their_hash),
        cmocka_unit_test(a_configuration_that_cannot_check_is_refused),
        cmocka_unit_test(development_names_users_only_in_development),
        cmocka_unit_test(the_cookie_is_found_among_others),
        cmocka_unit_test(a_cookie_counts_for_our_own_pages),
        cmocka_unit_test(only_named_origins_may_send_credentials),
        cmocka_unit_test(origins_match_exactly),
        cmocka_unit_test(development_answers_its_own_names),
        cmocka_unit_test(foreign_pages_are_told_by_what_browsers_send),
        cmocka_unit_test(only_named_origins_may_read),
        cmocka_unit_test(every_form_of_a_subject_is_a_user),
        cmocka_unit_test(tickets_are_bound_to_user_and_origin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
