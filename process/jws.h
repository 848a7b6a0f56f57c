/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_PROCESS_JWS_H
#define TURNPIKE_PROCESS_JWS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/jdoc.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * jws -- the signatures of JSON Web Tokens (RFC 7515), and public keys in the form of a JSON Web
 * Key (RFC 7517), by OpenSSL: libjwt of Debian 12 knows neither PSS nor EdDSA. Algorithms and forms
 * of keys are those of RFC 7518 section 3 and 6, and RFC 8037 (Ed25519 only). Pure. Any process.
 *
 * X(NAME, "alg", digest, kind of key, curve, bytes of a signature)
 *   bytes of a signature   of ECDSA: r and s, each padded to the curve's size; 0 = as the key says
 */
#define JWS_ALGORITHMS(X) \
    X(JWS_HS256, "HS256", "SHA256", JWS_SECRET, "", 32) \
    X(JWS_RS256, "RS256", "SHA256", JWS_RSA, "", 0) \
    X(JWS_RS384, "RS384", "SHA384", JWS_RSA, "", 0) \
    X(JWS_RS512, "RS512", "SHA512", JWS_RSA, "", 0) \
    X(JWS_PS256, "PS256", "SHA256", JWS_RSA_PSS, "", 0) \
    X(JWS_PS384, "PS384", "SHA384", JWS_RSA_PSS, "", 0) \
    X(JWS_PS512, "PS512", "SHA512", JWS_RSA_PSS, "", 0) \
    X(JWS_ES256, "ES256", "SHA256", JWS_EC, "prime256v1", 64) \
    X(JWS_ES384, "ES384", "SHA384", JWS_EC, "secp384r1", 96) \
    X(JWS_ES512, "ES512", "SHA512", JWS_EC, "secp521r1", 132) \
    X(JWS_EDDSA, "EdDSA", "", JWS_ED25519, "", 64)

enum jws_algorithm {
#define JWS_ENUM_(name, text, digest, kind, curve, bytes) name,
    JWS_ALGORITHMS(JWS_ENUM_)
#undef JWS_ENUM_
        JWS_ALGORITHM_COUNT
};
enum jws_kind { JWS_SECRET, JWS_RSA, JWS_RSA_PSS, JWS_EC, JWS_ED25519 };

/* By the name in a token's header; case counts. Returns 0 or ERR_NOT_FOUND. */
MUST_CHECK int jws_algorithm_find(const char *name, enum jws_algorithm *out);
/* Is it signed with a shared secret? */
bool jws_is_secret(enum jws_algorithm algorithm);

/*
 * jws_verify -- whether the signature is that of the text.
 *   key  of JWS_HS256 the secret; of all others a public key in PEM (SubjectPublicKeyInfo)
 * Returns 0; ERR_AUTH (it is not, or the key is none for this algorithm); ERR_NOMEM.
 */
struct jws_signed {
    const char *text; /* header and claims with the dot between */
    size_t text_len;
    const char *signature; /* bytes */
    size_t signature_len;
};
MUST_CHECK int jws_verify(enum jws_algorithm algorithm, const char *key,
    const struct jws_signed *what);
/* The algorithms that a public key in PEM is one for, as bits 1 << JWS_...; 0 = it is no key. */
unsigned jws_key_fits(const char *pem);

/*
 * jws_key_pem -- a public key from its JWK, appended in PEM. RSA keys have 2,048 to 8,192 bits (the
 * least by RFC 7518 section 3.3; the most bounds the time of one check).
 *   why  out on ERR_INVALID: a short reason, a literal
 * Returns 0; ERR_INVALID (no public key that can sign tokens here); ERR_NOMEM.
 */
MUST_CHECK int jws_key_pem(const jdoc *jwk, struct buf *pem, const char **why);

#endif
