/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_MODEL_REQUEST_RULES_H
#define TURNPIKE_AGENT_MODEL_REQUEST_RULES_H

#include "agent/context.h"
#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * request_rules -- a conversation in the one form that both dialects take, whatever is stored: user
 * and assistant in turn, the user first and last; nothing empty or blank; each call directly
 * followed by its result, no result without its call; ids and names in the letters and lengths that
 * vendors allow; arguments that are JSON objects; each file where it was sent, behind a line that
 * names it, those of a tool's result behind all results; a sentence for one that does not go along.
 * Pure computation. Used by turn workers.
 *
 * What the vendors demand, from their documentation and error texts (November 2026): names of 1 to
 * 64 of A-Z a-z 0-9 _ -, the first a letter or _ (Gemini); ids of A-Z a-z 0-9 _ - (Anthropic), at
 * most 40 (OpenAI), nine letters and digits (Mistral); text with something other than white space;
 * no assistant message at the end.
 */
#define REQUEST_RULES_NAME_MAX 64
#define REQUEST_RULES_ID_MAX 40

enum request_rules_kind {
    REQUEST_RULES_TEXT,
    REQUEST_RULES_THOUGHT,
    REQUEST_RULES_CALL,
    REQUEST_RULES_RESULT,
    REQUEST_RULES_FILE /* an image or a PDF that goes along, in front of the words about it */
};
struct request_rules_part {
    enum request_rules_kind kind;
    const char *text; /* text, thought, result; of a call: its arguments, a JSON object */
    size_t len;
    const char *id;   /* call, result */
    const char *name; /* call; of a result: the tool of ours whose it is, or NULL */
    /* thought, call, text of the assistant: struct chat_message, struct chat_call; or NULL */
    const char *sealed;
    size_t from, whole; /* such a text: where in its message it begins, of how many bytes */
    const struct chat_file *file; /* file: its type, name, and data, which is base64 */
    bool failed;                  /* result */
    bool late;                    /* the late block of the frame */
    bool joined;                  /* text that goes on in the middle of the text before it */
};
struct request_rules_message {
    bool assistant;
    struct request_rules_part *parts;
    size_t count; /* at least 1; of a user: results first, then texts and files */
};
struct request_rules {
    struct request_rules_message *messages;
    size_t count; /* at least 1 */
};
/*
 * request_rules_make -- everything made lives in the arena; texts are borrowed from the context.
 *   short_ids  every id is nine letters and digits, counted through the conversation
 * Returns 0 or ERR_NOMEM.
 */
MUST_CHECK int request_rules_make(const struct context *context, bool short_ids,
    struct arena *arena, struct request_rules *out);

/* The name in allowed letters, cut to 64; "unnamed" for an empty one. NULL on no memory. */
const char *request_rules_name(const char *name, struct arena *arena);
bool request_rules_name_valid(const char *name);

#endif
