/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/supervisor/supervisor_parts.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "process/audit.h"
#include "process/crowd.h"
#include "process/measure.h"
#include "process/pace.h"
#include "workers/supervisor/metrics.h"
#include "workers/supervisor/service.h"
#include "workers/supervisor/status.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define STATUS_EVERY_MS 5000

static const char *const supervisor_phases[] = {"starting", "running", "reloading", "draining"};

static void supervisor_view(const struct supervisor *s, struct status_view *view)
{
    *view = (struct status_view){.crew = &s->crew,
        .sockets = &s->sockets,
        .phase = supervisor_phases[s->phase],
        .started_ms = s->started_ms};
}

static void supervisor_on_measured(void *arg, struct status_view *view)
{
    supervisor_view(arg, view);
}

const char *supervisor_status(const struct supervisor *s, char out[SUPERVISOR_STATUS_SIZE])
{
    struct status_view view;
    supervisor_view(s, &view);
    status_line(&view, out, SUPERVISOR_STATUS_SIZE);
    if (s->reloads.failed) {
        const char *why = s->reloads.reasons.len ? buf_text(&s->reloads.reasons) : "";
        size_t len = strlen(out);
        snprintf(out + len, SUPERVISOR_STATUS_SIZE - len, "; the last reload failed: %.*s",
            (int)strcspn(why, "\n"), why);
    }
    return out;
}

static void supervisor_reopen(struct supervisor *s)
{
    log_reopen();
    crew_signal(&s->crew, SIGUSR1);
}

/* --- signals --- */

static void supervisor_on_signal(struct reactor_source *source, uint32_t events)
{
    struct supervisor *s = source->arg;
    struct signalfd_siginfo info;
    (void)events;
    while (read(source->fd, &info, sizeof info) == (ssize_t)sizeof info) {
        switch (info.ssi_signo) {
        case SIGCHLD:
            crew_reap(&s->crew);
            break;
        case SIGHUP:
            supervisor_reload(s, NULL);
            break;
        case SIGUSR1:
            supervisor_reopen(s);
            break;
        case SIGQUIT:
            if (s->phase != PHASE_DRAINING)
                supervisor_drain(s);
            supervisor_drain(s);
            break;
        default:
            supervisor_drain(s);
            break;
        }
    }
}

static void supervisor_on_notify(struct reactor_source *source, uint32_t events)
{
    uint64_t count;
    (void)events;
    if (read(source->fd, &count, sizeof count) < 0) {
        /* Somebody was faster; the scan follows anyway. */
    }
}

static int supervisor_signals_open(struct supervisor *s)
{
    static const int handled[] = {SIGCHLD, SIGHUP, SIGUSR1, SIGTERM, SIGINT, SIGQUIT};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof handled / sizeof handled[0]; i++)
        sigaddset(&set, handled[i]);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    s->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    s->notify_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (s->signal_fd < 0 || s->notify_fd < 0)
        return ERR_IO;
    int error =
        reactor_watch(s->reactor, &s->signals, s->signal_fd, EPOLLIN, supervisor_on_signal, s);
    if (error == 0)
        error =
            reactor_watch(s->reactor, &s->notify, s->notify_fd, EPOLLIN, supervisor_on_notify, s);
    return error;
}

static void supervisor_on_quarantine(struct reactor_source *source, uint32_t events)
{
    struct supervisor *s = source->arg;
    (void)events;
    crew_quarantine_look(&s->crew);
}

/* --- control --- */

static void supervisor_command_status(struct supervisor *s, struct buf *reply)
{
    struct status_view view;
    supervisor_view(s, &view);
    status_text(&view, reply);
    if (s->reloads.failed)
        buf_printf(reply, "\nthe last reload failed; its reasons:\n%s",
            s->reloads.reasons.len ? buf_text(&s->reloads.reasons) : "");
}

static void supervisor_command_status_json(struct supervisor *s, struct buf *reply)
{
    struct status_view view;
    supervisor_view(s, &view);
    status_json(&view, reply);
}

static void supervisor_command_metrics(struct supervisor *s, struct buf *reply)
{
    struct status_view view;
    supervisor_view(s, &view);
    metrics_write(&view, METRICS_OPEN, reply);
}

static void supervisor_command_metrics_text(struct supervisor *s, struct buf *reply)
{
    struct status_view view;
    supervisor_view(s, &view);
    metrics_write(&view, METRICS_TEXT, reply);
}

static void supervisor_command_ping(struct supervisor *s, struct buf *reply)
{
    (void)s;
    buf_puts(reply, "pong\n");
}

void supervisor_audit(struct supervisor *s, uid_t uid, const char *act, const char *outcome)
{
    audit_write(&s->crew.current->conf,
        &(struct audit_act){.act = act, .outcome = outcome, .uid = uid});
}

static void supervisor_command_drain(struct supervisor *s, struct buf *reply)
{
    supervisor_audit(s, control_asker(s->control), "drain", "done");
    buf_puts(reply, s->phase == PHASE_DRAINING ? "draining faster\n" : "draining\n");
    supervisor_drain(s);
}

static void supervisor_command_reload(struct supervisor *s, struct buf *reply)
{
    uid_t asker = control_asker(s->control);
    unsigned number = supervisor_reload(s, &asker);
    if (number == 0)
        buf_puts(reply, "error: draining, or an upgrade is under way\n");
    else
        buf_printf(reply, "reload %u\n", number);
}

/* The settings that run, and what a reload would change of them. Nothing secret. */
static void supervisor_put_setting(void *arg, const struct conf_setting *setting)
{
    buf_printf(arg, "%s\t%s\t%s\t%u\n", setting->name, setting->value,
        setting->source ? setting->source : "", setting->line);
}

static void supervisor_command_config(struct supervisor *s, struct buf *reply)
{
    conf_visit(&s->crew.current->conf, supervisor_put_setting, reply);
}

static void supervisor_command_config_changes(struct supervisor *s, struct buf *reply)
{
    struct buf why = {0};
    if (supervisor_reload_changes(s, reply, &why) != 0) {
        buf_reset(reply);
        buf_printf(reply, "error: the settings cannot be read now: %s",
            why.len ? buf_text(&why) : "out of memory\n");
    }
    buf_free(&why);
}

static void supervisor_command_upgrade(struct supervisor *s, struct buf *reply)
{
    supervisor_upgrade_begin(s, control_asker(s->control), reply);
}

static void supervisor_command_reopen(struct supervisor *s, struct buf *reply)
{
    supervisor_reopen(s);
    buf_puts(reply, "log reopened\n");
}

static const struct {
    const char *line;
    void (*run)(struct supervisor *s, struct buf *reply);
} supervisor_commands[] = {
    {"config", supervisor_command_config},
    {"config changes", supervisor_command_config_changes},
    {"drain", supervisor_command_drain},
    {"metrics", supervisor_command_metrics},
    {"metrics text", supervisor_command_metrics_text},
    {"ping", supervisor_command_ping},
    {"reload", supervisor_command_reload},
    {"reopen", supervisor_command_reopen},
    {"status", supervisor_command_status},
    {"status json", supervisor_command_status_json},
    {"upgrade", supervisor_command_upgrade},
};

static void supervisor_on_command(void *arg, const char *line, struct buf *reply)
{
    for (size_t i = 0; i < sizeof supervisor_commands / sizeof supervisor_commands[0]; i++)
        if (strcmp(line, supervisor_commands[i].line) == 0) {
            supervisor_commands[i].run(arg, reply);
            return;
        }
    if (strncmp(line, "reload ", 7) == 0) { /* how the reload of this number ended */
        supervisor_reload_outcome(arg, (unsigned)strtoul(line + 7, NULL, 10), reply);
        return;
    }
    if (strncmp(line, "upgrade ", 8) == 0) { /* how the upgrade to this process ended */
        supervisor_upgrade_outcome(arg, (unsigned)strtoul(line + 8, NULL, 10), reply);
        return;
    }
    buf_puts(reply, "error: unknown command; known are");
    for (size_t i = 0; i < sizeof supervisor_commands / sizeof supervisor_commands[0]; i++)
        buf_printf(reply, "%s %s", i == 0 ? "" : ",", supervisor_commands[i].line);
    buf_putc(reply, '\n');
}

/* --- the loop --- */

static void supervisor_tell_status(struct supervisor *s, int64_t now)
{
    char text[SUPERVISOR_STATUS_SIZE];
    if (!s->ready_told || s->phase == PHASE_DRAINING || now - s->status_ms < STATUS_EVERY_MS)
        return;
    s->status_ms = now;
    if (strcmp(supervisor_status(s, text), s->status) == 0)
        return;
    memcpy(s->status, text, sizeof s->status);
    service_status(text);
}

static int64_t supervisor_step(struct supervisor *s)
{
    int64_t now = clock_mono_ms();
    int64_t next = crew_scan(&s->crew, now);
    if (s->phase == PHASE_STARTING)
        supervisor_start_step(s, now);
    else if (s->phase == PHASE_RELOADING)
        supervisor_reload_step(s, now);
    else if (s->phase == PHASE_DRAINING)
        supervisor_drain_step(s);
    if (s->phase == PHASE_RELOADING && s->phase_until_ms < next)
        next = s->phase_until_ms;
    supervisor_tell_status(s, now);
    supervisor_upgrade_step(s, now);
    if (!s->metrics)
        return next;
    int64_t measured = metrics_desk_step(s->metrics, &s->crew.current->conf, now);
    return measured < next ? measured : next;
}

static bool supervisor_is_over(const struct supervisor *s)
{
    return s->phase == PHASE_DRAINING && crew_alive(&s->crew, true) == 0 && s->upgrade.other.fd < 0;
}

static int supervisor_loop(struct supervisor *s)
{
    int64_t next = supervisor_step(s);
    while (!supervisor_is_over(s)) {
        int error = reactor_step(s->reactor, next, NULL);
        if (error < 0 && error != ERR_CANCELLED) {
            log_error("the loop cannot wait: %s", strerror(errno));
            return 1;
        }
        next = supervisor_step(s);
    }
    log_info("every worker is gone, the end");
    return s->failed ? 1 : 0;
}

int supervisor_listen(struct supervisor *s)
{
    int error = control_new(&s->control, s->reactor, s->sockets.one[SOCKETS_CONTROL].fd,
        supervisor_on_command, s);
    if (error == 0)
        error = metrics_desk_new(&s->metrics, s->reactor, supervisor_on_measured, s);
    if (error == 0)
        error = watchdog_new(&s->watchdog, s->reactor, s->sockets.one[SOCKETS_CONTROL].path);
    return error;
}

/* reasons: of settings, a line each; why: of everything else. */
static int supervisor_open(struct supervisor *s, struct buf *reasons, char why[CONF_WHY_SIZE])
{
    struct crew_generation *first = NULL;
    const struct conf *conf;
    snprintf(why, CONF_WHY_SIZE, "out of memory or descriptors");
    int error = reactor_new(&s->reactor);
    if (error == 0)
        error = supervisor_signals_open(s);
    if (error == 0)
        error = measure_open();
    if (error == 0)
        error = crew_init(&s->crew, &s->sockets, s->options->mains, s->notify_fd);
    if (error == 0)
        error = crowd_open(s->crew.board->slot_count);
    if (error == 0)
        error = pace_open();
    if (error == 0)
        error = supervisor_generation(s, &first, reasons);
    if (error != 0)
        return error;
    s->crew.current = first;
    conf = &first->conf;
    error = sockets_open(&s->sockets, conf, why);
    if (error != 0)
        return error;
    snprintf(why, CONF_WHY_SIZE, "out of memory or descriptors");
    error = s->guest ? supervisor_guest_watch(s) : supervisor_listen(s);
    if (error == 0) /* told once for each connection: what is done about it takes a while */
        error = reactor_watch(s->reactor, &s->quarantine, s->sockets.one[SOCKETS_QUARANTINE].fd,
            EPOLLIN | EPOLLET, supervisor_on_quarantine, s);
    if (error != 0)
        return error;
    atomic_store(&s->crew.board->turn_limit, (int)conf->turn_seats);
    s->started_ms = clock_mono_ms();
    error = crew_start(&s->crew, first);
    s->phase_until_ms = supervisor_patience(first);
    return error;
}

static void supervisor_close(struct supervisor *s)
{
    watchdog_free(s->watchdog);
    metrics_desk_free(s->metrics);
    control_free(s->control);
    crew_fini(&s->crew);
    if (s->reactor)
        reactor_unwatch(s->reactor, &s->quarantine);
    sockets_close(&s->sockets);
    buf_free(&s->reloads.reasons);
    buf_free(&s->upgrade.said);
    reactor_free(s->reactor);
    if (s->signal_fd >= 0)
        close(s->signal_fd);
    if (s->notify_fd >= 0)
        close(s->notify_fd);
}

static void supervisor_log_reasons(const char *reasons)
{
    for (const char *end; (end = strchr(reasons, '\n')); reasons = end + 1)
        log_error("cannot start: %.*s", (int)(end - reasons), reasons);
    if (*reasons)
        log_error("cannot start: %s", reasons);
}

int supervisor_run(const struct supervisor_options *options)
{
    static struct supervisor s;
    struct buf reasons = {0};
    char why[CONF_WHY_SIZE] = "";
    s = (struct supervisor){.options = options,
        .signal_fd = -1,
        .notify_fd = -1,
        .upgrade.other.fd = -1,
        .upgrade.other.pid_fd = -1};
    sockets_init(&s.sockets);
    log_process_set("supervisor");
    int status = 1, error = supervisor_guest_init(&s);
    if (error != 0)
        return status;
    error = supervisor_open(&s, &reasons, why);
    if (error != 0)
        supervisor_guest_explain(&s, reasons.len > 0 ? buf_text(&reasons) : why);
    if (error != 0 && reasons.len > 0)
        supervisor_log_reasons(buf_text(&reasons));
    else if (error != 0)
        log_error("cannot start: %s", why[0] != '\0' ? why : err_text(error));
    else
        status = supervisor_loop(&s);
    buf_free(&reasons);
    supervisor_close(&s);
    return status;
}
