/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WIRE_FASTCGI_FASTCGI_CLIENT_H
#define TURNPIKE_WIRE_FASTCGI_FASTCGI_CLIENT_H

#include "base/buf.h"
#include "base/err.h"
#include "wire/fastcgi/fastcgi_record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * fastcgi_client -- the part of the client side of FastCGI 1.0 that asks our own pools: one
 * responder request at a time on a connection, request id 1. Encoder and decoder; only
 * fastcgi_reply_read reads a connection. Used by stream workers (with fastcgi_call), turn workers
 * (with tool_call) and the housekeeper.
 */
struct fastcgi_pair {
    const char *name, *value; /* a NULL value is left out */
};

/*
 * fastcgi_request -- appends the whole request (begin, parameters, body) to `out`. CONTENT_LENGTH
 * is added here. The peer closes the connection behind its reply. Returns 0, or the buffer's error.
 */
MUST_CHECK int fastcgi_request(struct buf *out, const struct fastcgi_pair *pairs, size_t count,
    const char *body, size_t len);
/* The same, but the peer is asked to keep the connection for the next request. */
MUST_CHECK int fastcgi_request_keep(struct buf *out, const struct fastcgi_pair *pairs, size_t count,
    const char *body, size_t len);

/* A reply while it arrives. After fastcgi_reply_feed returned 1 the fields are final. */
struct fastcgi_reply {
    int status;         /* of the `Status:` line, 200 without one */
    struct buf headers; /* "Name: value\n" lines as received */
    struct buf body;
    struct buf errors; /* standard error, cut at 1 KiB */
    uint32_t app_status;
    /* private */
    struct fastcgi_record record;
    unsigned char end_body[FASTCGI_BODY_SIZE];
    size_t end_len;
    int result;
    bool headers_done, done, excess;
};
/* max: bytes of headers and of body each. */
void fastcgi_reply_init(struct fastcgi_reply *r, size_t max);
void fastcgi_reply_fini(struct fastcgi_reply *r);
/*
 * Returns 0 (more is due); 1 (complete); ERR_FULL (complete: the worker is overloaded and has not
 * looked at the request, which may be sent elsewhere); ERR_PROTOCOL; ERR_LIMIT; ERR_NOMEM. What
 * follows the end of the request is not looked at.
 */
MUST_CHECK int fastcgi_reply_feed(struct fastcgi_reply *r, const void *bytes, size_t len);
/*
 * fastcgi_reply_read -- feeds what has come over a socket, 4 KiB at most; never waits. Returns as
 * fastcgi_reply_feed; ERR_NOT_YET (nothing is there); ERR_PEER_GONE (its end); ERR_NET (its end,
 * and of what was sent there the peer has left something unread: unix(7), ECONNRESET).
 */
MUST_CHECK int fastcgi_reply_read(struct fastcgi_reply *r, int fd);
/*
 * Whether the connection can carry the next request: the reply is complete (1 or ERR_FULL) and
 * nothing came behind it. Means something for fastcgi_request_keep only.
 */
bool fastcgi_reply_reusable(const struct fastcgi_reply *r);
/* Ready for the next reply, as after fastcgi_reply_init; the memory is kept. */
void fastcgi_reply_again(struct fastcgi_reply *r);
/* Value of a header, case-insensitive; NULL when absent. Not NUL-terminated. */
const char *fastcgi_reply_header(const struct fastcgi_reply *r, const char *name, size_t *len);

#endif
