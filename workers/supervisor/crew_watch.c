/* SPDX-License-Identifier: BSD-2-Clause */
/* crew, third part: what time brings about: readiness, deadlines, limits, and who is stuck. */
#include "workers/supervisor/crew_parts.h"

#include "base/log.h"

#define TICK_MS 1000
#define STARTING_TICK_MS 100 /* for workers that set slot->ready without worker_ready */
#define LINES_TICK_MS 100    /* while the housekeeper has not been told everything */
#define LATE_MS 3000         /* a look that comes later than this finds nobody else late */

static bool crew_watch_is_recycling(const struct crew *c, enum scoreboard_pool pool)
{
    for (size_t i = 0; i < c->used; i++)
        if (c->slots[i].pool == pool && c->slots[i].state == SLOTS_REPLACING)
            return true;
    return false;
}

/* A quarantine worker needs no replacement: the next turn that asks for one gets one. */
static void crew_watch_limits(struct crew *c, size_t index)
{
    const struct crew_slot *s = &c->slots[index];
    char reason[WORKER_REASON_SIZE];
    if (s->state == SLOTS_READY &&
        worker_over_limit(&s->generation->conf, &c->board->slots[index], (unsigned)index,
            s->generation->number, 1, reason) &&
        !crew_watch_is_recycling(c, s->pool))
        crew_step(c, index, s->pool == SCOREBOARD_QUARANTINE ? SLOTS_ON_RETIRE : SLOTS_ON_DUE);
}

/*
 * The turn that executes is far beyond its deadline, and the worker's loop has not come round since
 * then. A turn that only waits is no reason to end the others of its worker.
 */
static bool crew_watch_turn_is_late(const struct crew *c, size_t index, int64_t now)
{
    const struct scoreboard_slot *b = &c->board->slots[index];
    const struct scoreboard_seat *seat = scoreboard_executing(c->board, b);
    int64_t deadline = seat ? atomic_load(&seat->turn_deadline_ms) : 0;
    return deadline != 0 && now > deadline + c->slots[index].generation->conf.kill_ms &&
        atomic_load(&b->beat_ms) < deadline;
}

/* A machine that is overloaded is not helped by killing what it cannot get to run. */
static bool crew_watch_is_starved(struct crew *c, size_t index)
{
    struct crew_slot *s = &c->slots[index];
    char label[64];
    if (!starved_is(&s->starved, s->pid))
        return false;
    log_limited(LOG_LEVEL_WARN, "%s is late because it gets no processor: it is left alone",
        crew_label(c, index, label));
    return true;
}

/*
 * How old a beat may be; 0: it is not to be judged by that. A turn that has its worker for itself
 * is judged by its own deadline, and a short request ends, or waits in vain for nginx or Redis,
 * within a minute. A worker of many turns comes round whatever they do.
 */
static int64_t crew_watch_beat_limit(const struct crew *c, size_t index)
{
    const struct scoreboard_seat *seat = scoreboard_executing(c->board, &c->board->slots[index]);
    enum scoreboard_pool pool = c->slots[index].pool;
    if (pool == SCOREBOARD_STREAM || pool == SCOREBOARD_TURN || pool == SCOREBOARD_QUARANTINE)
        return 10000;
    if (pool == SCOREBOARD_HOUSEKEEPER)
        return 30000;
    if (!seat)
        return 3 * WORKER_IDLE_MS;
    return atomic_load(&seat->turn_deadline_ms) != 0 ? 0 : 60000;
}

/* What says how a worker is judged is read before the beat: a worker beats before it changes
 * that. */
static bool crew_watch_beat_is_older(const struct crew *c, size_t index, int64_t now, int64_t limit)
{
    int64_t beat = atomic_load(&c->board->slots[index].beat_ms);
    return beat != 0 && limit != 0 && now - beat > limit;
}

/*
 * When it begins to be late: what it computes from here on tells whether it is stuck. A worker in
 * STARTING may be late without any beat.
 */
static void crew_watch_freshness(struct crew *c, size_t index, int64_t now, int64_t limit,
    bool late)
{
    struct crew_slot *s = &c->slots[index];
    if (crew_watch_beat_is_older(c, index, now, limit / 4))
        starved_look(&s->starved, s->pid);
    else if (!late && s->state != SLOTS_STARTING)
        s->starved = (struct starved){0};
}

/*
 * A worker whose turn is far beyond its deadline, or whose loop does not come round: stopped, or
 * caught in an endless loop. The beat late twice, since after a pause of the whole machine all
 * beats look late once.
 */
static void crew_watch_stuck(struct crew *c, size_t index, int64_t now)
{
    struct crew_slot *s = &c->slots[index];
    int64_t limit = crew_watch_beat_limit(c, index);
    bool silent = crew_watch_beat_is_older(c, index, now, limit) && now >= c->lenient_until_ms;
    bool was_silent = s->silent;
    bool late = (silent && was_silent) || crew_watch_turn_is_late(c, index, now);
    s->silent = silent;
    crew_watch_freshness(c, index, now, limit, late);
    if (late && (crew_slot_serves(s) || s->state == SLOTS_RETIRING) &&
        !crew_watch_is_starved(c, index))
        crew_step(c, index, SLOTS_ON_STUCK);
}

/* What a passed deadline means in each state. */
static void crew_watch_deadline(struct crew *c, size_t index, int64_t now)
{
    struct crew_slot *s = &c->slots[index];
    static const enum slots_event meaning[SLOTS_STATES] = {[SLOTS_BACKOFF] = SLOTS_ON_BACKOFF_OVER,
        [SLOTS_STARTING] = SLOTS_ON_LATE,
        [SLOTS_ABORTING] = SLOTS_ON_GRACE_OVER,
        [SLOTS_KILLING] = SLOTS_ON_GRACE_OVER,
        [SLOTS_RETIRING] = SLOTS_ON_DRAIN_OVER,
        [SLOTS_TERMINATING] = SLOTS_ON_GRACE_OVER,
        [SLOTS_DYING] = SLOTS_ON_GRACE_OVER};
    if (s->deadline_ms == 0 || now < s->deadline_ms)
        return;
    s->deadline_ms = now + TICK_MS;
    if (s->state == SLOTS_STARTING && crew_watch_is_starved(c, index))
        return;
    s->deadline_ms = 0;
    crew_step(c, index, meaning[s->state]);
}

int64_t crew_scan(struct crew *c, int64_t now_ms)
{
    int64_t next = now_ms + TICK_MS;
    if (c->scan_ms != 0 && now_ms - c->scan_ms > LATE_MS)
        c->lenient_until_ms = now_ms + LATE_MS;
    c->scan_ms = now_ms;
    for (size_t i = 0; i < c->used; i++) {
        struct crew_slot *s = &c->slots[i];
        if (s->state == SLOTS_EMPTY)
            continue;
        if (s->state == SLOTS_STARTING && atomic_load(&c->board->slots[i].ready))
            crew_step(c, i, SLOTS_ON_READY);
        crew_watch_deadline(c, i, now_ms);
        if (s->pid > 0) {
            crew_watch_stuck(c, i, now_ms);
            crew_watch_limits(c, i);
        }
        if (s->deadline_ms != 0 && s->deadline_ms < next)
            next = s->deadline_ms;
        if (s->state == SLOTS_STARTING && next > now_ms + STARTING_TICK_MS)
            next = now_ms + STARTING_TICK_MS;
    }
    crew_quarantine_look(c);
    crew_lines_flush(c);
    if (c->lines.len > 0 && next > now_ms + LINES_TICK_MS)
        next = now_ms + LINES_TICK_MS;
    return next;
}
