#ifndef TURNPIKE_AGENT_MODEL_RESPONSES_MARK_H
#define TURNPIKE_AGENT_MODEL_RESPONSES_MARK_H

#include "agent/model/provider.h"
#include "base/err.h"

/*
 * responses_mark -- how far a stream of the Responses API has been read, as text, and the stream
 * that goes on from there in another worker: struct provider.mark and .restore. The mark goes into
 * Redis with the events that have been said by then (store/eventlog.h). Used by turn workers.
 */

/* Appends `,"id":...,"seq":...` and so on. False, and nothing is appended, while something is held
 * that is in no event yet: a part of a character, of a tag. */
bool responses_mark(const struct provider_stream *s, struct buf *json);
/* s: freshly initialised, with its maker and think_tags. Returns 0, ERR_INVALID, ERR_NOMEM. */
MUST_CHECK int responses_restore(struct provider_stream *s, const jdoc *mark);

#endif
