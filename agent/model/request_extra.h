/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_MODEL_REQUEST_EXTRA_H
#define TURNPIKE_AGENT_MODEL_REQUEST_EXTRA_H

#include "agent/model/provider.h"
#include "base/err.h"
#include "base/jdoc.h"

/*
 * request_extra -- what an OpenAI-compatible server adds to its messages and wants back unchanged,
 * though the protocol does not know it: members of tool calls (Gemini's
 * extra_content.google.thought_signature, ai.google.dev/gemini-api/docs/thought-signatures) and the
 * thoughts of a step with calls (DeepSeek's reasoning_content, api-docs.deepseek.com, "Thinking
 * mode"; both November 2026). It goes back to the server that said it, and to no other: the text
 * that is kept begins with its maker. Used by turn workers.
 */

/* Of one tool call of a stream: tells the sink when there is something to keep. 0 or its error. */
MUST_CHECK int request_extra_note(struct provider_stream *s, unsigned call, const jdoc *tool_call);

/* Kept members of a call as JSON, {"call":{...},"function":{...}}, or of its item; NULL when another
 * made them. */
jdoc *request_extra_of(const char *sealed, const char *maker);

/* The field under which the sealed thought goes back to this maker, or NULL. It holds the thought's
 * text; of PROVIDER_DETAILS a list with the items that *itemsp is, to be read by
 * request_extra_items: a client may have stored anything. */
const char *request_extra_field(const char *sealed, const char *maker, const char **itemsp);
/* Appends the items, JSON divided by commas; nothing when they are none. Returns whether there were
 * any. */
bool request_extra_items(const char *items, bool comma, struct buf *json);
/* Is it a thought that some server of this dialect wants back also in later turns? */
bool request_extra_is_kept(const char *sealed);

/*
 * The same of OpenAI's Responses (developers.openai.com/api/docs/guides/reasoning, "Keeping
 * reasoning items in context", November 2026): a reasoning item goes back as it came, with its id
 * and encrypted_content; a call with its id and what else stood in it.
 */
/* Fills sealed with what is to be kept of a reasoning item: nothing when nobody is told (maker ""),
 * or when it has neither encrypted nor plain words nor an id. Returns 0 or ERR_NOMEM. */
MUST_CHECK int request_extra_seal_item(const char *maker, const jdoc *item, struct buf *sealed);
/* Tells the sink what is to be kept of a call's item. 0 or its error. */
MUST_CHECK int request_extra_note_item(struct provider_stream *s, unsigned call, const jdoc *item);
/*
 * The phases of an answer's messages ("commentary", "final_answer"), which newer models want back:
 * responses.d.ts, ResponseOutputMessage. request_extra_note_phases tells the sink when the response
 * names any; 0 or its error.
 */
MUST_CHECK int request_extra_note_phases(struct provider_stream *s, const jdoc *response);
/* [[BYTES, PHASE], ...] of a text, one for each message; or NULL. The caller frees it. */
jdoc *request_extra_phases(const char *sealed, const char *maker);
#define REQUEST_EXTRA_BETWEEN 2 /* bytes that part two messages in the text: a blank line */
/* The JSON of the reasoning item that this maker gave, or NULL. */
const char *request_extra_item(const char *sealed, const char *maker);

#endif
