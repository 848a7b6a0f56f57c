/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/turn_parts.h"

#include "agent/approval.h"
#include "agent/events.h"
#include "agent/reply.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/task.h"
#include "store/again.h"
#include "store/logentry.h"
#include "store/stats.h"

#define END_PATIENCE_MS 60000 /* how long the end waits for a Redis that is away */

/* How a turn can end badly: what the log, the stream and the JSON client are told. */
struct turn_end_text {
    const char *code, *title, *message;
    int status;
    bool retryable; /* the same message may succeed when it is sent again */
};

static const struct turn_end_text turn_end_texts[TURN_ENDINGS] = {
    [TURN_CANCELLED] = {"turn_cancelled", "Cancelled", "The turn was stopped.", 409, false},
    [TURN_DEADLINE] = {"turn_deadline", "Deadline passed",
        "The answer took longer than a turn may take.", 504, true},
    [TURN_DRAINING] = {"worker_draining", "Interrupted",
        "The server is being restarted. Please send the message again.", 503, true},
    [TURN_BYTES] = {"limit_bytes", "Limit reached", "The answer became too long.", 500, false},
    [TURN_LOG] = {"limit_log", "Limit reached", "The answer became too long to be recorded.", 500,
        false},
    [TURN_MODEL_CALLS] = {"limit_model_calls", "Limit reached",
        "The answer needed more steps than a turn may take.", 500, false},
    [TURN_OUTPUT] = {"limit_output_tokens", "Limit reached", "The answer became too long.", 500,
        false},
    [TURN_UNAVAILABLE] = {"model_unavailable", "Model not available",
        "The assistant's model cannot be reached at the moment. Please try again.", 502, true},
    [TURN_FAULTY] = {"model_failed", "Model failed",
        "The assistant's model answered with an error of its own. Please try again.", 502, true},
    [TURN_CREDENTIAL] = {"model_credential", "Model refused the credential",
        "The assistant's model refuses this site's credential. Only the site's operator can mend "
        "this.",
        502, false},
    [TURN_QUOTA] = {"model_quota", "Quota used up",
        "This site has used up its quota or credit at the assistant's model. Only the site's "
        "operator can mend this.",
        502, false},
    [TURN_OVERLOADED] = {"model_overloaded", "Model overloaded",
        "The assistant's model is overloaded at the moment. Please try again in a moment.", 502,
        true},
    [TURN_POLICY] = {"model_policy", "Policy of the model",
        "The policy of the assistant's model forbids an answer to this. Please ask in other words.",
        502, false},
    [TURN_TOO_LONG] = {"model_too_long", "Too long for the model",
        "This message is too long for the assistant's model. Please send a shorter one.", 502,
        false},
    [TURN_REJECTED] = {"model_rejected", "Model refused the request",
        "The assistant's model did not accept the request.", 502, false},
    [TURN_INTERRUPTED] = {"model_interrupted", "Model broke off",
        "The assistant's model broke off in the middle of the answer.", 502, true},
    [TURN_INTERNAL] = {"internal", "Internal error", "Something went wrong inside the service.",
        500, true},
};

enum turn_ending turn_ending_of(int error)
{
    switch (error) {
    case ERR_CANCELLED:
        return TURN_CANCELLED;
    case ERR_DEADLINE:
        return TURN_DEADLINE;
    case ERR_DRAINING:
        return TURN_DRAINING;
    case ERR_LIMIT:
        return TURN_BYTES;
    case ERR_FULL:
        return TURN_LOG;
    case ERR_INVALID:
        return TURN_REJECTED;
    case ERR_NET:
        return TURN_UNAVAILABLE;
    case ERR_REMOTE:
        return TURN_FAULTY;
    case ERR_POLICY:
        return TURN_POLICY;
    case ERR_TOO_LONG:
        return TURN_TOO_LONG;
    case ERR_AUTH:
        return TURN_CREDENTIAL;
    case ERR_QUOTA:
        return TURN_QUOTA;
    case ERR_OVERLOADED:
        return TURN_OVERLOADED;
    case ERR_PEER_GONE:
        return TURN_INTERRUPTED;
    default:
        return TURN_INTERNAL;
    }
}

static int64_t turn_end_limit(const struct turn *t)
{
    int64_t now = clock_mono_ms(), least = now + 2 * t->env->conf->lease_ms;
    int64_t until = now + END_PATIENCE_MS;

    if (until > t->wait.deadline_ms)
        until = t->wait.deadline_ms;
    return until > least ? until : least;
}

static void turn_end_calls(struct turn *t, enum turn_ending ending)
{
    if (ending == TURN_CANCELLED)
        err_ignore(
            calls_refuse(&t->calls, "cancelled", "The user stopped the turn before this ran."));
    else
        err_ignore(calls_refuse(&t->calls, "not_run", "The turn ended before this ran."));
}

static void turn_end_event(struct turn *t, enum turn_ending ending, struct buf *json)
{
    const struct events_finish f = {
        .session = t->start->session,
        .run = t->input.run_id && *t->input.run_id ? t->input.run_id : t->start->turn,
        .outcome = ending      ? "cancelled" :
            t->calls.ask_count ? "interrupt" :
                                 "success",
        .before_1_0 = input_is_before_1_0(&t->input),
        .interrupts = !ending && t->calls.ask_count ? buf_text(&t->interrupts) : NULL,
        .pending = t->pending,
        .pending_count = ending || t->calls.ask_count ? 0 : t->pending_count,
        .stop_reason = ending ? NULL : t->stop_reason,
        .usage = t->usage_count ? buf_text(&t->usage_json) : NULL,
        .cached = !ending && t->cache.state == TURN_CACHE_TOLD,
        .cached_s = t->cache.age_s,
    };

    /* RUN_FINISHED is not allowed while something is open. */
    if (!ending || (ending == TURN_CANCELLED && !t->torn))
        events_run_finished(json, &f);
    else
        events_run_error(json, turn_end_texts[ending].message, turn_end_texts[ending].code,
            f.usage);
}

static void turn_end_reply(struct turn *t, enum turn_ending ending, struct buf *json)
{
    const struct turn_end_text *text = &turn_end_texts[ending];
    struct reply r = {.start = t->start,
        .input = &t->input,
        .chat = &t->chat,
        .first_new = t->first_new,
        .model = t->model_name,
        .now_ms = clock_real_ms(),
        .usage = t->usage_count ? buf_text(&t->usage_json) : NULL,
        .stop_reason = t->stop_reason,
        .cached = t->cache.state == TURN_CACHE_TOLD,
        .cached_s = t->cache.age_s,
        .kept_as = t->cache.state == TURN_CACHE_TOLD || t->cache.state == TURN_CACHE_KEEPS ?
            t->cache.entry :
            NULL,
        .pending = t->pending,
        .pending_count = t->pending_count,
        .asks = t->calls.asks,
        .ask_count = t->calls.ask_count,
        .interrupts = t->calls.ask_count ? buf_text(&t->interrupts) : NULL};

    for (size_t i = 0; i < t->usage_count; i++)
        r.tokens += t->usages[i].usage.input + t->usages[i].usage.output;
    if (ending)
        reply_problem(&r,
            &(struct reply_failure){text->status, text->title, text->message, text->code,
                text->retryable},
            json);
    else
        reply_success(&r, json);
}

static int turn_end_messages(struct turn *t, const char ***out, size_t *count)
{
    size_t n = t->chat.count - t->first_new;
    const char **list = arena_array(t->arena, n + 1, sizeof *list);

    if (!list)
        return ERR_NOMEM;
    for (size_t i = 0; i < n; i++) {
        buf_reset(&t->json);
        chat_write(&t->chat.items[t->first_new + i], &t->json);
        list[i] = arena_memdup(t->arena, buf_text(&t->json), t->json.len);
        if (buf_error(&t->json) || !list[i])
            return ERR_NOMEM;
    }
    *out = list;
    *count = n;
    return 0;
}

static int turn_end_pause(void *reactor, int64_t until_ms)
{
    err_ignore(task_wait(reactor, until_ms, NULL));
    return 0;
}

/*
 * The end script, again while Redis is away: a repeated one is recognised. Another Redis than the
 * one that has confirmed the events may lack some: they go there first.
 */
static int turn_end_commit(struct turn *t, const struct turns_end *end, struct turn_result *result,
    int64_t until)
{
    int error, flushed;

    result->next_arena = arena_new();
    if (!result->next_arena)
        return ERR_NOMEM;
    do {
        error = turn_spend_members(t);
        if (!error)
            error = turns_finish(t->env->store, t->start, end, result->next_arena, &result->next);
        if (error == ERR_BEHIND) {
            eventlog_doubt(t->env->eventlog);
            flushed = eventlog_flush(t->env->eventlog, until);
            error = flushed ? flushed : ERR_BEHIND;
        }
    } while (clock_mono_ms() < until &&
        (error == ERR_BEHIND || again_store(&error, turn_end_pause, t->env->reactor)));
    if (error || result->next.outcome != TURNS_STARTED) {
        arena_free(result->next_arena);
        result->next_arena = NULL;
    }
    return error;
}

int turn_end(struct turn *t, enum turn_ending ending, struct turn_result *result)
{
    struct turns_end end = {
        .state = ending == TURN_CANCELLED ? "cancelled" :
            ending                        ? "failed" :
            t->calls.ask_count            ? "interrupted" :
                                            "done",
        .error_code = turn_end_texts[ending].code,
        .http_status = ending ? turn_end_texts[ending].status : 200,
        .untrusted = approval_tainted(&t->chat),
        .history_limit = TURN_HISTORY,
        .event_count = 1,
    };
    const int64_t until = turn_end_limit(t);
    struct buf entry = {0}, event = {0};
    const char **messages = NULL;
    int error;

    if (ending)
        turn_end_calls(t, ending);
    turn_stage(t, STAGE_COMMIT);
    turn_usage_write(t, &t->usage_json);
    error = eventlog_flush(t->env->eventlog, until);
    if (error && error != ERR_FULL)
        goto out;
    if ((error = turn_end_messages(t, &messages, &end.message_count)))
        goto out;
    turn_end_event(t, ending, &event);
    logentry_put(&entry, t->start->turn, LOGENTRY_FINAL, buf_text(&event), event.len);
    turn_end_reply(t, ending, &result->reply);
    if (buf_error(&event) || buf_error(&entry) || buf_error(&result->reply) ||
        buf_error(&t->usage_json)) {
        error = ERR_NOMEM;
        goto out;
    }
    end.messages = messages;
    end.events = (const char *const[]){entry.data};
    end.event_len = &entry.len;
    end.first_n = eventlog_next_n(t->env->eventlog);
    end.usage = t->usage_count ? buf_text(&t->usage_json) : NULL;
    end.reply = buf_text(&result->reply);
    end.take_next = t->env->may_take_next && t->env->may_take_next(t->env->arg) &&
        !(t->env->abort_now && *t->env->abort_now);
    result->http_status = end.http_status;
    error = turn_end_commit(t, &end, result, until);
    if (!error) {
        turn_measure_end(t, end.state, end.error_code);
        turn_spend_told(t);
        if (!ending)
            turn_cache_keep(t);
        stats_note_user(t->env->store, t->actor, clock_real_ms());
    }
out:
    buf_free(&entry);
    buf_free(&event);
    return error == ERR_DEADLINE || error == ERR_BEHIND ? ERR_STORE : error;
}

int turn_give_back(struct turn *t)
{
    const struct turns_loss loss = {.how = TURNS_RELEASED, .epoch = t->start->epoch};
    char next[IDENT_UUID_SIZE];
    int error = turns_abandon(t->env->store, t->start->uid, t->start->turn, &loss, next, NULL);

    if (!error)
        log_info("turn %s: given back for another worker", t->start->turn);
    return !error || error == ERR_CONFLICT || error == ERR_NOT_FOUND ? ERR_FENCED : error;
}
