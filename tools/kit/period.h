/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_PERIOD_H
#define TURNPIKE_TOOLS_KIT_PERIOD_H

#include "base/err.h"
#include "tools/kit/run.h"
#include "tools/kit/zone.h"

/* period -- the local days of a period as the stored sums have them: whole months ("2026-11") as
 * such, the rest by days ("2026-11-22"), so that there are few for any period. */
#define PERIOD_MAX 400
/* The days of from_ms to to_ms in the zone; spans beyond PERIOD_MAX (10 years) are left out. spans:
 * in the run's arena. Returns 0 or ERR_NOMEM. */
MUST_CHECK int period_list(struct tools_run *run, int64_t from_ms, int64_t to_ms,
    const struct zone *zone, const char ***spans, size_t *count);

#endif
