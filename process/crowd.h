/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_PROCESS_CROWD_H
#define TURNPIKE_PROCESS_CROWD_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * crowd -- how many connections each user has open on this machine, in shared memory that the
 * supervisor maps before the first fork. Each stream worker writes the cells of its own slot alone;
 * everybody adds up over the slots. When a worker has died its slot is wiped, so that nothing stays
 * counted. Without crowd_open every call does nothing (unit tests). It counts what stays open for
 * its user, for the limit `connections`; workers/stream/stream_share.h tells why it counts again.
 *
 * A slot has CROWD_CELLS cells. A user whose cells are all taken by others is not counted: the
 * limit then lets more in, and never fewer.
 */
#define CROWD_CELLS 16384
MUST_CHECK int crowd_open(size_t slots);
void crowd_close(void);
/* owner: scoreboard_owner. Stream worker, of its own slot. Returns whether it was counted: then it
 * has to be taken back by crowd_leave. */
bool crowd_enter(size_t slot, unsigned long long owner);
void crowd_leave(size_t slot, unsigned long long owner);
/* Of all slots. */
unsigned crowd_count(unsigned long long owner);
/* Supervisor, when the slot's worker has died and before the next one is forked. */
void crowd_wipe(size_t slot);

#endif
