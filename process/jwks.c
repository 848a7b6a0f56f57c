/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/jwks.h"

#include <stdlib.h>
#include <string.h>

void jwks_free(struct jwks *set)
{
    for (size_t i = 0; i < set->count; i++) {
        free(set->keys[i].kid);
        free(set->keys[i].pem);
    }
    free(set->keys);
    *set = (struct jwks){0};
}

int jwks_add(struct jwks *set, const char *kid, const char *pem, unsigned fits)
{
    struct jwks_key key = {.fits = fits & jws_key_fits(pem)}, *keys;

    if (!key.fits)
        return ERR_INVALID;
    if (set->count == JWKS_KEYS_MAX)
        return ERR_LIMIT;
    keys = realloc(set->keys, (set->count + 1) * sizeof *keys);
    if (!keys)
        return ERR_NOMEM;
    set->keys = keys;
    key.kid = kid ? strdup(kid) : NULL;
    key.pem = strdup(pem);
    if (!key.pem || (kid && !key.kid)) {
        free(key.kid);
        free(key.pem);
        return ERR_NOMEM;
    }
    set->keys[set->count++] = key;
    return 0;
}

/* The algorithms that the key's own `alg` leaves; all when it has none. */
static unsigned jwks_fits_by_name(const jdoc *jwk)
{
    enum jws_algorithm algorithm;

    if (!jdoc_has(jwk, "alg"))
        return ~0u;
    return jws_algorithm_find(jdoc_text_or(jwk, "alg", ""), &algorithm) ? 0 : 1u << algorithm;
}

static int jwks_read_key(struct jwks *set, const jdoc *jwk, const char **why)
{
    struct buf pem = {0};
    const char *kid = NULL;
    size_t kid_len = 0;
    int error = jdoc_get_string(jwk, "kid", &kid, &kid_len);

    *why = "its kid is no string of 1 to 256 bytes";
    if (error == ERR_INVALID || (kid && (!kid_len || kid_len > JWKS_KID_MAX)))
        return ERR_INVALID;
    error = jws_key_pem(jwk, &pem, why);
    if (!error) {
        *why = "its alg and kty are not for tokens here";
        error = jwks_add(set, kid, buf_text(&pem), jwks_fits_by_name(jwk));
    }
    if (error == ERR_LIMIT) {
        *why = "there are 64 keys before it";
        error = ERR_INVALID;
    }
    buf_free(&pem);
    return error;
}

int jwks_read(struct jwks *set, const jdoc *doc, size_t *passed, const char **why)
{
    const jdoc *keys = jdoc_get(doc, "keys");
    size_t before = set->count;

    *passed = 0;
    *why = "it has no array `keys` (RFC 7517 section 5)";
    if (jdoc_type(keys) != JDOC_ARRAY)
        return ERR_INVALID;
    *why = "it has no key";
    for (size_t i = 0; i < jdoc_length(keys); i++) {
        int error = jwks_read_key(set, jdoc_at(keys, i), why);
        if (error == ERR_NOMEM)
            return error;
        *passed += error != 0;
    }
    return set->count > before ? 0 : ERR_INVALID;
}

static const struct jwks_key *jwks_find_only(const struct jwks *set, enum jws_algorithm algorithm)
{
    const struct jwks_key *only = NULL;

    for (size_t i = 0; i < set->count; i++) {
        if (!(set->keys[i].fits >> algorithm & 1))
            continue;
        if (only)
            return NULL;
        only = &set->keys[i];
    }
    return only;
}

const struct jwks_key *jwks_find(const struct jwks *set, const char *kid,
    enum jws_algorithm algorithm, size_t *at)
{
    if (!kid)
        return (*at)++ ? NULL : jwks_find_only(set, algorithm);
    while (*at < set->count) {
        const struct jwks_key *key = &set->keys[(*at)++];
        if (key->kid && strcmp(key->kid, kid) == 0 && key->fits >> algorithm & 1)
            return key;
    }
    return NULL;
}
