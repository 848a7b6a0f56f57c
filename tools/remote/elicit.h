/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_REMOTE_ELICIT_H
#define TURNPIKE_TOOLS_REMOTE_ELICIT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/jdoc.h"
#include "tools/kit/run.h"
#include "tools/schema/schema.h"

#include <stddef.h>

/*
 * elicit -- a form that an MCP server wants the user to fill in (elicitation/create of 2025-06-18
 * to 2026-07-28, mode "form"), and the user's answer to it. Pure computation. Used by turn and api
 * workers.
 *
 * All texts are another's: they are shown as such, without control characters and characters that
 * change the direction of writing, and cut.
 */
#define ELICIT_QUESTIONS_MAX 3   /* that one call of a tool may ask */
#define ELICIT_FIELDS_MAX 24     /* of a form */
#define ELICIT_SCHEMA_MAX 16384  /* bytes of it */
#define ELICIT_CONTENT_MAX 16384 /* bytes of an answer */
#define ELICIT_STATE_MAX 65536   /* bytes of a requestState */
#define ELICIT_METHOD "elicitation/create"

/*
 * elicit_read -- what the server asks. The form becomes an object with properties of the types
 * string, number, integer, boolean, and array of strings. Choices of every kind are `enum` with
 * `enumNames`, the texts to show. A default that breaks its own field is left out. A form that asks
 * for a secret is refused: the protocol forbids it.
 *   from  the server's name
 *   out   texts in the arena; state and the limits of the call are the caller's
 *   why   out, when ERR_INVALID: what is wrong, for the log and for the tool's result
 * Returns 0, ERR_INVALID, ERR_NOMEM.
 */
MUST_CHECK int elicit_read(const jdoc *params, const char *from, struct arena *arena,
    struct tools_question *out, char *why, size_t why_size);

/* Gives what is missing in content its default. Returns 0 or ERR_NOMEM. */
MUST_CHECK int elicit_defaults(const jdoc *schema, jdoc *content);

/*
 * elicit_check -- is it an answer to this form? schema: of elicit_read. Returns 0, or ERR_INVALID
 * with the field and what would be right; ERR_NOMEM.
 */
MUST_CHECK int elicit_check(const jdoc *schema, const jdoc *content, struct tools_problem *problem);

/* {"action", "content"?} as the protocol has it. content: JSON text, NULL = none. NULL: no
 * memory. */
jdoc *elicit_result(const char *action, const char *content);

#endif
