/* SPDX-License-Identifier: BSD-2-Clause */
/* The site's key of web pushes: VAPID, and the tokens of notifications. */
#include "process/webpush.h"

#include "base/base64.h"
#include "base/url.h"

#include <inttypes.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WEBPUSH_VAPID_S (12 * 3600) /* RFC 8292 allows 24 h */
#define WEBPUSH_SIGNATURE_MAX 80    /* of ECDSA with P-256, DER */
#define WEBPUSH_ACT_MAX 400

struct webpush_key {
    EVP_PKEY *pair;
    char public_text[96];               /* base64url of the point */
    char act_secret[IDENT_SHA256_SIZE]; /* of webpush_act_* */
};

/* ---- the key ---- */

static int webpush_key_open(struct webpush_key *key)
{
    unsigned char point[WEBPUSH_POINT], scalar[WEBPUSH_SCALAR];
    char curve[64];
    size_t len = 0;
    BIGNUM *number = NULL;
    struct buf text = {0};
    bool is = EVP_PKEY_is_a(key->pair, "EC") &&
        EVP_PKEY_get_group_name(key->pair, curve, sizeof curve, &len) == 1 &&
        strcmp(curve, "prime256v1") == 0 &&
        EVP_PKEY_get_octet_string_param(key->pair, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point,
            &len) == 1 &&
        len == sizeof point && point[0] == POINT_CONVERSION_UNCOMPRESSED &&
        EVP_PKEY_get_bn_param(key->pair, OSSL_PKEY_PARAM_PRIV_KEY, &number) == 1 &&
        BN_bn2binpad(number, scalar, sizeof scalar) == (int)sizeof scalar;

    BN_clear_free(number);
    if (!is)
        return ERR_INVALID;
    ident_hmac_sha256_hex(scalar, sizeof scalar, "turnpike push act", strlen("turnpike push act"),
        key->act_secret);
    OPENSSL_cleanse(scalar, sizeof scalar);
    webpush_put_base64url(&text, point, sizeof point);
    snprintf(key->public_text, sizeof key->public_text, "%s", buf_text(&text));
    int error = buf_error(&text);
    buf_free(&text);
    return error;
}

int webpush_key_read(const char *pem, struct webpush_key **out)
{
    struct webpush_key *key = calloc(1, sizeof *key);
    BIO *bio = BIO_new_mem_buf(pem, -1);
    int error = !key || !bio ? ERR_NOMEM : 0;

    *out = NULL;
    if (!error) {
        key->pair = PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)"");
        error = key->pair ? webpush_key_open(key) : ERR_INVALID;
    }
    BIO_free(bio);
    ERR_clear_error();
    if (error)
        webpush_key_free(key);
    else
        *out = key;
    return error;
}

void webpush_key_free(struct webpush_key *key)
{
    if (!key)
        return;
    EVP_PKEY_free(key->pair);
    OPENSSL_cleanse(key, sizeof *key);
    free(key);
}

int webpush_key_make(struct buf *pem)
{
    EVP_PKEY *pair = EVP_EC_gen("prime256v1");
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    long len = 0;
    int error = ERR_NOMEM;

    if (pair && bio && PEM_write_bio_PKCS8PrivateKey(bio, pair, NULL, NULL, 0, NULL, NULL) == 1)
        len = BIO_get_mem_data(bio, &text);
    if (len > 0) {
        buf_put(pem, text, (size_t)len);
        error = buf_error(pem);
    }
    BIO_free(bio);
    EVP_PKEY_free(pair);
    ERR_clear_error();
    return error;
}

const char *webpush_key_public(const struct webpush_key *key)
{
    return key->public_text;
}

/* ---- VAPID ---- */

/* Appends the origin as RFC 6454 writes it: no port that the scheme has anyway. */
static int webpush_put_origin(struct buf *out, const char *endpoint)
{
    struct url u;
    char why[URL_WHY_SIZE];

    if (url_check(endpoint, strlen(endpoint), 0, &u, why) < 0)
        return ERR_INVALID;
    bool brackets = u.address && memchr(u.host, ':', u.host_len);
    buf_puts(out, u.https ? "https://" : "http://");
    buf_puts(out, brackets ? "[" : "");
    for (size_t i = 0; i < u.host_len; i++) {
        char c = u.host[i];
        buf_putc(out, (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c));
    }
    buf_puts(out, brackets ? "]" : "");
    if (u.port != (u.https ? 443 : 80))
        buf_printf(out, ":%d", u.port);
    return buf_error(out);
}

/* ES256 of RFC 7518, section 3.4: r and s side by side; OpenSSL makes DER. */
static int webpush_sign(const struct webpush_key *key, const struct buf *text,
    unsigned char out[2 * WEBPUSH_SCALAR])
{
    unsigned char der[WEBPUSH_SIGNATURE_MAX];
    const unsigned char *at = der;
    size_t len = sizeof der;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    ECDSA_SIG *pair = NULL;
    int error = ERR_NOMEM;

    if (context && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key->pair) == 1 &&
        EVP_DigestSign(context, der, &len, (const unsigned char *)text->data, text->len) == 1)
        pair = d2i_ECDSA_SIG(NULL, &at, (long)len);
    if (pair && BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, WEBPUSH_SCALAR) == WEBPUSH_SCALAR &&
        BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + WEBPUSH_SCALAR, WEBPUSH_SCALAR) ==
            WEBPUSH_SCALAR)
        error = 0;
    ECDSA_SIG_free(pair);
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return error;
}

static int webpush_put_claims(const char *endpoint, const char *subject, int64_t now_ms,
    struct buf *out)
{
    struct buf aud = {0}, claims = {0};
    int error = webpush_put_origin(&aud, endpoint);

    buf_puts(&claims, "{\"aud\":");
    buf_json_text(&claims, buf_text(&aud));
    buf_printf(&claims, ",\"exp\":%" PRId64 ",\"sub\":", now_ms / 1000 + WEBPUSH_VAPID_S);
    buf_json_text(&claims, subject);
    buf_putc(&claims, '}');
    if (!error)
        error = buf_error(&claims);
    if (!error)
        webpush_put_base64url(out, claims.data, claims.len);
    buf_free(&claims);
    buf_free(&aud);
    return error;
}

int webpush_vapid(const struct webpush_key *key, const char *endpoint, const char *subject,
    int64_t now_ms, struct buf *out)
{
    static const char head[] = "{\"typ\":\"JWT\",\"alg\":\"ES256\"}";
    unsigned char signature[2 * WEBPUSH_SCALAR];
    struct buf token = {0};

    webpush_put_base64url(&token, head, sizeof head - 1);
    buf_putc(&token, '.');
    int error = webpush_put_claims(endpoint, subject, now_ms, &token);
    if (!error)
        error = buf_error(&token);
    if (!error)
        error = webpush_sign(key, &token, signature);
    if (!error) {
        buf_putc(&token, '.');
        webpush_put_base64url(&token, signature, sizeof signature);
        buf_printf(out, "vapid t=%s, k=%s", buf_text(&token), key->public_text);
        error = buf_error(&token) ? buf_error(&token) : buf_error(out);
    }
    buf_free(&token);
    return error;
}

/* ---- tokens of notifications: base64url("EXPIRES ENTRY UID") "." HMAC in hexadecimal ---- */

int webpush_act_make(const struct webpush_key *key, const char *uid, const char *entry,
    int64_t expires_ms, struct buf *out)
{
    char mac[IDENT_SHA256_SIZE];
    struct buf text = {0};

    buf_printf(&text, "%" PRId64 " %s %s", expires_ms, entry, uid);
    int error = buf_error(&text);
    if (!error) {
        ident_hmac_sha256_hex(key->act_secret, strlen(key->act_secret), text.data, text.len, mac);
        webpush_put_base64url(out, text.data, text.len);
        buf_printf(out, ".%s", mac);
        error = buf_error(out);
    }
    buf_free(&text);
    return error;
}

_Static_assert(IDENT_USER_MAX == 128 && WEBPUSH_ENTRY_SIZE == 32, "the widths in sscanf below");

int webpush_act_read(const struct webpush_key *key, const char *token, int64_t now_ms,
    char uid[IDENT_USER_MAX + 1], char entry[WEBPUSH_ENTRY_SIZE])
{
    char text[BASE64_MAX(WEBPUSH_ACT_MAX) + 1], mac[IDENT_SHA256_SIZE];
    const char *dot = strchr(token, '.');
    int64_t expires = 0;
    int end = 0;

    if (!dot || dot - token > WEBPUSH_ACT_MAX)
        return ERR_AUTH;
    long len = base64_decode(token, (size_t)(dot - token), BASE64_URL, text);
    if (len <= 0)
        return ERR_AUTH;
    text[len] = '\0';
    ident_hmac_sha256_hex(key->act_secret, strlen(key->act_secret), text, (size_t)len, mac);
    if (!ident_equal_secret(mac, dot + 1))
        return ERR_AUTH;
    if (sscanf(text, "%" SCNd64 " %31s %128s%n", &expires, entry, uid, &end) != 3 || end != len)
        return ERR_AUTH;
    return expires > now_ms ? 0 : ERR_AUTH;
}
