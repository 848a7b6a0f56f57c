/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_TERMINAL_TERMINAL_TURN_H
#define TURNPIKE_WORKERS_TERMINAL_TERMINAL_TURN_H

#include "base/buf.h"
#include "base/err.h"
#include "base/ident.h"
#include "base/jdoc.h"
#include "workers/terminal/terminal_link.h"
#include "workers/terminal/terminal_view.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * terminal_turn -- one turn of `turnpike chat`: the request, its events on the screen, and the same
 * request again behind the last event after a lost connection. The client message id makes that
 * safe: the turn runs once. Where neither output is a terminal it gives up after some 15 s. Ctrl-C
 * stops the turn; a second one gives up waiting for its end.
 */
#define TERMINAL_TURN_CALLS 64 /* tool calls under way whose time is told */
#define TERMINAL_TURN_SAID 64  /* messages of the assistant that a snapshot is compared with */
#define TERMINAL_TURN_ID 128
#define TERMINAL_TURN_CURSOR 64

enum terminal_turn_end {
    TERMINAL_TURN_OPEN, /* it runs */
    TERMINAL_TURN_DONE,
    TERMINAL_TURN_ASKS,    /* approvals are open: interrupts */
    TERMINAL_TURN_WAITS,   /* other approvals of the same step are open */
    TERMINAL_TURN_STOPPED, /* by the user */
    TERMINAL_TURN_FAILED,
    TERMINAL_TURN_LEFT /* given up: the turn may go on */
};

struct terminal_turn_call {
    char id[TERMINAL_TURN_ID];
    char name[TERMINAL_TURN_ID];
    int64_t begun_ms;
};
struct terminal_turn_said {
    char id[TERMINAL_TURN_ID];
    size_t len; /* bytes that are on the screen */
};

struct terminal_turn {
    struct terminal_link *link;
    struct terminal_view *view;
    bool thoughts; /* show them */
    char session[IDENT_SESSION_MAX + 1];
    char path[256];
    struct buf body;
    char client_message[IDENT_UUID_SIZE]; /* "" = an answer to an approval */

    enum terminal_turn_end end;
    char cursor[TERMINAL_TURN_CURSOR];
    bool accepted; /* an event came */
    bool resumed;  /* another worker goes on with it */
    bool stopping; /* a stop was sent */
    bool thinking; /* a thought is being written */
    unsigned failures;
    struct terminal_turn_call calls[TERMINAL_TURN_CALLS];
    struct terminal_turn_said said[TERMINAL_TURN_SAID];
    size_t said_count;
    jdoc *interrupts; /* of TERMINAL_TURN_ASKS */
};

/*
 * terminal_turn_say -- sends a message and shows what comes of it.
 *   attachments  an array as in POST /chat, or NULL; taken
 */
enum terminal_turn_end terminal_turn_say(struct terminal_turn *turn, const char *text,
    jdoc *attachments);
/*
 * terminal_turn_answer -- answers an approval, and shows how the turn goes on.
 *   edited  other arguments, or NULL; borrowed
 */
enum terminal_turn_end terminal_turn_answer(struct terminal_turn *turn, const char *approval,
    bool approved, jdoc *edited);
/* The same for a form of a service: "accept" with what it was filled in with, or "decline". */
enum terminal_turn_end terminal_turn_fill(struct terminal_turn *turn, const char *approval,
    const char *action, const jdoc *content);
void terminal_turn_fini(struct terminal_turn *turn);

/* ---- terminal_events ---- */

/* An event of the stream; arg is the turn. */
void terminal_events_on(void *arg, const char *id, const struct sse_event *event);

#endif
