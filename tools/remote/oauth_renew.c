/* SPDX-License-Identifier: BSD-2-Clause */
/* A renewal: lease, discovery, the request for a token, writing it down. */
#include "tools/remote/oauth_purse_parts.h"

#include "base/backoff.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RENEW_BACKOFF_MS 1000
#define RENEW_BACKOFF_MAX_MS 60000
#define RENEW_ID_TOKEN_MAX ((size_t)16 << 10)
#define RENEW_LOOKS_MAX 3 /* of one wish */
#define RENEW_JAG "urn:ietf:params:oauth:token-type:id-jag"

/* ---- the end ---- */

static void oauth_renew_on_drop(void *arg, const struct mcp_logins_reply *reply)
{
    struct oauth_purse *p = arg;

    (void)reply; /* a lease that could not be given back runs out */
    if (p->outcome)
        oauth_purse_end(p, p->outcome);
    else
        oauth_purse_succeed(p);
}

/* Gives the lease back, then answers the wish. */
static void oauth_renew_give_back(struct oauth_purse *p, int outcome)
{
    p->outcome = outcome;
    oauth_purse_call(p, MCP_LOGINS_DROP, NULL, oauth_renew_on_drop);
}

/* The authorization server cannot be asked now. */
static void oauth_renew_failed(struct oauth_purse *p, int error, const char *why)
{
    bool later = error == ERR_NET || error == ERR_DEADLINE;
    int64_t pause = backoff_delay(RENEW_BACKOFF_MS, RENEW_BACKOFF_MAX_MS, ++p->failures);

    p->not_before_ms = clock_mono_ms() + pause;
    oauth_purse_measure(p, "failed");
    log_limited(LOG_LEVEL_WARN, "MCP server %s: no token: %s %s", p->client->server,
        err_text(error), why);
    if (p->client->grant != OAUTH_ENTERPRISE && oauth_purse_is_good(p)) { /* there is time yet */
        oauth_renew_give_back(p, 0);
        return;
    }
    if (later)
        oauth_purse_say(p,
            "The authorization server of %s does not answer at the moment. Try again later.",
            p->client->server);
    else
        oauth_purse_say(p, "%s gives us no token. The operator finds the reason in the log.",
            p->client->server);
    oauth_renew_give_back(p, later ? ERR_NET : error == ERR_NOMEM ? error : ERR_AUTH);
}

/* ---- writing it down ---- */

static void oauth_renew_on_save(void *arg, const struct mcp_logins_reply *reply)
{
    struct oauth_purse *p = arg;

    if (reply->lost)
        log_warn("MCP server %s: the sign-in was changed while its token was renewed; the change "
                 "counts",
            p->client->server);
    p->unsaved = reply->error && reply->error != ERR_CONFIG && reply->error != ERR_LIMIT;
    if (reply->error)
        log_limited(LOG_LEVEL_WARN,
            "MCP server %s: the renewed token cannot be kept: %s; tried again", p->client->server,
            err_text(reply->error));
    if (!p->judges) { /* also with a token that Redis does not have yet */
        oauth_purse_succeed(p);
        return;
    }
    p->judges = false; /* it may have been refused, or have ended, since */
    if (p->unsaved)
        oauth_purse_decide(p);
    else
        oauth_purse_look(p);
}

static void oauth_renew_put(struct oauth_purse *p, mcp_logins_fn *done)
{
    struct buf text = {0};
    int error = p->store ? oauth_entry_write(&p->entry, p->store->conf, p->client, &text) : 0;

    if (error)
        done(p, &(struct mcp_logins_reply){.error = error, .entry = ""});
    else
        oauth_purse_call(p, MCP_LOGINS_PUT, buf_text(&text), done);
    buf_free(&text);
}

void oauth_renew_save(struct oauth_purse *p)
{
    oauth_renew_put(p, oauth_renew_on_save);
}

static void oauth_renew_on_mark(void *arg, const struct mcp_logins_reply *reply)
{
    struct oauth_purse *p = arg;

    if (!reply->error && reply->lost && ++p->looks < RENEW_LOOKS_MAX) {
        p->leased = false; /* another process was faster: what it has counts */
        oauth_purse_look(p);
        return;
    }
    if (!reply->error && !reply->lost)
        log_warn("MCP server %s %s: run `turnpike mcp login %s`", p->client->server,
            p->entry.needs_login ? "needs a login" : "wants more scope", p->client->server);
    if (!reply->error)
        oauth_purse_end(p, ERR_AUTH);
    else
        oauth_renew_give_back(p, ERR_AUTH);
}

void oauth_renew_mark(struct oauth_purse *p)
{
    oauth_renew_put(p, oauth_renew_on_mark);
}

/* ---- the token ---- */

static int oauth_renew_exchange(struct oauth_purse *p);

static void oauth_renew_refused(struct oauth_purse *p, const struct oauth_issued *issued)
{
    struct oauth_entry *e = &p->entry;

    if (p->client->grant != OAUTH_CODE) {
        jdoc_remove(e->account, "access_token"); /* found anew the next time */
        oauth_renew_failed(p, ERR_AUTH, issued->why);
        return;
    }
    log_warn("MCP server %s: the authorization server refuses to renew the token: %s",
        p->client->server, issued->why);
    e->needs_login = true;
    snprintf(e->why, sizeof e->why, "the authorization server refused to renew the token (%.60s)%s",
        *issued->code ? issued->code : "no reason given",
        p->torn ? "; a process had ended in the middle of a renewal" : "");
    oauth_purse_say(p,
        "Nobody is signed in to %s any more: %.200s. The operator has to run `turnpike mcp login %s`.",
        p->client->server, e->why, p->client->server);
    oauth_renew_mark(p);
}

static void oauth_renew_on_token(void *arg, const struct oauth_issued *issued)
{
    struct oauth_purse *p = arg;

    p->token = NULL;
    if (!issued->error && p->client->grant == OAUTH_ENTERPRISE && !p->exchanged) {
        int error = oauth_renew_exchange(p);
        if (error)
            oauth_renew_failed(p, error, "the exchange could not be sent");
        return;
    }
    if (!issued->error) {
        p->failures = 0;
        oauth_purse_measure(p, "renewed");
        p->entry.why[0] = '\0';
        p->entry.needs_login = false;
        oauth_renew_save(p);
    } else if (issued->error == ERR_AUTH) {
        oauth_renew_refused(p, issued);
    } else {
        oauth_renew_failed(p, issued->error, issued->why);
    }
}

/* Takes the form. */
static int oauth_renew_send(struct oauth_purse *p, struct buf *form)
{
    const struct oauth_token_what what = {p->client, p->entry.account, p->http,
        oauth_renew_on_token, p};

    return oauth_token_start(&p->token, &what, form);
}

/* RFC 7523: the identity provider's assertion for an access token. */
static int oauth_renew_exchange(struct oauth_purse *p)
{
    jdoc *account = p->entry.account;
    struct buf form = {0};
    int error = 0;

    p->exchanged = true;
    oauth_put(&form, "grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
    oauth_put(&form, "assertion", jdoc_text_or(account, "access_token", ""));
    oauth_put(&form, "scope", jdoc_text_or(account, "asked", ""));
    jdoc_remove(account, "access_token");
    error = jdoc_set_string(account, "token_endpoint", jdoc_text_or(account, "endpoint", ""));
    if (!error)
        error = jdoc_set_string(account, "client_id", p->client->client_id);
    if (!error)
        error = jdoc_set_string(account, "method", jdoc_text_or(account, "own_method", ""));
    if (error) {
        buf_free(&form);
        return error;
    }
    return oauth_renew_send(p, &form);
}

/* RFC 8693: the identity provider's ID token for an assertion to this authorization server. */
static int oauth_renew_assertion(struct oauth_purse *p, struct buf *form)
{
    jdoc *account = p->entry.account;
    char *text = NULL;
    size_t len = 0;
    int error = file_read(AT_FDCWD, p->client->id_token_path, RENEW_ID_TOKEN_MAX, &text, &len);

    p->exchanged = false;
    while (!error && len > 0 && strchr("\r\n \t", text[len - 1]))
        text[--len] = '\0';
    oauth_put(form, "grant_type", "urn:ietf:params:oauth:grant-type:token-exchange");
    oauth_put(form, "requested_token_type", RENEW_JAG);
    oauth_put(form, "subject_token_type", "urn:ietf:params:oauth:token-type:id_token");
    oauth_put(form, "subject_token", text);
    oauth_put(form, "audience", jdoc_text_or(account, "issuer", ""));
    oauth_put(form, "scope", jdoc_text_or(account, "asked", ""));
    if (text)
        explicit_bzero(text, len);
    free(text);
    if (!error)
        error = jdoc_set_string(account, "endpoint", jdoc_text_or(account, "token_endpoint", ""));
    if (!error)
        error = jdoc_set_string(account, "own_method", jdoc_text_or(account, "method", ""));
    if (!error)
        error = jdoc_set_string(account, "token_endpoint", p->client->idp_token_url);
    if (!error)
        error = jdoc_set_string(account, "client_id", p->client->idp_client_id);
    return error ? error : jdoc_set_string(account, "method", oauth_method_names[OAUTH_NONE]);
}

static void oauth_renew_ask(struct oauth_purse *p)
{
    jdoc *account = p->entry.account;
    const char *refresh = jdoc_text_or(account, "refresh_token", "");
    struct buf form = {0};
    int error = 0;

    if (p->client->grant == OAUTH_ENTERPRISE) {
        error = oauth_renew_assertion(p, &form);
    } else if (p->client->grant == OAUTH_CREDENTIALS) {
        oauth_put(&form, "grant_type", "client_credentials");
        oauth_put(&form, "scope", jdoc_text_or(account, "asked", ""));
    } else { /* RFC 6749 section 6: without scope, that of the login */
        oauth_put(&form, "grant_type", "refresh_token");
        oauth_put(&form, "refresh_token", refresh);
    }
    if (error)
        buf_free(&form);
    else
        error = oauth_renew_send(p, &form);
    if (error)
        oauth_renew_failed(p, error, "the request for a token could not be sent");
}

/* ---- where tokens are asked for ---- */

static int oauth_renew_open(struct oauth_purse *p, const struct oauth_found *found)
{
    char scope[OAUTH_SCOPE_MAX];
    jdoc *account = NULL;
    int error = oauth_account_new(&account, p->client, found->metadata, NULL);

    oauth_find_scope(p->client, &p->challenge, found, scope);
    if (!error)
        error = jdoc_set_string(account, "issuer", found->issuer);
    if (!error)
        error = jdoc_set_string(account, "resource", found->resource);
    if (!error)
        error = jdoc_set_string(account, "asked", scope);
    oauth_account_free(p->entry.account);
    p->entry.account = account;
    return error;
}

/* A service's secret goes to the authorization server that it went to before, and to no other that
 * the MCP server, taken over perhaps, names now. */
static bool oauth_renew_is_other(const struct oauth_purse *p, const struct oauth_found *found)
{
    const char *before = jdoc_text_or(p->entry.account, "issuer", "");

    if (found->error || *p->client->issuer || !*before || strcmp(before, found->issuer) == 0)
        return false;
    log_warn("MCP server %s names another authorization server, %.150s, than before, %.150s: "
             "nothing is sent there. If that is right, set issuer, or run `turnpike mcp logout %s`",
        p->client->server, found->issuer, before, p->client->server);
    return true;
}

static void oauth_renew_on_found(void *arg, const struct oauth_found *found)
{
    struct oauth_purse *p = arg;
    int error = found->error;

    p->find = NULL;
    if (oauth_renew_is_other(p, found)) {
        oauth_renew_failed(p, ERR_AUTH, "another authorization server than before");
        return;
    }
    if (!error)
        error = oauth_renew_open(p, found);
    if (error)
        oauth_renew_failed(p, error, found->why);
    else
        oauth_renew_ask(p);
}

/* What a service asks for itself is found anew when the server says something new. */
static bool oauth_renew_must_find(const struct oauth_purse *p)
{
    if (!p->entry.account || p->client->grant == OAUTH_ENTERPRISE)
        return true;
    if (p->client->grant != OAUTH_CODE && !jdoc_has(p->entry.account, "access_token"))
        return true;
    return p->client->grant != OAUTH_CODE && p->challenged;
}

static void oauth_renew_grant(struct oauth_purse *p)
{
    if (!oauth_renew_must_find(p)) {
        oauth_renew_ask(p);
        return;
    }
    int error =
        oauth_find_start(&p->find, p->client, &p->challenge, p->http, oauth_renew_on_found, p);
    if (error)
        oauth_renew_failed(p, error, "metadata cannot be asked for");
}

/* ---- the lease ---- */

static void oauth_renew_on_lease(void *arg, const struct mcp_logins_reply *reply)
{
    struct oauth_purse *p = arg;

    if (reply->error) {
        oauth_purse_away(p);
        return;
    }
    if (reply->held) { /* another process renews it now */
        if (p->current && clock_mono_ms() < p->until_ms) {
            oauth_purse_later(p);
            return;
        }
        oauth_purse_say(p, "The token of %s is being renewed. Try again.", p->client->server);
        oauth_purse_end(p, ERR_NET);
        return;
    }
    p->leased = true;
    if (!p->unsaved || reply->generation != p->generation) {
        p->unsaved = false; /* a change by others counts */
        oauth_purse_take(p, reply);
    }
    switch (oauth_purse_judge(p)) { /* it may have changed meanwhile */
    case OAUTH_GIVE:
        oauth_renew_give_back(p, 0);
        return;
    case OAUTH_MARK:
        oauth_renew_mark(p);
        return;
    case OAUTH_RENEW:
        oauth_renew_grant(p);
        return;
    case OAUTH_BARE:
    case OAUTH_REFUSE:
        oauth_renew_give_back(p, ERR_AUTH);
        return;
    }
}

void oauth_renew_begin(struct oauth_purse *p)
{
    if (clock_mono_ms() < p->not_before_ms && oauth_purse_is_good(p)) {
        oauth_purse_succeed(p);
        return;
    }
    if (clock_mono_ms() < p->not_before_ms) {
        oauth_purse_say(p,
            "The authorization server of %s does not answer at the moment. Try again later.",
            p->client->server);
        oauth_purse_end(p, ERR_NET);
        return;
    }
    oauth_purse_call(p, MCP_LOGINS_TAKE, NULL, oauth_renew_on_lease);
}
