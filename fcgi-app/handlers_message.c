/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/handlers.h"

#include "base/err.h"
#include "fcgi-app/admit.h"
#include "fcgi-app/answers.h"
#include "fcgi-app/attach.h"
#include "fcgi-app/shared_chat.h"

#include <string.h>

/* handlers -- messages: what starts turns. Turn workers. */

int handlers_parse(struct exchange *x, enum submit_kind kind, struct submit *out)
{
    jdoc *body = NULL;
    int error = request_json(&x->request, false, &body, &x->problem);
    if (error < 0)
        return error;
    const struct submit_source from = {.kind = kind,
        .body = body,
        .key = request_header(&x->request, "HTTP_IDEMPOTENCY_KEY")};
    return attach_submit(x, &from, out);
}

static struct submit *handlers_submit_new(struct exchange *x)
{
    return arena_alloc(x->arena, sizeof(struct submit));
}

int handlers_chat(struct exchange *x)
{
    struct submit *submit = handlers_submit_new(x);
    int error = !submit ? ERR_NOMEM : handlers_parse(x, SUBMIT_CHAT, submit);
    if (error < 0)
        return error;
    if (submit->user_id && !ident_user_is(x->who.user, submit->user_id, strlen(submit->user_id))) {
        problem_set(&x->problem, PROBLEM_FORBIDDEN, "user_id is not the user of the credential.");
        return ERR_FORBIDDEN;
    }
    bool stream = request_wants_stream(&x->request, submit->stream);
    if (!stream && !request_accepts(&x->request, "application/json"))
        return problem_set(&x->problem, PROBLEM_NOT_ACCEPTABLE,
            "Accept leaves out application/json and " REQUEST_SSE ".");
    submit->whole = !stream && !submit->stream;
    if (ident_is_chat(submit->session, strlen(submit->session)) &&
        (error = shared_chat_submit(x, submit)) < 0)
        return error;
    if (!stream && request_prefers_async(&x->request)) {
        error = admit_submit(x, submit, ADMIT_ACCEPTED);
        if (error == 0)
            exchange_header(x, "Preference-Applied", "respond-async");
        return error;
    }
    return admit_submit(x, submit, stream ? ADMIT_STREAM : ADMIT_JSON);
}

int handlers_agui(struct exchange *x)
{
    if (!request_accepts(&x->request, REQUEST_SSE))
        return problem_set(&x->problem, PROBLEM_NOT_ACCEPTABLE,
            "Only " REQUEST_SSE " is sent here.");
    struct submit *submit = handlers_submit_new(x);
    int error = !submit ? ERR_NOMEM : handlers_parse(x, SUBMIT_AGUI, submit);
    if (error < 0)
        return error;
    error = answers_settle(x, submit);
    if (error == ERR_INVALID && x->problem.set)
        return answers_run_error(x);
    return error < 0 ? error : admit_submit(x, submit, ADMIT_STREAM);
}

int handlers_agui_capabilities(struct exchange *x)
{
    exchange_json(x, 200);
    buf_puts(&x->reply.body,
        "{\"identity\":{\"name\":\"PAM\",\"type\":\"turnpike\"},"
        "\"transport\":{\"streaming\":true,\"websocket\":true,\"httpBinary\":false,"
        "\"pushNotifications\":false,\"resumable\":true},"
        "\"tools\":{\"supported\":true,\"parallelCalls\":true},"
        "\"humanInTheLoop\":{\"supported\":true,\"approvals\":true,\"interrupts\":true,"
        "\"approveWithEdits\":true},"
        "\"multimodal\":{\"input\":{\"image\":true,\"pdf\":true,\"file\":true,\"audio\":false,"
        "\"video\":false}},"
        "\"state\":{\"snapshots\":true,\"deltas\":false,\"memory\":true,"
        "\"persistentState\":true}}");
    return 0;
}

int handlers_internal_message(struct exchange *x)
{
    struct submit *submit = handlers_submit_new(x);
    struct approvals_verdict verdict = {.session = ""};
    int error = !submit ? ERR_NOMEM : handlers_parse(x, SUBMIT_INTERNAL, submit);
    if (error < 0)
        return error;
    bool one = submit->resume_count > 0 && !submit->resume_all;
    error = one ? answers_apply(x, submit, &verdict) : answers_settle(x, submit);
    if (error < 0)
        return error;
    if (one && submit->turn[0] == '\0')
        return answers_reply_waiting(x, submit->resume[0].id, &verdict);
    return admit_submit(x, submit, ADMIT_ACCEPTED);
}

int handlers_internal_run(struct exchange *x)
{
    jdoc *body = NULL;
    int error = request_json(&x->request, false, &body, &x->problem);
    if (error < 0)
        return error;
    const char *user = jdoc_text_or(body, "user", "");
    const char *turn = jdoc_text_or(body, "turn", "");
    if (!ident_is_safe(user, strlen(user), IDENT_USER_MAX) || !ident_is_uuid(turn))
        return problem_field(&x->problem, "turn", "user and turn are needed.");
    memcpy(x->who.user, user, strlen(user) + 1);
    return admit_claim(x, user, turn);
}
