/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_ROUTES_H
#define TURNPIKE_FCGI_APP_ROUTES_H

#include "base/err.h"
#include "fcgi-app/exchange.h"

/*
 * routes -- the one table of what can be asked for, and the checks that come before a handler:
 * waiting time, body, host, path, method, credential, rate. Used by api and turn workers. OPTIONS
 * is answered for every path by every pool.
 */
enum routes_pool { ROUTES_API = 1, ROUTES_TURN = 2, ROUTES_BOTH = 3 };
/* Beside a pool: its body may carry files, and so be as long as attachments.body says. */
#define ROUTES_FILES 4
/* The same for a sound, as long as voice.bytes says. */
#define ROUTES_SOUND 8
/* Where a path stands: under conf->public_base, at the root, under a base of the facade
 * (fcgi-app/facade.h), or at the root for our own only. */
enum routes_scope { ROUTES_PUBLIC, ROUTES_ROOT, ROUTES_FACADE, ROUTES_INTERNAL };
/* ROUTES_TICKET: also by `?ticket=`, for browsers' EventSource (fcgi-app/ticket.h). */
enum routes_user { ROUTES_ANYONE, ROUTES_USER, ROUTES_TICKET };
enum routes_rate {
    ROUTES_RATE_NONE,
    ROUTES_RATE_CHAT,
    ROUTES_RATE_API,
    ROUTES_RATE_DEAR, /* as API; a few of a worker are served when Redis cannot count */
    ROUTES_RATE_STREAM,
    ROUTES_RATE_FEEDBACK,
    ROUTES_RATE_TRANSCRIBE,
    ROUTES_RATE_SPEAK
};

typedef int routes_handler(struct exchange *x);

struct routes_row {
    /* pattern: segments; "{id}" takes one safe id, "{user}" any name of a user, given as its id,
     * "{path}" the rest */
    const char *method, *pattern;
    enum routes_scope scope;
    int pools; /* enum routes_pool, perhaps with ROUTES_FILES or ROUTES_SOUND */
    enum routes_user user;
    enum routes_rate rate;
    routes_handler *handler;
};
size_t routes_count(void);
const struct routes_row *routes_at(size_t index);

/*
 * routes_match -- finds the row. params: out, the ids, in the arena.
 * Returns 0; ERR_INVALID with the problem set (404, 405 with Allow); ERR_NOMEM.
 */
MUST_CHECK int routes_match(struct exchange *x, int pool, const struct routes_row **row);
/*
 * routes_body_max -- bytes that the body of a request may have: `http.body`, and for requests of
 * our own processes (internal) also a whole WebSocket message with what a stream worker puts around
 * it.
 */
size_t routes_body_max(const struct conf *conf, bool internal);
/* The most that any request may have: of a row with ROUTES_FILES, or ROUTES_SOUND. */
size_t routes_body_most(const struct conf *conf);
/* Answers the exchange: afterwards x->reply is whole. ERR_PEER_GONE: nobody to answer to. */
MUST_CHECK int routes_answer(struct exchange *x, int pool);

#endif
