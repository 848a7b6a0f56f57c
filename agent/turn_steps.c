/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/turn_parts.h"

#include "agent/approval.h"
#include "agent/events.h"
#include "agent/resume.h"
#include "base/err.h"
#include "base/log.h"
#include "process/audit.h"

static bool turn_steps_open_calls(const struct turn *t)
{
    const struct chat *c = &t->chat;

    for (size_t i = c->count; i-- > t->first_new;) {
        const struct chat_message *m = &c->items[i];
        for (size_t k = 0; k < m->call_count; k++)
            if (!chat_result(c, m->calls[k].id))
                return true;
        if (m->role == CHAT_ASSISTANT)
            return calls_waiting(&t->calls);
    }
    return calls_waiting(&t->calls);
}

/* The limits that hold between two steps. */
static enum turn_ending turn_steps_limit(struct turn *t)
{
    const struct conf *conf = t->env->conf;

    if (t->model_calls >= conf->turn_model_calls)
        return TURN_MODEL_CALLS;
    if (t->output_tokens >= conf->turn_output_tokens)
        return TURN_OUTPUT;
    t->out_of_steps =
        t->calls.left <= 0 || (t->model_calls > 0 && t->model_calls + 1 >= conf->turn_model_calls);
    return TURN_WELL;
}

static bool turn_steps_answered(const struct turn *t)
{
    const struct chat_message *last = t->chat.count ? &t->chat.items[t->chat.count - 1] : NULL;
    return t->chat.count > t->first_new && last->role == CHAT_ASSISTANT && !last->call_count;
}

/* Answers that came for calls which another turn has dealt with meanwhile. */
static bool turn_steps_nothing_to_do(const struct turn *t)
{
    return t->input.resume && t->chat.count == t->first_new && t->first_new &&
        t->chat.items[t->first_new - 1].role == CHAT_ASSISTANT && !calls_waiting(&t->calls);
}

static int turn_steps_open_approvals(struct turn *t)
{
    int error;

    while ((error = approvals_open(t->env->store, t->start->uid, t->start, t->start->input,
                t->calls.asks, t->calls.ask_count)))
        if ((error = wait_retry(&t->wait, error)))
            return error;
    for (size_t i = 0; i < t->calls.ask_count; i++)
        audit_write(t->env->conf,
            &(struct audit_act){.act = "approval.asked",
                .object = t->calls.asks[i].id,
                .outcome = t->calls.asks[i].why,
                .tool = t->calls.asks[i].tool,
                .hash = t->calls.asks[i].hash,
                .user = t->start->uid});
    return 0;
}

/* The turn ends with questions. AG-UI wants state and messages in front of that end. */
static int turn_steps_ask_user(struct turn *t)
{
    int error = turn_steps_open_approvals(t);

    if (error)
        return error;
    log_info("turn %s asks for %zu approvals, first of %s", t->start->turn, t->calls.ask_count,
        t->calls.asks[0].tool);
    buf_reset(&t->interrupts);
    for (size_t i = 0; i < t->calls.ask_count; i++) {
        buf_putc(&t->interrupts, i ? ',' : '[');
        approval_interrupt(&t->calls.asks[i], &t->interrupts);
    }
    buf_putc(&t->interrupts, ']');
    buf_reset(&t->json);
    events_state_snapshot(&t->json, jdoc_get(t->input.agui, "state"));
    if ((error = buf_error(&t->interrupts)) || (error = buf_error(&t->json)))
        return error;
    error = eventlog_event(t->env->eventlog, LOGENTRY_NONE, buf_text(&t->json), t->json.len);
    return error ? error : resume_snapshot(&t->wait, &t->chat, t->first_new, &t->json);
}

int turn_steps(struct turn *t, enum turn_ending *ending)
{
    /* An earlier attempt may have come this far. */
    bool again = !turn_steps_answered(t) && !turn_steps_nothing_to_do(t);
    bool told = false;
    int error = again ? turn_spend_look(t) : 0;

    while (!error && again) {
        if (turn_steps_open_calls(t)) {
            if ((error = wait_check(&t->wait))) /* stopped before an approved call ran */
                break;
            turn_stage(t, STAGE_TOOL);
            error = calls_run(&t->calls, &t->pending, &t->pending_count);
            if (!error)
                error = turn_checkpoint(t);
            if (!error && t->calls.ask_count)
                error = turn_steps_ask_user(t);
            if (error || t->pending_count || t->calls.ask_count)
                break;
        }
        if ((error = wait_check(&t->wait)))
            break;
        if ((*ending = turn_steps_limit(t)))
            return 0;
        if (t->account.over.set && !t->upstream) {
            error = turn_spend_say(t);
            break;
        }
        if ((error = turn_cache_look(t, &told)) || told)
            break;
        error = turn_ask(t, &again);
        if (!error && again)
            error = turn_checkpoint(t);
    }
    if (error)
        *ending = turn_ending_of(error);
    return error;
}
