#include "store/channel_events.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/reactor.h"

#include <stdlib.h>
#include <sys/epoll.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#pragma GCC diagnostic pop

struct channel_events {
    struct reactor *reactor;
    redisAsyncContext *ac;
    struct reactor_source source;
    struct reactor_hook send;
    uint32_t wanted;
    bool writing; /* hiredis is about to tell whether something is left to be written */
#if HIREDIS_MAJOR >= 1
    struct reactor_timer timer;
#endif
};

/* The context, and this with it, may be gone afterwards. */
static void channel_events_write(struct channel_events *e)
{
    e->writing = true;
    redisAsyncHandleWrite(e->ac);
}

static void channel_events_send(struct reactor_hook *hook)
{
    channel_events_write(hook->arg);
}

/* One of the two: after either of them the context may be gone. The other is ready once more. */
static void channel_events_ready(struct reactor_source *source, uint32_t events)
{
    struct channel_events *e = source->arg;

    if ((e->wanted & EPOLLOUT) && (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)))
        channel_events_write(e);
    else
        redisAsyncHandleRead(e->ac);
}

static void channel_events_want(struct channel_events *e, uint32_t wanted)
{
    e->wanted = wanted;
    if (!wanted)
        reactor_unwatch(e->reactor, &e->source);
    else if (reactor_watch(
                 e->reactor, &e->source, e->ac->c.fd, wanted, channel_events_ready, e) < 0)
        /* It is deaf now: its next pulse is not answered, and it is given up. */
        log_limited(LOG_LEVEL_ERROR, "a Redis connection cannot be watched");
}

static void channel_events_add_read(void *arg)
{
    struct channel_events *e = arg;

    channel_events_want(e, e->wanted | EPOLLIN);
}

static void channel_events_del_read(void *arg)
{
    struct channel_events *e = arg;

    channel_events_want(e, e->wanted & ~(uint32_t)EPOLLIN);
}

static void channel_events_add_write(void *arg)
{
    struct channel_events *e = arg;
    bool full = e->writing || (e->wanted & EPOLLOUT);

    e->writing = false;
    if (full || !(e->ac->c.flags & REDIS_CONNECTED))
        channel_events_want(e, e->wanted | EPOLLOUT);
    else
        reactor_after(e->reactor, &e->send, channel_events_send, e);
}

static void channel_events_del_write(void *arg)
{
    struct channel_events *e = arg;

    e->writing = false;
    reactor_after_clear(e->reactor, &e->send);
    channel_events_want(e, e->wanted & ~(uint32_t)EPOLLOUT);
}

static void channel_events_cleanup(void *arg)
{
    struct channel_events *e = arg;

    reactor_unwatch(e->reactor, &e->source);
    reactor_after_clear(e->reactor, &e->send);
#if HIREDIS_MAJOR >= 1
    reactor_timer_clear(e->reactor, &e->timer);
#endif
    free(e);
}

#if HIREDIS_MAJOR >= 1
static void channel_events_expired(struct reactor_timer *timer)
{
    struct channel_events *e = timer->arg;

    redisAsyncHandleTimeout(e->ac);
}

static void channel_events_schedule(void *arg, struct timeval tv)
{
    struct channel_events *e = arg;
    int64_t after_ms = (int64_t)tv.tv_sec * 1000 + (tv.tv_usec + 999) / 1000;

    reactor_timer_set(
        e->reactor, &e->timer, clock_mono_ms() + after_ms, channel_events_expired, e);
}
#endif

int channel_events_attach(struct reactor *r, redisAsyncContext *ac)
{
    struct channel_events *e = calloc(1, sizeof *e);

    if (!e)
        return ERR_NOMEM;
    e->reactor = r;
    e->ac = ac;
    ac->ev.data = e;
    ac->ev.addRead = channel_events_add_read;
    ac->ev.delRead = channel_events_del_read;
    ac->ev.addWrite = channel_events_add_write;
    ac->ev.delWrite = channel_events_del_write;
    ac->ev.cleanup = channel_events_cleanup;
#if HIREDIS_MAJOR >= 1
    ac->ev.scheduleTimer = channel_events_schedule;
#endif
    return 0;
}
