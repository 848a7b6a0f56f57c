#ifndef TURNPIKE_WORKERS_STREAM_STREAM_H
#define TURNPIKE_WORKERS_STREAM_STREAM_H

#include "base/buf.h"
#include "base/reactor.h"
#include "process/auth.h"
#include "process/worker.h"
#include "wire/outq.h"
#include "workers/stream/hub.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * stream -- the inside of a stream worker, shared by its files only. One process, one loop; its
 * tasks make the connections to Redis, nothing else. A connection that is done is marked dead and
 * freed at the end of the loop's round, so no callback ever touches freed memory. What a round has
 * for a connection goes out by one send, at the end of that round too.
 *
 *   stream_worker     entry, accept, timers, drain
 *   stream_conn       life and output of a connection
 *   stream_http       parsing of the one HTTP request
 *   stream_offer      the bearer token of that request
 *   stream_handshake  routes, credential, upgrade
 *   stream_socket     WebSocket frames in and out
 *   stream_frames     what clients say in them
 *   stream_message    messages on their way to the turn pool
 *   stream_events     events on their way to a client, in its form
 *   stream_legacy     the form that today's clients know
 *   stream_sse        the hand-over: SSE and waiting JSON
 */
struct wslay_event_context;
struct stream_request;
struct stream_message;

#define STREAM_BUCKETS 10 /* a connection is looked at once a second */
#define STREAM_READ_SIZE 65536
#define STREAM_VIEWERS_MAX 32  /* sessions of one socket */
#define STREAM_MESSAGES_MAX 16 /* waiting messages of one socket */

enum stream_kind {
    STREAM_HANDSHAKE, /* the request is read */
    STREAM_CHECKING,  /* a ticket is looked up */
    STREAM_WS,
    STREAM_SSE,
    STREAM_JSON,      /* waits for a turn's reply */
    STREAM_FINISHING, /* the last bytes go out */
    STREAM_DEAD
};
enum stream_format { STREAM_AGUI, STREAM_TEXT, STREAM_LEGACY };

struct stream {
    struct worker *worker;
    const struct conf *conf;
    struct reactor *reactor;
    struct auth *auth;
    struct hub *hub;
    struct fastcgi_pool *turns, *api; /* connections to the workers of these pools */
    struct reactor_source accept;
    struct reactor_timer tick, accept_again;
    struct reactor_hook round_end;
    struct stream_conn *buckets[STREAM_BUCKETS];
    struct stream_conn *dead;
    struct stream_conn *collecting, *collecting_last; /* have output of this round, unsent */
    size_t collected;                                 /* bytes that they have */
    size_t connections;
    int64_t most;     /* connections that are served; more are refused */
    bool waited_full; /* siblings have had their chance to accept */
    bool over;        /* the loop ends with this round */
    unsigned turn_of_bucket;
    int64_t started_ms, drain_from_ms; /* monotonic; 0 = not draining */
    int64_t drain_spread_ms;
    char api_socket[108];
    /* What the WebSocket being read still has to take; see stream_socket.c. */
    const char *feed;
    size_t feed_len;
    struct buf scratch;
    char bytes[STREAM_READ_SIZE];
};

struct stream_conn {
    struct reactor_source source;
    struct stream *stream;
    struct stream_conn *next, *prev; /* bucket, or the dead */
    struct stream_conn *collecting_next;
    struct outq out;
    struct wslay_event_context *ws; /* only while a frame is in progress */
    struct stream_request *request; /* only during the handshake */
    struct hub_viewer *viewers, *inbox;
    struct stream_message *messages; /* in order; the first may be in flight */
    char *user;
    char *session; /* used when a frame names none; or NULL */
    char *turn;    /* SSE of one run, JSON */
    char *trace;   /* JSON: the traceparent of the request; or NULL */
    char *origin;  /* JSON: of the page that sent the request; or NULL */
    int64_t opened_ms, in_ms, out_ms, pinged_ms; /* monotonic */
    int64_t due_ms;     /* monotonic; end of a handshake or of a close */
    int64_t expires_ms; /* real time; 0 = never */
    int64_t window_ms;
    uint32_t window_count;
    uint32_t frames_in;
    uint64_t fed, framed; /* bytes given to wslay, bytes of the frames it began */
    uint16_t close_code;
    unsigned char kind, format, bucket;
    bool admin, chunked, whole_session, close_sent, close_received, mid_message, warned, draining;
    bool collecting; /* in the list of that name */
};

/* --- stream_worker.c --- */
/* Everything but the listening socket and the signals. Returns 0 or an error, which is logged. */
int stream_open(struct stream **out, struct worker *w);
void stream_close(struct stream *s);
/* Has stream_round_end called at the end of this round of the loop. */
void stream_at_round_end(struct stream *s);
/* Sends what the round has collected, then frees the dead. */
void stream_round_end(struct stream *s);

/* --- stream_conn.c --- */
int stream_conn_new(struct stream *s, int fd);
void stream_conn_free(struct stream_conn *c);
/* Nothing more is sent or read; freed at the end of the round. */
void stream_conn_kill(struct stream_conn *c);
/* Ends when all output has gone, or its reader takes nothing for a while. */
void stream_conn_finish(struct stream_conn *c);
/*
 * One frame out, at the end of the round; what is too much for that, at once. max as in outq_send:
 * it counts only when the socket has not taken all of an earlier round. On failure the connection
 * is dead.
 */
int stream_conn_send(struct stream_conn *c, struct iovec *iov, size_t count, size_t max);
/* The socket has not taken all of an earlier round. */
bool stream_conn_is_waiting(const struct stream_conn *c);
/* Sends what this round has collected for all connections. */
void stream_conn_send_collected(struct stream *s);
struct hub_viewer *stream_conn_viewer(struct stream_conn *c, const char *session);
/* Makes the viewer of a session, or finds it. NULL cursor: live, with the running run. */
int stream_conn_watch(
    struct stream_conn *c, const char *session, const char *cursor, struct hub_viewer **out);
int stream_conn_watch_start(
    struct stream_conn *c, const struct hub_start *start, struct hub_viewer **out);
void stream_conn_unwatch(struct stream_conn *c, struct hub_viewer *viewer);
void stream_conn_tick(struct stream_conn *c, int64_t now_ms);
void stream_conn_drain(struct stream_conn *c);

/* --- stream_handshake.c --- */
/* Feeds received bytes. */
void stream_handshake_feed(struct stream_conn *c, const char *bytes, size_t len);
/* Answers with application/problem+json and ends the connection. */
void stream_handshake_refuse(
    struct stream_conn *c, int status, const char *code, const char *detail);

/* --- stream_socket.c --- */
void stream_socket_feed(struct stream_conn *c, const char *bytes, size_t len);
void stream_socket_free(struct stream_conn *c);
/* A text frame from up to 6 parts; max as outq_send. */
struct iovec;
int stream_socket_text(struct stream_conn *c, const struct iovec *parts, size_t count, size_t max);
int stream_socket_json(struct stream_conn *c, const struct buf *json);
void stream_socket_ping(struct stream_conn *c);
/* Sends a close frame; the connection ends when the peer has answered, or after two seconds. */
void stream_socket_close(struct stream_conn *c, unsigned code, const char *reason);

/* --- stream_frames.c --- */
void stream_frames_text(struct stream_conn *c, const char *text, size_t len);
/* {"type":"error",...}, in the connection's form. Optional parts may be NULL, retry 0. */
void stream_frames_error(struct stream_conn *c, const char *code, const char *message,
    const char *client_message_id, int64_t retry_after_ms);

/* --- stream_message.c --- */
struct stream_submit {
    const char *session; /* NULL = the connection's, or a new one */
    const char *client_message_id, *run_id;
    struct buf *body; /* of /internal/message, without its closing brace; taken */
    bool agui;        /* errors are RUN_ERROR events */
};
void stream_message_submit(struct stream_conn *c, const struct stream_submit *submit);
/* Sends what may go: called when a viewer stands, and each second. */
void stream_message_pump(struct stream_conn *c);
void stream_message_tick(struct stream_conn *c, int64_t now_ms);
void stream_message_free_all(struct stream_conn *c);
void stream_message_cancel(
    struct stream_conn *c, const char *turn, const char *session, const char *client_message_id);
/* snooze_minutes 0: acknowledged. What becomes of it is told on the user's channel. */
void stream_message_inbox(struct stream_conn *c, const char *entry, int64_t snooze_minutes);
void stream_message_context(struct stream_conn *c, const char *json, size_t len);

/* --- stream_events.c --- */
int stream_events_sink(struct hub_viewer *viewer, const struct logentry *e, bool force);
void stream_events_inbox(struct hub_viewer *viewer, const char *bytes, size_t len);
void stream_events_located(struct hub_viewer *viewer);
void stream_events_ended(struct hub_viewer *viewer);
bool stream_events_takes_snapshots(const struct hub_viewer *viewer);
bool stream_events_is_drained(const struct hub_viewer *viewer);

/* --- stream_legacy.c --- */
void stream_legacy_hello(struct stream_conn *c);
/* The end of a run: its reply is looked up and sent as chat_response or error. */
void stream_legacy_final(
    struct stream_conn *c, struct hub_viewer *viewer, const struct logentry *e);
void stream_legacy_forget(struct stream_conn *c);

/* --- stream_sse.c --- */
/* path and query of /_stream/sse. */
void stream_sse_start(struct stream_conn *c, const char *query);
int stream_sse_event(struct stream_conn *c, const struct logentry *e, size_t max);
void stream_sse_comment(struct stream_conn *c);
/* Ends the response properly; retry: whether the client should come back. */
void stream_sse_end(struct stream_conn *c, bool retry);
void stream_sse_reply(struct stream_conn *c);

#endif
