/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_BASE_BUF_H
#define TURNPIKE_BASE_BUF_H

#include "base/err.h"

#include <stdarg.h>
#include <stddef.h>

/*
 * buf -- a growing byte buffer with an upper bound and a sticky error. Writers need no check at
 * each step: after the last one buf_error() says whether everything fitted. The bytes are always
 * followed by a NUL that is not counted. A zeroed struct buf is valid (unbounded, empty).
 */
struct buf {
    char *data; /* NULL until something is written, and after buf_free or buf_take */
    size_t len, cap;
    size_t max; /* bytes, 0 = no bound */
    int error;  /* 0, ERR_NOMEM or ERR_LIMIT; sticky until buf_reset or buf_free */
};

void buf_init(struct buf *b, size_t max);
void buf_free(struct buf *b);
/* Empties, keeps the memory, clears the error. */
void buf_reset(struct buf *b);
/* Room for n more bytes (plus NUL). Returns 0 or the sticky error. */
MUST_CHECK int buf_reserve(struct buf *b, size_t n);
void buf_put(struct buf *b, const void *bytes, size_t n);
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A character as UTF-8, as utf8_encode writes it. */
void buf_put_utf8(struct buf *b, unsigned code);
void buf_put_int(struct buf *b, long long value);
/* The shortest form that reads back the same (RFC 8785 below 1e18); null when not finite. */
void buf_put_double(struct buf *b, double value);
/* Removes the first n bytes. */
void buf_consume(struct buf *b, size_t n);
/* Keeps the first n bytes, or all when it has fewer; an error stays. */
void buf_cut(struct buf *b, size_t n);
/* Appends s as a JSON string with its quotes. Invalid UTF-8 becomes U+FFFD. */
void buf_json_string(struct buf *b, const char *s, size_t n);
/* The same for a text that ends with NUL. */
void buf_json_text(struct buf *b, const char *s);
/* The same without the quotes, for joining fragments. */
void buf_json_escaped(struct buf *b, const char *s, size_t n);
/* Appends n bytes in base64 (RFC 4648, with padding): pieces of a whole are multiples of 3. */
void buf_put_base64(struct buf *b, const void *bytes, size_t n);
/* Appends `,"NAME":"TEXT"`: a further member of an object; nothing when text is NULL. name: as it
 * stands, so it holds nothing to escape. */
void buf_json_member(struct buf *b, const char *name, const char *text);
/* Appends s percent-encoded for a query component. */
void buf_put_urlencoded(struct buf *b, const char *s, size_t n);
MUST_CHECK int buf_error(const struct buf *b);
/* The text, "" when empty. Borrowed. */
const char *buf_text(const struct buf *b);
/* The caller owns the returned memory (free); the buffer is empty afterwards. NULL on error:
 * then the buffer keeps what it has. lenp may be NULL. */
char *buf_take(struct buf *b, size_t *lenp);

#endif
