/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An issuer's set of keys. Whatever comes, each key that is taken can be read again from its PEM,
 * fits an algorithm and none that is signed by a secret, and nobody's token passes by it.
 */
#include "base/err.h"
#include "process/jwks.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_key(const struct jwks_key *key)
{
    static const char zeros[132];
    struct jws_signed what = {.text = "a.b", .text_len = 3, .signature = zeros};

    if (!key->fits || key->fits & 1u << JWS_HS256 || (key->fits & ~jws_key_fits(key->pem)))
        abort();
    for (int i = 0; i < JWS_ALGORITHM_COUNT; i++) {
        if (i == JWS_HS256)
            continue;
        for (what.signature_len = 0; what.signature_len <= sizeof zeros; what.signature_len += 4)
            if (jws_verify((enum jws_algorithm)i, key->pem, &what) == 0)
                abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jwks set = {0};
    jdoc *doc = NULL;
    size_t passed = 0;
    const char *why = NULL;
    int error;

    if (jdoc_parse((const char *)data, size, &doc, NULL, 0) < 0)
        return 0;
    error = jwks_read(&set, doc, &passed, &why);
    if (error == 0 && (set.count == 0 || set.count > JWKS_KEYS_MAX))
        abort();
    if (error != 0 && (set.count > 0 || !why))
        abort();
    for (size_t i = 0; i < set.count && i < 2; i++)
        fuzz_key(&set.keys[i]);
    jwks_free(&set);
    jdoc_free(doc);
    return 0;
}
