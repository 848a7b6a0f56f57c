/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_REPLY_H
#define TURNPIKE_AGENT_REPLY_H

#include "agent/chat.h"
#include "agent/input.h"
#include "base/buf.h"
#include "store/approvals.h"
#include "store/turns.h"

#include <stdbool.h>
#include <stdint.h>

/* reply -- the JSON body that a client without a stream gets. Pure computation. */
struct reply {
    const struct turns_start *start;
    const struct input *input;
    const struct chat *chat;
    size_t first_new;  /* messages of the chat from here on are this turn's */
    const char *model; /* "" = none answered */
    const char *usage; /* JSON array or NULL */
    int64_t tokens, now_ms;
    const char *stop_reason; /* or NULL */
    bool cached;             /* a kept answer, of so many seconds */
    int64_t cached_s;
    const char *kept_as; /* the name by which it is, or may be, kept; NULL = it is not */
    const char *const *pending;
    size_t pending_count;
    const struct approvals_ask *asks; /* what the user is asked */
    size_t ask_count;
    const char *interrupts; /* the same as a JSON array; NULL = nothing */
};
void reply_success(const struct reply *r, struct buf *json);
struct reply_failure {
    int status;
    const char *title, *detail, *code;
    bool retryable; /* the same message may succeed when it is sent again */
};
/* RFC 9457. */
void reply_problem(const struct reply *r, const struct reply_failure *failure, struct buf *json);

#endif
