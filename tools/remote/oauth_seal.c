/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/remote/oauth_seal.h"

#include "base/base64.h"
#include "process/webpush.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

/* The sealed bytes: version, salt, nonce, the text, tag. */
#define SEAL_VERSION 1
#define SEAL_SALT 16
#define SEAL_NONCE 12
#define SEAL_TAG 16
#define SEAL_KEY 32
#define SEAL_HEAD (1 + SEAL_SALT + SEAL_NONCE)

static int oauth_seal_key(const char *key, const unsigned char *salt, unsigned char out[SEAL_KEY])
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    char info[] = "turnpike mcp tokens 1", digest[] = "SHA256";
    OSSL_PARAM params[] = {OSSL_PARAM_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, strlen(digest)),
        OSSL_PARAM_octet_string(OSSL_KDF_PARAM_KEY, (void *)key, strlen(key)),
        OSSL_PARAM_octet_string(OSSL_KDF_PARAM_SALT, (void *)salt, SEAL_SALT),
        OSSL_PARAM_octet_string(OSSL_KDF_PARAM_INFO, info, strlen(info)), OSSL_PARAM_END};
    int good = context ? EVP_KDF_derive(context, out, SEAL_KEY, params) : 0;

    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    return good == 1 ? 0 : ERR_NOMEM;
}

/* What is authenticated besides the text. */
static bool oauth_seal_bind(EVP_CIPHER_CTX *context, const unsigned char *head, const char *bound)
{
    int n;

    return EVP_CipherUpdate(context, NULL, &n, head, SEAL_HEAD) == 1 &&
        EVP_CipherUpdate(context, NULL, &n, (const unsigned char *)bound, (int)strlen(bound)) == 1;
}

static bool oauth_seal_begin(EVP_CIPHER_CTX *context, const unsigned char *head, const char *key,
    const char *bound, int seals)
{
    unsigned char derived[SEAL_KEY];
    bool good = oauth_seal_key(key, head + 1, derived) == 0 &&
        EVP_CipherInit_ex2(context, EVP_aes_256_gcm(), derived, head + 1 + SEAL_SALT, seals,
            NULL) == 1 &&
        oauth_seal_bind(context, head, bound);

    OPENSSL_cleanse(derived, sizeof derived);
    return good;
}

int oauth_seal(const char *key, const char *bound, const char *text, size_t len, struct buf *out)
{
    size_t size = SEAL_HEAD + len + SEAL_TAG;
    unsigned char *bytes = len > OAUTH_SEAL_MAX ? NULL : malloc(size);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int n = 0, error = !*key ? ERR_CONFIG : len > OAUTH_SEAL_MAX ? ERR_LIMIT : 0;

    if (!error && (!bytes || !context))
        error = ERR_NOMEM;
    if (!error) {
        bytes[0] = SEAL_VERSION;
        if (RAND_bytes(bytes + 1, SEAL_SALT + SEAL_NONCE) != 1 ||
            !oauth_seal_begin(context, bytes, key, bound, 1) ||
            EVP_CipherUpdate(context, bytes + SEAL_HEAD, &n, (const unsigned char *)text,
                (int)len) != 1 ||
            EVP_CipherFinal_ex(context, bytes + SEAL_HEAD + n, &n) != 1 ||
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, SEAL_TAG,
                bytes + SEAL_HEAD + len) != 1)
            error = ERR_NOMEM;
    }
    if (!error) {
        webpush_put_base64url(out, bytes, size);
        error = buf_error(out);
    }
    EVP_CIPHER_CTX_free(context);
    free(bytes);
    return error;
}

/* bytes: `size` of them, at least SEAL_HEAD and SEAL_TAG. */
static int oauth_unseal_bytes(const char *key, const char *bound, unsigned char *bytes, size_t size,
    struct buf *out)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    size_t len = size - SEAL_HEAD - SEAL_TAG;
    unsigned char *text = bytes + SEAL_HEAD;
    int n = 0, rest = 0;
    bool good = context && bytes[0] == SEAL_VERSION &&
        oauth_seal_begin(context, bytes, key, bound, 0) &&
        EVP_CipherUpdate(context, text, &n, text, (int)len) == 1 &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, SEAL_TAG, text + len) == 1 &&
        EVP_CipherFinal_ex(context, text + n, &rest) == 1;

    EVP_CIPHER_CTX_free(context);
    if (!context)
        return ERR_NOMEM;
    if (!good)
        return ERR_AUTH;
    buf_put(out, text, len);
    return buf_error(out);
}

int oauth_unseal(const char *key, const char *bound, const char *sealed, struct buf *out)
{
    size_t size = BASE64_MAX(strlen(sealed));
    unsigned char *bytes = malloc(size);
    long n = bytes ? base64_decode(sealed, strlen(sealed), BASE64_URL, bytes) : 0;
    int error = !bytes ? ERR_NOMEM : !*key ? ERR_CONFIG : 0;

    if (!error && (n < SEAL_HEAD + SEAL_TAG || n > INT_MAX))
        error = ERR_AUTH;
    if (!error)
        error = oauth_unseal_bytes(key, bound, bytes, (size_t)n, out);
    if (bytes)
        OPENSSL_cleanse(bytes, size);
    free(bytes);
    return error;
}
