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
#define UPGRADE_ENDED "the new process ended before it served; the log says why\n"
#define SLACK_MS 15000 /* the new one ends its own patience first, and says why */
#define LEAVE_MS 3000  /* one that was told to leave, and has not heard of it by then, hangs */

static void supervisor_upgrade_leave(struct supervisor_upgrade *h, struct reactor *reactor)
{
    if (h->source.watched)
        reactor_unwatch(reactor, &h->source);
    upgrade_process_fini(&h->other);
}

/* Returns false when the other one has left. */
static bool supervisor_upgrade_say(const struct supervisor_upgrade *h, const char *text)
{
    size_t len = strlen(text);
    return send(h->other.fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)len;
}

/* Returns false at the end of the other one. */
static bool supervisor_upgrade_read(struct supervisor_upgrade *h)
{
    char chunk[1024];
    ssize_t n;
    while ((n = recv(h->other.fd, chunk, sizeof chunk, MSG_DONTWAIT)) > 0)
        if (!h->failed)
            buf_put(&h->said, chunk, (size_t)n);
    return n < 0 && (errno == EAGAIN || errno == EINTR);
}

/* ---- the old one ---- */

/* why: unless the new one has said so itself; a line. It is told to leave. */
static void supervisor_upgrade_fail(struct supervisor *s, const char *why)
{
    struct supervisor_upgrade *h = &s->upgrade;
    h->failed = true;
    h->until_ms = clock_mono_ms() + LEAVE_MS;
    shutdown(h->other.fd, SHUT_WR);
    if (strcmp(buf_text(&h->said), UPGRADE_SERVES) == 0)
        buf_reset(&h->said);
    if (h->said.len == 0)
        buf_puts(&h->said, why);
    log_error("upgrade failed, this process goes on: %.*s", (int)strcspn(buf_text(&h->said), "\n"),
        buf_text(&h->said));
    supervisor_audit(s, h->asker, "upgrade", "failed");
}

/* From here on the other one is the service, and this one finishes what it has. */
static void supervisor_upgrade_given(struct supervisor *s)
{
    struct supervisor_upgrade *h = &s->upgrade;
    log_info("upgrade: process %d serves, this one finishes what it has (drain = %" PRId64 " ms)",
        (int)h->other.pid, s->crew.current->conf.drain_ms);
    supervisor_audit(s, h->asker, "upgrade", "done");
    service_leave();
    watchdog_free(s->watchdog);
    metrics_desk_free(s->metrics);
    control_free(s->control);
    s->watchdog = NULL;
    s->metrics = NULL;
    s->control = NULL;
    sockets_disown(&s->sockets);
    supervisor_upgrade_leave(h, s->reactor);
    s->guest = true;
    s->phase = PHASE_DRAINING;
    atomic_store(&s->crew.board->handed_over, true);
    crew_tell(&s->crew, SLOTS_ON_RETIRE, CREW_BUT_LAST, NULL);
}

/* systemd first: what the new one says to it counts from then on. */
static void supervisor_upgrade_give(struct supervisor *s)
{
    struct supervisor_upgrade *h = &s->upgrade;
    if (service_hand_over(h->other.pid) != 0) {
        supervisor_upgrade_fail(s, "systemd cannot be told that another process is the service\n");
    } else if (!supervisor_upgrade_say(h, UPGRADE_YOURS)) {
        err_ignore(service_hand_over(getpid()));
        supervisor_upgrade_fail(s, UPGRADE_ENDED);
    } else {
        supervisor_upgrade_given(s);
    }
}

static void supervisor_on_upgrade_new(struct reactor_source *source, uint32_t events)
{
    struct supervisor *s = source->arg;
    struct supervisor_upgrade *h = &s->upgrade;
    bool lives = supervisor_upgrade_read(h);
    (void)events;
    if (lives && !h->failed && strcmp(buf_text(&h->said), UPGRADE_SERVES) == 0)
        supervisor_upgrade_give(s);
    else if (!lives && !h->failed)
        supervisor_upgrade_fail(s, UPGRADE_ENDED);
    if (!lives)
        supervisor_upgrade_leave(h, s->reactor);
}

/* Why none can begin now; NULL: it can. */
static const char *supervisor_upgrade_refusal(const struct supervisor *s)
{
    if (s->upgrade.other.fd >= 0)
        return s->upgrade.failed ? "the process of the last upgrade is still ending" :
                                   "an upgrade is under way";
    if (s->phase != PHASE_RUNNING)
        return s->phase == PHASE_RELOADING ? "a reload is under way" : "it is starting or draining";
    if (!s->options->program || !s->options->program[0])
        return "the path of this program is not known";
    if (getpid() == 1)
        return "turnpiked is process 1, and everything ends with it";
    if (service_is_deaf())
        return "systemd would not hear of the new process (the unit needs Type=notify)";
    return NULL;
}

void supervisor_upgrade_begin(struct supervisor *s, uid_t asker, struct buf *reply)
{
    struct supervisor_upgrade *h = &s->upgrade;
    const char *refusal = supervisor_upgrade_refusal(s);
    if (refusal) {
        buf_printf(reply, "error: %s\n", refusal);
        return;
    }
    buf_free(&h->said);
    buf_init(&h->said, REASONS_MAX);
    h->failed = false;
    h->asker = asker;
    const struct upgrade_program program = {.path = s->options->program,
        .argv = s->options->argv,
        .number = s->sockets.number + ++h->tries};
    int error = upgrade_start(&program, &s->sockets, &h->other);
    if (error == 0)
        error = reactor_watch(s->reactor, &h->source, h->other.fd, EPOLLIN,
            supervisor_on_upgrade_new, s);
    if (error != 0) {
        supervisor_upgrade_leave(h, s->reactor);
        buf_printf(reply, "error: %s\n", err_text(error));
        return;
    }
    h->until_ms = supervisor_patience(s->crew.current) + SLACK_MS;
    log_info("upgrade: %s starts as process %d", s->options->program, (int)h->other.pid);
    buf_printf(reply, "upgrade %d\n", (int)h->other.pid);
}

void supervisor_upgrade_outcome(const struct supervisor *s, unsigned pid, struct buf *reply)
{
    const struct supervisor_upgrade *h = &s->upgrade;
    if (pid == (unsigned)getpid())
        buf_printf(reply, "done; process %u serves\n", pid);
    else if (pid != (unsigned)h->other.pid || pid == 0)
        buf_puts(reply, "error: no such upgrade was asked for\n");
    else if (h->failed)
        buf_printf(reply, "failed; process %d %s\n%s", (int)getpid(),
            s->phase == PHASE_DRAINING ? "drains" : "goes on", buf_text(&h->said));
    else
        buf_printf(reply, "process %u starts\n", pid);
}

void supervisor_upgrade_step(struct supervisor *s, int64_t now_ms)
{
    struct supervisor_upgrade *h = &s->upgrade;
    if (s->guest || h->other.fd < 0 || now_ms < h->until_ms)
        return;
    if (!h->failed) {
        supervisor_upgrade_fail(s, "the new process did not serve in time (worker_ready)\n");
        return;
    }
    log_warn("upgrade: process %d hangs, KILL", (int)h->other.pid);
    upgrade_kill(&h->other);
    supervisor_upgrade_leave(h, s->reactor);
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
    h->other.fd = h->given.fd;
    s->guest = h->other.fd >= 0;
    s->sockets.lock_fd = h->given.lock_fd;
    s->sockets.number = h->given.number;
    buf_init(&h->said, REASONS_MAX);
    return 0;
}

void supervisor_guest_explain(struct supervisor *s, const char *reasons)
{
    if (s->guest && s->upgrade.other.fd >= 0)
        (void)supervisor_upgrade_say(&s->upgrade, reasons);
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
        reactor_watch(s->reactor, &h->source, h->other.fd, EPOLLIN, supervisor_on_upgrade_old, s) :
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
        h->told = true; /* that the old one has left is seen when the socket is read */
        (void)supervisor_upgrade_say(h, UPGRADE_SERVES);
    } else if (now_ms >= s->phase_until_ms || crew_is_hopeless(&s->crew, g)) {
        crew_explain(&s->crew, g, &reasons);
        supervisor_guest_explain(s, buf_text(&reasons));
        supervisor_guest_give_up(s, "not every worker is ready");
        buf_free(&reasons);
    }
}

/* Nothing is said any more behind the shutdown; what was said before it is still there. */
static void supervisor_guest_drain(struct supervisor *s)
{
    struct supervisor_upgrade *h = &s->upgrade;
    if (h->other.fd >= 0) {
        shutdown(h->other.fd, SHUT_RDWR);
        (void)supervisor_upgrade_read(h);
        h->yours = strcmp(buf_text(&h->said), UPGRADE_YOURS) == 0;
        supervisor_upgrade_leave(h, s->reactor);
    }
    if (h->yours) {
        s->guest = false;
        sockets_own(&s->sockets, h->given.own);
    }
}

void supervisor_upgrade_drain(struct supervisor *s)
{
    if (s->guest)
        supervisor_guest_drain(s);
    else if (s->upgrade.other.fd >= 0 && !s->upgrade.failed)
        supervisor_upgrade_fail(s, "turnpiked is draining\n");
}
