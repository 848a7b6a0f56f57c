/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_ANSWERS_H
#define TURNPIKE_FCGI_APP_ANSWERS_H

#include "base/err.h"
#include "fcgi-app/exchange.h"
#include "fcgi-app/submit.h"
#include "store/approvals.h"

/*
 * answers -- what the user said to approvals, whichever way it came: `resume` of a RunAgentInput
 * (it must cover every open one of the session), or one answer by itself. Used by turn workers.
 *
 * answers_apply -- checks and records them. The turn that goes on has verdict->turn; the submit
 * gets that, the approval's session and, where the request says nothing, zone, locale and context
 * of the turn that asked. The same answers again: the same turn.
 * Returns 0; ERR_INVALID with the problem set; another error.
 */
MUST_CHECK int answers_apply(struct exchange *x, struct submit *submit,
    struct approvals_verdict *verdict);
/* A RunAgentInput without `resume`: sets PROBLEM_APPROVALS_OPEN when the session waits for one. */
MUST_CHECK int answers_check_open(struct exchange *x, const struct submit *submit);
/* By AG-UI's rules: the answers of the request, or none where the session waits for none. */
MUST_CHECK int answers_settle(struct exchange *x, struct submit *submit);
/* The problem as the events of a run that ended before it started: what AG-UI asks for. */
MUST_CHECK int answers_run_error(struct exchange *x);
/* 202 for an answer after which others are open, 200 for that of a direct call. */
MUST_CHECK int answers_reply_waiting(struct exchange *x, const char *id,
    const struct approvals_verdict *verdict);

#endif
