/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_CONTEXT_H
#define TURNPIKE_AGENT_CONTEXT_H

#include "agent/chat.h"
#include "agent/input.h"
#include "base/arena.h"
#include "base/conf.h"
#include "base/err.h"
#include "tools/kit/units.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * context -- what one model call gets to see: the system prompt, the part of the conversation that
 * fits the token budget, and a late block with what changes from turn to turn (time, zone, place).
 * That block follows the cached part. Used by turn workers.
 */

/* A tool as the model is told of it; server side or offered by the client. */
struct context_tool {
    const char *name, *description;
    const char *schema; /* JSON Schema of the arguments, compact JSON */
    bool guessed;       /* of agent/offer.h: it was called, and no result of find_tools names it */
    /* The client's name of its tool, when models do not take it or it is taken; else NULL. */
    const char *own;
};

/* What stays the same through one turn. */
struct context_frame {
    const struct conf *conf;
    const struct input *input;
    const char *zone; /* valid IANA name */
    const char *currency;
    const char *locale; /* the request's, else the language that the user has chosen */
    struct units units;
    int64_t now_ms;         /* real time at the turn's start */
    const char *stored;     /* the user's stored context as JSON text, NULL or "{}" = none */
    bool memory;            /* memories are used, by the site's wish and the user's */
    const char *remembered; /* of the user (agent/memory.h); NULL or "" = nothing */
    const char *late;       /* text of the late block, made by context_frame_init */
    const struct context_tool *client_tools; /* each name once, and none of ours */
    size_t client_tool_count;
    size_t client_tool_tokens;
    /* For a model call beside the conversation: these instead of the system prompt, and no tools.
     * NULL = a usual one. */
    const char *instructions;
    /* The tool that the next call of a model has to call, by its name for the model; "" = any;
     * NULL = none has to be. Set before each call (agent/turn_ask.c). */
    const char *must_call;
};

/* What one request may hold beside what conf says; zeroed = nothing more. */
struct context_limits {
    int64_t room;    /* tokens of the whole request; 0 = conf->model_context_tokens decides */
    size_t overhead; /* tokens that the request costs beside messages, found and client tools */
    size_t tokens;   /* of the messages, at most; 0 = no further limit */
    size_t thoughts_from; /* of the chat: thoughts of messages before it stay away */
    bool keep_thoughts;   /* those of earlier turns too */
    bool no_thoughts;     /* none at all */
    bool no_files;        /* none goes along */
    bool reduced; /* the last user message and what follows; no thoughts, no foreign tools */
};

struct context {
    const struct context_frame *frame;
    const char *system;
    const struct chat_message *items; /* starts with a user message; every call has its result */
    size_t count;
    size_t late_at; /* index of the user message that the late block follows; SIZE_MAX = none */
    size_t dropped; /* messages left out that no summary tells */
    const struct context_tool *found; /* tools beside the core ones: agent/offer.h */
    size_t found_count;
    size_t tokens;    /* of the messages, estimated */
    size_t budget;    /* that they may have */
    size_t room;      /* of the whole request */
    bool reduced;     /* the client's tools are not told */
    bool no_thoughts; /* none go along */
};

/* The system prompt: built in, or system_prompt.file. Before the fork. 0, ERR_IO, ERR_NOMEM. */
MUST_CHECK int context_prepare(const struct conf *conf);
const char *context_system(void);

/* Everything made lives in the arena; stored is borrowed. Returns 0 or ERR_NOMEM. */
MUST_CHECK int context_frame_init(struct context_frame *frame, const struct conf *conf,
    const struct input *input, const char *stored, int64_t now_ms, struct arena *arena);
/* The same in two steps, for a turn: all but the late block; and that, with what is remembered
 * ("" = nothing; borrowed). Both return 0 or ERR_NOMEM. */
MUST_CHECK int context_frame_begin(struct context_frame *frame, const struct conf *conf,
    const struct input *input, const char *stored, int64_t now_ms, struct arena *arena);
MUST_CHECK int context_frame_end(struct context_frame *frame, const char *remembered,
    struct arena *arena);
/* A late block that says nothing of the user but language, currency and units, and nothing of the
 * time; NULL: no memory. */
const char *context_neutral(const struct context_frame *frame, struct arena *arena);
/*
 * context_build -- chooses what fits conf->model_context_tokens, less what the client's tools cost
 * (they take three quarters at most), and the limits (NULL = none). Whole messages go, the oldest
 * first, a tool call together with its results; a note says so in their place. Messages that a
 * summary tells (struct chat) are not among them: the summary is. Never dropped:
 * the last user message and what follows it; when that alone is too large, the text of its oldest
 * tool results is. Files of the last user message and behind it go along, older ones while they
 * take at most a quarter of the budget, the newest first; texts are cut so that they fit half of
 * it. Calls without a result get an error result, results without a call vanish.
 */
MUST_CHECK int context_build(const struct context_frame *frame, const struct chat *chat,
    const struct context_limits *limits, struct arena *arena, struct context *out);
/* The whys of files that context_build leaves out. */
#define CONTEXT_FILE_OLD \
    "is not shown again, to save room. Ask the user to send it once more if it is needed"
#define CONTEXT_FILE_REFUSED \
    "cannot be shown: the model's server did not accept the request with it"
/* Tokens of a file that goes along, estimated (files are counted by what vendors say of sizes, not
 * by bytes). */
size_t context_file_tokens(const struct chat_file *file);
/* Does any file go along? */
bool context_sends_files(const struct context *context);
/* Estimated tokens of text, on the safe side. */
size_t context_tokens(size_t bytes);
/* Those of a message. */
size_t context_message_tokens(const struct chat_message *message);
/* Have messages left it that no summary tells, or will some leave soon, as a turn sees only the
 * latest ones of a conversation? */
#define CONTEXT_MANY 300
bool context_is_short(const struct context *context);
/* Where the result of a call stands, whose message is before `from`; chat->count when nowhere. */
size_t context_result_at(const struct chat *chat, size_t from, const char *id);
/* The client's tool that a model calls so: by its name for the model, or by the client's own when
 * no tool of ours is named so. NULL when it is none of them. */
const struct context_tool *context_called_tool(const struct context_frame *frame, const char *name);
/* The tool that the client offers by its name for the model, NULL when it is none of them. */
const struct context_tool *context_client_tool(const struct context_frame *frame, const char *name);

#endif
