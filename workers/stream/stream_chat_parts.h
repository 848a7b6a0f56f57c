/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_STREAM_STREAM_CHAT_PARTS_H
#define TURNPIKE_WORKERS_STREAM_STREAM_CHAT_PARTS_H

#include "base/buf.h"
#include "base/ident.h"
#include "base/jdoc.h"
#include "workers/stream/aisdk.h"
#include "workers/stream/stream_chat.h"

#include <stdint.h>

/*
 * stream_chat_parts -- what the files of stream_chat share with each other:
 *
 *   stream_chat_say    frames to the client
 *   stream_chat_ask    requests to the workers that know the conversation
 *   stream_chat        frames from the client; the kind
 */
struct fastcgi_call;
struct stream_chat { /* one request of the client, until its end has been told */
    struct stream_chat *next;
    struct stream_conn *conn;
    struct hub_viewer *viewer; /* of the run; NULL = not yet */
    struct fastcgi_call *call; /* in flight */
    struct aisdk *chunks;
    struct buf id;     /* the client's, as a JSON string */
    uint64_t sequence; /* of the next chunk */
    char turn[IDENT_UUID_SIZE];
    bool over;    /* its end has been told, or it was aborted: freed at the next step */
    bool aborted; /* before its turn was known */
};

/* ---- stream_chat_say ---- */

/* {"type":TYPE,"requestId":ID}. */
void stream_chat_say(struct stream_chat *r, const char *type);
/* id: the client's, as a JSON string. */
void stream_chat_say_error(struct stream_conn *c, const struct buf *id, const char *text);
/* What the dialect has written, a chunk a line. Returns 0 or what keeps it from being sent. */
MUST_CHECK int stream_chat_say_chunks(struct stream_chat *r, const struct buf *lines);

/* ---- stream_chat_ask ---- */

/* Both tell the client of whatever keeps them from being asked. */
void stream_chat_ask_send(struct stream_chat *r, const jdoc *frame);
void stream_chat_ask_resume(struct stream_chat *r, const jdoc *frame);

#endif
