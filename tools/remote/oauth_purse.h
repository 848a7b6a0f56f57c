/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_REMOTE_OAUTH_PURSE_H
#define TURNPIKE_TOOLS_REMOTE_OAUTH_PURSE_H

#include "base/err.h"
#include "base/reactor.h"
#include "store/store.h"
#include "tools/remote/oauth.h"
#include "tools/remote/oauth_entry.h"
#include "tools/remote/oauth_wire.h"
#include "wire/http/http.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * oauth_purse -- the token of one MCP server as one process uses it. Redis has it for all machines;
 * each wish looks there, so that a login, a logout and a renewal by another process count at once.
 * A token that ends soon, or that the server refused, is renewed by the one process that gets the
 * lease; the others wait and take its result. Turn and api workers, the housekeeper. Nothing
 * waits: all is done in callbacks of the loop.
 */
struct oauth_purse;
/* client, store: borrowed. store NULL: this process alone keeps the token (tests). */
MUST_CHECK int oauth_purse_new(struct oauth_purse **out, const struct oauth_client *client,
    struct store *store);
/* No wish may be under way. A renewal under way is given up: its tokens may be lost. */
void oauth_purse_free(struct oauth_purse *purse); /* NULL allowed */
/* Whose it is. */
const struct oauth_client *oauth_purse_client(const struct oauth_purse *purse);

struct oauth_badge { /* borrowed during done */
    /* 0; ERR_AUTH = the operator has to do something; ERR_NET = later perhaps; ERR_NOMEM */
    int error;
    const char *header; /* "Authorization: Bearer ..."; NULL with 0 = nobody is signed in: try
                           without */
    const char *words;  /* for users, with an error: what is the matter; plain ASCII */
};
typedef void oauth_badge_fn(void *arg, const struct oauth_badge *badge);
struct oauth_wish { /* embedded in its owner; zeroed before the first question */
    struct http_client *http;
    struct reactor *reactor;
    int64_t until_ms;                 /* monotonic */
    const char *refused;              /* the header that got a 401; NULL = none; borrowed */
    bool challenged;                  /* challenge is set: the server said 401 or 403 */
    struct oauth_challenge challenge; /* of insufficient scope, when the server said 403 */
    oauth_badge_fn *done;
    void *arg;
    /* the purse's own */
    struct oauth_purse *purse; /* while it waits */
    struct oauth_wish *next;
};
/* done comes from within reactor_step. The wish stays in its place until then, or until it
 * leaves. */
void oauth_purse_ask(struct oauth_purse *purse, struct oauth_wish *wish);
/* done is not called any more. A renewal that has begun goes on. */
void oauth_purse_leave(struct oauth_wish *wish);

/* Without a store: puts the account there, as a login does. Takes it. */
MUST_CHECK int oauth_purse_fill(struct oauth_purse *purse, jdoc *account);
/* Without a store: the scope that a call was refused for want of. */
const char *oauth_purse_wanted(const struct oauth_purse *purse);

#endif
