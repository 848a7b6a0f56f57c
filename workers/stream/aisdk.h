/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_STREAM_AISDK_H
#define TURNPIKE_WORKERS_STREAM_AISDK_H

#include "base/buf.h"
#include "base/err.h"
#include "store/logentry.h"
#include "workers/stream/stream_render.h"

#include <stdbool.h>

/*
 * aisdk -- the dialect of the AI SDK's UI message stream, `x-vercel-ai-ui-message-stream: v1` (npm
 * `ai` 7.0.173, src/ui-message-stream/ui-message-chunks.ts and src/ui/process-ui-message-stream.ts,
 * November 2026). All that follows a user's message is one message there, with a step for each
 * answer of the model; a run that goes on after approvals or a client's tools adds to the message
 * that the client holds. Pure. Stream workers.
 *
 * The rule: what the client shows when the stream has ended is what is stored. A worker that takes
 * a turn over has said CUSTOM turnpike.resumed and, when text was torn, MESSAGES_SNAPSHOT. Then
 * `reset-step` takes back what the torn step showed, and the step is told again as it is stored;
 * earlier steps stand, since a step begins when the one before is in a checkpoint.
 */
struct aisdk;

/*
 * aisdk_new -- what one client sees of one run.
 *   detail  "MODE MESSAGE [LAST]". MESSAGE: the UI message's id; "-": the reply to the message that
 *           the run begins with. MODE: "new", the run begins it;
 *           "on", the run goes on with it and the client holds what came before; "all", the same,
 *           and the client holds nothing: a MESSAGES_SNAPSHOT comes before the run's first event.
 *           LAST: id of the stored message behind which the run's own begin; with "on" and "all"
 *   before, after  of each chunk, such as "data: " and "\n\n"; static
 * NULL: no memory, or not such a detail.
 */
struct aisdk *aisdk_new(const char *detail, const char *before, const char *after);
void aisdk_free(struct aisdk *a); /* NULL allowed */
/* Appends the chunks for one entry. */
void aisdk_event(struct aisdk *a, const struct logentry *e, struct buf *out);
/* Behind the last entry: an error when the run's end was not among them. */
void aisdk_end(struct aisdk *a, struct buf *out);

/* The dialect "aisdk" of event streams. */
extern const struct stream_render aisdk_render;

#endif
