/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TESTS_UNIT_FASTCGI_BENCH_H
#define TURNPIKE_TESTS_UNIT_FASTCGI_BENCH_H

#include "base/buf.h"
#include "base/reactor.h"
#include "process/fastcgi_call.h"
#include "process/fastcgi_pool.h"
#include "process/scoreboard.h"
#include "process/worker.h"
#include "tests/unit/cm.h"
#include "wire/fastcgi/fastcgi_record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * fastcgi_bench -- a pool of connections under test, and its workers, which the test plays on a
 * listening socket. Nothing sleeps: a wait steps the reactor until the caller has heard.
 */
#define CALLER_SLOTS 3
#define CALLER_FAIL_MS 10000

struct caller {
    struct reactor *reactor;
    struct scoreboard *board;
    struct fastcgi_pool *pool;
    char dir[64], path[96];
    int listen_fd;
    struct buf got; /* the request that a worker has read last */
};
extern struct caller caller;

/* What a caller was told. */
struct heard {
    int times, error, status;
};

/* Worker 0 serves, with no turns. */
int caller_setup(void **state);
int caller_teardown(void **state);

/* ---- the workers ---- */

/* caller.listen_fd; the one before has been closed. */
void caller_listen(int backlog);
/* This worker serves, and has so many turns. */
void caller_slot(size_t slot, int busy);
/* A new connection; -1: there is none. */
int caller_accept(void);
/* There has to be one. */
int caller_accepts(void);
/* All that has come, into caller.got; there has to be something. */
void caller_reads(int fd);
void caller_says(int fd, const struct buf *bytes);
/* slot -1: it does not say which worker it is. */
void caller_answers(int fd, int slot);
void caller_overloaded(int fd);
/* The stream worker has made no connection, or has closed this one. */
void caller_no_connection(void);
void caller_closed(int fd);

/* ---- the caller ---- */

int caller_ask_with(struct heard *h, bool repeatable, const char *body, size_t len, int64_t ms);
/* It has to be sent. */
void caller_ask(struct heard *h, bool repeatable);
/* All that can be done now. */
void caller_settle(void);
/* Until it is told; error 0: status 202. */
void caller_hear(struct heard *h, int error);
/* A kept connection to that worker, which has carried a request. */
int caller_kept(int slot);
/* The request arrives here, whole, and is answered. */
void caller_serve(struct heard *h, int fd, int slot);

#endif
