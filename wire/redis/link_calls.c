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

/* Sends l->scratch and waits. broke: out, whether the connection ended under it. */
static int link_call_scratch(struct link *l, struct link_reply **out, bool *broke)
{
    struct link_wait w = {.task = l->reactor ? task_self() : NULL};
    int error;

    *broke = false;
    if ((error = link_may_wait(l)))
        return error;
    error = link_send_scratch(l, (struct link_pending){.kind = LINK_SYNC, .to.wait = &w});
    if (!error)
        error = link_wait_for(l, &w);
    *broke = w.broke;
    if (link_roles_left(l, error)) {
        *broke = true;
        error = ERR_STORE;
    }
    if (out)
        *out = error ? NULL : w.reply;
    else if (!error)
        link_reply_free(w.reply);
    return error;
}

/* One command, by args or, when there are none, whole as it goes out; once more when it broke. */
static int link_call_either(struct link *l, const struct link_arg *args, size_t nargs,
    const char *whole, size_t len, struct link_reply **out)
{
    bool held = l->held, broke = false;
    int error;

    if (out)
        *out = NULL;
    for (int tries = 0; tries < 2; tries++) {
        error = link_ensure(l);
        if (error)
            return error;
        buf_reset(&l->scratch);
        if (args) {
            resp_count(&l->scratch, '*', nargs);
            link_send_put_args(&l->scratch, args, nargs);
        } else {
            buf_put(&l->scratch, whole, len);
        }
        error = link_call_scratch(l, out, &broke);
        if (error != ERR_STORE || !broke || held)
            break;
    }
    return error == ERR_NOSCRIPT ? ERR_INTERNAL : error;
}

int link_call(struct link *l, const struct link_arg *args, size_t nargs, struct link_reply **out)
{
    return link_call_either(l, args, nargs, NULL, 0, out);
}

int link_script_once(struct link *l, const struct link_script *script,
    const struct link_words *words, struct link_reply **out, bool *broke)
{
    bool ignored;
    int error = ERR_NOSCRIPT;

    broke = broke ? broke : &ignored;
    *broke = false;
    if (out)
        *out = NULL;
    for (int tries = 0; error == ERR_NOSCRIPT && tries < 3; tries++) {
        error = tries ? link_load(l, script, true) : link_ensure(l);
        if (error)
            return error;
        buf_reset(&l->scratch);
        link_send_put_script(&l->scratch, script, words);
        error = link_call_scratch(l, out, broke);
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
        error = link_call_either(l, NULL, 0, command.data, command.len, out);
    buf_free(&command);
    return error;
}
