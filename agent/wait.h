/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_WAIT_H
#define TURNPIKE_AGENT_WAIT_H

#include "agent/turn.h"
#include "base/err.h"
#include "base/task.h"
#include "store/keys.h"
#include "wire/redis/listen.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * wait -- where a turn waits for its model, for its tools and for a Redis that is away. While it
 * does, the lease is renewed, a stop is heard, the worker's drain limit and the turn's deadline are
 * seen. Used by turn workers, in the turn's task. The callback that sets the flag a turn waits for
 * also wakes that task (base/task.h).
 *
 * Two other waits know nothing of all that and are bounded by themselves: a call of the store waits
 * for its reply (wire/redis/link.h, redis.timeout), and the end of a turn, which nothing stops any
 * more, for a Redis that is away (turn_end.c, about a minute). Between two steps wait_check looks.
 */
struct trace_span;
struct wait {
    struct turn_env *env;
    const struct turns_start *start;
    int64_t deadline_ms; /* of the turn, monotonic */
    int64_t renew_at_ms;
    bool renewing;  /* a renewal is in the pipeline */
    bool check_now; /* just subscribed: a stop before that is only seen by a renewal */
    bool *
        answered; /* set when the user has answered a question (calls_ask.c); NULL = none is open */
    bool listens; /* to the control channel, from the first wait on */
    int result;   /* sticky: 0, ERR_CANCELLED, ERR_FENCED */
    struct turns_renewal renewal;
    struct listen_ear ear;
    char channel[KEYS_MAX]; /* that it listens to */
    struct task *task;
    const struct trace_span *span; /* of the turn; NULL = it is not traced */
};
/* start must live as long. The first wait subscribes to the session's control channel, after the
 * request that it waits for has been sent. Subscribing earlier would delay the first token. */
void wait_begin(struct wait *w, struct turn_env *env, const struct turns_start *start,
    int64_t deadline_ms);
/* The same for a call of a model behind the turn's end: there is no lease to be renewed, and no
 * stop is heard. */
void wait_begin_behind(struct wait *w, struct turn_env *env, const struct turns_start *start,
    int64_t deadline_ms);
void wait_end(struct wait *w);
/*
 * wait_until -- until *done, or until_ms (0 = no other limit than the turn's).
 * Returns 0 when done; ERR_ELAPSED at until_ms; ERR_CANCELLED (stop), ERR_FENCED, ERR_DEADLINE (the
 * turn's), ERR_DRAINING (the worker has to leave), ERR_IO.
 */
MUST_CHECK int wait_until(struct wait *w, const bool *done, int64_t until_ms);
/* The same for the time alone, an again_pause_fn. w: a struct wait. Returns 0 at until_ms, which is
 * not 0, or the error that ends the turn. */
MUST_CHECK int wait_pause(void *w, int64_t until_ms);
/*
 * wait_retry -- after a write that failed with `error`: whether to make it again.
 * Returns 0 (Redis is away; a moment has passed); `error` itself when it is another one; else what
 * wait_until returned.
 */
MUST_CHECK int wait_retry(struct wait *w, int error);
/* The same reasons to end, looked at without waiting. */
MUST_CHECK int wait_check(struct wait *w);

#endif
