/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/calls_parts.h"

#include "agent/approval.h"
#include "base/clock.h"
#include "base/err.h"
#include "process/audit.h"
#include "tools/engine/finder.h"

#include <stdio.h>
#include <string.h>

#define TOOL_GRACE_MS 1000 /* its own time limit comes first; this one is for a tool that hangs */
#define STORE_TRIES 300    /* how often a call is tried while Redis is away */

#define NEAR_NAMES 5 /* tools that are named when there is none of that name */

/* The whole list would be some KiB: the names that are like it are enough. */
static int calls_start_unknown(struct calls_slot *s)
{
    const struct tools_spec *found[FINDER_MAX];
    struct buf text = {0};
    char words[65];
    size_t count = 0, named = 0;
    int error;

    snprintf(words, sizeof words, "%.64s", s->call->name);
    for (char *c = words; *c; c++)
        if (*c == '_')
            *c = ' ';
    if ((error = finder_search(words, FINDER_MAX, found, &count)))
        return error;
    buf_printf(&text, "There is no tool named \"%.64s\".", s->call->name);
    for (size_t i = 0; i < count && named < NEAR_NAMES; i++)
        if (tools_is_offered(s->batch->owner->tools, found[i]))
            buf_printf(&text, "%s%s", named++ ? ", " : " Like it are: ", found[i]->name);
    buf_puts(&text, named ? ". find_tools finds others." : " find_tools finds tools by a wish.");
    error = buf_error(&text) ? ERR_NOMEM : calls_fail(s, "unknown_tool", buf_text(&text));
    buf_free(&text);
    return error;
}

static void calls_start_on_tool(struct tools_run *run)
{
    struct calls_slot *s = run->on_done_arg;
    s->batch->moved = true;
    task_ref_wake(s->batch->task);
}

static int calls_start_once(struct calls_slot *s, const struct tools_spec *spec)
{
    struct calls *c = s->batch->owner;
    int64_t limit, retry_ms;
    int error = 0;

    if (!s->counted)
        error = approvals_tool_rate(c->tools->store, c->tools->uid, &limit, &retry_ms);
    if (error)
        return error;
    s->counted = true;
    s->run = (struct tools_run){.context = s->answer ? &s->bound : c->tools,
        .spec = spec,
        .arena = c->arena,
        .on_done = calls_start_on_tool,
        .on_more = calls_start_on_tool,
        .on_done_arg = s};
    if (s->reply.action)
        s->run.reply = &s->reply;
    else if (s->answer && !s->answer->edited)
        s->run.approved = s->answer->message;
    /* The provider's ids are unique in a conversation only; the mark must be in the user's life. */
    s->run.call_id = s->answer ? arena_printf(c->arena, "approval:%s", s->answer->id) :
                                 arena_printf(c->arena, "%s:%s", c->wait->start->turn, s->call->id);
    if (!s->run.call_id)
        return ERR_NOMEM;
    s->started = true;
    if (c->wait->env->on_tool)
        c->wait->env->on_tool(c->wait->env->arg, spec->name);
    return tools_start(&s->run, s->args, s->args_len);
}

bool calls_is_end(int error)
{
    return error == ERR_CANCELLED || error == ERR_DEADLINE || error == ERR_DRAINING;
}

int calls_start_patiently(struct calls_slot *s, const struct tools_spec *spec)
{
    for (int tries = 0;; tries++) {
        int error = calls_start_once(s, spec);
        if (error != ERR_STORE || tries == STORE_TRIES)
            return error;
        tools_fini(&s->run);
        s->started = false;
        if ((error = wait_retry(s->batch->owner->wait, error)))
            return error;
    }
}

static int calls_start_tool(struct calls_slot *s, const struct tools_spec *spec)
{
    int error = calls_start_patiently(s, spec);

    if (calls_is_end(error))
        return error;
    if (error == ERR_RATE)
        return calls_fail(s, "rate_limited",
            "The user's limit of tool calls is reached for now. It was not done. Say so; do not "
            "try again in this answer.");
    if (error != ERR_PENDING)
        return calls_conclude(s, error);
    s->waiting = true;
    s->batch->waiting++;
    s->until_ms = clock_mono_ms() + TOOL_GRACE_MS + tools_patience(s->run.context, spec);
    return 0;
}

/* ---- the user is asked, and has answered ---- */

/* Bound to the tool and to the digest of what was shown, or of what the user made of it. */
static int calls_start_bound(const struct calls_slot *s, const struct tools_spec *spec, bool *bound)
{
    const struct approvals_taken *a = s->answer;
    char hash[IDENT_SHA256_SIZE];
    struct tools_problem problem;
    struct approval_form form;
    int error = 0;

    ident_sha256_hex(a->args, strlen(a->args), hash);
    *bound = spec && !strcmp(a->tool, spec->name) && !strcmp(hash, a->hash);
    if (*bound && !a->edited) {
        error = approval_canonical(spec, s->call->args, s->call->args_len, s->batch->owner->arena,
            &form, &problem);
        *bound = !error && !strcmp(form.hash, a->hash);
    }
    return error == ERR_INVALID ? 0 : error;
}

/* The call that the user was asked about, with what was asked and the zone of then. */
static int calls_start_asked(struct calls_slot *s, const struct tools_spec *spec)
{
    if (s->batch->owner->resumed && spec->effect == TOOLS_OUTSIDE)
        return calls_fail(s, "unknown_outcome",
            "The assistant was interrupted during this call. It may or may not have had its "
            "effect. Do not repeat it unasked; tell the user.");
    s->bound = *s->batch->owner->tools;
    if (*s->answer->zone)
        s->bound.zone = s->answer->zone;
    s->args = s->answer->args;
    s->args_len = strlen(s->args);
    return calls_start_tool(s, spec);
}

static int calls_start_approved(struct calls_slot *s, const struct tools_spec *spec)
{
    bool bound = false;
    int error = calls_start_bound(s, spec, &bound);

    if (error)
        return error;
    if (!bound)
        return calls_fail(s, "approval_mismatch",
            "What the user approved is not this call. It was not done.");
    return calls_start_asked(s, spec);
}

/* A service has asked in the middle of the call, which goes on with what the user said. */
static int calls_start_replied(struct calls_slot *s, const struct tools_spec *spec)
{
    const struct approvals_taken *a = s->answer;
    const char *action = a->decision == APPROVALS_RUN ? "accept" :
        a->decision == APPROVALS_DENIED               ? "decline" :
        a->decision == APPROVALS_DISMISSED            ? "cancel" :
                                                        NULL;
    char hash[IDENT_SHA256_SIZE];

    if (!action)
        return calls_fail(s, "cancelled",
            "The service behind this tool asked the user something in the middle of the call, and "
            "got no answer. The call was not completed.");
    ident_sha256_hex(a->args, strlen(a->args), hash);
    if (!spec || strcmp(a->tool, spec->name) != 0 || strcmp(hash, a->hash) != 0)
        return calls_fail(s, "approval_mismatch",
            "What the user was asked about is not this call. It was not completed.");
    s->reply = (struct tools_reply){.action = action,
        .content = a->decision != APPROVALS_RUN ? NULL :
            *a->content                         ? a->content :
                                                  "{}",
        .state = a->resume};
    return calls_start_asked(s, spec);
}

/* The user has spoken, or has gone on without it. */
static int calls_start_answered(struct calls_slot *s, const struct tools_spec *spec)
{
    if (*s->answer->resume)
        return calls_start_replied(s, spec);
    switch (s->answer->decision) {
    case APPROVALS_RUN:
        return calls_start_approved(s, spec);
    case APPROVALS_DENIED:
        return calls_fail(s, "denied",
            "The user was asked for approval and said no. It was not done. Do not try it again "
            "unasked.");
    case APPROVALS_LAPSED:
        audit_write(s->batch->owner->wait->env->conf,
            &(struct audit_act){.act = "approval.expired",
                .object = s->answer->id,
                .outcome = "refused",
                .tool = spec ? spec->name : NULL, /* one that has gone meanwhile */
                .user = s->batch->owner->tools->uid});
        return calls_fail(s, "approval_expired",
            "The user was asked for approval and did not answer in time. It was not done.");
    case APPROVALS_ABANDONED:
    case APPROVALS_DISMISSED:
        break;
    }
    return calls_fail(s, "cancelled",
        "The user was asked for approval and went on without giving it. It was not done.");
}

/* By what the turn sees of the conversation, and by what was in it before. */
static int calls_start_taint(struct calls *c, bool *tainted)
{
    int error;

    *tainted = approval_tainted(c->chat);
    while (!*tainted &&
        (error = approvals_untrusted(c->tools->store, c->wait->start->uid, c->wait->start->session,
             tainted)))
        if ((error = wait_retry(c->wait, error)))
            return error;
    return 0;
}

/*
 * What the user is asked says what the call would do now. A call that cannot succeed is answered at
 * once; nobody is asked about it.
 */
static int calls_start_preview(struct calls_slot *s, const struct tools_spec *spec,
    struct approvals_ask *ask)
{
    struct calls *c = s->batch->owner;
    int error;

    s->run = (struct tools_run){.context = c->tools, .spec = spec, .arena = c->arena};
    s->started = true; /* for tools_fini */
    while ((error = tools_preview(&s->run, s->args, s->args_len)) == ERR_STORE) {
        tools_fini(&s->run);
        if ((error = wait_retry(c->wait, error)))
            return error;
    }
    if (!error && !s->run.result)
        return approval_question(ask, &s->run, c->arena);
    s->asked = false;
    return calls_is_end(error) ? error : calls_conclude(s, error);
}

static int calls_start_ask(struct calls_slot *s, const struct tools_spec *spec)
{
    struct calls *c = s->batch->owner;
    struct approvals_ask *ask = &c->asks[c->ask_count];
    bool tainted = false;
    int error = 0;

    if (tools_may_leave(spec))
        error = calls_start_taint(c, &tainted);
    if (!error)
        error = approval_needed(spec, s->call, tainted, c->arena, &s->asked, ask);
    if (!error && s->asked && c->tools->chat_trip) {
        s->asked = false;
        return calls_fail(s, "not_in_shared_chat",
            "Others wrote some of what this conversation goes by, so this needs the user's approval, "
            "and in a shared chat nobody is asked. It was not done. The user may ask for it in a "
            "chat of their own.");
    }
    if (!error && s->asked)
        error = calls_start_preview(s, spec, ask);
    if (error || !s->asked)
        return error;
    if (c->ask_count == APPROVALS_STEP_MAX) {
        s->asked = false;
        return calls_fail(s, "limit_approvals",
            "The user is asked about too many calls at once. It was not done. Try it again when "
            "the others are answered.");
    }
    ask->zone = c->tools->zone;
    c->ask_count++;
    return 0;
}

/* ---- any call ---- */

/* A client's tool gets an object, or nothing: the model may try again. */
static int calls_start_client(struct calls_slot *s)
{
    jdoc *args = NULL;
    int error = s->args_len ? jdoc_parse(s->args, s->args_len, &args, NULL, 0) : 0;
    bool good = !error && (!s->args_len || jdoc_type(args) == JDOC_OBJECT);

    jdoc_free(args);
    if (error == ERR_NOMEM)
        return error;
    return good ?
        0 :
        calls_fail(s, "invalid_arguments",
            "The arguments are not a JSON object. It was not done. Call it again with whole arguments.");
}

int calls_start(struct calls_slot *s)
{
    struct calls *c = s->batch->owner;
    const struct chat_call *call = s->call;
    const struct tools_spec *spec = call->alias ? NULL : tools_find(call->name);
    int error;

    if (s->answer)
        return calls_start_answered(s, spec);
    if (!spec && context_client_tool(c->frame, call->alias ? call->alias : call->name))
        return calls_start_client(s);
    if (!spec)
        return calls_start_unknown(s);
    if (c->left <= 0)
        return calls_fail(s, "limit_tool_calls",
            "The limit of tool calls for one answer is reached. Answer with what is known and say "
            "what was left undone.");
    c->left--;
    if (c->tools->chat_trip && !spec->shared) /* it says so; nobody is asked */
        return calls_start_tool(s, spec);
    if ((error = calls_start_ask(s, spec)) || s->asked || s->answered)
        return error;
    if (c->resumed && spec->effect == TOOLS_OUTSIDE)
        return calls_fail(s, "unknown_outcome",
            "The assistant was interrupted during this call. It may or may not have had its "
            "effect. Do not repeat it unasked; tell the user.");
    return calls_start_tool(s, spec);
}
