/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/supervisor/supervisor_parts.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/log_hide.h"
#include "process/footprint.h"
#include "process/secrecy.h"
#include "workers/supervisor/service.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define EXTEND_MS 15000 /* more time asked of systemd, again each second of a drain */

/* --- configuration --- */

void supervisor_apply_settings(const struct conf *conf)
{
    static const char *const levels[] = {"debug", "info", "warn", "error"};

    secrecy_forbid_dumps(conf);
    conf_each_secret(conf, log_hide);
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
        if (strcmp(conf->log_level, levels[i]) == 0)
            log_level_set((enum log_level)i);
    log_form_set(log_form_named(conf->log_format));
    if (log_open(conf->log_file) != 0)
        log_error("log.file %s cannot be opened: %s", conf->log_file, strerror(errno));
}

/* Settings that belong to the sockets, which outlive generations. */
static int supervisor_check_unchanged(const struct conf *old, const struct conf *new,
    struct buf *why)
{
    if (strcmp(old->run_dir, new->run_dir) == 0)
        return 0;
    buf_printf(why, "run_dir: %s cannot be changed to %s by a reload: restart\n", old->run_dir,
        new->run_dir);
    return ERR_CONFIG;
}

/* The next generation with its configuration; *out stays NULL on error. */
int supervisor_generation(struct supervisor *s, struct crew_generation **out, struct buf *why)
{
    struct crew_generation *g = crew_generation_add(&s->crew);
    if (!g)
        return ERR_NOMEM;
    int error = s->options->configure(s->options->arg, &g->conf, why);
    bool conf_ready = error == 0;
    if (error == 0 && !s->crew.current) /* what the rest says is in the log as it shall look */
        supervisor_apply_settings(&g->conf);
    if (error == 0 && s->crew.current)
        error = supervisor_check_unchanged(&s->crew.current->conf, &g->conf, why);
    s->prepared_next = error == 0;
    if (error == 0 && s->options->prepare)
        error = s->options->prepare(s->options->arg, &g->conf, why);
    if (error != 0) {
        crew_generation_drop(&s->crew, g, conf_ready);
        return error;
    }
    *out = g;
    return 0;
}

/* --- start --- */

int64_t supervisor_patience(const struct crew_generation *g)
{
    return clock_mono_ms() + 2 * g->conf.ready_ms + (int64_t)g->total * 10;
}

void supervisor_tell_ready(struct supervisor *s)
{
    char text[SUPERVISOR_STATUS_SIZE];
    service_ready(supervisor_status(s, text));
    s->ready_told = true;
}

void supervisor_start_step(struct supervisor *s, int64_t now)
{
    char text[SUPERVISOR_STATUS_SIZE];
    if (s->guest) {
        supervisor_guest_step(s, now);
        return;
    }
    bool complete = crew_is_complete(&s->crew, s->crew.current);
    if (!complete && (now < s->phase_until_ms || !crew_serves(&s->crew)))
        return;
    s->phase = PHASE_RUNNING;
    supervisor_tell_ready(s);
    log_write(complete ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "ready%s: %s",
        complete ? "" : ", but not every worker is", supervisor_status(s, text));
    (void)footprint_drop_code(); /* from here on it mostly sleeps */
    supervisor_reload_again(s);
}

/* --- drain --- */

void supervisor_drain(struct supervisor *s)
{
    char text[SUPERVISOR_STATUS_SIZE];
    s->terms++;
    if (s->phase == PHASE_DRAINING) {
        log_info("asked again: drain faster");
        crew_tell(&s->crew, SLOTS_ON_HURRY, CREW_BUT_LAST, NULL);
        return;
    }
    if (s->phase == PHASE_RELOADING)
        s->next = NULL;
    supervisor_reload_forget(s);
    supervisor_upgrade_drain(s);
    s->phase = PHASE_DRAINING;
    atomic_store(&s->crew.board->draining, true);
    if (!s->guest)
        service_stopping(supervisor_status(s, text));
    log_info("drain: running turns have %" PRId64 " ms (drain)", s->crew.current->conf.drain_ms);
    sockets_unlink(&s->sockets);
    crew_tell(&s->crew, SLOTS_ON_RETIRE, CREW_BUT_LAST, NULL);
}

/* Tool processes and the housekeeper stay until all workers are gone: turns call tools, and the
 * housekeeper hears of workers that died. */
void supervisor_drain_step(struct supervisor *s)
{
    if (!s->guest)
        service_extend(EXTEND_MS);
    crew_tell(&s->crew, SLOTS_ON_RETIRE, CREW_BUT_LAST, NULL); /* what was forked meanwhile */
    if (crew_alive(&s->crew, false) > 0)
        return;
    crew_tell(&s->crew, s->terms > 2 ? SLOTS_ON_HURRY : SLOTS_ON_RETIRE, CREW_ALL, NULL);
}
