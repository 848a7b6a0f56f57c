/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/jws.h"

#include "base/ident.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <string.h>

static const struct jws_row {
    const char *name, *digest;
    enum jws_kind kind;
    const char *curve;
    size_t bytes;
} jws_rows[] = {
#define JWS_ROW_(name, text, digest, kind, curve, bytes) \
    [name] = {text, digest, kind, curve, bytes},
    JWS_ALGORITHMS(JWS_ROW_)
#undef JWS_ROW_
};

int jws_algorithm_find(const char *name, enum jws_algorithm *out)
{
    for (size_t i = 0; i < JWS_ALGORITHM_COUNT; i++) {
        if (strcmp(jws_rows[i].name, name) == 0) {
            *out = (enum jws_algorithm)i;
            return 0;
        }
    }
    return ERR_NOT_FOUND;
}

bool jws_is_secret(enum jws_algorithm algorithm)
{
    return jws_rows[algorithm].kind == JWS_SECRET;
}

/* ---- keys ---- */

static EVP_PKEY *jws_read_pem(const char *pem)
{
    BIO *bio = strlen(pem) > INT_MAX ? NULL : BIO_new_mem_buf(pem, (int)strlen(pem));
    EVP_PKEY *key = !bio ? NULL : PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);

    BIO_free(bio);
    return key;
}

static bool jws_key_is_for(const struct jws_row *row, EVP_PKEY *key)
{
    char curve[64];
    size_t len = 0;

    switch (row->kind) {
    case JWS_RSA:
        return EVP_PKEY_is_a(key, "RSA");
    case JWS_RSA_PSS:
        return EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS");
    case JWS_EC:
        return EVP_PKEY_is_a(key, "EC") &&
            EVP_PKEY_get_group_name(key, curve, sizeof curve, &len) == 1 &&
            strcmp(curve, row->curve) == 0;
    case JWS_ED25519:
        return EVP_PKEY_is_a(key, "ED25519");
    case JWS_SECRET:
        break;
    }
    return false;
}

unsigned jws_key_fits(const char *pem)
{
    EVP_PKEY *key = jws_read_pem(pem);
    unsigned fits = 0;

    for (size_t i = 0; key && i < JWS_ALGORITHM_COUNT; i++)
        fits |= jws_key_is_for(&jws_rows[i], key) ? 1u << i : 0;
    EVP_PKEY_free(key);
    ERR_clear_error();
    return fits;
}

/* ---- signatures ---- */

static int jws_verify_secret(const char *secret, const struct jws_signed *what)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    size_t secret_len = strlen(secret);

    if (secret_len == 0 || secret_len > INT_MAX)
        return ERR_AUTH;
    if (!HMAC(EVP_sha256(), secret, (int)secret_len, (const unsigned char *)what->text,
            what->text_len, digest, &len))
        return ERR_NOMEM;
    return what->signature_len == len && CRYPTO_memcmp(digest, what->signature, len) == 0 ?
        0 :
        ERR_AUTH;
}

/* The signature of ECDSA as OpenSSL wants it, DER; a token has r and s side by side. The caller
 * frees it with OPENSSL_free. Returns its length; 0 = no memory. */
static size_t jws_ecdsa_der(const struct jws_signed *what, unsigned char **der)
{
    size_t half = what->signature_len / 2;
    const unsigned char *bytes = (const unsigned char *)what->signature;
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(bytes, (int)half, NULL), *s = BN_bin2bn(bytes + half, (int)half, NULL);
    int len = 0;

    *der = NULL;
    if (pair && r && s && ECDSA_SIG_set0(pair, r, s) == 1) {
        len = i2d_ECDSA_SIG(pair, der);
    } else {
        BN_free(r);
        BN_free(s);
    }
    ECDSA_SIG_free(pair);
    return len > 0 ? (size_t)len : 0;
}

/* By RFC 7518 section 3.5: MGF1 with the same digest, and salt of its length. */
static bool jws_set_padding(const struct jws_row *row, EVP_PKEY_CTX *context)
{
    if (row->kind != JWS_RSA_PSS)
        return true;
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
        EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static int jws_verify_by(const struct jws_row *row, EVP_PKEY *key, const struct jws_signed *what)
{
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    EVP_PKEY_CTX *context = NULL; /* the digest's */
    const EVP_MD *by = *row->digest ? EVP_get_digestbyname(row->digest) : NULL;
    const unsigned char *signature = (const unsigned char *)what->signature;
    unsigned char *der = NULL;
    size_t len = what->signature_len;
    int error = !digest ? ERR_NOMEM : 0;

    if (!error && row->kind == JWS_EC) {
        len = jws_ecdsa_der(what, &der);
        signature = der;
        error = len == 0 ? ERR_NOMEM : 0;
    }
    if (!error &&
        (EVP_DigestVerifyInit(digest, &context, by, NULL, key) != 1 ||
            !jws_set_padding(row, context) ||
            EVP_DigestVerify(digest, signature, len, (const unsigned char *)what->text,
                what->text_len) != 1))
        error = ERR_AUTH;
    OPENSSL_free(der);
    EVP_MD_CTX_free(digest);
    return error;
}

int jws_verify(enum jws_algorithm algorithm, const char *key, const struct jws_signed *what)
{
    const struct jws_row *row = &jws_rows[algorithm];
    EVP_PKEY *public;
    int error;

    if (row->bytes > 0 && what->signature_len != row->bytes)
        return ERR_AUTH;
    if (row->kind == JWS_SECRET)
        return jws_verify_secret(key, what);
    public = jws_read_pem(key);
    error = public && jws_key_is_for(row, public) ? jws_verify_by(row, public, what) : ERR_AUTH;
    EVP_PKEY_free(public);
    ERR_clear_error(); /* else the next TLS read of this process would find them */
    return error;
}
