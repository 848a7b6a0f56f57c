/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/remote/oauth_login.h"

#include "base/clock.h"
#include "base/ident.h"
#include "tools/remote/oauth_ask.h"
#include "tools/remote/oauth_find.h"
#include "tools/remote/oauth_redirect.h"
#include "tools/remote/oauth_token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct oauth_login {
    const struct oauth_login_what *what;
    bool done;
    int error;
    char *why;
    size_t why_size;
    struct oauth_challenge challenge;
    struct oauth_found found;
    jdoc *metadata, *registered, *account;
    struct oauth_redirect *redirect;
    struct oauth_pkce pkce;
    char uri[64], state[65], scope[OAUTH_SCOPE_MAX];
};

/* What is under way has ended, or error began none. */
static int oauth_login_await(struct oauth_login *l, int error)
{
    while (!error && !l->done) {
        int n = reactor_step(l->what->reactor, clock_mono_ms() + OAUTH_ASK_MS, NULL);
        error = n < 0 ? n : 0;
    }
    l->done = false;
    return error ? error : l->error;
}

static int oauth_login_say(struct oauth_login *l, int error, const char *why)
{
    if (error && !*l->why)
        snprintf(l->why, l->why_size, "%s", why && *why ? why : err_text(error));
    return error;
}

/* ---- what the server wants ---- */

static void oauth_login_on_probe(void *arg, const struct oauth_answer *a)
{
    struct oauth_login *l = arg;

    l->done = true;
    l->error = a->error;
    oauth_challenge_read(a->challenge, &l->challenge);
    oauth_login_say(l, a->error, a->why);
}

static int oauth_login_probe(struct oauth_login *l)
{
    static const char body[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}";
    const struct oauth_question question = {.http = l->what->http,
        .url = l->what->client->url,
        .body = body,
        .len = sizeof body - 1,
        .json = true,
        .streams = true,
        .public_only = l->what->client->public_only};
    struct oauth_ask *ask = NULL;

    return oauth_login_await(l, oauth_ask_start(&ask, &question, oauth_login_on_probe, l));
}

static void oauth_login_on_found(void *arg, const struct oauth_found *found)
{
    struct oauth_login *l = arg;

    l->done = true;
    l->error = found->error;
    l->found = *found;
    l->metadata = found->metadata ? jdoc_dup(found->metadata) : NULL;
    l->found.metadata = l->metadata;
    if (!found->error && !l->metadata)
        l->error = ERR_NOMEM;
    oauth_login_say(l, l->error, found->why);
}

static int oauth_login_find(struct oauth_login *l)
{
    struct oauth_find *find = NULL;

    return oauth_login_await(l,
        oauth_find_start(&find, l->what->client, &l->challenge, l->what->http, oauth_login_on_found,
            l));
}

/* ---- as whom ---- */

static void oauth_login_on_registered(void *arg, const struct oauth_answer *a)
{
    struct oauth_login *l = arg;

    l->done = true;
    l->error = a->error;
    if (!a->error &&
        (a->status < 200 || a->status > 299 || !*jdoc_text_or(a->body, "client_id", "")))
        l->error = ERR_AUTH;
    if (l->error) {
        char said[160];
        oauth_token_copy(said, sizeof said, jdoc_text_or(a->body, "error_description", ""));
        snprintf(l->why, l->why_size,
            "the registration as a client was refused: %ld %.100s: %.150s", a->status, a->why,
            said);
    } else if (!(l->registered = jdoc_dup(a->body)))
        l->error = ERR_NOMEM;
}

/* RFC 7591: as a native program that keeps no secret of its own, unless the server wants one. */
static int oauth_login_register(struct oauth_login *l)
{
    static const char *const methods = "token_endpoint_auth_methods_supported";
    bool none = oauth_lists(l->metadata, methods, "none", true);
    struct buf body = {0};
    struct oauth_ask *ask = NULL;

    buf_puts(&body, "{\"client_name\":\"Turnpike\",\"application_type\":\"native\"");
    buf_puts(&body, ",\"redirect_uris\":[");
    buf_json_text(&body, l->uri);
    buf_puts(&body, "],\"grant_types\":[\"authorization_code\",\"refresh_token\"]");
    buf_puts(&body, ",\"response_types\":[\"code\"]");
    buf_json_member(&body, "token_endpoint_auth_method",
        none                                                               ? "none" :
            oauth_lists(l->metadata, methods, "client_secret_basic", true) ? "client_secret_basic" :
                                                                             "client_secret_post");
    if (*l->scope)
        buf_json_member(&body, "scope", l->scope);
    buf_putc(&body, '}');
    const struct oauth_question question = {.http = l->what->http,
        .url = jdoc_text_or(l->metadata, "registration_endpoint", ""),
        .body = buf_text(&body),
        .len = body.len,
        .json = true,
        .public_only = l->what->client->public_only};
    int error = buf_error(&body);
    if (!error)
        error = oauth_ask_start(&ask, &question, oauth_login_on_registered, l);
    buf_free(&body);
    return oauth_login_await(l, error);
}

/* The client that was registered beforehand, a metadata document, or one that registers itself. */
static int oauth_login_identify(struct oauth_login *l)
{
    const struct oauth_client *c = l->what->client;
    bool documents = jdoc_is_true(l->metadata, "client_id_metadata_document_supported");
    int error = 0;

    if (!*c->client_id && !(*c->metadata_url && documents)) {
        if (!c->registers || !jdoc_has(l->metadata, "registration_endpoint"))
            return oauth_login_say(l, ERR_CONFIG,
                documents ?
                    "set client_metadata_url, or client_id of a client registered there" :
                    "the authorization server registers no clients by itself: set client_id");
        error = oauth_login_register(l);
    }
    if (!error)
        error = oauth_account_new(&l->account, c, l->metadata, l->registered);
    if (!error)
        error = jdoc_set_string(l->account, "issuer", l->found.issuer);
    if (!error)
        error = jdoc_set_string(l->account, "resource", l->found.resource);
    if (!error)
        error = jdoc_set_string(l->account, "asked", l->scope);
    return error;
}

/* ---- the person ---- */

static int oauth_login_show(struct oauth_login *l)
{
    const char *endpoint = jdoc_text_or(l->metadata, "authorization_endpoint", "");
    struct buf url = {0}, query = {0};

    ident_token(32, l->state);
    oauth_put(&query, "response_type", "code");
    oauth_put(&query, "client_id", jdoc_text_or(l->account, "client_id", ""));
    oauth_put(&query, "redirect_uri", l->uri);
    oauth_put(&query, "scope", l->scope);
    oauth_put(&query, "state", l->state);
    oauth_put(&query, "code_challenge", l->pkce.challenge);
    oauth_put(&query, "code_challenge_method", "S256");
    oauth_put(&query, "resource", l->found.resource);
    if (strstr(l->scope, "offline_access")) /* OpenID Connect gives it after a consent only */
        oauth_put(&query, "prompt", "consent");
    buf_printf(&url, "%s%c%s", endpoint, strchr(endpoint, '?') ? '&' : '?', buf_text(&query));
    int error = buf_error(&query) ? buf_error(&query) : buf_error(&url);
    if (!error)
        l->what->show(l->what->arg, buf_text(&url), l->uri);
    buf_free(&query);
    buf_free(&url);
    return error;
}

/* RFC 9207: the answer is of the server that was asked. */
static int oauth_login_check_issuer(struct oauth_login *l, const char *query)
{
    char iss[OAUTH_URL_MAX];
    int error = oauth_query(query, "iss", iss, sizeof iss);
    bool promised = jdoc_is_true(l->metadata, "authorization_response_iss_parameter_supported");

    if (error == ERR_NOT_FOUND && !promised)
        return 0;
    if (!error && strcmp(iss, l->found.issuer) == 0)
        return 0;
    return oauth_login_say(l, ERR_AUTH,
        error ? "the redirect does not say which authorization server it is of (iss)" :
                "the redirect is of another authorization server (iss)");
}

static int oauth_login_read(struct oauth_login *l, const char *query, char *code, size_t size)
{
    char said[100] = "";
    int error = oauth_login_check_issuer(l, query);

    if (!error && oauth_query(query, "error", said, sizeof said) == 0) {
        for (char *p = said; *p; p++)
            *p = *p < 0x20 || *p > 0x7E ? '?' : *p;
        snprintf(l->why, l->why_size, "the authorization server says: %s", said);
        return ERR_AUTH;
    }
    if (!error && oauth_query(query, "code", code, size) != 0)
        error = oauth_login_say(l, ERR_AUTH, "the redirect holds no code");
    return error;
}

static void oauth_login_on_token(void *arg, const struct oauth_issued *issued)
{
    struct oauth_login *l = arg;

    l->done = true;
    l->error = issued->error;
    if (issued->error)
        snprintf(l->why, l->why_size, "no token for the code: %s", issued->why);
}

static int oauth_login_exchange(struct oauth_login *l, const char *code)
{
    struct buf form = {0};
    struct oauth_token *token = NULL;

    oauth_put(&form, "grant_type", "authorization_code");
    oauth_put(&form, "code", code);
    oauth_put(&form, "redirect_uri", l->uri);
    oauth_put(&form, "code_verifier", l->pkce.verifier);
    const struct oauth_token_what what = {l->what->client, l->account, l->what->http,
        oauth_login_on_token, l};
    return oauth_login_await(l, oauth_token_start(&token, &what, &form));
}

static int oauth_login_person(struct oauth_login *l)
{
    const char *query = "";
    char code[2048];
    int error = oauth_pkce_make(&l->pkce);

    if (!error)
        error = oauth_login_show(l);
    if (!error)
        error = oauth_redirect_wait(l->redirect, l->state, l->what->until_ms, &query);
    if (error == ERR_DEADLINE)
        oauth_login_say(l, error, "nobody has signed in: the time is over");
    if (!error)
        error = oauth_login_read(l, query, code, sizeof code);
    if (!error)
        error = oauth_login_exchange(l, code);
    explicit_bzero(code, sizeof code);
    return error;
}

static int oauth_login_listen(struct oauth_login *l)
{
    const struct oauth_login_what *what = l->what;
    int error = oauth_redirect_open(&l->redirect, what->reactor, (int)what->client->redirect_port,
        what->input);

    if (error)
        return oauth_login_say(l, error, "cannot listen on 127.0.0.1: is redirect_port taken?");
    snprintf(l->uri, sizeof l->uri, "http://127.0.0.1:%d" OAUTH_REDIRECT_PATH,
        oauth_redirect_port(l->redirect));
    oauth_find_scope(what->client, &l->challenge, &l->found, l->scope);
    return oauth_scope_add(l->scope, what->scope);
}

int oauth_login(const struct oauth_login_what *what, jdoc **account, char *why, size_t why_size)
{
    struct oauth_login *l = calloc(1, sizeof *l);
    int error = l ? 0 : ERR_NOMEM;

    *account = NULL;
    *why = '\0';
    if (!l)
        return error;
    l->what = what;
    l->why = why;
    l->why_size = why_size;
    error = oauth_login_probe(l);
    if (!error)
        error = oauth_login_find(l);
    if (!error)
        error = oauth_login_listen(l);
    if (!error)
        error = oauth_login_identify(l);
    if (!error)
        error = oauth_login_person(l);
    oauth_login_say(l, error, "");
    oauth_redirect_close(l->redirect);
    jdoc_free(l->metadata);
    oauth_account_free(l->registered);
    if (error)
        oauth_account_free(l->account);
    else
        *account = l->account;
    explicit_bzero(l, sizeof *l);
    free(l);
    return error;
}
