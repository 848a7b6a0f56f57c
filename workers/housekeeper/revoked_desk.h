/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_HOUSEKEEPER_REVOKED_DESK_H
#define TURNPIKE_WORKERS_HOUSEKEEPER_REVOKED_DESK_H

#include "base/ident.h"
#include "store/store.h"

#include <stdint.h>

/*
 * revoked_desk -- tells the workers of this machine which credentials are revoked: it reads
 * tp:revoked (store/revokes.h) when somebody says that it has changed, and every two seconds, and
 * writes the file that they look at (process/revoked.h). While Redis is away the file stays. Used
 * by the housekeeper.
 */
struct revoked_desk { /* zeroed, but for store */
    struct store *store;
    char written[IDENT_SHA256_SIZE]; /* digest of the file; "" = none yet */
    int64_t look_ms;                 /* monotonic: the next look */
};
/* Something has changed. */
void revoked_desk_wake(struct revoked_desk *d);
/* mono_ms: clock_mono_ms. Returns when to come again. */
int64_t revoked_desk_step(struct revoked_desk *d, int64_t mono_ms);

#endif
