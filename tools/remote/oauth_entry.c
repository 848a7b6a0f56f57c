/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/remote/oauth_entry.h"

#include "base/clock.h"
#include "tools/remote/oauth_seal.h"
#include "tools/remote/oauth_token.h"

#include <stdio.h>
#include <string.h>

#define FRESH_MARGIN_MS 60000 /* for clocks that differ, and the length of a call */
#define FRESH_SHARE 10        /* of a short life, a tenth at most is margin */

void oauth_entry_fini(struct oauth_entry *e)
{
    oauth_account_free(e->account);
    *e = (struct oauth_entry){.account = NULL};
}

static void oauth_entry_bound(const struct oauth_client *client, const char *issuer,
    const char *client_id, struct buf *out)
{
    buf_printf(out, "turnpike mcp login 1\n%s\n%s\n%s\n%s\n%s", client->server, client->url,
        oauth_grant_names[client->grant], issuer, client_id);
}

/* Is the entry of what the settings say now? */
static bool oauth_entry_is_ours(const jdoc *doc, const struct oauth_client *c)
{
    const char *id = jdoc_text_or(doc, "client_id", "");
    const char *configured = *c->client_id ? c->client_id : "";

    return strcmp(jdoc_text_or(doc, "url", ""), c->url) == 0 &&
        strcmp(jdoc_text_or(doc, "grant", ""), oauth_grant_names[c->grant]) == 0 &&
        (!*c->issuer || strcmp(jdoc_text_or(doc, "issuer", ""), c->issuer) == 0) &&
        (!*configured || strcmp(id, configured) == 0);
}

static int oauth_entry_open(struct oauth_entry *out, const struct conf *conf,
    const struct oauth_client *client, const jdoc *doc)
{
    const char *sealed = jdoc_text_or(doc, "sealed", "");
    struct buf bound = {0}, plain = {0};

    oauth_entry_bound(client, jdoc_text_or(doc, "issuer", ""), jdoc_text_or(doc, "client_id", ""),
        &bound);
    int error = oauth_unseal(conf->mcp_token_key, buf_text(&bound), sealed, &plain);
    if (error == ERR_AUTH && *conf->mcp_token_key_previous) {
        buf_reset(&plain);
        error = oauth_unseal(conf->mcp_token_key_previous, buf_text(&bound), sealed, &plain);
    }
    if (!error)
        error = jdoc_parse(buf_text(&plain), plain.len, &out->account, NULL, 0);
    if (plain.data)
        explicit_bzero(plain.data, plain.len);
    buf_free(&plain);
    buf_free(&bound);
    return error == ERR_NOMEM || !error ? error : ERR_AUTH;
}

int oauth_entry_read(struct oauth_entry *out, const struct conf *conf,
    const struct oauth_client *client, const char *text, size_t len)
{
    jdoc *doc = NULL;
    int error = len == 0 ? ERR_NOT_FOUND : jdoc_parse(text, len, &doc, NULL, 0);

    *out = (struct oauth_entry){.account = NULL};
    if (error)
        return error == ERR_NOMEM ? error : ERR_NOT_FOUND;
    if (oauth_entry_is_ours(doc, client)) {
        out->needs_login = strcmp(jdoc_text_or(doc, "state", ""), "needs_login") == 0;
        snprintf(out->why, sizeof out->why, "%s", jdoc_text_or(doc, "why", ""));
        snprintf(out->wanted, sizeof out->wanted, "%s", jdoc_text_or(doc, "wanted", ""));
        error = oauth_entry_open(out, conf, client, doc);
    } else {
        error = ERR_NOT_FOUND;
    }
    jdoc_free(doc);
    return error;
}

/* What `turnpike mcp list` reads. */
static int oauth_entry_show(const struct oauth_entry *e, const struct oauth_client *client,
    jdoc *doc)
{
    int64_t expires = jdoc_int_or(e->account, "expires_ms", 0);
    int error = jdoc_set_string(doc, "url", client->url);

    if (!error)
        error = jdoc_set_string(doc, "grant", oauth_grant_names[client->grant]);
    if (!error)
        error = jdoc_set_string(doc, "issuer", jdoc_text_or(e->account, "issuer", ""));
    if (!error)
        error = jdoc_set_string(doc, "client_id", jdoc_text_or(e->account, "client_id", ""));
    if (!error)
        error = jdoc_set_string(doc, "state", e->needs_login ? "needs_login" : "in");
    if (!error && *e->why)
        error = jdoc_set_string(doc, "why", e->why);
    if (!error && *e->wanted)
        error = jdoc_set_string(doc, "wanted", e->wanted);
    if (!error && expires)
        error = jdoc_set_int(doc, "expires_ms", expires);
    if (!error)
        error = jdoc_set_string(doc, "scope", jdoc_text_or(e->account, "scope", ""));
    return error ? error : jdoc_set_bool(doc, "refreshes", jdoc_has(e->account, "refresh_token"));
}

int oauth_entry_write(const struct oauth_entry *e, const struct conf *conf,
    const struct oauth_client *client, struct buf *out)
{
    struct buf plain = {0}, bound = {0}, sealed = {0};
    jdoc *doc = jdoc_new_object();
    int error = doc ? oauth_entry_show(e, client, doc) : ERR_NOMEM;

    jdoc_write(e->account, &plain);
    oauth_entry_bound(client, jdoc_text_or(e->account, "issuer", ""),
        jdoc_text_or(e->account, "client_id", ""), &bound);
    if (!error)
        error = buf_error(&plain) ? buf_error(&plain) : buf_error(&bound);
    if (!error)
        error =
            oauth_seal(conf->mcp_token_key, buf_text(&bound), buf_text(&plain), plain.len, &sealed);
    if (!error)
        error = jdoc_set_string(doc, "sealed", buf_text(&sealed));
    if (!error)
        jdoc_write(doc, out);
    if (plain.data)
        explicit_bzero(plain.data, plain.len);
    buf_free(&plain);
    buf_free(&bound);
    buf_free(&sealed);
    jdoc_free(doc);
    return error ? error : buf_error(out);
}

bool oauth_entry_is_fresh(const struct oauth_entry *e, int64_t now_ms)
{
    int64_t expires = jdoc_int_or(e->account, "expires_ms", 0);
    int64_t life = expires - jdoc_int_or(e->account, "issued_ms", now_ms);
    int64_t margin = life / FRESH_SHARE < FRESH_MARGIN_MS ? life / FRESH_SHARE : FRESH_MARGIN_MS;

    if (!*jdoc_text_or(e->account, "access_token", ""))
        return false;
    return expires == 0 || now_ms < expires - (margin > 0 ? margin : 0);
}

static void oauth_entry_put_plain(struct buf *out, const char *text)
{
    for (; *text; text++)
        buf_putc(out, *text < 0x20 || *text > 0x7E ? '?' : *text);
}

void oauth_entry_say(const struct oauth_client *client, const char *text, size_t len,
    int64_t now_ms, struct buf *out)
{
    char until[CLOCK_RFC3339_SIZE];
    jdoc *doc = NULL;
    bool person = client->grant == OAUTH_CODE;
    int error = len ? jdoc_parse(text, len, &doc, NULL, 0) : ERR_NOT_FOUND;
    int64_t expires = jdoc_int_or(doc, "expires_ms", 0);
    const char *wanted = jdoc_text_or(doc, "wanted", "");

    if (error || !oauth_entry_is_ours(doc, client)) {
        buf_puts(out,
            person ? "not signed in" : "no token yet; it is asked for with the first use");
        if (!error && person)
            buf_puts(out, " since mcp.file has changed");
    } else if (strcmp(jdoc_text_or(doc, "state", ""), "needs_login") == 0) {
        buf_puts(out, "NEEDS LOGIN: ");
        oauth_entry_put_plain(out, jdoc_text_or(doc, "why", ""));
    } else if (expires) {
        clock_rfc3339(expires, until);
        buf_printf(out, "%s %s%s", expires > now_ms ? "signed in until" : "expired at", until,
            jdoc_is_true(doc, "refreshes") ? ", renewed by itself" :
                person                     ? ", not renewable" :
                                             ", renewed by itself");
    } else {
        buf_puts(out, "signed in");
    }
    if (!error && *wanted) {
        buf_puts(out, "; WANTS MORE: scope ");
        oauth_entry_put_plain(out, wanted);
    }
    jdoc_free(doc);
}
