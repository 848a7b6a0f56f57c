/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/lag.h"

#include "base/log.h"
#include "process/measure.h"

static double lag_ms(int64_t us)
{
    return (double)us / 1000;
}

void lag_on_slow(void *arg, int mark, int64_t us)
{
    struct lag *l = arg;
    const struct scoreboard *board = l->worker->board;
    char doing[SCOREBOARD_DOING_SIZE];

    l->named = true;
    if (mark < 0 || (size_t)mark >= board->seat_count)
        log_limited(LOG_LEVEL_WARN, "the loop stood still for %.1f ms, in a task without a seat",
            lag_ms(us));
    else
        log_limited(LOG_LEVEL_WARN, "the loop stood still for %.1f ms, in%s", lag_ms(us),
            scoreboard_doing(&board->seats[mark], doing));
}

static struct measure_row *lag_row(struct lag *l)
{
    if (!l->row)
        l->row = measure_row(MEASURE_LOOP_LAG, &(struct measure_labels){{"turn", NULL}});
    return l->row;
}

void lag_on_pass(struct lag *l, int64_t us)
{
    struct scoreboard_slot *slot = l->worker->slot;
    bool named = l->named;

    l->named = false;
    measure_row_observe_us(lag_row(l), us);
    if (us < LAG_US)
        return;
    atomic_fetch_add_explicit(&slot->passes_slow, 1, memory_order_relaxed);
    measure_count(MEASURE_SLOW_PASSES, "turn");
    if (us > atomic_load_explicit(&slot->slowest_us, memory_order_relaxed))
        atomic_store_explicit(&slot->slowest_us, us, memory_order_relaxed);
    if (!named)
        log_limited(LOG_LEVEL_WARN,
            "a pass of the loop took %.1f ms, no task of it for long; %d "
            "seats are taken",
            lag_ms(us), atomic_load(&slot->seats_busy));
}
