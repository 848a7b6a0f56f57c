/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_MODEL_RESPONSES_PARTS_H
#define TURNPIKE_AGENT_MODEL_RESPONSES_PARTS_H

#include "agent/model/responses.h"
#include "base/err.h"

/*
 * responses_parts -- what the files of responses share with each other:
 *
 *   responses_said   texts, thoughts and arguments, in pieces and whole
 *   responses_items  items, from their beginning to their end
 *   responses_mark   how far all of it has come, for another worker
 *
 * Process: turn worker. All that return int do so as responses.h says.
 */

/* The id of the item that an event is about, or "". */
const char *responses_item_id(const jdoc *event);
/* The item of that id, or NULL: there is none, or the id is "". */
struct provider_block *responses_by_id(struct provider_stream *s, const char *id);
/* A new item of an event, and the one that an event is about, made when it is new. */
MUST_CHECK int responses_new(struct provider_stream *s, const jdoc *event,
    enum provider_block_kind kind, struct provider_block **out);
MUST_CHECK int responses_take(struct provider_stream *s, const jdoc *event,
    enum provider_block_kind kind, struct provider_block **out);
/* Is the item a call of the vendor's search tool, which we answer? It is told as find_tools. */
bool responses_is_search(const jdoc *item);
/* The call is told as soon as its name is known. */
MUST_CHECK int responses_announce(struct provider_stream *s, struct provider_block *b,
    const jdoc *item);
/* A whole item: what has not been said of it, and its end. */
MUST_CHECK int responses_message(struct provider_stream *s, struct provider_block *b,
    const jdoc *item);
MUST_CHECK int responses_thought(struct provider_stream *s, struct provider_block *b,
    const jdoc *item);
MUST_CHECK int responses_call(struct provider_stream *s, struct provider_block *b,
    const jdoc *item);

#endif
