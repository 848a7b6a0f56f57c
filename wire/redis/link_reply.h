/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WIRE_REDIS_LINK_REPLY_H
#define TURNPIKE_WIRE_REDIS_LINK_REPLY_H

#include "base/buf.h"
#include "base/err.h"
#include "wire/redis/link.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * link_reply -- replies in Redis' protocol: hiredis' reader, and the meaning of replies. Its .c
 * file alone includes hiredis, for link, listen, dial and sentinel. The accessors are in link.h.
 */

/* The bytes of one connection become replies. */
struct link_reader;
struct link_reader *link_reader_new(void);    /* NULL: no memory */
void link_reader_free(struct link_reader *r); /* NULL-safe */
/* Returns 0, ERR_NOMEM, or ERR_STORE: what came before was no reply. */
MUST_CHECK int link_reader_feed(struct link_reader *r, const char *bytes, size_t len);
/*
 * The next whole reply.
 *   out  the caller's; NULL = more has to come
 * Returns 0; ERR_STORE (this is no reply, or one that nests too deep).
 */
MUST_CHECK int link_reader_next(struct link_reader *r, struct link_reply **out);
bool link_reader_is_idle(const struct link_reader *r); /* it holds no part of a reply */

/* An error text as an ERR_*; logs it, but for ERR_NOSCRIPT. */
MUST_CHECK int link_reply_error(const char *text);
/* A reply of ROLE. One that is no list (an ACL forbids the question) counts as a master's. */
bool link_reply_is_master(const struct link_reply *r);
/* Appends a command as link_command's format says it. Returns 0, ERR_NOMEM, ERR_INVALID. */
MUST_CHECK int link_reply_command(struct buf *out, const char *format, va_list ap);

#endif
