/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_REMOTE_MCP_PEER_PARTS_H
#define TURNPIKE_TOOLS_REMOTE_MCP_PEER_PARTS_H

#include "base/buf.h"
#include "base/err.h"
#include "tools/remote/mcp_peer.h"
#include "tools/remote/mcp_stream.h"
#include "tools/remote/oauth_purse.h"

/*
 * mcp_peer_parts -- what the files of mcp_peer share with each other:
 *
 *   mcp_peer       the server: its era, its session
 *   mcp_op         the life of an operation: it waits for the one that greets, goes on, ends
 *   mcp_cell       the table of what each event does in each state
 *   mcp_peer_send  the requests: headers and bodies
 *   mcp_badge      tokens: asked for before the first request, and when the server refuses one
 *   mcp_say        the user's answer, and a stream taken up again, with a token that is good
 *   mcp_listen     the stream of a session by which the server asks beside its answers
 */
#define MCP_OP_HEADERS_MAX 32

struct mcp_peer {
    struct mcp_peer_settings settings;
    enum mcp_era era;
    bool found;        /* by this process, so that a catalogue's hint is of no interest */
    char version[16];  /* legacy: what initialize agreed on; "" = no session yet */
    char session[512]; /* "" = the server wants none */
    unsigned sessions; /* begun so far */
    int64_t last_id;
    /* Of the session: whose calls it has carried, and whether those of more than one user. */
    unsigned long long session_owner;
    bool mixed;
    struct mcp_listen *listen; /* NULL = none */
    bool asks_aside;           /* it has asked by that stream */
    struct mcp_op *ops;        /* all under way */
    struct mcp_op *greeter;    /* the one that finds the era out or begins the session */
    struct oauth_purse *purse; /* NULL: the header of the settings is all there is */
    char *bearer;              /* the header that was given last, for the leave */
};

/* What the operation waits for. */
enum mcp_op_state {
    MCP_OP_WAIT,
    MCP_OP_BADGE, /* for the token to go on with (mcp_badge) */
    MCP_OP_PROBE,
    MCP_OP_OPEN,
    MCP_OP_HELLO,
    MCP_OP_READY,
    MCP_OP_CALL,
    MCP_OP_STATES
};

/* What came of it. */
enum mcp_op_event { MCP_OP_RESULT, MCP_OP_REFUSED, MCP_OP_STATUS, MCP_OP_FAULT, MCP_OP_EVENTS };

struct mcp_op {
    struct mcp_peer *peer;
    struct mcp_call call;
    char *name;
    enum mcp_op_state state;
    bool probe_answered; /* a server that answered the probe without naming a resultType */
    bool listening;      /* it waits for the session's stream, and for nobody */
    bool again;          /* it has been begun anew once */
    bool sent;           /* the request itself */
    unsigned session;    /* MCP_OP_CALL: of the peer's sessions, the one that it was sent in */
    bool has_session;    /* MCP_OP_CALL: with an id */
    int64_t id;
    struct mcp_exchange *exchange;
    struct mcp_stream *stream;
    struct reactor_timer timer;
    jdoc *question; /* the id of what the server asks the user; NULL = nothing */
    struct mcp_op *next;
    char *headers[MCP_OP_HEADERS_MAX + 1];
    size_t header_count;
    int header_error;
    struct oauth_wish wish;
    bool has_badge;          /* the purse has been asked */
    char *bearer;            /* what it gave; NULL = nothing */
    unsigned denials;        /* 401 and 403 that were answered by another token */
    enum mcp_op_state after; /* MCP_OP_BADGE: the state to go on with */
    /* mcp_say, beside the call that waits */
    struct buf says; /* the user's answer, until the server has taken it; empty = none */
    struct http_transfer *saying;
    bool said_twice; /* a 401 to it has been answered by another token */
    bool takes_up;   /* the stream, as soon as there is a token */
};

/* ---- mcp_peer ---- */

/* Back to what the settings say; the session is forgotten. */
void mcp_peer_forget_era(struct mcp_peer *p);

/* ---- mcp_peer_send ---- */

/* Sends the request of the operation's state. Returns 0 or why it could not be sent. */
MUST_CHECK int mcp_peer_send(struct mcp_op *op);

/* The headers of the operation's state into op->headers; what only the modern era knows stands
 * apart. Returns 0 or an error. */
MUST_CHECK int mcp_peer_headers(struct mcp_op *op, const char *method, bool modern);

/* Tells the server that nobody waits for the operation's answer any more. */
void mcp_peer_tell_cancelled(struct mcp_op *op);

/* Frees the headers of the last request. */
void mcp_peer_drop_headers(struct mcp_op *op);

/* A GET of the session's stream, with the headers of the session. Returns 0 or an error. */
MUST_CHECK int mcp_peer_send_listen(struct mcp_op *op, struct http_request *request,
    struct http_transfer **out);

/* ---- mcp_listen ---- */

/*
 * mcp_listen_call -- the call, and in front of it the stream, where the caller can ask the user and
 * the stream is not there yet: what a server asks before it is there would be lost. The operation
 * may be gone afterwards.
 */
void mcp_listen_call(struct mcp_op *op);

/* The session is over. */
void mcp_listen_close(struct mcp_peer *peer);

/* ---- mcp_say ---- */

/* The user's answer, with a token that is good now. Takes the body. When the server cannot be told,
 * the operation fails; it may be gone afterwards. */
void mcp_say_answer(struct mcp_op *op, struct buf *body);

/* The stream of the operation's exchange is to be taken up again, with a token that is good now: a
 * callback of mcp_exchange; arg is the operation. */
void mcp_say_take_up(void *arg, const char *challenge);

/* The exchange is over: nothing more is said. */
void mcp_say_end(struct mcp_op *op);

/* ---- mcp_op ---- */

/* Enters the state and sends its request. The operation may be gone afterwards. */
void mcp_op_go(struct mcp_op *op, enum mcp_op_state state);

/* The next step from what is known of the peer: finds out the era, begins the session, waits or
 * calls. The operation may be gone afterwards. */
void mcp_op_begin(struct mcp_op *op);

/* The era is known and, if it has sessions, there is one. */
bool mcp_op_is_ready(const struct mcp_peer *peer);

/* Tells the answer and frees the operation. */
void mcp_op_finish(struct mcp_op *op, const struct mcp_answer *answer);

/* The same with an error. why: static text, or valid during the call. */
void mcp_op_fail(struct mcp_op *op, int error, const char *why);

/* Operations that wait go on by a timer of their own, never from within another's callback. */
void mcp_op_poke_waiting(struct mcp_peer *p);

/* A request of the server that nobody answers: an error goes back. */
void mcp_op_refuse_request(struct mcp_op *op, const struct mcp_wire_message *message);

/* What the server asks by itself: a callback of mcp_exchange; arg is the operation. Returns 1 when
 * it is dealt with, 0 when it is not for the user; ERR_NOMEM. */
MUST_CHECK int mcp_op_on_ask(void *arg, const struct mcp_wire_message *message);

/* ---- mcp_cell ---- */

/* What came: callbacks of mcp_exchange and mcp_stream; arg is the operation. */
void mcp_cell_on_reply(void *arg, const struct mcp_reply *reply);
void mcp_cell_on_open(void *arg, int error, const char *why);

#endif
