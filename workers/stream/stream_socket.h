/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_STREAM_STREAM_SOCKET_H
#define TURNPIKE_WORKERS_STREAM_STREAM_SOCKET_H

#include "base/err.h"
#include "workers/stream/stream_conn.h"
#include "workers/stream/stream_form.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * stream_socket -- the WebSocket protocol of a connection: frames in and out, pings, closes. What a
 * message says is its user's business (stream_ws). Receiving is wslay's: masks, fragments, UTF-8,
 * sizes, close codes. Our own frames are never masked, never fragmented, and leave by one send.
 * Stream workers.
 */
struct iovec;
struct wslay_event_context;
struct stream_message;
struct stream_chat;

/*
 * The codes that Turnpike closes with: the table in docs/stream-protocol.md tells what a client
 * does then, and web/client/client.js does it. Of messages that are not compressed wslay sends
 * 1007 and 1009 by itself; it answers a peer's close with the peer's own code.
 */
enum stream_close {
    STREAM_CLOSE_DEAF = 1001,     /* nothing was heard for stream.idle */
    STREAM_CLOSE_PROTOCOL = 1002, /* the peer broke the protocol; wslay sends it too */
    STREAM_CLOSE_BINARY = 1003,   /* only text frames are taken */
    STREAM_CLOSE_DATA = 1007,     /* a message is no UTF-8, or no compressed data */
    STREAM_CLOSE_SIZE = 1009,     /* a message is larger than stream.frame */
    STREAM_CLOSE_MEMORY = 1011,   /* there is no memory for what the peer sends */
    STREAM_CLOSE_CRASHED = 1013,  /* workers died in what this user sent: refused for a while */
    STREAM_CLOSE_RESTART = 1012,  /* the worker leaves, or stream.max_age is over */
    STREAM_CLOSE_EXPIRED = 4001,  /* the credential's time is over */
    STREAM_CLOSE_RATE = 4008      /* far more frames than rate.ws_messages */
};

/* What the socket calls; both are there. */
struct stream_socket_user {
    void (*said)(struct stream_conn *c, const char *text, size_t len); /* a whole text message */
    void (*closing)(struct stream_conn *c); /* a close has been sent: nothing more can be */
};

/* `own` of a connection that is a WebSocket. The last part belongs to the files that are named. */
struct stream_socket {
    const struct stream_form *form;
    const struct stream_socket_user *user;
    struct wslay_event_context *ws; /* only while a frame is in progress */
    const char *feed;               /* what is being read, and what of it is left */
    size_t feed_len;
    uint64_t fed, framed; /* bytes given to wslay, bytes of the frames it began */
    size_t pongs;         /* bytes of control frames since the peer ceased to read */
    int64_t pinged_ms;    /* monotonic */
    uint16_t close_code;  /* enum stream_close, or what wslay sent */
    bool close_sent, close_received, mid_message;
    unsigned char
        deflate_bits; /* stream_ws: messages may be compressed, in both directions; or 0 */

    char *session;                   /* used when a frame names none; or NULL */
    struct hub_viewer *inbox;        /* stream_ws; or NULL */
    struct stream_message *messages; /* stream_message: in order; the first may be in flight */
    struct stream_chat *chats;       /* stream_chat: the requests that are open */
    bool admin;
    unsigned scopes;   /* of the credential: process/scopes.h */
    int64_t window_ms; /* stream_frames: the minute that is counted, monotonic */
    uint32_t window_count, frames_in;
    bool warned;
};

/* The owner frees it with stream_socket_free. NULL = no memory. */
struct stream_socket *stream_socket_new(const struct stream_form *form,
    const struct stream_socket_user *user);
void stream_socket_free(struct stream_socket *w);
/* Of a connection that is a WebSocket, open or not. */
struct stream_socket *stream_socket_of(const struct stream_conn *c);
/* Something can still be sent. */
bool stream_socket_is_open(const struct stream_conn *c);

/* Three operations of every kind of WebSocket (stream_conn.h): pings and the ends that are due;
 * the end for a restart; what the log says of it. */
void stream_socket_tick(struct stream_conn *c, int64_t now_ms);
bool stream_socket_drain(struct stream_conn *c, bool late);
void stream_socket_end(struct stream_conn *c);

/* Received bytes. */
void stream_socket_feed(struct stream_conn *c, const char *bytes, size_t len);
/* All output has gone: the connection ends when both have said their close. */
void stream_socket_drained(struct stream_conn *c);
/*
 * A text frame from up to 6 parts; max as outq_send. Returns 0; ERR_FULL: not taken; other: the
 * socket is closed, or the connection dead.
 */
MUST_CHECK int stream_socket_text(struct stream_conn *c, const struct iovec *parts, size_t count,
    size_t max);
/* Also ERR_NOMEM: the buffer has failed, or holds nothing; the connection is dead. */
MUST_CHECK int stream_socket_json(struct stream_conn *c, const struct buf *json);
void stream_socket_ping(struct stream_conn *c);
/* Sends a close frame; the connection ends when the peer has answered, or after two seconds. */
void stream_socket_close(struct stream_conn *c, enum stream_close code, const char *reason);

#endif
