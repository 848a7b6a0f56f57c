/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/supervisor/crew_parts.h"

#include "base/backoff.h"
#include "base/clock.h"
#include "base/log.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define EARLY_MS 10000    /* a worker that served shorter died early */
#define EARLY_MAX_MS 1000 /* longest delay of such a one while its pool is below half */

typedef void crew_action_fn(struct crew *c, size_t index, enum slots_event event);

static void crew_act_fault(struct crew *c, size_t index, enum slots_event event)
{
    char label[64];
    log_error("%s: event %s cannot happen in state %s", crew_label(c, index, label),
        slots_event_name(event), slots_state_name(c->slots[index].state));
}

static void crew_act_ignore(struct crew *c, size_t index, enum slots_event event)
{
    (void)c;
    (void)index;
    (void)event;
}

static void crew_act_fork(struct crew *c, size_t index, enum slots_event event)
{
    struct crew_slot *s = &c->slots[index];
    (void)event;
    s->ready_ms = 0;
    s->deadline_ms = clock_mono_ms() + s->generation->conf.ready_ms;
    if (crew_fork(c, index) != 0)
        crew_step(c, index, SLOTS_ON_FORK_FAILED);
}

static void crew_act_serve(struct crew *c, size_t index, enum slots_event event)
{
    struct crew_slot *s = &c->slots[index];
    (void)event;
    s->ready_ms = clock_mono_ms();
    s->deadline_ms = 0;
    int old = s->replaces;
    s->replaces = -1;
    if (old >= 0 && c->slots[old].state == SLOTS_REPLACING)
        crew_step(c, (size_t)old, SLOTS_ON_REPLACED);
    if (s->pool == SCOREBOARD_HOUSEKEEPER)
        crew_lines_flush(c);
}

static void crew_act_replace(struct crew *c, size_t index, enum slots_event event)
{
    struct crew_slot *s = &c->slots[index];
    struct crew_slot *new_one = crew_slot_take(c, s->generation, s->pool, s->position, (int)index);
    char label[64], reason[WORKER_REASON_SIZE] = "";
    (void)event;
    if (!new_one) {
        s->state = SLOTS_READY;
        return;
    }
    worker_over_limit(&s->generation->conf, &c->board->slots[index], (unsigned)index,
        s->generation->number, 1, reason);
    log_info("%s is recycled (%s), replacement first", crew_label(c, index, label), reason);
    c->recycled++;
    crew_step(c, (size_t)(new_one - c->slots), SLOTS_ON_SPAWN);
}

static void crew_act_term(struct crew *c, size_t index, enum slots_event event)
{
    struct crew_slot *s = &c->slots[index];
    (void)event;
    kill(s->pid, SIGTERM);
    s->deadline_ms = clock_mono_ms() + s->generation->conf.drain_ms;
}

static void crew_act_abort(struct crew *c, size_t index, enum slots_event event)
{
    struct crew_slot *s = &c->slots[index];
    char label[64], turn[1024];
    crew_turn_text(c, index, turn, sizeof turn);
    /* Told to hurry, idle workers just go. */
    /* One that does not come round hears neither: it is to say where it is. */
    bool stuck = event == SLOTS_ON_STUCK;
    log_write(event == SLOTS_ON_HURRY && turn[0] == '\0' ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARN,
        "%s: %s, %s; KILL in %" PRId64 " ms (kill_grace)%s", crew_label(c, index, label),
        stuck && s->silent               ? "gives no sign of life" :
            stuck                        ? "turn far beyond its deadline" :
            event == SLOTS_ON_DRAIN_OVER ? "drain time over (drain)" :
                                           "asked to hurry",
        stuck ? "ABRT" : "QUIT and TERM", s->generation->conf.kill_ms, turn);
    kill(s->pid, stuck ? SIGABRT : SIGQUIT);
    if (!stuck)
        kill(s->pid, SIGTERM);
    s->deadline_ms = clock_mono_ms() + s->generation->conf.kill_ms;
}

static void crew_act_kill(struct crew *c, size_t index, enum slots_event event)
{
    struct crew_slot *s = &c->slots[index];
    char label[64], turn[1024];
    crew_turn_text(c, index, turn, sizeof turn);
    log_warn("%s: %s, KILL%s", crew_label(c, index, label),
        event == SLOTS_ON_LATE ? "not ready in time (worker_ready)" : "did not end in time", turn);
    c->killed++;
    s->late = event == SLOTS_ON_LATE;
    kill(s->pid, SIGKILL);
    s->deadline_ms = clock_mono_ms() + s->generation->conf.kill_ms;
}

/* What a dead worker leaves behind: its seats, its socket. */
static void crew_step_settle(struct crew *c, size_t index)
{
    struct crew_slot *s = &c->slots[index];
    struct scoreboard_slot *b = &c->board->slots[index];
    pid_t pid = s->pid;
    if (pid == 0)
        return;
    s->pid = 0;
    c->alive--;
    atomic_store(&b->pid, 0);
    atomic_store(&b->ready, false);
    crew_deaths_seats(c, index, pid);
    if (s->lines_fd >= 0)
        close(s->lines_fd);
    if (s->pool == SCOREBOARD_HOUSEKEEPER) /* its successor counts anew */
        atomic_store(&c->board->turns_waiting, 0);
    s->lines_fd = -1;
}

/* Workers that died together do not come back in the same millisecond. */
static int64_t crew_step_delay(const struct conf *conf, unsigned failures)
{
    int64_t delay = backoff_delay(conf->backoff_min_ms, conf->backoff_max_ms, failures);

    return backoff_spread(delay + delay / 10, delay / 10);
}

/* Processes of the pool's generation that serve or are about to, this slot's not counted. */
static bool crew_step_below_half(const struct crew *c, size_t index)
{
    const struct crew_slot *own = &c->slots[index];
    size_t up = 0;
    for (size_t i = 0; i < c->used; i++) {
        const struct crew_slot *s = &c->slots[i];
        up += i != index && s->pool == own->pool && s->generation == own->generation &&
            (crew_slot_serves(s) || s->state == SLOTS_STARTING);
    }
    return 2 * up < own->generation->want[own->pool];
}

static bool crew_step_died_early(const struct crew *c, size_t index, enum slots_event event)
{
    const struct crew_slot *s = &c->slots[index];
    if (event == SLOTS_ON_EXIT_CLEAN && atomic_load(&c->board->slots[index].requests) > 0)
        return false;
    return s->ready_ms == 0 || clock_mono_ms() - s->ready_ms < EARLY_MS;
}

static void crew_act_again(struct crew *c, size_t index, enum slots_event event)
{
    struct crew_slot *s = &c->slots[index];
    char label[64];
    crew_label(c, index, label);
    bool served = s->ready_ms != 0;
    s->failures = crew_step_died_early(c, index, event) ? s->failures + 1 : 0;
    crew_step_settle(c, index);
    int64_t delay = crew_step_delay(&s->generation->conf, s->failures);
    /* One that cannot start would only die again; one that could is missed. */
    if (served && delay > EARLY_MAX_MS && crew_step_below_half(c, index))
        delay = EARLY_MAX_MS;
    if (delay > 0)
        log_warn("%s: %u early deaths in a row, next start in %" PRId64
                 " ms (respawn.min, respawn.max)",
            label, s->failures, delay);
    s->deadline_ms = clock_mono_ms() + delay;
}

/* It served until it met what killed it, so the next one can: at once, its pool is not to run
 * dry. */
static void crew_act_respawn(struct crew *c, size_t index, enum slots_event event)
{
    crew_step_settle(c, index);
    c->slots[index].failures = 0;
    crew_act_fork(c, index, event);
}

static void crew_act_cancel(struct crew *c, size_t index, enum slots_event event)
{
    struct crew_generation *g = c->slots[index].generation;
    (void)event;
    for (size_t i = 0; i < c->used; i++)
        if (c->slots[i].replaces == (int)index)
            c->slots[i].replaces = -1;
    crew_slot_forget(c, index);
    if (g)
        crew_generation_release(c, g);
}

static void crew_act_free(struct crew *c, size_t index, enum slots_event event)
{
    crew_step_settle(c, index);
    crew_act_cancel(c, index, event);
}

static crew_action_fn *const crew_step_actions[SLOTS_ACTIONS] = {
    [SLOTS_ACTION_UNSET] = crew_act_fault,
    [SLOTS_FAULT] = crew_act_fault,
    [SLOTS_IGNORE] = crew_act_ignore,
    [SLOTS_FORK] = crew_act_fork,
    [SLOTS_SERVE] = crew_act_serve,
    [SLOTS_REPLACE] = crew_act_replace,
    [SLOTS_TERM] = crew_act_term,
    [SLOTS_ABORT] = crew_act_abort,
    [SLOTS_KILL] = crew_act_kill,
    [SLOTS_AGAIN] = crew_act_again,
    [SLOTS_RESPAWN] = crew_act_respawn,
    [SLOTS_FREE] = crew_act_free,
    [SLOTS_CANCEL] = crew_act_cancel,
};

void crew_step(struct crew *c, size_t index, enum slots_event event)
{
    struct crew_slot *s = &c->slots[index];
    struct slots_cell cell = slots_step(s->state, event);
    struct scoreboard_slot *b = &c->board->slots[index];
    if (cell.next != s->state) {
        s->state = cell.next;
        s->since_ms = clock_mono_ms();
        atomic_store(&b->state, (int)s->state);
        atomic_store(&b->since_ms, s->since_ms);
    }
    crew_step_actions[cell.action](c, index, event);
}
