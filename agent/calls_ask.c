/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/calls_parts.h"

#include "agent/approval.h"
#include "agent/events.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "process/audit.h"

#include <stdio.h>
#include <string.h>

#define LOOK_MS 5000   /* a notice may be lost */
#define AWAY_MS 1000   /* between two looks while Redis is away */
#define MARGIN_MS 5000 /* of the turn's time that is left for what comes behind the answer */
#define LEAST_MS 1000  /* below that nobody can answer */

static int calls_ask_emit(struct calls *c)
{
    int error = buf_error(c->json);

    return error ?
        error :
        eventlog_event(c->wait->env->eventlog, LOGENTRY_NONE, buf_text(c->json), c->json->len);
}

/* What is asked, as the record has it: by the call as it ran. */
static int calls_ask_make(struct calls_slot *s, const struct tools_question *q,
    struct approvals_ask *ask)
{
    struct calls *c = s->batch->owner;
    struct tools_problem problem;
    struct approval_form form;
    int error = approval_canonical(s->run.spec, s->args, s->args_len, c->arena, &form, &problem);

    if (error)
        return error;
    memset(ask, 0, sizeof *ask);
    ident_token(APPROVALS_ID_BYTES, ask->id);
    ask->call = s->call->id;
    ask->tool = arena_strdup(c->arena, s->run.spec->name);
    ask->args = form.args;
    ask->hash = arena_strdup(c->arena, form.hash);
    ask->why = APPROVALS_ELICITATION;
    ask->zone = s->run.context->zone;
    ask->resume = q->state;
    return ask->tool && ask->hash ? approval_form_question(ask, q, c->arena) : ERR_NOMEM;
}

int calls_ask_park(struct calls_slot *s)
{
    struct calls *c = s->batch->owner;
    int error;

    if (c->ask_count == APPROVALS_STEP_MAX)
        return calls_fail(s, "limit_approvals",
            "The user is asked too many things at once. Try it again when the others are "
            "answered.");
    error = calls_ask_make(s, s->run.parked, &c->asks[c->ask_count]);
    if (error)
        return error;
    c->ask_count++;
    s->asked = true;
    return 0;
}

/* ---- a call that waits ---- */

static void calls_ask_audit(const struct calls_slot *s, const char *act, const char *outcome)
{
    audit_write(s->batch->owner->wait->env->conf,
        &(struct audit_act){.act = act,
            .object = s->live->id,
            .outcome = outcome,
            .tool = s->live->tool,
            .hash = s->live->hash,
            .user = s->batch->owner->tools->uid});
}

static int calls_ask_tell(struct calls_slot *s)
{
    struct calls *c = s->batch->owner;
    struct buf interrupt = {0};
    int error;

    approval_interrupt(s->live, &interrupt);
    buf_reset(c->json);
    events_question(c->json, buf_text(&interrupt));
    error = buf_error(&interrupt);
    buf_free(&interrupt);
    return error ? error : calls_ask_emit(c);
}

static void calls_ask_reply(struct calls_slot *s, const char *action, const char *content)
{
    s->until_ms = clock_mono_ms() + 2 * tools_patience(s->run.context, s->run.spec);
    s->reply =
        (struct tools_reply){.action = action, .content = content, .state = "", .to = s->live_of};
    tools_reply(&s->run, &s->reply);
}

/* The turn's own time stands still as well, as far as the service waits. */
static int calls_ask_open(struct calls_slot *s, int64_t now)
{
    struct calls *c = s->batch->owner;
    const struct tools_question *q = s->run.asking;
    struct approvals_ask *ask = arena_alloc(c->arena, sizeof *ask);
    int error = ask ? calls_ask_make(s, q, ask) : ERR_NOMEM;

    if (error)
        return error;
    ask->live_ms = q->wait_ms;
    while ((error = approvals_open(c->tools->store, c->tools->uid, c->wait->start,
                c->wait->start->input, ask, 1)))
        if ((error = wait_retry(c->wait, error)))
            return error;
    c->wait->deadline_ms += q->wait_ms;
    s->live = ask;
    s->live_of = q;
    s->unseen = false;
    s->live_until_ms = now + q->wait_ms;
    s->look_ms = now + LOOK_MS;
    calls_ask_audit(s, "approval.asked", ask->why);
    log_info("turn %s: %s asks the user, for %s", c->wait->start->turn, q->from, ask->tool);
    return calls_ask_tell(s);
}

static int calls_ask_over(struct calls_slot *s, const char *outcome)
{
    struct calls *c = s->batch->owner;
    struct approvals_state state;

    if (approvals_live(c->tools->store, c->tools->uid, s->live->id, true, c->arena, &state))
        log_warn("question %s could not be closed; it ends with its turn", s->live->id);
    /* What the user did not take comes off the turn again. */
    int64_t left = s->live_until_ms - clock_mono_ms();
    if (left > 0)
        c->wait->deadline_ms -= left;
    buf_reset(c->json);
    events_question_over(c->json, s->live->id, outcome);
    s->live = NULL;
    s->live_of = NULL;
    return calls_ask_emit(c);
}

void calls_ask_drop(struct calls_slot *s, const char *outcome)
{
    if (s->live)
        err_ignore(calls_ask_over(s, outcome));
}

static int calls_ask_answer(struct calls_slot *s, const struct approvals_state *state)
{
    static const char *const actions[] = {[APPROVALS_LOOK_ACCEPTED] = "accept",
        [APPROVALS_LOOK_DECLINED] = "decline",
        [APPROVALS_LOOK_DISMISSED] = "cancel"};
    const char *action = state->look < APPROVALS_LOOK_OVER ? actions[state->look] : NULL;

    calls_ask_reply(s, action ? action : "cancel",
        state->look != APPROVALS_LOOK_ACCEPTED ? NULL :
            *state->content                    ? state->content :
                                                 "{}");
    return calls_ask_over(s, action ? action : "expired");
}

/* Does the service still wait for the very question that is open? */
static bool calls_ask_is_wanted(const struct calls_slot *s)
{
    return !s->run.done && s->run.asking && s->run.asking == s->live_of;
}

/* The service has given its question up, perhaps for another one. */
static int calls_ask_replace(struct calls_slot *s, int64_t now)
{
    int error = calls_ask_over(s, "withdrawn");

    return !error && s->run.asking && !s->run.done ? calls_ask_open(s, now) : error;
}

int64_t calls_ask_due(const struct calls_slot *s)
{
    return s->unseen || s->look_ms < s->live_until_ms ? s->look_ms : s->live_until_ms;
}

int calls_ask_look(struct calls_slot *s, int64_t now)
{
    struct calls *c = s->batch->owner;
    struct approvals_state state;
    int error;

    if (!s->live)
        return s->run.asking && !s->run.done ? calls_ask_open(s, now) : 0;
    if (!calls_ask_is_wanted(s))
        return calls_ask_replace(s, now);
    if (!s->batch->heard && now < calls_ask_due(s))
        return 0;
    error = approvals_live(c->tools->store, c->tools->uid, s->live->id, false, c->arena, &state);
    s->unseen = error != 0;
    s->look_ms = clock_mono_ms() + (error ? AWAY_MS : LOOK_MS);
    if (error) /* the next look finds it: an answer that the user gave counts */
        return err_is_store(error) ? 0 : error;
    if (!calls_ask_is_wanted(s))
        return calls_ask_replace(s, now);
    if (state.look == APPROVALS_LOOK_OPEN && now < s->live_until_ms)
        return 0;
    if (state.look == APPROVALS_LOOK_OPEN)
        state.look = APPROVALS_LOOK_OVER;
    if (state.look == APPROVALS_LOOK_OVER)
        calls_ask_audit(s, "approval.expired", "refused");
    return calls_ask_answer(s, &state);
}
