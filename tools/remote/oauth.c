/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/remote/oauth.h"

#include "base/conf.h"
#include "base/secret.h"
#include "tools/remote/oauth_sign.h"
#include "tools/remote/oauth_wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const oauth_grant_names[OAUTH_GRANTS + 1] = {"authorization_code", "client_credentials",
    "enterprise", NULL};
const char *const oauth_method_names[OAUTH_METHODS + 1] = {"auto", "client_secret_basic",
    "client_secret_post", "private_key_jwt", "none", NULL};

static const char *const oauth_members[] = {"type", "grant", "client_id", "client_secret",
    "client_metadata_url", "token_endpoint_auth_method", "private_key", "scope", "issuer",
    "redirect_port", "registration", "identity_provider", NULL};

/* Takes one check's outcome; the next one's reason gets a line of its own. */
static int oauth_note(struct entry_file *f, int *found, int error)
{
    if (error)
        *found = *found == ERR_NOMEM ? *found : error;
    if (error == ERR_CONFIG)
        entry_file_next(f);
    return error;
}

static int oauth_word(const struct entry_file *f, const jdoc *auth, const char *key,
    const char *const *words, int *out)
{
    const char *text = words[*out];
    char list[160] = "";
    int error = entry_file_string(f, auth, key, false, 64, &text);

    for (int i = 0; !error && words[i]; i++) {
        size_t len = strlen(list);
        if (strcmp(words[i], text) == 0) {
            *out = i;
            return 0;
        }
        snprintf(list + len, sizeof list - len, "%s%s", i ? ", " : "", words[i]);
    }
    if (error)
        return error;
    const char *near = conf_near_word(text, strlen(text), words);
    return entry_file_wrong(f, key, "must be one of %s%s%s%s", list, near ? "; did you mean " : "",
        near ? near : "", near ? "?" : "");
}

static int oauth_url(const struct entry_file *f, const jdoc *auth, const char *key, bool https,
    const char **out)
{
    bool private = false;
    int error = entry_file_string(f, auth, key, false, OAUTH_URL_MAX - 1, out);

    if (error || !**out)
        return error;
    error = entry_file_url(f, key, *out, &private);
    if (!error && strchr(*out, '#'))
        return entry_file_wrong(f, key, "must hold no fragment");
    if (!error && https && (private || strncmp(*out, "https://", 8) != 0))
        return entry_file_wrong(f, key, "must begin with https:// and name a public host");
    return error;
}

/* {"file": PATH} */
static int oauth_file(const struct entry_file *f, const jdoc *auth, const char *key,
    const char *const *known, bool secrets, char **out)
{
    const jdoc *object = jdoc_get(auth, key);
    const char *file = "";
    char place[320], field[96];
    const struct entry_file in = {.path = place, .why = f->why, .why_size = f->why_size};

    if (!object)
        return 0;
    snprintf(place, sizeof place, "%.250s: %.60s", f->path, key);
    snprintf(field, sizeof field, "%.60s.file", key);
    int error = entry_file_known(&in, "", object, known);
    if (!error)
        error = entry_file_string(&in, object, "file", true, 1000, &file);
    if (error || !secrets)
        return error;
    char *text = NULL;
    error = entry_file_secret(f, field, file, &text);
    if (!error && !(*out = secret_dup(text)))
        error = ERR_NOMEM;
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
    return error;
}

static int oauth_key(const struct entry_file *f, const jdoc *auth, bool secrets,
    struct oauth_client *c)
{
    static const char *const known[] = {"file", "algorithm", "key_id", NULL};
    const jdoc *object = jdoc_get(auth, "private_key");
    char why[120] = "";
    int error = oauth_file(f, auth, "private_key", known, secrets, &c->private_key);

    if (!error)
        error = entry_file_string(f, object, "algorithm", false, 16, &c->algorithm);
    if (!error)
        error = entry_file_string(f, object, "key_id", false, 200, &c->key_id);
    if (!error && c->private_key && oauth_sign_check(c, why, sizeof why) != 0)
        error = entry_file_wrong(f, "private_key", "%s", why);
    return error;
}

static int oauth_idp(const struct entry_file *f, const jdoc *auth, struct oauth_client *c)
{
    static const char *const known[] = {"token_endpoint", "client_id", "issuer", "id_token", NULL};
    const jdoc *idp = jdoc_get(auth, "identity_provider");
    const char *file = "";

    if (!idp && c->grant != OAUTH_ENTERPRISE)
        return 0;
    if (c->grant != OAUTH_ENTERPRISE)
        return entry_file_wrong(f, "identity_provider", "is for \"grant\": \"enterprise\" only");
    int error = idp ? entry_file_known(f, "identity_provider", idp, known) :
                      entry_file_wrong(f, "identity_provider", "\"enterprise\" needs it");
    if (!error)
        error = oauth_url(f, idp, "token_endpoint", false, &c->idp_token_url);
    if (!error)
        error = entry_file_string(f, idp, "client_id", true, 500, &c->idp_client_id);
    if (!error)
        error = entry_file_string(f, jdoc_get(idp, "id_token"), "file", true, 1000, &file);
    if (!error && !*c->idp_token_url)
        error = entry_file_wrong(f, "identity_provider.token_endpoint", "is missing");
    if (!error && !(c->id_token_path = strdup(file)))
        error = ERR_NOMEM;
    return error;
}

/* What does not go together. */
static int oauth_rules(const struct entry_file *f, const jdoc *auth, const struct oauth_client *c)
{
    bool secret = jdoc_has(auth, "client_secret"), key = jdoc_has(auth, "private_key");

    if (c->grant != OAUTH_CODE && !*c->client_id)
        return entry_file_wrong(f, "client_id", "\"%s\" needs it", oauth_grant_names[c->grant]);
    if (c->grant == OAUTH_CREDENTIALS && !secret && !key)
        return entry_file_wrong(f, "client_secret",
            "\"client_credentials\" needs it, or private_key");
    if (secret && !*c->client_id)
        return entry_file_wrong(f, "client_secret", "needs client_id");
    if ((c->method == OAUTH_BASIC || c->method == OAUTH_POST) && !secret)
        return entry_file_wrong(f, "token_endpoint_auth_method", "\"%s\" needs client_secret",
            oauth_method_names[c->method]);
    if (c->method == OAUTH_JWT && !key)
        return entry_file_wrong(f, "token_endpoint_auth_method",
            "\"private_key_jwt\" needs private_key");
    if (c->method == OAUTH_NONE && secret)
        return entry_file_wrong(f, "token_endpoint_auth_method",
            "\"none\" sends no client_secret: leave one of them out");
    if (strpbrk(c->scope, "\"\\\t\r\n"))
        return entry_file_wrong(f, "scope", "must be words with blanks between");
    return 0;
}

static int oauth_texts(struct entry_file *f, const jdoc *auth, struct oauth_client *c, int *found)
{
    static const char *const types[] = {"oauth", NULL};
    int type = 0, grant = OAUTH_CODE, method = OAUTH_AUTO;

    if (!jdoc_has(auth, "type"))
        oauth_note(f, found, entry_file_wrong(f, "type", "is missing: \"oauth\""));
    oauth_note(f, found, oauth_word(f, auth, "type", types, &type));
    oauth_note(f, found, oauth_word(f, auth, "grant", oauth_grant_names, &grant));
    oauth_note(f, found,
        oauth_word(f, auth, "token_endpoint_auth_method", oauth_method_names, &method));
    c->grant = (enum oauth_grant)grant;
    c->method = (enum oauth_method)method;
    oauth_note(f, found, entry_file_string(f, auth, "client_id", false, 500, &c->client_id));
    oauth_note(f, found,
        entry_file_string(f, auth, "scope", false, OAUTH_SCOPE_MAX - 1, &c->scope));
    oauth_note(f, found, oauth_url(f, auth, "client_metadata_url", true, &c->metadata_url));
    oauth_note(f, found, oauth_url(f, auth, "issuer", false, &c->issuer));
    oauth_note(f, found, entry_file_int(f, auth, "redirect_port", 0, 65535, &c->redirect_port));
    return oauth_note(f, found, entry_file_bool(f, auth, "registration", &c->registers));
}

int oauth_client_read(const struct entry_file *file, const jdoc *auth, bool secrets,
    struct oauth_client **out)
{
    static const char *const only_file[] = {"file", NULL};
    char place[300];
    struct entry_file f = {.path = place, .why = file->why, .why_size = file->why_size};
    int found = 0;

    *out = NULL;
    if (!auth)
        return 0;
    struct oauth_client *c = *out = calloc(1, sizeof *c);
    if (!c)
        return ERR_NOMEM;
    *c = (struct oauth_client){.client_id = "",
        .metadata_url = "",
        .scope = "",
        .issuer = "",
        .algorithm = "",
        .key_id = "",
        .idp_token_url = "",
        .idp_client_id = "",
        .idp_issuer = "",
        .registers = true};
    snprintf(place, sizeof place, "%.280s: auth", file->path);
    if (jdoc_type(auth) != JDOC_OBJECT)
        return entry_file_wrong(&f, "", "must be an object");
    oauth_note(&f, &found, entry_file_known(&f, "", auth, oauth_members));
    oauth_texts(&f, auth, c, &found);
    oauth_note(&f, &found, oauth_idp(&f, auth, c));
    if (found == 0)
        oauth_note(&f, &found, oauth_rules(&f, auth, c));
    oauth_note(&f, &found, oauth_file(&f, auth, "client_secret", only_file, secrets, &c->secret));
    oauth_note(&f, &found, oauth_key(&f, auth, secrets, c));
    size_t len = strlen(file->why);
    if (found == ERR_CONFIG && len > 0 && file->why[len - 1] == '\n')
        file->why[len - 1] = '\0';
    return found;
}

void oauth_client_free(struct oauth_client *c)
{
    if (!c)
        return;
    secret_free(c->secret);
    secret_free(c->private_key);
    free(c->id_token_path);
    free(c);
}
