/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/conf_parts.h"

#include "base/err.h"
#include "base/url.h"

#include <stdio.h>
#include <string.h>

/* conf_check_auth -- the rules of credentials, and of the pages that may use the API. */

#define HS256_SECRET_MIN 32

/* The words of jwt.algorithm. secret, public: out, whether there are such. */
static int conf_check_algorithms(const struct conf *c, bool *secret, bool *public,
    char why[CONF_WHY_SIZE])
{
    static const char *const algorithms[] = {"HS256", "RS256", "RS384", "RS512", "PS256", "PS384",
        "PS512", "ES256", "ES384", "ES512", "EdDSA", NULL};
    static const char *const secrets[] = {"HS256", NULL};
    static const char between[] = " ,\t";
    const char *at = c->jwt_algorithm;

    while (*(at += strspn(at, between))) {
        size_t len = strcspn(at, between);
        bool hs = conf_word_is(at, len, secrets);
        if (!hs && !conf_word_is(at, len, algorithms))
            return conf_not_one_of("jwt.algorithm", at, len, algorithms, why);
        *public = *public || !hs;
        *secret = *secret || hs;
        at += len;
    }
    if (!*secret || !(*public || *c->jwt_jwks_url))
        return 0;
    /* Else a public key, which everybody has, might be taken for the secret of one of them. */
    snprintf(why, CONF_WHY_SIZE,
        "jwt.algorithm: HS256 stands alone, without other algorithms and jwt.jwks_url");
    return ERR_CONFIG;
}

static int conf_check_secret(const struct conf *c, char why[CONF_WHY_SIZE])
{
    size_t len = strlen(c->jwt_secret), previous = strlen(c->jwt_secret_previous);

    if (len >= HS256_SECRET_MIN && (!previous || previous >= HS256_SECRET_MIN))
        return 0;
    snprintf(why, CONF_WHY_SIZE, "%s: %zu bytes, but HS256 needs at least %d",
        len < HS256_SECRET_MIN ? "jwt.secret" : "jwt.secret_previous",
        len < HS256_SECRET_MIN ? len : previous, HS256_SECRET_MIN);
    return ERR_CONFIG;
}

static int conf_check_jwks(const struct conf *c, char why[CONF_WHY_SIZE])
{
    char wrong[URL_WHY_SIZE];
    struct url url;

    if (!*c->jwt_jwks_url)
        return 0;
    if (url_check(c->jwt_jwks_url, strlen(c->jwt_jwks_url), 0, &url, wrong)) {
        snprintf(why, CONF_WHY_SIZE, "jwt.jwks_url: %s", wrong);
        return ERR_CONFIG;
    }
    if (url.https || url_names_private(&url) || c->jwt_jwks_allow_private)
        return 0;
    snprintf(why, CONF_WHY_SIZE,
        "jwt.jwks_url: must begin with https:// (or name a private address, or stand with "
        "jwt.jwks_allow_private = on)");
    return ERR_CONFIG;
}

int conf_rule_jwt(const struct conf *c, char why[CONF_WHY_SIZE])
{
    bool secret = false, public = false;
    int error = conf_check_algorithms(c, &secret, &public, why);

    if (error == 0 && secret)
        error = conf_check_secret(c, why);
    if (error == 0)
        error = conf_check_jwks(c, why);
    if (error != 0)
        return error;
    if (public && !*c->jwt_keys_dir && !*c->jwt_jwks_url) {
        snprintf(why, CONF_WHY_SIZE,
            "jwt.keys_dir: empty, and jwt.jwks_url too, but jwt.algorithm %.60s needs one",
            c->jwt_algorithm);
        return ERR_CONFIG;
    }
    if ((secret || public || *c->jwt_jwks_url) && !*c->jwt_audience) {
        snprintf(why, CONF_WHY_SIZE, "jwt.audience: empty, but tokens are accepted");
        return ERR_CONFIG;
    }
    return 0;
}

bool conf_is_origin(const char *item, size_t len)
{
    static const char scheme[] = "abcdefghijklmnopqrstuvwxyz0123456789+.-";
    static const char host[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-:[]";
    static const char *const words[] = {"*", "null", NULL};
    size_t n = strspn(item, scheme);

    if (conf_word_is(item, len, words))
        return true;
    return n > 0 && n + 3 < len && memcmp(item + n, "://", 3) == 0 &&
        strspn(item + n + 3, host) == len - n - 3;
}

int conf_rule_origins(const struct conf *c, char why[CONF_WHY_SIZE])
{
    const char *item = c->origins;

    while (*(item += strspn(item, " \t"))) {
        size_t len = strcspn(item, " \t");
        if (!conf_is_origin(item, len)) {
            snprintf(why, CONF_WHY_SIZE,
                "origins: \"%.*s\" is not an origin such as https://app.example.org: a scheme, a "
                "host, perhaps a port, and nothing behind them",
                len > 80 ? 80 : (int)len, item);
            return ERR_CONFIG;
        }
        item += len;
    }
    return 0;
}

int conf_rule_user_claim(const struct conf *c, char why[CONF_WHY_SIZE])
{
    if (*c->jwt_user_claim)
        return 0;
    snprintf(why, CONF_WHY_SIZE, "jwt.user_claim: empty, but a claim must name the user");
    return ERR_CONFIG;
}

/* RFC 6265, section 4.1.1: a token of RFC 9110. */
int conf_rule_cookie(const struct conf *c, char why[CONF_WHY_SIZE])
{
    static const char good[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~";

    if (!c->auth_cookie[strspn(c->auth_cookie, good)])
        return 0;
    snprintf(why, CONF_WHY_SIZE, "auth.cookie: \"%.60s\" is not the name of a cookie",
        c->auth_cookie);
    return ERR_CONFIG;
}
