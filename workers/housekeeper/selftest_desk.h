/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_HOUSEKEEPER_SELFTEST_DESK_H
#define TURNPIKE_WORKERS_HOUSEKEEPER_SELFTEST_DESK_H

#include "base/err.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * selftest_desk -- runs the self-test (fcgi-app/selftest.h) when an administrator asks for it
 * (`POST /admin/selftest`, a notice), and every selftest.every. Of several machines the first one
 * to claim it does (`tp:selftest:running`). What it finds stands in `tp:selftest`, renewed as
 * checks end. Used by the housekeeper.
 */
struct selftest_desk;
/* store, reactor: borrowed. Returns 0 or ERR_NOMEM. */
MUST_CHECK int selftest_desk_new(struct selftest_desk **out, struct store *store,
    struct reactor *reactor);
void selftest_desk_free(struct selftest_desk *d); /* NULL allowed; ends what runs */
void selftest_desk_wake(struct selftest_desk *d); /* somebody asks for one */
/* mono_ms: clock_mono_ms. Returns when to come again. */
int64_t selftest_desk_step(struct selftest_desk *d, int64_t mono_ms);

#endif
