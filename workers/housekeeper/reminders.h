/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_HOUSEKEEPER_REMINDERS_H
#define TURNPIKE_WORKERS_HOUSEKEEPER_REMINDERS_H

#include "base/err.h"
#include "store/store.h"
#include "tools/kit/module.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * reminders_desk -- fires timers, alarms, reminders of calendar events and snoozed entries of
 * inboxes when they are due; each once, whatever the number of housekeepers and machines: the
 * claim, the inbox's entry and what open connections hear are one script. Used by the housekeeper.
 */
struct reminders_desk;

/*
 * reminders_desk_new
 *   store  borrowed
 *   rings  says when records ring (modules_rings); NULL: none of this build's families does.
 *   Snoozed
 *          entries are fired all the same; hints of records stay, for a build that knows them.
 * Returns 0 or ERR_NOMEM.
 */
MUST_CHECK int reminders_desk_new(struct reminders_desk **out, struct store *store,
    const struct module_rings *rings);
void reminders_desk_free(struct reminders_desk *d); /* NULL allowed */
/*
 * Called before each reminder is looked at: false when it is to be left for later, as workers have
 * died in it. Called with NULLs after the last one of a look.
 */
typedef bool reminders_desk_guard_fn(void *arg, const char *uid, const char *member);
void reminders_desk_guard(struct reminders_desk *d, reminders_desk_guard_fn *fn, void *arg);
/* Somebody has written an earlier hint, or may have: look at once. */
void reminders_desk_wake(struct reminders_desk *d);
/*
 * reminders_desk_step -- when it is time to look: fires what is due, at most REMINDERS_DESK_ONCE.
 *   mono_ms  clock_mono_ms
 * Returns when to come again, at most REMINDERS_DESK_LOOK_MS later.
 */
#define REMINDERS_DESK_ONCE 64
#define REMINDERS_DESK_LOOK_MS 1000
int64_t reminders_desk_step(struct reminders_desk *d, int64_t mono_ms);
/* Another time than Redis' own, for tests; 0 = Redis' again. */
void reminders_desk_set_clock(struct reminders_desk *d, int64_t now_ms);
/* Fired by this desk so far. */
size_t reminders_desk_fired(const struct reminders_desk *d);

#endif
