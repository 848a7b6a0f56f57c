/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/housekeeper/trip_desk.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "store/hints.h"
#include "store/trips.h"
#include "workers/housekeeper/desk_guard.h"

#define TRIP_DESK_LOOK_MS 1000
#define TRIP_DESK_MORE_MS 50
#define TRIP_DESK_ONCE 8        /* owners in one step */
#define TRIP_DESK_BUDGET_MS 200 /* for one of them; the others wait */
#define TRIP_DESK_AGAIN_MS 5000 /* until somebody who could not be reached is tried again */
#define TRIP_DESK_CRASHED_MS 60000

/* wait_ms: out, until this owner is worth another look; -1 = all have been told. */
static int trip_desk_attempt(struct trip_desk *d, const char *uid, int64_t *wait_ms)
{
    size_t left = 0;
    int error = 0;

    *wait_ms = TRIP_DESK_AGAIN_MS;
    if (hints_is_away(d->store, uid))
        return 0;
    if (!desk_guard_enter("a shared trip", uid, uid)) {
        *wait_ms = TRIP_DESK_CRASHED_MS;
        return 0;
    }
    error = trips_deliver(d->store, uid, TRIP_DESK_BUDGET_MS, &left);
    desk_guard_leave();
    hints_told_user(d->store, uid, error);
    if (error == 0 && left == 0)
        *wait_ms = -1;
    return hints_is_away(d->store, uid) ? 0 : error;
}

int64_t trip_desk_step(struct trip_desk *d, int64_t mono_ms)
{
    struct hints_due hints[TRIP_DESK_ONCE];
    size_t count = 0;
    int64_t wait;

    if (mono_ms < d->look_ms)
        return d->look_ms;
    int error = trips_due(d->store, hints, TRIP_DESK_ONCE, &count);
    for (size_t i = 0; error == 0 && i < count; i++) {
        error = trip_desk_attempt(d, hints[i].uid, &wait);
        if (error == 0)
            trips_later(d->store, &hints[i], wait);
    }
    if (error != 0)
        log_limited(LOG_LEVEL_WARN, "cannot tell members of shared trips: %s", err_text(error));
    d->look_ms = clock_mono_ms() +
        (count == TRIP_DESK_ONCE && error == 0 ? TRIP_DESK_MORE_MS : TRIP_DESK_LOOK_MS);
    return d->look_ms;
}
