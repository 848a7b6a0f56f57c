/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_SUBMIT_H
#define TURNPIKE_FCGI_APP_SUBMIT_H

#include "base/arena.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/ident.h"
#include "base/jdoc.h"
#include "process/problem.h"
#include "store/approvals.h"
#include "store/attachments.h"
#include "store/turns.h"

#include <stdbool.h>

/*
 * submit -- a message for the assistant, read from the body of POST /chat, POST /agui,
 * POST /ai/chat or POST /internal/message into one form. No store, no clock. Used by turn workers.
 *
 * Files that come in base64 are decoded and looked at, and their texts leave the body. Where a file
 * has an address or an id, only these are checked: fcgi-app/attach.h gets the rest.
 */
enum submit_kind {
    SUBMIT_CHAT,
    SUBMIT_AGUI,
    SUBMIT_INTERNAL,
    SUBMIT_AISDK,
    SUBMIT_COMPLETION, /* OpenAI's POST /chat/completions and POST /responses: fcgi-app/facade.h */
    SUBMIT_RESPONSE
};

#define SUBMIT_MESSAGES_MAX 64 /* of a client whose conversation is stored here */
#define SUBMIT_RESUME_MAX APPROVALS_STEP_MAX

/* What the user said to one approval. */
struct submit_resume {
    const char *id;
    bool cancelled;      /* abandoned: no payload */
    const jdoc *payload; /* {"approved":bool, EDITED?: object}, not checked yet */
    const char *edited;  /* name of its member with edited arguments */
};

/* A file that comes with a message. */
#define SUBMIT_FILES_MAX 100 /* of one request */
enum submit_file_from { SUBMIT_FILE_DATA, SUBMIT_FILE_URL, SUBMIT_FILE_ID };
struct submit_file {
    enum submit_file_from from;
    const char *field;    /* of the request, for problems */
    const char *declared; /* MIME type; "" = none */
    const char *name;     /* "" = none */
    bool image;           /* said to be one */
    const char *text;     /* the URL or the id; NULL = data */
    char *bytes;          /* of data, until they are stored */
    size_t len;
    struct attachment a; /* of data what upload_check says; else once it is there */
    struct submit_file *next;
};

/* A message with files: its text is known when they are. */
struct submit_piece { /* one of the two */
    const char *text;
    struct submit_file *file;
};
struct submit_said {
    size_t at;                         /* in submit.messages */
    const char *id, *role, *tool_call; /* NULL = it is no result */
    struct submit_piece *pieces;
    size_t count;
    struct submit_said *next;
};

struct submit {
    const char *source; /* "chat", "agui", "aisdk" or "ws" */
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
    /* new AG-UI messages, JSON; NULL = one with files, until submit_write_files */
    const char **messages;
    size_t message_count, message_room;
    struct submit_said *said;  /* those with files, the last one first */
    struct submit_file *files; /* of all messages, in their order */
    size_t file_count;
    bool only_known; /* it has come before: only that may be answered */
    const char
        *goes_on; /* SUBMIT_AISDK: the assistant's UI message that it goes on with; or NULL */
    const char *results[SUBMIT_MESSAGES_MAX]; /* then: the call that each message answers */
    struct submit_resume resume[SUBMIT_RESUME_MAX];
    size_t resume_count;        /* 0 = it answers no approval */
    bool resume_all;            /* by AG-UI's rules: all that are open in the session */
    char turn[IDENT_UUID_SIZE]; /* of the turn that goes on with them; "" = a new one */
    enum turns_on_busy on_busy;
    const char *webhook; /* URL, checked; NULL = none */
    bool stream;         /* "stream": true */
    bool fresh;          /* "cache": false */
    bool whole;          /* set by the handler: the reply is JSON, read as one */
    const char *form;    /* of a streamed reply, as struct exchange_view has it; NULL = "agui" */
    const char *detail;  /* for that form; or NULL */
    bool stops;          /* a client that leaves stops the turn */
    const char *title;   /* for a session that has none */
    const jdoc *echo;    /* what the client wants to read again with the answer; or NULL */
    enum turns_naming naming;
    const char *trip;      /* of a message in the chat of a trip (shared_chat.h); else NULL */
    const char *author;    /* then: how others see who wrote it */
    struct facade *facade; /* what a request in OpenAI's words says besides; or NULL */
    char body_hash[IDENT_SHA256_SIZE];
};

struct submit_source {
    enum submit_kind kind;
    const jdoc *body;
    const char *key; /* the Idempotency-Key header or NULL; the body's client_message_id is first */
    const char *session; /* the X-Session-Id header or NULL; SUBMIT_COMPLETION, SUBMIT_RESPONSE */
    const char *retry;   /* the X-Stainless-Retry-Count header or NULL; the same */
};
/*
 * submit_parse -- checks everything that can be checked without the store.
 * Texts live in the arena or are borrowed from body. Returns 0; ERR_INVALID with the problem set;
 * ERR_NOMEM.
 */
MUST_CHECK int submit_parse(const struct submit_source *from, const struct conf *conf,
    struct arena *arena, struct submit *out, struct problem *problem);

/* Bytes that the turn keeps of it beside its files: texts, context, tools, state. */
size_t submit_kept(const struct submit *s);
/*
 * submit_write_files -- writes the messages with files, whose attachments are known now.
 *   base  conf->public_base: each part tells the address at which clients load its file
 * Returns 0 or ERR_NOMEM.
 */
MUST_CHECK int submit_write_files(struct submit *s, const char *base, struct arena *arena);
/* What upload_check says of its bytes, which are those of f->text now. */
MUST_CHECK int submit_check_file(struct submit_file *f, const void *bytes, size_t len,
    const struct conf *conf, struct problem *problem);

/* One answer by itself: nothing else of it is set; its session is the approval's. */
void submit_answer(const char *id, const jdoc *payload, const char *edited, struct submit *out);

#endif
