/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/handlers.h"

#include "base/err.h"
#include "fcgi-app/admit.h"
#include "fcgi-app/answers.h"
#include "store/approvals.h"

#include <string.h>

/* handlers -- what the user is asked: listed by api workers, answered by turn workers. */

int handlers_approvals_list(struct exchange *x)
{
    const char *session = request_query(&x->request, "session_id");
    if (session && !ident_is_session(session, strlen(session)))
        return problem_field(&x->problem, "session_id", "session_id is not the id of a session.");
    exchange_json(x, 200);
    return approvals_list(x->app->store, x->who.user, session, &x->reply.body);
}

int handlers_approval_answer(struct exchange *x)
{
    struct submit *submit = arena_alloc(x->arena, sizeof *submit);
    struct approvals_verdict verdict;
    jdoc *body = NULL;
    int error = request_json(&x->request, false, &body, &x->problem);
    if (error < 0)
        return error;
    if (!submit)
        return ERR_NOMEM;
    bool stream = request_wants_stream(&x->request, false);
    if (!stream && !request_accepts(&x->request, "application/json"))
        return problem_set(&x->problem, PROBLEM_NOT_ACCEPTABLE,
            "Accept leaves out application/json and " REQUEST_SSE ".");
    submit_answer(x->params[0], body, "edited_args", submit);
    submit->whole = !stream;
    error = answers_apply(x, submit, &verdict);
    if (error < 0)
        return error;
    if (submit->turn[0] == '\0')
        return answers_reply_waiting(x, x->params[0], &verdict);
    if (stream)
        return admit_submit(x, submit, ADMIT_STREAM);
    error = admit_submit(x, submit, ADMIT_ACCEPTED);
    if (error == 0 && request_prefers_async(&x->request))
        exchange_header(x, "Preference-Applied", "respond-async");
    return error;
}
