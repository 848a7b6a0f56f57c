#define _GNU_SOURCE /* ppoll */
#include "agent/wait.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "store/listen.h"

#include <poll.h>
#include <string.h>
#include <sys/epoll.h>

#define AWAY_STEP_MS 50 /* how often a lost Redis is tried */

static void on_redis(struct reactor_source *source, uint32_t events)
{
    struct wait *w = source->arg;

    (void)events;
    w->redis_ready = true;
}

static void on_message(void *arg, const char *bytes, size_t len)
{
    struct wait *w = arg;
    size_t id = strlen(w->start->turn);

    if (len == 5 + id && !memcmp(bytes, "stop ", 5) && !memcmp(bytes + 5, w->start->turn, id)
        && !w->result)
        w->result = ERR_CANCELLED;
}

static void on_subscribed(void *arg)
{
    struct wait *w = arg;
    w->check_now = true;
}

int wait_begin(struct wait *w, struct turn_env *env, const struct turns_start *start,
    int64_t deadline_ms)
{
    *w = (struct wait){.env = env, .start = start, .deadline_ms = deadline_ms};
    w->renew_at_ms = clock_mono_ms() + env->conf->lease_ms / 3;
    if (start->stopped)
        w->result = ERR_CANCELLED;
    sigprocmask(SIG_BLOCK, NULL, &w->mask);
    sigdelset(&w->mask, SIGTERM);
    sigdelset(&w->mask, SIGQUIT);
    sigdelset(&w->mask, SIGUSR1);
    return env->listen ? 0 : listen_new(&env->listen, env->conf, env->reactor);
}

/* The first wait: what it is for is on its way; then come the client's answer and our ears. */
static int under_way(struct wait *w)
{
    char channel[STORE_KEY_MAX];
    const struct listen_handlers handlers = {w, on_message, on_subscribed};
    int error = reactor_step(w->env->reactor, 0, &w->mask);

    if (error < 0 && error != ERR_CANCELLED)
        return error;
    w->listens = true;
    if (w->env->on_under_way)
        w->env->on_under_way(w->env->arg);
    store_key_session_part(channel, w->start->uid, w->start->session, "ctl");
    return listen_start(w->env->listen, channel, &handlers);
}

void wait_end(struct wait *w)
{
    if (w->redis.watched)
        reactor_unwatch(w->env->reactor, &w->redis);
    if (w->listens)
        listen_stop(w->env->listen);
    w->listens = false;
    /* A renewal's reply must not find a wait that is gone. */
    while (w->renewing && link_outstanding(w->env->store->link)) {
        struct link_reply *reply = NULL;
        if (link_command(w->env->store->link, &reply, "PING"))
            break;
        link_reply_free(reply);
    }
    w->renewing = false;
}

static void on_renewed(void *arg, int result)
{
    struct wait *w = arg;

    w->renewing = false;
    if (result == ERR_FENCED)
        w->result = ERR_FENCED;
    else if (result == ERR_CANCELLED && !w->result)
        w->result = ERR_CANCELLED;
    else if (result && result != ERR_CANCELLED)
        w->renew_at_ms = clock_mono_ms() + AWAY_STEP_MS; /* Redis is away */
}

static void renew(struct wait *w, int64_t now)
{
    int error;

    if (w->renewing || (!w->check_now && now < w->renew_at_ms))
        return;
    w->check_now = false;
    w->renew_at_ms = now + w->env->conf->lease_ms / 3;
    w->renewing = true;
    error = turns_renew_send(w->env->store, w->start, on_renewed, w);
    if (error) {
        w->renewing = false;
        w->renew_at_ms = now + AWAY_STEP_MS;
    }
}

/* The socket of Redis wakes us only when something hangs on its reply. */
static void watch_redis(struct wait *w)
{
    bool want = eventlog_wants_wakeup(w->env->eventlog) || w->renewing;
    int fd = link_fd(w->env->store->link);

    if (w->redis.watched && (!want || w->redis.fd != fd))
        reactor_unwatch(w->env->reactor, &w->redis);
    if (want && fd >= 0 && !w->redis.watched)
        (void)reactor_watch(w->env->reactor, &w->redis, fd, EPOLLIN, on_redis, w);
}

/*
 * What a token brings has been pumped when it was written; here it is done only when Redis has
 * answered something that was waited for, so that a token costs no second look at the socket.
 */
static void pump(struct wait *w)
{
    if (!w->redis_ready && eventlog_state(w->env->eventlog) == EVENTLOG_OK)
        return;
    w->redis_ready = false;
    if (eventlog_pump(w->env->eventlog) == ERR_FENCED
        || eventlog_state(w->env->eventlog) == EVENTLOG_FENCED)
        w->result = ERR_FENCED;
}

static int reason(const struct wait *w, int64_t now)
{
    if (w->result)
        return w->result;
    if (w->env->abort_now && *w->env->abort_now)
        return ERR_DRAINING;
    return now >= w->deadline_ms ? ERR_DEADLINE : 0;
}

/*
 * The processors are full and text is held back to be joined: to be woken by each of its tokens
 * would be work for nothing. A stop, a signal or the time to send it ends the pause.
 */
static void pause_until(struct wait *w, int64_t now, int64_t until_ms)
{
    struct pollfd stop = {.fd = w->env->listen ? listen_fd(w->env->listen) : -1, .events = POLLIN};
    int64_t left = until_ms - now;
    struct timespec time = {left / 1000, left % 1000 * 1000000};

    (void)ppoll(&stop, 1, &time, &w->mask);
    w->redis_ready = true; /* pump looks for replies and sends */
}

int wait_check(struct wait *w)
{
    bool done = true;
    return wait_until(w, &done, 0);
}

int wait_until(struct wait *w, const bool *done, int64_t until_ms)
{
    for (;;) {
        int64_t now, held, until = w->deadline_ms;
        int why;
        pump(w);
        now = clock_mono_ms();
        renew(w, now);
        if ((why = reason(w, now)) || *done)
            return why;
        if (until_ms && now >= until_ms)
            return ERR_AGAIN;
        if (!w->listens) {
            if ((why = under_way(w)) < 0)
                return why;
            continue;
        }
        held = eventlog_held_until(w->env->eventlog);
        if (held > now) {
            pause_until(w, now, held);
            pump(w);
        }
        watch_redis(w);
        if (until_ms && until_ms < until)
            until = until_ms;
        if (!w->renewing && w->renew_at_ms < until)
            until = w->renew_at_ms;
        if (eventlog_state(w->env->eventlog) == EVENTLOG_AWAY && now + AWAY_STEP_MS < until)
            until = now + AWAY_STEP_MS;
        why = reactor_step(w->env->reactor, until, &w->mask);
        if (why < 0 && why != ERR_CANCELLED)
            return why;
    }
}
