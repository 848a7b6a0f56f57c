/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_MODEL_PROVIDER_H
#define TURNPIKE_AGENT_MODEL_PROVIDER_H

#include "agent/context.h"
#include "agent/model/details.h"
#include "agent/model/pieces.h"
#include "agent/model/quirks.h"
#include "agent/model/think.h"
#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/jdoc.h"
#include "base/reactor.h"
#include "wire/sse.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * provider -- the model providers; their table, `providers`, is in agent/model/provider.c. Two
 * speak HTTP: they write a request and read events of a stream; agent/model/model_attempt.c moves
 * the bytes. The offline one has neither: it runs on a timer. All of them give what they are told
 * to the same sink. Used by turn workers.
 */

/* What a model says, in the order in which it says it. A non-zero return ends the stream. */
struct provider_sink {
    void *arg;
    int (*text)(void *arg, const char *s, size_t len);
    int (*reasoning)(void *arg, const char *s, size_t len);
    /* Ends the thought; sealed (may be NULL): "PROVIDER:KIND:BYTES", to be given back unchanged. */
    int (*reasoning_end)(void *arg, const char *sealed);
    /* id "" = the provider gave none. Calls count from 0; several may be open. */
    int (*call_start)(void *arg, unsigned call, const char *id, const char *name);
    int (*call_args)(void *arg, unsigned call, const char *s, size_t len);
    int (*call_end)(void *arg, unsigned call);
    /* What must go back with the call, between its start and its end; may be NULL: not kept. */
    int (*call_sealed)(void *arg, unsigned call, const char *sealed);
    /* Where an answer is that the vendor makes in the background: "queued", "in_progress"; or
     * NULL: nobody is told. */
    int (*status)(void *arg, const char *word);
    /* What must go back with the text of the whole answer, at its end; or NULL: not kept. */
    int (*text_sealed)(void *arg, const char *sealed);
};

enum provider_stop {
    PROVIDER_STOP_NONE,
    PROVIDER_STOP_END,
    PROVIDER_STOP_CALLS,
    PROVIDER_STOP_MAX_TOKENS,
    PROVIDER_STOP_PAUSE,
    PROVIDER_STOP_REFUSAL,
    PROVIDER_STOP_CONTEXT,
    PROVIDER_STOP_FILTER,
    PROVIDER_STOP_EMPTY /* came to its end without text and without a call: agent/model/model.c */
};

/* As AG-UI counts: input and output are totals, the others are parts of them. */
struct provider_usage {
    int64_t input, output, reasoning, cached, cache_write;
};
void provider_usage_add(struct provider_usage *to, const struct provider_usage *more);

enum provider_block_kind {
    PROVIDER_BLOCK_OTHER,
    PROVIDER_BLOCK_TEXT,
    PROVIDER_BLOCK_REASONING,
    PROVIDER_BLOCK_CALL
};
struct provider_block {
    enum provider_block_kind kind;
    int64_t index; /* as the provider counts */
    bool open;
    bool announced;  /* call_start was said */
    bool args_whole; /* Anthropic: the block began with its arguments */
    unsigned call;
    char id[96]; /* a longer one ends in a hash of the whole */
    char name[96];
    struct pieces pieces; /* of the call's arguments */
    /* OpenAI Responses: what has been said of the item (agent/model/responses.h). */
    char item[96]; /* its id */
    int64_t part;  /* the part that is being said; -1 = none yet */
    size_t said;   /* bytes of that part */
};
#define PROVIDER_BLOCKS_MAX 128

/* Names a provider and its server, without telling the server's address: "openai-5e1f0a2b". */
#define PROVIDER_MAKER_SIZE 32
/* Fields of an OpenAI-compatible message that hold thoughts, and by which they go back. */
#define PROVIDER_REASONING_CONTENT "reasoning_content" /* DeepSeek, llama.cpp, older vLLM */
#define PROVIDER_REASONING "reasoning"                 /* newer vLLM, Ollama, Groq */
#define PROVIDER_DETAILS "reasoning_details"           /* OpenRouter */

#define PROVIDER_RESPONSE_SIZE 128 /* an id of a stored answer, with its zero */

/* The state of one streamed answer. */
struct provider_stream {
    const struct provider_sink *sink;
    struct buf scratch; /* unescaped text of the fast path */
    struct buf marked;  /* an event that has pieces of characters: agent/model/pieces.h */
    struct buf whole;   /* text whose pieces are joined */
    struct buf sealed;  /* signature of the open thought */
    struct provider_block
        *blocks[PROVIDER_BLOCKS_MAX]; /* the first block_count; each is kept for the
                                                           next answer */
    size_t block_count;
    unsigned calls;
    bool thinking;   /* a thought is open */
    bool think_tags; /* thoughts may stand in the text: agent/model/think.h */
    bool has_pieces; /* the event that is being read is in `marked` */
    struct pieces text_pieces, thought_pieces;
    struct think think;
    bool slow_only; /* tests: the fast path is not tried */
    bool ended;     /* the stream said that it is whole */
    enum provider_stop stop;
    struct provider_usage usage;
    int64_t plain_input;             /* Anthropic: input tokens without the cached ones */
    char maker[PROVIDER_MAKER_SIZE]; /* whose stream it is (provider_maker); "" = nobody asks */
    const char *thought_field;       /* a field of the message by which thoughts go back, or NULL */
    struct details details;          /* what goes back instead of it */
    char model[96];
    /* OpenAI Responses: where to go on behind a lost connection. */
    char response[PROVIDER_RESPONSE_SIZE]; /* its id, "" = not told yet */
    int64_t sequence;                      /* of the last event; -1 = none */
    bool background; /* the vendor keeps the answer: `follow` of the provider goes on with it */
    bool follows;    /* goes on with an answer that broke off: its events come once */
    bool waits;      /* the vendor has it in a queue */
    bool has_text;   /* some text was said */
    bool declined;   /* some of it was a refusal */
    const char *event_name;
    int error; /* of an error event: ERR_OVERLOADED, ERR_QUOTA, ERR_POLICY, ERR_AUTH, ERR_REMOTE,
                               ERR_INVALID */
    char error_type[64], error_text[256];
    /* What the vendor called it, each a token or "": for the operator's log. */
    struct provider_said {
        char type[64], code[64], request[96];
    } said;
};
void provider_stream_init(struct provider_stream *s, const struct provider_sink *sink);
void provider_stream_fini(struct provider_stream *s);

struct provider_request {
    const struct conf *conf;
    const struct context *context;
    bool no_tools; /* the tools are told, but none may be called */
    int64_t max_tokens;
    struct quirks quirks;      /* what this server and model have refused before */
    const char *uid, *session; /* whose conversation it is; NULL = nobody's */
};
/* What agent/model/model_attempt.c sends; the buffers are reused. headers: "Name: value",
 * NULL-terminated. */
#define PROVIDER_HEADERS_MAX 8
struct provider_http {
    struct buf url, body, header_text; /* the body is given away when it is sent */
    size_t body_len;                   /* of the last request that had a body */
    size_t file_bytes, file_tokens;    /* of body_len, files in base64; what these count for */
    size_t deferred_bytes;             /* of body_len, tools that are kept back: no tokens */
    const char *headers[PROVIDER_HEADERS_MAX + 1];
    uint64_t sent; /* members in it that may be left out, as the flags that do (quirks.h) */
};

struct provider_local; /* a running answer of a provider without HTTP */
typedef void provider_done_fn(void *arg, int error);

struct provider {
    const char *name;
    const char *(*model)(const struct conf *conf);
    const char *(*url)(const struct conf *conf); /* NULL for one without HTTP */
    /* Appends one tool of the list that is prepared before the fork. NULL: takes no tools. */
    void (*tool)(struct buf *json, const struct context_tool *tool, bool last);
    /*
     * Appends one tool that the vendor is to keep back (agent/model/deferred.h). NULL: there is no
     * form for it. search: find_tools as the search tool of the vendor's own, whose answers bring
     * the definitions; NULL: it stays an ordinary tool, and the list has all that are kept back.
     */
    void (*deferred)(struct buf *json, const struct context_tool *tool);
    void (*search)(struct buf *json, const struct context_tool *tool);
    /* Fills out (its buffers are empty). Returns 0 or ERR_NOMEM. */
    int (*request)(const struct provider_request *request, const struct buf *tools,
        struct provider_http *out);
    /*
     * Returns 0; ERR_PROTOCOL (not this protocol); ERR_LIMIT (more than PROVIDER_BLOCKS_MAX
     * blocks); ERR_NOMEM; of an event that tells an error: ERR_OVERLOADED, ERR_QUOTA, ERR_POLICY,
     * ERR_AUTH, ERR_REMOTE, ERR_INVALID, also in stream->error; what the sink returned.
     */
    int (*event)(struct provider_stream *stream, const struct sse_event *event);
    /* A whole answer in one JSON document, from a server that does not stream. As event. */
    int (*document)(struct provider_stream *stream, const jdoc *doc);
    /*
     * Of a provider that can let its vendor make an answer in the background (stream.background);
     * else NULL, all four. follow asks for what comes behind stream.sequence, stop for the end of
     * that response: both fill `out` without a body, and return 0 or ERR_NOMEM. mark appends the
     * members of an open JSON object from which restore makes the same stream again; false: not at
     * this moment. restore returns 0 or ERR_INVALID.
     */
    int (*follow)(const struct conf *conf, const struct provider_stream *stream,
        struct provider_http *out);
    int (*stop)(const struct conf *conf, const char *response, struct provider_http *out);
    bool (*mark)(const struct provider_stream *stream, struct buf *json);
    int (*restore)(struct provider_stream *stream, const jdoc *mark);
    /* May thoughts stand between tags in the text of this server? NULL = never. */
    bool (*think_tags)(const struct conf *conf);
    /* Instead of request and event. done is called once, from within reactor_step. */
    int (*start)(const struct provider_request *request, struct reactor *reactor,
        struct provider_stream *stream, provider_done_fn *done, void *arg,
        struct provider_local **out);
    void (*cancel)(struct provider_local *local); /* also frees a done one */
};

extern const struct provider provider_anthropic, provider_openai, provider_responses,
    provider_offline;

/* By the name that model.chain has for it. NULL when unknown. */
const struct provider *provider_find(const char *name, size_t len);
/* The place of one of them in the table, which is also that of its breaker (base/breaker.h). */
size_t provider_place(const struct provider *p);
/* Writes the lists of core tools, once, before the fork. Returns 0 or ERR_NOMEM. */
MUST_CHECK int provider_prepare(const struct context_tool *tools, size_t count);
const struct buf *provider_tools(const struct provider *p);
/* Some servers take no longer description of a tool (Azure OpenAI: 1024 characters). */
#define PROVIDER_DESCRIPTION_MAX 1024
/*
 * Appends `,"tools":[...`: the prepared ones (the same bytes always), those that the conversation
 * brought in, the client's; at most conf->model_tools_max, the oldest found ones and then the last
 * of the client's are left out. What the vendor keeps back (deferred, NULL = nothing) is neither
 * counted nor written: deferred_put does that, and the caller closes the list. Nothing and false
 * when there are none, or the frame has instructions of its own.
 *   tools  provider_tools; empty: none of those
 *   marks  with the marks for the vendor's cache
 */
struct deferred;
bool provider_put_tools(const struct provider *p, const struct provider_request *request,
    const struct buf *tools, bool marks, const struct deferred *deferred, struct buf *json);

/* A schema that each server takes (tools/remote/foreign_schema.h). */
void provider_plain(const char *schema, struct buf *out);

/* Whose answers these are: the provider and its configured server. */
void provider_maker(const struct provider *p, const struct conf *conf,
    char out[PROVIDER_MAKER_SIZE]);

/* Helpers shared by the protocols: agent/model/provider_stream.c. */
struct provider_block *provider_block_at(struct provider_stream *s, int64_t index);
/* NULL: PROVIDER_BLOCKS_MAX are there, which is ERR_LIMIT to the caller, or there is no memory. */
struct provider_block *provider_block_add(struct provider_stream *s, int64_t index);
/* An id as a block keeps it. */
void provider_block_id(char out[96], const char *id);
/*
 * provider_read -- One event or body: the document is parsed, with pieces of characters in it or
 * not, and given to `read`. Returns ERR_PROTOCOL when it is no JSON object; ERR_NOMEM; its result.
 */
MUST_CHECK int provider_read(struct provider_stream *s, const char *json, size_t len,
    int (*read)(struct provider_stream *s, const jdoc *doc));
/* To the sink: text (thoughts between tags told apart), a thought, arguments of a call. Characters
 * that came in pieces are joined. Return what the sink returned; ERR_NOMEM. */
MUST_CHECK int provider_text(struct provider_stream *s, const char *text, size_t len);
MUST_CHECK int provider_thought(struct provider_stream *s, const char *text, size_t len);
MUST_CHECK int provider_args(struct provider_stream *s, struct provider_block *b, const char *text,
    size_t len);
/* Any JSON value as the arguments of a call; an empty object says nothing. */
MUST_CHECK int provider_args_value(struct provider_stream *s, struct provider_block *b,
    const jdoc *value);
/* What the setting says: on, off, or auto = on but for the vendor's own host. */
bool provider_think_tags(const char *setting, const char *url, const char *vendor);
/* The end of a text, a thought, a call: passes on what was held back for them. */
MUST_CHECK int provider_end_text(struct provider_stream *s);
MUST_CHECK int provider_end_thought(struct provider_stream *s, const char *sealed);
MUST_CHECK int provider_end_call(struct provider_stream *s, struct provider_block *b);
void provider_copy(char *out, size_t size, const char *text);
/* A vendor's name for something, such as model_not_found or the id of a request: letters, digits
 * and _ - . : alone, so that no words of a user are in it. Else, or longer than fits: "". */
void provider_token(char *out, size_t size, const char *text);
/* Members of objects that are counts: each that is there, and not negative, is taken; no server can
 * say so much that sums of them overflow. */
#define PROVIDER_COUNT_MAX INT64_C(1000000000000)
struct provider_count {
    const jdoc *object;
    const char *key;
    int64_t *value;
};
void provider_counts(const struct provider_count *counts, size_t count);
/* Adds a header; the value must not need escaping (line breaks are left out). */
void provider_header(struct provider_http *http, size_t *count, size_t *offsets, const char *name,
    const char *value);
/* Sets headers[] from the offsets when all have been written. */
void provider_headers_done(struct provider_http *http, size_t count, const size_t *offsets);

/* What servers say in words of their own: agent/model/provider_words.c. */
/* Why an answer ended, in any protocol's words; PROVIDER_STOP_NONE: it is not whole. A word that is
 * not known is a good end. */
enum provider_stop provider_stop_of(const char *reason);
/* "[DONE]", perhaps with blanks behind it. */
bool provider_is_done(const struct sse_event *event);
/* Is the document an error? normal: a member that no other document lacks; NULL = none. */
bool provider_is_error(const jdoc *doc, const char *normal);
/* Copies type and message of an error, and finds its place in base/err.h; returns that. */
MUST_CHECK int provider_error(struct provider_stream *s, const char *type, const char *code,
    const char *message, int64_t status);
/* The same of a document in any vendor's form. status: of HTTP; 0 = the document may have one. */
MUST_CHECK int provider_error_doc(struct provider_stream *s, const jdoc *doc, int64_t status);
/* One event by provider_read; one whose name is "error" is an error, whatever it holds. */
MUST_CHECK int provider_event(struct provider_stream *s, const struct sse_event *event,
    int (*read)(struct provider_stream *s, const jdoc *doc));

#endif
