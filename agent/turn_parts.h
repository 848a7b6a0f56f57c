/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_TURN_PARTS_H
#define TURNPIKE_AGENT_TURN_PARTS_H

#include "agent/answer.h"
#include "agent/calls.h"
#include "agent/chat.h"
#include "agent/context.h"
#include "agent/input.h"
#include "agent/model/model.h"
#include "agent/turn.h"
#include "agent/wait.h"
#include "base/err.h"
#include "process/spans.h"

/*
 * turn_parts -- what the files of turn share with each other:
 *
 *   turn             a turn from its beginning to its end
 *   turn_begin       what the turn starts from: settings, conversation, the user's answers
 *   turn_resume      an answer that an earlier worker began, and the model's vendor goes on with
 *   turn_steps       model, tools, model, ...: until an answer, a limit or a question
 *   turn_ask         one call of the model
 *   turn_cache       a kept answer in the place of that call, and an answer that is kept for others
 *   turn_cache_key   what such an answer is found by
 *   turn_summary     a summary of the messages that leave the window
 *   turn_spend       what it uses and costs, and its end when a limit is used up
 *   turn_checkpoint  what a step has added and spent, written for a successor, and read by it
 *   turn_measure     what it took and how it ended, for the operator
 *   turn_end         how a turn can end; the end in Redis
 *   turn_title       the title of its chat, behind the end
 *
 * Process: turn worker, in the turn's task. Unless a function says otherwise it returns 0; why the
 * wait for Redis ended (wait_until); ERR_FENCED, ERR_FULL (the log), ERR_NOMEM, ERR_INTERNAL.
 */
#define TURN_USAGES_MAX 4 /* different models in one turn */

/* How a turn ends. All but TURN_WELL are rows of the table in turn_end.c. */
enum turn_ending {
    TURN_WELL,
    TURN_CANCELLED,
    TURN_DEADLINE,
    TURN_DRAINING,
    TURN_BYTES,
    TURN_LOG,
    TURN_MODEL_CALLS,
    TURN_OUTPUT,
    TURN_UNAVAILABLE,
    TURN_FAULTY,
    TURN_CREDENTIAL,
    TURN_QUOTA,
    TURN_OVERLOADED,
    TURN_POLICY,
    TURN_TOO_LONG,
    TURN_REJECTED,
    TURN_INTERRUPTED,
    TURN_INTERNAL,
    TURN_ENDINGS
};

/* A kept answer: none is looked for or kept; the model is asked with a neutral situation; its
 * answer is kept when the turn ends well; a kept one was told. */
enum turn_cache_state { TURN_CACHE_NONE, TURN_CACHE_ASKS, TURN_CACHE_KEEPS, TURN_CACHE_TOLD };
#define TURN_CACHE_MARK_SIZE 17

struct turn {
    struct turn_env *env;
    struct turns_start own;          /* as the caller gave it, with `account` */
    const struct turns_start *start; /* own */
    struct usage_account account;
    const struct input *given;     /* the caller has it already; or NULL */
    struct arena *arena, *scratch; /* of the turn; of one model call */
    struct input input;
    const char *actor; /* whose turn it is: start->uid, but for members in the chat of a trip */
    struct context_frame frame;
    struct tools_context tools;
    struct chat chat;
    size_t first_new, checkpointed; /* messages of the chat: this turn's begin; in a checkpoint */
    const size_t *history_at;       /* of the messages before first_new: their places in start */
    const char *summary;            /* chat.summary as the model wrote it, or NULL */
    bool summary_later;             /* none is made: one failed a moment ago */
    int64_t summary_output;         /* tokens of output that summaries took; not in output_tokens */
    size_t begun;                   /* and those that this attempt at it found */
    struct answer *answer;
    struct model model;
    struct wait wait;
    struct calls calls;
    struct buf json;
    struct model_used usages[TURN_USAGES_MAX];
    size_t usage_count;
    int64_t model_calls, output_tokens;
    bool out_of_steps; /* no more tools: one last answer */
    const char *stop_reason;
    const char *notice; /* told behind the answer: what the model has not seen */
    const char *const *pending;
    size_t pending_count;
    struct buf usage_json;
    struct buf interrupts; /* JSON array of what the user is asked */
    bool waiting;          /* wait_begin was called */
    bool torn;             /* the log has open ends of an earlier attempt */
    jdoc *upstream;        /* the mark of the answer to go on with, or NULL: model_mark */
    char model_name[96];   /* that answered last */
    struct {
        enum turn_cache_state state;
        const char *late; /* the whole situation, while a neutral one is in the frame */
        int64_t age_s;    /* TURN_CACHE_TOLD */
        char entry[IDENT_SHA256_SIZE], mark[TURN_CACHE_MARK_SIZE]; /* entry: "" = not looked for */
        char seen[IDENT_UUID_SIZE];                                /* of kept_answers_get */
    } cache;
    struct {
        int64_t began_us;  /* monotonic: when its message came, as far as that is known */
        int64_t waited_us; /* of that, before this worker had it */
        bool said;         /* its first text has been measured */
    } measured;
    struct trace_span span; /* of its request */
};

/* Tells the worker, for the scoreboard. */
void turn_stage(struct turn *t, enum stage s);

/* In this order: at its begin, whenever an answer may have begun, when its end is in Redis. state:
 * as stored; code: of its error, or NULL. */
void turn_measure_begin(struct turn *t);
void turn_measure_named(struct turn *t); /* its input is known: the log names its trace */
void turn_measure_said(struct turn *t);
void turn_measure_end(struct turn *t, const char *state, const char *code);

/* Makes a zeroed turn with env, start and input.run_id ready for its first step. ERR_INVALID (its
 * stored input is none) besides the usual. */
MUST_CHECK int turn_begin(struct turn *t);

/*
 * turn_resume_begin -- of a torn turn: when the model's vendor goes on with the answer that broke
 * off, t->upstream is its mark, and t->answer what viewers have seen of it; that stays open in the
 * log. Else the log is cleaned up (resume_log).
 */
MUST_CHECK int turn_resume_begin(struct turn *t);
/* The rest of that answer, as model_call. When there is none, the log is cleaned up and the model
 * asked anew. */
MUST_CHECK int turn_resume_ask(struct turn *t, const struct model_ask *ask,
    struct model_result *result);
/* The turn ends before it comes to that: the vendor is told, and the conversation keeps what
 * viewers have seen. */
void turn_resume_drop(struct turn *t);

/* Runs the steps that the conversation still needs. ending: out; with 0, other than TURN_WELL when
 * a limit was reached. */
MUST_CHECK int turn_steps(struct turn *t, enum turn_ending *ending);

/* One model call. again: out, on 0: the turn goes on after it. Besides the usual: ERR_LIMIT
 * (bytes), ERR_PEER_GONE (the model broke off), ERR_INVALID, and the ERR_* of a model that gives no
 * answer. */
MUST_CHECK int turn_ask(struct turn *t, bool *again);

/* Before the first call of a model: whether a kept answer was told in its place. */
MUST_CHECK int turn_cache_look(struct turn *t, bool *told);
/* A call has ended, with its answer in t->answer: may that be kept? Puts the whole situation
 * back. */
void turn_cache_note(struct turn *t, const struct model_result *r, int error);
/* The end is in Redis: keeps its answer when it may be. Does not wait. */
void turn_cache_keep(struct turn *t);
/* The name of the answer, and the user's mark in its entry. Before the fork: turn_cache_prepare.
 * Both return 0 or ERR_NOMEM. */
MUST_CHECK int turn_cache_name(const struct turn *t, char entry[IDENT_SHA256_SIZE],
    char mark[TURN_CACHE_MARK_SIZE]);
MUST_CHECK int turn_cache_prepare(const struct conf *conf);

/* struct model_ask.shorten: puts a summary into the chat in place of the messages that would leave
 * the window, as far as it gets one. turn: a struct turn. Besides the usual: what wait_until
 * returned; never an ERR_* of a model. */
MUST_CHECK int turn_summary_shorten(void *turn, const struct context *request);
/* Reads the stored summary into the chat, which has the turn's history. */
MUST_CHECK int turn_summary_restore(struct turn *t);

/* Says something in a message of its own, in the model's place. */
MUST_CHECK int turn_tell(struct turn *t, const char *text);

/* Adds what a model call has used to the turn's usage; nothing when the model did not say. */
void turn_usage_add(struct turn *t, const struct model_result *r);
/* The same to its account: tokens and money. */
void turn_spend(struct turn *t, const struct model_used *r);
/* Redis has counted it: for the site's sums; and whether one of these is used up by now. */
void turn_spend_told(struct turn *t);
/* Does somebody else than its user ask, a member in the chat of that user's trip? */
bool turn_is_members(const struct turn *t);
/* Then: what it has used by now is counted in the slot of the member. Before each checkpoint, and
 * before the end. Returns 0 or ERR_STORE*. */
MUST_CHECK int turn_spend_members(struct turn *t);
/* Before the first step of a turn that has waited: whether a limit is used up. */
MUST_CHECK int turn_spend_look(struct turn *t);
/* The last words of a turn for which account.over is set. */
MUST_CHECK int turn_spend_say(struct turn *t);
/* Appends the usage as a JSON array, a row a model. */
void turn_usage_write(const struct turn *t, struct buf *json);
/* Writes what the turn has added since the last one. Waits while Redis is away. */
MUST_CHECK int turn_checkpoint(struct turn *t);
/* The same with a summary. */
MUST_CHECK int turn_checkpoint_summary(struct turn *t, const struct turns_summary *summary);
/* All events so far are in the log. One try: ERR_STORE* as well. */
MUST_CHECK int turn_flush(struct turn *t);
/* Reads a checkpoint of an earlier attempt: its messages, and what had been spent by then.
 * ERR_INVALID besides the usual. */
MUST_CHECK int turn_checkpoint_restore(struct turn *t, const char *json);

/* What an error makes of the turn. */
enum turn_ending turn_ending_of(int error);
/* Writes the end: calls that will not run, final event, messages, reply. ERR_STORE: in vain. */
MUST_CHECK int turn_end(struct turn *t, enum turn_ending ending, struct turn_result *result);
/* NULL: none is wanted. */
struct turn_title *turn_title_of(const struct turn *t);
/* Gives the turn to another worker, which goes on from the last checkpoint. Returns ERR_FENCED when
 * that is done, else why it is not; never 0. */
MUST_CHECK int turn_give_back(struct turn *t);

#endif
