/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/keyuse.h"

#include <stdbool.h>

#define KEYUSE_PROBES 16 /* rows where a key can be */
#define KEYUSE_STEP_MS 1000

_Static_assert((KEYUSE_ROWS & (KEYUSE_ROWS - 1)) == 0, "rows are counted by a mask");

static size_t keyuse_row(uint64_t id, size_t probe)
{
    return (id + probe) & (KEYUSE_ROWS - 1);
}

/* Whether another key may have the row: Redis knows all of it. */
static bool keyuse_is_free(const struct keyuse *u, size_t row)
{
    return atomic_load(&u->rows[row].id) == 0 ||
        atomic_load(&u->rows[row].told_ms) >= atomic_load(&u->rows[row].used_ms);
}

/* The id changes first: keyuse_due looks at it before and after the time. False: another process
 * was faster, or there is no row. */
static bool keyuse_claim(struct keyuse *u, uint64_t id, int64_t real_ms)
{
    for (size_t i = 0; i < KEYUSE_PROBES; i++) {
        size_t row = keyuse_row(id, i);
        unsigned long long before = atomic_load(&u->rows[row].id);

        if (!keyuse_is_free(u, row))
            continue;
        if (!atomic_compare_exchange_strong(&u->rows[row].id, &before, id))
            return false;
        atomic_store(&u->rows[row].told_ms, 0);
        atomic_store(&u->rows[row].used_ms, real_ms);
        return true;
    }
    return false;
}

void keyuse_note(struct keyuse *u, uint64_t id, int64_t real_ms)
{
    if (!u || id == 0)
        return;
    for (size_t i = 0; i < KEYUSE_PROBES; i++) {
        size_t row = keyuse_row(id, i);

        if (atomic_load_explicit(&u->rows[row].id, memory_order_relaxed) != id)
            continue;
        int64_t used = atomic_load_explicit(&u->rows[row].used_ms, memory_order_relaxed);
        if (real_ms >= used && real_ms < used + KEYUSE_STEP_MS)
            return; /* nearly always, of a busy key */
        atomic_store(&u->rows[row].used_ms, real_ms);
        atomic_fetch_add(&u->changes, 1);
        return;
    }
    if (keyuse_claim(u, id, real_ms))
        atomic_fetch_add(&u->changes, 1);
}

size_t keyuse_due(const struct keyuse *u, int64_t before_ms, size_t *at, struct keyuse_told *out,
    size_t most, size_t *left)
{
    size_t count = 0;

    for (; *at < KEYUSE_ROWS && count < most; ++*at) {
        struct keyuse_told *told = &out[count];

        told->row = *at;
        told->id = atomic_load(&u->rows[*at].id);
        told->told_ms = atomic_load(&u->rows[*at].told_ms);
        told->used_ms = atomic_load(&u->rows[*at].used_ms);
        if (told->id == 0 || atomic_load(&u->rows[*at].id) != told->id ||
            told->used_ms <= told->told_ms)
            continue;
        if (told->told_ms < before_ms)
            count++;
        else
            ++*left;
    }
    return count;
}

void keyuse_tell(struct keyuse *u, const struct keyuse_told *told, size_t count)
{
    for (size_t i = 0; i < count; i++) { /* a row that another key has meanwhile stays as it is */
        long long before = told[i].told_ms;
        if (atomic_load(&u->rows[told[i].row].id) == told[i].id)
            atomic_compare_exchange_strong(&u->rows[told[i].row].told_ms, &before, told[i].used_ms);
    }
}
