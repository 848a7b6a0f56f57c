/* SPDX-License-Identifier: BSD-2-Clause */
/* crew, fifth part: quarantine workers, which are forked when a turn waits for one. */
#include "workers/supervisor/crew_parts.h"

#include "base/log.h"

#include <poll.h>

static bool crew_quarantine_waits(const struct crew *c)
{
    struct pollfd p = {.fd = c->sockets->one[SOCKETS_QUARANTINE].fd, .events = POLLIN};
    return p.fd >= 0 && poll(&p, 1, 0) > 0;
}

/* It will take what waits: it starts, is about to, or has no turn. */
static bool crew_quarantine_is_free(const struct crew *c, size_t index)
{
    return c->slots[index].state < SLOTS_READY ||
        (crew_slot_serves(&c->slots[index]) &&
            atomic_load(&c->board->slots[index].seats_busy) == 0);
}

/* The position of the next process; -1: none is needed, or there are as many as there may be. */
static int crew_quarantine_next(const struct crew *c, const struct crew_generation *g)
{
    size_t count = 0;
    for (size_t i = 0; i < c->used; i++) {
        const struct crew_slot *s = &c->slots[i];
        if (s->state == SLOTS_EMPTY || s->pool != SCOREBOARD_QUARANTINE || s->generation != g)
            continue;
        if (crew_quarantine_is_free(c, i))
            return -1;
        count += s->state <= SLOTS_KILLING;
    }
    return count < g->want[SCOREBOARD_QUARANTINE] ? (int)count : -1;
}

void crew_quarantine_look(struct crew *c)
{
    struct crew_generation *g = c->current;
    bool leaves = atomic_load(&c->board->draining) || atomic_load(&c->board->handed_over);
    int position = g && !leaves ? crew_quarantine_next(c, g) : -1;
    struct crew_slot *s;
    if (position < 0 || !crew_quarantine_waits(c))
        return;
    s = crew_slot_take(c, g, SCOREBOARD_QUARANTINE, (unsigned)position, -1);
    if (!s) {
        log_limited(LOG_LEVEL_WARN, "no room for a quarantine worker");
        return;
    }
    log_info("a quarantine worker is forked for a turn in which a worker died");
    crew_step(c, (size_t)(s - c->slots), SLOTS_ON_SPAWN);
}
