/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_EVENTS_H
#define TURNPIKE_AGENT_EVENTS_H

#include "agent/input.h"
#include "agent/model/provider.h"
#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * events -- AG-UI 1.0 events as JSON, appended to a buffer that the caller reuses. Optional
 * fields are absent, never null. Used by turn workers.
 *
 * Not here: deltas, which the event log writes itself; and ends that no turn writes. RUN_ERROR is
 * logentry_open_run_error everywhere: of a lost turn (store/turns_lost.c), of a deleted session
 * (store/sessions.c), of a run whose log is gone (workers/stream/hub_runs.c), of a message that was
 * refused (workers/stream/stream_message.c, fcgi-app/answers.c). workers/stream/hub_look.c writes
 * the RUN_STARTED and RUN_FINISHED of a snapshot.
 */

/*
 * events_run_started -- RUN_STARTED of a turn that is about to be started, with the user's new
 * message in its input echo. So every viewer of the session sees the question. Returns buf_error.
 */
MUST_CHECK int events_run_started(const struct input *in, const char *session, struct buf *json);

void events_text_start(struct buf *json, const char *id);
void events_text_end(struct buf *json, const char *id);
void events_call_start(struct buf *json, const char *id, const char *name, const char *parent);
void events_call_end(struct buf *json, const char *id);
void events_call_result(struct buf *json, const char *message_id, const char *call_id,
    const char *content, size_t len);
/* The span and its one message carry the same id. Two events each: first then second. */
void events_reasoning_start(struct buf *json, const char *id);
void events_reasoning_message_start(struct buf *json, const char *id);
void events_reasoning_message_end(struct buf *json, const char *id);
void events_reasoning_end(struct buf *json, const char *id);
void events_reasoning_sealed(struct buf *json, const char *id, const char *sealed);

struct events_finish {
    const char *session, *run;
    const char *outcome; /* "success", "interrupt" or "cancelled" */
    /* the run's client speaks AG-UI before 1.0 (@ag-ui/core 0.0.59), whose schema refuses the
     * outcome "cancelled" and pendingToolCallIds: it gets neither */
    bool before_1_0;
    const char *interrupts;     /* JSON array, with "interrupt" only */
    const char *const *pending; /* ids of client-side calls, with "success" only */
    size_t pending_count;
    const char *stop_reason; /* in `result` when not NULL: why the model stopped short */
    const char *usage;       /* JSON array or NULL */
    bool cached;             /* the answer is a kept one, of so many seconds */
    int64_t cached_s;
};
/* CUSTOM turnpike.summarizing: `messages` are told in words from now on, which takes seconds; and
 * turnpike.summarized: how many are, and whether it failed. */
void events_summarizing(struct buf *json, size_t messages);
void events_summarized(struct buf *json, size_t messages, bool failed);
/*
 * CUSTOM turnpike.question: a service asks the user while its call runs, value = the interrupt as
 * approval_interrupt writes it; and turnpike.question_over: it is not asked any more. outcome:
 * "accept", "decline", "cancel", "expired" or "withdrawn".
 */
void events_question(struct buf *json, const char *interrupt);
void events_question_over(struct buf *json, const char *id, const char *outcome);
/* The client's own state as it came; NULL = an empty one. */
void events_state_snapshot(struct buf *json, const jdoc *state);
void events_run_finished(struct buf *json, const struct events_finish *f);
void events_run_error(struct buf *json, const char *message, const char *code, const char *usage);
/* CUSTOM turnpike.model: where an answer is that the vendor makes in the background. */
void events_model_status(struct buf *json, const char *status);
/* One TokenUsage object. */
void events_usage(struct buf *json, const char *provider, const char *model,
    const struct provider_usage *usage);

#endif
