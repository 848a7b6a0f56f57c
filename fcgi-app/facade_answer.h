/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_FACADE_ANSWER_H
#define TURNPIKE_FCGI_APP_FACADE_ANSWER_H

#include "base/buf.h"
#include "base/err.h"
#include "fcgi-app/facade_view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * facade_answer -- a turn as a whole chat completion or response, made of what is stored of it.
 * Pure. Api and stream workers.
 */
struct facade_turn {
    const char *turn, *session;
    const char *state;       /* as store/turns.h has them */
    const char *first_event; /* RUN_STARTED, with what the request said; "" = not known */
    const char *reply;       /* stored at its end; "" before */
    size_t reply_len;
    int status;       /* of that reply; 0 before */
    int64_t ended_ms; /* 0 = not yet */
};
/*
 * A chat completion, or the error in its place; status: out, of HTTP. retryable: out, of an error.
 * Returns 0; ERR_INVALID: what is stored cannot be read; ERR_NOMEM.
 */
struct facade_result {
    int status;
    bool retryable;
};
MUST_CHECK int facade_answer_completion(const struct facade_view *view,
    const struct facade_turn *turn, struct facade_result *result, struct buf *json);
/* A response in any state: one that failed says so in itself. Returns the same. */
MUST_CHECK int facade_answer_response(const struct facade_view *view,
    const struct facade_turn *turn, struct buf *json);
/* A failure before anything was said, where the client waits: as an error of HTTP. */
MUST_CHECK int facade_answer_whole(const struct facade_view *view, const struct facade_turn *turn,
    struct facade_result *result, struct buf *json);

#endif
