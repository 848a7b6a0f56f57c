/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_APPROVAL_PARTS_H
#define TURNPIKE_AGENT_APPROVAL_PARTS_H

#include "agent/approval.h"
#include "base/err.h"

/*
 * approval_parts -- what the files of approval share with each other:
 *
 *   approval       which calls the user is asked about, and the answers
 *   approval_form  what a service asks in the middle of a call
 */

/* Sets out->digest, of the whole answer. */
void approval_seal(struct approvals_answer *out);

/* Returns ERR_INVALID, with the problem set. */
MUST_CHECK int approval_refuse(struct tools_problem *problem, const char *path,
    const char *expected, const char *message);

/* approval_interrupt of an ask with a form. ends: its time, RFC 3339. */
void approval_form_interrupt(const struct approvals_ask *ask, const char *ends, struct buf *json);
/* Its end and the beginning of its metadata, as every interrupt has them; `metadata` stays open. */
void approval_form_about(const struct approvals_ask *ask, const char *ends, struct buf *json);

#endif
