/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/remote/oauth_token.h"

#include "base/clock.h"
#include "tools/remote/oauth_sign.h"
#include "tools/remote/oauth_wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define EXPIRES_MAX_S ((int64_t)366 * 86400)

struct oauth_token {
    jdoc *account;
    struct oauth_ask *ask;
    bool revokes;
    char code[64], why[300];
    oauth_issued_fn *done;
    void *arg;
};

/* ---- the account ---- */

void oauth_account_free(jdoc *account)
{
    static const char *const secrets[] = {"access_token", "refresh_token", "client_secret"};

    for (size_t i = 0; account && i < sizeof secrets / sizeof *secrets; i++) {
        size_t len = 0;
        /* The document's own text: nobody else reads it any more. */
        char *text = (char *)(uintptr_t)jdoc_string(jdoc_get(account, secrets[i]), &len);
        if (text)
            explicit_bzero(text, len);
    }
    jdoc_free(account);
}

/* How the client proves itself, by what it has and what the server takes. */
static enum oauth_method oauth_account_method(const struct oauth_client *client,
    const jdoc *metadata, const jdoc *registered)
{
    static const char *const key = "token_endpoint_auth_methods_supported";
    const char *agreed = jdoc_text_or(registered, "token_endpoint_auth_method", "");
    bool secret = client->secret || jdoc_has(registered, "client_secret");

    if (client->method != OAUTH_AUTO)
        return client->method;
    for (int i = OAUTH_BASIC; i < OAUTH_METHODS; i++)
        if (i != OAUTH_JWT && strcmp(agreed, oauth_method_names[i]) == 0)
            return (enum oauth_method)i;
    if (client->private_key && (!secret || oauth_lists(metadata, key, "private_key_jwt", false)))
        return OAUTH_JWT;
    if (secret && oauth_lists(metadata, key, "client_secret_basic", true))
        return OAUTH_BASIC;
    if (secret && oauth_lists(metadata, key, "client_secret_post", false))
        return OAUTH_POST;
    return OAUTH_NONE;
}

static int oauth_account_copy(jdoc *account, const jdoc *from, const char *name)
{
    const char *text = jdoc_text_or(from, name, "");

    return *text ? jdoc_set_string(account, name, text) : 0;
}

int oauth_account_new(jdoc **out, const struct oauth_client *client, const jdoc *metadata,
    const jdoc *registered)
{
    jdoc *account = *out = jdoc_new_object();
    const char *id = registered ? jdoc_text_or(registered, "client_id", "") :
        *client->client_id      ? client->client_id :
                                  client->metadata_url;
    int error = account ? 0 : ERR_NOMEM;

    if (!error)
        error = jdoc_set_string(account, "client_id", id);
    if (!error)
        error = oauth_account_copy(account, registered, "client_secret");
    if (!error)
        error = oauth_account_copy(account, metadata, "token_endpoint");
    if (!error)
        error = oauth_account_copy(account, metadata, "revocation_endpoint");
    if (!error)
        error = jdoc_set_string(account, "method",
            oauth_method_names[oauth_account_method(client, metadata, registered)]);
    return error;
}

/* ---- the answer ---- */

void oauth_token_copy(char *out, size_t size, const char *text)
{
    size_t n = 0;

    for (; text[n] && n + 1 < size; n++)
        out[n] = text[n] < 0x20 || text[n] > 0x7E ? '?' : text[n];
    out[n] = '\0';
}

static int oauth_token_keep(jdoc *account, const jdoc *body)
{
    const char *access = jdoc_text_or(body, "access_token", "");
    int64_t seconds = 0;
    double exact = 0;
    int error = jdoc_set_string(account, "access_token", access);

    jdoc_remove(account, "expires_ms");
    if (!error)
        error = jdoc_set_int(account, "issued_ms", clock_real_ms());
    /* Some say it as text. */
    if (jdoc_get_double(body, "expires_in", &exact) == 0)
        seconds = exact > 0 && exact < (double)EXPIRES_MAX_S ? (int64_t)exact : 0;
    else
        seconds = strtoll(jdoc_text_or(body, "expires_in", "0"), NULL, 10);
    if (!error && seconds > 0 && seconds < EXPIRES_MAX_S)
        error = jdoc_set_int(account, "expires_ms", clock_real_ms() + seconds * 1000);
    if (!error)
        error = oauth_account_copy(account, body, "refresh_token");
    return error ? error : oauth_account_copy(account, body, "scope");
}

static bool oauth_token_is_plain(const char *text)
{
    for (; *text; text++)
        if (*text <= 0x20 || *text > 0x7E)
            return false;
    return true;
}

static int oauth_token_read(struct oauth_token *t, const struct oauth_answer *a)
{
    const char *type = jdoc_text_or(a->body, "token_type", "");
    const char *access = jdoc_text_or(a->body, "access_token", "");

    if (a->error) {
        snprintf(t->why, sizeof t->why, "%.200s", a->why);
        return a->error;
    }
    oauth_token_copy(t->code, sizeof t->code, jdoc_text_or(a->body, "error", ""));
    if (a->status >= 500 || a->status == 429 || a->status == 408) {
        snprintf(t->why, sizeof t->why, "status %ld %.100s", a->status, a->why);
        return ERR_NET;
    }
    if (a->status < 200 || a->status > 299) {
        char said[160];
        oauth_token_copy(said, sizeof said, jdoc_text_or(a->body, "error_description", ""));
        snprintf(t->why, sizeof t->why, "status %ld%s%s%s%s", a->status, *t->code ? ", " : "",
            t->code, *said ? ": " : "", said);
        return ERR_AUTH;
    }
    if (t->revokes)
        return 0;
    if (!*access || !oauth_token_is_plain(access) ||
        (strcasecmp(type, "Bearer") != 0 && strcasecmp(type, "N_A") != 0)) {
        snprintf(t->why, sizeof t->why, "the answer holds no bearer token");
        return ERR_PROTOCOL;
    }
    return oauth_token_keep(t->account, a->body);
}

static void oauth_token_on_answer(void *arg, const struct oauth_answer *a)
{
    struct oauth_token *t = arg;
    struct oauth_issued issued = {.code = t->code, .why = t->why};

    t->ask = NULL;
    issued.error = oauth_token_read(t, a);
    t->done(t->arg, &issued);
    free(t);
}

void oauth_token_cancel(struct oauth_token *t)
{
    if (!t)
        return;
    oauth_ask_cancel(t->ask);
    free(t);
}

/* ---- the request ---- */

/* The client's id and secret, each form-encoded first (RFC 6749 section 2.3.1). */
static void oauth_token_basic(struct buf *header, const char *id, const char *secret)
{
    struct buf pair = {0};

    buf_put_urlencoded(&pair, id, strlen(id));
    buf_putc(&pair, ':');
    buf_put_urlencoded(&pair, secret, strlen(secret));
    buf_puts(header, "Authorization: Basic ");
    buf_put_base64(header, buf_text(&pair), pair.len);
    if (pair.data)
        explicit_bzero(pair.data, pair.len);
    buf_free(&pair);
}

static int oauth_token_prove(const struct oauth_client *client, const jdoc *account,
    struct buf *form, struct buf *header)
{
    const char *id = jdoc_text_or(account, "client_id", "");
    const char *method = jdoc_text_or(account, "method", "none");
    const char *secret =
        jdoc_text_or(account, "client_secret", client->secret ? client->secret : "");
    struct buf assertion = {0};
    int error = 0;

    if (strcmp(method, oauth_method_names[OAUTH_BASIC]) == 0) {
        oauth_token_basic(header, id, secret);
        return buf_error(header);
    }
    oauth_put(form, "client_id", id);
    if (strcmp(method, oauth_method_names[OAUTH_POST]) == 0) {
        oauth_put(form, "client_secret", secret);
    } else if (strcmp(method, oauth_method_names[OAUTH_JWT]) == 0) {
        error = oauth_sign_assertion(client, id, jdoc_text_or(account, "issuer", ""),
            clock_real_ms(), &assertion);
        oauth_put(form, "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
        oauth_put(form, "client_assertion", buf_text(&assertion));
    }
    buf_free(&assertion);
    return error ? error : buf_error(form);
}

static void oauth_token_wipe(struct buf *b)
{
    if (b->data)
        explicit_bzero(b->data, b->len);
    buf_free(b);
}

/* Takes the form. */
static int oauth_token_send(struct oauth_token **out, const struct oauth_token_what *what,
    const char *url, bool revokes, struct buf *form)
{
    struct oauth_token *t = calloc(1, sizeof *t);
    struct buf header = {0};
    int error = t ? oauth_token_prove(what->client, what->account, form, &header) : ERR_NOMEM;

    if (!error) {
        t->account = what->account;
        t->revokes = revokes;
        t->done = what->done;
        t->arg = what->arg;
        const struct oauth_question question = {.http = what->http,
            .url = url,
            .body = buf_text(form),
            .len = form->len,
            .header = header.len ? buf_text(&header) : NULL,
            .public_only = what->client->public_only};
        error = oauth_ask_start(&t->ask, &question, oauth_token_on_answer, t);
    }
    oauth_token_wipe(&header);
    oauth_token_wipe(form);
    if (error)
        free(t);
    else
        *out = t;
    return error;
}

int oauth_token_start(struct oauth_token **out, const struct oauth_token_what *what,
    struct buf *form)
{
    oauth_put(form, "resource", jdoc_text_or(what->account, "resource", ""));
    return oauth_token_send(out, what, jdoc_text_or(what->account, "token_endpoint", ""), false,
        form);
}

int oauth_token_revoke(struct oauth_token **out, const struct oauth_token_what *what,
    const char *token)
{
    const char *url = jdoc_text_or(what->account, "revocation_endpoint", "");
    struct buf form = {0};

    if (!*url)
        return ERR_NOT_FOUND;
    oauth_put(&form, "token", token);
    return oauth_token_send(out, what, url, true, &form);
}
