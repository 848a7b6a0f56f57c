/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/jws.h"

#include "base/base64.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#define JWS_RSA_BITS_MIN 2048
#define JWS_RSA_BITS_MAX 8192
#define JWS_EXPONENT_MAX 8 /* bytes; everybody uses 65537 */
#define JWS_ED25519_BYTES 32
#define JWS_POINT_MAX 66 /* bytes of a coordinate of P-521 */

/* A member of a JWK: its bytes. The text of a key of 8,192 bits has 1,366 characters. */
struct jws_bytes {
    char bytes[1536];
    size_t len;
};

static int jws_key_member(const jdoc *jwk, const char *name, struct jws_bytes *out)
{
    const char *text = NULL;
    size_t len = 0;
    long n;

    if (jdoc_get_string(jwk, name, &text, &len) < 0 || len == 0 ||
        BASE64_MAX(len) > sizeof out->bytes)
        return ERR_INVALID;
    n = base64_decode(text, len, BASE64_URL, out->bytes);
    out->len = n > 0 ? (size_t)n : 0;
    return n > 0 ? 0 : ERR_INVALID;
}

static EVP_PKEY *jws_key_from_params(const char *type, OSSL_PARAM_BLD *build)
{
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *context = !params ? NULL : EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *key = NULL;

    if (!context || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(params);
    return key;
}

static EVP_PKEY *jws_key_rsa(const jdoc *jwk, const char **why)
{
    struct jws_bytes modulus, exponent;
    BIGNUM *n, *e;
    OSSL_PARAM_BLD *build;
    EVP_PKEY *key = NULL;

    *why = "its n or e is missing or no base64url";
    if (jws_key_member(jwk, "n", &modulus) < 0 || jws_key_member(jwk, "e", &exponent) < 0 ||
        exponent.len > JWS_EXPONENT_MAX)
        return NULL;
    n = BN_bin2bn((const unsigned char *)modulus.bytes, (int)modulus.len, NULL);
    e = BN_bin2bn((const unsigned char *)exponent.bytes, (int)exponent.len, NULL);
    build = OSSL_PARAM_BLD_new();
    *why = "its modulus has not 2,048 to 8,192 bits";
    if (n && e && build && BN_num_bits(n) >= JWS_RSA_BITS_MIN &&
        BN_num_bits(n) <= JWS_RSA_BITS_MAX && BN_is_odd(n) && BN_is_odd(e) && !BN_is_one(e) &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1)
        key = jws_key_from_params("RSA", build);
    OSSL_PARAM_BLD_free(build);
    BN_free(n);
    BN_free(e);
    return key;
}

/* The curve of a JWK by RFC 7518 section 6.2.1.1; NULL when it is none of ours. */
static const char *jws_key_curve(const jdoc *jwk, size_t *bytes)
{
    static const struct {
        const char *name, *group;
        size_t bytes;
    } curves[] = {{"P-256", "prime256v1", 32}, {"P-384", "secp384r1", 48},
        {"P-521", "secp521r1", JWS_POINT_MAX}};
    const char *name = jdoc_text_or(jwk, "crv", "");

    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++) {
        if (strcmp(curves[i].name, name) == 0) {
            *bytes = curves[i].bytes;
            return curves[i].group;
        }
    }
    return NULL;
}

static EVP_PKEY *jws_key_ec(const jdoc *jwk, const char **why)
{
    struct jws_bytes x, y;
    unsigned char point[1 + 2 * JWS_POINT_MAX];
    size_t bytes = 0;
    const char *group = jws_key_curve(jwk, &bytes);
    OSSL_PARAM_BLD *build;
    EVP_PKEY *key = NULL;

    *why = "its curve is not P-256, P-384 or P-521, or x or y has the wrong length";
    if (!group || jws_key_member(jwk, "x", &x) < 0 || jws_key_member(jwk, "y", &y) < 0 ||
        x.len != bytes || y.len != bytes)
        return NULL;
    point[0] = POINT_CONVERSION_UNCOMPRESSED;
    memcpy(point + 1, x.bytes, bytes);
    memcpy(point + 1 + bytes, y.bytes, bytes);
    build = OSSL_PARAM_BLD_new();
    *why = "its x and y are no point of the curve";
    if (build &&
        OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * bytes) == 1)
        key = jws_key_from_params("EC", build);
    OSSL_PARAM_BLD_free(build);
    return key;
}

static EVP_PKEY *jws_key_okp(const jdoc *jwk, const char **why)
{
    struct jws_bytes x;

    *why = "its curve is not Ed25519, or x has not 32 bytes";
    if (strcmp(jdoc_text_or(jwk, "crv", ""), "Ed25519") != 0 || jws_key_member(jwk, "x", &x) < 0 ||
        x.len != JWS_ED25519_BYTES)
        return NULL;
    return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, (const unsigned char *)x.bytes,
        x.len);
}

static EVP_PKEY *jws_key_of(const jdoc *jwk, const char **why)
{
    const char *type = jdoc_text_or(jwk, "kty", "");

    if (strcmp(type, "RSA") == 0)
        return jws_key_rsa(jwk, why);
    if (strcmp(type, "EC") == 0)
        return jws_key_ec(jwk, why);
    if (strcmp(type, "OKP") == 0)
        return jws_key_okp(jwk, why);
    *why = "its kty is not RSA, EC or OKP";
    return NULL;
}

/* Members by which a key says that it is for something else: RFC 7517 sections 4.2 and 4.3. */
static bool jws_key_may_verify(const jdoc *jwk)
{
    const jdoc *operations = jdoc_get(jwk, "key_ops");

    if (jdoc_has(jwk, "use") && strcmp(jdoc_text_or(jwk, "use", ""), "sig") != 0)
        return false;
    for (size_t i = 0; i < jdoc_length(operations); i++) {
        const char *name = jdoc_string(jdoc_at(operations, i), NULL);
        if (name && strcmp(name, "verify") == 0)
            return true;
    }
    return !operations;
}

int jws_key_pem(const jdoc *jwk, struct buf *pem, const char **why)
{
    EVP_PKEY *key;
    BIO *bio;
    char *text = NULL;
    long len;
    int error = ERR_INVALID;

    *why = "it is not for signatures";
    if (jdoc_type(jwk) != JDOC_OBJECT || !jws_key_may_verify(jwk))
        return ERR_INVALID;
    key = jws_key_of(jwk, why);
    if (!key)
        goto out;
    bio = BIO_new(BIO_s_mem());
    error = bio && PEM_write_bio_PUBKEY(bio, key) == 1 ? 0 : ERR_NOMEM;
    if (!error) {
        len = BIO_get_mem_data(bio, &text);
        buf_put(pem, text, (size_t)len);
        error = buf_error(pem);
    }
    BIO_free(bio);
out:
    EVP_PKEY_free(key);
    ERR_clear_error();
    return error;
}
