/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/remote/oauth_sign.h"

#include "base/ident.h"
#include "process/webpush.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OAUTH_ASSERTION_S 60
#define OAUTH_SIGNATURE_MAX 1100

/* What we sign with; the first that fits a key is its own. */
static const struct oauth_algorithm {
    const char *name, *digest, *kind, *curve;
    size_t half; /* of an ECDSA signature, bytes; 0 = another kind */
    bool pss;
} oauth_algorithms[] = {
    {"ES256", "SHA256", "EC", "prime256v1", 32, false},
    {"ES384", "SHA384", "EC", "secp384r1", 48, false},
    {"RS256", "SHA256", "RSA", NULL, 0, false},
    {"PS256", "SHA256", "RSA", NULL, 0, true},
    {"EdDSA", NULL, "ED25519", NULL, 0, false},
};

static EVP_PKEY *oauth_sign_key(const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)"") : NULL;

    BIO_free(bio);
    ERR_clear_error();
    return key;
}

static bool oauth_sign_fits(const struct oauth_algorithm *a, EVP_PKEY *key)
{
    char curve[64];
    size_t len = 0;

    return EVP_PKEY_is_a(key, a->kind) &&
        (!a->curve ||
            (EVP_PKEY_get_group_name(key, curve, sizeof curve, &len) == 1 &&
                strcmp(curve, a->curve) == 0));
}

static const struct oauth_algorithm *oauth_sign_choose(const char *name, EVP_PKEY *key)
{
    for (size_t i = 0; i < sizeof oauth_algorithms / sizeof *oauth_algorithms; i++)
        if ((!*name || strcmp(name, oauth_algorithms[i].name) == 0) &&
            oauth_sign_fits(&oauth_algorithms[i], key))
            return &oauth_algorithms[i];
    return NULL;
}

int oauth_sign_check(const struct oauth_client *client, char *why, size_t why_size)
{
    EVP_PKEY *key = oauth_sign_key(client->private_key);
    const struct oauth_algorithm *a = key ? oauth_sign_choose(client->algorithm, key) : NULL;

    if (!key)
        snprintf(why, why_size, "the file holds no private key in PEM without a password");
    else if (!a)
        snprintf(why, why_size,
            "the key is none for algorithm %.16s (ES256, ES384, RS256, PS256, EdDSA)",
            *client->algorithm ? client->algorithm : "any");
    EVP_PKEY_free(key);
    return a ? 0 : ERR_INVALID;
}

/* ECDSA: JWS wants r and s one behind the other, OpenSSL makes DER. */
static bool oauth_sign_halves(unsigned char *signature, size_t *len, size_t half)
{
    const unsigned char *p = signature;
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &p, (long)*len);
    bool good = pair && BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature, (int)half) == (int)half &&
        BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature + half, (int)half) == (int)half;

    ECDSA_SIG_free(pair);
    *len = 2 * half;
    return good;
}

static int oauth_sign_text(const struct oauth_algorithm *a, EVP_PKEY *key, struct buf *out)
{
    unsigned char signature[OAUTH_SIGNATURE_MAX];
    size_t len = sizeof signature;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *options = NULL;
    bool good = context &&
        EVP_DigestSignInit_ex(context, &options, a->digest, NULL, NULL, key, NULL) == 1 &&
        (!a->pss ||
            (EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1 &&
                EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) == 1)) &&
        EVP_DigestSign(context, signature, &len, (const unsigned char *)out->data, out->len) == 1 &&
        (!a->half || oauth_sign_halves(signature, &len, a->half));

    EVP_MD_CTX_free(context);
    ERR_clear_error();
    if (!good)
        return ERR_INVALID;
    buf_putc(out, '.');
    webpush_put_base64url(out, signature, len);
    return buf_error(out);
}

int oauth_sign_assertion(const struct oauth_client *client, const char *client_id,
    const char *audience, int64_t now_ms, struct buf *out)
{
    EVP_PKEY *key = client->private_key ? oauth_sign_key(client->private_key) : NULL;
    const struct oauth_algorithm *a = key ? oauth_sign_choose(client->algorithm, key) : NULL;
    struct buf part = {0};
    char id[IDENT_UUID_SIZE];
    int error = a ? 0 : ERR_INVALID;

    ident_uuid7(id);
    if (!error) {
        buf_printf(&part, "{\"alg\":\"%s\",\"typ\":\"JWT\"", a->name);
        if (*client->key_id)
            buf_json_member(&part, "kid", client->key_id);
        buf_putc(&part, '}');
        webpush_put_base64url(out, buf_text(&part), part.len);
        buf_reset(&part);
        buf_printf(&part, "{\"jti\":\"%s\"", id);
        buf_json_member(&part, "iss", client_id);
        buf_json_member(&part, "sub", client_id);
        buf_json_member(&part, "aud", audience);
        buf_printf(&part, ",\"iat\":%lld,\"exp\":%lld}", (long long)(now_ms / 1000),
            (long long)(now_ms / 1000 + OAUTH_ASSERTION_S));
        buf_putc(out, '.');
        webpush_put_base64url(out, buf_text(&part), part.len);
        error = buf_error(&part) ? buf_error(&part) : buf_error(out);
    }
    if (!error)
        error = oauth_sign_text(a, key, out);
    buf_free(&part);
    EVP_PKEY_free(key);
    return error;
}
