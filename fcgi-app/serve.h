/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_SERVE_H
#define TURNPIKE_FCGI_APP_SERVE_H

#include "base/err.h"
#include "fcgi-app/exchange.h"
#include "fcgi-app/routes.h"
#include "fcgi-app/runner.h"

/*
 * serve -- one request of an api or turn worker, from its reading to its reply and to the end of
 * the turns behind it. Whoever holds the connection (fcgi-app/loop.c, fcgi-app/seats_sit.c) lends
 * it.
 */

/* The connection of the request; see gateway.h and inbound.h, which fit. */
struct serve_peer {
    bool (*gone)(void *arg);
    int (*finish)(void *arg, const char *head, size_t head_len, const char *body, size_t body_len);
    void (*break_off)(void *arg);
};

struct serving {
    struct app *app; /* with the request's seat */
    enum routes_pool pool;
    const struct request_source *source; /* its arg is the peer's */
    const struct serve_peer *peer;
    struct exchange exchange;
    struct runner runner;
    bool unsent;      /* the reply is made, but has not gone */
    int64_t began_us; /* monotonic: when the request was accepted */
};

/*
 * Supervisor, once, before the first fork: reads keys and tables that workers then share, so that
 * a configuration that cannot work is seen before anything is replaced. Calls auth_new (and frees
 * it again). why: out on error. Returns 0 or an ERR_*.
 */
MUST_CHECK int serve_global_init(const struct conf *conf, char *why, size_t why_size);
/*
 * What all requests of a worker share: reactor, store, keys; app->conf and app->worker are set.
 * Logs why it fails. serve_close takes what is there. Returns 0 or an ERR_*.
 */
MUST_CHECK int serve_open(struct app *app, enum routes_pool pool);
void serve_close(struct app *app);
/* Private memory, for the scoreboard: between two requests, as it costs a read of /proc. */
void serve_measure(const struct app *app);

/* app, pool, source, peer and began_us are set. Once it returns the connection is answered. */
void serve_request(struct serving *s);

#endif
