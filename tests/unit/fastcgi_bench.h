#ifndef TURNPIKE_TESTS_UNIT_FASTCGI_BENCH_H
#define TURNPIKE_TESTS_UNIT_FASTCGI_BENCH_H

#include "base/buf.h"
#include "base/reactor.h"
#include "tests/unit/cm.h"
#include "wire/fastcgi_record.h"
#include "workers/fastcgi_call.h"
#include "workers/fastcgi_pool.h"
#include "workers/scoreboard.h"
#include "workers/worker.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * fastcgi_bench -- a pool of connections under test, and its workers, which the test plays on a
 * listening socket. Nothing sleeps: a wait steps the reactor until the caller has heard.
 */
#define BENCH_SLOTS 3
#define BENCH_FAIL_MS 10000

struct bench {
    struct reactor *reactor;
    struct scoreboard *board;
    struct fastcgi_pool *pool;
    char dir[64], path[96];
    int listen_fd;
    struct buf got; /* the request that a worker has read last */
};
extern struct bench bench;

/* What a caller was told. */
struct heard {
    int times, error, status;
};

/* Worker 0 serves, with no turns. */
int bench_setup(void **state);
int bench_teardown(void **state);

/* ---- the workers ---- */

/* bench.listen_fd; the one before has been closed. */
void bench_listen(int backlog);
/* This worker serves, and has so many turns. */
void bench_slot(size_t slot, int busy);
/* A new connection; -1: there is none. */
int bench_accept(void);
/* There has to be one. */
int bench_accepts(void);
/* All that has come, into bench.got; there has to be something. */
void bench_reads(int fd);
void bench_says(int fd, const struct buf *bytes);
/* slot -1: it does not say which worker it is. */
void bench_answers(int fd, int slot);
void bench_overloaded(int fd);
/* The stream worker has made no connection, or has closed this one. */
void bench_no_connection(void);
void bench_closed(int fd);

/* ---- the caller ---- */

int bench_ask_with(struct heard *h, bool repeatable, const char *body, size_t len, int64_t ms);
/* It has to be sent. */
void bench_ask(struct heard *h, bool repeatable);
/* All that can be done now. */
void bench_settle(void);
/* Until it is told; error 0: status 202. */
void bench_hear(struct heard *h, int error);
/* A kept connection to that worker, which has carried a request. */
int bench_kept(int slot);
/* The request arrives here, whole, and is answered. */
void bench_serve(struct heard *h, int fd, int slot);

#endif
