#ifndef TURNPIKE_FCGI_APP_SUBMIT_H
#define TURNPIKE_FCGI_APP_SUBMIT_H

#include "base/arena.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/ident.h"
#include "base/jdoc.h"
#include "process/problem.h"
#include "store/approvals.h"
#include "store/turns.h"

#include <stdbool.h>

/*
 * submit -- a message for the assistant, read from the body of POST /chat, POST /agui or
 * POST /internal/message into one form. Pure: no store, no clock. Used by turn workers.
 */
enum submit_kind { SUBMIT_CHAT, SUBMIT_AGUI, SUBMIT_INTERNAL };

#define SUBMIT_MESSAGES_MAX 64
#define SUBMIT_RESUME_MAX APPROVALS_STEP_MAX

/* What the user said to one approval. */
struct submit_resume {
    const char *id;
    bool cancelled;      /* abandoned: no payload */
    const jdoc *payload; /* {"approved":bool, EDITED?: object}, not checked yet */
    const char *edited;  /* name of its member with edited arguments */
};

struct submit {
    const char *source; /* "chat", "agui" or "ws" */
    char session[IDENT_SESSION_MAX + 1];
    bool session_given;            /* else a new one was made */
    const char *client_message_id; /* NULL = none */
    const char *run_id;            /* NULL = the turn's id */
    const char *user_id;           /* as named by the client, NULL = not named */
    const char *text;              /* the user's words; "" when there are only tool results */
    const char *message_id;        /* of the last new message */
    bool message_id_made;          /* the client named none */
    const char *zone, *locale;     /* "" = not given */
    const jdoc *context;           /* or NULL */
    const jdoc *agui;              /* parts of RunAgentInput without its messages; or NULL */
    const char *messages[SUBMIT_MESSAGES_MAX]; /* new AG-UI messages, JSON */
    size_t message_count;
    struct submit_resume resume[SUBMIT_RESUME_MAX];
    size_t resume_count;        /* 0 = it answers no approval */
    bool resume_all;            /* by AG-UI's rules: all that are open in the session */
    char turn[IDENT_UUID_SIZE]; /* of the turn that goes on with them; "" = a new one */
    enum turns_on_busy on_busy;
    const char *webhook; /* URL, checked; NULL = none */
    bool stream;         /* "stream": true */
    bool whole;          /* set by the handler: the reply is JSON, read as one */
    const char *title;   /* for a session that has none */
    char body_hash[IDENT_SHA256_SIZE];
};

struct submit_source {
    enum submit_kind kind;
    const jdoc *body;
    const char *key; /* the Idempotency-Key header or NULL; the body's client_message_id is first */
};
/*
 * submit_parse -- checks everything that can be checked without the store.
 * Texts live in the arena or are borrowed from body. Returns 0; ERR_INVALID with the problem set;
 * ERR_NOMEM.
 */
MUST_CHECK int submit_parse(const struct submit_source *from, const struct conf *conf,
    struct arena *arena, struct submit *out, struct problem *problem);

/* One answer by itself: nothing else of it is set; its session is the approval's. */
void submit_answer(const char *id, const jdoc *payload, const char *edited, struct submit *out);

#endif
