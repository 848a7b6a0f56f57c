/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_MODEL_MODEL_H
#define TURNPIKE_AGENT_MODEL_MODEL_H

#include "agent/answer.h"
#include "agent/context.h"
#include "agent/model/provider.h"
#include "agent/wait.h"
#include "base/err.h"
#include "wire/sse.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * model -- one model call: along the configured chain of providers, each with its breaker and its
 * retries, until one has answered. Nothing is tried again once something has reached the log.
 * Used by turn workers.
 */
struct model { /* zeroed = usable; one per turn, its buffers are reused */
    struct provider_http http;
    struct provider_stream stream;
    struct sse sse;
    struct buf body; /* of an error, or of an answer that is no stream */
    long status;     /* of the last try; 0 = none */
    bool sse_ready;
    struct model_upstream { /* an answer that its vendor makes in the background: model_mark */
        const struct provider *provider; /* NULL = none */
        const struct answer *answer;     /* that it becomes */
        struct buf settled;              /* its mark when the call has ended well */
        bool stale;                      /* the log has something that is not in the mark */
    } upstream;
};
void model_fini(struct model *m);

/* What the tries of one model have used. */
struct model_used {
    const struct provider *provider;
    char model[96];
    struct provider_usage usage;
};
#define MODEL_USED_MAX 6 /* models that one call tries; what more use counts for the last one */
struct model_result {
    const struct provider *provider; /* that answered, or was tried last; NULL = none was allowed */
    char model[96];
    /* Of all tries that a server charges for, also of those whose answer nobody got. */
    struct model_used used[MODEL_USED_MAX];
    size_t used_count;
    enum provider_stop stop;
    /* refused for its length, and messages left that no summary tells; for something else: asked
     * with less */
    bool trimmed, reduced;
    char why[480]; /* on failure, for the log */
};
/* What is asked. */
struct model_ask {
    const struct context_frame *frame;
    const struct chat *chat;
    struct arena *arena; /* the context's; reset before each request */
    bool no_tools;       /* the tools are told, but none may be called */
    int64_t max_tokens;
    /*
     * Older messages would leave the request, for its budget or as a server takes no more: may put
     * a summary of them into the chat, and ask a model for it by a struct model of its own. Returns
     * 0, also when there is none, or why the turn ends. NULL: they leave.
     */
    int (*shorten)(void *arg, const struct context *request);
    void *arg;
    /* Of the chat, the first message since this attempt at the turn began: what stood before it
     * the model has seen with another late block. */
    size_t first;
};
/*
 * model_call -- A request that a server refuses before it has said anything is made again in a form
 * that it may take (refusal.h). Returns 0 (a whole answer is in `answer`, its events not yet
 * closed); what wait_until returned; ERR_LIMIT (the turn's bytes), ERR_FULL, ERR_FENCED (from the
 * log); ERR_OVERLOADED, ERR_QUOTA, ERR_AUTH, ERR_POLICY, ERR_TOO_LONG, ERR_REMOTE, ERR_NET,
 * ERR_PROTOCOL, ERR_INVALID (no provider answered; answer->emitted tells whether one broke off in
 * the middle); ERR_NOMEM.
 */
MUST_CHECK int model_call(struct model *m, struct wait *wait, const struct model_ask *ask,
    struct answer *answer, struct model_result *result);

/*
 * An answer that its vendor makes in the background outlives its worker. model_mark, an
 * eventlog_mark_fn for a struct model, says how far the log has got with it; another worker's
 * model_resume goes on behind that.
 */
void model_mark(void *model, bool whole, struct buf *text);
/* Something else is told behind the answer: nobody can go on with it any more. */
void model_mark_stale(struct model *m);
/* The answer is in a checkpoint. */
void model_mark_drop(struct model *m);

/* The provider that wrote the mark, when this worker can go on with what it says; else NULL. */
const struct provider *model_mark_provider(const struct conf *conf, const jdoc *mark);
/*
 * model_resume -- goes on with an answer of which `answer` has what the log has.
 * Returns as model_call does; ERR_NOT_FOUND: the vendor has it no more, or it failed there.
 */
MUST_CHECK int model_resume(struct model *m, struct wait *wait, const jdoc *mark,
    struct answer *answer, struct model_result *result);
/* Tells the vendor, without waiting, that nobody wants the answer of the mark any more. */
void model_abandon(struct turn_env *env, const jdoc *mark);

#endif
