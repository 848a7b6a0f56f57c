/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_CALENDAR_CALENDAR_TIMER_H
#define TURNPIKE_TOOLS_CALENDAR_CALENDAR_TIMER_H

#include "base/err.h"
#include "base/jdoc.h"
#include "tools/kit/run.h"

#include <stdint.h>

#define CALENDAR_TIMERS "timer" /* the family of its records */

/*
 * calendar_timer_fired -- what a timer or alarm becomes when it goes off: fired, or set for the
 * next time of its rule after now_ms (what was missed meanwhile is not made up for). The
 * housekeeper.
 *   next_ms  out: that time, 0 = there is none
 * Returns 0 or ERR_NOMEM.
 */
MUST_CHECK int calendar_timer_fired(jdoc *timer, int64_t now_ms, int64_t *next_ms);
/* Before a timer that is set is written: its hint. Returns 0 or a fault. */
MUST_CHECK int calendar_timer_plan(const struct tools_context *context, const jdoc *timer);

#endif
