/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_STREAM_STREAM_OPENAI_H
#define TURNPIKE_WORKERS_STREAM_STREAM_OPENAI_H

#include "base/buf.h"
#include "base/ident.h"
#include "base/jdoc.h"
#include "fcgi-app/facade_items.h"
#include "fcgi-app/facade_view.h"
#include "store/logentry.h"
#include "workers/stream/stream_render.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * stream_openai -- a run's log in OpenAI's words (docs/openai.md): what its two dialects, chat
 * completions and responses, have alike. Stream workers; pure.
 *
 * Neither dialect can take back a word. When another worker goes on with a run, what it says again
 * is compared with what was sent: as long as it is the same nothing is sent twice, and behind that
 * the stream goes on. When it is something else, the stream ends with an error.
 *
 * The client hears of its own calls at the end: only then it is known which of a step's calls are
 * the client's, and that no other worker will make them otherwise.
 */
struct stream_openai;

/* How the run ended. */
struct stream_openai_end {
    const char *finish; /* finish_reason */
    bool cancelled;
    const jdoc *usage; /* or NULL */
    bool cached;       /* a kept answer, of so many seconds */
    int64_t cached_s;
    const char *code, *message; /* of a failure; or NULL */
};

/* A dialect: each appends whole frames to s->out. Texts are escaped. */
struct stream_openai_form {
    const char *boundary; /* between two messages; what no text has when it is not one */
    void (*begin)(struct stream_openai *s);
    void (*text)(struct stream_openai *s, const char *escaped, size_t len);
    void (*next)(struct stream_openai *s); /* a further message begins */
    /* first: of a thought */
    void (*think)(struct stream_openai *s, const char *escaped, size_t len, bool first);
    void (*call)(struct stream_openai *s, const struct facade_output *call, unsigned index);
    void (*finish)(struct stream_openai *s, const struct stream_openai_end *end);
    void (*broken)(struct stream_openai *s, const char *code, const char *message);
};

struct stream_openai_call {
    char *id, *name;
    struct buf args; /* escaped */
};

struct stream_openai {
    const struct stream_openai_form *form;
    struct facade_view view;
    char turn[IDENT_UUID_SIZE];
    char *session;
    jdoc *echo_of;   /* RUN_STARTED */
    struct buf *out; /* of the entry at hand */
    bool started, over;

    struct buf sent; /* all texts, with boundaries */
    struct stream_openai_message {
        char *id;
        size_t at; /* in sent */
    } * messages;
    size_t message_count, message_room;
    char *message;   /* the open one's id; NULL = none */
    struct buf held; /* the blanks with which it begins: told when a word follows */
    bool begun;      /* something of it was said */
    bool resumed;    /* another worker goes on, and has not told what counts */
    bool matching;   /* another worker says again what was sent from `matched` on */
    size_t matched;

    struct buf thoughts; /* what was told of them since the last text or result */
    size_t rethought;    /* as far as another worker has thought the same again */
    bool rethinks;       /* it thinks again */
    bool thinks_other;   /* and otherwise: nothing of it is told */

    struct stream_openai_call *calls;
    size_t call_count, call_room;

    struct logentry_id last; /* the entry before */
    long long sequence;      /* of the next event (responses) */
    unsigned place;          /* of the open item, or of the next */
    enum { STREAM_OPENAI_NOTHING, STREAM_OPENAI_TEXT, STREAM_OPENAI_THOUGHT } item;
    size_t item_at;     /* in sent */
    struct buf thought; /* of the open item */
    struct buf items;   /* those that are done */
    bool heard;         /* a delta was told for the entry at hand */
};

/* The operations of struct stream_render that both dialects share. */
struct stream_openai *stream_openai_new(const char *detail, const struct stream_openai_form *form);
void stream_openai_free(void *state);
void stream_openai_event(void *state, const struct logentry *e, struct buf *out);
void stream_openai_ended(void *state, struct buf *out);

const jdoc *stream_openai_echo(const struct stream_openai *s);

/* ---- between the files of stream_openai ---- */

/* Room for one element more; false without memory. */
bool stream_openai_room(void **list, size_t count, size_t *room, size_t size);
/* The stream ends with an error, unless it has ended. */
void stream_openai_break(struct stream_openai *s, const char *code, const char *message);
void stream_openai_no_memory(struct stream_openai *s);
void stream_openai_diverged(struct stream_openai *s);

/* A message begins; a piece of it, escaped; a whole one that is not in the log as deltas. */
void stream_openai_open(struct stream_openai *s, const char *id);
void stream_openai_text(struct stream_openai *s, const char *text, size_t len);
void stream_openai_say(struct stream_openai *s, const char *id, const char *text, size_t len);
void stream_openai_cut_messages(struct stream_openai *s, size_t count);
/* A piece of a thought, escaped. stream_openai_thought_out: the next one is another. */
void stream_openai_think(struct stream_openai *s, const char *text, size_t len);
void stream_openai_thought_out(struct stream_openai *s);
/* MESSAGES_SNAPSHOT of another worker: the messages that count; what else was sent has to be said
 * again. */
void stream_openai_on_snapshot(struct stream_openai *s, const jdoc *event);

/* NULL: there is none; stream_openai_add_call: or no memory, and the stream is over. */
struct stream_openai_call *stream_openai_call(struct stream_openai *s, const char *id);
struct stream_openai_call *stream_openai_add_call(struct stream_openai *s, const char *id,
    const char *name);
void stream_openai_drop_call(struct stream_openai *s, const char *id);
void stream_openai_cut_calls(struct stream_openai *s);
/* Those of these ids, a list of texts, are the client's. */
void stream_openai_tell_calls(struct stream_openai *s, const jdoc *pending);

extern const struct stream_render stream_openai_chat_render, stream_openai_response_render;

#endif
