#include "workers/supervisor/supervisor.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/reactor.h"
#include "workers/supervisor/control.h"
#include "workers/supervisor/service.h"
#include "workers/supervisor/sockets.h"
#include "workers/supervisor/status.h"
#include "workers/supervisor/watchdog.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define EXTEND_MS 15000 /* more time asked of systemd, again each second of a drain */
#define STATUS_EVERY_MS 5000

enum phase { PHASE_STARTING, PHASE_RUNNING, PHASE_RELOADING, PHASE_DRAINING };
static const char *const phase_names[] = {"starting", "running", "reloading", "draining"};

struct supervisor {
    const struct supervisor_options *options;
    struct reactor *reactor;
    struct sockets sockets;
    struct crew crew;
    struct control *control;
    struct watchdog *watchdog;
    struct reactor_source signals, notify, quarantine;
    int signal_fd, notify_fd;
    enum phase phase;
    struct crew_generation *next; /* of a reload in progress */
    int64_t started_ms, phase_until_ms;
    bool reload_again, ready_told;
    unsigned terms; /* TERMs received */
    int64_t status_ms;
    char status[128];
};

static void supervisor_reload(struct supervisor *s);

static void view_get(const struct supervisor *s, struct status_view *view)
{
    *view = (struct status_view){.crew = &s->crew,
        .sockets = &s->sockets,
        .phase = phase_names[s->phase],
        .started_ms = s->started_ms};
}

static const char *status_now(const struct supervisor *s, char out[128])
{
    struct status_view view;
    view_get(s, &view);
    status_line(&view, out, 128);
    return out;
}

/* --- configuration --- */

static void log_settings(const struct conf *conf)
{
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
        if (strcmp(conf->log_level, levels[i]) == 0)
            log_level_set((enum log_level)i);
    if (log_open(conf->log_file) != 0)
        log_error("log.file %s cannot be opened: %s", conf->log_file, strerror(errno));
}

/* Settings that belong to the sockets, which outlive generations. */
static int check_unchanged(const struct conf *old, const struct conf *new, char why[CONF_WHY_SIZE])
{
    if (strcmp(old->run_dir, new->run_dir) == 0)
        return 0;
    snprintf(why, CONF_WHY_SIZE, "run_dir cannot be changed by a reload: restart");
    return ERR_CONFIG;
}

/* The next generation with its configuration; *out stays NULL on error. */
static int generation_make(
    struct supervisor *s, struct crew_generation **out, char why[CONF_WHY_SIZE])
{
    struct crew_generation *g = crew_generation_add(&s->crew);
    snprintf(why, CONF_WHY_SIZE, "out of memory");
    if (g == NULL)
        return ERR_NOMEM;
    int error = s->options->configure(s->options->arg, &g->conf, why);
    bool conf_ready = error == 0;
    if (error == 0 && s->crew.current != NULL)
        error = check_unchanged(&s->crew.current->conf, &g->conf, why);
    if (error == 0 && s->options->prepare != NULL)
        error = s->options->prepare(s->options->arg, &g->conf, why);
    if (error != 0) {
        crew_generation_drop(&s->crew, g, conf_ready);
        return error;
    }
    *out = g;
    return 0;
}

/* --- start and reload --- */

static int64_t generation_patience(const struct crew_generation *g)
{
    return clock_mono_ms() + 2 * g->conf.ready_ms + (int64_t)g->total * 10;
}

static void tell_ready(struct supervisor *s)
{
    char text[128];
    service_ready(status_now(s, text));
    s->ready_told = true;
}

static void start_step(struct supervisor *s, int64_t now)
{
    char text[128];
    bool complete = crew_is_complete(&s->crew, s->crew.current);
    if (!complete && (now < s->phase_until_ms || !crew_serves(&s->crew)))
        return;
    s->phase = PHASE_RUNNING;
    tell_ready(s);
    log_write(complete ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "ready%s: %s",
        complete ? "" : ", but not every worker is", status_now(s, text));
    if (s->reload_again)
        supervisor_reload(s);
}

static void reload_end(struct supervisor *s)
{
    s->next = NULL;
    s->phase = PHASE_RUNNING;
    tell_ready(s);
    if (s->reload_again)
        supervisor_reload(s);
}

static void reload_step(struct supervisor *s, int64_t now)
{
    struct crew_generation *next = s->next;
    if (crew_is_complete(&s->crew, next)) {
        s->crew.current = next;
        atomic_store(&s->crew.board->turn_limit, (int)next->conf.turn_seats);
        crew_tell(&s->crew, SLOTS_ON_RETIRE, CREW_OTHER_GENERATIONS, next);
        log_info("generation %u serves, older workers finish what they have (drain = %" PRId64
                 " ms)",
            next->number, next->conf.drain_ms);
        reload_end(s);
    } else if (now >= s->phase_until_ms) {
        log_error("reload failed: generation %u did not get ready; generation %u goes on",
            next->number, s->crew.current->number);
        s->next = NULL;
        log_settings(&s->crew.current->conf);
        crew_tell(&s->crew, SLOTS_ON_RETIRE, CREW_THIS_GENERATION, next);
        reload_end(s);
    }
}

static void supervisor_reload(struct supervisor *s)
{
    char why[CONF_WHY_SIZE] = "";
    if (s->phase == PHASE_DRAINING) {
        log_warn("reload refused: draining");
        return;
    }
    if (s->phase != PHASE_RUNNING) {
        s->reload_again = true;
        return;
    }
    s->reload_again = false;
    service_reloading();
    int error = generation_make(s, &s->next, why);
    if (error == 0) {
        error = crew_start(&s->crew, s->next);
        if (error != 0) {
            snprintf(why, sizeof(why), "more workers than there is room for");
            crew_generation_drop(&s->crew, s->next, true);
        }
    }
    if (error != 0) {
        s->next = NULL;
        log_error("reload failed, generation %u goes on: %s", s->crew.current->number, why);
        tell_ready(s); /* also after a failure, else systemd waits for ever */
        return;
    }
    log_settings(&s->next->conf);
    s->phase = PHASE_RELOADING;
    s->phase_until_ms = generation_patience(s->next);
    log_info("reload: generation %u starts (%zu workers)", s->next->number, s->next->total);
}

/* --- drain --- */

static void supervisor_drain(struct supervisor *s)
{
    char text[128];
    s->terms++;
    if (s->phase == PHASE_DRAINING) {
        log_info("asked again: drain faster");
        crew_tell(&s->crew, SLOTS_ON_HURRY, CREW_BUT_LAST, NULL);
        return;
    }
    if (s->phase == PHASE_RELOADING)
        s->next = NULL;
    s->phase = PHASE_DRAINING;
    atomic_store(&s->crew.board->draining, true);
    service_stopping(status_now(s, text));
    log_info("drain: running turns have %" PRId64 " ms (drain)", s->crew.current->conf.drain_ms);
    sockets_unlink(&s->sockets);
    crew_tell(&s->crew, SLOTS_ON_RETIRE, CREW_BUT_LAST, NULL);
}

/* Tool processes and the housekeeper stay until all workers are gone: turns call tools, and the
 * housekeeper hears of workers that died. */
static void drain_step(struct supervisor *s)
{
    service_extend(EXTEND_MS);
    if (crew_alive(&s->crew, false) > 0)
        return;
    crew_tell(&s->crew, s->terms > 2 ? SLOTS_ON_HURRY : SLOTS_ON_RETIRE, CREW_ALL, NULL);
}

static bool is_over(const struct supervisor *s)
{
    return s->phase == PHASE_DRAINING && crew_alive(&s->crew, true) == 0;
}

static void supervisor_reopen(struct supervisor *s)
{
    if (log_reopen() != 0)
        log_error("the log file cannot be opened again: %s", strerror(errno));
    crew_signal(&s->crew, SIGUSR1);
}

/* --- signals --- */

static void supervisor_on_signal(struct reactor_source *source, uint32_t events)
{
    struct supervisor *s = source->arg;
    struct signalfd_siginfo info;
    (void)events;
    while (read(source->fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        switch (info.ssi_signo) {
        case SIGCHLD:
            crew_reap(&s->crew);
            break;
        case SIGHUP:
            supervisor_reload(s);
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
    if (read(source->fd, &count, sizeof(count)) < 0) {
        /* Somebody was faster; the scan follows anyway. */
    }
}

static int signals_open(struct supervisor *s)
{
    static const int handled[] = {SIGCHLD, SIGHUP, SIGUSR1, SIGTERM, SIGINT, SIGQUIT};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof(handled) / sizeof(handled[0]); i++)
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

static void command_status(struct supervisor *s, struct buf *reply)
{
    struct status_view view;
    view_get(s, &view);
    status_text(&view, reply);
}

static void command_status_json(struct supervisor *s, struct buf *reply)
{
    struct status_view view;
    view_get(s, &view);
    status_json(&view, reply);
}

static void command_metrics(struct supervisor *s, struct buf *reply)
{
    struct status_view view;
    view_get(s, &view);
    status_metrics(&view, reply);
}

static void command_ping(struct supervisor *s, struct buf *reply)
{
    (void)s;
    buf_puts(reply, "pong\n");
}

static void command_drain(struct supervisor *s, struct buf *reply)
{
    buf_puts(reply, s->phase == PHASE_DRAINING ? "draining faster\n" : "draining\n");
    supervisor_drain(s);
}

static void command_reload(struct supervisor *s, struct buf *reply)
{
    if (s->phase == PHASE_DRAINING) {
        buf_puts(reply, "error: draining\n");
        return;
    }
    supervisor_reload(s);
    buf_puts(reply, s->phase == PHASE_RELOADING ? "reloading\n"
                    : s->reload_again           ? "reload follows\n"
                                                : "error: reload failed, see the log\n");
}

static void command_reopen(struct supervisor *s, struct buf *reply)
{
    supervisor_reopen(s);
    buf_puts(reply, "log reopened\n");
}

static const struct {
    const char *line;
    void (*run)(struct supervisor *s, struct buf *reply);
} commands[] = {
    {"drain", command_drain},
    {"metrics", command_metrics},
    {"ping", command_ping},
    {"reload", command_reload},
    {"reopen", command_reopen},
    {"status", command_status},
    {"status json", command_status_json},
};

static void supervisor_on_command(void *arg, const char *line, struct buf *reply)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(line, commands[i].line) == 0) {
            commands[i].run(arg, reply);
            return;
        }
    buf_puts(reply, "error: unknown command; known are");
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        buf_printf(reply, "%s %s", i == 0 ? "" : ",", commands[i].line);
    buf_putc(reply, '\n');
}

/* --- the loop --- */

static void tell_status(struct supervisor *s, int64_t now)
{
    char text[128];
    if (!s->ready_told || s->phase == PHASE_DRAINING || now - s->status_ms < STATUS_EVERY_MS)
        return;
    s->status_ms = now;
    if (strcmp(status_now(s, text), s->status) == 0)
        return;
    memcpy(s->status, text, sizeof(s->status));
    service_status(text);
}

static int64_t supervisor_step(struct supervisor *s)
{
    int64_t now = clock_mono_ms();
    int64_t next = crew_scan(&s->crew, now);
    if (s->phase == PHASE_STARTING)
        start_step(s, now);
    else if (s->phase == PHASE_RELOADING)
        reload_step(s, now);
    else if (s->phase == PHASE_DRAINING)
        drain_step(s);
    if (s->phase == PHASE_RELOADING && s->phase_until_ms < next)
        next = s->phase_until_ms;
    tell_status(s, now);
    return next;
}

static int supervisor_loop(struct supervisor *s)
{
    int64_t next = supervisor_step(s);
    while (!is_over(s)) {
        int result = reactor_step(s->reactor, next, NULL);
        if (result < 0 && result != ERR_CANCELLED) {
            log_error("the loop cannot wait: %s", strerror(errno));
            return 1;
        }
        next = supervisor_step(s);
    }
    log_info("every worker is gone, the end");
    return 0;
}

static int supervisor_open(struct supervisor *s, char why[CONF_WHY_SIZE])
{
    struct crew_generation *first = NULL;
    const struct conf *conf;
    snprintf(why, CONF_WHY_SIZE, "out of memory or descriptors");
    int error = reactor_new(&s->reactor);
    if (error == 0)
        error = signals_open(s);
    if (error == 0)
        error = crew_init(&s->crew, &s->sockets, s->options->mains, s->notify_fd);
    if (error == 0)
        error = generation_make(s, &first, why);
    if (error != 0)
        return error;
    s->crew.current = first;
    conf = &first->conf;
    log_settings(conf);
    error = sockets_open(&s->sockets, conf, why);
    if (error != 0)
        return error;
    snprintf(why, CONF_WHY_SIZE, "out of memory or descriptors");
    error = control_new(
        &s->control, s->reactor, s->sockets.one[SOCKETS_CONTROL].fd, supervisor_on_command, s);
    if (error == 0)
        error = watchdog_new(&s->watchdog, s->reactor, s->sockets.one[SOCKETS_CONTROL].path);
    if (error == 0) /* told once for each connection: what is done about it takes a while */
        error = reactor_watch(s->reactor, &s->quarantine, s->sockets.one[SOCKETS_QUARANTINE].fd,
            EPOLLIN | EPOLLET, supervisor_on_quarantine, s);
    if (error != 0)
        return error;
    atomic_store(&s->crew.board->turn_limit, (int)conf->turn_seats);
    s->started_ms = clock_mono_ms();
    error = crew_start(&s->crew, first);
    s->phase_until_ms = generation_patience(first);
    return error;
}

static void supervisor_close(struct supervisor *s)
{
    watchdog_free(s->watchdog);
    control_free(s->control);
    crew_fini(&s->crew);
    if (s->reactor)
        reactor_unwatch(s->reactor, &s->quarantine);
    sockets_close(&s->sockets);
    reactor_free(s->reactor);
    if (s->signal_fd >= 0)
        close(s->signal_fd);
    if (s->notify_fd >= 0)
        close(s->notify_fd);
}

int supervisor_run(const struct supervisor_options *options)
{
    static struct supervisor s;
    char why[CONF_WHY_SIZE] = "";
    s = (struct supervisor){.options = options, .signal_fd = -1, .notify_fd = -1};
    sockets_init(&s.sockets);
    log_process_set("supervisor");
    int error = supervisor_open(&s, why);
    int status = 1;
    if (error != 0)
        log_error("cannot start: %s", why[0] != '\0' ? why : err_text(error));
    else
        status = supervisor_loop(&s);
    supervisor_close(&s);
    return status;
}
