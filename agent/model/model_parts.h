/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_MODEL_MODEL_PARTS_H
#define TURNPIKE_AGENT_MODEL_MODEL_PARTS_H

#include "agent/model/attached.h"
#include "agent/model/model.h"
#include "base/err.h"
#include "base/task.h"
#include "process/spans.h"

/*
 * model_parts -- what the files of model share with each other:
 *
 *   model          the chain of providers, their breakers, retries, requests in another form
 *   model_attempt  one request and its answer
 *   model_follow   an answer that its vendor makes in the background: the rest of it, its end
 *   model_used     what a try has used
 *
 * Process: turn worker, in the turn's task; what curl calls runs in the loop.
 */

/* What the body of a success turned out to be by its first byte. */
enum model_form { MODEL_UNKNOWN, MODEL_STREAM, MODEL_DOCUMENT };

struct model_headers {
    const char *all[PROVIDER_HEADERS_MAX + 3];
    char trace[SPANS_HEADER_SIZE], state[SPANS_STATE_SIZE];
};

/* One try. */
struct model_attempt {
    struct model *m;
    const struct provider *provider;
    struct task_ref task;  /* that waits for it */
    struct eventlog *log;  /* of the turn */
    struct attached files; /* of the request */
    bool whole;            /* the stream said that it is, or the transfer ended */
    bool done;             /* the transfer ended */
    enum model_form form;
    int error;       /* of the transfer or the stream */
    int event_error; /* of the last event: a limit of the turn is not one of the stream */
    long status;
    int64_t retry_after_ms;
    int should_retry;
    struct trace_span span;
    char why[192];
};

/*
 * Makes one request and waits for its answer, which goes to `answer` as it comes.
 *   t  m, provider and task are set, retry_after_ms and should_retry -1, the rest zeroed
 * Returns 0 (a whole answer); what wait_until returned; what model_call returns for a failure.
 */
MUST_CHECK int model_attempt_run(struct model_attempt *t, struct wait *wait,
    const struct provider_request *request, const struct answer *answer);

/*
 * One transfer, whose request is in m->http.
 *   method  "POST" with a body, or "GET"
 * Returns as model_attempt_run.
 */
MUST_CHECK int model_attempt_transfer(struct model_attempt *t, struct wait *wait,
    const char *method);
/* Empties what the transfer before has left. */
void model_attempt_reset(struct model_attempt *t);

/*
 * model_follow -- when the connection to a background answer broke: asks for what comes behind the
 * last event until it is whole, fails, or FOLLOW_TRIES connections in a row brought nothing.
 *   error  of the connection before, not 0
 * Returns as model_attempt_run. On an error that ends the turn, the vendor is told to stop, but for
 * ERR_DRAINING and ERR_FENCED, which mean that another worker goes on.
 */
MUST_CHECK int model_follow(struct model_attempt *t, struct wait *wait, int error);
/* The mark of the answer that has just become whole. */
void model_follow_settle(struct model *m);

/* Whether the turn ends, and not just this try. */
bool model_is_final(int error);
void model_describe(const struct model_attempt *t, int error, struct model_result *result);
void model_take_result(const struct model_attempt *t, const struct conf *conf,
    struct model_result *r);

/* ---- model_measure.c ---- */
/* One request has ended, with error or 0: its time and tokens, by provider and model. */
void model_measure(struct model_attempt *t, const struct conf *conf, int error, int64_t began_us);
/* It is sent again. */
void model_measure_retry(const struct model_attempt *t, const struct conf *conf);

/* ---- model_used.c ---- */
/*
 * Adds what a try has used to r->used, under r->model. Of an answer that broke off the server has
 * not told the end of the bill, and some servers tell nothing: what was sent and said counts then,
 * at four bytes a token. A request that was refused, or that failed before a word, costs nothing.
 *   error   of the try, or 0
 *   before  answer_bytes before it
 */
void model_used_add(const struct model_attempt *t, int error, const struct answer *answer,
    size_t before, struct model_result *r);

/* 2xx: some frameworks answer every POST with 201. */
bool model_is_success(long status);

#endif
