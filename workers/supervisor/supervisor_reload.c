/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/supervisor/supervisor_parts.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "process/footprint.h"
#include "workers/supervisor/service.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define REASONS_MAX (64u << 10)

/* Each reason is a line of the log. */
static void supervisor_reload_log(const struct buf *reasons)
{
    const char *at = reasons->len ? buf_text(reasons) : "";
    for (size_t len; *at; at += len + (at[len] != '\0')) {
        len = strcspn(at, "\n");
        log_error("reload: %.*s", (int)len, at);
    }
}

/* A reload is done when its workers serve, and not when it begins. */
static void supervisor_reload_audit(struct supervisor *s, const char *outcome)
{
    struct supervisor_reloads *r = &s->reloads;
    size_t kept = 0;
    for (size_t i = 0; i < r->asker_count; i++) {
        if (r->askers[i].number > r->ended)
            r->askers[kept++] = r->askers[i];
        else
            supervisor_audit(s, r->askers[i].uid, "reload", outcome);
    }
    r->asker_count = kept;
}

static void supervisor_reload_note(struct supervisor *s, uid_t uid)
{
    struct supervisor_reloads *r = &s->reloads;
    if (r->asker_count == RELOAD_ASKERS_MAX) {
        supervisor_audit(s, uid, "reload", "begun");
        return;
    }
    r->askers[r->asker_count].number = r->asked;
    r->askers[r->asker_count++].uid = uid;
}

void supervisor_reload_forget(struct supervisor *s)
{
    for (size_t i = 0; i < s->reloads.asker_count; i++)
        supervisor_audit(s, s->reloads.askers[i].uid, "reload", "failed");
    s->reloads.asker_count = 0;
}

/* Workers that come back are forked with what the supervisor holds: tools, prices, classes. */
static void supervisor_reload_take_back(struct supervisor *s)
{
    struct buf why = {0};
    if (!s->prepared_next || !s->options->prepare)
        return;
    if (s->options->prepare(s->options->arg, &s->crew.current->conf, &why) != 0)
        log_error("reload: what workers share is in part that of the settings that failed: %.*s",
            (int)strcspn(buf_text(&why), "\n"), buf_text(&why));
    buf_free(&why);
}

static void supervisor_reload_over(struct supervisor *s, bool failed)
{
    struct supervisor_reloads *r = &s->reloads;
    s->next = NULL;
    r->ended = r->begun;
    r->failed = failed;
    r->ended_ms = clock_real_ms();
    if (failed) {
        supervisor_reload_log(&r->reasons);
        supervisor_reload_take_back(s);
    }
    s->prepared_next = false;
    supervisor_reload_audit(s, failed ? "failed" : "done");
    s->phase = PHASE_RUNNING;
    supervisor_tell_ready(s); /* also after a failure, else systemd waits for ever */
    (void)footprint_drop_code();
}

void supervisor_reload_step(struct supervisor *s, int64_t now)
{
    struct crew_generation *next = s->next;
    if (crew_is_complete(&s->crew, next)) {
        s->crew.current = next;
        atomic_store(&s->crew.board->turn_limit, (int)next->conf.turn_seats);
        crew_tell(&s->crew, SLOTS_ON_RETIRE, CREW_OTHER_GENERATIONS, next);
        log_info("generation %u serves, older workers finish what they have (drain = %" PRId64
                 " ms)",
            next->number, next->conf.drain_ms);
        supervisor_reload_over(s, false);
        supervisor_reload_again(s);
    } else if (now >= s->phase_until_ms || crew_is_hopeless(&s->crew, next)) {
        log_error("reload failed: generation %u did not get ready; generation %u goes on",
            next->number, s->crew.current->number);
        crew_explain(&s->crew, next, &s->reloads.reasons);
        supervisor_apply_settings(&s->crew.current->conf);
        crew_tell(&s->crew, SLOTS_ON_RETIRE, CREW_THIS_GENERATION, next);
        supervisor_reload_over(s, true);
        supervisor_reload_again(s);
    }
}

static void supervisor_reload_begin(struct supervisor *s)
{
    struct buf *why = &s->reloads.reasons;
    s->reloads.begun = s->reloads.asked;
    buf_free(why);
    buf_init(why, REASONS_MAX);
    service_reloading();
    int error = supervisor_generation(s, &s->next, why);
    if (error == 0) {
        error = crew_start(&s->crew, s->next);
        if (error != 0) {
            buf_puts(why, "more workers than there is room for beside those that serve\n");
            crew_generation_drop(&s->crew, s->next, true);
        }
    }
    if (error != 0) {
        if (why->len == 0)
            buf_printf(why, "%s\n", err_text(error));
        int len = (int)strcspn(buf_text(why), "\n");
        log_error("reload failed, generation %u goes on: %.*s", s->crew.current->number, len,
            buf_text(why));
        supervisor_reload_over(s, true);
        return;
    }
    supervisor_apply_settings(&s->next->conf);
    s->phase = PHASE_RELOADING;
    s->phase_until_ms = supervisor_patience(s->next);
    log_info("reload: generation %u starts (%zu workers)", s->next->number, s->next->total);
}

void supervisor_reload_again(struct supervisor *s)
{
    if (s->reloads.asked != s->reloads.begun)
        supervisor_reload_begin(s);
}

unsigned supervisor_reload(struct supervisor *s, const uid_t *asker)
{
    bool upgrades = s->upgrade.other.fd >= 0 && !s->guest;
    if (s->phase == PHASE_DRAINING || upgrades) {
        log_warn("reload refused: %s", upgrades ? "an upgrade is under way" : "draining");
        if (asker)
            supervisor_audit(s, *asker, "reload", "refused");
        return 0;
    }
    s->reloads.asked++;
    if (asker)
        supervisor_reload_note(s, *asker);
    if (s->phase == PHASE_RUNNING)
        supervisor_reload_begin(s);
    return s->reloads.asked;
}

void supervisor_reload_outcome(const struct supervisor *s, unsigned number, struct buf *reply)
{
    const struct supervisor_reloads *r = &s->reloads;
    if (number == 0 || number > r->asked)
        buf_puts(reply, "error: no such reload was asked for\n");
    else if (number <= r->ended && r->failed)
        buf_printf(reply, "failed; generation %u goes on\n%s", s->crew.current->number,
            r->reasons.len ? buf_text(&r->reasons) : "");
    else if (number <= r->ended)
        buf_printf(reply, "done; generation %u serves\n", s->crew.current->number);
    else if (s->phase == PHASE_DRAINING)
        buf_puts(reply, "failed; turnpiked is draining\n");
    else if (number > r->begun || !s->next)
        buf_puts(reply, "waits for the start or the reload that is under way\n");
    else
        buf_printf(reply, "generation %u: %zu of %zu workers are ready\n", s->next->number,
            crew_ready(&s->crew, s->next), s->next->total);
}

/* ---- what a reload would change ---- */

struct supervisor_difference {
    const struct conf *running, *file;
    struct buf *reply;
    char running_value[256];
    const char *name; /* looked for */
};

static void supervisor_reload_find(void *arg, const struct conf_setting *setting)
{
    struct supervisor_difference *d = arg;
    if (strcmp(setting->name, d->name) == 0)
        snprintf(d->running_value, sizeof d->running_value, "%s", setting->value);
}

static void supervisor_reload_compare(void *arg, const struct conf_setting *setting)
{
    struct supervisor_difference *d = arg;
    if (!conf_differs(d->running, d->file, setting->name))
        return;
    d->name = setting->name;
    conf_visit(d->running, supervisor_reload_find, d);
    buf_printf(d->reply, "%s\t%s\t%s\n", setting->name, d->running_value, setting->value);
}

int supervisor_reload_changes(const struct supervisor *s, struct buf *reply, struct buf *why)
{
    struct conf conf;
    int error = s->options->configure(s->options->arg, &conf, why);
    if (error != 0)
        return error;
    struct supervisor_difference d = {.running = &s->crew.current->conf,
        .file = &conf,
        .reply = reply};
    conf_visit(&conf, supervisor_reload_compare, &d);
    conf_fini(&conf);
    return 0;
}
