/* SPDX-License-Identifier: BSD-2-Clause */
/* voice, second part: a call to a tool process. */
#include "fcgi-app/voice.h"

#include "base/clock.h"
#include "base/task.h"
#include "process/fastcgi_call.h"
#include "process/voice_queue.h"

#include <string.h>

#define VOICE_LOCAL_GRACE_MS 3000 /* a process that is over its time has been killed by then */
#define VOICE_LOCAL_RETRY_MS 2000
#define VOICE_LOCAL_AGAIN_MS 50 /* while nobody listens, or the queue of the socket is full */

struct voice_local {
    struct fastcgi_call *call;
    struct task_ref task;
    struct buf body;
    bool done;
    int error;
};

static void voice_local_on_reply(void *arg, int error, const struct fastcgi_reply *reply)
{
    struct voice_local *l = arg;

    l->done = true;
    l->error = error;
    if (!error) {
        buf_put(&l->body, reply->body.data, reply->body.len);
        l->error = buf_error(&l->body);
    }
    task_ref_wake(l->task);
}

static int voice_local_busy(struct exchange *x)
{
    problem_set(&x->problem, PROBLEM_POOL_FULL,
        "The processes that hear and speak were busy for all of the time that a call may wait "
        "(tool.process_wait).");
    x->problem.retry_after_ms = VOICE_LOCAL_RETRY_MS;
    return ERR_FULL;
}

/* Until it is this call's turn. */
static int voice_local_queue(struct exchange *x, int64_t until_ms)
{
    const struct app *app = x->app;
    unsigned long long owner = scoreboard_owner(x->who.user);
    int error = 0;

    while (!error && !voice_queue_run(app->worker->board, app->seat, owner))
        error = voice_wait(x, until_ms);
    return error == ERR_DEADLINE ? voice_local_busy(x) : error;
}

static int voice_local_send(struct exchange *x, const struct voice_order *order,
    struct voice_local *l)
{
    const struct conf *conf = x->app->conf;
    struct voice_words words;
    struct voice_ask ask = order->ask;

    if (!*ask.language)
        ask.language = "en";
    voice_words_ask(&words, &ask);
    const struct fastcgi_call_request request = {.pairs = words.pairs,
        .count = VOICE_WORDS_PAIRS,
        .body = ask.body,
        .len = ask.len,
        .timeout_ms = conf->tool_process_wait_ms + conf->voice_ms + VOICE_LOCAL_GRACE_MS,
        .max = VOICE_WORDS_REPLY_MAX};
    return fastcgi_call_start(x->app->tools, &request, voice_local_on_reply, l, &l->call);
}

/* Whatever became of the process: this call alone is lost. */
static int voice_local_lost(struct exchange *x, int error)
{
    if (error == ERR_NOMEM)
        return error;
    return voice_failed(x,
        error == ERR_DEADLINE ? "It took longer than it may (voice.timeout)." :
                                "The process that did this ended in the middle.");
}

static int voice_local_take(struct exchange *x, const struct voice_local *l, struct buf *out)
{
    enum voice_outcome outcome;
    char why[256];
    size_t at;

    if (voice_words_told(&l->body, &outcome, why, sizeof why, &at))
        return ERR_PROTOCOL;
    switch (outcome) {
    case VOICE_DONE:
        buf_put(out, l->body.data + at, l->body.len - at);
        return buf_error(out);
    case VOICE_UNREADABLE:
        return problem_field(&x->problem, "body", "The sound %s.", why);
    case VOICE_LATE:
        return voice_failed(x, "It took longer than it may (voice.timeout).");
    case VOICE_FAILED:
        break;
    }
    return voice_failed(x, "The program that does this failed.");
}

int voice_local(struct exchange *x, const struct voice_order *order, struct buf *out)
{
    int64_t until = clock_mono_ms() + x->app->conf->tool_process_wait_ms;
    struct voice_local l = {.task = task_ref_self()};
    int error = x->app->tools ? voice_local_queue(x, until) : voice_local_busy(x);

    while (!error && !l.call) {
        error = voice_local_send(x, order, &l);
        if ((error == ERR_FULL || error == ERR_NET) && clock_mono_ms() < until)
            error = voice_wait(x, clock_mono_ms() + VOICE_LOCAL_AGAIN_MS);
        else if (error == ERR_FULL || error == ERR_NET)
            error = voice_local_busy(x);
    }
    while (!error && !l.done) /* the call has a limit of its own */
        error = voice_wait(x, INT64_MAX);
    if (l.call && !l.done)
        fastcgi_call_cancel(l.call);
    if (!error && l.error)
        error = voice_local_lost(x, l.error);
    if (!error)
        error = voice_local_take(x, &l, out);
    buf_free(&l.body);
    return error;
}
