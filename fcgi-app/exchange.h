/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_EXCHANGE_H
#define TURNPIKE_FCGI_APP_EXCHANGE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/reactor.h"
#include "fcgi-app/request.h"
#include "process/audit.h"
#include "process/auth.h"
#include "process/limits.h"
#include "process/problem.h"
#include "process/worker.h"
#include "store/store.h"

#include <stdbool.h>

struct fastcgi_pool;
struct http_client;
struct runner;
struct turn_env;

/* What the handlers of one request need of their api or turn worker. */
struct app {
    const struct conf *conf;
    struct worker *worker;
    struct scoreboard_seat *seat; /* the request's, while it is under way; else NULL */
    struct reactor *reactor;
    struct store *store;
    struct auth *auth;
    struct turn_env *turns;     /* NULL in api workers */
    struct runner *runner;      /* of the request: the turns that it runs (fcgi-app/runner.h) */
    struct http_client *http;   /* for tools called directly, made with the first; or NULL */
    struct fastcgi_pool *tools; /* turn workers: the tool processes, for speech; or NULL */
};

struct reply {
    int status;
    const char *content_type; /* NULL = no body; charset=utf-8 is added to JSON and events */
    struct buf head;          /* further header lines, each with CRLF */
    struct buf body;
    int kept_s;             /* the client's own cache may keep it so long; 0 = nobody may */
    bool streamed;          /* the head and a part of the body have gone: see exchange_stream */
    bool broken;            /* and then something failed */
    int64_t parts_until_ms; /* monotonic: when a streamed one has to be over */
    bool unsized;           /* exchange_stream: a HEAD is answered without the length */
    bool kept;              /* its client may keep it, and asks each time whether it still holds */
    bool tagged;            /* the handler has said its ETag, and answered who has it already */
};

/*
 * exchange -- one request and its reply. A handler returns 0 with the reply made, or a negative
 * ERR_* with the problem set (or not: then the error's own problem is sent).
 */
/* A limit that the request has met (fcgi-app/limited.h). limit 0 = none. */
struct exchange_limit {
    bool counted;       /* the message, for its minute */
    const char *policy; /* its name in headers */
    enum limits_name name;
    int64_t limit, left, left_ms;
};
struct usage_account;
#define EXCHANGE_PARAMS 2
struct exchange {
    struct app *app;
    struct arena *arena;
    struct request request;
    struct auth_identity who;
    /* In whose slot what is asked for stands, when that is another user's: the owner of a trip's
     * chat (fcgi-app/shared_chat.h). NULL = that of `who`. */
    const char *owner;
    struct usage_account *account; /* of who: limited_account; or NULL */
    struct exchange_limit met;
    bool by_cookie; /* the credential came by itself, as cookies do: the reply is not compressed */
    const char *params[EXCHANGE_PARAMS]; /* {id} of the path, in order */
    const char *route;                   /* its row's pattern; NULL = none was found */
    unsigned long long pace; /* process/pace.h, as what a refusal of it counts; 0 = as nothing */
    struct problem problem;
    struct reply reply;
};
/* Returns 0 or ERR_NOMEM. */
MUST_CHECK int exchange_init(struct exchange *x, struct app *app,
    const struct request_source *source);
void exchange_fini(struct exchange *x);

/* In whose slot the session is that the request is about. */
const char *exchange_owner(const struct exchange *x);
/* Starts a JSON reply; the handler appends to x->reply.body. */
void exchange_json(struct exchange *x, int status);
/*
 * A reply that is sent in parts: exchange_stream starts it like exchange_json, with another type;
 * exchange_pass, called after each piece that was appended, sends what has come to
 * EXCHANGE_PART bytes, so that a worker never holds more than that and one piece. An error after
 * the first part breaks the connection off: the client sees an incomplete reply, never a short one
 * that looks whole. The first part takes a long place; for the others there are EXCHANGE_PARTS_MS.
 * exchange_pass returns 0, ERR_PEER_GONE, ERR_DEADLINE, ERR_DRAINING, ERR_NOMEM or what
 * exchange_long does.
 */
#define EXCHANGE_PART 65536
#define EXCHANGE_PARTS_MS 300000
void exchange_stream(struct exchange *x, const char *content_type);
MUST_CHECK int exchange_pass(struct exchange *x);
/* Sends what there is now, however little: events of a stream while a tool waits, which has its
 * place already. Returns as exchange_pass. Without a way to flush nothing is sent before the
 * end. */
MUST_CHECK int exchange_push(struct exchange *x);
/*
 * Api workers are synchronous: one of them stays free of tools that wait and of long requests, so
 * that everything else is answered meanwhile. Asked after the own wait or place is marked.
 */
bool exchange_may_wait(const struct app *app);
/* The same for a wait that need not be, as for a user's answer: one place stays for tools. */
bool exchange_may_rest(const struct app *app);
/*
 * exchange_long -- before work that may take seconds: half of the api workers at most do such, one
 * for each user. Held until exchange_fini. Returns 0, or ERR_RATE or ERR_FULL with the problem set.
 */
MUST_CHECK int exchange_long(struct exchange *x);
/* Gives the place back before exchange_fini does: before the end of the reply. */
void exchange_long_end(struct exchange *x);
/* A header line of the reply. The value must hold no control characters. */
void exchange_header(struct exchange *x, const char *name, const char *value);
/* Whether it is asked and answered in OpenAI's words (fcgi-app/facade.h); also before its path has
 * been read. */
bool exchange_is_facade(const struct exchange *x);
/*
 * exchange_tag -- gives a whole 200 of a GET or HEAD its ETag, made of the body. When the request's
 * If-None-Match names it, the reply becomes a 304.
 */
void exchange_tag(struct exchange *x);
/* Tells the audit log what this user did; user, credential and trace are filled in. */
void exchange_audit(struct exchange *x, struct audit_act act);
/* Replaces whatever reply there is by the problem's. */
void exchange_problem(struct exchange *x);

/*
 * exchange_handover -- lets the stream workers answer (docs/design/fastcgi.md).
 */
struct exchange_view {
    const char *session;
    const char *turn; /* until its final event; NULL: the whole session, until the client leaves or
                       * its credential expires */
    const char *cursor;
    const char *form;   /* "agui"; "json": the turn's stored reply; or the name of a dialect of
                         * workers/stream/stream_render.h */
    bool snapshot;      /* the conversation as it is stored comes first, a MESSAGES_SNAPSHOT */
    bool stops;         /* a client that leaves before the end stops the turn */
    const char *detail; /* what that dialect is told; at most EXCHANGE_DETAIL_MAX bytes; or NULL */
};
#define EXCHANGE_DETAIL_MAX 1023
/* Returns 0, ERR_LIMIT (the detail) or ERR_NOMEM. */
MUST_CHECK int exchange_handover(struct exchange *x, const struct exchange_view *view);
/*
 * exchange_handover_log -- the same for a reader of the log by the Durable Streams protocol: the
 * stream workers answer in full (workers/stream/stream_durable_ask.h). turn NULL: the whole
 * session. All values have been checked.
 */
struct exchange_log {
    const char *session, *turn;
    const char *offset; /* "-1", "now" or "EPOCH-N" */
    const char *live;   /* "", "long-poll" or "sse" */
    const char *seen;   /* the cursor that the client sends back; "" = none */
    const char *match;  /* If-None-Match; "" = none */
    const char *form;   /* "" or "text" */
};
MUST_CHECK int exchange_handover_log(struct exchange *x, const struct exchange_log *ask);
/* "EPOCH-N" as a client sends it back. */
bool exchange_cursor_valid(const char *cursor);
/* The reply's CGI header lines and the blank line. Returns 0 or ERR_NOMEM. */
MUST_CHECK int exchange_head(const struct exchange *x, struct buf *out);

#endif
