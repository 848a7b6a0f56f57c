/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/remote/oauth_find.h"

#include "tools/remote/mcp_wire.h"
#include "tools/remote/oauth_ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct oauth_find {
    const struct oauth_client *client;
    struct http_client *http;
    struct oauth_places places;
    size_t at;
    bool named;        /* the place is the one that the challenge names */
    bool has_resource; /* its metadata was found */
    bool issuers;      /* the places are those of the authorization server */
    struct oauth_ask *ask;
    struct oauth_found found;
    jdoc *metadata;
    char why[400];
    oauth_found_fn *done;
    void *arg;
};

static void oauth_find_free(struct oauth_find *f)
{
    oauth_ask_cancel(f->ask);
    jdoc_free(f->metadata);
    free(f);
}

void oauth_find_cancel(struct oauth_find *f)
{
    if (f)
        oauth_find_free(f);
}

static void oauth_find_end(struct oauth_find *f, int error)
{
    f->found.error = error;
    f->found.why = f->why;
    f->found.metadata = f->metadata;
    f->done(f->arg, &f->found);
    oauth_find_free(f);
}

static int oauth_find_next(struct oauth_find *f);

/* ---- the authorization server ---- */

static void oauth_find_take_server(struct oauth_find *f, const jdoc *body)
{
    struct oauth_found *found = &f->found;
    const char *said = jdoc_text_or(body, "issuer", "");
    bool code = f->client->grant == OAUTH_CODE;

    /* Before there was metadata of resources, the issuer was only known to be of the origin. */
    if (!f->has_resource && !*f->client->issuer && strlen(said) < sizeof found->issuer &&
        http_same_origin(said, f->client->url))
        snprintf(found->issuer, sizeof found->issuer, "%s", said);
    if (oauth_metadata_check(body, found->issuer, code, f->why, sizeof f->why) != 0) {
        oauth_find_end(f, ERR_PROTOCOL);
        return;
    }
    f->metadata = jdoc_dup(body);
    oauth_find_end(f, f->metadata ? 0 : ERR_NOMEM);
}

/* Nothing has been found anywhere. */
static void oauth_find_no_server(struct oauth_find *f)
{
    int error = ERR_PROTOCOL;

    if (!f->has_resource && !*f->client->issuer) {
        error = oauth_metadata_make(f->client->url, &f->metadata);
        snprintf(f->found.issuer, sizeof f->found.issuer, "%s",
            jdoc_text_or(f->metadata, "issuer", ""));
    } else {
        snprintf(f->why, sizeof f->why, "the authorization server %.200s has no metadata",
            f->found.issuer);
    }
    oauth_find_end(f, error);
}

static int oauth_find_servers(struct oauth_find *f)
{
    f->issuers = true;
    f->at = 0;
    f->named = false;
    return oauth_places_issuer(f->found.issuer, &f->places);
}

/* ---- the resource ---- */

/* The one that the settings name, when the server names it; else its first. */
static const char *oauth_find_issuer(const struct oauth_client *client, const jdoc *body)
{
    const jdoc *list = jdoc_get(body, "authorization_servers");
    const char *first = jdoc_string(jdoc_at(list, 0), NULL);

    if (!*client->issuer)
        return first;
    return oauth_lists(body, "authorization_servers", client->issuer, false) ? client->issuer :
                                                                               NULL;
}

static int oauth_find_take_resource(struct oauth_find *f, const jdoc *body)
{
    struct oauth_found *found = &f->found;
    const char *resource = jdoc_text_or(body, "resource", "");
    const char *issuer = oauth_find_issuer(f->client, body);

    if (!oauth_resource_covers(resource, f->client->url) ||
        strlen(resource) >= sizeof found->resource) {
        snprintf(f->why, sizeof f->why,
            "the server's metadata is of another resource, %.150s: no token is asked for",
            *resource ? resource : "none");
        return ERR_PROTOCOL;
    }
    if (!issuer || !http_url_usable(issuer) || strlen(issuer) >= sizeof found->issuer) {
        snprintf(f->why, sizeof f->why, "the server's metadata names %s",
            *f->client->issuer ? "other authorization servers than the setting issuer" :
                                 "no authorization server");
        return ERR_PROTOCOL;
    }
    snprintf(found->resource, sizeof found->resource, "%s", resource);
    snprintf(found->issuer, sizeof found->issuer, "%s", issuer);
    oauth_scope_join(jdoc_get(body, "scopes_supported"), found->scopes_supported);
    f->has_resource = true;
    return oauth_find_servers(f);
}

/* No metadata of the resource anywhere: its own origin is the authorization server. */
static int oauth_find_old(struct oauth_find *f)
{
    jdoc *made = NULL;
    int error = oauth_metadata_make(f->client->url, &made);

    if (!error)
        snprintf(f->found.issuer, sizeof f->found.issuer, "%s",
            *f->client->issuer ? f->client->issuer : jdoc_text_or(made, "issuer", ""));
    jdoc_free(made);
    return error ? error : oauth_find_servers(f);
}

/* ---- one place after the other ---- */

static void oauth_find_on_answer(void *arg, const struct oauth_answer *a)
{
    struct oauth_find *f = arg;
    int error = 0;

    f->ask = NULL;
    if (a->error || a->status >= 500 || a->status == 429) {
        snprintf(f->why, sizeof f->why, "%.200s: %.150s", f->places.url[f->at], a->why);
        oauth_find_end(f, a->error ? a->error : ERR_NET);
        return;
    }
    if (a->status == 200 && a->body) {
        if (f->issuers) {
            oauth_find_take_server(f, a->body);
            return;
        }
        error = oauth_find_take_resource(f, a->body);
    } else if (++f->at < f->places.count) {
        error = 0;
    } else if (f->issuers) {
        oauth_find_no_server(f);
        return;
    } else if (f->named) { /* what the challenge named is not there: the well-known places */
        f->named = false;
        f->at = 0;
        error = oauth_places_resource(f->client->url, "", &f->places);
    } else {
        error = oauth_find_old(f);
    }
    if (!error)
        error = oauth_find_next(f);
    if (error)
        oauth_find_end(f, error);
}

static int oauth_find_next(struct oauth_find *f)
{
    const struct oauth_question question = {.http = f->http,
        .url = f->places.url[f->at],
        .protocol = "MCP-Protocol-Version: " MCP_WIRE_LEGACY,
        .public_only = f->client->public_only};
    int error = oauth_ask_start(&f->ask, &question, oauth_find_on_answer, f);

    if (error == ERR_FORBIDDEN)
        snprintf(f->why, sizeof f->why, "%.200s is not https", question.url);
    return error;
}

int oauth_find_start(struct oauth_find **out, const struct oauth_client *client,
    const struct oauth_challenge *challenge, struct http_client *http, oauth_found_fn *done,
    void *arg)
{
    struct oauth_find *f = calloc(1, sizeof *f);

    if (!f)
        return ERR_NOMEM;
    f->client = client;
    f->http = http;
    f->done = done;
    f->arg = arg;
    f->named = *challenge->metadata != '\0';
    snprintf(f->found.resource, sizeof f->found.resource, "%s", client->url);
    int error = oauth_places_resource(client->url, challenge->metadata, &f->places);
    if (!error)
        error = oauth_find_next(f);
    if (error) {
        oauth_find_free(f);
        return error;
    }
    *out = f;
    return 0;
}

void oauth_find_scope(const struct oauth_client *client, const struct oauth_challenge *challenge,
    const struct oauth_found *found, char out[OAUTH_SCOPE_MAX])
{
    snprintf(out, OAUTH_SCOPE_MAX, "%s",
        *client->scope        ? client->scope :
            *challenge->scope ? challenge->scope :
                                found->scopes_supported);
    if (*client->scope) /* what a call has been refused for is asked for, too */
        err_ignore(oauth_scope_add(out, challenge->insufficient ? challenge->scope : ""));
    if (client->grant == OAUTH_CODE &&
        oauth_lists(found->metadata, "scopes_supported", "offline_access", false))
        err_ignore(oauth_scope_add(out, "offline_access"));
}
