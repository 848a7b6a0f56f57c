/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_MODEL_RESPONSES_H
#define TURNPIKE_AGENT_MODEL_RESPONSES_H

#include "agent/model/provider.h"
#include "agent/model/scan.h"
#include "base/err.h"
#include "base/jdoc.h"

/*
 * responses -- the items of an answer of OpenAI's Responses API: messages, thoughts and
 * calls, each a block of the stream. An item comes in deltas, or whole at its end, or only in the
 * whole response: what has been said is said once. Used by turn workers.
 *
 * Servers differ (November 2026): llama.cpp gives no output_index, vLLM another item_id in each
 * event, some give neither; then the last open item is meant.
 *
 * All but the last three return 0, ERR_LIMIT (PROVIDER_BLOCKS_MAX items), ERR_NOMEM, or what the
 * sink returned.
 */

/* A piece of text of a message; refusal: of the words with which it declines. */
MUST_CHECK int responses_text_delta(struct provider_stream *s, const jdoc *event, bool refusal);
/* The end of a part: what no delta has said of it. key: the member that has the whole of it. */
MUST_CHECK int responses_text_done(struct provider_stream *s, const jdoc *event, const char *key);
/* A piece of a thought, or the end of a part of one; summary: of a summary, not of the thought. */
MUST_CHECK int responses_thought_delta(struct provider_stream *s, const jdoc *event, bool summary);
MUST_CHECK int responses_thought_done(struct provider_stream *s, const jdoc *event, bool summary);
MUST_CHECK int responses_args_delta(struct provider_stream *s, const jdoc *event);
MUST_CHECK int responses_args_done(struct provider_stream *s, const jdoc *event);
/* response.output_item.added and .done. */
MUST_CHECK int responses_item_added(struct provider_stream *s, const jdoc *event);
MUST_CHECK int responses_item_done(struct provider_stream *s, const jdoc *event);
/* The items of the whole response: what is new in them, and what goes back with each call. */
MUST_CHECK int responses_output(struct provider_stream *s, const jdoc *response);

/* Ends everything that is open. */
MUST_CHECK int responses_end_all(struct provider_stream *s);

/* The block of text that a plain delta goes on with, or NULL: for the path of a token. */
struct provider_block *responses_open_text(struct provider_stream *s, const struct scan_delta *d);

/*
 * How far a stream has been read, as text, and the stream that goes on from there in another
 * worker: struct provider.mark and .restore. The mark goes into Redis with the events that have
 * been said by then (store/eventlog.h).
 */
/* Appends `,"id":...,"seq":...` and so on. False, and nothing is appended, while something is held
 * that is in no event yet: a part of a character, of a tag. */
bool responses_mark(const struct provider_stream *s, struct buf *json);
/* s: freshly initialised, with its maker and think_tags. Returns 0, ERR_INVALID, ERR_NOMEM. */
MUST_CHECK int responses_restore(struct provider_stream *s, const jdoc *mark);

#endif
