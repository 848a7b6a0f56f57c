#ifndef TURNPIKE_AGENT_WAIT_H
#define TURNPIKE_AGENT_WAIT_H

#include "agent/turn.h"
#include "base/task.h"
#include "wire/redis/listen.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * wait -- the one place where a turn waits. While it does, the lease is renewed, a stop is heard, the
 * worker's drain limit and the turn's deadline are seen. Used by turn workers, in the turn's task:
 * who sets a flag that a turn waits for wakes that task (base/task.h).
 */
struct wait {
    struct turn_env *env;
    const struct turns_start *start;
    int64_t deadline_ms;    /* of the turn, monotonic */
    int64_t renew_at_ms;
    bool renewing;          /* a renewal is in the pipeline */
    bool check_now;         /* just subscribed: a stop before that is only seen by a renewal */
    bool listens;           /* to the control channel, from the first wait on */
    int result;             /* sticky: 0, ERR_CANCELLED, ERR_FENCED */
    struct turns_renewal renewal;
    struct listen_ear ear;
    char channel[STORE_KEY_MAX]; /* that it listens to */
    struct task *task;
};
/* start must live as long. The session's control channel is subscribed to by the first wait, once
 * what that waits for has been asked: it is not in the way of the first word. */
void wait_begin(struct wait *w, struct turn_env *env, const struct turns_start *start,
    int64_t deadline_ms);
void wait_end(struct wait *w);
/*
 * wait_until -- until *done, or until_ms (0 = no other limit than the turn's).
 * Returns 0 when done; ERR_AGAIN at until_ms; ERR_CANCELLED (stop), ERR_FENCED, ERR_DEADLINE (the
 * turn's), ERR_DRAINING (the worker has to leave), ERR_IO.
 */
int wait_until(struct wait *w, const bool *done, int64_t until_ms);
/* The same reasons to end, looked at without waiting. */
int wait_check(struct wait *w);

#endif
