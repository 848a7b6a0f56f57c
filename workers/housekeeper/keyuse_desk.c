/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/housekeeper/keyuse_desk.h"

#include "base/err.h"
#include "base/log.h"
#include "store/keyuses.h"

#define KEYUSE_DESK_MS 2000

static int keyuse_desk_write(struct keyuse_desk *d, int64_t before_ms)
{
    struct keyuse_told uses[KEYUSES_BATCH];
    int error = 0;

    d->left = 0;
    for (size_t at = 0; !error && at < KEYUSE_ROWS;) {
        size_t count = keyuse_due(d->uses, before_ms, &at, uses, KEYUSES_BATCH, &d->left);
        error = keyuses_put(d->store, uses, count);
        if (!error)
            keyuse_tell(d->uses, uses, count);
        else
            d->left += count;
    }
    if (error)
        log_limited(LOG_LEVEL_WARN, "when API keys were last used is written later: %s",
            err_text(error));
    return error;
}

int64_t keyuse_desk_step(struct keyuse_desk *d, int64_t mono_ms, int64_t real_ms)
{
    unsigned long long changes = atomic_load(&d->uses->changes);

    if (mono_ms < d->look_ms)
        return d->look_ms;
    d->look_ms = mono_ms + KEYUSE_DESK_MS;
    if (changes == d->seen && d->left == 0)
        return d->look_ms;
    d->seen = changes;
    err_ignore(keyuse_desk_write(d, real_ms - KEYUSE_TELL_MS)); /* it has been told */
    return d->look_ms;
}

void keyuse_desk_leave(struct keyuse_desk *d)
{
    if (atomic_load(&d->uses->changes) != d->seen || d->left > 0)
        err_ignore(keyuse_desk_write(d, INT64_MAX));
}
