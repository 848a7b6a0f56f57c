/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WIRE_FASTCGI_FASTCGI_RECORD_H
#define TURNPIKE_WIRE_FASTCGI_FASTCGI_RECORD_H

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>

/*
 * fastcgi_record -- the records of FastCGI 1.0 (fastcgi.com, "FastCGI Specification", 29 April
 * 1996, sections 3 and 8), for both sides: stream workers and the housekeeper ask with it, turn
 * workers answer with it. Pure encoder and decoder without input or output.
 */
enum fastcgi_type {
    FASTCGI_BEGIN_REQUEST = 1,
    FASTCGI_ABORT_REQUEST = 2,
    FASTCGI_END_REQUEST = 3,
    FASTCGI_PARAMS = 4,
    FASTCGI_STDIN = 5,
    FASTCGI_STDOUT = 6,
    FASTCGI_STDERR = 7,
    FASTCGI_GET_VALUES = 9,
    FASTCGI_GET_VALUES_RESULT = 10,
    FASTCGI_UNKNOWN_TYPE = 11,
};

/* The protocol status of an END_REQUEST. */
enum fastcgi_end {
    FASTCGI_REQUEST_COMPLETE = 0,
    FASTCGI_CANT_MPX_CONN = 1,
    FASTCGI_OVERLOADED = 2,
    FASTCGI_UNKNOWN_ROLE = 3,
};

#define FASTCGI_RESPONDER 1  /* the role in a BEGIN_REQUEST */
#define FASTCGI_KEEP_CONN 1u /* the flag in a BEGIN_REQUEST */
#define FASTCGI_HEAD_SIZE 8  /* bytes of a record's head, and of three kinds of content: */
#define FASTCGI_BODY_SIZE 8  /* BEGIN_REQUEST, END_REQUEST, UNKNOWN_TYPE */

/* These begin no record: a peer that reads them breaks off the reply that it passes on. */
extern const unsigned char fastcgi_record_none[FASTCGI_HEAD_SIZE];

/* Writers append to `out`, whose sticky error tells what went wrong. id: 0 to 65,535. */

/* One record; len at most 65,535. It is padded to a multiple of eight bytes. */
void fastcgi_record_put(struct buf *out, int type, unsigned id, const void *content, size_t len);
/* Bytes of a stream as records of at most 65,528 bytes; none for len 0, which would end it. */
void fastcgi_record_put_part(struct buf *out, int type, unsigned id, const char *bytes, size_t len);
void fastcgi_record_put_end(struct buf *out, unsigned id, enum fastcgi_end status);
/* A name-value pair, as the content of PARAMS, GET_VALUES and GET_VALUES_RESULT has them. */
void fastcgi_record_put_pair(struct buf *out, const char *name, const char *value);

/* A pair as it stands in the content: borrowed, not NUL-terminated. */
struct fastcgi_record_pair {
    const char *name, *value;
    size_t name_len, value_len;
};
/*
 * fastcgi_record_get_pair -- the pair at *at, which is moved behind it.
 * Returns 1; 0 at the end; ERR_PROTOCOL when it is cut.
 */
MUST_CHECK int fastcgi_record_get_pair(const char **at, const char *end,
    struct fastcgi_record_pair *out);

/* A record while it arrives. A zeroed one is valid. */
struct fastcgi_record {
    int type; /* these three after FASTCGI_RECORD_HEAD, until FASTCGI_RECORD_END */
    unsigned id;
    size_t len; /* of the content */
    /* private */
    unsigned char head[FASTCGI_HEAD_SIZE];
    size_t head_len, content_left, padding_left;
};

enum fastcgi_record_step {
    FASTCGI_RECORD_MORE,    /* all bytes are used up */
    FASTCGI_RECORD_HEAD,    /* a head is complete */
    FASTCGI_RECORD_CONTENT, /* *part, *part_len: a piece of the content, in what was given */
    FASTCGI_RECORD_END,     /* content and padding are complete */
};
/*
 * fastcgi_record_step -- advances *at up to the next thing to know of. Every record gives one HEAD,
 * its content in pieces, one END, however its bytes are cut.
 * Returns an enum fastcgi_record_step, or ERR_PROTOCOL (not version 1; the reader is spent).
 */
MUST_CHECK int fastcgi_record_step(struct fastcgi_record *r, const char **at, const char *end,
    const char **part, size_t *part_len);

#endif
