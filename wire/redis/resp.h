/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WIRE_REDIS_RESP_H
#define TURNPIKE_WIRE_REDIS_RESP_H

#include "base/buf.h"

#include <stddef.h>

/* resp -- commands in Redis' protocol (RESP2), written straight into a reused buffer. */

/* "*N\r\n" before the N arguments of a command; "$N\r\n" before N bytes. */
void resp_count(struct buf *b, char mark, size_t n);
/* One argument with its length. */
void resp_arg(struct buf *b, const char *data, size_t len);
void resp_text(struct buf *b, const char *text);

#endif
