/* SPDX-License-Identifier: BSD-2-Clause */
/* test_jwks -- keys of an issuer: which are taken, by which token each is meant, the file. */
#include "base/base64.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "process/jwks.h"
#include "tests/unit/cm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* RFC 7515, appendix A.3, and RFC 8037, appendix A.4: key, signed text, signature. */
#define EC_X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define EC_Y "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define EC_KEY "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y "\""
#define EC_TEXT \
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxl" \
    "LmNvbS9pc19yb290Ijp0cnVlfQ"
#define EC_SIGNATURE \
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
#define ED_X "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
#define ED_KEY "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED_X "\""
#define ED_TEXT "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
#define ED_SIGNATURE \
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"

static jdoc *parsed(const char *text)
{
    jdoc *doc = NULL;
    assert_int_equal(jdoc_parse(text, strlen(text), &doc, NULL, 0), 0);
    return doc;
}

/* The result of jwks_read. */
static int read_set(const char *text, struct jwks *set, size_t *passed)
{
    const char *why = NULL;
    jdoc *doc = parsed(text);
    int error = jwks_read(set, doc, passed, &why);
    jdoc_free(doc);
    assert_non_null(why);
    return error;
}

static int verify(enum jws_algorithm algorithm, const char *pem, const char *text,
    const char *signature)
{
    char bytes[1024];
    long n = base64_decode(signature, strlen(signature), BASE64_URL, bytes);
    const struct jws_signed what = {text, strlen(text), bytes, (size_t)n};
    assert_true(n >= 0);
    return jws_verify(algorithm, pem, &what);
}

static void signatures_of_the_standards_are_right(void **state)
{
    struct jwks set = {0};
    size_t passed;
    char changed[] = ED_SIGNATURE;

    (void)state;
    assert_int_equal(read_set("{\"keys\":[{" EC_KEY "},{" ED_KEY "}]}", &set, &passed), 0);
    assert_int_equal(set.count, 2);
    assert_int_equal(verify(JWS_ES256, set.keys[0].pem, EC_TEXT, EC_SIGNATURE), 0);
    assert_int_equal(verify(JWS_EDDSA, set.keys[1].pem, ED_TEXT, ED_SIGNATURE), 0);
    /* Another text, signature, key, algorithm or length of the signature. */
    assert_int_equal(verify(JWS_ES256, set.keys[0].pem, ED_TEXT, EC_SIGNATURE), ERR_AUTH);
    changed[3] = 'A';
    assert_int_equal(verify(JWS_EDDSA, set.keys[1].pem, ED_TEXT, changed), ERR_AUTH);
    assert_int_equal(verify(JWS_EDDSA, set.keys[0].pem, ED_TEXT, ED_SIGNATURE), ERR_AUTH);
    for (int i = 0; i < JWS_ALGORITHM_COUNT; i++)
        if (i != JWS_ES256)
            assert_int_equal(verify((enum jws_algorithm)i, set.keys[0].pem, EC_TEXT, EC_SIGNATURE),
                ERR_AUTH);
    assert_int_equal(verify(JWS_ES256, set.keys[0].pem, EC_TEXT, "AAAA"), ERR_AUTH);
    assert_int_equal(verify(JWS_ES256, set.keys[0].pem, EC_TEXT, ""), ERR_AUTH);
    assert_int_equal(verify(JWS_ES256, "no key", EC_TEXT, EC_SIGNATURE), ERR_AUTH);
    jwks_free(&set);
}

static void a_shared_secret_is_compared_whole(void **state)
{
    static const char secret[] = "0123456789abcdef0123456789abcdef";
    /* HMAC-SHA-256 of "a.b" by the secret, by another program. */
    static const char signature[] = "hccEMI77WbRkwml58AKoMXwhx9Zm3VOmG3U-rMTOOoA";
    char zeros[44];

    (void)state;
    memset(zeros, 'A', 43);
    zeros[43] = '\0';
    assert_int_equal(verify(JWS_HS256, secret, "a.b", zeros), ERR_AUTH);
    assert_int_equal(verify(JWS_HS256, "", "a.b", zeros), ERR_AUTH);
    assert_int_equal(verify(JWS_HS256, secret, "a.b", signature), 0);
    assert_int_equal(verify(JWS_HS256, secret, "a.c", signature), ERR_AUTH);
}

/* A key of which nothing can be used takes no other with it. */
static void keys_that_are_of_no_use_are_passed_over(void **state)
{
    static const char *const bad[] = {
        "null",
        "7",
        "{}",
        "{\"kty\":\"oct\",\"k\":\"AAAA\"}",
        "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}", /* 17 bits */
        "{\"kty\":\"RSA\",\"e\":\"AQAB\"}",
        "{\"kty\":\"RSA\",\"n\":7,\"e\":\"AQAB\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256K\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y "\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y "\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "\",\"y\":\"" EC_X "\"}", /* no point */
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "=\",\"y\":\"" EC_Y "\"}",
        "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"" ED_X "\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}",
        "{" ED_KEY ",\"use\":\"enc\"}",
        "{" ED_KEY ",\"key_ops\":[\"sign\"]}",
        "{" ED_KEY ",\"alg\":\"ES256\"}",
        "{" ED_KEY ",\"alg\":\"none\"}",
        "{" ED_KEY ",\"kid\":7}",
        "{" ED_KEY ",\"kid\":\"\"}",
    };
    char text[4096];
    struct jwks set = {0};
    size_t passed;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(text, sizeof text, "{\"keys\":[%s,{" EC_KEY ",\"kid\":\"good\"}]}", bad[i]);
        assert_int_equal(read_set(text, &set, &passed), 0);
        assert_int_equal(set.count, 1);
        assert_int_equal(passed, 1);
        jwks_free(&set);
        snprintf(text, sizeof text, "{\"keys\":[%s]}", bad[i]);
        assert_int_equal(read_set(text, &set, &passed), ERR_INVALID);
        assert_int_equal(set.count, 0);
        jwks_free(&set);
    }
    assert_int_equal(read_set("{}", &set, &passed), ERR_INVALID);
    assert_int_equal(read_set("[]", &set, &passed), ERR_INVALID);
    assert_int_equal(read_set("{\"keys\":{}}", &set, &passed), ERR_INVALID);
    assert_int_equal(read_set("{\"keys\":[]}", &set, &passed), ERR_INVALID);
}

static void a_set_is_bounded(void **state)
{
    struct buf text = {0};
    struct jwks set = {0};
    size_t passed;

    (void)state;
    buf_puts(&text, "{\"keys\":[");
    for (int i = 0; i < JWKS_KEYS_MAX + 6; i++)
        buf_printf(&text, "%s{" ED_KEY ",\"kid\":\"k%d\"}", i > 0 ? "," : "", i);
    buf_puts(&text, "]}");
    assert_int_equal(read_set(buf_text(&text), &set, &passed), 0);
    assert_int_equal(set.count, JWKS_KEYS_MAX);
    assert_int_equal(passed, 6);
    jwks_free(&set);
    buf_free(&text);
}

static size_t found(const struct jwks *set, const char *kid, enum jws_algorithm algorithm)
{
    size_t at = 0, count = 0;
    while (jwks_find(set, kid, algorithm, &at))
        count++;
    return count;
}

static void a_token_means_the_key_that_it_names(void **state)
{
    struct jwks set = {0};
    size_t passed;

    (void)state;
    assert_int_equal(read_set("{\"keys\":[{" EC_KEY ",\"kid\":\"a\"},{" ED_KEY
                              ",\"kid\":\"a\"},{" ED_KEY
                              ",\"kid\":\"b\",\"alg\":\"EdDSA\",\"use\":\"sig\"}]}",
                         &set, &passed),
        0);
    assert_int_equal(found(&set, "a", JWS_ES256), 1);
    assert_int_equal(found(&set, "a", JWS_EDDSA), 1);
    assert_int_equal(found(&set, "a", JWS_ES384), 0);
    assert_int_equal(found(&set, "b", JWS_EDDSA), 1);
    assert_int_equal(found(&set, "b", JWS_ES256), 0);
    assert_int_equal(found(&set, "A", JWS_ES256), 0);
    /* Without a name only when nobody else can be meant. */
    assert_int_equal(found(&set, NULL, JWS_ES256), 1);
    assert_int_equal(found(&set, NULL, JWS_EDDSA), 0);
    assert_int_equal(found(&set, NULL, JWS_RS256), 0);
    jwks_free(&set);
}

/* ---- the file ---- */

static struct conf conf;
static char dir[] = "/tmp/tp-jwks-XXXXXX";

static int set_up(void **state)
{
    char why[CONF_WHY_SIZE];

    (void)state;
    log_level_set(LOG_LEVEL_ERROR);
    assert_non_null(mkdtemp(dir));
    assert_int_equal(conf_init(&conf), 0);
    assert_int_equal(conf_set(&conf, "run_dir", dir, why), 0);
    return conf_set(&conf, "jwt.jwks_url", "https://login.example.org/jwks", why);
}

static int tear_down(void **state)
{
    char path[128];

    (void)state;
    snprintf(path, sizeof path, "%s/jwks.json", dir);
    unlink(path);
    conf_fini(&conf);
    return rmdir(dir);
}

static void write_file(const char *set, int64_t tried_ms)
{
    jdoc *doc = set ? parsed(set) : NULL;
    const struct jwks_news news = {.set = doc, .tried_ms = tried_ms, .fetched_ms = 7};

    assert_int_equal(jwks_file_write(&conf, &news), 0);
    jdoc_free(doc);
}

static void a_worker_sees_the_file_change(void **state)
{
    struct jwks_watch w = {.conf = &conf};
    int64_t now = clock_real_ms();

    (void)state;
    jwks_watch_look_now(&w);
    assert_int_equal(w.set.count, 0);
    assert_true(jwks_watch_may_ask(&w)); /* nobody has tried */
    write_file(NULL, now);
    jwks_watch_look_now(&w);
    assert_int_equal(w.set.count, 0);
    assert_false(jwks_watch_may_ask(&w)); /* somebody just has */
    write_file("{\"keys\":[{" ED_KEY ",\"kid\":\"a\"}]}", now - conf.jwt_jwks_pause_ms);
    jwks_watch_look_now(&w);
    assert_int_equal(w.set.count, 1);
    assert_true(jwks_watch_may_ask(&w));
    /* A key that the issuer withdraws is gone; a set that is none takes nothing away. */
    write_file("{\"keys\":[{" EC_KEY ",\"kid\":\"b\"}]}", now + 3600000);
    jwks_watch_look_now(&w);
    assert_int_equal(w.set.count, 1);
    assert_string_equal(w.set.keys[0].kid, "b");
    assert_true(jwks_watch_may_ask(&w)); /* the clock was set back */
    write_file("{\"keys\":[]}", now);
    jwks_watch_look_now(&w);
    assert_int_equal(w.set.count, 1);
    jwks_watch_fini(&w);
}

static void the_file_of_another_issuer_counts_for_nothing(void **state)
{
    struct jwks_watch w = {.conf = &conf};
    char why[CONF_WHY_SIZE];

    (void)state;
    write_file("{\"keys\":[{" ED_KEY ",\"kid\":\"a\"}]}", 1);
    assert_int_equal(conf_set(&conf, "jwt.jwks_url", "https://other.example.org/jwks", why), 0);
    jwks_watch_look_now(&w);
    assert_int_equal(w.set.count, 0);
    jwks_watch_fini(&w);
    assert_int_equal(conf_set(&conf, "jwt.jwks_url", "", why), 0);
    w = (struct jwks_watch){.conf = &conf};
    jwks_watch_look_now(&w);
    assert_false(jwks_watch_may_ask(&w));
    jwks_watch_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_of_the_standards_are_right),
        cmocka_unit_test(a_shared_secret_is_compared_whole),
        cmocka_unit_test(keys_that_are_of_no_use_are_passed_over),
        cmocka_unit_test(a_set_is_bounded),
        cmocka_unit_test(a_token_means_the_key_that_it_names),
        cmocka_unit_test(a_worker_sees_the_file_change),
        cmocka_unit_test(the_file_of_another_issuer_counts_for_nothing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
