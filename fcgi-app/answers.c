/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/answers.h"

#include "agent/approval.h"
#include "agent/input.h"
#include "base/err.h"
#include "base/log.h"
#include "fcgi-app/admit.h"
#include "fcgi-app/needs.h"
#include "process/scopes.h"
#include "store/logentry.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int answers_missing(struct exchange *x, const char *id)
{
    problem_set(&x->problem, PROBLEM_NOT_FOUND,
        "There is no approval \"%.64s\" to be answered here.", id);
    return ERR_INVALID;
}

static int answers_wrong(struct exchange *x, const struct tools_problem *wrong)
{
    problem_set(&x->problem, PROBLEM_ARGUMENT, "%s", wrong->message);
    snprintf(x->problem.field, sizeof x->problem.field, "%s", wrong->path);
    snprintf(x->problem.expected, sizeof x->problem.expected, "%s", wrong->expected);
    return ERR_INVALID;
}

/* One answer against its approval; the record tells tool and session. */
static int answers_read(struct exchange *x, const struct submit *submit,
    const struct submit_resume *resume, struct approvals_record *record,
    struct approvals_answer *out)
{
    struct tools_problem wrong = {.path = ""};
    int error = approvals_get(x->app->store, x->who.user, resume->id, x->arena, record);
    if (error == ERR_NOT_FOUND)
        return answers_missing(x, resume->id);
    if (error < 0)
        return error;
    if (submit->session_given && record->session[0] != '\0' &&
        strcmp(record->session, submit->session) != 0)
        return answers_missing(x, resume->id);
    out->id = resume->id;
    if (resume->cancelled) {
        approval_decline(out);
        return 0;
    }
    error = record->form[0] != '\0' ?
        approval_form_answer(resume->payload, record->form, x->arena, out, &wrong) :
        approval_answer(resume->payload, resume->edited, record->tool, x->arena, out, &wrong);
    return error == ERR_INVALID ? answers_wrong(x, &wrong) : error;
}

static int answers_refused(struct exchange *x, const struct approvals_verdict *verdict)
{
    const char *id = verdict->id;
    switch (verdict->outcome) {
    case APPROVALS_EXPIRED:
        return problem_set(&x->problem, PROBLEM_APPROVAL_EXPIRED,
            "The time to approve %s is over. Nothing was done.", id);
    case APPROVALS_USED:
        return problem_set(&x->problem, PROBLEM_APPROVAL_USED,
            "Approval %s was answered before, and otherwise.", id);
    case APPROVALS_CANCELLED:
        return problem_set(&x->problem, PROBLEM_APPROVAL_CANCELLED,
            "Approval %s is not wanted any more: the conversation went on without it.", id);
    case APPROVALS_UNCOVERED:
        return problem_set(&x->problem, PROBLEM_APPROVALS_UNCOVERED,
            "resume must answer every open interrupt of the thread; %s is missing.", id);
    default:
        return answers_missing(x, id);
    }
}

/* What the audit log has of it: who answered what, with the digest of the arguments that the user
 * put in the place of those asked about. */
static void answers_audit(struct exchange *x, const struct approvals_answer *answer,
    const char *tool, bool expired)
{
    bool yes = answer->event == APPROVALS_APPROVE;

    exchange_audit(x,
        (struct audit_act){.act = expired ? "approval.expired" :
                yes                       ? "approval.granted" :
                                            "approval.refused",
            .object = answer->id,
            .outcome = expired ? "refused" : "done",
            .tool = tool,
            .hash = answer->hash});
}

/* The zone, and where the request says nothing, what else held when the user was asked. */
static int answers_inherit(struct exchange *x, struct submit *submit, const char *json)
{
    struct input asked;
    if (*json == '\0')
        return 0;
    int error = input_parse(json, x->arena, &asked);
    if (error == ERR_INVALID)
        return 0;
    if (error < 0)
        return error;
    if (*asked.zone != '\0') /* what was approved means what it meant */
        submit->zone = asked.zone;
    if (*submit->locale == '\0')
        submit->locale = asked.locale;
    if (!submit->context)
        submit->context = asked.context;
    if (!submit->agui)
        submit->agui = asked.agui;
    return 0;
}

int answers_apply(struct exchange *x, struct submit *submit, struct approvals_verdict *verdict)
{
    struct approvals_answer answers[SUBMIT_RESUME_MAX] = {0};
    const char *tools[SUBMIT_RESUME_MAX] = {0};
    struct approvals_record record = {.session = ""};
    struct turns_request request;
    char turn[IDENT_UUID_SIZE];
    int error = needs_check(x, SCOPE_APPROVE);
    if (error < 0)
        return error;
    for (size_t i = 0; i < submit->resume_count; i++) {
        error = answers_read(x, submit, &submit->resume[i], &record, &answers[i]);
        if (error < 0)
            return error;
        tools[i] = record.tool;
    }
    ident_uuid7(turn);
    if (record.session[0] != '\0')
        snprintf(submit->session, sizeof submit->session, "%s", record.session);
    error = answers_inherit(x, submit, record.input ? record.input : "");
    if (error == 0)
        error = admit_request(x, submit, turn, &request);
    if (error < 0)
        return error;
    error = approvals_answer(x->app->store, x->who.user, &request,
        &(struct approvals_answers){.session = submit->resume_all ? submit->session : NULL,
            .all = answers,
            .count = submit->resume_count},
        verdict);
    if (error < 0)
        return error;
    for (size_t i = 0; i < submit->resume_count; i++) {
        bool expired = verdict->outcome == APPROVALS_EXPIRED;
        if (verdict->outcome == APPROVALS_DONE ||
            (expired && strcmp(answers[i].id, verdict->id) == 0))
            answers_audit(x, &answers[i], tools[i], expired);
    }
    if (verdict->outcome != APPROVALS_DONE)
        return answers_refused(x, verdict);
    log_info("approval %s of %s: %s, turn %s", answers[0].id, record.tool,
        answers[0].event == APPROVALS_APPROVE ? "approved" : "not approved", verdict->turn);
    memcpy(submit->turn, verdict->turn, sizeof submit->turn);
    return 0;
}

int answers_check_open(struct exchange *x, const struct submit *submit)
{
    bool waiting = false;
    int error = approvals_waiting(x->app->store, x->who.user, submit->session, &waiting);
    if (error < 0 || !waiting)
        return error;
    return problem_set(&x->problem, PROBLEM_APPROVALS_OPEN,
        "The thread has open interrupts: answer them by resume first.");
}

int answers_settle(struct exchange *x, struct submit *submit)
{
    struct approvals_verdict verdict;
    if (submit->resume_count > 0)
        return answers_apply(x, submit, &verdict);
    return submit->resume_all ? answers_check_open(x, submit) : 0;
}

int answers_run_error(struct exchange *x)
{
    struct buf *b = &x->reply.body;
    buf_reset(b);
    x->reply.status = 200;
    x->reply.content_type = REQUEST_SSE;
    buf_puts(b, "data: ");
    logentry_put_run_error(b, x->problem.detail, problem_kind(x->problem.code)->code);
    buf_puts(b, "\n\n");
    x->problem.set = false;
    return 0;
}

int answers_reply_waiting(struct exchange *x, const char *id,
    const struct approvals_verdict *verdict)
{
    bool direct = verdict->session[0] == '\0';
    struct buf *b = &x->reply.body;
    exchange_json(x, direct ? 200 : 202);
    buf_puts(b, "{\"approval_id\":");
    buf_json_string(b, id, strlen(id));
    buf_printf(b, ",\"state\":\"%s\"", direct || verdict->live ? "answered" : "waiting");
    if (!direct) {
        buf_puts(b, ",\"session_id\":");
        buf_json_string(b, verdict->session, strlen(verdict->session));
    }
    buf_printf(b, ",\"open_approvals\":%" PRId64 "}", verdict->left);
    return 0;
}
