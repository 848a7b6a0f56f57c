/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/remote/oauth_wire.h"

#include "base/ident.h"
#include "base/url.h"
#include "process/webpush.h"
#include "wire/http/http.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- the challenge ---- */

static bool oauth_is_token(char c)
{
    return (unsigned char)c > 0x20 && (unsigned char)c < 0x7F && !strchr("\"(),/:;<=>?@[\\]{}", c);
}

/* A value, quoted or a token, into out. Returns what is behind it, or NULL: malformed. */
static const char *oauth_challenge_value(const char *p, struct buf *out)
{
    buf_reset(out);
    if (*p != '"') {
        for (; *p && *p != ',' && *p != ' ' && *p != '\t'; p++)
            buf_putc(out, *p);
        return p;
    }
    for (p++; *p && *p != '"'; p++) {
        if (*p == '\\' && p[1])
            p++;
        buf_putc(out, *p);
    }
    return *p == '"' ? p + 1 : NULL;
}

static void oauth_challenge_keep(struct oauth_challenge *out, const char *name, size_t len,
    const char *value)
{
    if (len == strlen("resource_metadata") && strncasecmp(name, "resource_metadata", len) == 0) {
        if (!out->metadata[0] && strlen(value) < sizeof out->metadata)
            snprintf(out->metadata, sizeof out->metadata, "%s", value);
    } else if (len == strlen("scope") && strncasecmp(name, "scope", len) == 0) {
        if (!out->scope[0] && strlen(value) < sizeof out->scope)
            snprintf(out->scope, sizeof out->scope, "%s", value);
    } else if (len == strlen("error") && strncasecmp(name, "error", len) == 0) {
        out->insufficient = strcmp(value, "insufficient_scope") == 0;
    }
}

void oauth_challenge_read(const char *header, struct oauth_challenge *out)
{
    struct buf value;
    bool bearer = false;

    memset(out, 0, sizeof *out);
    buf_init(&value, OAUTH_URL_MAX);
    for (const char *p = header; p && *p;) {
        p += strspn(p, " \t,");
        const char *name = p;
        while (oauth_is_token(*p))
            p++;
        size_t len = (size_t)(p - name);
        const char *next = p + strspn(p, " \t");
        if (len == 0) {
            break;
        } else if (*next != '=') { /* the name of a scheme */
            bearer = len == strlen("Bearer") && strncasecmp(name, "Bearer", len) == 0;
            continue;
        }
        next++;
        p = oauth_challenge_value(next + strspn(next, " \t"), &value);
        if (p && bearer && !buf_error(&value))
            oauth_challenge_keep(out, name, len, buf_text(&value));
    }
    buf_free(&value);
}

/* ---- where metadata is ---- */

/* The path of a URL, without its query; "" for "/" alone. */
static const char *oauth_wire_path(const char *url, size_t *len)
{
    const char *host = strstr(url, "://"), *path = host ? strchr(host + 3, '/') : NULL;

    *len = path ? strcspn(path, "?#") : 0;
    while (*len > 0 && path[*len - 1] == '/')
        (*len)--;
    return path && *len ? path : "";
}

/* `scheme://host:port` as it is written; http_url_origin adds a port. */
static int oauth_wire_origin(const char *url, char *out, size_t size)
{
    struct url parts;
    char why[URL_WHY_SIZE];
    const char *host = strstr(url, "://");

    if (url_check(url, strlen(url), 0, &parts, why) != 0 || !host)
        return ERR_INVALID;
    size_t len = (size_t)(host + 3 - url) + strcspn(host + 3, "/?#");
    if (len >= size)
        return ERR_INVALID;
    snprintf(out, size, "%.*s", (int)len, url);
    return 0;
}

static int oauth_place(struct oauth_places *out, const char *origin, const char *before,
    const char *word, const char *behind)
{
    int n = snprintf(out->url[out->count], OAUTH_URL_MAX, "%s%s/.well-known/%s%s", origin, before,
        word, behind);

    if (n < 0 || n >= OAUTH_URL_MAX)
        return ERR_INVALID;
    out->count++;
    return 0;
}

int oauth_places_resource(const char *resource, const char *named, struct oauth_places *out)
{
    char origin[OAUTH_URL_MAX], path[OAUTH_URL_MAX];
    size_t len;

    out->count = 0;
    if (*named) {
        out->count = 1;
        return (size_t)snprintf(out->url[0], OAUTH_URL_MAX, "%s", named) < OAUTH_URL_MAX ?
            0 :
            ERR_INVALID;
    }
    int error = oauth_wire_origin(resource, origin, sizeof origin);
    const char *at = oauth_wire_path(resource, &len);
    snprintf(path, sizeof path, "%.*s", (int)(len < sizeof path ? len : 0), at);
    if (!error && *path)
        error = oauth_place(out, origin, "", "oauth-protected-resource", path);
    return error ? error : oauth_place(out, origin, "", "oauth-protected-resource", "");
}

int oauth_places_issuer(const char *issuer, struct oauth_places *out)
{
    char origin[OAUTH_URL_MAX], path[OAUTH_URL_MAX];
    size_t len;
    int error = oauth_wire_origin(issuer, origin, sizeof origin);
    const char *at = oauth_wire_path(issuer, &len);

    out->count = 0;
    snprintf(path, sizeof path, "%.*s", (int)(len < sizeof path ? len : 0), at);
    if (!error)
        error = oauth_place(out, origin, "", "oauth-authorization-server", path);
    if (!error)
        error = oauth_place(out, origin, "", "openid-configuration", path);
    if (!error && *path)
        error = oauth_place(out, origin, path, "openid-configuration", "");
    return error;
}

bool oauth_resource_covers(const char *resource, const char *url)
{
    size_t short_len, len;
    const char *prefix = oauth_wire_path(resource, &short_len), *path = oauth_wire_path(url, &len);

    if (!http_same_origin(resource, url) || strchr(resource, '#') || short_len > len)
        return false;
    return strncmp(prefix, path, short_len) == 0 && (short_len == len || path[short_len] == '/');
}

/* ---- metadata of an authorization server ---- */

bool oauth_lists(const jdoc *metadata, const char *key, const char *word, bool absent)
{
    const jdoc *list = jdoc_get(metadata, key);

    if (jdoc_type(list) != JDOC_ARRAY)
        return absent;
    for (size_t i = 0; i < jdoc_length(list); i++) {
        const char *one = jdoc_string(jdoc_at(list, i), NULL);
        if (one && strcmp(one, word) == 0)
            return true;
    }
    return false;
}

static int oauth_wire_endpoint_check(const jdoc *metadata, const char *name, bool needed, char *why,
    size_t why_size)
{
    const char *url = jdoc_text_or(metadata, name, "");

    if (!jdoc_has(metadata, name) && !needed)
        return 0;
    if (http_url_usable(url) && strlen(url) < OAUTH_URL_MAX && !strchr(url, '#'))
        return 0;
    snprintf(why, why_size, "its metadata has no usable %s", name);
    return ERR_INVALID;
}

int oauth_metadata_check(const jdoc *metadata, const char *issuer, bool code, char *why,
    size_t why_size)
{
    const char *said = jdoc_text_or(metadata, "issuer", "");
    int error = 0;

    if (strcmp(said, issuer) != 0) {
        snprintf(why, why_size, "the metadata of %.150s says that it is of another issuer, %.150s",
            issuer, *said ? said : "none");
        return ERR_INVALID;
    }
    error = oauth_wire_endpoint_check(metadata, "token_endpoint", true, why, why_size);
    if (!error)
        error = oauth_wire_endpoint_check(metadata, "authorization_endpoint", code, why, why_size);
    if (!error)
        error = oauth_wire_endpoint_check(metadata, "registration_endpoint", false, why, why_size);
    if (!error)
        error = oauth_wire_endpoint_check(metadata, "revocation_endpoint", false, why, why_size);
    if (!error && code &&
        !oauth_lists(metadata, "code_challenge_methods_supported", "S256", false)) {
        snprintf(why, why_size, "its metadata does not say that it knows PKCE with S256");
        error = ERR_INVALID;
    }
    return error;
}

int oauth_metadata_make(const char *resource, jdoc **out)
{
    static const struct {
        const char *name, *path;
    } rows[] = {{"issuer", ""}, {"authorization_endpoint", "/authorize"},
        {"token_endpoint", "/token"}, {"registration_endpoint", "/register"}};
    char origin[OAUTH_URL_MAX], url[OAUTH_URL_MAX + 16];
    int error = oauth_wire_origin(resource, origin, sizeof origin);

    *out = error ? NULL : jdoc_new_object();
    if (!error && !*out)
        error = ERR_NOMEM;
    for (size_t i = 0; !error && i < sizeof rows / sizeof *rows; i++) {
        snprintf(url, sizeof url, "%s%s", origin, rows[i].path);
        error = jdoc_set_string(*out, rows[i].name, url);
    }
    if (error) {
        jdoc_free(*out);
        *out = NULL;
    }
    return error;
}

/* ---- scopes ---- */

bool oauth_scope_has(const char *scope, const char *wanted)
{
    for (size_t n; *(wanted += strspn(wanted, " ")); wanted += n) {
        bool found = false;
        n = strcspn(wanted, " ");
        for (const char *p = scope; !found && *(p += strspn(p, " ")); p += strcspn(p, " "))
            found = strcspn(p, " ") == n && strncmp(p, wanted, n) == 0;
        if (!found)
            return false;
    }
    return true;
}

int oauth_scope_add(char scope[OAUTH_SCOPE_MAX], const char *more)
{
    char word[OAUTH_SCOPE_MAX];

    for (size_t n; *(more += strspn(more, " ")); more += n) {
        size_t len = strlen(scope);
        n = strcspn(more, " ");
        if (len + n + 2 > OAUTH_SCOPE_MAX)
            return ERR_LIMIT;
        snprintf(word, sizeof word, "%.*s", (int)n, more);
        if (!oauth_scope_has(scope, word))
            snprintf(scope + len, OAUTH_SCOPE_MAX - len, "%s%s", len ? " " : "", word);
    }
    return 0;
}

void oauth_scope_join(const jdoc *list, char out[OAUTH_SCOPE_MAX])
{
    out[0] = '\0';
    for (size_t i = 0; i < jdoc_length(list); i++) {
        const char *one = jdoc_string(jdoc_at(list, i), NULL);
        if (one)
            err_ignore(oauth_scope_add(out, one));
    }
}

/* ---- requests ---- */

void oauth_put(struct buf *form, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    buf_printf(form, "%s%s=", form->len ? "&" : "", name);
    buf_put_urlencoded(form, value, strlen(value));
}

int oauth_query(const char *query, const char *name, char *out, size_t size)
{
    size_t len = strlen(name);
    bool found = false;

    for (const char *p = query; *p; p += strspn(p, "&")) {
        size_t n = strcspn(p, "&");
        if (n > len && strncmp(p, name, len) == 0 && p[len] == '=') {
            if (found || url_decode(p + len + 1, n - len - 1, true, out, size) < 0)
                return ERR_INVALID;
            found = true;
        }
        p += n;
    }
    return found ? 0 : ERR_NOT_FOUND;
}

int oauth_pkce_make(struct oauth_pkce *out)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    struct buf text = {0};

    ident_token(32, out->verifier);
    if (EVP_Digest(out->verifier, strlen(out->verifier), digest, &len, EVP_sha256(), NULL) != 1)
        return ERR_NOMEM;
    webpush_put_base64url(&text, digest, len);
    snprintf(out->challenge, sizeof out->challenge, "%s", buf_text(&text));
    int error = buf_error(&text);
    buf_free(&text);
    return error;
}
