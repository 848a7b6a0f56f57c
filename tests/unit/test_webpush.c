/* SPDX-License-Identifier: BSD-2-Clause */
/* test_webpush -- web pushes are encrypted as RFC 8291 says, signed as RFC 8292 says. */
#include "base/base64.h"
#include "base/buf.h"
#include "process/jws.h"
#include "process/webpush.h"
#include "tests/unit/cm.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* RFC 8291, section 5 and appendix A. */
#define TEXT "When I grow up, I want to be a watermelon"
#define AUTH "BTBZMqHH6r4Tts7J_aSIgg"
#define UA_POINT \
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
#define AS_SCALAR "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
#define AS_POINT \
    "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8"
#define SALT "DGv6ra1nlYgDCS1FRnbzlw"
#define BODY \
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS" \
    "6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qu" \
    "lcy4a-fN"

static void read_bytes(const char *text, unsigned char *out, size_t size)
{
    unsigned char bytes[256];

    assert_int_equal(base64_decode(text, strlen(text), BASE64_URL, bytes), (long)size);
    memcpy(out, bytes, size);
}

static void read_vector(struct webpush_receiver *to, struct webpush_once *once)
{
    assert_int_equal(webpush_receiver_read(UA_POINT, AUTH, to), 0);
    read_bytes(AS_SCALAR, once->scalar, sizeof once->scalar);
    read_bytes(AS_POINT, once->point, sizeof once->point);
    read_bytes(SALT, once->salt, sizeof once->salt);
}

static void the_standards_example_is_made_byte_by_byte(void **state)
{
    struct webpush_receiver to;
    struct webpush_once once;
    struct buf body = {0}, text = {0};

    (void)state;
    read_vector(&to, &once);
    assert_int_equal(webpush_encrypt(&to, &once, TEXT, strlen(TEXT), &body), 0);
    webpush_put_base64url(&text, body.data, body.len);
    assert_string_equal(buf_text(&text), BODY);
    buf_free(&body);
    buf_free(&text);
}

static void each_message_is_another_and_never_too_long(void **state)
{
    static char longest[WEBPUSH_TEXT_MAX + 1];
    struct webpush_receiver to;
    struct webpush_once first, second;
    struct buf one = {0}, two = {0};

    (void)state;
    read_vector(&to, &first);
    assert_int_equal(webpush_once_make(&first), 0);
    assert_int_equal(webpush_once_make(&second), 0);
    assert_memory_not_equal(first.salt, second.salt, sizeof first.salt);
    assert_memory_not_equal(first.point, second.point, sizeof first.point);
    assert_int_equal(webpush_encrypt(&to, &first, longest, WEBPUSH_TEXT_MAX, &one), 0);
    assert_int_equal(one.len, 4096);
    assert_int_equal(webpush_encrypt(&to, &second, longest, WEBPUSH_TEXT_MAX, &two), 0);
    assert_memory_not_equal(one.data + 86, two.data + 86, 64);
    assert_int_equal(webpush_encrypt(&to, &first, longest, sizeof longest, &one), ERR_LIMIT);
    buf_free(&one);
    buf_free(&two);
}

static void keys_that_are_none_are_refused(void **state)
{
    static const struct {
        const char *p256dh, *auth;
    } bad[] = {
        {"", AUTH},
        {UA_POINT, ""},
        {UA_POINT, "BTBZMqHH6r4Tts7J_aSI"}, /* 15 bytes */
        {UA_POINT, AUTH "A"},               /* no base64url */
        {"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw8",
            AUTH},                                              /* not on the curve */
        {"AiVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcx", AUTH}, /* compressed */
        {"BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            AUTH},
    };
    struct webpush_receiver to;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(webpush_receiver_read(bad[i].p256dh, bad[i].auth, &to), ERR_INVALID);
}

static struct webpush_key *made(void)
{
    struct webpush_key *key;
    struct buf pem = {0};

    assert_int_equal(webpush_key_make(&pem), 0);
    assert_int_equal(webpush_key_read(buf_text(&pem), &key), 0);
    buf_free(&pem);
    return key;
}

/* The public half in PEM, for jws_verify, which is another road through OpenSSL. */
static void public_pem(const struct webpush_key *key, struct buf *pem)
{
    unsigned char point[WEBPUSH_POINT];
    struct buf x = {0}, y = {0}, jwk = {0};
    const char *why = NULL;
    jdoc *doc = NULL;

    read_bytes(webpush_key_public(key), point, sizeof point);
    webpush_put_base64url(&x, point + 1, 32);
    webpush_put_base64url(&y, point + 33, 32);
    buf_printf(&jwk, "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\"}", buf_text(&x),
        buf_text(&y));
    assert_int_equal(jdoc_parse(jwk.data, jwk.len, &doc, NULL, 0), 0);
    assert_int_equal(jws_key_pem(doc, pem, &why), 0);
    jdoc_free(doc);
    buf_free(&x);
    buf_free(&y);
    buf_free(&jwk);
}

/* The claims of a header's token, whose signature is right. */
static jdoc *claims_of(const struct webpush_key *key, const char *endpoint)
{
    struct buf header = {0}, pem = {0};
    char token[1024], end[128], bytes[512];
    jdoc *claims = NULL;

    assert_int_equal(webpush_vapid(key, endpoint, "mailto:op@example.org", 1790000000123, &header),
        0);
    assert_int_equal(sscanf(buf_text(&header), "vapid t=%1000[^,], k=%100s", token, end), 2);
    assert_string_equal(end, webpush_key_public(key));
    char *second = strrchr(token, '.'), *first = strchr(token, '.');
    long n = base64_decode(second + 1, strlen(second + 1), BASE64_URL, bytes);
    assert_int_equal(n, 64);
    public_pem(key, &pem);
    const struct jws_signed what = {token, (size_t)(second - token), bytes, (size_t)n};
    assert_int_equal(jws_verify(JWS_ES256, buf_text(&pem), &what), 0);
    n = base64_decode(first + 1, (size_t)(second - first - 1), BASE64_URL, bytes);
    assert_true(n > 0);
    assert_int_equal(jdoc_parse(bytes, (size_t)n, &claims, NULL, 0), 0);
    buf_free(&header);
    buf_free(&pem);
    return claims;
}

static void the_token_is_for_the_origin_of_the_push_service(void **state)
{
    static const struct {
        const char *endpoint, *aud;
    } rows[] = {
        {"https://push.example.net/send/abc?x=1", "https://push.example.net"},
        {"https://Push.Example.net:443/", "https://push.example.net"},
        {"https://push.example.net:8443/x", "https://push.example.net:8443"},
        {"http://127.0.0.1:1234/x", "http://127.0.0.1:1234"},
        {"https://[2001:db8::1]/x", "https://[2001:db8::1]"},
    };
    struct webpush_key *key = made();
    struct buf header = {0};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        jdoc *claims = claims_of(key, rows[i].endpoint);
        assert_string_equal(jdoc_text_or(claims, "aud", ""), rows[i].aud);
        assert_string_equal(jdoc_text_or(claims, "sub", ""), "mailto:op@example.org");
        assert_int_equal(jdoc_int_or(claims, "exp", 0), 1790000000 + 43200);
        jdoc_free(claims);
    }
    assert_int_equal(webpush_vapid(key, "ftp://x/", "mailto:a@b", 0, &header), ERR_INVALID);
    buf_free(&header);
    webpush_key_free(key);
}

static void only_a_private_key_of_the_curve_is_one(void **state)
{
    struct webpush_key *key = NULL;
    struct buf pem = {0};
    EVP_PKEY *other = EVP_EC_gen("secp384r1");
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;

    (void)state;
    assert_int_equal(webpush_key_read("", &key), ERR_INVALID);
    assert_int_equal(webpush_key_read("-----BEGIN PRIVATE KEY-----\n", &key), ERR_INVALID);
    struct webpush_key *ours = made();
    public_pem(ours, &pem);
    assert_int_equal(webpush_key_read(buf_text(&pem), &key), ERR_INVALID);
    assert_int_equal(PEM_write_bio_PrivateKey(bio, other, NULL, NULL, 0, NULL, NULL), 1);
    buf_reset(&pem);
    long len = BIO_get_mem_data(bio, &text);
    buf_put(&pem, text, (size_t)len);
    assert_int_equal(webpush_key_read(buf_text(&pem), &key), ERR_INVALID);
    assert_null(key);
    BIO_free(bio);
    EVP_PKEY_free(other);
    webpush_key_free(ours);
    webpush_key_free(NULL);
    buf_free(&pem);
}

static void a_notification_may_touch_its_entry_alone(void **state)
{
    struct webpush_key *key = made(), *other = made();
    char uid[IDENT_USER_MAX + 1], entry[WEBPUSH_ENTRY_SIZE];
    struct buf token = {0};

    (void)state;
    assert_int_equal(webpush_act_make(key, "ann@x", "1790000000000-1", 2000, &token), 0);
    const char *text = buf_text(&token);
    assert_int_equal(webpush_act_read(key, text, 1999, uid, entry), 0);
    assert_string_equal(uid, "ann@x");
    assert_string_equal(entry, "1790000000000-1");
    assert_int_equal(webpush_act_read(key, text, 2000, uid, entry), ERR_AUTH);   /* too late */
    assert_int_equal(webpush_act_read(other, text, 1999, uid, entry), ERR_AUTH); /* another site */
    for (size_t i = 0; i < token.len; i++) {
        char before = token.data[i];
        token.data[i] = before == 'A' ? 'B' : 'A';
        assert_int_equal(webpush_act_read(key, text, 1999, uid, entry), ERR_AUTH);
        token.data[i] = before;
    }
    buf_cut(&token, token.len - 1);
    assert_int_equal(webpush_act_read(key, buf_text(&token), 1999, uid, entry), ERR_AUTH);
    assert_int_equal(webpush_act_read(key, "", 1999, uid, entry), ERR_AUTH);
    assert_int_equal(webpush_act_read(key, ".", 1999, uid, entry), ERR_AUTH);
    buf_free(&token);
    webpush_key_free(key);
    webpush_key_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_standards_example_is_made_byte_by_byte),
        cmocka_unit_test(each_message_is_another_and_never_too_long),
        cmocka_unit_test(keys_that_are_none_are_refused),
        cmocka_unit_test(the_token_is_for_the_origin_of_the_push_service),
        cmocka_unit_test(only_a_private_key_of_the_curve_is_one),
        cmocka_unit_test(a_notification_may_touch_its_entry_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
