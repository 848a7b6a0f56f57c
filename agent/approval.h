/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_APPROVAL_H
#define TURNPIKE_AGENT_APPROVAL_H

#include "agent/chat.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "store/approvals.h"
#include "tools/engine/tools.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * approval -- which calls the user is asked about, and in what form. Pure computation. Used by
 * turn and api workers.
 */

struct approval_form {
    const char *args; /* in the arena */
    char hash[IDENT_SHA256_SIZE];
};
/*
 * approval_canonical -- the arguments as they would run: parsed, coerced, defaults filled in,
 * members sorted by key; and their SHA-256.
 *   problem  out, when ERR_INVALID: the wrong field
 * Returns 0; ERR_INVALID (tools_start would refuse them); ERR_NOMEM or another fault.
 */
MUST_CHECK int approval_canonical(const struct tools_spec *spec, const char *text, size_t len,
    struct arena *arena, struct approval_form *out, struct tools_problem *problem);

/*
 * approval_tainted -- whether what others wrote has come into the conversation: a result of a tool
 * that is marked `untrusted`, or of one that is not ours; also the words with which one failed.
 * APPROVAL_OUTSIDE_MARK: how a result of such a tool begins.
 */
#define APPROVAL_OUTSIDE_MARK "{\"untrusted\":true,"
bool approval_tainted(const struct chat *chat);

/*
 * approval_needed -- does this call wait for the user? ask: out when it does; its call is borrowed,
 * zone and expires_ms are the caller's. Wrong arguments never wait: tools_start refuses them and
 * runs nothing. Returns 0 or a fault.
 */
MUST_CHECK int approval_needed(const struct tools_spec *spec, const struct chat_call *call,
    bool tainted, struct arena *arena, bool *needed, struct approvals_ask *ask);

/*
 * approval_question -- puts what is asked into words, and the same as data into ask->preview: of a
 * run after tools_preview; NULL: the tool's name. Texts are in the arena. Returns 0 or ERR_NOMEM.
 */
MUST_CHECK int approval_question(struct approvals_ask *ask, const struct tools_run *run,
    struct arena *arena);

/*
 * approval_form_question -- the same for what a service asks: who asks stands in front of its
 * words. Sets ask->message and ask->form. Returns 0 or ERR_NOMEM.
 */
MUST_CHECK int approval_form_question(struct approvals_ask *ask, const struct tools_question *q,
    struct arena *arena);

/* One AG-UI Interrupt, with the tool's schema for edited arguments. */
void approval_interrupt(const struct approvals_ask *ask, struct buf *json);

/*
 * approval_answer -- reads a payload of the form of the interrupt's responseSchema,
 * {"approved":bool,"EDITED"?:object}, for a call of the tool `name`.
 *   edited  name of that member
 *   out     id is the caller's
 *   problem out, when ERR_INVALID
 */
MUST_CHECK int approval_answer(const jdoc *payload, const char *edited, const char *name,
    struct arena *arena, struct approvals_answer *out, struct tools_problem *problem);
/*
 * approval_form_answer -- the same for a service's question: {"action":"accept"|"decline"|"cancel",
 * "content"?:object}, or {"approved":bool,"content"?:object} of a client that knows approvals only.
 *   form  of the record
 */
MUST_CHECK int approval_form_answer(const jdoc *payload, const char *form, struct arena *arena,
    struct approvals_answer *out, struct tools_problem *problem);
/* The answer that abandons a call. */
void approval_decline(struct approvals_answer *out);

#endif
