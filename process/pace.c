/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/pace.h"

#include "base/shared.h"

#include <stdatomic.h>
#include <stddef.h>

#define TRIES 8 /* cells in which a key may be found */
#define SALT 0x9e3779b97f4a7c15ULL

struct pace_cell {
    atomic_ullong key;     /* 0 = never used */
    atomic_llong began_ms; /* of the window, monotonic */
    atomic_uint count;     /* refusals in it */
    atomic_int code;       /* of the last one */
    atomic_bool has_limit;
    atomic_llong limit, retry_ms;
};
static struct pace_cell *pace;

int pace_open(void)
{
    pace = shared_new(PACE_CELLS * sizeof *pace);
    return pace ? 0 : ERR_NOMEM;
}

void pace_close(void)
{
    shared_free(pace);
    pace = NULL;
}

unsigned long long pace_key(unsigned long long owner, unsigned what)
{
    unsigned long long key = owner ^ (what + 1) * SALT;

    return key ? key : 1;
}

static bool pace_is_over(const struct pace_cell *cell, int64_t now_ms)
{
    return now_ms - atomic_load_explicit(&cell->began_ms, memory_order_acquire) >= PACE_WINDOW_MS;
}

/* The key's cell; with take, or one whose window is over. NULL = none. */
static struct pace_cell *pace_find(unsigned long long key, bool take, int64_t now_ms)
{
    struct pace_cell *old = NULL;

    for (size_t i = 0; pace && i < TRIES; i++) {
        struct pace_cell *cell = &pace[(key + i) % PACE_CELLS];
        unsigned long long whose = atomic_load_explicit(&cell->key, memory_order_acquire);

        if (whose == key)
            return cell;
        if (!old && (!whose || pace_is_over(cell, now_ms)))
            old = cell;
    }
    return take ? old : NULL;
}

void pace_refused(unsigned long long key, const struct pace_refusal *with, int64_t now_ms)
{
    struct pace_cell *cell = pace_find(key, true, now_ms);

    if (!cell)
        return;
    if (atomic_load(&cell->key) != key || pace_is_over(cell, now_ms)) {
        atomic_store(&cell->count, 0);
        atomic_store(&cell->key, key);
        atomic_store(&cell->began_ms, now_ms);
    }
    atomic_store(&cell->code, with->code);
    atomic_store(&cell->has_limit, with->has_limit);
    atomic_store(&cell->limit, with->limit);
    atomic_store(&cell->retry_ms, with->retry_ms);
    atomic_fetch_add(&cell->count, 1);
}

int64_t pace_left(unsigned long long key, int64_t now_ms, struct pace_refusal *last)
{
    const struct pace_cell *cell = pace_find(key, false, now_ms);
    int64_t left;

    if (!cell || atomic_load(&cell->count) <= PACE_FREE)
        return 0;
    left = atomic_load(&cell->began_ms) + PACE_WINDOW_MS - now_ms;
    if (left > 0 && last)
        *last = (struct pace_refusal){.code = atomic_load(&cell->code),
            .has_limit = atomic_load(&cell->has_limit),
            .limit = atomic_load(&cell->limit),
            .retry_ms = atomic_load(&cell->retry_ms)};
    return left > 0 ? left : 0;
}
