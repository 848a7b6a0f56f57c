/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/housekeeper/revoked_desk.h"

#include "base/err.h"
#include "base/log.h"
#include "store/revokes.h"

#define REVOKED_DESK_MS 2000

void revoked_desk_wake(struct revoked_desk *d)
{
    d->look_ms = 0;
}

int64_t revoked_desk_step(struct revoked_desk *d, int64_t mono_ms)
{
    struct revoked list = {0};
    int error;

    if (mono_ms < d->look_ms)
        return d->look_ms;
    d->look_ms = mono_ms + REVOKED_DESK_MS;
    error = revokes_read(d->store, &list);
    if (!error)
        error = revoked_file_write(d->store->conf, &list, d->written);
    if (error)
        log_limited(LOG_LEVEL_WARN, "the revoked credentials stay as they were known: %s",
            err_text(error));
    revoked_free(&list);
    return d->look_ms;
}
