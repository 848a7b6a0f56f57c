#ifndef TURNPIKE_WORKERS_FASTCGI_CLIENT_H
#define TURNPIKE_WORKERS_FASTCGI_CLIENT_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * fastcgi_client -- the client side of FastCGI 1.0, as far as it is needed to ask our own pools:
 * one responder request per connection, request id 1, connection closed afterwards. Pure
 * encoder and decoder without any input or output; used by stream workers (with fastcgi_call) and
 * by the housekeeper.
 */
struct fastcgi_pair {
    const char *name, *value; /* a NULL value is left out */
};

/*
 * fastcgi_request -- appends the whole request (begin, parameters, body) to `out`. CONTENT_LENGTH
 * is added here. Returns 0, or the buffer's error.
 */
int fastcgi_request(
    struct buf *out, const struct fastcgi_pair *pairs, size_t count, const char *body, size_t len);

/* A reply while it arrives. After fastcgi_reply_feed returned 1 the fields are final. */
struct fastcgi_reply {
    int status;         /* of the `Status:` line, 200 without one */
    struct buf headers; /* "Name: value\n" lines as received */
    struct buf body;
    struct buf errors; /* standard error, cut at 1 KiB */
    uint32_t app_status;
    /* private */
    unsigned char head[8];
    size_t head_len, content_left, padding_left;
    unsigned char end_body[8];
    size_t end_len;
    bool headers_done, done;
};
/* max: bytes of headers and of body each. */
void fastcgi_reply_init(struct fastcgi_reply *r, size_t max);
void fastcgi_reply_fini(struct fastcgi_reply *r);
/*
 * Returns 0 (more is due), 1 (complete), ERR_PROTOCOL, ERR_LIMIT, ERR_NOMEM. What follows the end
 * of the request is ignored.
 */
int fastcgi_reply_feed(struct fastcgi_reply *r, const void *bytes, size_t len);
/* Value of a header, case-insensitive; NULL when absent. Not NUL-terminated. */
const char *fastcgi_reply_header(const struct fastcgi_reply *r, const char *name, size_t *len);

#endif
