/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/webpush.h"

#include "base/base64.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>
#include <string.h>

#define WEBPUSH_CURVE "prime256v1"
#define WEBPUSH_DIGEST 32
#define WEBPUSH_CEK 16
#define WEBPUSH_NONCE 12
#define WEBPUSH_TAG 16
#define WEBPUSH_RECORD 4096 /* rs of RFC 8188 */
#define WEBPUSH_LAST 2      /* the delimiter of the last record */

void webpush_put_base64url(struct buf *out, const void *bytes, size_t len)
{
    size_t from = out->len;

    buf_put_base64(out, bytes, len);
    if (buf_error(out))
        return;
    for (size_t i = from; i < out->len; i++) {
        char *c = &out->data[i];
        if (*c == '=') {
            buf_cut(out, i);
            break;
        }
        *c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
    }
}

/* ---- keys ---- */

/* Of a point, and of its scalar unless that is NULL; NULL when it is none of the curve. */
static EVP_PKEY *webpush_pkey(const unsigned char point[WEBPUSH_POINT], const BIGNUM *scalar)
{
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *key = NULL;

    if (build && context &&
        OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, WEBPUSH_CURVE, 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, WEBPUSH_POINT) ==
            1 &&
        (!scalar || OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, scalar) == 1))
        params = OSSL_PARAM_BLD_to_param(build);
    if (!params || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key, scalar ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, params) !=
            1)
        key = NULL;
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(context);
    ERR_clear_error();
    return key;
}

/* Whether the bytes are a point of the curve, in the uncompressed form. */
static bool webpush_is_point(const unsigned char point[WEBPUSH_POINT])
{
    EVP_PKEY *key = point[0] == POINT_CONVERSION_UNCOMPRESSED ? webpush_pkey(point, NULL) : NULL;
    EVP_PKEY_CTX *context = key ? EVP_PKEY_CTX_new(key, NULL) : NULL;
    bool is = context && EVP_PKEY_public_check(context) == 1;

    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return is;
}

static bool webpush_read_bytes(const char *text, unsigned char *out, size_t size)
{
    unsigned char bytes[BASE64_MAX(128)];
    size_t len = strlen(text);

    if (len > 128 || base64_decode(text, len, BASE64_URL, bytes) != (long)size)
        return false;
    memcpy(out, bytes, size);
    return true;
}

int webpush_receiver_read(const char *p256dh, const char *auth, struct webpush_receiver *out)
{
    return webpush_read_bytes(p256dh, out->point, sizeof out->point) &&
            webpush_read_bytes(auth, out->auth, sizeof out->auth) && webpush_is_point(out->point) ?
        0 :
        ERR_INVALID;
}

int webpush_once_make(struct webpush_once *out)
{
    EVP_PKEY *key = EVP_EC_gen(WEBPUSH_CURVE);
    BIGNUM *scalar = NULL;
    size_t len = 0;
    bool made = key && EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &scalar) == 1 &&
        BN_bn2binpad(scalar, out->scalar, sizeof out->scalar) == (int)sizeof out->scalar &&
        EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, out->point, sizeof out->point,
            &len) == 1 &&
        len == sizeof out->point && RAND_bytes(out->salt, sizeof out->salt) == 1;

    BN_clear_free(scalar);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return made ? 0 : ERR_NOMEM;
}

/* ---- RFC 8291, section 3.4 ---- */

/* HKDF (RFC 5869) of one block: `len` is at most 32. */
static bool webpush_hkdf(const unsigned char *salt, size_t salt_len, const unsigned char *ikm,
    const struct buf *info, unsigned char *out, size_t len)
{
    unsigned char prk[WEBPUSH_DIGEST], block[WEBPUSH_DIGEST];
    struct buf text = {0};

    buf_put(&text, info->data, info->len);
    buf_putc(&text, 1);
    bool done = !buf_error(&text) &&
        HMAC(EVP_sha256(), salt, (int)salt_len, ikm, WEBPUSH_DIGEST, prk, NULL) &&
        HMAC(EVP_sha256(), prk, sizeof prk, (const unsigned char *)text.data, text.len, block,
            NULL);
    if (done)
        memcpy(out, block, len);
    OPENSSL_cleanse(prk, sizeof prk);
    OPENSSL_cleanse(block, sizeof block);
    buf_free(&text);
    return done;
}

/* Both sides compute the same: our scalar times the receiver's point. */
static int webpush_agree(const struct webpush_receiver *to, const struct webpush_once *once,
    unsigned char secret[WEBPUSH_DIGEST])
{
    BIGNUM *scalar = BN_bin2bn(once->scalar, sizeof once->scalar, NULL);
    EVP_PKEY *ours = scalar ? webpush_pkey(once->point, scalar) : NULL;
    EVP_PKEY *theirs = webpush_pkey(to->point, NULL);
    EVP_PKEY_CTX *context = ours ? EVP_PKEY_CTX_new(ours, NULL) : NULL;
    size_t len = WEBPUSH_DIGEST;
    int error = ERR_INVALID;

    if (context && theirs && EVP_PKEY_derive_init(context) == 1 &&
        EVP_PKEY_derive_set_peer(context, theirs) == 1 &&
        EVP_PKEY_derive(context, secret, &len) == 1 && len == WEBPUSH_DIGEST)
        error = 0;
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(theirs);
    EVP_PKEY_free(ours);
    BN_clear_free(scalar);
    ERR_clear_error();
    return error;
}

struct webpush_cipher {
    unsigned char key[WEBPUSH_CEK], nonce[WEBPUSH_NONCE];
};

static int webpush_derive(const struct webpush_receiver *to, const struct webpush_once *once,
    struct webpush_cipher *out)
{
    unsigned char secret[WEBPUSH_DIGEST], ikm[WEBPUSH_DIGEST];
    struct buf info = {0};
    int error = webpush_agree(to, once, secret);

    if (error)
        return error;
    buf_put(&info, "WebPush: info", sizeof "WebPush: info"); /* with its NUL */
    buf_put(&info, to->point, sizeof to->point);
    buf_put(&info, once->point, sizeof once->point);
    bool done = webpush_hkdf(to->auth, sizeof to->auth, secret, &info, ikm, sizeof ikm);
    buf_reset(&info);
    buf_put(&info, "Content-Encoding: aes128gcm", sizeof "Content-Encoding: aes128gcm");
    done =
        done && webpush_hkdf(once->salt, sizeof once->salt, ikm, &info, out->key, sizeof out->key);
    buf_reset(&info);
    buf_put(&info, "Content-Encoding: nonce", sizeof "Content-Encoding: nonce");
    done = done &&
        webpush_hkdf(once->salt, sizeof once->salt, ikm, &info, out->nonce, sizeof out->nonce);
    OPENSSL_cleanse(secret, sizeof secret);
    OPENSSL_cleanse(ikm, sizeof ikm);
    buf_free(&info);
    return done ? 0 : ERR_NOMEM;
}

/* Text, delimiter and tag. */
static int webpush_seal(const struct webpush_cipher *with, const char *text, size_t len,
    unsigned char *out)
{
    static const unsigned char last = WEBPUSH_LAST;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int first = 0, second = 0, end = 0;
    bool done = context &&
        EVP_EncryptInit_ex(context, EVP_aes_128_gcm(), NULL, with->key, with->nonce) == 1 &&
        EVP_EncryptUpdate(context, out, &first, (const unsigned char *)text, (int)len) == 1 &&
        EVP_EncryptUpdate(context, out + first, &second, &last, 1) == 1 &&
        EVP_EncryptFinal_ex(context, out + first + second, &end) == 1 &&
        (size_t)(first + second + end) == len + 1 &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, WEBPUSH_TAG, out + len + 1) == 1;

    EVP_CIPHER_CTX_free(context);
    ERR_clear_error();
    return done ? 0 : ERR_NOMEM;
}

int webpush_encrypt(const struct webpush_receiver *to, const struct webpush_once *once,
    const char *text, size_t len, struct buf *out)
{
    static const unsigned char size[] = {WEBPUSH_RECORD >> 24 & 255, WEBPUSH_RECORD >> 16 & 255,
        WEBPUSH_RECORD >> 8 & 255, WEBPUSH_RECORD & 255, WEBPUSH_POINT};
    unsigned char sealed[WEBPUSH_RECORD];
    struct webpush_cipher cipher;
    int error = len > WEBPUSH_TEXT_MAX ? ERR_LIMIT : webpush_derive(to, once, &cipher);

    if (error)
        return error;
    error = webpush_seal(&cipher, text, len, sealed);
    OPENSSL_cleanse(&cipher, sizeof cipher);
    if (error)
        return error;
    buf_put(out, once->salt, sizeof once->salt);
    buf_put(out, size, sizeof size);
    buf_put(out, once->point, sizeof once->point);
    buf_put(out, sealed, len + 1 + WEBPUSH_TAG);
    return buf_error(out);
}
