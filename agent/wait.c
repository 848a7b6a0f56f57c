/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/wait.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/task.h"
#include "store/again.h"
#include "store/notice.h"

#define AWAY_STEP_MS 50 /* how often a lost Redis is tried */

static void wait_on_message(void *arg, const char *bytes, size_t len)
{
    struct wait *w = arg;

    if (notice_is_stop(bytes, len, w->start->turn) && !w->result) {
        w->result = ERR_CANCELLED;
        task_wake(w->task);
    }
    if (w->answered && notice_is_answer(bytes, len, w->start->turn)) {
        *w->answered = true;
        task_wake(w->task);
    }
}

static void wait_on_subscribed(void *arg)
{
    struct wait *w = arg;
    w->check_now = true;
    task_wake(w->task);
}

static const struct listen_handlers wait_hears = {.message = wait_on_message,
    .subscribed = wait_on_subscribed};

void wait_begin(struct wait *w, struct turn_env *env, const struct turns_start *start,
    int64_t deadline_ms)
{
    *w = (struct wait){.env = env, .start = start, .deadline_ms = deadline_ms, .task = task_self()};
    w->renew_at_ms = clock_mono_ms() + env->conf->lease_ms / 3;
    if (start->stopped)
        w->result = ERR_CANCELLED;
}

void wait_begin_behind(struct wait *w, struct turn_env *env, const struct turns_start *start,
    int64_t deadline_ms)
{
    wait_begin(w, env, start, deadline_ms);
    w->renew_at_ms = INT64_MAX;
    w->listens = true; /* as far as the first wait is concerned: nothing is added */
}

/* The first wait: what it is for is on its way; then come the client's answer and our ears. */
static void wait_under_way(struct wait *w)
{
    task_yield(w->env->reactor);
    w->listens = true;
    if (w->env->on_under_way)
        w->env->on_under_way(w->env->arg);
    keys_control(w->channel, w->start->uid, w->start->session);
    w->ear = (struct listen_ear){.channel = w->channel, .on = &wait_hears, .arg = w};
    if (w->env->listen)
        listen_add(w->env->listen, &w->ear);
}

void wait_end(struct wait *w)
{
    if (w->env->listen)
        listen_remove(w->env->listen, &w->ear);
    w->listens = false;
    if (w->renewing)
        turns_renew_forget(w->env->store, &w->renewal);
    w->renewing = false;
}

static void wait_on_renewed(void *arg, int error)
{
    struct wait *w = arg;

    w->renewing = false;
    if (error == ERR_FENCED)
        w->result = ERR_FENCED;
    else if (error == ERR_CANCELLED && !w->result)
        w->result = ERR_CANCELLED;
    else if (error && error != ERR_CANCELLED)
        w->renew_at_ms = clock_mono_ms() + AWAY_STEP_MS; /* Redis is away */
    task_wake(w->task); /* it slept without a time for the next renewal */
}

static void wait_renew(struct wait *w, int64_t now)
{
    int error;

    if (w->renewing || (!w->check_now && now < w->renew_at_ms))
        return;
    w->check_now = false;
    w->renew_at_ms = now + w->env->conf->lease_ms / 3;
    w->renewing = true;
    w->renewal = (struct turns_renewal){wait_on_renewed, w};
    error = turns_renew_send(w->env->store, w->start, &w->renewal);
    if (error) {
        w->renewing = false;
        w->renew_at_ms = now + AWAY_STEP_MS;
    }
}

/* Of the log's own accord: it appends and reads by itself. */
static void wait_look_at_log(struct wait *w)
{
    err_ignore(eventlog_pump(w->env->eventlog)); /* its state says the same */
    if (eventlog_state(w->env->eventlog) == EVENTLOG_FENCED)
        w->result = ERR_FENCED;
}

static int wait_reason(const struct wait *w, int64_t now)
{
    if (w->result)
        return w->result;
    if (w->env->abort_now && *w->env->abort_now)
        return ERR_DRAINING;
    return now >= w->deadline_ms ? ERR_DEADLINE : 0;
}

int wait_check(struct wait *w)
{
    bool done = true;
    return wait_until(w, &done, 0);
}

/* When there is something to do, whatever comes. */
static int64_t wait_next_ms(const struct wait *w, int64_t until_ms, int64_t now)
{
    int64_t until = w->deadline_ms;

    if (until_ms && until_ms < until)
        until = until_ms;
    if (!w->renewing && w->renew_at_ms < until)
        until = w->renew_at_ms;
    if (eventlog_state(w->env->eventlog) == EVENTLOG_AWAY && now + AWAY_STEP_MS < until)
        until = now + AWAY_STEP_MS;
    return until;
}

int wait_until(struct wait *w, const bool *done, int64_t until_ms)
{
    for (;;) {
        int64_t now;
        int why;

        wait_look_at_log(w);
        now = clock_mono_ms();
        wait_renew(w, now);
        if ((why = wait_reason(w, now)) || *done)
            return why;
        if (until_ms && now >= until_ms)
            return ERR_ELAPSED;
        if (!w->listens) {
            wait_under_way(w);
            continue;
        }
        why = task_wait(w->env->reactor, wait_next_ms(w, until_ms, now), NULL);
        if (why < 0 && why != ERR_CANCELLED)
            return why;
    }
}

int wait_pause(void *w, int64_t until_ms)
{
    bool never = false;
    int why = wait_until(w, &never, until_ms);

    return why == ERR_ELAPSED ? 0 : why;
}

int wait_retry(struct wait *w, int error)
{
    return again_store(&error, wait_pause, w) ? 0 : error;
}
