/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_CHAT_H
#define TURNPIKE_AGENT_CHAT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/media.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * chat -- a conversation in memory: what is stored as AG-UI messages, in the form in which the
 * context is chosen and providers write their requests. Everything lives in one arena. Used by
 * turn workers.
 */
enum chat_role { CHAT_SYSTEM, CHAT_USER, CHAT_ASSISTANT, CHAT_TOOL, CHAT_REASONING };

struct chat_call {
    const char *id;
    const char *name;  /* the client's or ours; as the model wrote it when there is no such tool */
    const char *alias; /* by which the model knows a client's tool; NULL = by its name */
    const char *args;  /* JSON text as the model wrote it */
    size_t args_len;
    /* What the provider must get back beside it, "MAKER:call:JSON" (request_extra.h), or NULL. */
    const char *sealed;
};

/* A file that stands in a message; store/attachments.h has its bytes. */
struct chat_file {
    const char *id, *type, *name; /* name: "" = none */
    enum media_kind kind;
    int64_t bytes;
    unsigned width, height, pages;
    bool animated;
    size_t label, at; /* its label in the message's text begins and ends there, bytes */
    /* For one request (context_build, agent/model/attached.h): */
    const char *why;  /* it does not go along: a sentence for the model; NULL = it does */
    const char *data; /* what goes along: the bytes of a text, of others their base64 */
    size_t len;
};

struct chat_message {
    enum chat_role role;
    const char *id;
    const char *text; /* never NULL; where a file stands, a line that names it */
    size_t len;
    /* With files AG-UI's array of parts, with an author the words alone: as it is stored. Else
     * NULL. */
    const char *content;
    /*
     * user, in the chat of a trip: {"id","name"} of who wrote it, as it is stored; else NULL. Each
     * line of the text begins with that then, so that no message can look as if others had written
     * a part of it.
     */
    const char *author;
    struct chat_file *files; /* user, tool; as they stand in the text */
    size_t file_count;
    struct chat_call *calls; /* assistant */
    size_t call_count;
    /*
     * assistant: how thoughts (the messages in front of it), text and calls came, when not in that
     * order: "r c t12 c" = a thought, a call, 12 bytes of text, a call. Else NULL.
     */
    const char *order;
    const char *call_id; /* tool: the call that it answers */
    bool failed;         /* tool: an error result */
    /*
     * reasoning, assistant: what the provider must get back unchanged, "PROVIDER:KIND:BYTES" (AG-UI
     * encryptedValue); NULL = nothing. Of an assistant's message it is about its text.
     */
    const char *sealed;
};

struct chat {
    struct arena *arena;
    struct chat_message *items;
    size_t count, cap;
    /* Tells the first `covered` items in words, so that models need not see them (agent/summary.h),
     * but for those of the role system. NULL = nothing does, covered is 0. */
    const char *summary;
    size_t covered;
    /* That of a trip: what its members wrote into the trip is not what outsiders wrote, as they may
     * all change it (agent/approval.h). */
    bool of_trip;
};

void chat_init(struct chat *c, struct arena *arena);
/* Copies the struct; what it points to must live as long as the arena. Returns 0 or ERR_NOMEM. */
MUST_CHECK int chat_add(struct chat *c, const struct chat_message *message);
/*
 * chat_parse -- one AG-UI message as JSON. Text parts are joined, one a line; a file becomes a line
 * that names it and an entry of `files`; other parts become a note that they cannot be shown. Roles
 * that a model never sees (activity) add nothing.
 * Returns 0, ERR_INVALID, ERR_NOMEM.
 */
MUST_CHECK int chat_parse(struct chat *c, const char *json, size_t len);
/* Appends the message in AG-UI form. */
void chat_write(const struct chat_message *message, struct buf *json);
/* The text without the lines that name files. Returns buf_error. */
MUST_CHECK int chat_words(const struct chat_message *message, struct buf *out);
/* Whether a tool call of this id stands anywhere in the conversation. */
bool chat_has_call(const struct chat *c, const char *id);
/* The tool message that answers the call, NULL when there is none. */
const struct chat_message *chat_result(const struct chat *c, const char *call_id);

#endif
