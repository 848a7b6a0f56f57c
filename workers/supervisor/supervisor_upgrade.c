/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/supervisor/supervisor_parts.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "workers/supervisor/service.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define REASONS_MAX (64u << 10)
#define SLACK_MS 15000 /* the new one ends its own patience first, and says why */

static void supervisor_upgrade_leave(struct supervisor_upgrade *h, struct reactor *reactor)
{
    if (h->source.watched)
        reactor_unwatch(reactor, &h->source);
    if (h->fd >= 0)
        close(h->fd);
    h->fd = -1;
}

static void supervisor_upgrade_say(const struct supervisor_upgrade *h, const char *text, size_t len)
{
    if (send(h->fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)len) {
        /* It has gone: that is seen when its socket is read. */
    }
}

/* Returns false at the end of the other one. */
static bool supervisor_upgrade_read(struct supervisor_upgrade *h)
{
    char chunk[1024];
    ssize_t n;
    while ((n = recv(h->fd, chunk, sizeof chunk, MSG_DONTWAIT)) > 0)
        buf_put(&h->said, chunk, (size_t)n);
    return n < 0 && (errno == EAGAIN || errno == EINTR);
}

/* ---- the old one ---- */

static void supervisor_upgrade_fail(struct supervisor *s)
{
    struct supervisor_upgrade *h = &s->upgrade;
    supervisor_upgrade_leave(h, s->reactor); /* if it still lives, it ends by this */
    h->failed = true;
    if (h->said.len == 0)
        buf_puts(&h->said, "the new process ended before it served; the log says why\n");
    log_error("upgrade failed, this process goes on: %.*s", (int)strcspn(buf_text(&h->said), "\n"),
        buf_text(&h->said));
    supervisor_audit(s, h->asker, "upgrade", "failed");
}

/* From here on the other one is the service, and this one finishes what it has. */
static void supervisor_upgrade_give(struct supervisor *s)
{
    struct supervisor_upgrade *h = &s->upgrade;
    log_info("upgrade: process %d serves, this one finishes what it has (drain = %" PRId64 " ms)",
        (int)h->pid, s->crew.current->conf.drain_ms);
    supervisor_audit(s, h->asker, "upgrade", "done");
    service_hand_over(h->pid);
    watchdog_free(s->watchdog);
    metrics_desk_free(s->metrics);
    control_free(s->control);
    s->watchdog = NULL;
    s->metrics = NULL;
    s->control = NULL;
    sockets_disown(&s->sockets);
    supervisor_upgrade_say(h, UPGRADE_YOURS, strlen(UPGRADE_YOURS));
    supervisor_upgrade_leave(h, s->reactor);
    s->guest = true;
    s->phase = PHASE_DRAINING;
    crew_tell(&s->crew, SLOTS_ON_RETIRE, CREW_BUT_LAST, NULL);
}

static void supervisor_on_upgrade_new(struct reactor_source *source, uint32_t events)
{
    struct supervisor *s = source->arg;
    bool lives = supervisor_upgrade_read(&s->upgrade);
    (void)events;
    if (strcmp(buf_text(&s->upgrade.said), UPGRADE_SERVES) == 0 && lives)
        supervisor_upgrade_give(s);
    else if (!lives)
        supervisor_upgrade_fail(s);
}

void supervisor_upgrade_begin(struct supervisor *s, uid_t asker, struct buf *reply)
{
    struct supervisor_upgrade *h = &s->upgrade;
    if (s->phase != PHASE_RUNNING || h->fd >= 0 || !s->options->program ||
        !s->options->program[0]) {
        buf_printf(reply, "error: %s\n",
            h->fd >= 0                      ? "an upgrade is under way" :
                s->phase == PHASE_RUNNING   ? "the path of this program is not known" :
                s->phase == PHASE_RELOADING ? "a reload is under way" :
                                              "it is starting or draining");
        return;
    }
    buf_free(&h->said);
    buf_init(&h->said, REASONS_MAX);
    h->failed = false;
    h->asker = asker;
    const struct upgrade_program program = {.path = s->options->program,
        .argv = s->options->argv,
        .number = s->sockets.number + ++h->tries};
    int error = upgrade_start(&program, &s->sockets, &h->fd, &h->pid);
    if (error == 0)
        error = reactor_watch(s->reactor, &h->source, h->fd, EPOLLIN, supervisor_on_upgrade_new, s);
    if (error != 0) {
        supervisor_upgrade_leave(h, s->reactor);
        buf_printf(reply, "error: %s\n", err_text(error));
        return;
    }
    h->until_ms = supervisor_patience(s->crew.current) + SLACK_MS;
    log_info("upgrade: %s starts as process %d", s->options->program, (int)h->pid);
    buf_printf(reply, "upgrade %d\n", (int)h->pid);
}

void supervisor_upgrade_outcome(const struct supervisor *s, unsigned pid, struct buf *reply)
{
    const struct supervisor_upgrade *h = &s->upgrade;
    if (pid == (unsigned)getpid())
        buf_printf(reply, "done; process %u serves\n", pid);
    else if (pid != (unsigned)h->pid || pid == 0)
        buf_puts(reply, "error: no such upgrade was asked for\n");
    else if (h->failed)
        buf_printf(reply, "failed; process %d goes on\n%s", (int)getpid(), buf_text(&h->said));
    else
        buf_printf(reply, "process %u starts\n", pid);
}

void supervisor_upgrade_step(struct supervisor *s, int64_t now_ms)
{
    if (!s->guest && s->upgrade.fd >= 0 && now_ms >= s->upgrade.until_ms)
        supervisor_upgrade_fail(s);
}

/* ---- the new one ---- */

int supervisor_guest_init(struct supervisor *s)
{
    struct supervisor_upgrade *h = &s->upgrade;
    int error = upgrade_given_read(&h->given);
    if (error != 0) {
        log_error("cannot take over: the turnpiked that runs is of another version");
        return error;
    }
    h->fd = h->given.fd;
    s->guest = h->fd >= 0;
    s->sockets.lock_fd = h->given.lock_fd;
    s->sockets.number = h->given.number;
    buf_init(&h->said, REASONS_MAX);
    return 0;
}

void supervisor_guest_explain(struct supervisor *s, const char *reasons)
{
    if (s->guest && s->upgrade.fd >= 0)
        supervisor_upgrade_say(&s->upgrade, reasons, strlen(reasons));
}

/* What its workers have taken is finished. */
static void supervisor_guest_give_up(struct supervisor *s, const char *why)
{
    log_error("cannot take over: %s", why);
    supervisor_upgrade_leave(&s->upgrade, s->reactor);
    s->failed = true;
    supervisor_drain(s);
}

static void supervisor_on_upgrade_old(struct reactor_source *source, uint32_t events)
{
    struct supervisor *s = source->arg;
    struct supervisor_upgrade *h = &s->upgrade;
    bool lives = supervisor_upgrade_read(h);
    (void)events;
    if (strcmp(buf_text(&h->said), UPGRADE_YOURS) == 0) {
        supervisor_upgrade_leave(h, s->reactor);
        h->yours = true;
    } else if (!lives && s->phase != PHASE_DRAINING) {
        supervisor_guest_give_up(s, "the turnpiked that runs has ended this");
    }
}

int supervisor_guest_watch(struct supervisor *s)
{
    struct supervisor_upgrade *h = &s->upgrade;
    return s->guest ?
        reactor_watch(s->reactor, &h->source, h->fd, EPOLLIN, supervisor_on_upgrade_old, s) :
        0;
}

/* It is the service now. */
static void supervisor_guest_take(struct supervisor *s)
{
    char text[SUPERVISOR_STATUS_SIZE];
    s->guest = false;
    sockets_own(&s->sockets, s->upgrade.given.own);
    if (supervisor_listen(s) != 0) {
        log_error("upgrade: out of memory or descriptors");
        s->failed = true;
        supervisor_drain(s);
        return;
    }
    s->phase = PHASE_RUNNING;
    supervisor_tell_ready(s);
    service_watchdog();
    log_info("ready, after an upgrade: %s", supervisor_status(s, text));
    supervisor_reload_again(s);
}

void supervisor_guest_step(struct supervisor *s, int64_t now_ms)
{
    struct supervisor_upgrade *h = &s->upgrade;
    struct crew_generation *g = s->crew.current;
    struct buf reasons = {0};
    if (h->yours) {
        supervisor_guest_take(s);
    } else if (h->told) {
        return; /* the old one decides */
    } else if (crew_is_complete(&s->crew, g)) {
        supervisor_upgrade_say(h, UPGRADE_SERVES, strlen(UPGRADE_SERVES));
        h->told = true;
    } else if (now_ms >= s->phase_until_ms || crew_is_hopeless(&s->crew, g)) {
        crew_explain(&s->crew, g, &reasons);
        supervisor_guest_explain(s, buf_text(&reasons));
        supervisor_guest_give_up(s, "not every worker is ready");
        buf_free(&reasons);
    }
}
