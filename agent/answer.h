/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_ANSWER_H
#define TURNPIKE_AGENT_ANSWER_H

#include "agent/chat.h"
#include "agent/model/provider.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/ident.h"
#include "store/eventlog.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * answer -- one answer of the model on its way: what the provider says becomes events at once, and
 * a message of the conversation at the end. One assistant message per answer carries the text and
 * the calls. Used by turn workers.
 */
struct answer_call {
    char *id, *name;      /* in the arena */
    char *alias, *sealed; /* as in struct chat_call */
    struct buf args;
    bool open;
};
struct answer_thought {
    char id[IDENT_UUID_SIZE];
    struct buf text;
    char *sealed; /* in the arena, or NULL */
    bool open;
};
#define ANSWER_CALLS_MAX 64
#define ANSWER_THOUGHTS_MAX 256 /* more are read, but neither shown nor kept */

struct answer {
    struct eventlog *log;
    struct arena *arena;
    const struct chat *chat;               /* for ids that are taken already */
    const struct context_frame *frame;     /* for the client's names of its tools; may be NULL */
    bool quiet;                            /* no viewer sees it: nothing goes to the log */
    size_t bytes_left;                     /* of the turn; what would take more is ERR_LIMIT */
    void (*on_part)(void *arg, bool args); /* text or arguments begin: for the scoreboard */
    void *arg;
    struct buf json; /* reused */

    char id[IDENT_UUID_SIZE];
    struct buf text;
    char *sealed; /* in the arena, or NULL: struct chat_message.sealed */
    bool text_open;
    bool emitted;              /* something reached the log: no retry any more */
    struct answer_call *calls; /* of ANSWER_CALLS_MAX at most; most answers have none */
    size_t call_count, call_room;
    struct answer_thought *thoughts; /* of ANSWER_THOUGHTS_MAX at most */
    size_t thought_count, thought_room;
    struct buf order; /* struct chat_message.order, as far as it has come */
    int64_t said_us;  /* monotonic: when its first text came; 0 = none yet, or told elsewhere */
    size_t text_run;  /* bytes of text since the last call or thought */
    struct provider_sink sink;
};
/* The caller sets log (unless quiet), arena, chat and bytes_left before; frame, quiet and on_part
 * it may set. */
void answer_init(struct answer *a);
void answer_fini(struct answer *a);
/* Empties it for the next answer, with a new message id; keeps the buffers. */
void answer_reset(struct answer *a);
/* Of text, thoughts and arguments. */
size_t answer_bytes(const struct answer *a);
/* Text that is not the model's own (a refusal, an end at a limit). Returns 0, ERR_LIMIT,
 * ERR_FENCED, ERR_FULL, ERR_NOMEM. */
MUST_CHECK int answer_say(struct answer *a, const char *text);
/* Ends in the log whatever is open. Returns 0, ERR_FENCED, ERR_FULL, ERR_NOMEM. */
MUST_CHECK int answer_close(struct answer *a);
/* Adds thoughts and the message, with its calls, to the conversation, as far as they have come.
 * Returns 0, ERR_NOMEM, ERR_LIMIT. */
MUST_CHECK int answer_store(struct answer *a, struct chat *chat);

/*
 * An answer that another worker began, from the events of its turn: answer_restore_begin, then
 * answer_restore_entry (a turns_entry_fn for a struct answer) for each entry of the log, then
 * answer_restore_is: whether it has so many bytes of text, thoughts and arguments, and so many
 * calls. What it has is in the log already and is not told again.
 */
void answer_restore_begin(struct answer *a, const char *id);
MUST_CHECK int answer_restore_entry(void *answer, const struct logentry *e);
bool answer_restore_is(struct answer *a, size_t bytes, size_t calls);

#endif
