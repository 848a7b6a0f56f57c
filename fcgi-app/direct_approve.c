/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/direct_parts.h"

#include "agent/approval.h"
#include "base/clock.h"

#include <stdio.h>
#include <string.h>

/* direct_approve -- the approval of a direct call: asked for, then brought along. */

/* Asks for it: the same call with the header Approval-Id runs once the user has said yes. */
static int direct_ask(struct exchange *x, struct approvals_ask *ask)
{
    char ends[CLOCK_RFC3339_SIZE];
    int error = approvals_open(x->app->store, x->who.user, NULL, NULL, ask, 1);
    if (error == ERR_FULL)
        return problem_set(&x->problem, PROBLEM_LIMIT_REACHED,
            "%d approvals are open already; answer some.", APPROVALS_DIRECT_MAX);
    if (error < 0)
        return error;
    exchange_audit(x,
        (struct audit_act){.act = "approval.asked",
            .object = ask->id,
            .outcome = ask->why,
            .tool = ask->tool,
            .hash = ask->hash});
    clock_rfc3339(ask->expires_ms, ends);
    problem_set(&x->problem, PROBLEM_APPROVAL,
        "Nothing was done. POST %s/approvals/%s {\"approved\":true}, then repeat this call with "
        "the header Approval-Id: %s.",
        x->app->conf->public_base, ask->id, ask->id);
    struct buf members = {0};
    buf_printf(&members,
        ",\"approval_id\":\"%s\",\"tool\":\"%s\",\"arguments\":%s,\"expires_at\":\"%s\"", ask->id,
        ask->tool, ask->args, ends);
    buf_json_member(&members, "message", ask->message);
    if (ask->preview)
        buf_printf(&members, ",\"preview\":%s", ask->preview);
    x->problem.members = buf_error(&members) ? NULL : arena_strdup(x->arena, buf_text(&members));
    buf_free(&members);
    return !x->problem.members ? ERR_NOMEM : ERR_INVALID;
}

/* Used by this very call before: its mark has what became of it (records or outside.h). */
static int direct_use(struct exchange *x, const struct tools_spec *spec, const char *id,
    const struct approvals_ask *ask)
{
    bool again = false;
    int error = approvals_use(x->app->store, x->who.user,
        &(struct approvals_use){.id = id, .tool = spec->name, .hash = ask->hash, .zone = ask->zone},
        &again);
    switch (error) {
    case 0:
        return 0;
    case ERR_NOT_FOUND:
        return problem_set(&x->problem, PROBLEM_NOT_FOUND, "No such approval of a direct call.");
    case ERR_NOT_YET:
        return problem_set(&x->problem, PROBLEM_APPROVAL, "The user has not answered yet.");
    case ERR_CONFLICT:
        return problem_set(&x->problem, PROBLEM_APPROVAL_MISMATCH,
            "The approval is for another tool, other arguments or another zone.");
    case ERR_FORBIDDEN:
        return problem_set(&x->problem, PROBLEM_APPROVAL_DENIED, "Nothing was done.");
    case ERR_DEADLINE:
        exchange_audit(x,
            (struct audit_act){.act = "approval.expired",
                .object = id,
                .outcome = "refused",
                .tool = spec->name,
                .hash = ask->hash});
        return problem_set(&x->problem, PROBLEM_APPROVAL_EXPIRED, "Nothing was done.");
    default:
        return error;
    }
}

/* What the user is asked; a call that cannot succeed is refused, and nobody is asked. */
static int direct_preview(struct exchange *x, const struct direct *d,
    const struct tools_context *context, struct approvals_ask *ask)
{
    struct tools_run run = {.context = context, .spec = d->spec, .arena = x->arena};
    int error = tools_preview(&run, d->args, d->args_len);
    if (error == 0)
        error = run.result ? direct_refused(x, &run) : approval_question(ask, &run, x->arena);
    tools_fini(&run);
    return error;
}

/* What the user said yes to; NULL when the arguments are the user's own. */
static int direct_approved(struct exchange *x, const char *id, const char *args,
    const char **approved)
{
    struct approvals_record record = {.message = ""};
    int error = approvals_get(x->app->store, x->who.user, id, x->arena, &record);
    if (error == 0 && strcmp(record.args, args) == 0)
        *approved = record.message;
    return error == ERR_NOT_FOUND ? 0 : error;
}

/* Asks, in a record that the caller gets too. */
static int direct_open(struct exchange *x, struct direct *d, const struct tools_context *context,
    struct approvals_ask *ask)
{
    ident_token(APPROVALS_ID_BYTES, ask->id);
    int error = direct_preview(x, d, context, ask);
    if (error < 0)
        return error;
    error = direct_ask(x, ask);
    if (x->problem.code == PROBLEM_APPROVAL)
        d->asked = *ask;
    return error;
}

int direct_approve(struct exchange *x, struct direct *d, struct tools_run *run)
{
    const struct tools_spec *spec = d->spec;
    struct approval_form *form = arena_alloc(x->arena, sizeof *form);
    struct tools_problem wrong;
    if (!tools_needs_approval(spec, d->value))
        return 0;
    if (!form)
        return ERR_NOMEM;
    int error = approval_canonical(spec, d->args, d->args_len, x->arena, form, &wrong);
    if (error < 0)
        return error;
    struct approvals_ask ask = {.call = "",
        .tool = spec->name,
        .args = form->args,
        .hash = form->hash,
        .message = "",
        .why = "policy",
        .zone = run->context->zone};
    if (!d->approval)
        return direct_open(x, d, run->context, &ask);
    error = direct_use(x, spec, d->approval, &ask);
    if (error == 0)
        error = direct_approved(x, d->approval, ask.args, &run->approved);
    if (error < 0)
        return error;
    run->call_id = arena_printf(x->arena, "approval:%s", d->approval);
    return !run->call_id ? ERR_NOMEM : 0;
}
