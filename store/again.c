/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/again.h"

#include "base/clock.h"
#include "base/err.h"

bool again_store(int *error, again_pause_fn *pause, void *arg)
{
    int why;

    if (!err_is_store(*error))
        return false;
    why = pause(arg, clock_mono_ms() + AGAIN_STEP_MS);
    if (why)
        *error = why;
    return !why;
}
