/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/supervisor/watchdog.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "workers/supervisor/service.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct watchdog {
    struct reactor *reactor;
    struct reactor_timer timer;
    struct reactor_source source;
    const char *path;
    int64_t interval_ms;
};

static void watchdog_check_end(struct watchdog *w)
{
    if (!w->source.watched)
        return;
    int fd = w->source.fd;
    reactor_unwatch(w->reactor, &w->source);
    close(fd);
}

static void watchdog_on_answer(struct reactor_source *source, uint32_t events)
{
    struct watchdog *w = source->arg;
    char answer[8] = "";
    (void)events;
    if (recv(source->fd, answer, sizeof answer - 1, MSG_DONTWAIT) >= 4 &&
        memcmp(answer, "pong", 4) == 0)
        service_watchdog();
    watchdog_check_end(w);
}

static void watchdog_check_start(struct watchdog *w)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, w->path, sizeof address.sun_path - 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return;
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
        send(fd, "ping\n", 5, MSG_NOSIGNAL) != 5 ||
        reactor_watch(w->reactor, &w->source, fd, EPOLLIN, watchdog_on_answer, w) != 0)
        close(fd);
}

static void watchdog_on_time(struct reactor_timer *timer)
{
    struct watchdog *w = timer->arg;
    if (w->source.watched)
        log_warn("the control socket did not answer its own check");
    watchdog_check_end(w);
    watchdog_check_start(w);
    reactor_timer_set(w->reactor, &w->timer, clock_mono_ms() + w->interval_ms, watchdog_on_time, w);
}

int watchdog_new(struct watchdog **out, struct reactor *reactor, const char *path)
{
    int64_t interval = service_watchdog_ms();
    *out = NULL;
    if (interval == 0)
        return 0;
    struct watchdog *w = calloc(1, sizeof *w);
    if (!w)
        return ERR_NOMEM;
    w->reactor = reactor;
    w->path = path;
    w->interval_ms = interval;
    reactor_timer_set(reactor, &w->timer, clock_mono_ms() + interval / 2, watchdog_on_time, w);
    *out = w;
    return 0;
}

void watchdog_free(struct watchdog *w)
{
    if (!w)
        return;
    watchdog_check_end(w);
    reactor_timer_clear(w->reactor, &w->timer);
    free(w);
}
