/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/redis/link_parts.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "wire/redis/resp.h"

#include <limits.h>
#include <poll.h>
#include <string.h>

void link_wait(struct link *l, int64_t until_ms)
{
    struct pollfd p = {.fd = link_fd(l), .events = (short)(POLLIN | (l->out.len ? POLLOUT : 0))};
    int64_t left = until_ms - clock_mono_ms();

    if (left > INT_MAX)
        left = INT_MAX;
    poll(&p, p.fd < 0 ? 0 : 1, left > 0 ? (int)left : 0);
}

/* The timeout counts from the last byte that came: a long pipeline may take longer in all. */
static int link_wait_for(struct link *l, struct link_wait *w)
{
    l->calls += w->task != NULL;
    while (!w->done && w->task)
        err_ignore(task_wait(l->reactor, clock_mono_ms() + l->conf->redis_timeout_ms, NULL));
    l->calls -= w->task != NULL;
    while (!w->done && l->fd >= 0) {
        err_ignore(link_flush(l)); /* lost: w has been told the error */
        link_wait(l, l->progress_ms + l->conf->redis_timeout_ms + 1);
        err_ignore(link_read_now(l));
    }
    return w->done ? w->error : ERR_STORE;
}

/*
 * A callback of the pipeline must not wait for the pipeline; a callback of the loop must not wait
 * at all while tasks exist, as they would all stand still.
 */
static int link_may_wait(const struct link *l)
{
    const char *name = strchr(buf_text(&l->scratch), '$'); /* "*2\r\n$3\r\nGET\r\n..." */

    if (l->pumping) {
        log_error("blocking redis call from within a reply's callback");
        return ERR_INTERNAL;
    }
    if (!l->reactor || task_self() || !tasks_count())
        return 0;
    name = name ? strchr(name, '\n') : NULL;
    task_fault("a callback of the loop waits for redis (%.*s) while there are tasks",
        name ? (int)strcspn(name + 1, "\r") : 0, name ? name + 1 : "");
    return ERR_INTERNAL;
}

/* Sends l->scratch and waits. */
static int link_call_scratch(struct link *l, struct link_reply **out, struct link_wait *w)
{
    int error;

    *w = (struct link_wait){.task = l->reactor ? task_self() : NULL};
    if ((error = link_may_wait(l)))
        return error;
    error = link_send_scratch(l, (struct link_pending){.kind = LINK_SYNC, .to.wait = w});
    w->sent = !error;
    if (!error)
        error = link_wait_for(l, w);
    if (link_roles_left(l, error)) {
        w->broke = true;
        error = ERR_STORE;
    }
    if (out)
        *out = error ? NULL : w->reply;
    else if (!error)
        link_reply_free(w->reply);
    return error;
}

static void link_call_write(struct link *l, const struct link_words_of_call *call)
{
    buf_reset(&l->scratch);
    if (call->script) {
        link_send_put_script(l, call->script, call->words);
    } else if (call->args) {
        resp_count(&l->scratch, '*', call->nargs);
        link_send_put_args(&l->scratch, call->args, call->nargs);
    } else {
        buf_put(&l->scratch, call->whole, call->len);
    }
}

int link_calls_try(struct link *l, const struct link_words_of_call *call, bool asking,
    struct link_reply **out, struct link_wait *w)
{
    int error = link_ensure(l);

    *w = (struct link_wait){.done = false};
    if (!error && asking)
        error = link_send_asking(l);
    if (error)
        return error;
    link_call_write(l, call);
    return link_call_scratch(l, out, w);
}

/* One command, by args or, when there are none, whole as it goes out; once more when it broke. */
static int link_call_either(struct link *l, const struct link_words_of_call *call,
    struct link_reply **out)
{
    bool held = l->held, broke = true;
    int error = ERR_STORE;

    if (out)
        *out = NULL;
    for (int tries = 0; error == ERR_STORE && broke && tries < (held ? 1 : 2); tries++) {
        struct link_wait w;

        if (link_is_face(l)) {
            error = link_route_call(l, call, out, &broke);
        } else {
            error = link_calls_try(l, call, false, out, &w);
            broke = w.broke;
        }
    }
    return error == ERR_NOSCRIPT ? ERR_INTERNAL : error;
}

int link_call(struct link *l, const struct link_arg *args, size_t nargs, struct link_reply **out)
{
    return link_call_either(l, &(struct link_words_of_call){.args = args, .nargs = nargs}, out);
}

int link_script_once(struct link *l, const struct link_script *script,
    const struct link_words *words, struct link_reply **out, bool *broke)
{
    const struct link_words_of_call call = {.script = script, .words = words};
    bool ignored;
    int error = ERR_NOSCRIPT;

    broke = broke ? broke : &ignored;
    *broke = false;
    if (out)
        *out = NULL;
    if (link_is_face(l))
        return link_route_call(l, &call, out, broke);
    for (int tries = 0; error == ERR_NOSCRIPT && tries < 3; tries++) {
        struct link_wait w;

        error = tries ? link_load(l, script, true) : link_ensure(l);
        if (error)
            return error;
        link_call_write(l, &call);
        error = link_call_scratch(l, out, &w);
        *broke = w.broke;
    }
    return error == ERR_NOSCRIPT ? ERR_INTERNAL : error;
}

int link_script_call(struct link *l, const struct link_script *script,
    const struct link_words *words, struct link_reply **out)
{
    bool held = l->held, broke;
    int error = link_script_once(l, script, words, out, &broke);

    if (error == ERR_STORE && broke && !held)
        error = link_script_once(l, script, words, out, &broke);
    return error;
}

int link_command(struct link *l, struct link_reply **out, const char *format, ...)
{
    struct buf command = {0};
    va_list ap;
    int error;

    if (out)
        *out = NULL;
    va_start(ap, format);
    error = link_reply_command(&command, format, ap);
    va_end(ap);
    if (!error)
        error = link_call_either(l,
            &(struct link_words_of_call){.whole = command.data, .len = command.len}, out);
    buf_free(&command);
    return error;
}
