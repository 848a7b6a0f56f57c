/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_CALENDAR_CALENDAR_RINGS_H
#define TURNPIKE_TOOLS_CALENDAR_CALENDAR_RINGS_H

#include "base/err.h"
#include "base/jdoc.h"
#include "tools/kit/run.h"
#include "tools/kit/zone.h"

/*
 * calendar_rings_answer -- the result of a call that has written an event: the message is `text`
 * and a sentence that says when the event rings, in the zone z, or that it does not and why;
 * `rings_at` has the same times (of an event that repeats the next one for each reminder).
 *   text   NULL: there was no memory for it
 *   event  taken; NULL as well
 *   note   or NULL
 * Returns 0 or ERR_NOMEM.
 */
MUST_CHECK int calendar_rings_answer(struct tools_run *run, const char *text, jdoc *event,
    const char *note, const struct zone *z);

#endif
