/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_STREAM_STREAM_DEFLATE_H
#define TURNPIKE_WORKERS_STREAM_STREAM_DEFLATE_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * stream_deflate -- compressed messages of WebSockets: permessage-deflate (RFC 7692). The only file
 * that includes zlib. Stream workers, with the setting ws.deflate.
 *
 * No message refers to an earlier one (server_no_context_takeover, client_no_context_takeover). So
 * a connection needs no memory for it: all of a worker share the working memory that is here, some
 * 90 KiB and room for one message each way. Pure but for that memory.
 */
struct stream_deflate;
struct iovec;

/* Smaller messages gain nothing; larger ones would hold up the worker. They go as they are. */
#define STREAM_DEFLATE_LEAST 256
#define STREAM_DEFLATE_MOST 262144

#define STREAM_DEFLATE_ANSWER_SIZE 128

/*
 * stream_deflate_offer -- reads the offers of a client (RFC 7692, 7.1) and takes the first that can
 * be kept.
 *   list    the value of Sec-WebSocket-Extensions; NULL = none
 *   answer  out: the header's value of the reply, when one was taken
 * Returns the bits of the window for what is sent, 9 to 15; 0: no offer was taken.
 */
unsigned stream_deflate_offer(const char *list, char answer[STREAM_DEFLATE_ANSWER_SIZE]);

/* Returns 0 or ERR_NOMEM. */
MUST_CHECK int stream_deflate_new(struct stream_deflate **out);
void stream_deflate_free(struct stream_deflate *d); /* NULL: nothing */

/*
 * One message of up to 6 parts, compressed.
 *   bits  as stream_deflate_offer
 *   out   borrowed until the next call
 * Returns 0; ERR_LIMIT: it is sent as it is (its size, or it does not get smaller); ERR_NOMEM.
 */
MUST_CHECK int stream_deflate_pack(struct stream_deflate *d, unsigned bits,
    const struct iovec *parts, size_t count, const struct buf **out);
/*
 * A message as its sender meant it.
 *   max  bytes that it may have
 *   out  borrowed until the next call
 * Returns 0; ERR_LIMIT: it is longer, and nothing beyond was unpacked; ERR_INVALID: not compressed
 * data; ERR_NOMEM.
 */
MUST_CHECK int stream_deflate_unpack(struct stream_deflate *d, const char *bytes, size_t len,
    size_t max, const struct buf **out);

#endif
