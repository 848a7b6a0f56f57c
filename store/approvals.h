/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_STORE_APPROVALS_H
#define TURNPIKE_STORE_APPROVALS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/ident.h"
#include "store/store.h"
#include "store/turns.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * approvals -- questions to the user before a tool runs. An approval is bound to user, session,
 * tool and SHA-256 of the canonical arguments (jdoc_write_canonical of the checked, coerced
 * arguments with defaults). The user answers it once, and it works once. Nobody can guess its id.
 * The table in store/lua/lib_approval.lua has its states and events. Used by turn and api workers.
 *
 * Approvals of a turn count once their turn has ended `interrupted`; a direct call's at once. Each
 * function is one script.
 */
#define APPROVALS_ID_BYTES 16
#define APPROVALS_ID_SIZE (2 * APPROVALS_ID_BYTES + 1)
#define APPROVALS_DIRECT_MAX 100 /* open approvals of a user beyond which a direct call adds none */
#define APPROVALS_LIST_MAX 100
#define APPROVALS_STEP_MAX 32 /* of one turn: as many as one `resume` can answer */

struct approvals_ask {
    char id[APPROVALS_ID_SIZE];     /* made by the caller; out: the one that counts */
    const char *call;               /* the tool call's id; "" = direct */
    const char *tool, *args, *hash; /* canonical arguments and their digest */
    /* for the user; "policy", "untrusted_content", or APPROVALS_ELICITATION */
    const char *message, *why;
    const char *preview; /* JSON of tools/kit/about.h; NULL = none */
    const char *zone;    /* in which its times are read */
    const char *form;    /* a service's question: {"from","message","schema"}; NULL = none */
    const char *resume;  /* what its call goes on with (struct tools_question); NULL = none */
    int64_t live_ms;     /* its call waits for it in this worker, so long; 0 = it does not */
    int64_t expires_ms;  /* out, Redis' time */
};
#define APPROVALS_ELICITATION "elicitation"
/*
 * approvals_open -- asks. turn NULL: a direct call of uid.
 *   input  of the asking turn (agent/input.h), for the turn that goes on; NULL = none
 * Returns 0, ERR_FENCED, ERR_FULL (direct only), ERR_STORE*.
 */
MUST_CHECK int approvals_open(struct store *s, const char *uid, const struct turns_start *turn,
    const char *input, struct approvals_ask *asks, size_t count);

enum approvals_event { APPROVALS_APPROVE, APPROVALS_DENY, APPROVALS_DECLINE };
struct approvals_answer {
    const char *id;
    enum approvals_event event;
    char digest[IDENT_SHA256_SIZE]; /* of the whole answer: the same again is no other one */
    const char *args;               /* the user's own, canonical; NULL = those asked about */
    char hash[IDENT_SHA256_SIZE];   /* of args; "" without */
    const char *content;            /* what a form was filled in with, JSON; NULL = nothing */
};
enum approvals_outcome {
    APPROVALS_DONE,    /* answered, now or by the very same answer before */
    APPROVALS_MISSING, /* unknown, or another user's or session's */
    APPROVALS_EXPIRED,
    APPROVALS_USED,      /* answered otherwise before */
    APPROVALS_CANCELLED, /* abandoned by a newer message, or its turn was stopped */
    APPROVALS_UNCOVERED  /* another one of the session is open and not among the answers */
};
struct approvals_verdict {
    enum approvals_outcome outcome;
    char id[APPROVALS_ID_SIZE];          /* the one that is not right */
    char turn[IDENT_UUID_SIZE];          /* APPROVALS_DONE: goes on; "" = more are open */
    char session[IDENT_SESSION_MAX + 1]; /* "" = a direct call */
    int64_t left;                        /* still open in the session */
    bool live;                           /* the turn that asked waits for it, and goes on */
};
struct approvals_answers {
    const char *session; /* not NULL: they belong to it and must cover every open one */
    const struct approvals_answer *all;
    size_t count; /* 1 without a session */
};
/*
 * approvals_answer -- all of the answers or none.
 *   turn     the turn that goes on, as turns_begin gets it next; an earlier one is kept (verdict).
 *            It is recorded along: when nobody begins it, a housekeeper has it claimed.
 */
MUST_CHECK int approvals_answer(struct store *s, const char *uid, const struct turns_request *turn,
    const struct approvals_answers *answers, struct approvals_verdict *verdict);

/* What becomes of an open call. */
enum approvals_decision {
    APPROVALS_RUN,
    APPROVALS_DENIED,
    APPROVALS_ABANDONED,
    APPROVALS_LAPSED,
    APPROVALS_DISMISSED /* a service's question that the user has put aside */
};
struct approvals_taken { /* texts in the arena */
    const char *id, *call, *tool;
    enum approvals_decision decision;
    const char *args, *hash; /* of what runs */
    bool edited;
    const char *zone, *message;   /* message: what the user was asked */
    const char *resume, *content; /* of a service's question; "" = it is an approval; "" = none */
};
/* For the session's turn that runs next. Returns 0, ERR_FENCED, ERR_STORE*, ERR_NOMEM. */
MUST_CHECK int approvals_take(struct store *s, const struct turns_start *turn, struct arena *arena,
    struct approvals_taken **out, size_t *count);

/* How a question is that a call waits for in its worker. */
enum approvals_look {
    APPROVALS_LOOK_OPEN,
    APPROVALS_LOOK_ACCEPTED,
    APPROVALS_LOOK_DECLINED,
    APPROVALS_LOOK_DISMISSED,
    APPROVALS_LOOK_OVER
};
struct approvals_state {
    enum approvals_look look;
    const char *content; /* what the user filled in, JSON, arena; "" = nothing */
};
/*
 * approvals_live -- looks at it; close: nobody waits for it any more, and what the user filled in
 * goes. Returns 0, ERR_STORE*, ERR_NOMEM.
 */
MUST_CHECK int approvals_live(struct store *s, const char *uid, const char *id, bool close,
    struct arena *arena, struct approvals_state *out);

/* {"approvals":[...]} of the user, or of one session. */
MUST_CHECK int approvals_list(struct store *s, const char *uid, const char *session,
    struct buf *json);
/* Whether something is open in the session; usually one HLEN. */
MUST_CHECK int approvals_waiting(struct store *s, const char *uid, const char *session,
    bool *waiting);

/* Whether a turn of the session has ended with what others wrote in its conversation
 * (turns_end.untrusted): that holds also when the messages that brought it have been dropped. */
MUST_CHECK int approvals_untrusted(struct store *s, const char *uid, const char *session,
    bool *untrusted);

struct approvals_record { /* texts in the arena */
    const char *tool, *args, *session, *input, *message, *zone;
    const char *form;     /* of a service's question; "" = it is an approval */
    const char *run_args; /* those that the user put in their place; "" = none */
    bool open;            /* nobody has answered it */
    int64_t expires_ms;   /* Redis' time */
};
/* Returns 0, ERR_NOT_FOUND, ERR_STORE*, ERR_NOMEM. */
MUST_CHECK int approvals_get(struct store *s, const char *uid, const char *id, struct arena *arena,
    struct approvals_record *out);

struct approvals_use {
    const char *id;
    const char *tool, *hash, *zone; /* of the call, as of struct approvals_ask */
};
/*
 * approvals_use -- a direct call brings its approval. again: out, it was used by this very call.
 * Returns 0; ERR_NOT_FOUND; ERR_NOT_YET (not answered yet); ERR_CONFLICT (another tool, zone, or
 * arguments); ERR_FORBIDDEN (denied); ERR_DEADLINE (expired); ERR_STORE*.
 */
MUST_CHECK int approvals_use(struct store *s, const char *uid, const struct approvals_use *use,
    bool *again);

/*
 * approvals_tool_rate -- counts one tool call of the user against rate.tools_minute and
 * rate.tools_day. Returns 0; ERR_RATE with the full one's limit and when it ends; ERR_STORE*.
 */
MUST_CHECK int approvals_tool_rate(struct store *s, const char *uid, int64_t *limit,
    int64_t *retry_ms);

#endif
