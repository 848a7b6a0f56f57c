/* SPDX-License-Identifier: BSD-2-Clause */
/* crew: workers that did not get ready, and why. What a reload that failed says. */
#include "workers/supervisor/crew_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define HOPELESS_DEATHS 3 /* before it served, in a row */

void crew_failed_note(struct crew *c, size_t index, const char *how)
{
    struct crew_slot *s = &c->slots[index];
    struct scoreboard_slot *b = &c->board->slots[index];
    const char *said = b->last_error;

    b->last_error[sizeof b->last_error - 1] = '\0';
    if (s->ready_ms != 0)
        s->end[0] = '\0';
    else if (s->late)
        snprintf(s->end, sizeof s->end, "was not ready after worker_ready = %" PRId64 " ms%s%.200s",
            s->generation->conf.ready_ms, *said ? ": " : "", said);
    else
        snprintf(s->end, sizeof s->end, "%.60s%s%.200s", how, *said ? ": " : "", said);
}

static bool crew_failed_is(const struct crew_slot *s, const struct crew_generation *g,
    enum scoreboard_pool pool)
{
    return s->generation == g && s->pool == pool && s->state != SLOTS_EMPTY && !crew_slot_serves(s);
}

bool crew_is_hopeless(const struct crew *c, const struct crew_generation *g)
{
    for (size_t i = 0; i < c->used; i++)
        if (c->slots[i].generation == g && c->slots[i].ready_ms == 0 &&
            c->slots[i].failures >= HOPELESS_DEATHS)
            return true;
    return false;
}

/* Its workers have the same reasons nearly always: the first that is known stands for all. */
static void crew_failed_pool(const struct crew *c, const struct crew_generation *g,
    enum scoreboard_pool pool, struct buf *out)
{
    const char *end = "";
    size_t count = 0;

    for (size_t i = 0; i < c->used; i++) {
        if (!crew_failed_is(&c->slots[i], g, pool))
            continue;
        count++;
        end = *end ? end : c->slots[i].end;
    }
    if (count > 0)
        buf_printf(out, "%s worker (%zu of %zu): %s\n", scoreboard_pool_name(pool), count,
            g->want[pool], *end ? end : "is not ready yet");
}

void crew_explain(const struct crew *c, const struct crew_generation *g, struct buf *out)
{
    for (int pool = 0; pool < SCOREBOARD_POOLS; pool++)
        crew_failed_pool(c, g, (enum scoreboard_pool)pool, out);
}
