/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_HOUSEKEEPER_DESK_GUARD_H
#define TURNPIKE_WORKERS_HOUSEKEEPER_DESK_GUARD_H

#include "process/worker.h"

#include <stdbool.h>

/*
 * desk_guard -- what the housekeeper dies in, and what it puts off because it died in it
 * (process/blame.h). So a record, a receiver or a server that ends this process ends it once in a
 * while, and does not keep everybody's reminders from them. Without desk_guard_open (tests) nothing
 * is said and nothing put off.
 */
void desk_guard_open(struct worker *w);
/*
 * desk_guard_enter -- the process works on this until desk_guard_leave, or the next one.
 *   route  "a reminder"
 *   uid    "" = nobody's
 *   text   what makes a second piece of work the same
 * Returns false, and enters nothing, when it is to be put off.
 */
bool desk_guard_enter(const char *route, const char *uid, const char *text);
void desk_guard_leave(void);
/*
 * desk_guard_await -- answers of a host outside are read by the loop from now on, until
 * desk_guard_settle: should the loop die, this is to blame. Of several that are awaited the one
 * that began last counts.
 *   m  zeroed, or settled; borrowed until it is settled
 * Returns false, and changes nothing, when it is to be put off.
 */
struct desk_guard_mark {
    struct blame_work work;
    struct desk_guard_mark *before; /* began earlier */
    bool awaited;
};
bool desk_guard_await(struct desk_guard_mark *m, const char *route, const char *text);
/* One that is not awaited: nothing happens. */
void desk_guard_settle(struct desk_guard_mark *m);

#endif
