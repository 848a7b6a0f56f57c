/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TESTS_UNIT_INBOUND_BENCH_H
#define TURNPIKE_TESTS_UNIT_INBOUND_BENCH_H

#include "base/buf.h"
#include "base/reactor.h"
#include "tests/unit/cm.h"
#include "wire/fastcgi/fastcgi_record.h"
#include "wire/fastcgi/inbound.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* inbound_bench -- a reactor, one connection under test, and its peer at the other end of a pair of
 * sockets. Nothing sleeps: a wait steps the reactor until the event that is waited for. */
struct bench {
    struct reactor *reactor;
    struct inbound_limits limits;
    struct inbound_handlers handlers;
    struct inbound *in; /* NULL after its end */
    int peer;
    int requests, gone, drained, closed; /* how often each was told */
    const char *reply;                   /* given within `request`; NULL = the test answers */
    void (*on_request)(struct bench *b); /* instead */
    void (*on_gone)(struct bench *b);
    void (*on_drained)(struct bench *b);
    struct buf got; /* all that the peer has read */
    bool peer_ended;
};

int bench_setup(void **state);
int bench_teardown(void **state);
/* Another connection in place of the last one. */
void bench_open(struct bench *b);
/* All that can be done now. */
void bench_settle(struct bench *b);
/* Until *count is at least `least`; fails after ten seconds. */
void bench_wait(struct bench *b, const int *count, int least);
/* The peer's bytes, with steps of the reactor in between where the socket is full. */
void bench_send(struct bench *b, const void *bytes, size_t len);
void bench_hang_up(struct bench *b);
/* What the peer can read now is added to b->got. */
void bench_receive(struct bench *b);

/* ---- what the peer says ---- */

void bench_begin(struct buf *out, unsigned id, unsigned role, unsigned flags);
/* A POST of this body with REQUEST_METHOD, REQUEST_URI and CONTENT_LENGTH. */
void bench_request(struct buf *out, unsigned id, unsigned flags, const char *body, size_t len);

/* Sends such a request of id 1 without a body; it has arrived then. */
void bench_ask(struct bench *b, unsigned flags);
/* ABORT_REQUEST of id 1. */
void bench_abort(struct bench *b);

/* ---- what it is answered ---- */

#define BENCH_REPLY "Status: 200\r\n\r\nok"
/* inbound_finish with BENCH_REPLY. */
int bench_finish(struct bench *b);
/* More than a socket takes. The caller frees it. */
#define BENCH_LARGE (3u * 1024 * 1024 + 5)
char *bench_large(void);

/* ---- what it reads ---- */

struct bench_seen {
    struct buf text; /* standard output */
    int ends;
    unsigned end_status, end_id; /* of the last one */
    int last_type;
    size_t longest; /* record */
    bool whole;     /* the bytes end with a record */
};
/* Reads b->got from its start; the caller frees seen->text. */
void bench_seen(const struct bench *b, struct bench_seen *seen);
/* Takes all of b->got: `ends` replies whose standard output together is `text`. */
void bench_expect(struct bench *b, const char *text, int ends, enum fastcgi_end status);

#endif
