/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/crowd.h"

#include "base/err.h"
#include "base/shared.h"

#include <stdatomic.h>
#include <string.h>

#define TRIES 32 /* cells in which a user may be found */

struct crowd_cell {
    atomic_ullong owner; /* 0 = never used since the slot was wiped */
    atomic_uint count;   /* 0 = free for another owner */
};
struct crowd_slot {
    atomic_bool used;
    struct crowd_cell cells[CROWD_CELLS];
};
static struct crowd_slot *crowd;
static size_t crowd_slots;

int crowd_open(size_t slots)
{
    void *memory = shared_new(slots * sizeof *crowd);

    if (!memory)
        return ERR_NOMEM;
    crowd = memory;
    crowd_slots = slots;
    return 0;
}

void crowd_close(void)
{
    shared_free(crowd);
    crowd = NULL;
    crowd_slots = 0;
}

/* The owner's cell; with take, or one that is free. NULL = none. */
static struct crowd_cell *crowd_find(struct crowd_slot *slot, unsigned long long owner, bool take)
{
    struct crowd_cell *free_cell = NULL;

    for (size_t i = 0; i < TRIES; i++) {
        struct crowd_cell *cell = &slot->cells[(owner + i) % CROWD_CELLS];
        unsigned long long whose = atomic_load_explicit(&cell->owner, memory_order_acquire);
        if (whose == owner)
            return cell;
        if (!free_cell && atomic_load_explicit(&cell->count, memory_order_acquire) == 0)
            free_cell = cell;
        if (!whose)
            break;
    }
    if (take && free_cell)
        atomic_store_explicit(&free_cell->owner, owner, memory_order_release);
    return take ? free_cell : NULL;
}

bool crowd_enter(size_t slot, unsigned long long owner)
{
    struct crowd_cell *cell;

    if (slot >= crowd_slots)
        return false;
    atomic_store_explicit(&crowd[slot].used, true, memory_order_relaxed);
    cell = crowd_find(&crowd[slot], owner, true);
    if (cell)
        atomic_fetch_add(&cell->count, 1);
    return cell != NULL;
}

void crowd_leave(size_t slot, unsigned long long owner)
{
    struct crowd_cell *cell = slot < crowd_slots ? crowd_find(&crowd[slot], owner, false) : NULL;

    if (cell)
        atomic_fetch_sub(&cell->count, 1);
}

unsigned crowd_count(unsigned long long owner)
{
    unsigned count = 0;

    for (size_t i = 0; i < crowd_slots; i++) {
        struct crowd_cell *cell = atomic_load_explicit(&crowd[i].used, memory_order_relaxed) ?
            crowd_find(&crowd[i], owner, false) :
            NULL;
        if (cell)
            count += atomic_load(&cell->count);
    }
    return count;
}

void crowd_wipe(size_t slot)
{
    if (slot < crowd_slots && atomic_exchange(&crowd[slot].used, false))
        memset(crowd[slot].cells, 0, sizeof crowd[slot].cells);
}
